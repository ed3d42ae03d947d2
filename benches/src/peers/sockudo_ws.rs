//! sockudo-ws: a protocol that splits messages off a `BytesMut`.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::wire::{From, PIECE, Stream, look};
use bytes::BytesMut;
use sockudo_ws::frame::{OpCode, encode_frame, encode_frame_header};
use sockudo_ws::handshake::{build_response, generate_accept_key, parse_request};
use sockudo_ws::mask::generate_mask;
use sockudo_ws::protocol::{Message, Protocol, Role};
use std::hint::black_box;

pub use sockudo_ws::simd::apply_mask as mask;

const LIMIT: usize = 64 << 20;

const fn role(from: From) -> Role {
    match from {
        From::Client => Role::Server,
        From::Server => Role::Client,
    }
}

struct Decode {
    protocol: Protocol,
    buffer: BytesMut,
    messages: Vec<Message>,
    stream: Stream,
    site: usize,
}

impl Decode {
    fn new(stream: &Stream, capacity: usize) -> Decode {
        Decode {
            protocol: Protocol::new(role(stream.from), LIMIT, LIMIT),
            buffer: BytesMut::with_capacity(capacity),
            messages: Vec::with_capacity(2 * stream.frames),
            stream: stream.clone(),
            site: 0,
        }
    }

    fn fill(&mut self) {
        self.messages.clear();
        self.buffer.clear();
        self.buffer.reserve(self.stream.bytes.len());
        for piece in self.stream.bytes.chunks(PIECE) {
            self.buffer.extend_from_slice(piece);
        }
    }
}

/// It is called from one place for each site, as in a program, so that the decoder is inlined.
#[inline(never)]
fn process<const N: usize>(
    site: Site<N>,
    protocol: &mut Protocol,
    buffer: &mut BytesMut,
    messages: &mut Vec<Message>,
) {
    site.mark();
    let processed = protocol.process_into(buffer, messages);
    debug_assert!(processed.is_ok());
}

/// Reads a stream that is in one buffer, into a list of messages that is used again.
pub fn decode(stream: &Stream) -> Box<dyn Decoder> {
    Box::new(Decode::new(stream, stream.bytes.len()))
}

impl Task for Decode {
    fn prepare(&mut self) {
        self.fill();
    }

    fn run(&mut self) -> u64 {
        at_site!(self.site, site => process(site, &mut self.protocol, &mut self.buffer, &mut self.messages));
        let messages = self.messages.drain(..);
        messages.map(|message| look(message.as_bytes())).sum()
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
    decode: Decode,
    out: BytesMut,
}

/// Reads Pings that are in one buffer, and writes their Pongs.
pub fn answer(stream: &Stream) -> Box<dyn Task> {
    Box::new(Answer {
        decode: Decode::new(stream, stream.bytes.len()),
        out: BytesMut::with_capacity(256),
    })
}

impl Task for Answer {
    fn prepare(&mut self) {
        self.decode.fill();
    }

    fn run(&mut self) -> u64 {
        let Decode {
            protocol,
            buffer,
            messages,
            ..
        } = &mut self.decode;
        process(Site::<0>, protocol, buffer, messages);
        let mut answered = 0;
        for message in messages.drain(..) {
            if let Message::Ping(payload) = message {
                self.out.clear();
                protocol.encode_pong(&payload, &mut self.out);
                answered += black_box(&self.out[..]).len() as u64;
            }
        }
        answered
    }
}

struct Pieces {
    decode: Decode,
    piece: usize,
}

/// Reads a stream in pieces of this many bytes.
pub fn pieces(stream: &Stream, piece: usize) -> Box<dyn Decoder> {
    let decode = Decode::new(stream, 64 << 10);
    Box::new(Pieces { decode, piece })
}

impl Task for Pieces {
    fn prepare(&mut self) {}

    fn run(&mut self) -> u64 {
        let Decode {
            protocol,
            buffer,
            messages,
            stream,
            site: number,
        } = &mut self.decode;
        let mut seen = 0;
        for piece in stream.bytes.chunks(self.piece) {
            buffer.extend_from_slice(piece);
            at_site!(*number, site => process(site, protocol, buffer, messages));
            let messages = messages.drain(..);
            seen += messages.map(|message| look(message.as_bytes())).sum::<u64>();
        }
        seen
    }
}

impl Decoder for Pieces {
    fn set_site(&mut self, site: usize) {
        self.decode.set_site(site);
    }

    fn set_stream(&mut self, stream: &Stream) {
        self.decode.set_stream(stream);
    }
}

/// A server's header for a payload of this many bytes.
pub fn header() -> impl FnMut(usize) -> u64 {
    let mut out = BytesMut::with_capacity(64);
    move |len| {
        out.clear();
        encode_frame_header(&mut out, OpCode::Binary, len, true, None);
        black_box(&out[..]).len() as u64
    }
}

/// A client's masked frame.
pub fn client_frame(out: usize) -> impl FnMut(&[u8]) -> u64 {
    let mut out = BytesMut::with_capacity(out);
    move |payload| {
        out.clear();
        encode_frame(&mut out, OpCode::Binary, payload, true, Some(generate_mask()));
        black_box(&out[..]).len() as u64
    }
}

/// Reads a browser's request and writes the answer.
pub fn handshake() -> impl FnMut(&[u8]) -> u64 {
    |bytes| {
        let Ok(Some((request, head_len))) = parse_request(bytes) else {
            return 0;
        };
        let accept = generate_accept_key(request.key);
        black_box(&build_response(&accept, None, None)[..]);
        head_len as u64
    }
}
