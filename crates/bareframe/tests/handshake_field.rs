//! What clients, servers and proxies in the field send, and what HTTP has a server do with it (RFC 9110 and RFC 9112).
#![cfg(feature = "handshake")]

use bareframe::handshake::{
    Accept, Answer, Choice, EncodeError, HeadEnd, HeadError, Header, Key, Offer, Request, RequestError,
    Response, ResponseHead, Status,
};

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const SWITCHED: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

fn accept() -> Accept {
    Accept::from_key(&Key::parse(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap())
}

/// Returns after how many bytes a head can be parsed, if they come one by one.
fn time_to_parse(bytes: &[u8]) -> Option<usize> {
    let mut end = HeadEnd::new(usize::MAX);
    (0..=bytes.len()).find(|&len| end.arrived(&bytes[..len]) == Ok(true))
}

#[test]
fn rfc9112_s2_2_an_empty_line_before_a_request_is_ignored() {
    let head = format!("\r\n{REQUEST}\r\n");
    assert_eq!(time_to_parse(head.as_bytes()), Some(head.len()));
    let (request, len) = Request::parse(head.as_bytes()).unwrap();
    assert_eq!(
        (request.method(), request.path(), len),
        ("GET", "/chat", head.len())
    );
    assert!(request.upgrade().unwrap().is_some());
    // The second, and one before a response, are errors as they come.
    let twice = format!("\r\n{head}");
    assert_eq!(time_to_parse(twice.as_bytes()), Some(4));
    assert_eq!(
        Request::parse(twice.as_bytes()).unwrap_err(),
        HeadError::BlankFirstLine
    );
    let response = Response::parse(b"\r\nHTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(response.unwrap_err(), HeadError::BlankFirstLine);
    assert_eq!(
        Request::parse(b"\nGET / HTTP/1.1\r\n\r\n").unwrap_err(),
        HeadError::BlankFirstLine
    );
}

#[test]
fn rfc9112_s5_2_a_folded_line_of_a_response_becomes_spaces() {
    for (lines, name, value) in [
        ("X: a\r\n b\r\n", "x", "a   b"),
        ("X: a\r\n\tb\r\n", "x", "a  \tb"),
        ("X: a\r\n  b\r\n c\r\nY: d\r\n", "x", "a    b   c"),
        ("X:\r\n a\r\n", "x", "a"),
        ("X: a\r\n \r\n", "x", "a"),
        ("X: a\r\n \r\nY: b\r\n\t\r\n", "y", "b"),
    ] {
        let head = format!("HTTP/1.1 101 Go\r\n{SWITCHED}{lines}\r\n\x01\r\n frames\r\n\r\n");
        let len = head.len() - "\x01\r\n frames\r\n\r\n".len();
        assert_eq!(time_to_parse(head.as_bytes()), Some(len), "{lines}");
        assert_eq!(
            Response::parse(head.as_bytes()).unwrap_err(),
            HeadError::FoldedLine
        );
        let mut bytes = head.clone().into_bytes();
        let found = ResponseHead::parse(&mut bytes).unwrap();
        assert_eq!(found.head_len(), len);
        let response = found.response(&bytes);
        assert_eq!(response.header(name).and_then(Header::value_str), Some(value));
        assert!(
            response
                .upgrade(&Offer::new("a", "/"), &accept())
                .unwrap()
                .is_some()
        );
        // Nothing else changes, least of all the frames.
        for (before, after) in head.bytes().zip(&bytes) {
            assert!(before == *after || (matches!(before, b'\r' | b'\n') && *after == b' '));
        }
        assert_eq!(bytes[len..], head.as_bytes()[len..]);
    }
    // What follows the start line continues nothing, and a request has no folded lines.
    for head in [
        "HTTP/1.1 101 Go\r\n X: a\r\n\r\n",
        "HTTP/1.1 101 Go\r\n \r\nX: a\r\n\r\n",
    ] {
        let parsed = ResponseHead::parse(&mut head.as_bytes().to_vec());
        assert_eq!(parsed.unwrap_err(), HeadError::FoldedLine);
    }
    let request = format!("{REQUEST}X: a\r\n b\r\n\r\n");
    assert_eq!(
        Request::parse(request.as_bytes()).unwrap_err(),
        HeadError::FoldedLine
    );
}

#[test]
fn rfc9112_s5_2_thousands_of_folded_lines_cost_no_more_than_their_bytes() {
    let mut head = format!(
        "HTTP/1.1 101 Go\r\n{SWITCHED}X: a{}\r\n\r\n",
        "\r\n b".repeat(200_000)
    )
    .into_bytes();
    let found = ResponseHead::parse(&mut head).unwrap();
    let value = found.response(&head).header("X").unwrap().value();
    assert_eq!(value.len(), 1 + 200_000 * 4);
}

#[test]
fn rfc9112_s4_a_status_line_may_lack_its_last_space() {
    let head = format!("HTTP/1.1 101\r\n{SWITCHED}\r\n");
    let (response, len) = Response::parse(head.as_bytes()).unwrap();
    assert_eq!(
        (response.status(), response.reason(), len),
        (101, &b""[..], head.len())
    );
    assert!(
        response
            .upgrade(&Offer::new("a", "/"), &accept())
            .unwrap()
            .is_some()
    );
    for wrong in [
        "HTTP/1.1 1012\r\n\r\n",
        "HTTP/1.1 10\r\n\r\n",
        "HTTP/1.1 101x\r\n\r\n",
        "HTTP/1.1 \r\n\r\n",
    ] {
        assert_eq!(
            Response::parse(wrong.as_bytes()).unwrap_err(),
            HeadError::InvalidStatus
        );
    }
}

#[test]
fn s4_2_1_an_empty_list_in_a_request_is_no_offer() {
    for (lines, count) in [
        ("Sec-WebSocket-Protocol:\r\n", 0),
        ("Sec-WebSocket-Protocol: \r\nSec-WebSocket-Extensions: \r\n", 0),
        ("Sec-WebSocket-Protocol: ,\r\nSec-WebSocket-Protocol: \r\n", 0),
        ("Sec-WebSocket-Protocol: \r\nSec-WebSocket-Protocol: chat\r\n", 1),
    ] {
        let head = format!("{REQUEST}{lines}\r\n");
        let (request, _) = Request::parse(head.as_bytes()).unwrap();
        let upgrade = request.upgrade().unwrap().unwrap();
        assert_eq!(upgrade.subprotocols().count(), count, "{lines}");
        assert_eq!(upgrade.extensions().count(), 0);
    }
    // In a response it stays an error (RFC 6455 section 4.1).
    for line in ["Sec-WebSocket-Protocol:\r\n", "Sec-WebSocket-Extensions: \r\n"] {
        let head = format!("HTTP/1.1 101 Go\r\n{SWITCHED}{line}\r\n");
        let (response, _) = Response::parse(head.as_bytes()).unwrap();
        assert!(
            response.upgrade(&Offer::new("a", "/"), &accept()).is_err(),
            "{line}"
        );
    }
}

#[test]
fn rfc9112_s2_1_another_protocol_is_recognised_by_its_first_bytes() {
    use HeadError::*;
    // What is sent to a server, what it is, and after how many bytes that shows.
    for (bytes, error, shows) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], NotHttp, 21),
        (b"EHLO me\r\n", NotHttp, 9),
        (b"EHLO me\n", NotHttp, 8),
        (b"*1\r\n$4\r\nPING\r\n", NotHttp, 4),
        (b"GET /\r\n", NotHttp, 7),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Http2, 16),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", Tls, 1),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", Http2, 1),
        (b"GET / HTTP/2.0\r\n", InvalidHttpVersion, 16),
        (b"GET / http/1.1\r\n", InvalidHttpVersion, 16),
    ] {
        let shown = bytes.escape_ascii();
        assert_eq!(time_to_parse(bytes), Some(shows), "{shown}");
        assert_eq!(Request::parse(&bytes[..shows]).unwrap_err(), error, "{shown}");
        assert_eq!(Request::parse(bytes).unwrap_err(), error, "{shown}");
        assert_eq!(error.status(), Status::BAD_REQUEST);
    }
    // What answers a client.
    for (bytes, error, shows) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], NotHttp, 21),
        (b"220 mail\r\n", NotHttp, 10),
        (b"220 mail.example.com ESMTP\r\n", NotHttp, 28),
        (b"ICY 200 OK\r\n", NotHttp, 12),
        (b"\x15\x03\x01\x00\x02\x02\x46", Tls, 1),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", Http2, 1),
    ] {
        let shown = bytes.escape_ascii();
        assert_eq!(time_to_parse(bytes), Some(shows), "{shown}");
        assert_eq!(Response::parse(bytes).unwrap_err(), error, "{shown}");
    }
    // A slow client of HTTP/1 is not mistaken.
    for head in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
    ] {
        assert_eq!(time_to_parse(head.as_bytes()), Some(head.len()));
    }
}

#[test]
fn rfc9110_s7_8_a_100_comes_before_the_101() {
    for (line, continues) in [
        ("", false),
        ("Expect: 100-continue\r\n", true),
        ("expect: 100-Continue\r\n", true),
        ("Expect: a, 100-continue\r\n", true),
        ("Expect: a\r\nExpect: 100-continue\r\n", true),
        ("Expect: 200-ok\r\n", false),
        ("Expect:\r\n", false),
    ] {
        let head = format!("{REQUEST}{line}\r\n");
        let (request, _) = Request::parse(head.as_bytes()).unwrap();
        let upgrade = request.upgrade().unwrap().unwrap();
        let mut out = [0; 256];
        let len = upgrade.encode(&accept(), &Choice::DEFAULT, &mut out).unwrap();
        let answer = std::str::from_utf8(&out[..len]).unwrap();
        let answer = match answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n") {
            Some(rest) if continues => rest,
            None if !continues => answer,
            _ => panic!("{line}: {answer}"),
        };
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        // All of it or nothing.
        let too_small = upgrade.encode(&accept(), &Choice::DEFAULT, &mut out[..len - 1]);
        assert!(matches!(too_small, Err(EncodeError::BufferTooSmall(error)) if error.needed == len));
    }
}

#[test]
fn rfc9110_s15_3_5_some_answers_have_no_content() {
    let encode = |answer: &Answer<'_>| {
        let mut out = [0; 256];
        let len = answer.encode(&mut out)?;
        Ok(String::from_utf8(out[..len].to_vec()).unwrap())
    };
    for number in [204, 304] {
        let answer = Answer::new(Status::new(number).unwrap());
        let head = encode(&answer).unwrap();
        assert!(
            !head.contains("Content-Length") && head.ends_with("\r\n\r\n"),
            "{head}"
        );
        assert_eq!(encode(&answer.with_text("a")), Ok(head));
    }
    let reset = Answer::new(Status::new(205).unwrap());
    assert!(encode(&reset).unwrap().contains("Content-Length: 0\r\n"));
    for number in [204, 205] {
        let answer = Answer::new(Status::new(number).unwrap()).with_content_length(Some(5));
        assert_eq!(encode(&answer), Err(EncodeError::ContentNotAllowed));
    }
    // The length that a 200 would have (RFC 9110 section 8.6).
    let not_modified = Answer::new(Status::NOT_MODIFIED).with_content_length(Some(5));
    assert!(encode(&not_modified).unwrap().contains("Content-Length: 5\r\n"));
}

#[test]
fn s4_2_2_a_refusal_says_in_a_line_what_is_wrong() {
    let secret = "s3cr3t";
    for (from, to, says) in [
        ("Host: example.com\r\n", "", "no Host"),
        ("Host: example.com", "Host: s3cr3t:x", "Host is not a host"),
        ("Upgrade: websocket\r\n", "", "no Upgrade"),
        ("Upgrade\r\n", "s3cr3t\r\n", "Connection does not list Upgrade"),
        (
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            "",
            "no Sec-WebSocket-Key",
        ),
        ("dGhlIHNhbXBsZSBub25jZQ==", "s3cr3t", "not 16 bytes in base64"),
        ("Version: 13", "Version: 8", "not 13"),
        ("HTTP/1.1", "HTTP/1.0", "older than HTTP/1.1"),
        ("/chat", "s3cr3t", "target is not a path"),
    ] {
        let head = format!("{}\r\n", REQUEST.replacen(from, to, 1));
        let (request, _) = Request::parse(head.as_bytes()).unwrap();
        let error = request.upgrade().unwrap_err();
        let mut out = [0; 512];
        let len = error.answer().encode(&mut out).unwrap();
        let (response, head_len) = Response::parse(&out[..len]).unwrap();
        assert_eq!(response.status(), error.status().number());
        let text = std::str::from_utf8(&out[head_len..len]).unwrap();
        assert!(text.contains(says) && text.ends_with('\n'), "{text}");
        assert_eq!(text.lines().count(), 1);
        assert!(text.len() < 128 && !text.contains(secret), "{text}");
        let length = response.header("Content-Length").and_then(Header::value_str);
        assert_eq!(length, Some(&text.len().to_string()[..]));
        // Where there is no room for it the head goes without.
        let short = error.answer().encode(&mut out[..len - 1]).unwrap();
        let (response, head_len) = Response::parse(&out[..short]).unwrap();
        assert_eq!((response.status(), head_len), (error.status().number(), short));
    }
    // Of a HEAD request the answer has no content (RFC 9110 section 9.3.2).
    let head = format!("{}\r\n", REQUEST.replace("GET", "HEAD").replace("/1.1", "/1.0"));
    let (request, _) = Request::parse(head.as_bytes()).unwrap();
    let error = request.upgrade().unwrap_err();
    assert_eq!(error, RequestError::NotGet);
    let mut out = [0; 512];
    let len = error.answer().encode(&mut out).unwrap();
    assert!(out[..len].ends_with(b"\r\n\r\n"));
}
