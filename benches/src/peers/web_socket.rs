//! web-socket: an asynchronous connection.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::memory::{Memory, at_once};
use crate::wire::{From, Stream, look};
use std::hint::black_box;
use web_socket::{Event, WebSocket};

struct Pieces {
    socket: WebSocket<Memory>,
    memory: Memory,
    frames: usize,
    site: usize,
}

impl Pieces {
    fn new(stream: &Stream, piece: usize) -> Pieces {
        let memory = Memory::new(&stream.bytes, piece);
        Pieces {
            socket: match stream.from {
                From::Client => WebSocket::server(memory.clone()),
                From::Server => WebSocket::client(memory.clone()),
            },
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
async fn see<const N: usize>(site: Site<N>, socket: &mut WebSocket<Memory>, frames: usize) -> u64 {
    site.mark();
    let mut seen = 0;
    for _ in 0..frames {
        if let Ok(Event::Data { data, .. } | Event::Ping(data) | Event::Pong(data)) = socket.recv().await {
            seen += look(&data);
        }
    }
    seen
}

struct Answer(Pieces);

/// Reads Pings, and writes their Pongs.
pub fn answer(stream: &Stream) -> Box<dyn Task> {
    Box::new(Answer(Pieces::new(stream, usize::MAX)))
}

impl Task for Answer {
    fn prepare(&mut self) {
        self.0.prepare();
    }

    fn run(&mut self) -> u64 {
        let Pieces { socket, frames, .. } = &mut self.0;
        at_once(async {
            for _ in 0..*frames {
                if let Ok(Event::Ping(payload)) = socket.recv().await {
                    let sent = socket.send_pong(payload).await;
                    debug_assert!(sent.is_ok());
                }
            }
        });
        self.0.memory.written()
    }
}

/// A client's masked frame.
pub fn client_frame(_out: usize) -> impl FnMut(&[u8]) -> u64 {
    let memory = Memory::new(&[], 0);
    let mut socket = WebSocket::client(memory.clone());
    move |payload| {
        memory.rewind();
        let sent = at_once(socket.send(payload));
        debug_assert!(sent.is_ok());
        black_box(memory.written())
    }
}
