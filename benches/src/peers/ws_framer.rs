//! ws-framer: a receiver that owns a buffer and moves it up, and a sender into another.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::wire::{Stream, look};
use std::hint::black_box;
use ws_framer::{Header, WsFrame, WsRxFramer, WsTxFramer, process_sec_websocket_key};

struct Pieces {
    buffer: Vec<u8>,
    stream: Stream,
    piece: usize,
    site: usize,
}

/// Reads a stream; the copy from it is timed. Its buffer holds one frame, because it moves the following bytes to the
/// front after each.
pub fn decode(stream: &Stream) -> Box<dyn Decoder> {
    pieces(stream, usize::MAX)
}

/// Reads a stream in pieces of this many bytes.
pub fn pieces(stream: &Stream, piece: usize) -> Box<dyn Decoder> {
    Box::new(Pieces {
        buffer: vec![0; (stream.longest + 14).max(64)],
        stream: stream.clone(),
        piece,
        site: 0,
    })
}

impl Pieces {
    #[inline(always)]
    fn each<const N: usize>(&mut self, site: Site<N>, mut consume: impl FnMut(WsFrame<'_>)) {
        site.mark();
        let mut framer = WsRxFramer::new(&mut self.buffer);
        let mut left = &self.stream.bytes[..];
        while !left.is_empty() {
            let room = framer.read_buf();
            let len = room.len().min(self.piece).min(left.len());
            let (piece, rest) = left.split_at(len);
            room[..len].copy_from_slice(piece);
            left = rest;
            framer.advance(len);
            while let Some(Ok(frame)) = framer.next_frame() {
                consume(frame);
            }
        }
    }
}

impl Task for Pieces {
    fn prepare(&mut self) {}

    fn run(&mut self) -> u64 {
        at_site!(self.site, site => see(site, self))
    }
}

/// It is called from one place for each site, as in a program, so that the decoder is inlined.
#[inline(never)]
fn see<const N: usize>(site: Site<N>, pieces: &mut Pieces) -> u64 {
    let mut seen = 0;
    pieces.each(site, |frame| seen += look(frame.data()));
    seen
}

impl Decoder for Pieces {
    fn set_site(&mut self, site: usize) {
        self.site = site;
    }

    fn set_stream(&mut self, stream: &Stream) {
        self.stream = stream.clone();
    }
}

struct Answer(Pieces);

/// Reads Pings, and writes their Pongs.
pub fn answer(stream: &Stream) -> Box<dyn Task> {
    Box::new(Answer(Pieces {
        buffer: vec![0; (stream.longest + 14).max(64)],
        stream: stream.clone(),
        piece: usize::MAX,
        site: 0,
    }))
}

impl Task for Answer {
    fn prepare(&mut self) {}

    fn run(&mut self) -> u64 {
        let (mut answered, mut out) = (0, [0; 256]);
        let mut sender = WsTxFramer::new(false, &mut out);
        self.0.each(Site::<0>, |frame| {
            if let WsFrame::Ping(payload) = frame {
                answered += sender
                    .pong(payload)
                    .map_or(0, |pong| black_box(pong).len() as u64);
            }
        });
        answered
    }
}

/// A client's masked frame.
pub fn client_frame(out: usize) -> impl FnMut(&[u8]) -> u64 {
    let mut out = vec![0; out];
    move |payload| {
        let mut sender = WsTxFramer::new(true, &mut out);
        sender
            .binary(payload)
            .map_or(0, |frame| black_box(frame).len() as u64)
    }
}

/// Reads a browser's request and writes the answer, as its example does with httparse.
pub fn handshake() -> impl FnMut(&[u8]) -> u64 {
    let mut out = vec![0; 512];
    move |bytes| {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut request = httparse::Request::new(&mut headers);
        let Ok(httparse::Status::Complete(head_len)) = request.parse(bytes) else {
            return 0;
        };
        let is_key = |header: &&mut Header<'_>| header.name.eq_ignore_ascii_case("Sec-WebSocket-Key");
        let key = request.headers.iter_mut().find(is_key);
        let accept = key
            .and_then(|header| std::str::from_utf8(header.value).ok())
            .and_then(process_sec_websocket_key);
        let Some(accept) = accept else {
            return 0;
        };
        let header = |name, value| Header { name, value };
        let answer = [
            header("Upgrade", b"websocket"),
            header("Connection", b"upgrade"),
            header("Sec-WebSocket-Accept", &accept),
        ];
        let mut sender = WsTxFramer::new(false, &mut out);
        black_box(sender.http_response(101, "Switching Protocols", &answer));
        head_len as u64
    }
}
