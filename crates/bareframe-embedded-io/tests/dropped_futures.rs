//! A future that is dropped, at whatever point it waits, loses nothing.

mod wire;

use bareframe_embedded_io::{
    Assembler, Buffers, Choice, Config, Connecting, Event, Incoming, Message, MessageKind, Offer, RandomKeys,
    Rsv, WebSocket,
};
use std::convert::Infallible;
use wire::{ACCEPTED, REQUEST, Wire, block_on, frame, poll_times};

/// Makes the future again and again, and drops each at its first wait: at every wait that there is.
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

/// A client's side: a message in one frame, one in three with Pings between, one longer than the buffers, Close.
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
    let (mut head, mut receive, mut send) = ([0; 512], [0; 64], [0; 131]);
    let mut waits = 0;
    let mut incoming = Incoming::new(wire.clone(), &mut head);
    if drop_futures {
        dropping!(waits, incoming.request()).map(|_| ()).unwrap();
    } else {
        block_on(incoming.request()).unwrap();
    }
    let buffers = Buffers::new(&mut receive, &mut send);
    let mut socket = incoming
        .accept(&Choice::DEFAULT, Config::DEFAULT, buffers)
        .unwrap();
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
        let writer = socket.writer();
        if drop_futures {
            dropping!(waits, writer.begin(kind, Rsv::NONE, true, payload.len() as u64)).unwrap();
            while writer.payload_left() > 0 {
                let from = payload.len() - writer.payload_left() as usize;
                dropping!(waits, writer.write(&payload[from..])).unwrap();
            }
            dropping!(waits, writer.flush()).unwrap();
        } else {
            block_on(writer.send(kind, &payload)).unwrap();
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
fn a_send_that_is_dropped_goes_on_with_the_rest_of_its_payload() {
    let payload: Vec<u8> = (0..400u16).map(|i| i as u8).collect();
    let expected = [&[0x82, 126, 1, 0x90][..], &payload].concat();
    for polls in 1..200 {
        let wire = Wire::with_input(b"", 10).slow();
        let (mut receive, mut send) = ([0; 64], [0; 131]);
        let buffers = Buffers::new(&mut receive, &mut send);
        let mut socket = WebSocket::server(wire.clone(), Config::DEFAULT, buffers);
        let done = poll_times(socket.send_binary(&payload), polls);
        let writer = socket.writer();
        while writer.payload_left() > 0 {
            let from = payload.len() - writer.payload_left() as usize;
            block_on(writer.write(&payload[from..])).unwrap();
        }
        block_on(writer.flush()).unwrap();
        assert_eq!(wire.output(), expected, "dropped after {polls} polls");
        if done.is_some() {
            assert!(polls > 40, "nothing was dropped");
            return;
        }
    }
    panic!("never done");
}

#[test]
fn a_close_and_a_ping_that_are_dropped_are_sent_once() {
    for polls in 1..20 {
        let wire = Wire::with_input(&frame(0x88, b""), 1).slow();
        let (mut receive, mut send) = ([0; 64], [0; 131]);
        let buffers = Buffers::new(&mut receive, &mut send);
        let mut socket = WebSocket::server(wire.clone(), Config::DEFAULT, buffers);
        if poll_times(socket.ping(b"p"), polls).is_none() {
            // What was queued goes first.
            block_on(socket.writer().flush()).unwrap();
        }
        let mut _waits = 0;
        dropping!(_waits, socket.close(None, "")).unwrap();
        assert_eq!(wire.output(), b"\x89\x01p\x88\x00");
    }
}

#[test]
fn events_and_halves_go_on_too() {
    let input = script();
    let wire = Wire::with_input(&input, 3).slow();
    let (mut receive, mut send) = ([0; 64], [0; 131]);
    let buffers = Buffers::new(&mut receive, &mut send);
    let socket = WebSocket::server(wire.clone(), Config::DEFAULT, buffers);
    let (mut read_half, mut write_half) = socket.split(|stream| (stream.clone(), stream));
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
        while let Some(reply) = read_half.poll_reply() {
            dropping!(waits, write_half.reply(reply)).unwrap();
            dropping!(waits, write_half.flush()).unwrap();
        }
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
    let (mut head, mut receive, mut send) = ([0; 256], [0; 64], [0; 131]);
    let offer = Offer::new("example.com", "/chat");
    let mut connecting = Connecting::new(wire.clone(), &offer, *b"the sample nonce", &mut head).unwrap();
    let mut waits = 0;
    let status = loop {
        if let Some(response) = poll_times(connecting.response(), 1) {
            break response.unwrap().status();
        }
        waits += 1;
    };
    assert_eq!(status, 101);
    let buffers = Buffers::new(&mut receive, &mut send);
    let mut socket = connecting
        .establish(Config::DEFAULT, RandomKeys(Zeros), buffers)
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

/// A generator that every peer can predict.
struct Zeros;

impl rand_core::TryRng for Zeros {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Infallible> {
        octets.fill(0);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Zeros {}
