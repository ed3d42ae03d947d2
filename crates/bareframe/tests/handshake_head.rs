//! Heads: where they end, what is refused, and what is read from them (RFC 9112), for requests and responses.
#![cfg(feature = "handshake")]

use bareframe::handshake::{HeadEnd, HeadError, Header, Request, Response, Status};
use proptest::prelude::*;

const LIMIT: usize = 4096;

/// What a head says, owned; requests and responses alike.
#[derive(Clone, PartialEq, Debug)]
struct Head {
    start: Vec<String>,
    headers: Vec<(String, Vec<u8>)>,
    len: usize,
}

type Parse = fn(&[u8]) -> Result<Head, HeadError>;

fn owned<'h>(headers: impl Iterator<Item = Header<'h>>) -> Vec<(String, Vec<u8>)> {
    headers
        .map(|header| (header.name().to_owned(), header.value().to_owned()))
        .collect()
}

fn request(bytes: &[u8]) -> Result<Head, HeadError> {
    let (request, len) = Request::parse(bytes)?;
    let start = [
        request.method(),
        request.target(),
        &format!("1.{}", request.version().minor()),
    ];
    Ok(Head {
        start: start.map(str::to_owned).into(),
        headers: owned(request.headers()),
        len,
    })
}

fn response(bytes: &[u8]) -> Result<Head, HeadError> {
    let (response, len) = Response::parse(bytes)?;
    let reason = response.reason().escape_ascii().to_string();
    let start = [
        format!("1.{}", response.version().minor()),
        response.status().to_string(),
        reason,
    ];
    Ok(Head {
        start: start.into(),
        headers: owned(response.headers()),
        len,
    })
}

/// Lets bytes arrive up to each of `ends` in turn, as an adapter does, and parses them once it is time.
fn receive(parse: Parse, bytes: &[u8], ends: impl Iterator<Item = usize>) -> Option<Result<Head, HeadError>> {
    let mut end = HeadEnd::new(LIMIT);
    for arrived in ends {
        match end.arrived(&bytes[..arrived]) {
            Ok(false) => {}
            Ok(true) => return Some(parse(&bytes[..arrived])),
            Err(error) => return Some(Err(error)),
        }
    }
    None
}

/// Receives bytes whole, byte by byte and at every single split, and returns the result, which is always the same.
fn receive_every_way(parse: Parse, bytes: &[u8]) -> Option<Result<Head, HeadError>> {
    let whole = receive(parse, bytes, [bytes.len()].into_iter());
    assert_eq!(
        receive(parse, bytes, 0..=bytes.len()),
        whole,
        "byte by byte: {}",
        bytes.escape_ascii()
    );
    for split in 0..bytes.len() {
        let ends = [split, bytes.len()].into_iter();
        assert_eq!(
            receive(parse, bytes, ends),
            whole,
            "split at {split}: {}",
            bytes.escape_ascii()
        );
    }
    whole
}

#[test]
fn s2_2_a_head_ends_at_its_blank_line() {
    let requests: [&[u8]; 9] = [
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://[::1]:80/%41 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET ftp://a HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"OPTIONS * HTTP/1.0\r\nA:\r\nB: \r\nC: c\t \r\n\r\n",
        b"GET /?a=b&c HTTP/1.1\r\nHost: [::1]:80\r\nCookie: a=b; c=\"d\"\r\ncookie: \xC3\xA9\xFF\r\n\r\n",
        b"!#$%&'*+-.^_`|~09azAZ /!$&'()*+,;=:@~_.-/%4a?/?%Ff HTTP/1.9\r\n!#$%&'*+-.^_`|~09azAZ: \"(),/:;<=>?@[\\]{}\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
    ];
    let responses: [&[u8]; 5] = [
        b"HTTP/1.1 101\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.0 200 \r\n\r\n",
        b"HTTP/1.1 404 Pas trouv\xE9\t!\r\nServer:\ta  b\t\r\n\r\n",
        b"HTTP/1.1 999 ?\r\n\r\n",
    ];
    let frames: [&[u8]; 5] = [
        b"",
        b"\x81\x00",
        b"\r\n\r\n",
        b"\n",
        b"\0\0GET / HTTP/1.1\r\n\r\n",
    ];
    let heads = requests.map(|head| (request as Parse, head)).into_iter();
    for (parse, head) in heads.chain(responses.map(|head| (response as Parse, head))) {
        for end in 0..head.len() {
            assert_eq!(HeadEnd::new(LIMIT).arrived(&head[..end]), Ok(false));
            assert_eq!(
                parse(&head[..end]),
                Err(HeadError::Unfinished),
                "{}",
                head[..end].escape_ascii()
            );
        }
        let expected = parse(head).unwrap();
        assert_eq!(expected.len, head.len());
        for frames in frames {
            let received = receive_every_way(parse, &[head, frames].concat());
            assert_eq!(received, Some(Ok(expected.clone())));
        }
    }
}

#[test]
fn s3_what_a_request_says() {
    for (head, method, target, path, query, minor_version) in [
        ("GET / HTTP/1.1\r\n\r\n", "GET", "/", "/", None, 1),
        (
            "GET /a/b?c=d?e HTTP/1.1\r\n\r\n",
            "GET",
            "/a/b?c=d?e",
            "/a/b",
            Some("c=d?e"),
            1,
        ),
        ("HEAD /? HTTP/1.0\r\n\r\n", "HEAD", "/?", "/", Some(""), 0),
        (
            "GET /a?b=http://c/d HTTP/1.1\r\n\r\n",
            "GET",
            "/a?b=http://c/d",
            "/a",
            Some("b=http://c/d"),
            1,
        ),
        (
            "GET http://a.b:80/c?d HTTP/1.1\r\n\r\n",
            "GET",
            "http://a.b:80/c?d",
            "/c",
            Some("d"),
            1,
        ),
        ("GET HTTPS://a HTTP/1.1\r\n\r\n", "GET", "HTTPS://a", "/", None, 1),
        (
            "GET https://a?b HTTP/1.2\r\n\r\n",
            "GET",
            "https://a?b",
            "/",
            Some("b"),
            2,
        ),
        ("GET ?b HTTP/1.1\r\n\r\n", "GET", "?b", "", Some("b"), 1),
        ("OPTIONS * HTTP/1.1\r\n\r\n", "OPTIONS", "*", "*", None, 1),
        (
            "CONNECT a:80 HTTP/1.1\r\n\r\n",
            "CONNECT",
            "a:80",
            "a:80",
            None,
            1,
        ),
    ] {
        let (request, _) = Request::parse(head.as_bytes()).unwrap();
        assert_eq!(request.method(), method);
        assert_eq!(request.target(), target);
        assert_eq!((request.path(), request.query()), (path, query), "{head}");
        assert_eq!(request.version().minor(), minor_version);
    }
}

#[test]
fn s5_names_have_any_case_and_values_no_white_space_around_them() {
    let head = b"GET / HTTP/1.1\r\nOrigin:a\r\nORIGIN: b\r\nX:\r\nY: \t \r\nZ:\t c \xE9\td \t\r\nT: t\xC3\xA9\r\n\r\n";
    let (request, _) = Request::parse(head).unwrap();
    for (name, value) in [
        ("origin", Some(&b"a"[..])),
        ("Origin", Some(b"a")),
        ("oRIGIN", Some(b"a")),
        ("x", Some(b"")),
        ("y", Some(b"")),
        ("z", Some(b"c \xE9\td")),
        ("origi", None),
        ("origin:", None),
        ("", None),
    ] {
        assert_eq!(request.header(name).map(Header::value), value, "{name}");
    }
    let origins = request.headers().filter(|header| header.is("ORIGIN"));
    assert!(origins.map(Header::value).eq([b"a", b"b"]));
    assert_eq!(request.header("z").unwrap().value_str(), None);
    assert_eq!(request.header("t").unwrap().value_str(), Some("t\u{E9}"));
    assert_eq!(request.header("ORIGIN").unwrap().name(), "Origin");
}

#[test]
fn s2_to_s5_requests_that_are_refused() {
    use HeadError::*;
    for (head, error) in [
        (&b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"[..], BlankFirstLine),
        (b"\nGET / HTTP/1.1\r\n\r\n", BlankFirstLine),
        (b"\r\n\r\n", BlankFirstLine),
        (b"\rGET / HTTP/1.1\r\n\r\n", InvalidMethod),
        (b" GET / HTTP/1.1\r\n\r\n", InvalidMethod),
        (b"\tGET / HTTP/1.1\r\n\r\n", InvalidMethod),
        (b"GET\t/ HTTP/1.1\r\n\r\n", InvalidMethod),
        (b"GET\r\n\r\n", NotHttp),
        (b"G(T / HTTP/1.1\r\n\r\n", InvalidMethod),
        (b"G\xC9T / HTTP/1.1\r\n\r\n", InvalidMethod),
        (b"G\0T / HTTP/1.1\r\n\r\n", InvalidMethod),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", Tls),
        (b"GET  / HTTP/1.1\r\n\r\n", InvalidTarget),
        (b"GET /\t HTTP/1.1\r\n\r\n", InvalidTarget),
        (b"GET /\xC3\xA9 HTTP/1.1\r\n\r\n", InvalidTarget),
        (b"GET /\x7F HTTP/1.1\r\n\r\n", InvalidTarget),
        (b"GET /\0 HTTP/1.1\r\n\r\n", InvalidTarget),
        (b"GET /\r\n\r\n", NotHttp),
        (b"GET / \r\n\r\n", NotHttp),
        (b"GET /  HTTP/1.1\r\n\r\n", InvalidHttpVersion),
        (b"GET /a b HTTP/1.1\r\n\r\n", InvalidHttpVersion),
        (b"GET / http/1.1\r\n\r\n", InvalidHttpVersion),
        (b"GET / HTTP/0.9\r\n\r\n", InvalidHttpVersion),
        (b"GET / HTTP/2.0\r\n\r\n", InvalidHttpVersion),
        (b"GET / HTTP/1\r\n\r\n", InvalidHttpVersion),
        (b"GET / HTTP/1.\r\n\r\n", InvalidHttpVersion),
        (b"GET / HTTP/1.10\r\n\r\n", InvalidHttpVersion),
        (b"GET / HTTP/1.1 \r\n\r\n", InvalidHttpVersion),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Http2),
        (b"GET / HTTP/1.1\n\r\n", BareLineFeed),
        (b"GET / HTTP/1.1\r\r\n\r\n", BareCarriageReturn),
        (b"GET / HTTP/1.1\r\n\n", BareLineFeed),
        (b"GET / HTTP/1.1\nHost: a\n\n", BareLineFeed),
        (b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", BareLineFeed),
        (b"GET / HTTP/1.1\r\nHost: a\n\r\n\r\n", BareLineFeed),
        (b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", BareCarriageReturn),
        (b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", BareCarriageReturn),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", BareCarriageReturn),
        (b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", FoldedLine),
        (b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", FoldedLine),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\tb\r\n\r\n", FoldedLine),
        (b"GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n", FoldedLine),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", SpaceInName),
        (b"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", SpaceInName),
        (b"GET / HTTP/1.1\r\nHo st: a\r\n\r\n", SpaceInName),
        (b"GET / HTTP/1.1\r\nHost a\r\n\r\n", SpaceInName),
        (b"GET / HTTP/1.1\r\nHost\r\n\r\n", InvalidName),
        (b"GET / HTTP/1.1\r\n: a\r\n\r\n", InvalidName),
        (b"GET / HTTP/1.1\r\nHost,: a\r\n\r\n", InvalidName),
        (b"GET / HTTP/1.1\r\nH\xF6st: a\r\n\r\n", InvalidName),
        (b"GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n", InvalidName),
        (b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", ControlByte),
        (b"GET / HTTP/1.1\r\nHost: a\x0Bb\r\n\r\n", ControlByte),
        (b"GET / HTTP/1.1\r\nHost: a\x0Cb\r\n\r\n", ControlByte),
        (b"GET / HTTP/1.1\r\nHost: a\x1B[0m\r\n\r\n", ControlByte),
        (b"GET / HTTP/1.1\r\nHost: a\x7F\r\n\r\n", ControlByte),
        // The first byte at fault names the error.
        (b"GET / HTTP/1.1\r\nA : b\r\nC: \0\r\nD\r\n\r\n", SpaceInName),
    ] {
        assert_eq!(
            receive_every_way(request, head),
            Some(Err(error)),
            "{}",
            head.escape_ascii()
        );
        assert_eq!(error.status(), Status::BAD_REQUEST);
    }
}

#[test]
fn s4_responses_that_are_refused() {
    use HeadError::*;
    for (head, error) in [
        (&b"\r\nHTTP/1.1 200 OK\r\n\r\n"[..], BlankFirstLine),
        (b"GET / HTTP/1.1\r\n\r\n", InvalidHttpVersion),
        (b"HTTP/2.0 200 OK\r\n\r\n", InvalidHttpVersion),
        (b"HTTP/1.1\t200 OK\r\n\r\n", InvalidHttpVersion),
        (b"HTTP/1.11 200 OK\r\n\r\n", InvalidHttpVersion),
        (b"HTTP/1.1\r\n\r\n", InvalidHttpVersion),
        (b"HTTP/1.1  200 OK\r\n\r\n", InvalidStatus),
        (b"HTTP/1.1 20 OK\r\n\r\n", InvalidStatus),
        (b"HTTP/1.1 2000 OK\r\n\r\n", InvalidStatus),
        (b"HTTP/1.1 099 OK\r\n\r\n", InvalidStatus),
        (b"HTTP/1.1 2o0 OK\r\n\r\n", InvalidStatus),
        (b"HTTP/1.1 200 O\0K\r\n\r\n", ControlByte),
        (b"HTTP/1.1 200 OK\n\r\n", BareLineFeed),
        (b"HTTP/1.1 200 OK\r\r\n\r\n", BareCarriageReturn),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", FoldedLine),
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", SpaceInName),
    ] {
        assert_eq!(
            receive_every_way(response, head),
            Some(Err(error)),
            "{}",
            head.escape_ascii()
        );
    }
}

#[test]
fn s2_2_a_control_byte_is_refused_when_it_arrives() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nX: ";
    for byte in (0..=u8::MAX).filter(|byte| byte.is_ascii_control()) {
        let expected = !matches!(byte, b'\t' | b'\r');
        let bytes = [&head[..], &[byte]].concat();
        assert_eq!(HeadEnd::new(LIMIT).arrived(&bytes), Ok(expected), "{byte:#x}");
    }
}

#[test]
fn rfc6585_s5_a_limit_is_inclusive_and_checked_at_its_byte() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(
        HeadError::TooLong(1).status(),
        Status::REQUEST_HEADER_FIELDS_TOO_LARGE
    );
    assert_eq!(
        HeadError::TooLong(16_384).to_string(),
        "the peer's head has more than 16384 bytes, our limit (RFC 6585 section 5)"
    );
    for after in [&b""[..], b"\x81\x80\x00", b"\r\n\r\n"] {
        let bytes = [head, after].concat();
        assert_eq!(HeadEnd::new(head.len()).arrived(&bytes), Ok(true));
        for limit in 0..head.len() {
            assert_eq!(
                HeadEnd::new(limit).arrived(&bytes),
                Err(HeadError::TooLong(limit))
            );
            let mut end = HeadEnd::new(limit);
            for arrived in 0..limit {
                assert_eq!(end.arrived(&bytes[..arrived]), Ok(false));
            }
            assert_eq!(end.arrived(&bytes[..limit]), Err(HeadError::TooLong(limit)));
            assert_eq!(end.arrived(&bytes), Err(HeadError::TooLong(limit)));
        }
    }
}

#[test]
fn s3_thousands_of_headers_are_read() {
    let mut bytes = b"GET / HTTP/1.1\r\n".to_vec();
    for number in 0..50_000 {
        bytes.extend(format!("X-{number}: {number}\r\n").bytes());
    }
    bytes.extend(b"Last: here\r\n\r\n");
    let (request, len) = Request::parse(&bytes).unwrap();
    assert_eq!(len, bytes.len());
    assert_eq!(request.headers().count(), 50_001);
    assert_eq!(request.header("last").map(Header::value), Some(&b"here"[..]));
    assert_eq!(request.header("X-49999").map(Header::value), Some(&b"49999"[..]));
}

#[test]
fn s2_2_a_long_head_that_arrives_byte_by_byte_is_looked_at_once() {
    // If every call read all bytes, it would read 10^12 bytes.
    let value = "v".repeat(2_000_000);
    let bytes = format!("GET / HTTP/1.1\r\nX: {value}\r\n\r\n").into_bytes();
    let mut end = HeadEnd::new(usize::MAX);
    for arrived in 0..bytes.len() {
        assert_eq!(end.arrived(&bytes[..arrived]), Ok(false));
    }
    assert_eq!(end.arrived(&bytes), Ok(true));
}

#[test]
fn an_error_says_whose_fault_it_is() {
    assert_eq!(
        HeadError::FoldedLine.to_string(),
        "the peer sent a folded line (RFC 9112 section 5.2)"
    );
}

/// Heads with their bytes changed: what breaks a parser that is wrong somewhere.
fn mangled_head() -> impl Strategy<Value = Vec<u8>> {
    let head = prop::sample::select(vec![
        &b"GET /chat?a HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nX:  y \r\n\r\n\x81\x05Hello"[..],
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX:\r\n\r\n\x81\x05Hello",
    ]);
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"\r\n :\t\0,H/1.".to_vec())];
    let edit = (any::<prop::sample::Index>(), 0..3u8, byte);
    (head, prop::collection::vec(edit, 0..4)).prop_map(|(head, edits)| {
        let mut bytes = head.to_vec();
        for (at, kind, byte) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn s2_2_the_result_does_not_depend_on_the_split(bytes in mangled_head()) {
        for parse in [request as Parse, response] {
            let received = receive_every_way(parse, &bytes);
            // It is never time too early: what can be parsed is whole or wrong.
            prop_assert_ne!(received.clone(), Some(Err(HeadError::Unfinished)));
            // It is never too late: a head that parses has arrived.
            if let Ok(head) = parse(&bytes) {
                prop_assert_eq!(received, Some(Ok(head.clone())));
                prop_assert_eq!(receive_every_way(parse, &bytes[..head.len]), Some(Ok(head)));
            }
        }
    }

    #[test]
    fn s5_headers_are_read_as_they_were_written(
        headers in prop::collection::vec(
            ("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}", "[ -~\t\u{80}-\u{10FFFF}]{0,80}", "[ \t]{0,9}", "[ \t]{0,9}"),
            0..20,
        ),
        target in "/([!$&-;=?@-Z_a-z~]|%[0-9A-Fa-f]{2}){0,40}",
    ) {
        let mut bytes = format!("GET {target} HTTP/1.1\r\n");
        for (name, value, before, after) in &headers {
            bytes += &format!("{name}:{before}{value}{after}\r\n");
        }
        bytes += "\r\n";
        let head = request(bytes.as_bytes()).unwrap();
        let white = [' ', '\t'];
        let expected = headers.iter().map(|(name, value, ..)| (name.clone(), value.trim_matches(white).into()));
        prop_assert_eq!(head.headers, expected.collect::<Vec<(String, Vec<u8>)>>());
        prop_assert_eq!(&head.start[1], &target);
        prop_assert_eq!(head.len, bytes.len());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = receive_every_way(request, &bytes);
        let _ = receive_every_way(response, &bytes);
    }
}

#[test]
fn s2_2_what_may_yet_be_a_blank_line_is_unfinished() {
    for head in [&b""[..], b"\r"] {
        assert_eq!(Request::parse(head).err(), Some(HeadError::Unfinished));
        assert_eq!(Response::parse(head).err(), Some(HeadError::Unfinished));
    }
    for head in [&b"\n"[..], b"\r\n\r\n", b"\r\n\n", b"\r\n\r\nGET"] {
        assert_eq!(Request::parse(head).err(), Some(HeadError::BlankFirstLine));
        assert_eq!(Response::parse(head).err(), Some(HeadError::BlankFirstLine));
    }
    // One empty line may come before a request, and none before a response.
    for head in [&b"\r\n"[..], b"\r\n\r", b"\r\nGET"] {
        assert_eq!(Request::parse(head).err(), Some(HeadError::Unfinished));
        assert_eq!(Response::parse(head).err(), Some(HeadError::BlankFirstLine));
    }
}

#[test]
fn s2_3_the_minor_version_is_read() {
    for minor in 0..10 {
        let head = format!("HTTP/1.{minor} 200 OK\r\n\r\n");
        let (response, _) = Response::parse(head.as_bytes()).unwrap();
        assert_eq!(response.version().minor(), minor);
        let head = format!("GET / HTTP/1.{minor}\r\n\r\n");
        let (request, _) = Request::parse(head.as_bytes()).unwrap();
        assert_eq!(request.version().minor(), minor);
    }
}
