//! What a server answers and what a client takes, as HTTP has it (RFC 9110 and RFC 9112), without allocation.

mod wire;

use bareframe_embedded_io::handshake::{HeadError, RequestError};
use bareframe_embedded_io::{Connecting, Error, HandshakeError, Incoming, MaskingKey, Offer, Status};
use wire::{Wire, block_on};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Returns what a client gets that sent these bytes to a server with so much memory for the head.
fn refused(request: &str, memory: usize) -> String {
    let wire = Wire::with_input(request.as_bytes(), 1000);
    let mut memory = vec![0; memory];
    let mut incoming = Incoming::new(wire.clone(), &mut memory);
    let request = block_on(incoming.request()).unwrap();
    let error = request.upgrade().unwrap_err();
    block_on(incoming.refuse(error)).unwrap();
    String::from_utf8(wire.output()).unwrap()
}

#[test]
fn s4_2_2_a_refusal_says_what_is_wrong_where_there_is_room() {
    let request = format!("{REQUEST}Sec-WebSocket-Version: 8\r\n\r\n");
    let answer = refused(&request, 512);
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    assert!(
        answer.ends_with("\r\n\r\nthe client's Sec-WebSocket-Version is not 13\n"),
        "{answer}"
    );
    let answer = refused(&request, request.len());
    assert!(
        answer.starts_with("HTTP/1.1 426 ") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
}

#[test]
fn rfc9110_s15_3_5_no_content_where_there_must_be_none() {
    for (method, status, has_content) in [("GET", 200, true), ("HEAD", 200, false), ("GET", 304, false)] {
        let request = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
        let wire = Wire::with_input(request.as_bytes(), 1000);
        let mut memory = [0; 256];
        let mut incoming = Incoming::new(wire.clone(), &mut memory);
        block_on(incoming.request()).unwrap();
        let status = Status::new(status).unwrap();
        block_on(incoming.answer(status, &[], b"page")).unwrap();
        let answer = String::from_utf8(wire.output()).unwrap();
        assert!(answer.contains("Content-Length: 4\r\n"), "{answer}");
        assert_eq!(answer.ends_with("page"), has_content, "{answer}");
    }
}

#[test]
fn rfc9112_s2_1_another_protocol_is_not_waited_for() {
    // More could come, and the stream does not end.
    let wire = Wire::with_input(b"SSH-2.0-x\r\n", 1000);
    let mut memory = [0; 256];
    let mut incoming = Incoming::new(wire.clone(), &mut memory);
    let refused = block_on(incoming.request()).err();
    assert_eq!(
        refused,
        Some(Error::Handshake(HandshakeError::Http(HeadError::NotHttp.into())))
    );
    let answer = String::from_utf8(wire.output()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(
        answer.contains(RequestError::Head(HeadError::NotHttp).text()),
        "{answer}"
    );
}

#[test]
fn rfc9112_s5_2_a_client_takes_a_folded_line() {
    let wire = Wire::with_input(
        b"HTTP/1.1 101\r\nServer: old\r\n proxy\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n",
        1000,
    );
    let mut memory = [0; 256];
    let offer = Offer::new("a", "/");
    let mut connecting = Connecting::new(wire, &offer, || MaskingKey::new([0; 4]), &mut memory).unwrap();
    let response = block_on(connecting.response()).unwrap();
    assert_eq!(response.header("Server").unwrap().value(), b"old   proxy");
    assert!(connecting.established().is_ok());
}
