//! websocketz: an asynchronous connection over the caller's buffers, which lends messages from them.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::memory::{Memory, at_once};
use crate::wire::{From, Stream, look};
use websocketz::mock::Noop;
use websocketz::{Message, WebSocket, next};

/// It draws no masking key here.
type Socket = WebSocket<'static, Memory, Noop>;

struct Pieces {
    socket: Socket,
    memory: Memory,
    frames: usize,
    site: usize,
}

/// Reads a stream; the copy from it is timed.
pub fn decode(stream: &Stream) -> Box<dyn Decoder> {
    pieces(stream, usize::MAX)
}

/// Reads a stream in pieces of this many bytes.
pub fn pieces(stream: &Stream, piece: usize) -> Box<dyn Decoder> {
    let memory = Memory::new(&stream.bytes, piece);
    // The buffers are never freed, since the connection borrows them.
    let buffer = || vec![0; (2 * stream.longest).max(64 << 10)].leak();
    let socket = match stream.from {
        From::Client => WebSocket::server(memory.clone(), Noop, buffer(), buffer(), buffer()),
        From::Server => WebSocket::client(memory.clone(), Noop, buffer(), buffer(), buffer()),
    };
    Box::new(Pieces {
        socket,
        memory,
        frames: stream.frames,
        site: 0,
    })
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
async fn see<const N: usize>(site: Site<N>, socket: &mut Socket, frames: usize) -> u64 {
    site.mark();
    let mut seen = 0;
    for _ in 0..frames {
        seen += match next!(socket) {
            Some(Ok(Message::Text(text))) => look(text.as_bytes()),
            Some(Ok(Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes))) => look(bytes),
            _ => 0,
        };
    }
    seen
}
