//! fastwebsockets: an asynchronous connection.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::memory::{Memory, at_once};
use crate::wire::{From, Stream, look};
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket};
use std::hint::black_box;

pub use fastwebsockets::unmask as mask;

struct Pieces {
    socket: FragmentCollector<Memory>,
    memory: Memory,
    frames: usize,
    site: usize,
}

impl Pieces {
    fn new(stream: &Stream, piece: usize) -> Pieces {
        let role = match stream.from {
            From::Client => Role::Server,
            From::Server => Role::Client,
        };
        let memory = Memory::new(&stream.bytes, piece);
        Pieces {
            socket: FragmentCollector::new(WebSocket::after_handshake(memory.clone(), role)),
            memory,
            frames: stream.frames,
            site: 0,
        }
    }
}

/// Reads a stream; the copy from it is timed.
pub fn decode(stream: &Stream) -> Box<dyn Decoder> {
    Box::new(Pieces::new(stream, usize::MAX))
}

/// Reads a stream in pieces of this many bytes.
pub fn pieces(stream: &Stream, piece: usize) -> Box<dyn Decoder> {
    Box::new(Pieces::new(stream, piece))
}

impl Task for Pieces {
    fn prepare(&mut self) {
        self.memory.rewind();
    }

    fn run(&mut self) -> u64 {
        at_site!(self.site, site => at_once(see(site, &mut self.socket, self.frames)))
    }
}

impl Decoder for Pieces {
    fn set_site(&mut self, site: usize) {
        self.site = site;
    }

    fn set_stream(&mut self, stream: &Stream) {
        self.memory.replace(&stream.bytes);
        self.frames = stream.frames;
    }
}

/// It is called from one place for each site, as in a program, so that the decoder is inlined.
#[inline(always)]
async fn see<const N: usize>(site: Site<N>, socket: &mut FragmentCollector<Memory>, frames: usize) -> u64 {
    site.mark();
    let mut seen = 0;
    for _ in 0..frames {
        if let Ok(frame) = socket.read_frame().await {
            seen += look(&frame.payload);
        }
    }
    seen
}

struct Answer(Pieces);

/// Reads Pings; it answers by itself and returns only the message after them.
pub fn answer(stream: &Stream) -> Box<dyn Task> {
    let mut pieces = Pieces::new(stream, usize::MAX);
    pieces.frames = 1;
    Box::new(Answer(pieces))
}

impl Task for Answer {
    fn prepare(&mut self) {
        self.0.prepare();
    }

    fn run(&mut self) -> u64 {
        black_box(self.0.run());
        self.0.memory.written()
    }
}

/// A server's header for a payload of this many bytes.
pub fn header() -> impl FnMut(usize) -> u64 {
    let (payload, mut out) = (vec![0; 1 << 16], [0; 16]);
    move |len| {
        let mut frame = Frame::new(true, OpCode::Binary, None, Payload::Borrowed(&payload[..len]));
        let len = frame.fmt_head(&mut out);
        black_box(&out[..len]).len() as u64
    }
}

/// A client's masked frame.
pub fn client_frame(out: usize) -> impl FnMut(&[u8]) -> u64 {
    let mut out = vec![0; out];
    move |payload| {
        let mut frame = Frame::new(true, OpCode::Binary, None, Payload::Borrowed(payload));
        frame.mask();
        black_box(frame.write(&mut out)).len() as u64
    }
}
