//! Sending frames: cut short, abandoned, given to another session, prepared and forwarded.

mod stream;

use bareframe::{
    Client, Config, Connection, Frame, InvalidUtf8, MaskingKey, MessageKind, Next, PreparedFrame, Rsv,
    SendError, Session, Utf8Validator,
};
use bareframe_testkit as testkit;
use stream::{Stream, masked, server};

// "`Frame` is a value that says what to send … a `Frame` that differs in any is refused with an error and nothing changes."

#[test]
fn s6_1_a_frame_continues_where_it_was_cut_short() {
    let payload: Vec<u8> = (0..=255).cycle().take(1000).collect();
    for takes in 1..300 {
        let mut stream = Stream::new([]);
        let mut session = server();
        let mut frame = Frame::binary(&payload);
        let mut calls = 0;
        loop {
            stream.takes = Some(takes);
            calls += 1;
            if stream.send(&mut session, &mut frame).unwrap() {
                break;
            }
        }
        assert!(calls >= 1004 / takes);
        assert_eq!(stream.output[..4], [0x82, 126, 3, 0xe8]);
        assert_eq!(stream.output[4..], payload);
    }
}

#[test]
fn s5_4_no_frame_but_the_one_that_was_begun_continues() {
    let payload = [1; 1000];
    let mut stream = Stream::new([]);
    let mut session = server();
    let mut other_session = server();
    let mut frame = Frame::binary(&payload);
    stream.takes = Some(500);
    assert_eq!(stream.send(&mut session, &mut frame), Ok(false));
    let before = format!("{session:?}");
    assert_eq!(
        session.next_sent(&mut Frame::text("x")),
        Err(SendError::InsideFrame)
    );
    let mut ping = Frame::ping(b"?");
    assert_eq!(session.next_sent(&mut ping), Err(SendError::InsideFrame));
    assert_eq!(session.to_write(&ping)[1], b"");
    assert_eq!(other_session.next_sent(&mut frame), Err(SendError::OtherFrame));
    // Another session's frame with the same number.
    let other_payload = [2; 1000];
    let mut other_frame = Frame::binary(&other_payload);
    assert_eq!(other_session.next_sent(&mut other_frame), Ok(Next::Write));
    assert_eq!(session.next_sent(&mut other_frame), Err(SendError::OtherFrame));
    assert_eq!(other_session.next_sent(&mut frame), Err(SendError::OtherFrame));
    assert_eq!(session.to_write(&other_frame)[1], b"");
    // And with as much left.
    let mut other_stream = Stream::new([]);
    other_stream.takes = Some(500);
    assert_eq!(other_stream.send(&mut other_session, &mut other_frame), Ok(false));
    assert_eq!(other_frame.left(), frame.left());
    assert_eq!(session.next_sent(&mut other_frame), Err(SendError::OtherFrame));
    assert_eq!(session.to_write(&other_frame)[1], b"");
    assert_eq!(format!("{session:?}"), before);
    stream.takes = None;
    assert_eq!(stream.send(&mut session, &mut frame), Ok(true));
    assert_eq!(stream.output[4..], payload);
}

#[test]
fn a_frame_is_sent_once_and_by_one_session() {
    let mut session = server();
    let mut other = server();
    for mut frame in [Frame::text("x"), Frame::ping(b"x"), Frame::text("")] {
        assert_eq!(session.next_sent(&mut frame), Ok(Next::Ready));
        assert_eq!(session.next_sent(&mut frame), Ok(Next::Ready));
        assert_eq!(other.next_sent(&mut frame), Err(SendError::OtherFrame));
    }
    assert_eq!(session.queued(), b"\x81\x01x\x89\x01x\x81\x00");
    assert_eq!(other.queued(), b"");
}

/// Returns the error of text whose first wrong byte has this many characters before it.
fn wrong_at(at: usize) -> InvalidUtf8 {
    let text = [&b"a".repeat(at)[..], b"\xff"].concat();
    Utf8Validator::new().push(&text).unwrap_err()
}

#[test]
fn s8_1_text_in_pieces_is_validated_by_the_sender_at_the_bad_byte() {
    let mut session = server();
    let at = |at| Err(SendError::InvalidUtf8(wrong_at(at)));
    assert_eq!(
        session.next_sent(&mut Frame::text_piece(b"a\xc3").fragment(false)),
        Ok(Next::Ready)
    );
    assert_eq!(
        session.next_sent(&mut Frame::text_piece(b"\xafb\xff").fragment(false)),
        at(2)
    );
    assert_eq!(session.next_sent(&mut Frame::text("b").fragment(false)), at(0));
    assert_eq!(session.next_sent(&mut Frame::text("")), at(0));
    assert_eq!(
        session.next_sent(&mut Frame::text_piece(b"\xafb")),
        Ok(Next::Ready)
    );
    assert_eq!(session.queued(), b"\x01\x02a\xc3\x80\x02\xafb");
    assert_eq!(session.next_sent(&mut Frame::text_piece(b"\xc3")), at(0));
    assert_eq!(session.next_sent(&mut Frame::text("ok")), Ok(Next::Ready));
}

#[test]
fn s5_8_text_that_an_extension_of_the_callers_changed_is_not_validated_in_any_fragment() {
    let connection = Connection::server(Config::DEFAULT.with_rsv(Rsv::RSV1));
    let mut session = Session::new(connection, [0; 16], [0; 256]);
    let first = Frame::text_piece(b"\xff").with_rsv(Rsv::RSV1).fragment(false);
    for mut frame in [
        first,
        Frame::text_piece(b"\xfe").fragment(false),
        Frame::text_piece(b"\xc3"),
    ] {
        assert_eq!(session.next_sent(&mut frame), Ok(Next::Ready));
    }
    assert_eq!(session.queued(), b"\x41\x01\xff\x00\x01\xfe\x80\x01\xc3");
    let refused = Err(SendError::InvalidUtf8(wrong_at(0)));
    assert_eq!(session.next_sent(&mut Frame::text_piece(b"\xff")), refused);
}

#[test]
fn s5_4_what_was_received_is_forwarded_piece_by_piece() {
    let input = [
        masked(testkit::Frame::text("na\u{ef}ve").fin(false)),
        masked(testkit::Frame::continuation("!")),
    ]
    .concat();
    for cut in 1..input.len() {
        let mut from = server();
        let mut to = server();
        for piece in input.chunks(cut) {
            assert_eq!(from.next_event(), Ok(Next::Read));
            from.space()[..piece.len()].copy_from_slice(piece);
            from.read(piece.len());
            while from.next_event() == Ok(Next::Ready) {
                let Some(bareframe::Event::Data(data)) = from.event() else {
                    panic!("a piece")
                };
                assert_eq!(to.next_sent(&mut Frame::forward(&data)), Ok(Next::Ready));
            }
        }
        let mut client = Connection::client(Config::DEFAULT, || MaskingKey::new([0; 4]));
        let mut output = to.queued().to_vec();
        let mut output = &mut output[..];
        let mut received = Vec::new();
        while let Some(bareframe::Event::Data(data)) = client.receive(&mut output).unwrap() {
            received.extend_from_slice(data.payload());
        }
        assert_eq!(received, "na\u{ef}ve!".as_bytes());
    }
}

#[test]
fn s8_1_a_forwarded_piece_that_ends_within_a_character_continues_with_it() {
    let (mut from, mut to) = (server(), server());
    let input = b"\x01\x81\0\0\0\0\xc3";
    from.space()[..input.len()].copy_from_slice(input);
    from.read(input.len());
    assert_eq!(from.next_event(), Ok(Next::Ready));
    let Some(bareframe::Event::Data(data)) = from.event() else {
        panic!("a piece")
    };
    assert_eq!(to.next_sent(&mut Frame::forward(&data)), Ok(Next::Ready));
    let refused = Err(SendError::InvalidUtf8(wrong_at(0)));
    assert_eq!(to.next_sent(&mut Frame::text_piece(b"!")), refused);
    assert_eq!(to.next_sent(&mut Frame::text_piece(b"\xaf")), Ok(Next::Ready));
}

#[test]
fn a_queue_that_is_too_short_is_refused_with_the_length_it_needs() {
    let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 16], [0; 130]);
    let error = SendError::BufferTooSmall(bareframe::BufferTooSmall {
        needed: 131,
        available: 130,
    });
    assert_eq!(session.next_sent(&mut Frame::text("x")), Err(error));
}

#[test]
fn s4_2_2_a_head_that_is_queued_goes_before_every_frame() {
    let mut queue = [b'x'; 200];
    queue[..4].copy_from_slice(b"101!");
    let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], queue);
    assert!(!session.begin_with_queued(201));
    assert!(session.begin_with_queued(4));
    assert!(!session.begin_with_queued(4));
    assert_eq!(session.next_sent(&mut Frame::ping(b"")), Ok(Next::Ready));
    let mut stream = Stream::new([]);
    stream.flush(&mut session);
    assert_eq!(stream.output, b"101!\x89\x00");
}

#[test]
fn a_server_writes_a_long_payload_from_where_it_is_and_a_client_masks_it_through_the_queue() {
    let payload = [7; 1000];
    let mut session = server();
    let mut frame = Frame::binary(&payload);
    assert_eq!(session.next_sent(&mut frame), Ok(Next::Write));
    let [queued, direct] = session.to_write(&frame);
    assert_eq!((queued.len(), direct.len()), (4, 1000));
    assert!(std::ptr::eq(direct, &payload[..]));

    let mut keys = 0;
    let mut client = client(&mut keys);
    let mut frame = Frame::binary(&payload);
    assert_eq!(client.next_sent(&mut frame), Ok(Next::Write));
    assert_eq!(client.to_write(&frame)[1], b"");
    assert_eq!(client.queued().len(), 256);
    assert_eq!(frame.left(), 1000 - (256 - 8));
}

fn client(drawn: &mut u32) -> Session<Client<impl FnMut() -> MaskingKey>, [u8; 256], [u8; 256]> {
    let keys = || {
        *drawn += 1;
        MaskingKey::new(drawn.to_be_bytes())
    };
    Session::new(Connection::client(Config::DEFAULT, keys), [0; 256], [0; 256])
}

// "A prepared frame … is sent by any number of sessions."

#[test]
fn a_prepared_frame_is_sent_by_servers_as_it_is_and_by_clients_with_keys_of_their_own() {
    let prepared = PreparedFrame::new(MessageKind::Text, Rsv::NONE, b"news", [0; 16]).unwrap();
    for _ in 0..2 {
        let mut session = server();
        assert_eq!(
            session.next_sent(&mut Frame::prepared(&prepared)),
            Ok(Next::Ready)
        );
        assert_eq!(session.queued(), b"\x81\x04news");
    }
    let mut drawn = 0;
    let mut session = client(&mut drawn);
    for key in 1..=2_u8 {
        assert_eq!(
            session.next_sent(&mut Frame::prepared(&prepared)),
            Ok(Next::Ready)
        );
        let frame = session.queued()[usize::from(key - 1) * 10..].to_vec();
        assert_eq!(
            frame,
            [&[0x81, 0x84, 0, 0, 0, key][..], &[b'n', b'e', b'w', b's' ^ key]].concat()
        );
    }
}

#[test]
fn s5_4_a_prepared_frame_is_refused_within_a_message_and_no_key_is_drawn() {
    let prepared = PreparedFrame::new(MessageKind::Text, Rsv::NONE, b"news", [0; 16]).unwrap();
    let mut drawn = 0;
    let mut session = client(&mut drawn);
    assert_eq!(
        session.next_sent(&mut Frame::binary(b"a").fragment(false)),
        Ok(Next::Ready)
    );
    let before = session.queued().to_vec();
    assert_eq!(
        session.next_sent(&mut Frame::prepared(&prepared)),
        Err(SendError::MessageOpen)
    );
    assert_eq!(session.queued(), before);
    drop(session);
    assert_eq!(drawn, 1);
    let mut session = server();
    assert_eq!(
        session.next_sent(&mut Frame::text("a").fragment(false)),
        Ok(Next::Ready)
    );
    assert_eq!(
        session.next_sent(&mut Frame::prepared(&prepared)),
        Err(SendError::MessageOpen)
    );
    assert_eq!(session.queued(), b"\x01\x01a");
}

#[test]
fn a_long_prepared_frame_is_written_from_where_it_is() {
    let payload = [b'x'; 1000];
    let prepared = PreparedFrame::new(MessageKind::Binary, Rsv::NONE, &payload, vec![0; 1004]).unwrap();
    let mut stream = Stream::new([]);
    stream.step = 77;
    let mut session = server();
    assert_eq!(
        stream.send(&mut session, &mut Frame::prepared(&prepared)),
        Ok(true)
    );
    assert_eq!(stream.output, prepared.bytes());
    let refused = PreparedFrame::new(MessageKind::Binary, Rsv::NONE, &payload, [0; 1003]);
    assert_eq!(
        refused.err(),
        Some(SendError::BufferTooSmall(bareframe::BufferTooSmall {
            needed: 1004,
            available: 1003
        }))
    );
}

#[test]
fn a_servers_prepared_frame_needs_no_queue_unless_something_goes_before_it() {
    let prepared = PreparedFrame::new(MessageKind::Text, Rsv::NONE, b"Hello", [0; 7]).unwrap();
    let connection = Connection::server(Config::DEFAULT);
    let (_, mut outbound) = Session::new(connection, [0; 64], Vec::new()).split();
    let too_small = Err(SendError::BufferTooSmall(bareframe::BufferTooSmall {
        needed: 131,
        available: 0,
    }));
    assert_eq!(outbound.next_sent(&mut Frame::text("Hello")), too_small);
    for takes in 1..=7 {
        let mut frame = Frame::prepared(&prepared);
        assert!(outbound.can_send_prepared());
        assert_eq!(outbound.next_sent(&mut frame), Ok(Next::Write));
        assert!(!outbound.can_send_prepared() && outbound.is_within_frame());
        let mut written = Vec::new();
        while outbound.next_sent(&mut frame) == Ok(Next::Write) {
            let [queued, rest] = outbound.to_write(&frame);
            assert_eq!(queued, b"");
            let len = takes.min(rest.len());
            written.extend_from_slice(&rest[..len]);
            outbound.wrote(len, &mut frame);
        }
        assert_eq!(written, b"\x81\x05Hello");
        assert_eq!(outbound.next_flush(), Next::Flush);
        outbound.flushed();
    }
    assert!(outbound.exchange_queue(vec![0; 131]).is_ok());
    assert_eq!(outbound.next_sent(&mut Frame::ping(b"")), Ok(Next::Ready));
    assert!(!outbound.can_send_prepared());
    assert_eq!(
        outbound.next_sent(&mut Frame::prepared(&prepared)),
        Ok(Next::Write)
    );
    assert_eq!(outbound.queued(), b"\x89\x00");
    outbound.wrote(2, &mut Frame::NONE.clone());
    assert_eq!(
        outbound.next_sent(&mut Frame::close_without_code()),
        Ok(Next::Ready)
    );
    outbound.wrote(2, &mut Frame::NONE.clone());
    assert!(!outbound.can_send_prepared());
    assert_eq!(
        outbound.next_sent(&mut Frame::prepared(&prepared)),
        Err(SendError::Closed)
    );
}

#[test]
fn a_prepared_frame_passes_a_servers_half_only_between_messages_with_nothing_before_it() {
    let server = || {
        Session::new(Connection::server(Config::DEFAULT), [0; 64], vec![0; 131])
            .split()
            .1
    };
    assert!(server().is_passed_by_prepared());
    for mut frame in [
        Frame::text("H").fragment(false),
        Frame::ping(b""),
        Frame::close_without_code(),
    ] {
        let mut outbound = server();
        assert_eq!(outbound.next_sent(&mut frame), Ok(Next::Ready));
        assert!(!outbound.is_passed_by_prepared());
        outbound.wrote(3, &mut frame);
        // The message is still open, and nothing follows a Close.
        assert_eq!(
            outbound.is_passed_by_prepared(),
            frame.kind().is_none() && !outbound.is_closed()
        );
    }
    let mut outbound = server();
    outbound.refused();
    assert!(!outbound.is_passed_by_prepared());
    let keys = || MaskingKey::new([0; 4]);
    let (_, outbound) = Session::new(Connection::client(Config::DEFAULT, keys), [0; 64], [0; 131]).split();
    assert!(!outbound.is_passed_by_prepared());
}

#[test]
fn a_frame_that_was_given_up_leaves_only_fail() {
    let payload = [1; 1000];
    let mut stream = Stream::new([]);
    // Half of the header.
    stream.takes = Some(2);
    let mut session = server();
    {
        let mut frame = Frame::binary(&payload);
        assert_eq!(stream.send(&mut session, &mut frame), Ok(false));
    }
    stream.takes = None;
    // Another frame of the same payload is not the one that was begun.
    assert_eq!(
        session.next_sent(&mut Frame::binary(&payload)),
        Err(SendError::InsideFrame)
    );
    assert_eq!(
        session.next_sent(&mut Frame::close_without_code()),
        Err(SendError::InsideFrame)
    );
    session.fail(bareframe::CloseCode::INTERNAL_ERROR);
    assert_eq!(session.next_sent(&mut Frame::text("x")), Err(SendError::Closed));
    assert!(stream.flush(&mut session));
    assert_eq!(stream.output.len(), 2);
}

#[test]
fn s5_1_a_refused_send_changes_nothing_and_draws_no_key() {
    let mut drawn = 0;
    let mut session = client(&mut drawn);
    assert_eq!(
        session.next_sent(&mut Frame::binary(b"a").fragment(false)),
        Ok(Next::Ready)
    );
    let before = format!("{session:?}");
    let long = [0; 126];
    for (mut frame, error) in [
        (Frame::text("b"), SendError::WrongKind),
        (Frame::binary(b"b").with_rsv(Rsv::RSV1), SendError::ReservedBits),
        (Frame::ping(&long), SendError::OversizedControl),
        (
            Frame::close(bareframe::CloseCode::NORMAL_CLOSURE, &"x".repeat(124)),
            SendError::OversizedControl,
        ),
    ] {
        assert_eq!(session.next_sent(&mut frame), Err(error));
        assert!(!frame.is_begun());
        assert_eq!(format!("{session:?}"), before);
    }
    drop(session);
    assert_eq!(drawn, 1);
}

#[test]
fn s5_2_no_frame_of_a_text_message_with_reserved_bits_is_validated() {
    let config = Config::DEFAULT.with_rsv(Rsv::RSV1);
    let mut session = Session::new(Connection::server(config), [0; 16], [0; 256]);
    let frames = [
        Frame::text_piece(b"\xff").with_rsv(Rsv::RSV1).fragment(false),
        Frame::text_piece(b"\xfe").fragment(false),
        Frame::text_piece(b"\xfd"),
    ];
    for mut frame in frames {
        assert_eq!(session.next_sent(&mut frame), Ok(Next::Ready));
    }
    assert_eq!(session.queued(), b"\x41\x01\xff\x00\x01\xfe\x80\x01\xfd");
    let refused = session.next_sent(&mut Frame::text_piece(b"\xff"));
    assert!(
        matches!(refused, Err(SendError::InvalidUtf8(_))),
        "the next message"
    );
}
