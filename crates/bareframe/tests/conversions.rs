//! What values are created from, compared by, shown as, and what they return of what they were made with.

mod stream;

use bareframe::{
    Assembled, Assembler, BufferTooSmall, CloseCode, CloseReason, Config, Connection, ControlPayload, Event,
    Frame, MaskingKey, MessageKind, Opcode, Pending, PreparedFrame, ProtocolError, ReceiveError, Rsv,
    SendError, SliceBuffer, State, Utf8Validator, Violation,
};
use bareframe_testkit as testkit;
use std::collections::HashSet;
use std::error::Error;
use stream::{Outcome, Stream, masked, server};

#[test]
fn s5_5_1_a_close_reason_is_a_code_or_a_payload() {
    let reason = CloseReason::from(CloseCode::NORMAL_CLOSURE);
    assert_eq!(
        (reason.code(), reason.reason()),
        (Some(CloseCode::NORMAL_CLOSURE), "")
    );
    let payload = ControlPayload::from(reason);
    assert_eq!(&payload[..], b"\x03\xe8");
    assert_eq!(CloseReason::try_from(payload), Ok(reason));
    let one_byte = ControlPayload::new(b"\x03").unwrap();
    assert_eq!(
        CloseReason::try_from(one_byte),
        Err(ProtocolError::TruncatedCloseCode)
    );
}

#[test]
fn s5_5_control_payloads_are_sets_of_bytes() {
    let payload = |bytes: &[u8]| ControlPayload::try_from(bytes).unwrap();
    let set = HashSet::from([payload(b"a"), payload(b"b"), payload(b"a")]);
    assert_eq!(set.len(), 2);
    assert!(ControlPayload::try_from(&[0; 126][..]).is_err());
}

#[test]
fn s5_2_an_opcode_is_bits_and_a_kind_of_message() {
    assert_eq!(Opcode::from(MessageKind::Text), Opcode::Text);
    assert_eq!(Opcode::from(MessageKind::Binary), Opcode::Binary);
    let reserved = Opcode::try_from(3).unwrap_err();
    assert_eq!(reserved.bits(), 3);
    assert_eq!(reserved.to_string(), "0x3 is not an opcode");
}

#[test]
fn s5_3_a_masking_key_is_four_bytes() {
    assert_eq!(MaskingKey::from([1, 2, 3, 4]), MaskingKey::new([1, 2, 3, 4]));
}

#[test]
fn s7_4_a_code_that_must_not_be_sent_is_shown() {
    let error = CloseCode::try_from(1005).unwrap_err();
    assert_eq!(error.to_string(), "1005 must not appear in a Close frame");
}

#[test]
fn a_frame_is_text_bytes_data_or_a_message() {
    assert_eq!(Frame::from("a").kind(), Some(MessageKind::Text));
    let binary = Frame::from(&b"ab"[..]);
    assert_eq!(
        (binary.kind(), binary.payload_len()),
        (Some(MessageKind::Binary), 2)
    );

    for (sent, kind) in [
        ("\u{81}", MessageKind::Text),
        ("a", MessageKind::Text),
        ("b", MessageKind::Binary),
    ] {
        let mut wire = [0; 16];
        let mut peer = Connection::server(Config::DEFAULT);
        let len = match kind {
            MessageKind::Text => peer.encode_text(sent, &mut wire),
            MessageKind::Binary => peer.encode_binary(sent.as_bytes(), &mut wire),
        }
        .unwrap();
        let mut client = Connection::client(Config::DEFAULT, || unreachable!());
        let mut input = &mut wire[..len];
        let Ok(Some(Event::Data(data))) = client.receive(&mut input) else {
            panic!("it is data");
        };
        assert_eq!(data.as_ref(), sent.as_bytes());
        let piece = Frame::from(&data);
        assert_eq!((piece.kind(), piece.is_last()), (Some(kind), true));
        let mut memory = [0; 8];
        let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
        let Ok(Assembled::Whole(message)) = assembler.push(data) else {
            panic!("it is a whole message");
        };
        assert_eq!(message.as_ref(), sent.as_bytes());
        let frame = Frame::from(&message);
        assert_eq!((frame.kind(), frame.payload_len()), (Some(kind), sent.len()));
    }
}

#[test]
fn a_frame_is_continued_without_its_payload() {
    for frame in [
        Frame::text("Hello"),
        Frame::text("Hello").without_extension(),
        Frame::binary(b"Hello"),
    ] {
        let unsent = frame.unsent();
        assert_eq!(unsent.left(), 5);
        let again = unsent.frame(b"Hello");
        assert_eq!((again.kind(), again.left()), (frame.kind(), 5));
    }
    let prepared = PreparedFrame::new(MessageKind::Text, Rsv::NONE, b"Hello", [0; 16]).unwrap();
    let frame = Frame::prepared(&prepared);
    assert_eq!((frame.payload_len(), frame.left()), (5, 7));
    let marked = Frame::text("Hello").without_extension().with_rsv(Rsv::RSV1);
    assert_eq!(marked.kind(), Some(MessageKind::Text));
    assert_eq!(Frame::NONE.clone().without_extension().kind(), None);
}

#[test]
fn s5_5_2_nothing_is_pending_by_default() {
    assert!(Pending::default().is_empty());
    assert!(Pending::PING.is_ping());
}

#[test]
fn errors_of_a_session_say_what_happened_and_why() {
    let protocol = ReceiveError::Protocol(ProtocolError::InvalidUtf8);
    assert_eq!(protocol.to_string(), ProtocolError::InvalidUtf8.to_string());
    assert!(protocol.source().is_some());
    for (error, section) in [
        (ReceiveError::AbnormalClosure, "7.1.5"),
        (ReceiveError::UnfinishedFrame, "5.5.1"),
        (ReceiveError::MessageSkipped, "read in another way"),
    ] {
        assert!(error.to_string().contains(section), "{error}");
        assert!(error.source().is_none());
    }
    let extension = ProtocolError::Extension(CloseCode::INVALID_FRAME_PAYLOAD_DATA);
    assert_eq!(
        extension.to_string(),
        "the peer sent payload that the extension can't receive (RFC 6455 section 9; close code 1007 Invalid frame payload data)"
    );
    let text = Utf8Validator::new().push(b"abc\xff").unwrap_err();
    for (error, text) in [
        (SendError::from(text), "invalid UTF-8 at byte 3"),
        (
            SendError::from(BufferTooSmall {
                needed: 2,
                available: 1,
            }),
            "2",
        ),
        (SendError::OtherFrame, "another session"),
        (SendError::NotAgreed, "did not agree"),
        (SendError::Extension(CloseCode::INTERNAL_ERROR), "close code 1011"),
    ] {
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn s7_1_6_a_session_returns_the_reason_of_the_peers_close() {
    let mut session = server();
    assert_eq!(session.close_reason(), None);
    let mut stream = Stream::new([masked(testkit::Frame::close(1000, ""))]);
    assert_eq!(stream.event(&mut session), Outcome::Close(Some(1000)));
    assert_eq!(
        session.close_reason(),
        Some(CloseReason::from(CloseCode::NORMAL_CLOSURE))
    );
    assert_ne!(session.state(), State::Open);
}

#[cfg(feature = "handshake")]
mod handshake {
    use bareframe::handshake::{
        Accept, Answer, Choice, FirstLine, Key, Offer, Request, Response, Status, Url, UrlError, Version,
    };

    const HEADERS: [(&str, &str); 1] = [("Name", "value")];

    #[test]
    fn s4_2_2_a_key_and_its_accept_are_text_and_bytes() {
        let key = Key::from_random(*b"the sample nonce");
        let accept = Accept::from(&key);
        assert_eq!(AsRef::<str>::as_ref(&key), key.as_str());
        assert_eq!(AsRef::<[u8]>::as_ref(&key), key.as_bytes());
        assert_eq!(AsRef::<str>::as_ref(&accept), accept.as_str());
        assert_eq!(AsRef::<[u8]>::as_ref(&accept), accept.as_bytes());
    }

    #[test]
    fn s4_1_an_offer_returns_what_it_was_made_with() {
        let offer = Offer::new("example.com", "/chat")
            .with_origin(Some("https://example.com"))
            .with_subprotocols(&["chat"])
            .with_extensions("x-extension")
            .with_headers(&HEADERS);
        assert_eq!((offer.host(), offer.target()), ("example.com", "/chat"));
        assert_eq!(offer.origin(), Some("https://example.com"));
        assert_eq!(
            (offer.subprotocols(), offer.extensions()),
            (&["chat"][..], "x-extension")
        );
        assert_eq!(offer.headers(), HEADERS);
    }

    #[test]
    fn s4_2_2_an_answer_returns_what_it_was_made_with() {
        let choice = Choice::DEFAULT
            .with_extensions("x-extension")
            .with_headers(&HEADERS);
        assert_eq!(
            (choice.extensions(), choice.headers()),
            ("x-extension", &HEADERS[..])
        );
        let answer = Answer::new(Status::FORBIDDEN).with_headers(&HEADERS);
        assert_eq!(
            (answer.status(), answer.headers()),
            (Status::FORBIDDEN, &HEADERS[..])
        );
    }

    #[test]
    fn s4_2_2_a_request_is_answered_in_one_call() {
        let wanted = b"GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        let other = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
        let old = b"GET / HTTP/1.0\r\nHost: example.com\r\nUpgrade: websocket\r\n\r\n";
        for (bytes, status) in [(&wanted[..], 101), (&other[..], 426), (&old[..], 400)] {
            let (request, _) = Request::parse(bytes).unwrap();
            let mut out = [0; 512];
            let (len, result) = request.answer(&Choice::DEFAULT, &mut out).unwrap();
            assert_eq!(result.is_ok(), status == 101);
            let (response, _) = Response::parse(&out[..len]).unwrap();
            assert_eq!(response.status(), status);
        }
    }

    #[test]
    fn a_url_is_created_from_text() {
        assert_eq!(
            Url::try_from("ws://example.com/").map(|url| url.host()),
            Ok("example.com")
        );
        assert!(Url::try_from("nonsense").is_err_and(|error: UrlError| !error.to_string().is_empty()));
    }

    #[test]
    fn the_version_is_that_of_http_1_1_by_default() {
        assert_eq!(Version::default(), Version::HTTP_11);
        assert_eq!((Version::HTTP_11.major(), Version::HTTP_11.minor()), (1, 1));
    }

    #[test]
    fn the_first_line_of_a_refusal_is_escaped() {
        assert_eq!(FirstLine(b"members only\r\nmore").to_string(), ": members only");
        assert_eq!(FirstLine(b"<html>").to_string(), "");
        assert_eq!(FirstLine("\u{202e}x".as_bytes()).to_string(), ": \\u{202e}x");
        assert_eq!(FirstLine(&[b'x'; 300]).to_string().len(), 202);
    }
}

#[test]
#[cfg(feature = "handshake")]
fn s9_1_the_value_of_a_parameter_is_what_it_says_and_not_how_it_is_quoted() {
    use bareframe::handshake::Extensions;
    let value_of = |line: &'static str| {
        let extension = Extensions::parse(line).unwrap().next().unwrap();
        extension.params().next().unwrap().value().unwrap()
    };
    let values = [r"x; bits=10", r#"x; bits="10""#, r#"x; bits="\1\0""#].map(value_of);
    assert!(values.iter().all(|value| *value == values[0] && *value == "10"));
    assert_eq!(HashSet::from(values).len(), 1);
    assert_ne!(values[0], value_of("x; bits=1"));
}

#[test]
fn s5_5_control_frames_are_compared_by_their_bytes() {
    let (_, mut sender) = Connection::server(Config::DEFAULT).split();
    let frames = [&b"a"[..], b"a", b"b"].map(|payload| sender.ping(payload).unwrap());
    assert_eq!(frames[0], frames[1]);
    assert_eq!(HashSet::from(frames).len(), 2);
}

#[test]
fn a_violation_without_its_values_is_its_error() {
    let violation = Violation::from(ProtocolError::InvalidCloseCode);
    assert_eq!(ProtocolError::from(violation), ProtocolError::InvalidCloseCode);
}
