//! The server's answers: the 101, and all others (RFC 6455 sections 4.2.2 and 4.4).
#![cfg(feature = "handshake")]

use bareframe::BufferTooSmall;
use bareframe::handshake::{
    Accept, Answer, Choice, EncodeError, HeadError, Header, Request, RequestError, Response, Status, Upgrade,
};
use proptest::prelude::*;

/// Returns what a client asks for that offers these subprotocols and extensions.
fn with_upgrade<T>(subprotocols: &str, extensions: &str, use_it: impl FnOnce(Upgrade<'_>) -> T) -> T {
    let bytes = format!(
        "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: {subprotocols}\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n"
    );
    use_it(
        Request::parse(bytes.as_bytes())
            .unwrap()
            .0
            .upgrade()
            .unwrap()
            .unwrap(),
    )
}

#[test]
fn s4_2_2_the_101() {
    for (choice, more) in [
        (Choice::DEFAULT, ""),
        (
            Choice::DEFAULT.with_subprotocol(Some("superchat")),
            "Sec-WebSocket-Protocol: superchat\r\n",
        ),
        (
            Choice::DEFAULT.with_extensions("c, a; d=1"),
            "Sec-WebSocket-Extensions: c, a; d=1\r\n",
        ),
        (
            Choice::DEFAULT.with_headers(&[("Set-Cookie", "a=b"), ("Set-Cookie", "c=\u{E9}"), ("X", "")]),
            "Set-Cookie: a=b\r\nSet-Cookie: c=\u{E9}\r\nX: \r\n",
        ),
        (
            Choice::DEFAULT
                .with_subprotocol(Some("chat"))
                .with_extensions("a")
                .with_headers(&[("X", "y")]),
            "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: a\r\nX: y\r\n",
        ),
    ] {
        let expected = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{more}\r\n"
        );
        with_upgrade("chat, superchat", "a; b, c", |upgrade| {
            let accept = Accept::from_key(upgrade.key());
            writes_all_or_nothing(expected.as_bytes(), |out| upgrade.encode(&accept, &choice, out));
        });
    }
}

#[test]
fn s4_2_2_only_what_was_offered_is_chosen() {
    use EncodeError::*;
    for (subprotocol, extensions, error) in [
        (Some("Chat"), "", SubprotocolNotOffered),
        (Some("cha"), "", SubprotocolNotOffered),
        (Some(""), "", SubprotocolNotOffered),
        (Some("chat\r\nX: y"), "", SubprotocolNotOffered),
        (None, "b", ExtensionNotOffered),
        (None, "a, A", ExtensionNotOffered),
        (None, "a;", InvalidExtensions),
        (None, "a\r\nX: y", InvalidExtensions),
        (None, "a\n,a", InvalidExtensions),
        (None, " ", InvalidExtensions),
    ] {
        let choice = Choice::DEFAULT
            .with_subprotocol(subprotocol)
            .with_extensions(extensions);
        with_upgrade("chat", "a; b", |upgrade| {
            let accept = Accept::from_key(upgrade.key());
            writes_nothing(error, |out| upgrade.encode(&accept, &choice, out));
        });
    }
}

#[test]
fn s4_2_2_headers_that_must_not_be_added() {
    use EncodeError::*;
    for (name, value, error) in [
        ("X", "a\r\nY: b", InvalidHeaderValue),
        ("X", "a\n", InvalidHeaderValue),
        ("X", "\r", InvalidHeaderValue),
        ("X", "a\0", InvalidHeaderValue),
        ("X", "\x1B[0m", InvalidHeaderValue),
        ("X", "\x7F", InvalidHeaderValue),
        ("", "a", InvalidHeaderName),
        ("X:", "a", InvalidHeaderName),
        ("X ", "a", InvalidHeaderName),
        ("X\r\nY", "a", InvalidHeaderName),
        ("X\0", "a", InvalidHeaderName),
        ("\u{E9}", "a", InvalidHeaderName),
        ("host", "a", ReservedHeader),
        ("ORIGIN", "a", ReservedHeader),
        ("Upgrade", "websocket", ReservedHeader),
        ("connection", "keep-alive", ReservedHeader),
        ("Content-Length", "0", ReservedHeader),
        ("Transfer-Encoding", "chunked", ReservedHeader),
        ("Sec-WebSocket-Accept", "a", ReservedHeader),
        ("sec-websocket-protocol", "chat", ReservedHeader),
        ("Sec-WebSocket-Extensions", "a", ReservedHeader),
        ("Sec-WebSocket-Version", "13", ReservedHeader),
        ("SEC-WEBSOCKET-ANYTHING", "a", ReservedHeader),
        ("Sec-WebSocket-", "a", ReservedHeader),
    ] {
        let headers = &[("Fine", "fine"), (name, value)];
        let choice = Choice::DEFAULT.with_headers(headers);
        with_upgrade("chat", "a", |upgrade| {
            let accept = Accept::from_key(upgrade.key());
            writes_nothing(error, |out| upgrade.encode(&accept, &choice, out));
        });
        writes_nothing(error, |out| {
            Answer::new(Status::OK).with_headers(headers).encode(out)
        });
    }
}

#[test]
fn s4_2_2_answers_that_do_not_switch() {
    let html = &[("Content-Type", "text/html")];
    for (answer, expected) in [
        (
            Answer::new(Status::OK)
                .with_content_length(Some(5))
                .with_headers(html),
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\nContent-Type: text/html\r\n\r\n",
        ),
        (
            Answer::new(Status::NOT_FOUND).with_content_length(None),
            "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n",
        ),
        (
            Answer::new(Status::OK).with_content_length(Some(u64::MAX)),
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 18446744073709551615\r\n\r\n",
        ),
        (
            Answer::new(Status::new(302).unwrap()).with_headers(&[("Location", "/a")]),
            "HTTP/1.1 302 \r\nConnection: close\r\nContent-Length: 0\r\nLocation: /a\r\n\r\n",
        ),
        (
            Answer::new(Status::FORBIDDEN),
            "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            RequestError::InvalidKey.answer(),
            "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            RequestError::NotGet.answer(),
            "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            RequestError::UnsupportedVersion.answer(),
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\
             Sec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            RequestError::from(HeadError::TooLong(1)).answer(),
            "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        ),
    ] {
        writes_all_or_nothing(expected.as_bytes(), |out| answer.encode(out));
    }
}

#[test]
fn s4_4_every_status_of_an_answer_is_final() {
    for number in 0..=u16::MAX {
        assert_eq!(
            Status::new(number).map(Status::number),
            (200..600).contains(&number).then_some(number)
        );
    }
}

/// Compares a writer with its contract at every length of its output.
fn writes_all_or_nothing(expected: &[u8], encode: impl Fn(&mut [u8]) -> Result<usize, EncodeError>) {
    let needed = expected.len();
    for len in 0..needed {
        let mut out = vec![0xAA; len];
        assert_eq!(
            encode(&mut out),
            Err(EncodeError::BufferTooSmall(BufferTooSmall {
                needed,
                available: len
            }))
        );
        assert!(out.iter().all(|&byte| byte == 0xAA));
    }
    let mut out = vec![0xAA; needed + 3];
    assert_eq!(encode(&mut out[..needed]), Ok(needed));
    assert_eq!(encode(&mut out), Ok(needed));
    assert_eq!(
        out[..needed].escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
    assert_eq!(out[needed..], [0xAA; 3]);
}

fn writes_nothing(error: EncodeError, encode: impl Fn(&mut [u8]) -> Result<usize, EncodeError>) {
    let mut out = [0xAA; 1024];
    assert_eq!(encode(&mut out), Err(error));
    assert_eq!(out, [0xAA; 1024]);
}

proptest! {
    #[test]
    fn s4_2_2_an_answer_is_read_as_it_was_written(
        number in prop_oneof![200..600u16, 203..207u16, Just(304)],
        content_length in prop::option::of(any::<u64>()),
        headers in prop::collection::vec(("X-[!#$%&'*+.^_`|~0-9A-Za-z-]{0,20}", "([!-~\u{80}-\u{10FFFF}]([ -~\t]{0,20}[!-~])?)?"), 0..5),
    ) {
        let added: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        let answer = Answer::new(Status::new(number).unwrap()).with_content_length(content_length).with_headers(&added);
        let mut out = [0; 1024];
        // RFC 9110 sections 8.6, 15.3.5, 15.3.6 and 15.4.5.
        let length = match (number, content_length) {
            (204 | 304, Some(0)) => None,
            (204 | 205, Some(1..)) => {
                prop_assert_eq!(answer.encode(&mut out), Err(EncodeError::ContentNotAllowed));
                return Ok(());
            }
            (_, length) => length,
        };
        let len = answer.encode(&mut out).unwrap();
        let (response, head_len) = Response::parse(&out[..len]).unwrap();
        prop_assert_eq!(head_len, len);
        prop_assert_eq!(response.status(), number);
        let written = response.header("content-length").and_then(Header::value_str).map(str::to_owned);
        prop_assert_eq!(written, length.map(|length| length.to_string()));
        let read = response.headers().filter(|header| header.name().starts_with("X-"));
        let read: Vec<(&str, &str)> = read.map(|header| (header.name(), header.value_str().unwrap())).collect();
        prop_assert_eq!(read, added);
    }
}
