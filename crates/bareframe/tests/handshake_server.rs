//! The server's side of the opening handshake: which requests are accepted (RFC 6455 sections 4.2 to 4.4).
#![cfg(feature = "handshake")]

use bareframe::handshake::{
    Accept, Choice, Extension, HeadEnd, HeadError, Header, Param, Request, RequestError, Upgrade,
};
use proptest::prelude::*;

/// The lines of a request that is accepted, the start line first.
const LINES: [&str; 6] = [
    "GET /chat HTTP/1.1",
    "Host: server.example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// Returns a request with other lines in the place of those with the same name, or with another start line; `Name!`
/// leaves a header out.
fn request(changes: &[&str]) -> Vec<u8> {
    let is_start = |line: &&&str| line.contains(" HTTP/");
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

/// Returns a request with a list on as many lines as there are values, with other lines and other cases in between.
fn list(name: &str, values: &[&str]) -> Vec<u8> {
    let names = [
        name.to_owned(),
        name.to_ascii_lowercase(),
        name.to_ascii_uppercase(),
    ];
    let lines: Vec<String> = names
        .iter()
        .cycle()
        .zip(values)
        .map(|(name, value)| format!("{name}: {value}\r\nX-Other: {value}"))
        .collect();
    request(&lines.iter().map(String::as_str).collect::<Vec<&str>>())
}

/// Checks a request whole, byte by byte and at every single split, and returns the result, always the same.
fn check(bytes: &[u8]) -> Result<Option<Agreed>, RequestError> {
    let whole = check_pieces(bytes, [bytes.len()].into_iter());
    assert_eq!(check_pieces(bytes, 0..=bytes.len()), whole);
    for split in 0..bytes.len() {
        assert_eq!(check_pieces(bytes, [split, bytes.len()].into_iter()), whole);
    }
    whole
}

/// What an accepted request offers, owned.
#[derive(PartialEq, Debug)]
struct Agreed {
    key: String,
    subprotocols: Vec<String>,
    extensions: Vec<String>,
}

fn check_pieces(bytes: &[u8], mut ends: impl Iterator<Item = usize>) -> Result<Option<Agreed>, RequestError> {
    let mut end = HeadEnd::new(bytes.len());
    let arrived = loop {
        let arrived = ends.next().expect("a whole head");
        if end.arrived(&bytes[..arrived])? {
            break arrived;
        }
    };
    let (request, _) = Request::parse(&bytes[..arrived])?;
    Ok(request.upgrade()?.map(|upgrade| Agreed {
        key: upgrade.key().to_string(),
        subprotocols: upgrade.subprotocols().map(str::to_owned).collect(),
        extensions: upgrade
            .extensions()
            .map(|extension| extension.to_string())
            .collect(),
    }))
}

fn with_upgrade<T>(bytes: &[u8], use_it: impl FnOnce(Upgrade<'_>) -> T) -> T {
    use_it(Request::parse(bytes).unwrap().0.upgrade().unwrap().unwrap())
}

#[test]
fn s4_2_1_requests_that_are_accepted() {
    for changes in [
        &[][..],
        &["GET / HTTP/1.1"],
        &["GET /chat?room=1 HTTP/1.2"],
        &["GET http://server.example.com/chat HTTP/1.1"],
        &["GET https://server.example.com HTTP/1.1"],
        &["hOST: server.example.com"],
        &["Host: [2001:db8::1]:8080"],
        &["Upgrade: WebSocket"],
        &["UPGRADE: WEBSOCKET"],
        &["Upgrade:websocket"],
        &["Upgrade: \t websocket \t "],
        &["Upgrade: h2c, websocket"],
        &["Upgrade: websocket,h2c"],
        &["Upgrade: ,, websocket ,"],
        &["Upgrade: h2c", "Upgrade: websocket"],
        &["Upgrade: websocket", "Upgrade: h2c"],
        &["Connection: upgrade"],
        &["Connection: UPGRADE"],
        &["Connection: keep-alive, Upgrade"],
        &["Connection: Upgrade,keep-alive"],
        &["Connection: keep-alive\t,\tUpgrade"],
        &["Connection: keep-alive", "Connection: Upgrade"],
        &["Connection: Upgrade", "Connection: close"],
        &["SEC-WEBSOCKET-KEY: dGhlIHNhbXBsZSBub25jZQ=="],
        &["sec-websocket-version:13"],
        &["Sec-WebSocket-Version: \t13\t"],
        &["Content-Length: 0"],
        &["Origin: http://example.com"],
        &["Origin: null", "Cookie: a=b; c=d", "X-Long: \u{E9}\u{1F980}"],
        &["Sec-WebSocket-Accept: ignored"],
    ] {
        let agreed = check(&request(changes)).unwrap_or_else(|error| panic!("{changes:?}: {error}"));
        let key = "dGhlIHNhbXBsZSBub25jZQ==".to_owned();
        assert_eq!(
            agreed,
            Some(Agreed {
                key,
                subprotocols: vec![],
                extensions: vec![]
            }),
            "{changes:?}"
        );
    }
}

#[test]
fn s4_2_1_requests_that_ask_for_no_websocket_are_no_error() {
    for head in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nHello",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websockets, websocket/13, web, \"websocket\"\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: ;\r\n\r\n",
    ] {
        let (request, _) = Request::parse(head.as_bytes()).unwrap();
        assert!(request.upgrade().unwrap().is_none(), "{head}");
    }
}

#[test]
fn s4_2_1_requests_that_are_refused() {
    use RequestError::*;
    for (changes, error, status) in [
        (&["GET / HTTP/1.0"][..], OldHttpVersion, 400),
        (&["POST / HTTP/1.1"], NotGet, 405),
        (&["get / HTTP/1.1"], NotGet, 405),
        (&["GETS / HTTP/1.1"], NotGet, 405),
        (&["HEAD / HTTP/1.1"], NotGet, 405),
        (&["CONNECT a:80 HTTP/1.1"], NotGet, 405),
        (&["GET * HTTP/1.1"], InvalidTarget, 400),
        (&["GET chat HTTP/1.1"], InvalidTarget, 400),
        (&["GET ?a HTTP/1.1"], InvalidTarget, 400),
        (&["GET a?b=://c/d HTTP/1.1"], InvalidTarget, 400),
        (&["GET ://a/b HTTP/1.1"], InvalidTarget, 400),
        (&["Host!"], MissingHost, 400),
        (&["Host: a", "Host: a"], RepeatedHost, 400),
        (&["Host: a", "HOST: b", "host: c"], RepeatedHost, 400),
        (&["Host:"], InvalidHost, 400),
        (&["Host: a b"], InvalidHost, 400),
        (&["Host: a/b"], InvalidHost, 400),
        (&["Host: user@a"], InvalidHost, 400),
        (&["Host: \u{E9}"], InvalidHost, 400),
        (&["Transfer-Encoding: chunked"], Content, 400),
        (&["transfer-encoding: identity"], Content, 400),
        (&["Transfer-Encoding:"], Content, 400),
        (&["Content-Length: 1"], Content, 400),
        (&["Content-Length: 00"], Content, 400),
        (&["Content-Length: +0"], Content, 400),
        (&["Content-Length: 0, 0"], Content, 400),
        (&["Content-Length:"], Content, 400),
        (&["Content-Length: 0", "Content-Length: 0"], Content, 400),
        (&["Content-Length: 0", "Content-Length: 5"], Content, 400),
        (&["Upgrade!"], MissingUpgrade, 426),
        (&["Upgrade: h2c"], MissingUpgrade, 426),
        (&["Upgrade: websocket/13"], MissingUpgrade, 426),
        (&["Upgrade: web socket"], MissingUpgrade, 426),
        (&["Upgrade!", "Connection!"], MissingUpgrade, 426),
        (&["Connection!"], MissingConnection, 400),
        (&["Connection:"], MissingConnection, 400),
        (&["Connection: keep-alive"], MissingConnection, 400),
        (&["Connection: keep-alive Upgrade"], MissingConnection, 400),
        (&["Connection: Upgrades, NotUpgrade"], MissingConnection, 400),
        (&["Sec-WebSocket-Version!"], MissingVersion, 400),
        (
            &["Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13"],
            RepeatedVersion,
            400,
        ),
        (&["Sec-WebSocket-Version:"], UnsupportedVersion, 426),
        (&["Sec-WebSocket-Version: 8"], UnsupportedVersion, 426),
        (&["Sec-WebSocket-Version: 013"], UnsupportedVersion, 426),
        (&["Sec-WebSocket-Version: 130"], UnsupportedVersion, 426),
        (&["Sec-WebSocket-Version: 13, 8"], UnsupportedVersion, 426),
        (&["Sec-WebSocket-Key!"], MissingKey, 400),
        (
            &[
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            ],
            RepeatedKey,
            400,
        ),
        (&["Sec-WebSocket-Key:"], InvalidKey, 400),
        (&["Sec-WebSocket-Key: ABCD"], InvalidKey, 400),
        (&["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"], InvalidKey, 400),
        (&["Sec-WebSocket-Key: dGhlIHNhbXBsZS\tub25jZQ=="], InvalidKey, 400),
        (
            &["Sec-WebSocket-Key: dGhlIHNhbXBsZS\u{E9}b25jZQ=="],
            InvalidKey,
            400,
        ),
        (
            &["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, x"],
            InvalidKey,
            400,
        ),
        (&["Host : a"], Head(HeadError::SpaceInName), 400),
    ] {
        let bytes = request(changes);
        assert_eq!(check(&bytes), Err(error), "{changes:?}");
        assert_eq!(error.status().number(), status, "{changes:?}");
    }
}

#[test]
fn s4_2_1_what_is_long_is_read_as_well() {
    let long = "x".repeat(30_000);
    let path = format!("GET /{long}?{long} HTTP/1.1");
    let origin = format!("Origin: {long}");
    let offered = format!("Sec-WebSocket-Protocol: {long}, {long}y");
    let extension = format!("Sec-WebSocket-Extensions: {long}; {long}=\"{long}\"");
    let bytes = request(&[
        &path,
        &origin,
        &offered,
        &extension,
        &format!("Sec-WebSocket-{long}: {long}"),
    ]);
    let (request, _) = Request::parse(&bytes).unwrap();
    assert_eq!(request.path()[1..], long);
    assert_eq!(request.query(), Some(&long[..]));
    assert_eq!(
        request.header("origin").and_then(Header::value_str),
        Some(&long[..])
    );
    let upgrade = request.upgrade().unwrap().unwrap();
    assert!(upgrade.subprotocols().eq([long.clone(), format!("{long}y")]));
    let extension = upgrade.extensions().next().unwrap();
    assert_eq!(extension.to_string(), format!("{long}; {long}={long}"));

    let bytes = self::request(&[&format!("Sec-WebSocket-Key: {long}==")]);
    assert_eq!(
        check_pieces(&bytes, [bytes.len()].into_iter()),
        Err(RequestError::InvalidKey)
    );
}

#[test]
fn s4_2_1_thousands_of_headers_are_checked() {
    let many: Vec<String> = (0..10_000)
        .map(|number| format!("Sec-WebSocket-Protocol: p{number}"))
        .collect();
    let changes: Vec<&str> = many.iter().map(String::as_str).collect();
    with_upgrade(&request(&changes), |upgrade| {
        assert_eq!(upgrade.subprotocols().count(), 10_000);
        let choice = Choice::DEFAULT.with_subprotocol(Some("p9999"));
        assert!(
            upgrade
                .encode(&Accept::from_key(upgrade.key()), &choice, &mut [0; 256])
                .is_ok()
        );
    });
    let spread: Vec<String> = (0..10_000)
        .map(|number| format!("X{number}: y\r\nConnection: z{number}"))
        .collect();
    let mut changes: Vec<&str> = spread.iter().map(String::as_str).collect();
    changes.push("Connection: Upgrade");
    with_upgrade(&request(&changes), |upgrade| {
        assert_eq!(upgrade.subprotocols().count(), 0)
    });
}

#[test]
fn s4_2_2_what_a_101_needs_is_said_before() {
    let plain = Choice::DEFAULT;
    let choices = [
        plain,
        plain.with_subprotocol(Some("chat")),
        plain.with_extensions("x-one"),
        plain.with_headers(&[("Set-Cookie", "a=1"), ("Server", "")]),
        plain
            .with_subprotocol(Some("chat"))
            .with_extensions("x-one")
            .with_headers(&[("A", "b")]),
    ];
    let waiting = request(&[
        "Expect: 100-continue",
        "Sec-WebSocket-Protocol: chat",
        "Sec-WebSocket-Extensions: x-one",
    ]);
    for choice in choices {
        let (needed, mut out) = (choice.response_len(), [0; 400]);
        let mut encode = |len| {
            with_upgrade(&waiting, |upgrade| {
                upgrade.encode(&Accept::from_key(upgrade.key()), &choice, &mut out[..len])
            })
        };
        assert_eq!(encode(needed), Ok(needed), "{choice:?}");
        assert!(encode(needed - 1).is_err());
    }
}

#[test]
fn s4_3_subprotocols_are_a_list_of_tokens_over_several_lines() {
    for (values, expected) in [
        (&["chat"][..], Some(&["chat"][..])),
        (&["chat, superchat"], Some(&["chat", "superchat"])),
        (&["a,b\t,\tC"], Some(&["a", "b", "C"])),
        (&[",a,, b ,"], Some(&["a", "b"])),
        (&["a", "b, c"], Some(&["a", "b", "c"])),
        (&["", "a"], Some(&["a"])),
        (&["a", ","], Some(&["a"])),
        // No element is no offer.
        (&[""], Some(&[])),
        (&[", ,"], Some(&[])),
        (&["", ","], Some(&[])),
        (&["a b"], None),
        (&["a;b"], None),
        (&["\"a\""], None),
        (&["a, b/c"], None),
        (&["caf\u{E9}"], None),
        (&["a", "b c"], None),
    ] {
        let checked =
            check(&list("Sec-WebSocket-Protocol", values)).map(|agreed| agreed.unwrap().subprotocols);
        let expected = expected.map(|tokens| tokens.iter().map(|&token| token.to_owned()).collect());
        assert_eq!(
            checked,
            expected.ok_or(RequestError::InvalidSubprotocols),
            "{values:?}"
        );
    }
}

#[test]
fn s9_1_extensions_are_a_list_over_several_lines() {
    for (values, expected) in [
        (&["a"][..], Some(&["a"][..])),
        (&["a; b"], Some(&["a; b"])),
        (&["a;b;c=d;e=\"f\""], Some(&["a; b; c=d; e=f"])),
        (&["a ; b = c\t;\td = \"e\" , f"], Some(&["a; b=c; d=e", "f"])),
        (&["a; b=\"\\c\\d\""], Some(&["a; b=cd"])),
        (&[",, a,,b ,"], Some(&["a", "b"])),
        (&["a; b=1", "c"], Some(&["a; b=1", "c"])),
        (
            &["permessage-deflate; client_max_window_bits"],
            Some(&["permessage-deflate; client_max_window_bits"]),
        ),
        // No element is no offer.
        (&[""], Some(&[])),
        (&[","], Some(&[])),
        (&[";"], None),
        (&["; a"], None),
        (&["a;"], None),
        (&["a; , b"], None),
        (&["a b"], None),
        (&["a=b"], None),
        (&["\"a\""], None),
        (&["a; =b"], None),
        (&["a; b="], None),
        (&["a; b=\"\""], None),
        (&["a; b=\"c"], None),
        (&["a; b=c\""], None),
        (&["a; b=\"c d\""], None),
        (&["a; b=\"c,d\""], None),
        (&["a; b=\"c\"d"], None),
        (&["a; b=\"\\"], None),
        (&["a; b=\"\\\""], None),
        (&["a; b=\"\\\"\""], None),
        (&["a; b=\"c\\\\d\""], None),
        (&["a; b=c=d"], None),
        (&["a; \u{E9}"], None),
        // A list does not continue inside an element.
        (&["a; b=\"c", "d\""], None),
    ] {
        let checked =
            check(&list("Sec-WebSocket-Extensions", values)).map(|agreed| agreed.unwrap().extensions);
        let expected = expected.map(|list| list.iter().map(|&extension| extension.to_owned()).collect());
        assert_eq!(
            checked,
            expected.ok_or(RequestError::InvalidExtensions),
            "{values:?}"
        );
    }
}

#[test]
fn s9_1_parameters_of_an_extension() {
    let bytes = request(&["Sec-WebSocket-Extensions: x; a; b=10; c=\"1\\0\""]);
    with_upgrade(&bytes, |upgrade| {
        let params: Vec<Param<'_>> = upgrade.extensions().flat_map(Extension::params).collect();
        assert!(params.iter().map(|param| param.name()).eq(["a", "b", "c"]));
        assert!(params[0].value().is_none());
        assert!(params[1].value().unwrap() == "10");
        assert!(params[2].value().unwrap() == "10");
        assert!(params[2].value().unwrap() != "1\\0");
    });
}

#[test]
fn an_error_says_whose_fault_what_and_the_answer() {
    for (error, text) in [
        (
            RequestError::UnsupportedVersion,
            "the client's Sec-WebSocket-Version is not 13 (RFC 6455 section 4.4; status 426 Upgrade Required)",
        ),
        (
            RequestError::Head(HeadError::FoldedLine),
            "the peer sent a folded line (RFC 9112 section 5.2); status 400 Bad Request",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

proptest! {
    #[test]
    fn s4_2_1_no_headers_make_it_panic(
        lines in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
                    "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Content-Length", "Transfer-Encoding", "X",
                ]),
                "([a,;= \"\\\\\u{E9}]{0,12}|websocket|Upgrade|13|0|dGhlIHNhbXBsZSBub25jZQ==)",
            ),
            0..12,
        ),
    ) {
        let lines: Vec<String> = lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let bytes = format!("GET / HTTP/1.1\r\n{}\r\n", lines.concat());
        let _ = check(bytes.as_bytes());
        let bytes = request(&lines.iter().map(|line| line.trim_end()).collect::<Vec<&str>>());
        let _ = check(&bytes);
    }
}
