//! wtx: an asynchronous connection that lends frames from its buffer.

use crate::decoding::{Decoder, Site, at_site};
use crate::measure::Task;
use crate::memory::{Memory, at_once};
use crate::wire::{From, Stream, look};
use wtx::collection::Vector;
use wtx::rng::Xorshift64;
use wtx::web_socket::{WebSocketBuffer, WebSocketOwned, WebSocketPayloadOrigin};

type Socket<const IS_CLIENT: bool> = WebSocketOwned<(), Xorshift64, Memory, IS_CLIENT>;

struct Pieces<const IS_CLIENT: bool> {
    socket: Socket<IS_CLIENT>,
    /// What fragments are joined in.
    joined: Vector<u8>,
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
    match stream.from {
        From::Client => reader::<false>(stream, piece),
        From::Server => reader::<true>(stream, piece),
    }
}

fn reader<const IS_CLIENT: bool>(stream: &Stream, piece: usize) -> Box<dyn Decoder> {
    let memory = Memory::new(&stream.bytes, piece);
    let random = Xorshift64::from(wtx::rng::simple_seed());
    Box::new(Pieces {
        socket: Socket::<IS_CLIENT>::new((), false, random, memory.clone(), WebSocketBuffer::new()),
        joined: Vector::new(),
        memory,
        frames: stream.frames,
        site: 0,
    })
}

impl<const IS_CLIENT: bool> Task for Pieces<IS_CLIENT> {
    fn prepare(&mut self) {
        self.memory.rewind();
    }

    fn run(&mut self) -> u64 {
        at_site!(self.site, site => at_once(see(site, &mut self.socket, &mut self.joined, self.frames)))
    }
}

impl<const IS_CLIENT: bool> Decoder for Pieces<IS_CLIENT> {
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
async fn see<const N: usize, const IS_CLIENT: bool>(
    site: Site<N>,
    socket: &mut Socket<IS_CLIENT>,
    joined: &mut Vector<u8>,
    frames: usize,
) -> u64 {
    site.mark();
    let mut seen = 0;
    for _ in 0..frames {
        if let Ok(frame) = socket.read_frame(joined, WebSocketPayloadOrigin::Adaptive).await {
            seen += look(frame.payload());
        }
    }
    seen
}
