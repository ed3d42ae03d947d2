//! The client's side of the opening handshake: what is asked, and which responses are accepted (RFC 6455
//! sections 4.1 and 11.3).
#![cfg(feature = "handshake")]

use bareframe::BufferTooSmall;
use bareframe::handshake::{
    Accept, Choice, EncodeError, HeadEnd, HeadError, Header, Key, Offer, Request, Response, ResponseError,
};
use proptest::prelude::*;

/// The lines of a response that is accepted, the start line first.
const LINES: [&str; 4] = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
];

const OFFER: Offer<'_> = Offer::new("server.example.com", "/chat")
    .with_subprotocols(&["chat", "superchat"])
    .with_extensions("a; b, c");

fn key() -> Key {
    Key::from_random(*b"the sample nonce")
}

/// Returns a response with other lines in the place of those with the same name, or with another start line; `Name!`
/// leaves a header out.
fn response(changes: &[&str]) -> Vec<u8> {
    let is_start = |line: &&&str| line.starts_with("HTTP/");
    let name = |line: &str| line.split([':', '!']).next().unwrap().to_ascii_lowercase();
    let kept = LINES[1..]
        .iter()
        .filter(|line| !changes.iter().any(|change| name(change) == name(line)));
    let added = changes
        .iter()
        .filter(|change| !change.ends_with('!') && !is_start(change));
    let start = changes.iter().find(is_start).unwrap_or(&LINES[0]);
    let lines: Vec<&str> = [start].into_iter().chain(kept).chain(added).copied().collect();
    format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
}

/// What is in use, owned.
#[derive(PartialEq, Debug)]
struct InUse {
    subprotocol: Option<String>,
    extensions: Vec<String>,
}

fn check_pieces(
    bytes: &[u8],
    offer: &Offer<'_>,
    mut ends: impl Iterator<Item = usize>,
) -> Result<Option<InUse>, ResponseError> {
    let mut end = HeadEnd::new(bytes.len());
    let arrived = loop {
        let arrived = ends.next().expect("a whole head");
        if end.arrived(&bytes[..arrived])? {
            break arrived;
        }
    };
    let (response, _) = Response::parse(&bytes[..arrived])?;
    let established = response.upgrade(offer, &Accept::from_key(&key()))?;
    Ok(established.map(|established| InUse {
        subprotocol: established.subprotocol().map(str::to_owned),
        extensions: established
            .extensions()
            .map(|extension| extension.to_string())
            .collect(),
    }))
}

/// Checks a response whole, byte by byte and at every single split, and returns the result, always the same.
fn check(bytes: &[u8], offer: &Offer<'_>) -> Result<Option<InUse>, ResponseError> {
    let whole = check_pieces(bytes, offer, [bytes.len()].into_iter());
    assert_eq!(check_pieces(bytes, offer, 0..=bytes.len()), whole);
    for split in 0..bytes.len() {
        assert_eq!(
            check_pieces(bytes, offer, [split, bytes.len()].into_iter()),
            whole
        );
    }
    whole
}

#[test]
fn s4_1_responses_that_are_accepted() {
    for (changes, subprotocol, extensions) in [
        (&[][..], None, &[][..]),
        (&["HTTP/1.1 101 "], None, &[]),
        (&["HTTP/1.1 101 Switched \u{E9}!"], None, &[]),
        (&["Upgrade: WebSocket"], None, &[]),
        (&["UPGRADE:WEBSOCKET"], None, &[]),
        (&["Connection: upgrade"], None, &[]),
        (&["Connection: keep-alive, UPGRADE"], None, &[]),
        (&["Connection: keep-alive", "Connection: Upgrade"], None, &[]),
        (&["Connection: Upgrade", "Connection: keep-alive"], None, &[]),
        (
            &["SEC-WEBSOCKET-ACCEPT:\ts3pPLMBiTxaQ9kYGzzhZRbK+xOo=  "],
            None,
            &[],
        ),
        (
            &[
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Version: 8",
                "Server: x",
                "Server: y",
            ],
            None,
            &[],
        ),
        (&["Content-Length: 0"], None, &[]),
        (&["Sec-WebSocket-Protocol: chat"], Some("chat"), &[]),
        (&["sec-websocket-protocol:superchat "], Some("superchat"), &[]),
        (&["Sec-WebSocket-Extensions: a"], None, &["a"]),
        (
            &["Sec-WebSocket-Extensions: c;d, a ; b=\"1\""],
            None,
            &["c; d", "a; b=1"],
        ),
    ] {
        let in_use = InUse {
            subprotocol: subprotocol.map(str::to_owned),
            extensions: extensions
                .iter()
                .map(|&extension: &&str| extension.to_owned())
                .collect(),
        };
        assert_eq!(check(&response(changes), &OFFER), Ok(Some(in_use)), "{changes:?}");
    }
}

#[test]
fn s4_1_responses_that_are_refused() {
    use ResponseError::*;
    for (changes, error) in [
        (&["HTTP/1.0 101 Switching Protocols"][..], OldHttpVersion),
        (&["Upgrade!"], InvalidUpgrade),
        (&["Upgrade:"], InvalidUpgrade),
        (&["Upgrade: h2c"], InvalidUpgrade),
        (&["Upgrade: websocket, h2c"], InvalidUpgrade),
        (&["Upgrade: websocket", "Upgrade: websocket"], InvalidUpgrade),
        (&["Connection!"], MissingConnection),
        (&["Connection: close"], MissingConnection),
        (&["Connection: Upgrade keep-alive"], MissingConnection),
        (&["Sec-WebSocket-Accept!"], MissingAccept),
        (
            &[
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            ],
            RepeatedAccept,
        ),
        (&["Sec-WebSocket-Accept:"], WrongAccept),
        (
            &["Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk="],
            WrongAccept,
        ),
        (
            &["Sec-WebSocket-Accept: S3PPLMBiTxaQ9kYGzzhZRbK+xOo="],
            WrongAccept,
        ),
        (
            &["Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo"],
            WrongAccept,
        ),
        (
            &["Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=="],
            WrongAccept,
        ),
        (
            &["Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: chat"],
            RepeatedSubprotocol,
        ),
        (
            &["Sec-WebSocket-Protocol: chat, superchat"],
            SubprotocolNotOffered,
        ),
        (&["Sec-WebSocket-Protocol: Chat"], SubprotocolNotOffered),
        (&["Sec-WebSocket-Protocol: other"], SubprotocolNotOffered),
        (&["Sec-WebSocket-Protocol: \u{E9}"], SubprotocolNotOffered),
        (&["Sec-WebSocket-Protocol:"], SubprotocolNotOffered),
        (
            &["Sec-WebSocket-Extensions: a", "Sec-WebSocket-Extensions: c"],
            RepeatedExtensions,
        ),
        (&["Sec-WebSocket-Extensions:"], InvalidExtensions),
        (&["Sec-WebSocket-Extensions: a;"], InvalidExtensions),
        (&["Sec-WebSocket-Extensions: a c"], InvalidExtensions),
        (&["Sec-WebSocket-Extensions: b"], ExtensionNotOffered),
        (&["Sec-WebSocket-Extensions: a, d"], ExtensionNotOffered),
        (&["Sec-WebSocket-Extensions: A"], ExtensionNotOffered),
        (&["X : y"], Head(HeadError::SpaceInName)),
    ] {
        assert_eq!(check(&response(changes), &OFFER), Err(error), "{changes:?}");
    }
}

#[test]
fn s4_1_nothing_may_be_chosen_when_nothing_was_offered() {
    use ResponseError::*;
    let offer = Offer::new("server.example.com", "/chat");
    for (line, error) in [
        ("Sec-WebSocket-Protocol: chat", SubprotocolNotOffered),
        ("Sec-WebSocket-Protocol:", SubprotocolNotOffered),
        ("Sec-WebSocket-Extensions: a", ExtensionNotOffered),
    ] {
        assert_eq!(check(&response(&[line]), &offer), Err(error));
    }
}

#[test]
fn s4_1_any_other_status_is_handed_over() {
    let accept = Accept::from_key(&key());
    for (head, status, reason, name, value) in [
        (
            "HTTP/1.1 301 Moved Permanently\r\nLocation: /b\r\n\r\n",
            301,
            "Moved Permanently",
            "location",
            "/b",
        ),
        (
            "HTTP/1.0 401 \r\nWWW-Authenticate: Basic\r\n\r\n",
            401,
            "",
            "WWW-Authenticate",
            "Basic",
        ),
        (
            "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n",
            100,
            "Continue",
            "x",
            "y",
        ),
        (
            "HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nSec-WebSocket-Accept: x\r\n\r\n",
            200,
            "OK",
            "upgrade",
            "h2c",
        ),
    ] {
        let (response, len) = Response::parse(head.as_bytes()).unwrap();
        assert_eq!(
            response
                .upgrade(&OFFER, &accept)
                .map(|established| established.is_some()),
            Ok(false)
        );
        assert_eq!(
            (response.status(), response.reason()),
            (status, reason.as_bytes())
        );
        assert_eq!(response.header(name).and_then(Header::value_str), Some(value));
        assert_eq!(len, head.find("\r\n\r\n").unwrap() + 4);
    }
}

#[test]
fn s4_1_the_request() {
    for (offer, more) in [
        (OFFER.with_subprotocols(&[]).with_extensions(""), ""),
        (
            OFFER,
            "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: a; b, c\r\n",
        ),
        (
            OFFER
                .with_origin(Some("http://example.com"))
                .with_subprotocols(&["chat"])
                .with_extensions("")
                .with_headers(&[("Authorization", "Basic YTpi"), ("Cookie", "a=\u{E9}"), ("X", "")]),
            "Origin: http://example.com\r\nSec-WebSocket-Protocol: chat\r\nAuthorization: Basic YTpi\r\n\
             Cookie: a=\u{E9}\r\nX: \r\n",
        ),
    ] {
        let expected = format!(
            "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
        );
        let needed = expected.len();
        for len in 0..needed {
            let mut out = vec![0xAA; len];
            let refused = Err(EncodeError::BufferTooSmall(BufferTooSmall {
                needed,
                available: len,
            }));
            assert_eq!(offer.encode(&key(), &mut out), refused);
            assert!(out.iter().all(|&byte| byte == 0xAA));
        }
        let mut out = vec![0xAA; needed + 3];
        assert_eq!(offer.encode(&key(), &mut out[..needed]), Ok(needed));
        assert_eq!(offer.encode(&key(), &mut out), Ok(needed));
        assert_eq!(
            out[..needed].escape_ascii().to_string(),
            expected.as_bytes().escape_ascii().to_string()
        );
        assert_eq!(out[needed..], [0xAA; 3]);
    }
}

#[test]
fn s4_1_values_that_are_not_allowed_in_a_request() {
    use EncodeError::*;
    let new = Offer::new;
    let plain = new("a", "/");
    let origin = |origin| plain.with_origin(Some(origin));
    let subprotocols = |subprotocols| plain.with_subprotocols(subprotocols);
    let extensions = |extensions| plain.with_extensions(extensions);
    let headers = |headers| plain.with_headers(headers);
    for (offer, error) in [
        (new("", "/"), InvalidHost),
        (new("a b", "/"), InvalidHost),
        (new("a\r\nX: y", "/"), InvalidHost),
        (new("a\0", "/"), InvalidHost),
        (new("a/b", "/"), InvalidHost),
        (new("a?b", "/"), InvalidHost),
        (new("a#b", "/"), InvalidHost),
        (new("user@a", "/"), InvalidHost),
        (new("b\u{FC}cher.example", "/"), InvalidHost),
        (new("a:b", "/"), InvalidHost),
        (new("[::1", "/"), InvalidHost),
        (new("a", "/%zz"), InvalidTarget),
        (new("a", "/%"), InvalidTarget),
        (new("a", "/?q={\"a\":1}"), InvalidTarget),
        (new("a", "/<x>"), InvalidTarget),
        (new("a", "b"), InvalidTarget),
        (new("a", "http://a/"), InvalidTarget),
        (new("a", "/b c"), InvalidTarget),
        (new("a", "/b#c"), InvalidTarget),
        (new("a", "/\r\nX: y"), InvalidTarget),
        (new("a", "/\n"), InvalidTarget),
        (new("a", "/\0"), InvalidTarget),
        (new("a", "/\u{E9}"), InvalidTarget),
        (origin(""), InvalidOrigin),
        (origin("http://a\r\nX: y"), InvalidOrigin),
        (origin("a\0"), InvalidOrigin),
        (origin("a b"), InvalidOrigin),
        (subprotocols(&[""]), InvalidSubprotocol),
        (subprotocols(&["a,b"]), InvalidSubprotocol),
        (subprotocols(&["a b"]), InvalidSubprotocol),
        (subprotocols(&["a", "b\r\nX: y"]), InvalidSubprotocol),
        (subprotocols(&["\0"]), InvalidSubprotocol),
        (subprotocols(&["\u{E9}"]), InvalidSubprotocol),
        (subprotocols(&["a", "b", "a"]), RepeatedSubprotocol),
        (extensions(" "), InvalidExtensions),
        (extensions("a;"), InvalidExtensions),
        (extensions("a\r\nX: y"), InvalidExtensions),
        (extensions("a; b=\"\r\""), InvalidExtensions),
        (extensions("a\0"), InvalidExtensions),
        (headers(&[("X", "a\r\nY: b")]), InvalidHeaderValue),
        (headers(&[("X", "a\nb")]), InvalidHeaderValue),
        (headers(&[("X", "a\0b")]), InvalidHeaderValue),
        (headers(&[("X\r\nY", "a")]), InvalidHeaderName),
        (headers(&[("", "a")]), InvalidHeaderName),
        (headers(&[("Host", "b")]), ReservedHeader),
        (headers(&[("origin", "b")]), ReservedHeader),
        (headers(&[("Content-Length", "5")]), ReservedHeader),
        (headers(&[("Transfer-Encoding", "chunked")]), ReservedHeader),
        (headers(&[("sec-websocket-key", "x")]), ReservedHeader),
    ] {
        let mut out = [0xAA; 1024];
        assert_eq!(offer.encode(&key(), &mut out), Err(error), "{offer:?}");
        assert_eq!(out, [0xAA; 1024]);
    }
}

#[test]
fn an_error_says_whose_fault_it_is() {
    for (error, text) in [
        (
            ResponseError::RepeatedAccept,
            "the server sent more than one Sec-WebSocket-Accept (RFC 6455 section 11.3.3)",
        ),
        (
            ResponseError::Head(HeadError::InvalidStatus),
            "the server sent a status that is not three digits (RFC 9112 section 4)",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

proptest! {
    /// Whatever a client may offer, a server reads, and whatever that server may choose, the client accepts.
    #[test]
    fn s4_1_both_sides_understand_each_other(
        random in any::<[u8; 16]>(),
        host in "[a-z0-9.-]{1,20}(:[0-9]{0,4})?",
        target in "/([!$&-;=?@-Z_a-z~]|%[0-9A-Fa-f]{2}){0,30}",
        origin in prop::option::of("[!-~]{1,30}"),
        subprotocols in prop::collection::btree_set("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", 0..5),
        extensions in prop::collection::vec(
            "[a-z-]{1,9}( ?;[ \t]?[a-z_]{1,9}( ?= ?([a-z0-9]{1,5}|\"(\\\\?[a-z0-9]){1,5}\"))?){0,3}", 0..4,
        ),
        headers in prop::collection::vec(("X-[!#$%&'*+.^_`|~0-9A-Za-z-]{0,20}", "([!-~\u{80}-\u{10FFFF}]([ -~\t]{0,20}[!-~])?)?"), 0..4),
        choice in any::<prop::sample::Index>(),
    ) {
        let key = Key::from_random(random);
        let offered: Vec<&str> = subprotocols.iter().map(String::as_str).collect();
        let added: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        let list = extensions.join(" ,");
        let offer = Offer::new(&host, &target).with_origin(origin.as_deref()).with_subprotocols(&offered).with_extensions(&list).with_headers(&added);
        let mut out = [0; 4096];
        let len = offer.encode(&key, &mut out).unwrap();
        let (request, head_len) = Request::parse(&out[..len]).unwrap();
        prop_assert_eq!(head_len, len);
        prop_assert_eq!((request.method(), request.target(), request.version().minor()), ("GET", &target[..], 1));
        prop_assert_eq!(request.header("host").and_then(Header::value_str), Some(&host[..]));
        prop_assert_eq!(request.header("origin").and_then(Header::value_str), origin.as_deref());
        let read = request.headers().filter(|header| header.name().starts_with("X-"));
        let read: Vec<(&str, &str)> = read.map(|header| (header.name(), header.value_str().unwrap())).collect();
        prop_assert_eq!(&read, &added);
        let upgrade = request.upgrade().unwrap().unwrap();
        prop_assert_eq!(upgrade.key(), &key);
        prop_assert!(upgrade.subprotocols().eq(offered.iter().copied()));
        prop_assert_eq!(upgrade.extensions().count(), extensions.len());

        let chosen = choice.get(&[&[""][..], &offered[..]].concat()).to_owned();
        let choice = Choice::DEFAULT.with_subprotocol(Some(chosen).filter(|chosen| !chosen.is_empty())).with_extensions(&list).with_headers(&added);
        let accept = Accept::from_key(upgrade.key());
        let mut out = [0; 4096];
        let len = upgrade.encode(&accept, &choice, &mut out).unwrap();
        let (response, head_len) = Response::parse(&out[..len]).unwrap();
        prop_assert_eq!(head_len, len);
        let established = response.upgrade(&offer, &Accept::from_key(&key)).unwrap().unwrap();
        prop_assert_eq!(established.subprotocol(), choice.subprotocol());
        let in_use = established.extensions().map(|extension| extension.to_string());
        let asked = upgrade.extensions().map(|extension| extension.to_string());
        prop_assert!(in_use.eq(asked));
    }
}
