//! A queue of bytes, through writes that take any number of them.

use bareframe::{BufferTooSmall, Config, Connection, MaskingKey, MessageKind, Outbox, Rsv, SendError};
use std::cell::Cell;

const BINARY: MessageKind = MessageKind::Binary;

/// Writes `step` bytes at a time of what is pending, and returns them.
fn drain(outbox: &mut Outbox<[u8; 64]>, step: usize, written: &mut Vec<u8>) {
    while !outbox.pending().is_empty() {
        let len = step.min(outbox.pending().len());
        written.extend_from_slice(&outbox.pending()[..len]);
        assert_eq!(outbox.advance(len), 0);
    }
}

#[test]
fn short_writes_lose_nothing() {
    for step in 1..20 {
        let mut server = Connection::server(Config::DEFAULT);
        let mut outbox = Outbox::new([0; 64]);
        let mut written = Vec::new();
        for message in [&b"one"[..], b"two", b"three"] {
            outbox
                .encode(|out| server.encode(BINARY, Rsv::NONE, message, out))
                .unwrap();
            let len = step.min(outbox.pending().len());
            written.extend_from_slice(&outbox.pending()[..len]);
            outbox.advance(len);
        }
        outbox.control(&server.ping(b"p").unwrap()).unwrap();
        drain(&mut outbox, step, &mut written);
        assert!(outbox.is_done());
        assert_eq!(written, b"\x82\x03one\x82\x03two\x82\x05three\x89\x01p");
    }
}

#[test]
fn s5_4_no_frame_begins_inside_another() {
    let mut server = Connection::server(Config::DEFAULT);
    let mut outbox = Outbox::new([0; 64]);
    let mut frame = server.send(BINARY, Rsv::NONE, true, 3).unwrap();
    outbox.begin(&frame).unwrap();
    assert!(!outbox.is_at_boundary());
    assert_eq!(outbox.payload_left(), 3);
    let ping = server.ping(b"").unwrap();
    let before = outbox.clone();
    assert_eq!(outbox.control(&ping), Err(SendError::InsideFrame));
    assert_eq!(outbox.begin(&frame), Err(SendError::InsideFrame));
    assert_eq!(
        outbox.encode::<SendError>(|_| panic!("asked for a frame")),
        Err(SendError::InsideFrame)
    );
    assert_eq!(outbox, before);
    assert_eq!(outbox.push(&mut frame, b"abc and more"), 3);
    assert!(outbox.is_at_boundary() && !outbox.is_done());
    outbox.control(&ping).unwrap();
    assert_eq!(outbox.pending(), b"\x82\x03abc\x89\x00");
}

#[test]
fn a_payload_is_written_from_where_it_is() {
    let mut server = Connection::server(Config::DEFAULT);
    let payload: Vec<u8> = (0..200).collect();
    for step in 1..210 {
        let mut outbox = Outbox::new([0; 64]);
        let frame = server.send(BINARY, Rsv::NONE, true, 200).unwrap();
        outbox.begin(&frame).unwrap();
        let mut written = Vec::new();
        let mut rest = &payload[..];
        while !outbox.is_done() {
            let both = [outbox.pending(), rest].concat();
            let len = step.min(both.len());
            written.extend_from_slice(&both[..len]);
            rest = &rest[outbox.advance(len)..];
        }
        assert_eq!(written[..4], *b"\x82\x7e\x00\xc8");
        assert_eq!(written[4..], payload);
    }
}

#[test]
fn s5_3_a_masked_payload_goes_through_a_small_buffer() {
    let payload: Vec<u8> = (0..200).collect();
    let mut client = Connection::client(Config::DEFAULT, || MaskingKey::new([1, 2, 3, 4]));
    let mut frame = client.send(BINARY, Rsv::NONE, true, 200).unwrap();
    let mut outbox = Outbox::new([0; 64]);
    outbox.begin(&frame).unwrap();
    let (mut rest, mut written) = (&payload[..], Vec::new());
    while !outbox.is_done() {
        rest = &rest[outbox.push(&mut frame, rest)..];
        drain(&mut outbox, 7, &mut written);
    }
    let mut whole = vec![0; 208];
    assert_eq!(client.encode(BINARY, Rsv::NONE, &payload, &mut whole), Ok(208));
    assert_eq!(written, whole);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut server = Connection::server(Config::DEFAULT);
    let mut outbox = Outbox::new([0; 4]);
    let before = outbox.clone();
    let ping = server.ping(b"abc").unwrap();
    let refused = Err(SendError::BufferTooSmall(BufferTooSmall {
        needed: 5,
        available: 4,
    }));
    assert_eq!(outbox.control(&ping), refused);
    assert_eq!(
        outbox.encode(|out| server.encode(BINARY, Rsv::NONE, b"abc", out)),
        refused
    );
    assert_eq!(outbox, before);
    let long = server.send(BINARY, Rsv::NONE, true, 1 << 40).unwrap();
    assert!(outbox.begin(&long).is_err());
    assert_eq!(outbox, before);
}

#[test]
fn more_than_was_there_to_write_is_taken_as_all() {
    let mut outbox = Outbox::new([0; 64]);
    let mut server = Connection::server(Config::DEFAULT);
    outbox.control(&server.ping(b"").unwrap()).unwrap();
    outbox.advance(usize::MAX);
    assert!(outbox.is_done());
}

/// A buffer that says it is shorter when it is asked again.
struct Shrinking<'a>(&'a Cell<usize>, [u8; 64]);

impl AsRef<[u8]> for Shrinking<'_> {
    fn as_ref(&self) -> &[u8] {
        &self.1[..self.0.get()]
    }
}

impl AsMut<[u8]> for Shrinking<'_> {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.1[..self.0.get()]
    }
}

#[test]
fn a_buffer_that_shrinks_makes_nothing_panic() {
    let mut server = Connection::server(Config::DEFAULT);
    let ping = server.ping(b"abcdef").unwrap();
    for written in 0..8 {
        let len = Cell::new(64);
        let mut outbox = Outbox::new(Shrinking(&len, [0; 64]));
        outbox.control(&ping).unwrap();
        outbox.advance(written);
        len.set(4);
        assert_eq!(outbox.pending(), b"");
        let refused = Err(SendError::BufferTooSmall(BufferTooSmall {
            needed: 8,
            available: 0,
        }));
        assert_eq!(outbox.control(&ping), refused);
    }
}

#[test]
fn what_was_written_makes_room() {
    let mut server = Connection::server(Config::DEFAULT);
    for written in 0..=8 {
        let mut outbox = Outbox::new([0; 16]);
        outbox.control(&server.ping(b"abcdef").unwrap()).unwrap();
        outbox.advance(written);
        let payload = vec![b'x'; outbox.room() - 2];
        outbox.control(&server.ping(&payload).unwrap()).unwrap();
        let whole = [b"\x89\x06abcdef\x89", &[payload.len() as u8][..], &payload].concat();
        assert_eq!(outbox.pending(), &whole[written..]);
        assert_eq!(outbox.room(), 0);
    }
}
