//! The cases whose instructions are counted, each of [`TIMES`] frames or calls.

use bareframe_benches::adapter;
use bareframe_benches::measure::repeated;
use bareframe_benches::ours;
use bareframe_benches::session;
use bareframe_benches::wire::REQUEST;
use std::hint::black_box;

pub use bareframe_benches::measure::Task;
pub use bareframe_benches::session::Marked;
pub use bareframe_benches::wire::{BINARY, From, MARKED, Payload, Stream};

/// How many frames or calls are in each count.
pub const TIMES: usize = 100;

fn ready(mut task: Box<dyn Task>) -> Box<dyn Task> {
    task.prepare();
    task
}

fn stream(kind: Payload, from: From, len: usize) -> Stream {
    Stream::repeated(kind.first_byte(), from, &kind.bytes(len), TIMES)
}

/// Receives frames.
#[must_use]
pub fn decode(kind: Payload, from: From, len: usize) -> Box<dyn Task> {
    ready(ours::decode(&stream(kind, from, len)))
}

/// Receives frames in pieces of this many bytes.
#[must_use]
pub fn pieces(kind: Payload, len: usize, piece: usize) -> Box<dyn Task> {
    ready(ours::pieces(&stream(kind, From::Client, len), piece))
}

/// Receives and answers Pings.
#[must_use]
pub fn pings(len: usize) -> Box<dyn Task> {
    ready(ours::answer(&Stream::pings(&Payload::Ascii.bytes(len), TIMES)))
}

/// Receives frames by the events of a session.
#[must_use]
pub fn events(kind: Payload, from: From, len: usize) -> Box<dyn Task> {
    ready(session::events(&stream(kind, from, len)))
}

/// Receives messages of a session.
#[must_use]
pub fn messages(kind: Payload, len: usize) -> Box<dyn Task> {
    ready(session::messages(&stream(kind, From::Client, len)))
}

/// Messages that a server reads from a stream into memory that has grown.
#[must_use]
pub fn through_std(kind: Payload, len: usize) -> Box<dyn Task> {
    let mut task = ready(adapter::messages(&stream(kind, From::Client, len), usize::MAX));
    task.run();
    ready(task)
}

/// Events of a session that can have an extension, with it or without.
#[must_use]
pub fn optional_events(first: u8, len: usize, extension: Option<Marked>) -> Box<dyn Task> {
    let stream = Stream::repeated(first, From::Client, &Payload::Binary.bytes(len), TIMES);
    ready(session::extended_events(&stream, extension))
}

/// Receives frames with a reserved bit.
#[must_use]
pub fn decode_marked(len: usize) -> Box<dyn Task> {
    let stream = Stream::repeated(MARKED, From::Client, &Payload::Binary.bytes(len), TIMES);
    ready(ours::decode_marked(&stream))
}

/// Sends frames of this length.
#[must_use]
pub fn sends<F: FnMut(&[u8]) -> u64 + 'static>(len: usize, mut send: F) -> Box<dyn Task> {
    let payload = Payload::Binary.bytes(len);
    // The first call of a kernel asks the processor for its features.
    send(&payload);
    repeated(TIMES, move || send(black_box(&payload)))
}

/// Encodes the headers of frames of this length.
#[must_use]
pub fn header(len: usize) -> Box<dyn Task> {
    let mut header = ours::header();
    repeated(TIMES, move || header(black_box(len)))
}

/// Encodes masked frames.
#[must_use]
pub fn client_frame(len: usize) -> Box<dyn Task> {
    let (mut frame, payload) = (ours::client_frame(len + 14), Payload::Binary.bytes(len));
    repeated(TIMES, move || frame(black_box(&payload)))
}

/// Reads and answers requests.
#[must_use]
pub fn handshake() -> Box<dyn Task> {
    let mut handshake = ours::handshake();
    repeated(TIMES, move || handshake(black_box(REQUEST)))
}
