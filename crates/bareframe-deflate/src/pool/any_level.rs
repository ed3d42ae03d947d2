//! AnyLevel: a level that is chosen when the program runs.

use super::vec_of;
use crate::deflate::{Encode, History, MemoryTooSmall, Output, Run};
use crate::{Best, CompressionLevel, Deflater, Greedy, Level, WindowBits};
use std::boxed::Box;

/// The level of a [`CompressionLevel`], in memory of its own: what [`DeflatePool`](crate::DeflatePool) has.
#[derive(Debug)]
pub struct AnyLevel(Kind);

#[derive(Debug)]
enum Kind {
    Greedy(Greedy<Box<[u8]>, Box<[u16]>>),
    Best(Box<BoxedBest>),
}

type BoxedBest = Best<Box<[u8]>, Box<[u16]>, Box<[u16]>, Box<[u32]>>;

/// More heads would find few matches more.
const HEADS: usize = 8192;
const TOKENS: usize = 8192;

impl AnyLevel {
    /// Creates a deflater of this level.
    pub(super) fn deflater(
        window_bits: WindowBits,
        level: CompressionLevel,
    ) -> Result<Deflater<AnyLevel>, MemoryTooSmall> {
        let size = window_bits.size();
        let buffer = vec_of(size.saturating_mul(2));
        let kind = match level {
            CompressionLevel::Fast => Kind::Greedy(Greedy::new(size, buffer, vec_of(size.min(HEADS)))?),
            CompressionLevel::Best => {
                let best = Best::new(size, buffer, vec_of(size), vec_of(size), vec_of(TOKENS))?;
                Kind::Best(Box::new(best))
            }
        };
        Ok(Deflater::new(window_bits, AnyLevel(kind)))
    }
}

impl Level for AnyLevel {}

macro_rules! either {
    ($self:ident, $level:ident => $call:expr) => {
        match &mut $self.0 {
            Kind::Greedy($level) => $call,
            Kind::Best($level) => $call,
        }
    };
}

impl Encode for AnyLevel {
    fn buffer(&mut self) -> &mut [u8] {
        either!(self, level => level.buffer())
    }

    fn begin(&mut self, history: &History) {
        either!(self, level => level.begin(history));
    }

    fn history_kept(&self, window: usize) -> usize {
        match &self.0 {
            Kind::Greedy(level) => level.history_kept(window),
            Kind::Best(level) => level.history_kept(window),
        }
    }

    fn slide(&mut self, by: usize) {
        either!(self, level => level.slide(by));
    }

    fn unwritten(&self) -> usize {
        match &self.0 {
            Kind::Greedy(level) => level.unwritten(),
            Kind::Best(level) => level.unwritten(),
        }
    }

    fn wipe(&mut self) {
        either!(self, level => level.wipe());
    }

    fn clear(&mut self) {
        either!(self, level => level.clear());
    }

    fn run(&mut self, history: &mut History, output: &mut Output<'_>, is_last: bool) -> Run {
        either!(self, level => level.run(history, output, is_last))
    }
}
