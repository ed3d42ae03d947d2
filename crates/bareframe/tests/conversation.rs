//! Closing, answering and sending: what an endpoint says, clause by clause.

use bareframe::{
    BufferTooSmall, CloseCode, Config, Connection, ControlFrame, EndOfStream, Event, Masker, MaskingKey,
    MessageKind, ProtocolError, Rsv, SendError, Server, State,
};
use bareframe_testkit::{Frame, Side};
use std::cell::Cell;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const TEXT: MessageKind = MessageKind::Text;
const BINARY: MessageKind = MessageKind::Binary;

fn server() -> Connection<Server> {
    Connection::server(Config::DEFAULT)
}

/// Receives frames from a client and returns how many events there were, and the first error.
fn hears(server: &mut Connection<Server>, frames: &[Frame]) -> (usize, Option<ProtocolError>) {
    let mut bytes: Vec<u8> = frames
        .iter()
        .flat_map(|frame| frame.clone().masked_for(Side::Server, KEY).to_bytes())
        .collect();
    let mut input = &mut bytes[..];
    let mut events = 0;
    loop {
        match server.receive(&mut input) {
            Ok(Some(_)) => events += 1,
            Ok(None) => return (events, None),
            Err(error) => return (events, Some(error)),
        }
    }
}

/// Returns all that is pending.
fn queued(connection: &mut Connection<Server>) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| connection.poll_transmit().map(|frame| frame.to_vec())).collect()
}

#[test]
fn s5_5_2_a_ping_is_answered_with_its_payload() {
    let mut server = server();
    assert_eq!(hears(&mut server, &[Frame::ping("Hello")]), (1, None));
    assert_eq!(queued(&mut server), [b"\x8a\x05Hello"]);
    assert_eq!(queued(&mut server).len(), 0);
}

#[test]
fn s5_5_2_an_empty_ping_is_answered_with_an_empty_pong() {
    let mut server = server();
    hears(&mut server, &[Frame::ping("before"), Frame::ping("")]);
    assert_eq!(queued(&mut server), [b"\x8a\x00"]);
}

#[test]
fn s5_5_3_only_the_latest_ping_is_owed_an_answer() {
    let mut server = server();
    hears(&mut server, &[Frame::ping("one"), Frame::ping("two")]);
    assert_eq!(queued(&mut server), [b"\x8a\x03two"]);
}

#[test]
fn s5_5_3_a_ping_that_is_not_whole_takes_nothing_from_the_one_before() {
    let mut server = server();
    hears(&mut server, &[Frame::ping("one")]);
    let mut half = Frame::ping("two").masked(KEY).to_bytes();
    half.pop();
    assert_eq!(server.receive(&mut &mut half[..]), Ok(None));
    assert_eq!(queued(&mut server), [b"\x8a\x03one"]);
}

#[test]
fn s5_5_3_a_pong_takes_nothing_from_the_ping_before_it() {
    let pong = Frame::pong("two").masked(KEY).to_bytes();
    for cut in 0..=pong.len() {
        let mut server = server();
        hears(&mut server, &[Frame::ping("one")]);
        let (front, back) = (&mut pong.clone()[..cut], &mut pong.clone()[cut..]);
        let _ = server.receive(&mut &mut *front);
        let _ = server.receive(&mut &mut *back);
        assert_eq!(queued(&mut server), [b"\x8a\x03one"]);
    }
}

#[test]
fn s5_5_3_a_pong_is_not_answered() {
    let mut server = server();
    assert_eq!(hears(&mut server, &[Frame::pong("Hello")]), (1, None));
    assert_eq!(queued(&mut server).len(), 0);
}

#[test]
fn a_ping_is_left_to_the_caller_who_asked_for_it() {
    let config = Config::DEFAULT.with_auto_pong(false);
    let mut server = Connection::server(config);
    assert_eq!(hears(&mut server, &[Frame::ping("Hello")]), (1, None));
    assert_eq!(queued(&mut server).len(), 0);
    assert_eq!(&server.pong(b"Hello").unwrap()[..], b"\x8a\x05Hello");
}

#[test]
fn s5_5_1_a_close_is_answered_with_its_code_and_no_reason() {
    let mut server = server();
    assert_eq!(hears(&mut server, &[Frame::close(1001, "bye")]), (1, None));
    assert_eq!(server.state(), State::CloseReceived);
    assert_eq!(queued(&mut server), [b"\x88\x02\x03\xe9"]);
    assert_eq!(server.state(), State::Closed);
    assert_eq!(queued(&mut server).len(), 0);
    assert_eq!(server.receive_eof(), EndOfStream::Clean);
}

#[test]
fn s5_5_1_a_close_without_a_code_is_answered_without_one() {
    let mut server = server();
    hears(&mut server, &[Frame::new(8, "")]);
    assert_eq!(queued(&mut server), [b"\x88\x00"]);
}

#[test]
fn s5_5_1_the_pong_owed_goes_before_the_close() {
    let mut server = server();
    hears(&mut server, &[Frame::ping("p"), Frame::close(1000, "")]);
    assert_eq!(queued(&mut server), [&b"\x8a\x01p"[..], b"\x88\x02\x03\xe8"]);
}

#[test]
fn s5_5_2_a_ping_after_our_close_is_answered_until_the_peers_close() {
    let mut server = server();
    hears(&mut server, &[Frame::ping("before")]);
    server.close(None, "").unwrap();
    assert_eq!(queued(&mut server), [b"\x8a\x06before"]);
    hears(&mut server, &[Frame::ping("after")]);
    assert_eq!(queued(&mut server), [b"\x8a\x05after"]);
    assert_eq!(&server.pong(b"by hand").unwrap()[..], b"\x8a\x07by hand");
    hears(&mut server, &[Frame::ping("late"), Frame::close(1000, "")]);
    assert_eq!(queued(&mut server).len(), 0, "both Closes passed");
    assert_eq!(server.pong(b""), Err(SendError::Closed));
    assert_eq!(server.state(), State::Closed);
}

#[test]
fn s5_5_1_no_pong_follows_our_answer_to_a_close() {
    let mut server = server();
    hears(&mut server, &[Frame::ping("p"), Frame::close(1000, "")]);
    server.close(None, "").unwrap();
    assert_eq!(queued(&mut server).len(), 0);
    assert_eq!(server.pong(b""), Err(SendError::Closed));
}

#[test]
fn s7_1_7_no_pong_follows_the_close_of_an_error() {
    let mut server = server();
    hears(&mut server, &[Frame::ping("p")]);
    server.fail(CloseCode::INTERNAL_ERROR);
    assert_eq!(queued(&mut server), [&b"\x8a\x01p"[..], b"\x88\x02\x03\xf3"]);
    assert_eq!(server.pong(b""), Err(SendError::Closed));
    let mut closing = Connection::server(Config::DEFAULT);
    closing.close(None, "").unwrap();
    hears(&mut closing, &[Frame::ping("p"), Frame::new(3, "")]);
    assert_eq!(queued(&mut closing).len(), 0);
    assert_eq!(closing.pong(b""), Err(SendError::Closed));
}

#[test]
fn s5_5_2_halves_answer_a_ping_after_our_close_and_none_after_an_answer() {
    let replies = |frames: &[Frame]| {
        let (mut receiver, sender) = Connection::server(Config::DEFAULT).split();
        let mut bytes: Vec<u8> = frames
            .iter()
            .flat_map(|frame| frame.clone().masked_for(Side::Server, KEY).to_bytes())
            .collect();
        let (mut input, mut replies) = (&mut bytes[..], Vec::new());
        while let Ok(Some(_)) = receiver.receive(&mut input) {
            replies.extend(receiver.poll_reply());
        }
        replies.extend(receiver.poll_reply());
        (replies, sender)
    };
    let (both, mut sender) = replies(&[Frame::ping("p"), Frame::close(1000, "")]);
    sender.close(None, "").unwrap();
    assert!(sender.is_closed());
    assert_eq!(&sender.reply(both[0]).unwrap()[..], b"\x8a\x01p");
    assert_eq!(sender.reply(both[1]), None, "our Close was sent");
    assert_eq!(sender.reply(both[0]), None, "the peer's has arrived");
    assert_eq!(sender.pong(b""), Err(SendError::Closed));

    for stop in [Frame::close(1000, ""), Frame::new(3, "")] {
        let (both, mut sender) = replies(&[Frame::ping("p"), stop]);
        assert!(sender.reply(both[1]).unwrap().starts_with(b"\x88"));
        assert_eq!(sender.reply(both[0]), None);
    }
}

#[test]
fn s5_5_1_no_data_and_no_ping_is_sent_after_our_close() {
    let mut server = server();
    let close = server.close(Some(CloseCode::NORMAL_CLOSURE), "bye").unwrap();
    assert_eq!(&close[..], b"\x88\x05\x03\xe8bye");
    assert_eq!(server.state(), State::CloseSent);
    assert_eq!(queued(&mut server).len(), 0);
    assert_eq!(server.ping(b""), Err(SendError::Closed));
    assert_eq!(server.close(None, ""), Err(SendError::Closed));
    assert_eq!(
        server.send(TEXT, Rsv::NONE, true, 0).err(),
        Some(SendError::Closed)
    );
    assert_eq!(
        server.encode(TEXT, Rsv::NONE, b"", &mut [0; 9]),
        Err(SendError::Closed)
    );
}

#[test]
fn s5_5_1_data_arrives_until_the_peers_close() {
    let mut server = server();
    server.close(None, "").unwrap();
    assert_eq!(
        hears(&mut server, &[Frame::text("still"), Frame::close(1000, "")]),
        (2, None)
    );
    assert_eq!(server.state(), State::Closed);
    assert_eq!(queued(&mut server).len(), 0, "our close was sent");
    assert_eq!(server.receive_eof(), EndOfStream::Clean);
}

#[test]
fn s5_5_1_what_was_begun_may_be_said_before_the_answer() {
    let mut server = server();
    hears(&mut server, &[Frame::close(1000, "")]);
    assert_eq!(server.encode(TEXT, Rsv::NONE, b"last", &mut [0; 9]), Ok(6));
    assert_eq!(queued(&mut server).len(), 1);
    assert_eq!(
        server.encode(TEXT, Rsv::NONE, b"last", &mut [0; 9]),
        Err(SendError::Closed)
    );
}

#[test]
fn s5_5_1_our_own_close_may_be_the_answer() {
    let mut server = server();
    hears(&mut server, &[Frame::close(1000, "")]);
    server.close(Some(CloseCode::GOING_AWAY), "ours").unwrap();
    assert_eq!(queued(&mut server).len(), 0);
    assert_eq!(server.state(), State::Closed);
}

#[test]
fn s7_1_7_an_error_is_answered_with_one_close_with_its_code() {
    let mut server = server();
    let error = ProtocolError::ReservedOpcode;
    assert_eq!(hears(&mut server, &[Frame::new(3, "")]), (0, Some(error)));
    assert_eq!(server.state(), State::Failed);
    assert_eq!(
        server.encode(TEXT, Rsv::NONE, b"", &mut [0; 9]),
        Err(SendError::Closed)
    );
    assert_eq!(server.ping(b""), Err(SendError::Closed));
    assert_eq!(queued(&mut server), [b"\x88\x02\x03\xea"]);
    assert_eq!(queued(&mut server).len(), 0);
    assert_eq!(server.receive(&mut &mut [][..]), Err(error));
    assert_eq!(server.receive_eof(), EndOfStream::Abnormal);
}

#[test]
fn s7_1_7_an_error_after_our_close_is_not_answered() {
    let mut server = server();
    server.close(None, "").unwrap();
    hears(&mut server, &[Frame::text(b"\xff")]);
    assert_eq!(queued(&mut server).len(), 0);
}

#[test]
fn s7_1_7_a_layer_above_fails_the_connection() {
    let mut server = server();
    let code = CloseCode::MESSAGE_TOO_BIG;
    server.fail(code);
    server.fail(CloseCode::INTERNAL_ERROR);
    assert_eq!(
        hears(&mut server, &[Frame::text("a")]),
        (0, Some(ProtocolError::Failed(code)))
    );
    assert_eq!(queued(&mut server), [b"\x88\x02\x03\xf1"]);
    assert_eq!(server.state(), State::Failed);
}

#[test]
fn s7_1_7_failing_after_the_peers_close_changes_nothing() {
    let mut server = server();
    hears(&mut server, &[Frame::close(1000, "")]);
    server.fail(CloseCode::INTERNAL_ERROR);
    assert_eq!(server.state(), State::CloseReceived);
    assert_eq!(queued(&mut server), [b"\x88\x02\x03\xe8"]);
}

#[test]
fn s7_1_4_an_end_of_input_without_both_closes_is_abnormal() {
    assert_eq!(server().receive_eof(), EndOfStream::Abnormal);
    let mut sent = server();
    sent.close(None, "").unwrap();
    assert_eq!(sent.receive_eof(), EndOfStream::Abnormal);
    let mut received = server();
    hears(&mut received, &[Frame::new(8, "")]);
    assert_eq!(
        received.receive_eof(),
        EndOfStream::Abnormal,
        "ours was not polled"
    );
    assert_eq!(queued(&mut received).len(), 1);
    assert_eq!(received.receive_eof(), EndOfStream::Clean);
}

#[test]
fn s7_1_4_nothing_is_said_or_heard_after_the_end_of_input() {
    let mut server = server();
    server.receive_eof();
    assert_eq!(server.state(), State::Failed);
    assert_eq!(hears(&mut server, &[Frame::text("a")]), (0, None));
    assert_eq!(queued(&mut server).len(), 0);
    assert_eq!(server.ping(b""), Err(SendError::Closed));
    assert_eq!(server.receive_eof(), EndOfStream::Abnormal);
}

#[test]
fn s5_4_fragments_are_sent_in_order() {
    let mut server = server();
    let mut header = |kind, fin, len| {
        server
            .send(kind, Rsv::NONE, fin, len)
            .map(|frame| frame.header().to_vec())
    };
    assert_eq!(header(TEXT, false, 3), Ok(b"\x01\x03".to_vec()));
    assert_eq!(header(BINARY, false, 3), Err(SendError::WrongKind));
    assert_eq!(header(TEXT, false, 0), Ok(b"\x00\x00".to_vec()));
    assert_eq!(
        header(TEXT, true, 70_000),
        Ok(b"\x80\x7f\0\0\0\0\0\x01\x11\x70".to_vec())
    );
    assert_eq!(header(BINARY, true, 126), Ok(b"\x82\x7e\x00\x7e".to_vec()));
}

#[test]
fn s5_4_a_whole_message_waits_for_the_open_one() {
    let mut server = server();
    let _ = server.send(TEXT, Rsv::NONE, false, 0).unwrap();
    assert_eq!(
        server.encode(TEXT, Rsv::NONE, b"", &mut [0; 9]),
        Err(SendError::MessageOpen)
    );
    assert!(server.ping(b"between fragments").is_ok());
    let _ = server.send(TEXT, Rsv::NONE, true, 0).unwrap();
    assert_eq!(server.encode(TEXT, Rsv::NONE, b"", &mut [0; 9]), Ok(2));
}

#[test]
fn s5_2_what_can_not_be_sent() {
    let mut server = server();
    let before = server.clone();
    assert_eq!(
        server.send(BINARY, Rsv::NONE, true, 1 << 63).err(),
        Some(SendError::TooLong)
    );
    assert_eq!(
        server.send(BINARY, Rsv::RSV1, true, 0).err(),
        Some(SendError::ReservedBits)
    );
    assert_eq!(server.ping(&[0; 126]), Err(SendError::OversizedControl));
    assert_eq!(server.close(None, "why"), Err(SendError::ReasonWithoutCode));
    let long = "x".repeat(124);
    assert_eq!(
        server.close(Some(CloseCode::NORMAL_CLOSURE), &long),
        Err(SendError::OversizedControl)
    );
    let short = SendError::BufferTooSmall(BufferTooSmall {
        needed: 7,
        available: 6,
    });
    let mut out = [0xEE; 6];
    assert_eq!(server.encode(TEXT, Rsv::NONE, b"Hello", &mut out), Err(short));
    assert_eq!(out, [0xEE; 6]);
    assert_eq!(
        server.encode(TEXT, Rsv::RSV1, b"", &mut out),
        Err(SendError::ReservedBits)
    );
    assert_eq!(server, before);
    assert!(server.send(BINARY, Rsv::NONE, true, (1 << 63) - 1).is_ok());
}

#[test]
fn s5_3_a_client_draws_a_fresh_key_for_every_frame_and_none_for_a_failed_call() {
    let drawn = Cell::new(0_u8);
    let keys = || {
        drawn.set(drawn.get() + 1);
        MaskingKey::new([drawn.get(); 4])
    };
    let mut client = Connection::client(Config::DEFAULT, keys);
    assert!(client.encode(TEXT, Rsv::NONE, b"Hello", &mut [0; 10]).is_err());
    assert!(client.send(TEXT, Rsv::RSV1, true, 0).is_err());
    assert!(client.send(TEXT, Rsv::NONE, true, 1 << 63).is_err());
    assert!(client.ping(&[0; 126]).is_err());
    assert!(client.close(None, "why").is_err());
    assert_eq!(drawn.get(), 0);
    let mut out = [0; 11];
    assert_eq!(client.encode(TEXT, Rsv::NONE, b"Hello", &mut out), Ok(11));
    assert_eq!(&out[..6], b"\x81\x85\x01\x01\x01\x01");
    assert_eq!(&client.ping(b"").unwrap()[..], b"\x89\x80\x02\x02\x02\x02");
    assert_eq!(
        client.send(TEXT, Rsv::NONE, true, 0).unwrap().header(),
        b"\x81\x80\x03\x03\x03\x03"
    );
    assert_eq!(&client.close(None, "").unwrap()[..], b"\x88\x80\x04\x04\x04\x04");
    assert!(client.ping(b"").is_err());
    assert!(client.encode(TEXT, Rsv::NONE, b"", &mut [0; 9]).is_err());
    assert_eq!(drawn.get(), 4);
}

#[test]
fn s5_3_a_client_masks_what_it_sends() {
    let mut client = Connection::client(Config::DEFAULT, || MaskingKey::new(KEY));
    let mut out = [0; 11];
    client.encode(TEXT, Rsv::NONE, b"Hello", &mut out).unwrap();
    assert_eq!(&out, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    assert_eq!(
        &client.ping(b"Hello").unwrap()[..],
        b"\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
    );
    let mut frame = client.send(TEXT, Rsv::NONE, true, 5).unwrap();
    let (mut one, mut two) = (*b"Hel", [0; 3]);
    frame.apply(&mut one);
    assert_eq!(
        frame.apply_copy(b"lo", &mut two[..1]),
        Err(BufferTooSmall {
            needed: 2,
            available: 1
        })
    );
    assert_eq!(two, [0; 3]);
    assert_eq!(frame.apply_copy(b"lo", &mut two), Ok(2));
    assert_eq!((one, two), (*b"\x7f\x9f\x4d", *b"\x51\x58\x00"));
    assert_eq!(frame.payload_len(), 5);
}

#[test]
fn s5_1_a_server_masks_nothing() {
    let mut server = server();
    let mut frame = server.send(TEXT, Rsv::NONE, true, 5).unwrap();
    let mut payload = *b"Hello";
    frame.apply(&mut payload);
    assert_eq!(&payload, b"Hello");
    let mut out = [0; 5];
    assert_eq!(frame.apply_copy(b"Hello", &mut out), Ok(5));
    assert_eq!(&out, b"Hello");
    assert_eq!(
        frame.apply_copy(b"Hello", &mut out[..4]),
        Err(BufferTooSmall {
            needed: 5,
            available: 4
        })
    );
}

#[test]
fn s5_5_control_frames_of_every_length_are_masked_right() {
    let payload: Vec<u8> = (0..125).collect();
    for len in 0..=125 {
        let mut client = Connection::client(Config::DEFAULT, || MaskingKey::new(KEY));
        let frame: ControlFrame = client.ping(&payload[..len]).unwrap();
        let mut bytes = frame.to_vec();
        assert_eq!(
            bytes[..6],
            [0x89, 0x80 | len as u8, KEY[0], KEY[1], KEY[2], KEY[3]]
        );
        Masker::new(MaskingKey::new(KEY)).apply(&mut bytes[6..]);
        assert_eq!(bytes[6..], payload[..len]);
    }
}

#[test]
fn halves_do_together_what_a_connection_does() {
    let (mut receiver, mut sender) = server().split();
    let mut bytes = Frame::ping("p").masked(KEY).to_bytes();
    bytes.extend(Frame::close(1000, "").masked(KEY).to_bytes());
    let mut input = &mut bytes[..];
    assert!(matches!(receiver.receive(&mut input), Ok(Some(Event::Ping(_)))));
    let pong = receiver.poll_reply().unwrap();
    assert!(!pong.is_close());
    assert_eq!(&sender.reply(pong).unwrap()[..], b"\x8a\x01p");
    assert!(matches!(receiver.receive(&mut input), Ok(Some(Event::Close(_)))));
    assert_eq!(
        receiver.receive_eof(),
        EndOfStream::Abnormal,
        "the answer was not taken"
    );
    let close = receiver.poll_reply().unwrap();
    assert!(close.is_close());
    assert_eq!(&sender.reply(close).unwrap()[..], b"\x88\x02\x03\xe8");
    assert_eq!(sender.reply(close), None, "our close was sent");
    assert_eq!(sender.reply(pong), None, "nothing follows it");
    assert_eq!(receiver.poll_reply(), None);
    assert_eq!(receiver.receive_eof(), EndOfStream::Clean);
}

#[test]
fn a_receiving_half_goes_to_another_thread_without_its_keys() {
    fn is_send<T: Send>(_: &T) {}
    let not_send = std::rc::Rc::new(());
    let keys = move || {
        let _ = &not_send;
        MaskingKey::new(KEY)
    };
    let (receiver, _) = Connection::client(Config::DEFAULT, keys).split();
    is_send(&receiver);
}
