//! tungstenite: a blocking connection over `Read + Write`.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::memory::Memory;
use crate::wire::{From, Stream, look};
use std::hint::black_box;
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{Request, create_response, write_response};
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::{Bytes, Message, WebSocket};

const fn role(from: From) -> Role {
    match from {
        From::Client => Role::Server,
        From::Server => Role::Client,
    }
}

/// It is called from one place for each site, as in a program, so that the decoder is inlined.
#[inline(never)]
fn see<const N: usize>(site: Site<N>, socket: &mut WebSocket<Memory>, frames: usize) -> u64 {
    site.mark();
    let mut seen = 0;
    for _ in 0..frames {
        seen += match socket.read() {
            Ok(Message::Text(text)) => look(text.as_str().as_bytes()),
            Ok(Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes)) => look(&bytes),
            _ => 0,
        };
    }
    seen
}

struct Decode {
    role: Role,
    socket: Option<WebSocket<Memory>>,
    stream: Stream,
    site: usize,
}

/// Reads a stream that came with the handshake, so that nothing is copied.
pub fn decode(stream: &Stream) -> Box<dyn Decoder> {
    Box::new(Decode {
        role: role(stream.from),
        socket: None,
        stream: stream.clone(),
        site: 0,
    })
}

impl Task for Decode {
    fn prepare(&mut self) {
        let nothing = Memory::new(&[], 0);
        let bytes = self.stream.bytes.clone();
        self.socket = Some(WebSocket::from_partially_read(nothing, bytes, self.role, None));
    }

    fn run(&mut self) -> u64 {
        match &mut self.socket {
            Some(socket) => at_site!(self.site, site => see(site, socket, self.stream.frames)),
            None => 0,
        }
    }
}

impl Decoder for Decode {
    fn set_site(&mut self, site: usize) {
        self.site = site;
    }

    fn set_stream(&mut self, stream: &Stream) {
        self.stream = stream.clone();
    }
}

struct Answer(Decode);

/// Reads Pings that came with the handshake; it answers by itself.
pub fn answer(stream: &Stream) -> Box<dyn Task> {
    Box::new(Answer(Decode {
        role: Role::Server,
        socket: None,
        stream: stream.clone(),
        site: 0,
    }))
}

impl Task for Answer {
    fn prepare(&mut self) {
        self.0.prepare();
    }

    fn run(&mut self) -> u64 {
        let Some(socket) = &mut self.0.socket else {
            return 0;
        };
        black_box(see(Site::<0>, socket, self.0.stream.frames));
        let flushed = socket.flush();
        debug_assert!(flushed.is_ok());
        socket.get_ref().written()
    }
}

struct Pieces {
    socket: WebSocket<Memory>,
    memory: Memory,
    frames: usize,
    site: usize,
}

/// Reads a stream in pieces of this many bytes.
pub fn pieces(stream: &Stream, piece: usize) -> Box<dyn Decoder> {
    let memory = Memory::new(&stream.bytes, piece);
    Box::new(Pieces {
        socket: WebSocket::from_raw_socket(memory.clone(), Role::Server, None),
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
        at_site!(self.site, site => see(site, &mut self.socket, self.frames))
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

/// A server's header for a payload of this many bytes.
pub fn header() -> impl FnMut(usize) -> u64 {
    let mut out = Vec::with_capacity(64);
    move |len| {
        out.clear();
        let header = FrameHeader {
            opcode: OpCode::Data(Data::Binary),
            ..FrameHeader::default()
        };
        let written = header.format(len as u64, &mut out);
        debug_assert!(written.is_ok());
        black_box(&out[..]).len() as u64
    }
}

/// A client's masked frame.
pub fn client_frame(out: usize) -> impl FnMut(&[u8]) -> u64 {
    let memory = Memory::new(&[], 0);
    let mut socket = WebSocket::from_raw_socket(memory.clone(), Role::Client, None);
    let mut shared = Bytes::new();
    move |payload| {
        // A message owns its payload; this one shares it, so that nothing is copied needlessly.
        if shared.len() != payload.len() {
            shared = Bytes::copy_from_slice(payload);
        }
        memory.rewind();
        let sent = socket.send(Message::Binary(shared.clone()));
        debug_assert!(sent.is_ok() && memory.written() <= out as u64);
        memory.written()
    }
}

/// Reads a browser's request and writes the answer.
pub fn handshake() -> impl FnMut(&[u8]) -> u64 {
    let mut out = Vec::with_capacity(512);
    move |bytes| {
        let Ok(Some((head_len, request))) = Request::try_parse(bytes) else {
            return 0;
        };
        let Ok(response) = create_response(&request) else {
            return 0;
        };
        out.clear();
        if write_response(&mut out, &response).is_err() {
            return 0;
        }
        black_box(&out[..]);
        head_len as u64
    }
}
