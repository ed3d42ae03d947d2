//! tokio-websockets: an asynchronous connection, a stream and a sink of messages.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::memory::{Memory, at_once};
use crate::wire::{From, Stream, look};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use std::hint::black_box;
use tokio_websockets::{ClientBuilder, Config, Limits, Message, ServerBuilder, WebSocketStream};

fn socket(memory: Memory, from: From) -> WebSocketStream<Memory> {
    let config = Config::default().frame_size(usize::MAX);
    match from {
        From::Client => ServerBuilder::new()
            .config(config)
            .limits(Limits::unlimited())
            .serve(memory),
        From::Server => ClientBuilder::new()
            .config(config)
            .limits(Limits::unlimited())
            .take_over(memory),
    }
}

struct Pieces {
    socket: WebSocketStream<Memory>,
    memory: Memory,
    frames: usize,
    site: usize,
}

impl Pieces {
    fn new(stream: &Stream, piece: usize) -> Pieces {
        let memory = Memory::new(&stream.bytes, piece);
        Pieces {
            socket: socket(memory.clone(), stream.from),
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
async fn see<const N: usize>(site: Site<N>, socket: &mut WebSocketStream<Memory>, frames: usize) -> u64 {
    site.mark();
    let mut seen = 0;
    for _ in 0..frames {
        if let Some(Ok(message)) = socket.next().await {
            seen += look(message.as_payload());
        }
    }
    seen
}

struct Answer(Pieces);

/// Reads Pings; it answers by itself.
pub fn answer(stream: &Stream) -> Box<dyn Task> {
    Box::new(Answer(Pieces::new(stream, usize::MAX)))
}

impl Task for Answer {
    fn prepare(&mut self) {
        self.0.prepare();
    }

    fn run(&mut self) -> u64 {
        black_box(self.0.run());
        let flushed = at_once(self.0.socket.flush());
        debug_assert!(flushed.is_ok());
        self.0.memory.written()
    }
}

/// A client's masked frame.
pub fn client_frame(_out: usize) -> impl FnMut(&[u8]) -> u64 {
    let memory = Memory::new(&[], 0);
    let mut socket = socket(memory.clone(), From::Server);
    move |payload| {
        memory.rewind();
        let sent = at_once(socket.send(Message::binary(Bytes::copy_from_slice(payload))));
        debug_assert!(sent.is_ok());
        memory.written()
    }
}

/// Reads a browser's request and writes the answer.
pub fn handshake() -> impl FnMut(&[u8]) -> u64 {
    let mut memory: Option<Memory> = None;
    move |request| {
        let memory = memory.get_or_insert_with(|| Memory::new(request, usize::MAX));
        memory.rewind();
        let accepted = at_once(ServerBuilder::new().accept(memory.clone()));
        if accepted.is_ok() { request.len() as u64 } else { 0 }
    }
}
