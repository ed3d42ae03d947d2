//! What users of other WebSocket software have met, held against this crate; async and blocking alike.

mod wire;

use bareframe_embedded_io::blocking::{Blocking, now};
use bareframe_embedded_io::{
    Assembler, Choice, CloseCode, Config, Connecting, Error, Event, Frame, HandshakeError, Incoming,
    MIN_RECEIVE, MaskingKey, Offer, ProtocolError, ReceiveError, SendError, Server, SliceBuffer, Slot, State,
    Unflushed, WebSocket,
};
use embedded_io_async::{ErrorKind, Read, Write};
use std::future::Future;
use std::pin::pin;
use wire::{REQUEST, Wire, block_on, both, frame, join, poll_times};

type Socket<S> = WebSocket<S, Server, [u8; 64], [u8; 131]>;

fn server<S: Read + Write>(stream: S) -> Socket<S> {
    WebSocket::server(stream, Config::DEFAULT, [0; 64], [0; 131])
}

/// Reads messages as text, and returns them and how it ends.
async fn read_all<S: Read + Write>(socket: &mut Socket<S>) -> (Vec<String>, Result<(), Error<S::Error>>) {
    let mut assembler = Assembler::new(heapless::Vec::<u8, 100>::new());
    let mut messages = Vec::new();
    loop {
        match socket.read(&mut assembler).await {
            Ok(Some(message)) => messages.push(message.as_str().unwrap().to_owned()),
            Ok(None) => return (messages, Ok(())),
            Err(error) => return (messages, Err(error)),
        }
    }
}

/// Pings, which have to be answered, around a message; and a Close.
fn pings_and_text(closes: bool) -> Vec<u8> {
    let close = if closes {
        frame(0x88, b"\x03\xf0policy")
    } else {
        Vec::new()
    };
    let (ping, text) = (frame(0x89, b"p"), frame(0x81, b"the answer"));
    [&ping[..], &text, &ping, &close].concat()
}

const LASTING: [ErrorKind; 3] = [
    ErrorKind::BrokenPipe,
    ErrorKind::ConnectionReset,
    ErrorKind::Other,
];

#[test]
fn s7_1_5_a_write_that_fails_hides_nothing_that_arrived() {
    for most in [1, 5, 1000] {
        for kind in LASTING {
            for closes in [true, false] {
                let wire = Wire::with_input(&pings_and_text(closes), most).failing([kind]);
                let mut socket = server(wire.clone());
                let mut blocking = server(Blocking(
                    Wire::with_input(&pings_and_text(closes), most).failing([kind]),
                ));
                let ended = if closes { Ok(()) } else { Err(Error::Refused(kind)) };
                let expected = (vec!["the answer".to_owned()], ended);
                assert_eq!(block_on(read_all(&mut socket)), expected);
                assert_eq!(now(read_all(&mut blocking)), expected);
                // The end stays the same, and nothing can be sent.
                assert_eq!(block_on(read_all(&mut socket)), (vec![], ended));
                assert_eq!(block_on(socket.send_text("x")), Err(Error::Refused(kind)));
                let reason = socket.close_reason().map(|reason| reason.reason().to_owned());
                assert_eq!(reason.as_deref(), closes.then_some("policy"));
                assert_eq!(block_on(socket.close(CloseCode::NORMAL_CLOSURE, "")), ended);
                assert_eq!(wire.output(), b"");
            }
        }
    }
}

#[test]
fn s7_1_5_a_stream_that_takes_nothing_is_one_that_fails() {
    let wire = Wire::with_input(&pings_and_text(true), 1000);
    wire.refuse();
    let ended = block_on(read_all(&mut server(wire)));
    assert_eq!(ended, (vec!["the answer".to_owned()], Ok(())));
    let wire = Wire::with_input(&pings_and_text(false), 1000);
    wire.refuse();
    let refused = Error::Refused(ErrorKind::WriteZero);
    assert_eq!(block_on(read_all(&mut server(wire))).1, Err(refused));
}

#[test]
fn s7_1_5_a_send_that_fails_is_told_at_once_and_reading_continues() {
    for closes in [true, false] {
        let wire = Wire::with_input(&pings_and_text(closes), 1000).failing([ErrorKind::BrokenPipe]);
        let mut socket = server(wire);
        assert_eq!(
            block_on(socket.send_text("one")),
            Err(Error::Io(ErrorKind::BrokenPipe))
        );
        let refused = Err(Error::Refused(ErrorKind::BrokenPipe));
        assert_eq!(block_on(socket.send_text("two")), refused);
        let ended = if closes { Ok(()) } else { refused };
        assert_eq!(
            block_on(read_all(&mut socket)),
            (vec!["the answer".to_owned()], ended)
        );
    }
}

#[test]
fn s7_1_4_a_reset_after_the_close_is_a_clean_end() {
    for most in [1, 1000] {
        let wire = Wire::with_input(&frame(0x88, b"\x03\xe8"), most).reset();
        let mut socket = server(wire.clone());
        assert_eq!(block_on(read_all(&mut socket)), (vec![], Ok(())));
        assert_eq!(block_on(socket.close(CloseCode::NORMAL_CLOSURE, "")), Ok(()));
        assert_eq!(socket.state(), State::Closed);
        // And without one it is the stream's error.
        let mut socket = server(Wire::with_input(b"", most).reset());
        assert_eq!(
            block_on(read_all(&mut socket)).1,
            Err(Error::Io(ErrorKind::ConnectionReset))
        );
    }
}

#[test]
fn a_write_that_times_out_is_tried_again_and_one_that_is_interrupted_at_once() {
    let wire = Wire::with_input(&pings_and_text(true), 1000).failing([ErrorKind::Interrupted; 3]);
    assert_eq!(block_on(read_all(&mut server(wire.clone()))).1, Ok(()));
    assert_eq!(wire.output(), b"\x8a\x01p\x8a\x01p\x88\x02\x03\xf0");
    // The Pong goes out later, as do the others.
    let wire = Wire::with_input(&pings_and_text(true), 10).failing([ErrorKind::TimedOut]);
    assert_eq!(
        block_on(read_all(&mut server(wire.clone()))),
        (vec!["the answer".to_owned()], Ok(()))
    );
    assert_eq!(wire.output(), b"\x8a\x01p\x8a\x01p\x88\x02\x03\xf0");
    // A frame continues.
    let payload = [7; 300];
    let wire = Wire::with_input(b"", 100).failing([ErrorKind::TimedOut; 2]);
    let (mut socket, mut frame) = (server(wire.clone()), Frame::binary(&payload));
    for _ in 0..2 {
        let timed_out = Err(Error::Io(ErrorKind::TimedOut));
        assert_eq!(block_on(socket.send_frame(&mut frame)), timed_out);
    }
    assert_eq!(block_on(socket.send_frame(&mut frame)), Ok(()));
    assert_eq!(wire.output(), [&[0x82, 126, 1, 44][..], &payload].concat());
}

#[test]
fn s5_5_an_answer_is_on_the_wire_before_its_event() {
    for (input, output) in [
        (frame(0x88, b"\x03\xe8"), &b"\x88\x02\x03\xe8"[..]),
        (frame(0x89, b"hb"), b"\x8a\x02hb"),
        // After another of the same read.
        ([frame(0x89, b"a"), frame(0x89, b"b")].concat(), b"\x8a\x01a"),
    ] {
        for most in [1, 1000] {
            let wire = Wire::with_input(&input, most);
            let mut socket = server(wire.clone());
            assert!(block_on(socket.read_event()).unwrap().is_some());
            drop(socket);
            assert_eq!(wire.output(), output);
            let wire = Wire::with_input(&input, most);
            let mut socket = server(Blocking(wire.clone()));
            assert!(now(socket.read_event_with_writer()).unwrap().is_some());
            assert_eq!(wire.output(), output);
        }
    }
}

#[test]
fn s5_4_a_message_of_which_pieces_were_taken_otherwise_is_skipped_and_said() {
    let input = [
        frame(0x01, b"one "),
        frame(0x00, b"two "),
        frame(0x80, b"three"),
        frame(0x81, b"next"),
    ];
    let wire = Wire::with_input(&input.concat(), 10).slow();
    let mut socket = server(wire);
    let mut assembler = Assembler::new(heapless::Vec::<u8, 100>::new());
    // It is dropped when it waits for the second piece, as by a timeout.
    assert!(poll_times(socket.read(&mut assembler), 2).is_none());
    let skipped = Err(Error::Receive(ReceiveError::MessageSkipped));
    let event = block_on(socket.read_event()).map(|_| ());
    assert_eq!(event, skipped);
    let message = block_on(socket.read(&mut assembler)).unwrap().unwrap();
    assert_eq!(message.as_str(), Some("next"));
    // Memory other than that in which the message began.
    let wire = Wire::with_input(&input.concat(), 10).slow();
    let mut socket = server(wire);
    assert!(poll_times(socket.read(&mut assembler), 2).is_none());
    let mut other = Assembler::new(heapless::Vec::<u8, 100>::new());
    assert_eq!(block_on(socket.read(&mut other)).map(|_| ()), skipped);
    let message = block_on(socket.read(&mut other)).unwrap().unwrap();
    assert_eq!(message.as_str(), Some("next"));
    // Who closes does not want it anyway.
    let input = [&input.concat()[..], &frame(0x88, b"")].concat();
    let mut socket = server(Wire::with_input(&input, 10).slow());
    assert!(poll_times(socket.read(&mut assembler), 2).is_none());
    assert_eq!(block_on(socket.close(CloseCode::NORMAL_CLOSURE, "")), Ok(()));
}

#[test]
fn s5_5_1_the_peers_close_within_a_frame_of_ours_is_no_clean_end_and_is_answered_after_it() {
    let payload = [7; 300];
    let header = [0x82, 126, 1, 44];
    let begin = || {
        let wire = Wire::with_input(&frame(0x88, b"\x03\xe9"), 100).slow();
        let mut socket = server(wire.clone());
        let mut frame = Frame::binary(&payload);
        assert!(poll_times(socket.send_frame(&mut frame), 3).is_none());
        assert!(frame.is_begun() && frame.left() > 0, "{frame:?}");
        (wire, socket, frame)
    };
    let unfinished = Err(Error::Receive(ReceiveError::UnfinishedFrame));
    let (wire, mut socket, mut frame) = begin();
    let mut assembler = Assembler::new(heapless::Vec::<u8, 100>::new());
    for _ in 0..2 {
        assert_eq!(block_on(socket.read(&mut assembler)).map(|_| ()), unfinished);
    }
    block_on(socket.send_frame(&mut frame)).unwrap();
    assert_eq!(block_on(socket.read(&mut assembler)).map(|_| ()), Ok(()));
    let expected = [&header[..], &payload, b"\x88\x02\x03\xe9"].concat();
    assert_eq!(wire.output(), expected);
    // Or it is abandoned, which is not a clean end either.
    let (wire, mut socket, _) = begin();
    assert_eq!(block_on(socket.read(&mut assembler)).map(|_| ()), unfinished);
    socket.fail(CloseCode::GOING_AWAY);
    let abnormal = Err(Error::Receive(ReceiveError::AbnormalClosure));
    assert_eq!(block_on(socket.read(&mut assembler)).map(|_| ()), abnormal);
    assert_eq!(block_on(socket.close(CloseCode::NORMAL_CLOSURE, "")), abnormal);
    assert!(wire.output().len() < expected.len() - 4);
}

/// Returns a request with other lines than [`REQUEST`] has.
fn changed(line: &str, by: &str) -> Vec<u8> {
    let request = String::from_utf8(REQUEST.to_vec()).unwrap();
    assert!(request.contains(line));
    request.replace(line, by).into_bytes()
}

#[test]
fn s4_2_2_a_request_that_is_wrong_or_for_something_else_is_answered_by_accept() {
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (request, status) in [
        (
            changed("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8"),
            426,
        ),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), 426),
        (b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), 426),
        (changed(key, ""), 400),
        (changed("GET ", "POST "), 405),
        (changed("Host: example.com\r\n", ""), 400),
        (changed("HTTP/1.1", "HTTP/1.0"), 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), 400),
        (vec![b'x'; 600], 431),
    ] {
        let mut answers = Vec::new();
        for most in [1, 1000] {
            let wire = Wire::with_input(&request, most);
            let incoming = Incoming::new(wire.clone(), [0; 512]);
            let accepted = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, [0; 64], [0; 160]);
            let Err(Error::Handshake(_)) = block_on(accepted) else {
                panic!("{status}")
            };
            answers.push(String::from_utf8(wire.output()).unwrap());
            let wire = Wire::with_input(&request, most);
            let incoming = Incoming::new(Blocking(wire.clone()), [0; 512]);
            assert!(now(incoming.accept_in_place(&Choice::DEFAULT, Config::DEFAULT, [0; 160])).is_err());
            answers.push(String::from_utf8(wire.output()).unwrap());
        }
        assert!(
            answers[0].starts_with(&format!("HTTP/1.1 {status} ")),
            "{status}: {answers:?}"
        );
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    }
}

#[test]
fn rfc6585_s5_a_head_that_is_longer_than_any_memory_is_answered_with_431() {
    for memory in (0..300).chain([REQUEST.len() - 1]) {
        if memory >= REQUEST.len() {
            continue;
        }
        let wire = Wire::with_input(REQUEST, 1000);
        let mut memory = vec![0; memory];
        let mut incoming = Incoming::new(wire.clone(), &mut memory[..]);
        assert!(block_on(incoming.request()).is_err());
        let answer = String::from_utf8(wire.output()).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 431 ") && answer.contains("\r\n\r\n"),
            "{answer}"
        );
    }
}

#[test]
fn rfc9110_s15_every_refusal_has_room_on_the_stack() {
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426),
        ("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", 405),
        ("GET / HTTP/1.1\r\n\r\n", 426),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    ] {
        let wire = Wire::with_input(request.as_bytes(), 1000);
        let mut memory = vec![0; request.len()];
        let incoming = Incoming::new(wire.clone(), &mut memory[..]);
        let accepted = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, [0; 64], [0; 160]);
        assert!(block_on(accepted).is_err());
        let answer = String::from_utf8(wire.output()).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[test]
fn a_receive_buffer_that_is_too_short_is_said_and_the_client_is_told_at_the_handshake() {
    for available in [0, 1, MIN_RECEIVE - 1] {
        let wire = Wire::with_input(REQUEST, 1000);
        let mut receive = vec![0; available];
        let incoming = Incoming::new(wire.clone(), [0; 512]);
        let accepted = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, &mut receive[..], [0; 160]);
        let needed = MIN_RECEIVE;
        let error = HandshakeError::ReceiveBuffer { needed, available };
        assert_eq!(block_on(accepted).err(), Some(Error::Handshake(error)));
        assert!(wire.output().starts_with(b"HTTP/1.1 500 "));
    }
    let mut empty = [];
    let wire = Wire::with_input(&frame(0x81, b"x"), 1000);
    let mut socket = WebSocket::server(wire, Config::DEFAULT, &mut empty[..], [0; 131]);
    let event = block_on(socket.read_event()).map(|_| ());
    assert_eq!(event, Err(Error::NoReceiveBuffer));
}

#[test]
fn s7_4_1_whether_a_message_fits_does_not_depend_on_the_cut() {
    for (len, capacity) in [(50, 40), (41, 40), (40, 40), (1, 0), (0, 0)] {
        for pieces in 1..=3 {
            let payload = vec![b'x'; len];
            let mut input = Vec::new();
            for piece in 0..pieces {
                let (from, to) = (len * piece / pieces, len * (piece + 1) / pieces);
                let first = if piece == 0 { 2 } else { 0 } | if piece + 1 == pieces { 0x80 } else { 0 };
                input.extend(frame(first, &payload[from..to]));
            }
            for most in 1..=input.len() {
                let wire = Wire::with_input(&input, most);
                let mut memory = vec![0; capacity];
                let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
                let mut socket = server(wire.clone());
                let read =
                    block_on(socket.read(&mut assembler)).map(|message| message.unwrap().payload().len());
                let too_big = ReceiveError::Protocol(ProtocolError::MessageTooBig);
                let expected = if len <= capacity {
                    Ok(len)
                } else {
                    Err(too_big.into())
                };
                assert_eq!(
                    read, expected,
                    "{len} in {capacity}, {pieces} pieces, {most} at once"
                );
                let told: &[u8] = if len <= capacity { b"" } else { b"\x88\x02\x03\xf1" };
                assert_eq!(wire.output(), told);
            }
        }
    }
    assert!(
        ProtocolError::MessageTooBig
            .to_string()
            .contains("longer than our limit")
    );
}

#[test]
fn s5_5_2_halves_answer_pings_though_no_message_comes_and_the_writing_half_is_idle() {
    let (wire, mut peer) = Wire::pair(1000);
    let socket = server(wire);
    let slot = Slot::new();
    let (mut reader, mut writer) = socket.split(&slot, |stream| (stream.clone(), stream));
    let mut assembler = Assembler::new(heapless::Vec::<u8, 100>::new());
    let reading = async {
        let text = reader
            .read(&mut assembler)
            .await
            .unwrap()
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned();
        assert!(reader.read(&mut assembler).await.unwrap().is_none());
        (text, reader.close_reason().unwrap().code())
    };
    let writing = async {
        while writer.answer().await.unwrap() {}
        assert_eq!(writer.send_text("x").await, Err(Error::Send(SendError::Closed)));
    };
    let driving = async {
        for payload in [b"a", b"b", b"c"] {
            peer.write_all(&frame(0x89, payload)).await.unwrap();
            let mut pong = [0; 3];
            peer.read_exact(&mut pong).await.unwrap();
            assert_eq!(pong, [0x8a, 1, payload[0]]);
        }
        peer.write_all(&frame(0x81, b"at last")).await.unwrap();
        peer.write_all(&frame(0x88, b"\x03\xe8")).await.unwrap();
        let mut close = [0; 4];
        peer.read_exact(&mut close).await.unwrap();
        assert_eq!(close, *b"\x88\x02\x03\xe8");
    };
    let ((read, ()), ()) = join(both(reading, writing), driving);
    assert_eq!(read, ("at last".to_owned(), Some(CloseCode::NORMAL_CLOSURE)));
}

#[test]
fn s5_5_a_reader_does_not_wait_for_a_writer_within_a_frame_and_what_it_left_goes_next() {
    let input = [
        frame(0x89, b"1"),
        frame(0x89, b"2"),
        frame(0x81, b"hi"),
        frame(0x88, b""),
    ];
    let wire = Wire::with_input(&input.concat(), 1000);
    let slot = Slot::new();
    let (mut reader, mut writer) = server(wire.clone()).split(&slot, |stream| {
        (stream.clone(), Wire::with_input(b"", 100).slow())
    });
    let payload = [7; 300];
    let mut begun = Frame::binary(&payload);
    assert!(poll_times(writer.send_frame(&mut begun), 3).is_none());
    assert!(begun.is_begun() && begun.left() > 0);
    // All of it is read meanwhile.
    let mut events = 0;
    while block_on(reader.read_event()).unwrap().is_some() {
        events += 1;
    }
    assert_eq!(events, 4);
    assert_eq!(block_on(writer.answer()), Ok(false));
    block_on(writer.send_frame(&mut begun)).unwrap();
    let output = writer.stream().output();
    let expected = [&[0x82, 126, 1, 44][..], &payload, b"\x8a\x012\x88\x00"].concat();
    assert_eq!(output, expected);
    assert_eq!(
        block_on(writer.send_text("x")),
        Err(Error::Send(SendError::Closed))
    );
}

#[test]
fn s5_5_what_the_reading_half_left_goes_before_what_the_writing_one_sends() {
    let wire = Wire::with_input(&[frame(0x89, b"1"), frame(0x88, b"")].concat(), 1000);
    let slot = Slot::new();
    let (mut reader, mut writer) = server(wire.clone()).split(&slot, |stream| (stream.clone(), stream));
    assert!(block_on(reader.read_event()).unwrap().is_some());
    block_on(writer.send_text("x")).unwrap();
    assert_eq!(wire.output(), b"\x8a\x011\x81\x01x");
    assert!(block_on(reader.read_event()).unwrap().is_some());
    let closed = Err(Error::Send(SendError::Closed));
    assert_eq!(block_on(writer.send_text("y")), closed);
    block_on(writer.flush()).unwrap();
    assert_eq!(wire.output(), b"\x8a\x011\x81\x01x\x88\x00");
}

#[test]
fn s7_1_7_halves_tell_the_peer_of_an_error_and_end() {
    for (input, output, error) in [
        (
            frame(0x83, b""),
            &b"\x88\x02\x03\xea"[..],
            ReceiveError::Protocol(ProtocolError::ReservedOpcode),
        ),
        (Vec::new(), b"", ReceiveError::AbnormalClosure),
    ] {
        let wire = Wire::with_input(&input, 1000);
        let slot = Slot::new();
        let (mut reader, mut writer) = server(wire.clone()).split(&slot, |stream| (stream.clone(), stream));
        assert_eq!(
            block_on(reader.read_event()).map(|_| ()),
            Err(Error::Receive(error))
        );
        // The reading half is still there.
        assert_eq!(block_on(writer.answer()), Ok(false));
        assert_eq!(wire.output(), output);
    }
    // The application fails it.
    let wire = Wire::with_input(b"", 1000);
    let slot = Slot::new();
    let (mut reader, mut writer) = server(wire.clone()).split(&slot, |stream| (stream.clone(), stream));
    reader.fail(CloseCode::UNSUPPORTED_DATA);
    assert_eq!(block_on(writer.answer()), Ok(false));
    assert_eq!(wire.output(), b"\x88\x02\x03\xeb");
}

#[test]
fn s5_5_2_halves_in_two_threads_share_a_static_slot() {
    static SLOT: Slot = Slot::new();
    let input = [frame(0x89, b"p"), frame(0x81, b"x"), frame(0x88, b"")].concat();
    struct Input(Vec<u8>);
    impl embedded_io::ErrorType for Input {
        type Error = ErrorKind;
    }
    impl embedded_io::Read for Input {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
            let len = buffer.len().min(self.0.len());
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0.drain(..len);
            Ok(len)
        }
    }
    struct Output(Vec<u8>);
    impl embedded_io::ErrorType for Output {
        type Error = ErrorKind;
    }
    impl embedded_io::Write for Output {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
            self.0.extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }
    let socket = WebSocket::server((), Config::DEFAULT, [0; 64], [0; 131]);
    let (mut reader, mut writer) =
        socket.split(&SLOT, |()| (Blocking(Input(input)), Blocking(Output(Vec::new()))));
    std::thread::scope(|scope| {
        scope.spawn(move || while now(reader.read_event()).unwrap().is_some() {});
        scope.spawn(move || {
            while now(writer.answer()).unwrap() {}
            let output = &writer.stream().0.0;
            // The Close took the place of the Pong, or came after it.
            assert!(
                output == b"\x8a\x01p\x88\x00" || output == b"\x88\x00",
                "{output:?}"
            );
        });
    });
}

#[test]
fn s5_5_1_a_reason_that_is_too_long_is_cut_at_a_character() {
    for (reason, sent) in [
        ("x".repeat(123), 123),
        ("x".repeat(124), 123),
        ("ä".repeat(100), 122),
        (format!("x{}", "ä".repeat(100)), 123),
        ("😀".repeat(40), 120),
        (String::new(), 0),
    ] {
        let wire = Wire::with_input(&frame(0x88, b""), 1000);
        let mut socket = server(wire.clone());
        block_on(socket.close(CloseCode::GOING_AWAY, &reason)).unwrap();
        let expected = [&[0x88, 2 + sent as u8, 3, 0xe9], &reason.as_bytes()[..sent]].concat();
        assert_eq!(wire.output(), expected);
        assert_eq!(socket.state(), State::Closed);
    }
}

#[test]
fn s6_1_what_send_returned_for_is_on_the_wire_and_only_feed_gathers() {
    // Two messages come in one read.
    let wire = Wire::with_input(&[frame(0x81, b"a"), frame(0x81, b"b")].concat(), 1000);
    let mut socket = server(wire.clone());
    let mut assembler = Assembler::new(heapless::Vec::<u8, 10>::new());
    let (message, mut writer) = block_on(socket.read_with_writer(&mut assembler))
        .unwrap()
        .unwrap();
    block_on(writer.send_frame(&mut Frame::from(&message))).unwrap();
    assert_eq!(wire.output(), b"\x81\x01a");
    block_on(socket.ping(b"keepalive")).unwrap();
    assert_eq!(wire.output(), b"\x81\x01a\x89\x09keepalive");
    block_on(socket.feed(&mut Frame::text("fed"))).unwrap();
    assert_eq!(wire.output(), b"\x81\x01a\x89\x09keepalive");
    block_on(socket.send_text("sent")).unwrap();
    drop(socket);
    assert_eq!(
        wire.output(),
        b"\x81\x01a\x89\x09keepalive\x81\x03fed\x81\x04sent"
    );
}

#[test]
fn s5_5_2_after_our_close_pings_are_still_answered() {
    let input = [frame(0x89, b"p"), frame(0x81, b"late"), frame(0x88, b"")].concat();
    let wire = Wire::with_input(&input, 1000);
    let mut socket = server(wire.clone());
    block_on(socket.close(CloseCode::NORMAL_CLOSURE, "")).unwrap();
    assert_eq!(wire.output(), b"\x88\x02\x03\xe8\x8a\x01p");
    assert_eq!(socket.state(), State::Closed);
}

#[test]
fn s5_3_any_closure_is_a_source_of_keys_and_the_nonce_is_drawn_from_it() {
    let mut drawn = 0_u8;
    let keys = || {
        drawn += 1;
        MaskingKey::new([drawn; 4])
    };
    let accepted = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: ";
    let mut nonce = [0; 16];
    for (byte, at) in nonce.iter_mut().zip(0..) {
        *byte = 1 + at / 4;
    }
    let key = bareframe_embedded_io::handshake::Key::from_random(nonce);
    let accept = bareframe_embedded_io::handshake::Accept::from_key(&key);
    let response = [&accepted[..], accept.as_bytes(), b"\r\n\r\n"].concat();
    let wire = Wire::with_input(&response, 1000);
    let offer = Offer::new("a", "/");
    let connecting = Connecting::new(Unflushed(wire.clone()), &offer, keys, [0; 512]).unwrap();
    let mut socket = block_on(connecting.establish(Config::DEFAULT, [0; 64], [0; 131])).unwrap();
    block_on(socket.send_text("\0")).unwrap();
    assert!(wire.output().ends_with(b"\r\n\r\n\x81\x81\x05\x05\x05\x05\x05"));
}

#[test]
fn a_connection_may_be_in_a_static() {
    static SOCKET: std::sync::OnceLock<Socket<Unflushed<()>>> = std::sync::OnceLock::new();
    let socket = SOCKET.get_or_init(|| WebSocket::server(Unflushed(()), Config::DEFAULT, [0; 64], [0; 131]));
    assert_eq!(socket.state(), State::Open);
    let (mut receive, mut send) = ([0; 64], [0; 131]);
    let borrowed = WebSocket::server((), Config::DEFAULT, &mut receive, &mut send);
    assert_eq!(borrowed.state(), State::Open);
}

#[test]
fn a_future_of_the_reading_half_wakes_the_writing_one() {
    let wire = Wire::with_input(&frame(0x89, b"p"), 1000);
    let slot = Slot::new();
    let (mut reader, mut writer) = server(wire).split(&slot, |stream| (stream.clone(), stream));
    let woken = std::sync::Arc::new(Woken::default());
    let waker = std::task::Waker::from(woken.clone());
    let mut context = std::task::Context::from_waker(&waker);
    let mut answering = pin!(writer.answer());
    assert!(answering.as_mut().poll(&mut context).is_pending());
    assert!(!woken.0.load(std::sync::atomic::Ordering::Relaxed));
    assert!(
        block_on(reader.read_event())
            .unwrap()
            .is_some_and(|event| matches!(event, Event::Ping(_)))
    );
    assert!(woken.0.load(std::sync::atomic::Ordering::Relaxed));
    assert_eq!(block_on(answering), Ok(true));
}

#[derive(Default)]
struct Woken(std::sync::atomic::AtomicBool);

impl std::task::Wake for Woken {
    fn wake(self: std::sync::Arc<Woken>) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}
