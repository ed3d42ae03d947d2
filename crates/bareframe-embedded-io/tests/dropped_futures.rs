//! A future that is dropped, at whatever point it waits, loses nothing.

mod wire;

use bareframe_embedded_io::{
    Assembler, Choice, CloseCode, Config, Connecting, Error, Event, Frame, Incoming, MaskingKey, Message,
    MessageKind, Offer, ProtocolError, ReceiveError, Role, SendError, Slot, WebSocket,
};
use wire::{ACCEPTED, REQUEST, Wire, block_on, frame, poll_times};

/// Creates the future again and again, and drops it at its first wait, then at its second, and so on.
macro_rules! dropping {
    ($waits:expr, $future:expr) => {
        loop {
            if let Some(output) = poll_times($future, 1) {
                break output;
            }
            $waits += 1;
        }
    };
}

/// Returns a client's side: a message in one frame, one in three with Pings between, one longer than the buffers,
/// Close.
fn script() -> Vec<u8> {
    let long: Vec<u8> = (0..300u16).map(|i| b'a' + (i % 26) as u8).collect();
    [
        frame(0x81, b"Hello"),
        frame(0x01, b"na\xc3"),
        frame(0x89, b"one"),
        frame(0x00, b"\xafv"),
        frame(0x89, b"two"),
        frame(0x80, b"e"),
        frame(0x82, &long),
        frame(0x88, b"\x03\xe8bye"),
    ]
    .concat()
}

fn echo_server(wire: &Wire, drop_futures: bool) -> (Vec<(MessageKind, Vec<u8>)>, usize) {
    let mut waits = 0;
    let mut incoming = Incoming::new(wire.clone(), [0; 512]);
    if drop_futures {
        dropping!(waits, incoming.request()).map(|_| ()).unwrap();
    }
    let before = wire.waits();
    let accepted = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, [0; 64], [0; 131]);
    let mut socket = block_on(accepted).unwrap();
    waits += wire.waits() - before;
    let mut assembler = Assembler::new(heapless::Vec::<u8, 512>::new());
    let mut messages = Vec::new();
    loop {
        let own = |message: Option<Message<'_>>| {
            message.map(|message| (message.kind(), message.payload().to_vec()))
        };
        let read = if drop_futures {
            loop {
                if let Some(read) = poll_times(socket.read(&mut assembler), 1) {
                    break own(read.unwrap());
                }
                waits += 1;
            }
        } else {
            own(block_on(socket.read(&mut assembler)).unwrap())
        };
        let Some((kind, payload)) = read else { break };
        let mut frame = match kind {
            MessageKind::Text => Frame::text(str::from_utf8(&payload).unwrap()),
            MessageKind::Binary => Frame::binary(&payload),
        };
        if drop_futures {
            dropping!(waits, socket.send_frame(&mut frame)).unwrap();
        } else {
            block_on(socket.send_frame(&mut frame)).unwrap();
        }
        messages.push((kind, payload));
    }
    (messages, waits)
}

#[test]
fn a_server_says_and_hears_the_same_when_every_future_is_dropped_at_its_first_wait() {
    let input = [REQUEST, &script()].concat();
    for most in [1, 7, 64, 1000] {
        let whole = Wire::with_input(&input, most);
        let (expected, _) = echo_server(&whole, false);
        assert_eq!(expected.len(), 3);
        assert_eq!(expected[1].1, "naïve".as_bytes());
        let slow = Wire::with_input(&input, most).slow();
        let (messages, waits) = echo_server(&slow, true);
        assert_eq!(messages, expected);
        assert_eq!(slow.output(), whole.output());
        // Each wait of the stream was one at which a future was dropped.
        assert_eq!(waits, slow.waits());
        assert!(waits > 10, "{waits}");
    }
}

#[test]
fn a_frame_whose_send_is_dropped_continues_with_the_rest_of_its_payload() {
    let payload: Vec<u8> = (0..400u16).map(|i| i as u8).collect();
    let expected = [&[0x82, 126, 1, 0x90][..], &payload].concat();
    for polls in 1..200 {
        let wire = Wire::with_input(b"", 10).slow();
        let mut socket = WebSocket::server(wire.clone(), Config::DEFAULT, [0; 64], [0; 131]);
        let mut frame = Frame::binary(&payload);
        let done = poll_times(socket.send_frame(&mut frame), polls);
        block_on(socket.send_frame(&mut frame)).unwrap();
        assert_eq!(wire.output(), expected, "dropped after {polls} polls");
        if done.is_some() {
            assert!(polls > 40, "nothing was dropped");
            return;
        }
    }
    panic!("never done");
}

/// Feeds one message, drops the send of another midway, and flushes; returns whether the send was done.
fn feed_and_drop<R: Role>(
    mut socket: WebSocket<Wire, R, [u8; 64], [u8; 300]>,
    fed: &[u8],
    dropped: &[u8],
    polls: usize,
) -> bool {
    block_on(socket.feed(&mut Frame::binary(fed))).unwrap();
    let done = poll_times(socket.send_binary(dropped), polls);
    block_on(socket.flush()).unwrap();
    done.is_some()
}

#[test]
fn a_payload_that_fits_the_send_buffer_is_sent_whole_or_not_at_all_whenever_its_send_is_dropped() {
    // What is queued before leaves room for a control frame, and none for all of the second payload.
    let (fed, dropped) = ([b'f'; 100], [b'd'; 280]);
    for is_server in [true, false] {
        let key: &[u8] = if is_server { &[] } else { &[0; 4] };
        let mask = if is_server { 0 } else { 0x80 };
        let first = [&[0x82, mask | 100], key, &fed].concat();
        let both = [&first[..], &[0x82, mask | 126, 1, 24], key, &dropped].concat();
        let mut was_dropped_before_it_began = false;
        for polls in 1..200 {
            let wire = Wire::with_input(b"", 10).slow();
            let done = if is_server {
                let socket = WebSocket::server(wire.clone(), Config::DEFAULT, [0; 64], [0; 300]);
                feed_and_drop(socket, &fed, &dropped, polls)
            } else {
                let keys = || MaskingKey::new([0; 4]);
                let socket = WebSocket::client(wire.clone(), Config::DEFAULT, keys, [0; 64], [0; 300]);
                feed_and_drop(socket, &fed, &dropped, polls)
            };
            let output = wire.output();
            assert!(output == first || output == both, "dropped after {polls} polls");
            was_dropped_before_it_began |= output == first;
            if done {
                assert!(was_dropped_before_it_began && output == both && polls > 30);
                break;
            }
            assert!(polls < 199, "never done");
        }
    }
}

#[test]
fn of_a_longer_payload_that_was_lost_midway_only_fail_ends_the_frame() {
    let wire = Wire::with_input(b"", 10).slow();
    let mut socket = WebSocket::server(wire.clone(), Config::DEFAULT, [0; 64], [0; 131]);
    assert!(poll_times(socket.send_binary(&[7; 1000]), 20).is_none());
    let inside = Error::Send(SendError::InsideFrame);
    assert_eq!(block_on(socket.send_text("x")), Err(inside));
    assert_eq!(block_on(socket.close(CloseCode::NORMAL_CLOSURE, "")), Err(inside));
    socket.fail(CloseCode::GOING_AWAY);
    let sent = wire.output().len();
    let failed = ReceiveError::Protocol(ProtocolError::Failed(CloseCode::GOING_AWAY)).into();
    assert_eq!(block_on(socket.close(CloseCode::NORMAL_CLOSURE, "")), Err(failed));
    assert_eq!(
        block_on(socket.send_text("x")),
        Err(Error::Send(SendError::Closed))
    );
    assert_eq!(wire.output().len(), sent);
}

#[test]
fn a_close_and_a_ping_that_are_dropped_are_sent_once() {
    for polls in 1..20 {
        let wire = Wire::with_input(&frame(0x88, b""), 1).slow();
        let mut socket = WebSocket::server(wire.clone(), Config::DEFAULT, [0; 64], [0; 131]);
        if poll_times(socket.ping(b"p"), polls).is_none() {
            // What was queued goes first.
            block_on(socket.flush()).unwrap();
        }
        let mut _waits = 0;
        dropping!(_waits, socket.close(CloseCode::NORMAL_CLOSURE, "")).unwrap();
        assert_eq!(wire.output(), b"\x89\x01p\x88\x02\x03\xe8");
    }
}

#[test]
fn events_and_halves_continue_too() {
    let wire = Wire::with_input(&script(), 3).slow();
    let socket = WebSocket::server(wire.clone(), Config::DEFAULT, [0; 64], [0; 131]);
    let slot = Slot::new();
    let (mut read_half, mut write_half) = socket.split(&slot, |stream| (stream.clone(), stream));
    let (mut payload, mut waits) = (Vec::new(), 0);
    loop {
        let done = {
            let event = loop {
                if let Some(event) = poll_times(read_half.read_event(), 1) {
                    break event.unwrap();
                }
                waits += 1;
            };
            match &event {
                Some(Event::Data(piece)) => payload.extend_from_slice(piece.payload()),
                Some(Event::Close(reason)) => assert_eq!(reason.reason(), "bye"),
                _ => {}
            }
            event.is_none()
        };
        dropping!(waits, write_half.flush()).unwrap();
        if done {
            break;
        }
    }
    assert!(waits > 100);
    assert_eq!(payload.len(), 5 + 6 + 300);
    assert_eq!(wire.output(), b"\x8a\x03one\x8a\x03two\x88\x02\x03\xe8");
}

#[test]
fn a_client_connects_when_every_future_is_dropped() {
    let input = [
        b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n",
        ACCEPTED,
        b"\x81\x02Hi",
    ]
    .concat();
    let wire = Wire::with_input(&input, 5).slow();
    let offer = Offer::new("example.com", "/chat");
    let mut nonce = b"the sample nonce".chunks_exact(4).cycle();
    let keys = || MaskingKey::new(nonce.next().unwrap().try_into().unwrap());
    let mut connecting = Connecting::new(wire.clone(), &offer, keys, [0; 256]).unwrap();
    let mut waits = 0;
    let status = loop {
        if let Some(response) = poll_times(connecting.response(), 1) {
            break response.unwrap().status();
        }
        waits += 1;
    };
    assert_eq!(status, 101);
    let established = connecting.establish(Config::DEFAULT, [0; 64], [0; 131]);
    let mut socket = poll_times(established, 1)
        .expect("there is nothing to wait for")
        .unwrap();
    let mut assembler = Assembler::new(heapless::Vec::<u8, 16>::new());
    let message = loop {
        if let Some(message) = poll_times(socket.read(&mut assembler), 1) {
            break message.unwrap().unwrap().as_str().map(str::to_owned);
        }
        waits += 1;
    };
    assert_eq!(message.as_deref(), Some("Hi"));
    assert_eq!(waits, wire.waits());
    let sent = wire.output();
    assert!(sent.starts_with(b"GET /chat HTTP/1.1\r\n") && sent.ends_with(b"\r\n\r\n"));
    assert_eq!(sent.windows(4).filter(|window| window == b"GET ").count(), 1);
}
