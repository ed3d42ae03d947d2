//! nexus-web: a reader that owns its buffer and lends messages from it, and a writer into a slice.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::memory::Memory;
use crate::wire::{From, PIECE, Stream, look};
use nexus_web::ws::{ClientBuilder, FrameReader, FrameWriter, Message, Role};
use std::hint::black_box;

pub use nexus_web::ws::apply_mask as mask;

const fn role(from: From) -> Role {
    match from {
        From::Client => Role::Server,
        From::Server => Role::Client,
    }
}

fn reader(stream: &Stream, capacity: usize) -> FrameReader {
    FrameReader::builder()
        .role(role(stream.from))
        .buffer_capacity(capacity)
        .build()
}

/// Reads until its buffer is empty. Returns what a consumer has seen, and the number of messages.
///
/// It is called from one place for each site, as in a program, so that the decoder is inlined.
#[inline(never)]
fn see<const N: usize>(site: Site<N>, reader: &mut FrameReader) -> (u64, usize) {
    site.mark();
    let (mut seen, mut messages) = (0, 0);
    while let Ok(Some(message)) = reader.next() {
        messages += 1;
        seen += match message {
            Message::Text(text) => look(text.as_bytes()),
            Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => look(bytes),
            Message::Close(_) => 0,
        };
    }
    (seen, messages)
}

struct Decode {
    reader: FrameReader,
    stream: Stream,
    site: usize,
}

/// Reads a stream that is in the reader's buffer.
pub fn decode(stream: &Stream) -> Box<dyn Decoder> {
    Box::new(Decode {
        reader: reader(stream, stream.bytes.len() + 2 * stream.longest),
        stream: stream.clone(),
        site: 0,
    })
}

fn fill(reader: &mut FrameReader, stream: &Stream) {
    reader.reset();
    for piece in stream.bytes.chunks(PIECE) {
        reader.read(piece).expect("the buffer has room for the stream");
    }
}

impl Task for Decode {
    fn prepare(&mut self) {
        fill(&mut self.reader, &self.stream);
    }

    fn run(&mut self) -> u64 {
        at_site!(self.site, site => see(site, &mut self.reader).0)
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

struct Answer {
    reader: FrameReader,
    writer: FrameWriter,
    out: [u8; 256],
    stream: Stream,
}

/// Reads Pings that are in the reader's buffer, and writes their Pongs.
pub fn answer(stream: &Stream) -> Box<dyn Task> {
    Box::new(Answer {
        reader: reader(stream, stream.bytes.len()),
        writer: FrameWriter::new(Role::Server),
        out: [0; 256],
        stream: stream.clone(),
    })
}

impl Task for Answer {
    fn prepare(&mut self) {
        fill(&mut self.reader, &self.stream);
    }

    fn run(&mut self) -> u64 {
        let mut answered = 0;
        while let Ok(Some(message)) = self.reader.next() {
            if let Message::Ping(payload) = message
                && let Ok(len) = self.writer.encode_pong(payload, &mut self.out)
            {
                answered += black_box(&self.out[..len]).len() as u64;
            }
        }
        answered
    }
}

struct Pieces {
    reader: FrameReader,
    memory: Memory,
    frames: usize,
    site: usize,
}

/// Reads a stream in pieces of this many bytes into the reader's buffer.
pub fn pieces(stream: &Stream, piece: usize) -> Box<dyn Decoder> {
    Box::new(Pieces {
        reader: reader(stream, (1 << 20).max(2 * stream.longest)),
        memory: Memory::new(&stream.bytes, piece),
        frames: stream.frames,
        site: 0,
    })
}

impl Task for Pieces {
    fn prepare(&mut self) {
        self.memory.rewind();
    }

    fn run(&mut self) -> u64 {
        let (mut all, mut left) = (0, self.frames);
        while left > 0 && self.reader.read_from(&mut self.memory).is_ok() {
            let (seen, messages) = at_site!(self.site, site => see(site, &mut self.reader));
            all += seen;
            left -= messages;
        }
        all
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
    let mut writer = FrameWriter::new(Role::Server);
    move |len| {
        let (header, _) = writer.build_header(0x82, len);
        black_box(header.as_bytes()).len() as u64
    }
}

/// A client's masked frame.
pub fn client_frame(out: usize) -> impl FnMut(&[u8]) -> u64 {
    let (mut writer, mut out) = (FrameWriter::new(Role::Client), vec![0; out]);
    move |payload| {
        let len = writer.encode_binary(payload, &mut out);
        black_box(&out[..len]).len() as u64
    }
}

/// Reads a browser's request and writes the answer.
pub fn handshake() -> impl FnMut(&[u8]) -> u64 {
    let mut memory: Option<Memory> = None;
    move |request| {
        let memory = memory.get_or_insert_with(|| Memory::new(request, usize::MAX));
        memory.rewind();
        let accepted = ClientBuilder::new()
            .buffer_capacity(4096)
            .write_buffer_capacity(4096)
            .accept(memory.clone());
        if accepted.is_ok() { request.len() as u64 } else { 0 }
    }
}
