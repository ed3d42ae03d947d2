//! Requests and responses of an HTTP library: the same rules as for the bytes of a head (RFC 6455 section 4), and extended
//! CONNECT (RFC 8441).
#![cfg(feature = "handshake")]

use bareframe::handshake::{
    Accept, Answer, Choice, EncodeError, Error, HeadError, Key, Offer, Request, RequestError, RequestHead,
    Response, ResponseError, ResponseHead, Status, Version,
};
use http::HeaderMap;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fn name(line: &str) -> &str {
    line.split([':', '!']).next().unwrap_or_default()
}

/// Returns the lines of a right message, with changes: a line replaces those of its name, the first takes them away
/// with a `!` after the name, and lines of a name that was changed before are added.
fn lines<'l>(all: &[&'l str], changes: &[&'l str]) -> Vec<(&'l str, &'l str)> {
    let is_changed = |line: &&&str| {
        changes
            .iter()
            .any(|change| name(change).eq_ignore_ascii_case(name(line)))
    };
    let kept = all.iter().filter(|line| !is_changed(line));
    let added = changes.iter().filter(|change| change.contains(':'));
    kept.chain(added)
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name, value.trim()))
        .collect()
}

const REQUEST: [&str; 5] = [
    "Host: example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// Changes of a request, each of which meets another rule.
const CHANGES: [&[&str]; 40] = [
    &[],
    &["Host!"],
    &["Host: a", "Host: b"],
    &["Host: a:b"],
    &["Host: [::1]:80"],
    &["Upgrade!"],
    &["Upgrade: h2c"],
    &["Upgrade: h2c", "Upgrade: x, WebSocket"],
    &["Upgrade!", "Sec-WebSocket-Key!"],
    &["Connection!"],
    &["Connection: keep-alive", "Connection: x, upgrade"],
    &["Connection: keep-alive"],
    &["Sec-WebSocket-Key!"],
    &["Sec-WebSocket-Key: x"],
    &[
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ],
    &["Sec-WebSocket-Version!"],
    &["Sec-WebSocket-Version: 8"],
    &["Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13"],
    &["Content-Length: 0"],
    &["Content-Length: 1"],
    &["Content-Length: 0", "Content-Length: 0"],
    &["Transfer-Encoding: chunked"],
    &["Sec-WebSocket-Protocol: chat, superchat"],
    &[
        "Sec-WebSocket-Protocol: chat",
        "Sec-WebSocket-Protocol: superchat",
    ],
    &["Sec-WebSocket-Protocol: "],
    &["Sec-WebSocket-Protocol: a b"],
    &["Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b c"],
    &["Sec-WebSocket-Extensions: permessage-deflate; a=1, b"],
    &[
        "Sec-WebSocket-Extensions: a",
        "X: y",
        "Sec-WebSocket-Extensions: b; c=\"d\"",
    ],
    &["Sec-WebSocket-Extensions: "],
    &["Sec-WebSocket-Extensions: ;"],
    &["Expect: 100-continue"],
    &["Expect: 100-Continue, x"],
    &["Origin: http://example.com"],
    &["X-Name: caf\u{E9}"],
    &["Sec-WebSocket-Accept: ignored"],
    &["Host: "],
    &["Host: %"],
    &["Cookie: a=b", "Cookie: c=d"],
    &["Upgrade: ,, websocket"],
];

const TARGETS: [&str; 12] = [
    "/",
    "/chat?room=1",
    "/chat#frag",
    "/%zz",
    "/{",
    "*",
    "chat",
    "ftp://x/",
    "http://real/x?y",
    "http:///",
    "http://u@h/",
    "",
];

/// Returns what a request comes to, whatever it is made of.
fn outcome<'h, H>(request: &Request<'h, H>) -> (String, Result<Option<String>, RequestError>)
where
    H: bareframe::handshake::HeaderSource<'h>,
{
    let upgrade = request.upgrade().map(|upgrade| {
        upgrade.map(|upgrade| {
            let subprotocols: Vec<&str> = upgrade.subprotocols().collect();
            let extensions: Vec<String> = upgrade
                .extensions()
                .map(|extension| extension.to_string())
                .collect();
            format!("{subprotocols:?} {extensions:?}")
        })
    });
    let host = request.host();
    let shown = format!(
        "{} {} {} {:?} {host:?}",
        request.method(),
        request.version(),
        request.path(),
        request.query()
    );
    (shown, upgrade)
}

#[test]
fn s4_2_1_parts_are_held_to_the_rules_of_bytes() {
    for method in ["GET", "POST", "get", "CONNECT"] {
        for version in [Version::HTTP_10, Version::HTTP_11] {
            for target in TARGETS {
                for changes in CHANGES {
                    let lines = lines(&REQUEST, changes);
                    let text: String = lines
                        .iter()
                        .map(|(name, value)| format!("{name}: {value}\r\n"))
                        .collect();
                    let head = format!("{method} {target} {version}\r\n{text}\r\n");
                    let parts = Request::from_parts(method, version, target, lines.iter().copied());
                    match Request::parse(head.as_bytes()) {
                        Ok((bytes, len)) => {
                            assert_eq!(outcome(&parts), outcome(&bytes), "{head}");
                            assert_eq!(format!("{parts:?}"), format!("{bytes:?}"));
                            // What was found goes with a copy of the head, and with what follows it.
                            let found = RequestHead::parse(head.as_bytes()).unwrap();
                            assert_eq!(found.head_len(), len);
                            for bytes in [head.clone().into_bytes(), [head.as_bytes(), b"\x81\x80"].concat()]
                            {
                                assert_eq!(outcome(&found.request(&bytes)), outcome(&parts));
                                assert_eq!(format!("{:?}", found.request(&bytes)), format!("{parts:?}"));
                            }
                        }
                        // The only errors that a head of right lines has.
                        Err(error) => {
                            assert_eq!(error, HeadError::InvalidTarget, "{head}");
                            let refused = parts.upgrade();
                            assert!(refused.is_err() || refused.unwrap().is_none(), "{head}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn s4_2_2_an_acceptance_of_parts_says_what_the_bytes_say() {
    let choices = [
        Choice::DEFAULT,
        Choice::DEFAULT.with_subprotocol(Some("chat")),
        Choice::DEFAULT.with_extensions("a; b=1"),
        Choice::DEFAULT.with_headers(&[("Set-Cookie", "a=b"), ("X", "y")]),
        Choice::DEFAULT.with_subprotocol(Some("other")),
        Choice::DEFAULT.with_extensions("other"),
        Choice::DEFAULT.with_extensions(";"),
        Choice::DEFAULT.with_headers(&[("Upgrade", "x")]),
        Choice::DEFAULT.with_headers(&[("X", "a\r\nb")]),
    ];
    let changes = ["Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Extensions: a"];
    let lines = lines(&REQUEST, &changes);
    let text: String = lines
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!("GET / HTTP/1.1\r\n{text}\r\n");
    let (bytes, _) = Request::parse(head.as_bytes()).unwrap();
    let bytes = bytes.upgrade().unwrap().unwrap();
    let parts = Request::from_parts("GET", Version::HTTP_11, "/", lines.iter().copied());
    let parts = parts.upgrade().unwrap().unwrap();
    assert_eq!(parts.key(), Some(bytes.key()));
    for choice in choices {
        let mut out = [0; 512];
        let written = bytes.encode(&Accept::from_key(bytes.key()), &choice, &mut out);
        match parts.accept(&choice) {
            Err(error) => assert_eq!(written, Err(error)),
            Ok(acceptance) => {
                let (response, _) = Response::parse(&out[..written.unwrap()]).unwrap();
                assert_eq!(response.status(), acceptance.status());
                let written = response.headers().map(|header| {
                    (
                        header.name().to_ascii_lowercase(),
                        header.value_str().unwrap().to_ascii_lowercase(),
                    )
                });
                let said = acceptance
                    .headers()
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.to_ascii_lowercase()));
                assert!(written.eq(said), "{choice:?}");
            }
        }
    }
}

#[test]
fn s4_2_1_a_header_map_is_a_source_of_headers() {
    let mut headers = HeaderMap::new();
    for (name, value) in lines(
        &REQUEST,
        &["Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b, c"],
    ) {
        headers.append(
            http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            value.parse().unwrap(),
        );
    }
    let uri: http::Uri = "http://example.com/chat?room=1".parse().unwrap();
    let target = uri.path_and_query().unwrap().as_str();
    let request = Request::from_parts("GET", Version::HTTP_11, target, &headers)
        .with_authority(uri.authority().unwrap().as_str());
    assert_eq!(request.host(), Some("example.com"));
    let upgrade = request.upgrade().unwrap().unwrap();
    assert!(upgrade.subprotocols().eq(["a", "b", "c"]));
    let acceptance = upgrade
        .accept(&Choice::DEFAULT.with_subprotocol(Some("c")))
        .unwrap();
    let mut response = http::Response::builder().status(acceptance.status());
    for (name, value) in acceptance.headers() {
        response = response.header(name, value);
    }
    let response = response.body(()).unwrap();

    let accept = Accept::from_key(&Key::parse(KEY.as_bytes()).unwrap());
    let offer = Offer::new("example.com", "/chat").with_subprotocols(&["c"]);
    let read = Response::from_parts(Version::HTTP_11, response.status().as_u16(), response.headers());
    let established = read.upgrade(&offer, Some(&accept)).unwrap().unwrap();
    assert_eq!(established.subprotocol(), Some("c"));
}

const CONNECT: [&str; 1] = ["sec-websocket-version: 13"];

fn connect(changes: &[&str]) -> Result<Option<(u16, Vec<String>)>, RequestError> {
    let lines = lines(&CONNECT, changes);
    let request = Request::from_parts("CONNECT", Version::HTTP_2, "/chat", lines.iter().copied())
        .with_authority("example.com")
        .with_protocol("websocket");
    Ok(request.upgrade()?.map(|upgrade| {
        assert_eq!(upgrade.key(), None);
        let acceptance = upgrade.accept(&Choice::DEFAULT).unwrap();
        let headers = acceptance
            .headers()
            .map(|(name, value)| format!("{name}: {value}"));
        (acceptance.status(), headers.collect())
    }))
}

#[test]
fn rfc8441_s5_an_extended_connect_has_no_key_and_is_answered_with_200() {
    let accepted = Ok(Some((200, vec![])));
    for changes in [
        &[][..],
        // They are not looked at.
        &["sec-websocket-key: x"],
        &["sec-websocket-protocol: chat"],
        &["sec-websocket-extensions: "],
        &["content-length: 5"],
    ] {
        assert_eq!(connect(changes), accepted, "{changes:?}");
    }
    for (changes, error) in [
        (&["sec-websocket-version!"][..], RequestError::MissingVersion),
        (&["sec-websocket-version: 8"], RequestError::UnsupportedVersion),
        (
            &["sec-websocket-protocol: a b"],
            RequestError::InvalidSubprotocols,
        ),
        (&["sec-websocket-extensions: ;"], RequestError::InvalidExtensions),
        (&["connection: upgrade"], RequestError::ConnectionHeader),
        (&["upgrade: websocket"], RequestError::ConnectionHeader),
        (&["transfer-encoding: chunked"], RequestError::ConnectionHeader),
    ] {
        assert_eq!(connect(changes), Err(error), "{changes:?}");
    }
}

#[test]
fn rfc8441_s4_what_is_another_connect_is_no_websocket() {
    let headers = [("sec-websocket-version", "13")];
    let request =
        |method, version, protocol: Option<&'static str>, target, authority: Option<&'static str>| {
            let mut request = Request::from_parts(method, version, target, headers);
            if let Some(authority) = authority {
                request = request.with_authority(authority);
            }
            if let Some(protocol) = protocol {
                request = request.with_protocol(protocol);
            }
            request.upgrade().map(|upgrade| upgrade.is_some())
        };
    let host = Some("a");
    let websocket = Some("websocket");
    assert_eq!(
        request("CONNECT", Version::HTTP_2, websocket, "/", host),
        Ok(true)
    );
    assert_eq!(
        request("CONNECT", Version::HTTP_3, Some("WebSocket"), "/", host),
        Ok(true)
    );
    assert_eq!(
        request("CONNECT", Version::HTTP_2, Some("connect-udp"), "/", host),
        Ok(false)
    );
    assert_eq!(request("CONNECT", Version::HTTP_2, None, "a:80", host), Ok(false));
    assert_eq!(request("GET", Version::HTTP_2, websocket, "/", host), Ok(false));
    assert_eq!(request("GET", Version::HTTP_2, None, "/", host), Ok(false));
    for (version, target, authority, error) in [
        (Version::HTTP_11, "/", host, RequestError::OldHttpVersion),
        (Version::HTTP_2, "/", None, RequestError::MissingHost),
        (Version::HTTP_2, "/", Some("a:b"), RequestError::InvalidTarget),
        (Version::HTTP_2, "/", Some(""), RequestError::InvalidTarget),
        (Version::HTTP_2, "*", host, RequestError::InvalidTarget),
        (Version::HTTP_2, "/#a", host, RequestError::InvalidTarget),
    ] {
        assert_eq!(
            request("CONNECT", version, websocket, target, authority),
            Err(error)
        );
    }
}

const RESPONSE: [&str; 3] = [
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
];

#[test]
fn s4_1_parts_of_a_response_are_held_to_the_rules_of_bytes() {
    let offer = Offer::new("a", "/")
        .with_subprotocols(&["chat"])
        .with_extensions("x");
    let accept = Accept::from_key(&Key::parse(KEY.as_bytes()).unwrap());
    for (status, version) in [
        (101, Version::HTTP_11),
        (101, Version::HTTP_10),
        (200, Version::HTTP_11),
    ] {
        for changes in [
            &[][..],
            &["Upgrade!"],
            &["Upgrade: h2c"],
            &["Upgrade: websocket", "Upgrade: websocket"],
            &["Connection!"],
            &["Connection: x, upgrade"],
            &["Connection: x", "Connection: upgrade"],
            &["Sec-WebSocket-Accept!"],
            &["Sec-WebSocket-Accept: x"],
            &["Sec-WebSocket-Protocol: chat"],
            &["Sec-WebSocket-Protocol: "],
            &["Sec-WebSocket-Protocol: other"],
            &["Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: chat"],
            &["Sec-WebSocket-Extensions: x; y"],
            &["Sec-WebSocket-Extensions: "],
            &["Sec-WebSocket-Extensions: z"],
            &["Sec-WebSocket-Extensions: x", "Sec-WebSocket-Extensions: x"],
        ] {
            let lines = lines(&RESPONSE, changes);
            let text: String = lines
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .collect();
            let mut head = format!("{version} {status} \r\n{text}\r\n").into_bytes();
            let found = ResponseHead::parse(&mut head).unwrap();
            let (bytes, _) = Response::parse(&head).unwrap();
            let parts = Response::from_parts(version, status, lines.iter().copied());
            let of_bytes = bytes
                .upgrade(&offer, &accept)
                .map(|established| format!("{established:?}"));
            let of_found = found.response(&head).upgrade(&offer, &accept);
            assert_eq!(of_found.map(|established| format!("{established:?}")), of_bytes);
            let of_parts = parts
                .upgrade(&offer, Some(&accept))
                .map(|established| format!("{established:?}"));
            assert_eq!(of_parts, of_bytes, "{changes:?}");
        }
    }
}

#[test]
fn rfc8441_s5_any_successful_status_establishes_an_extended_connect() {
    let offer = Offer::new("a", "/").with_subprotocols(&["chat"]);
    let upgrade = |status, headers: &[(&'static str, &'static str)]| {
        let response = Response::from_parts(Version::HTTP_2, status, headers.iter().copied());
        let established = response.upgrade(&offer, None);
        established
            .map(|established| established.map(|established| established.subprotocol().map(str::to_owned)))
    };
    for (status, is_established) in [
        (101, false),
        (199, false),
        (200, true),
        (299, true),
        (300, false),
        (404, false),
    ] {
        assert_eq!(
            upgrade(status, &[]).unwrap().is_some(),
            is_established,
            "{status}"
        );
    }
    let chat = upgrade(200, &[("sec-websocket-protocol", "chat")]);
    assert_eq!(chat, Ok(Some(Some("chat".to_owned()))));
    let other = upgrade(200, &[("sec-websocket-protocol", "other")]);
    assert_eq!(other, Err(ResponseError::SubprotocolNotOffered));
}

#[test]
fn one_error_holds_all() {
    fn from<E: Into<Error>>(error: E) -> Error {
        error.into()
    }
    let head = HeadError::SpaceInName;
    assert_eq!(from(head), Error::Head(head));
    assert_eq!(from(RequestError::Head(head)), Error::Head(head));
    assert_eq!(from(ResponseError::Head(head)), Error::Head(head));
    assert_eq!(from(RequestError::NotGet), Error::Request(RequestError::NotGet));
    assert_eq!(
        from(ResponseError::WrongAccept),
        Error::Response(ResponseError::WrongAccept)
    );
    assert_eq!(
        from(EncodeError::InvalidHost),
        Error::Encode(EncodeError::InvalidHost)
    );
    let too_small = bareframe::BufferTooSmall {
        needed: 5,
        available: 4,
    };
    assert_eq!(
        from(too_small),
        Error::Encode(EncodeError::BufferTooSmall(too_small))
    );
    let url = bareframe::handshake::UrlError::Port;
    assert_eq!(from(url), Error::Url(url));
    for error in [
        from(head),
        from(RequestError::NotGet),
        from(EncodeError::InvalidHost),
        from(url),
    ] {
        let text = error.to_string();
        assert!(!text.is_empty() && text != format!("{error:?}"));
    }
    assert_eq!(Status::try_from(404), Ok(Status::NOT_FOUND));
    assert_eq!(Status::try_from(101), Err(101));
    assert_eq!(u16::from(Answer::new(Status::NOT_FOUND).status()), 404);
}
