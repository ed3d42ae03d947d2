//! Inflaters, each with the largest window and for messages of which each is compressed alone.

use super::TAIL;
use crate::ours;
use crate::peers::versioned;
use bareframe_deflate::{Compact, Fast, Inflater, Size, Step, WindowBits};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use std::hint::black_box;
use zlib_rs::InflateFlush;

/// The most that a message has, in bytes.
const LONGEST: usize = 65_536;

/// Inflates one message after the other.
pub trait Inflate {
    /// Inflates a payload with its tail, and returns the length of the message.
    fn inflate(&mut self, payload: &[u8]) -> usize;

    /// Returns the length of its buffer for a whole message, which its caller would have.
    fn beside(&self) -> usize {
        0
    }
}

/// An inflater by its name.
pub(super) type NamedInflate = (String, Box<dyn Inflate>);

/// The smaller one of ours, which is beside the others' memory and not beside their speed.
pub const COMPACT: &str = "compact";

/// Creates ours and the others, in the order of the columns.
pub fn inflaters() -> Vec<NamedInflate> {
    vec![
        (ours::name(), Box::new(Ours::<Fast>::new())),
        (COMPACT.to_owned(), Box::new(Ours::<Compact>::new())),
        (versioned("zlib-rs"), Box::new(Zlib::new())),
        (versioned("miniz_oxide"), Box::new(Miniz::new())),
    ]
}

struct Ours<T> {
    inflater: Inflater<T>,
    window: Vec<u8>,
}

impl<T: Size> Ours<T> {
    fn new() -> Ours<T> {
        Ours {
            inflater: Inflater::new(WindowBits::MAX).with_context_takeover(false),
            window: vec![0; WindowBits::MAX.size() + Fast::SPARE],
        }
    }
}

impl<T: Size> Inflate for Ours<T> {
    fn inflate(&mut self, payload: &[u8]) -> usize {
        // Ours adds the tail by itself.
        let mut input = &payload[..payload.len() - TAIL.len()];
        let mut len = 0;
        while let Ok(Step::Output(range)) = self.inflater.inflate(&mut self.window, &mut input, true) {
            len += black_box(&self.window[range]).len();
        }
        len
    }
}

struct Zlib {
    stream: zlib_rs::Inflate,
    out: Vec<u8>,
}

impl Zlib {
    fn new() -> Zlib {
        Zlib {
            stream: zlib_rs::Inflate::new(false, 15),
            out: vec![0; LONGEST],
        }
    }
}

impl Inflate for Zlib {
    fn inflate(&mut self, payload: &[u8]) -> usize {
        self.stream.reset(false);
        self.stream
            .decompress(payload, &mut self.out, InflateFlush::SyncFlush)
            .expect("a payload can be inflated");
        self.stream.total_out() as usize
    }

    fn beside(&self) -> usize {
        self.out.len()
    }
}

struct Miniz {
    decompressor: Box<DecompressorOxide>,
    out: Vec<u8>,
}

impl Miniz {
    fn new() -> Miniz {
        Miniz {
            decompressor: Box::default(),
            out: vec![0; LONGEST],
        }
    }
}

impl Inflate for Miniz {
    fn inflate(&mut self, payload: &[u8]) -> usize {
        self.decompressor.init();
        let flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT
            | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        decompress(&mut self.decompressor, payload, &mut self.out, 0, flags).2
    }

    fn beside(&self) -> usize {
        self.out.len()
    }
}
