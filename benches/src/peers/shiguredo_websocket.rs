//! shiguredo_websocket: a connection that is fed with bytes and polled for events.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::wire::{From, REQUEST, Stream, look};
use shiguredo_websocket::{ConnectionEvent, ServerConnectionOptions, WebSocketServerConnection};

/// The longest message that is read, in bytes.
const LIMIT: usize = 64 << 20;
/// The most that is fed at once, in bytes: after each frame it moves what follows in its buffer to the front.
const FED: usize = 1024;

struct Pieces {
    connection: WebSocketServerConnection,
    stream: Stream,
    piece: usize,
    site: usize,
}

/// Reads a stream; the copy from it is timed.
pub fn decode(stream: &Stream) -> Box<dyn Decoder> {
    pieces(stream, usize::MAX)
}

/// Reads a stream in pieces of this many bytes.
///
/// # Panics
///
/// If the stream is that of a server: a client of it would need its clock.
pub fn pieces(stream: &Stream, piece: usize) -> Box<dyn Decoder> {
    assert_eq!(stream.from, From::Client, "only its server is measured");
    let options = ServerConnectionOptions::new()
        .ping_interval(0)
        .max_frame_size(LIMIT)
        .max_message_size(LIMIT);
    let mut connection = WebSocketServerConnection::new(options);
    let opened = connection
        .feed_recv_buf(REQUEST)
        .and_then(|()| connection.accept_handshake_auto());
    opened.expect("the request is one for a connection");
    while connection.poll_event().is_some() {}
    while connection.poll_output().is_some() {}
    Box::new(Pieces {
        connection,
        stream: stream.clone(),
        piece: piece.min(FED),
        site: 0,
    })
}

impl Task for Pieces {
    fn prepare(&mut self) {}

    fn run(&mut self) -> u64 {
        let mut seen = 0;
        for piece in self.stream.bytes.chunks(self.piece) {
            seen += at_site!(self.site, site => see(site, &mut self.connection, piece));
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

/// It is called from one place for each site, as in a program, so that the decoder is inlined.
#[inline(never)]
fn see<const N: usize>(site: Site<N>, connection: &mut WebSocketServerConnection, piece: &[u8]) -> u64 {
    site.mark();
    let mut seen = 0;
    if connection.feed_recv_buf(piece).is_ok() {
        while let Some(event) = connection.poll_event() {
            seen += match event {
                ConnectionEvent::TextMessage(text) => look(text.as_bytes()),
                ConnectionEvent::BinaryMessage(bytes)
                | ConnectionEvent::Ping(bytes)
                | ConnectionEvent::Pong(bytes) => look(&bytes),
                _ => 0,
            };
        }
    }
    seen
}
