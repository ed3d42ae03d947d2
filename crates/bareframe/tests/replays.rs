//! Bytes that other programs have sent, as they were on the wire; frames of clients are masked with a fixed key.

mod engine;

use bareframe::{Config, Connection, EndOfStream, MaskingKey, MessageKind, ProtocolError, Rsv};
use bareframe_testkit::{Seen, Side, Transcript};
use engine::{KEY, every_way, receive};

/// Returns what a client receives, for every way of cutting it.
fn client_receives(input: &[u8]) -> Transcript {
    every_way(Side::Client, Config::DEFAULT, input)
}

/// Returns what a server receives, for every way of cutting it.
fn server_receives(input: &[u8]) -> Transcript {
    every_way(Side::Server, Config::DEFAULT, input)
}

/// Checks that nothing is delivered, and that the byte at this index proves the error.
#[track_caller]
fn assert_refused(transcript: &Transcript, error: ProtocolError, index: usize) {
    assert_eq!(
        (&transcript.events[..], transcript.error),
        (&[][..], Some((error, index)))
    );
}

/// Checks that these events were delivered, and that there was no error.
#[track_caller]
fn assert_delivered(transcript: &Transcript, events: &[Seen]) {
    assert_eq!((&transcript.events[..], transcript.error), (events, None));
}

fn text(payload: &str) -> Seen {
    piece(payload.as_bytes(), true, true)
}

fn piece(payload: &[u8], first: bool, last: bool) -> Seen {
    Seen::Data {
        kind: MessageKind::Text,
        rsv: Rsv::NONE,
        payload: payload.to_vec(),
        first,
        last,
    }
}

fn close(code: u16) -> Seen {
    Seen::Close {
        code: bareframe::CloseCode::new(code),
        reason: String::new(),
    }
}

#[test]
fn s5_2_a_second_response_after_the_101_is_no_frame() {
    // A framework that answers the request once more when its handler returns, and then closes.
    let input = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\x88\x02\x03\xe8";
    assert_refused(&client_receives(input), ProtocolError::ReservedBits, 0);
}

#[test]
fn s5_2_a_second_response_after_a_message_is_no_frame() {
    let transcript = client_receives(b"\x81\x05HelloHTTP/1.1 200 OK\r\n\r\n\x88\x02\x03\xe8");
    assert_eq!(transcript.events, [text("Hello")]);
    assert_eq!(transcript.error, Some((ProtocolError::ReservedBits, 7)));
}

#[test]
fn s5_5_1_what_comes_after_a_close_is_dropped() {
    // A second response, a second Close, and a frame that would be an error.
    for garbage in [
        &b"HTTP/1.1 200 OK\r\n\r\n"[..],
        b"\x88\x02\x03\xe8",
        b"\xff\xff\xff",
    ] {
        let input = [&b"\x88\x02\x03\xe8"[..], garbage].concat();
        assert_delivered(&client_receives(&input), &[close(1000)]);
    }
}

#[test]
fn s7_4_2_a_close_with_the_code_0() {
    assert_refused(
        &client_receives(b"\x88\x02\x00\x00"),
        ProtocolError::InvalidCloseCode,
        3,
    );
    assert_refused(
        &server_receives(b"\x88\x82\x37\xfa\x21\x3d\x37\xfa"),
        ProtocolError::InvalidCloseCode,
        7,
    );
}

#[test]
fn s7_4_1_a_close_with_the_code_1005() {
    // The code of a Close without a code, passed on by a program that does not know that it must not be sent.
    assert_refused(
        &client_receives(b"\x88\x02\x03\xed"),
        ProtocolError::InvalidCloseCode,
        3,
    );
    assert_refused(
        &server_receives(b"\x88\x82\x37\xfa\x21\x3d\x34\x17"),
        ProtocolError::InvalidCloseCode,
        7,
    );
}

#[test]
fn s5_1_an_empty_close_of_a_client_that_is_not_masked() {
    assert_refused(&server_receives(b"\x88\x00"), ProtocolError::UnmaskedFrame, 1);
}

#[test]
fn s7_4_2_a_close_with_the_text_of_a_byte_array() {
    // The first two characters are the code 25209; a control frame is checked when it is whole.
    let input = b"\x88\x11bytearray(b'bye')";
    assert_refused(&client_receives(input), ProtocolError::InvalidCloseCode, 18);
}

#[test]
fn s5_5_3_the_payload_of_a_pong_may_be_a_frame() {
    let input = b"\x8a\x07\x81\x05Hello\x81\x05Hello";
    assert_delivered(
        &client_receives(input),
        &[Seen::Pong(b"\x81\x05Hello".to_vec()), text("Hello")],
    );
}

#[test]
fn s5_5_2_a_ping_that_is_answered_by_a_ping() {
    let mut client = Connection::client(Config::DEFAULT, || MaskingKey::new(KEY));
    assert_eq!(client.ping(b"1").unwrap()[..], *b"\x89\x81\x37\xfa\x21\x3d\x06");
    let transcript = receive(&mut client, vec![b"\x89\x011".to_vec()]);
    assert_delivered(&transcript, &[Seen::Ping(b"1".to_vec())]);
    let pong = client.poll_transmit().unwrap();
    assert_eq!(pong[..], *b"\x8a\x81\x37\xfa\x21\x3d\x06");
    assert!(client.poll_transmit().is_none());
}

#[test]
fn s5_5_3_a_pong_that_comes_long_after_its_ping() {
    let mut client = Connection::client(Config::DEFAULT, || MaskingKey::new(KEY));
    client.ping(b"1").unwrap();
    // A peer may answer only the latest of several Pings.
    client.ping(b"2").unwrap();
    let message = [&b"\x82\x7e\x10\x00"[..], &[0; 4096]].concat();
    let transcript = receive(&mut client, vec![message.repeat(16), b"\x8a\x012".to_vec()]);
    assert_eq!(transcript.events.len(), 17);
    assert_eq!(transcript.events.last(), Some(&Seen::Pong(b"2".to_vec())));
    assert_eq!(transcript.error, None);
}

#[test]
fn s5_6_text_may_be_cut_within_a_character() {
    let input = b"\x01\x03\xce\xba\xcf\x00\x03\x8c\xcf\x83\x80\x04\xce\xbc\xce\xb5";
    assert_delivered(&client_receives(input), &[text("κόσμε")]);
    // With a Ping after the first fragment.
    let input = b"\x01\x03\xce\xba\xcf\x89\x07between\x00\x03\x8c\xcf\x83\x80\x04\xce\xbc\xce\xb5";
    assert_delivered(
        &client_receives(input),
        &[
            piece(b"\xce\xba\xcf", true, false),
            Seen::Ping(b"between".to_vec()),
            piece(b"\x8c\xcf\x83\xce\xbc\xce\xb5", false, true),
        ],
    );
}

#[test]
fn s7_1_4_a_peer_that_never_answers_a_fragmented_message() {
    // It drops the message, and later the connection.
    let mut client = Connection::client(Config::DEFAULT, || MaskingKey::new(KEY));
    for (fin, header) in [(false, b"\x01\x80"), (true, b"\x80\x80")] {
        let frame = client.send(MessageKind::Text, Rsv::NONE, fin, 0).unwrap();
        assert_eq!(frame.header()[..2], *header);
    }
    assert_delivered(&receive(&mut client, Vec::new()), &[]);
    assert_eq!(client.receive_eof(), EndOfStream::Abnormal);
}

#[cfg(feature = "handshake")]
mod handshake {
    use bareframe::handshake::{Accept, Key, Offer, Request, RequestError, Response, ResponseError, Status};

    #[test]
    fn s4_1_a_response_that_lists_all_subprotocols_that_were_offered() {
        let key = Key::from_random(*b"the sample nonce");
        let offer = Offer::new("localhost", "/").with_subprotocols(&["nonesuch", "mirror"]);
        let head = b"HTTP/1.1 101 Switching Protocols\r\n\
            Upgrade: websocket\r\n\
            Connection: Upgrade\r\n\
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
            Sec-WebSocket-Protocol: nonesuch, mirror\r\n\r\n";
        let (response, _) = Response::parse(head).unwrap();
        let upgrade = response.upgrade(&offer, &Accept::from_key(&key));
        assert_eq!(upgrade.err(), Some(ResponseError::SubprotocolNotOffered));
    }

    #[test]
    fn s4_2_1_a_request_without_a_key() {
        // From a front for HTTP/2, in which a request has no key, that does not make one.
        let head = b"GET /chat HTTP/1.1\r\n\
            Host: localhost\r\n\
            Upgrade: websocket\r\n\
            Connection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\n\r\n";
        let (request, _) = Request::parse(head).unwrap();
        let error = request.upgrade().unwrap_err();
        assert_eq!(error, RequestError::MissingKey);
        assert_eq!(error.status(), Status::BAD_REQUEST);
    }
}
