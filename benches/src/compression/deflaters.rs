//! Compressors, each with the largest window.

use super::TAIL;
use crate::ours;
use crate::peers::versioned;
use bareframe_deflate::{DeflateStep, Deflater, Level, WindowBits};
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress, create_comp_flags_from_zip_params};
use zlib_rs::DeflateFlush;

/// How many heads ours has for a server, as its documentation says.
const HEADS: usize = 4096;
/// How many tokens.
const TOKENS: usize = 8192;

/// Compresses one message after the other.
pub trait Deflate {
    /// Compresses a message, and returns the length of its payload.
    fn deflate(&mut self, message: &[u8], out: &mut [u8]) -> usize;
}

/// How hard a compressor tries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effort {
    /// Ours is `greedy`, the others' level is 1.
    Fast,
    /// Ours is `best`, the others' level is 6.
    Best,
}

/// A compressor by its name.
pub(super) type NamedDeflate = (String, Box<dyn Deflate>);

/// Creates ours and the others, in the order of the columns.
pub fn deflaters(effort: Effort, takeover: bool) -> Vec<NamedDeflate> {
    vec![
        (ours::name(), bareframe(effort, takeover)),
        (versioned("zlib-rs"), Box::new(Zlib::new(effort, takeover))),
        (versioned("miniz_oxide"), Box::new(Miniz::new(effort, takeover))),
    ]
}

fn bareframe(effort: Effort, takeover: bool) -> Box<dyn Deflate> {
    let bits = WindowBits::MAX;
    let size = bits.size();
    let memory = "the memory is what the documentation says";
    match effort {
        Effort::Fast => {
            let deflater = Deflater::greedy(bits, vec![0; 2 * size], vec![0; HEADS]).expect(memory);
            Box::new(deflater.with_context_takeover(takeover))
        }
        Effort::Best => {
            let (heads, links) = (vec![0; size], vec![0; size]);
            let deflater =
                Deflater::best(bits, vec![0; 2 * size], heads, links, vec![0; TOKENS]).expect(memory);
            Box::new(deflater.with_context_takeover(takeover))
        }
    }
}

impl<L: Level> Deflate for Deflater<L> {
    fn deflate(&mut self, message: &[u8], out: &mut [u8]) -> usize {
        match Deflater::deflate(self, &mut &*message, out, true) {
            DeflateStep::MessageEnd(len) => len,
            step => panic!("{step:?}"),
        }
    }
}

struct Zlib {
    stream: zlib_rs::Deflate,
    takeover: bool,
}

impl Zlib {
    fn new(effort: Effort, takeover: bool) -> Zlib {
        Zlib {
            stream: zlib_rs::Deflate::new(level(effort).into(), false, 15),
            takeover,
        }
    }
}

impl Deflate for Zlib {
    fn deflate(&mut self, message: &[u8], out: &mut [u8]) -> usize {
        if !self.takeover {
            self.stream.reset();
        }
        let before = self.stream.total_out();
        self.stream
            .compress(message, out, DeflateFlush::SyncFlush)
            .expect("a message can be compressed");
        (self.stream.total_out() - before) as usize - TAIL.len()
    }
}

struct Miniz {
    compressor: Box<CompressorOxide>,
    takeover: bool,
}

impl Miniz {
    fn new(effort: Effort, takeover: bool) -> Miniz {
        // A window of 32 KiB without a header, and no strategy of its own.
        let flags = create_comp_flags_from_zip_params(level(effort).into(), -15, 0);
        Miniz {
            compressor: Box::new(CompressorOxide::new(flags)),
            takeover,
        }
    }
}

impl Deflate for Miniz {
    fn deflate(&mut self, message: &[u8], out: &mut [u8]) -> usize {
        if !self.takeover {
            self.compressor.reset();
        }
        let (_, _, len) = compress(&mut self.compressor, message, out, TDEFLFlush::Sync);
        len - TAIL.len()
    }
}

const fn level(effort: Effort) -> u8 {
    match effort {
        Effort::Fast => 1,
        Effort::Best => 6,
    }
}
