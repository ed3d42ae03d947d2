//! websocket-sans-io: frames only, in place; the caller joins messages and validates text.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::wire::{KEY, Stream};
use std::hint::black_box;
use websocket_sans_io::{
    FrameInfo, Opcode, WebsocketFrameDecoder, WebsocketFrameEncoder, WebsocketFrameEvent,
};

/// Masks or unmasks in place.
#[inline]
pub fn mask(bytes: &mut [u8], key: [u8; 4]) {
    websocket_sans_io::apply_mask(key, bytes, 0);
}

struct Pieces {
    decoder: WebsocketFrameDecoder,
    stream: Stream,
    buffer: Vec<u8>,
    piece: usize,
    site: usize,
}

/// Reads a stream that is in one buffer.
pub fn decode(stream: &Stream) -> Box<dyn Decoder> {
    Box::new(WholeBuffer(new(stream, stream.bytes.len())))
}

/// Reads a stream in pieces of this many bytes.
pub fn pieces(stream: &Stream, piece: usize) -> Box<dyn Decoder> {
    Box::new(new(stream, piece))
}

fn new(stream: &Stream, piece: usize) -> Pieces {
    Pieces {
        decoder: WebsocketFrameDecoder::new(),
        stream: stream.clone(),
        buffer: vec![0; piece],
        piece,
        site: 0,
    }
}

/// Reads all of one buffer. It is called from one place for each site, as in a program, so that the decoder is inlined.
#[inline(never)]
fn see<const N: usize>(
    site: Site<N>,
    decoder: &mut WebsocketFrameDecoder,
    buffer: &mut [u8],
    first: &mut bool,
) -> u64 {
    site.mark();
    let (mut seen, mut at) = (0, 0);
    loop {
        let rest = &mut buffer[at..];
        let Ok(added) = decoder.add_data(rest);
        match added.event {
            Some(WebsocketFrameEvent::Start { .. }) => *first = true,
            Some(WebsocketFrameEvent::PayloadChunk { .. }) => {
                let payload = &rest[..added.consumed_bytes];
                seen += payload.len() as u64;
                if std::mem::take(first) {
                    seen += u64::from(payload.first().copied().unwrap_or(0));
                }
            }
            Some(WebsocketFrameEvent::End { .. }) => {}
            None if added.consumed_bytes == 0 => return seen,
            None => {}
        }
        at += added.consumed_bytes;
    }
}

struct WholeBuffer(Pieces);

impl Task for WholeBuffer {
    fn prepare(&mut self) {
        self.0.stream.fill(&mut self.0.buffer);
    }

    fn run(&mut self) -> u64 {
        let Pieces {
            decoder,
            buffer,
            site,
            ..
        } = &mut self.0;
        at_site!(*site, site => see(site, decoder, buffer, &mut false))
    }
}

impl Decoder for WholeBuffer {
    fn set_site(&mut self, site: usize) {
        self.0.set_site(site);
    }

    fn set_stream(&mut self, stream: &Stream) {
        self.0.set_stream(stream);
        self.0.buffer.resize(stream.bytes.len(), 0);
    }
}

impl Task for Pieces {
    fn prepare(&mut self) {}

    fn run(&mut self) -> u64 {
        let (mut seen, mut first) = (0, false);
        for piece in self.stream.bytes.chunks(self.piece) {
            let buffer = &mut self.buffer[..piece.len()];
            buffer.copy_from_slice(piece);
            seen += at_site!(self.site, site => see(site, &mut self.decoder, buffer, &mut first));
        }
        seen
    }
}

impl Decoder for Pieces {
    fn set_site(&mut self, site: usize) {
        self.site = site;
    }

    fn set_stream(&mut self, stream: &Stream) {
        self.stream = stream.clone();
    }
}

/// A server's header for a payload of this many bytes.
pub fn header() -> impl FnMut(usize) -> u64 {
    let mut encoder = WebsocketFrameEncoder::new();
    move |len| {
        let header = encoder.start_frame(&info(len, None));
        black_box(&header[..]).len() as u64
    }
}

/// A client's masked frame. The caller brings the key; it is always the same here.
pub fn client_frame(out: usize) -> impl FnMut(&[u8]) -> u64 {
    let (mut encoder, mut out) = (WebsocketFrameEncoder::new(), Vec::with_capacity(out));
    move |payload| {
        out.clear();
        out.extend_from_slice(&encoder.start_frame(&info(payload.len(), Some(black_box(KEY)))));
        let header_len = out.len();
        out.extend_from_slice(payload);
        encoder.transform_frame_payload(&mut out[header_len..]);
        black_box(&out[..]).len() as u64
    }
}

const fn info(len: usize, mask: Option<[u8; 4]>) -> FrameInfo {
    FrameInfo {
        opcode: Opcode::Binary,
        payload_length: len as u64,
        mask,
        fin: true,
        reserved: 0,
    }
}
