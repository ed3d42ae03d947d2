//! yawc: an asynchronous connection.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::memory::{Memory, at_once};
use crate::wire::{From, Stream, look};
use yawc::{Options, Role, WebSocket};

pub use yawc::mask::apply_mask as mask;

/// The longest message that is read, in bytes.
const LIMIT: usize = 64 << 20;
/// What its own benchmark reads at once, in bytes.
const READ: usize = 128 << 10;

struct Pieces {
    socket: WebSocket<Memory>,
    memory: Memory,
    frames: usize,
    site: usize,
}

/// Reads a stream; the copy from it is timed.
pub fn decode(stream: &Stream) -> Box<dyn Decoder> {
    pieces(stream, usize::MAX)
}

/// Reads a stream in pieces of this many bytes, with the settings of its own benchmark and validation of text.
pub fn pieces(stream: &Stream, piece: usize) -> Box<dyn Decoder> {
    let memory = Memory::new(&stream.bytes, piece);
    let role = match stream.from {
        From::Client => Role::Server,
        From::Server => Role::Client,
    };
    let options = Options::default()
        .with_limits(LIMIT, LIMIT)
        .with_read_buffer_capacity(READ)
        .with_utf8();
    let socket = WebSocket::from_stream(memory.clone(), role, options);
    Box::new(Pieces {
        socket: socket.expect("no extension is negotiated"),
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
async fn see<const N: usize>(site: Site<N>, socket: &mut WebSocket<Memory>, frames: usize) -> u64 {
    site.mark();
    let mut seen = 0;
    for _ in 0..frames {
        if let Ok(frame) = socket.next_frame().await {
            seen += look(frame.payload());
        }
    }
    seen
}
