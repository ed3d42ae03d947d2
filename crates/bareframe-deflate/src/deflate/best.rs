//! Best: the longest match of many, and codes made for each block.

use super::block::{Block, Form};
use super::chains::{Chains, Match};
use super::greedy::low_32;
use super::history::History;
use super::memory::MemoryTooSmall;
use super::output::Output;
use super::{Encode, Level, Run};

/// Looks for the longest match, waits one byte for a longer one, and writes each block in the shortest form.
///
/// [`Deflater::best`](crate::Deflater::best) creates a deflater with it.
#[derive(Clone, Debug)]
pub struct Best<B, H, C, T> {
    buffer: B,
    chains: Chains<H, C>,
    block: Block<T>,
    stage: Stage,
    /// How many bytes the block is of.
    block_len: usize,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Gather,
    Codes,
    StoredHeader,
    Stored { left: usize },
}

/// A match that is long enough not to look for a longer one at the next byte.
const LONG: usize = 32;

/// Fewer symbols than this make blocks so short that their headers count.
const LEAST_TOKENS: usize = 6144;

/// Returns how many bytes of a block are kept so that it can be stored.
const fn longest_stored(window: usize) -> usize {
    // The rest of two windows must be more than enough ahead.
    window.wrapping_add(window >> 1).wrapping_sub(window >> 4)
}

impl<B, H, C, T> Best<B, H, C, T>
where
    B: AsMut<[u8]>,
    H: AsMut<[u16]>,
    C: AsMut<[u16]>,
    T: AsMut<[u32]>,
{
    /// Creates the level if the memory is large enough.
    pub(crate) fn new(
        window: usize,
        mut buffer: B,
        heads: H,
        links: C,
        tokens: T,
    ) -> Result<Self, MemoryTooSmall> {
        MemoryTooSmall::check("buffer", buffer.as_mut().len(), window.wrapping_mul(2))?;
        let least_tokens = longest_stored(window).min(LEAST_TOKENS);
        let chains = Chains::new(window, heads, links)?;
        let block = Block::new(tokens, least_tokens)?;
        Ok(Best {
            buffer,
            chains,
            block,
            stage: Stage::Gather,
            block_len: 0,
        })
    }

    /// Gathers symbols for what is before `stop`, as far as the block has room.
    fn gather(&mut self, history: &mut History, stop: usize, is_last: bool) {
        let bytes = self.buffer.as_mut().get(..history.end).unwrap_or_default();
        let begin = history.at;
        let mut at = begin;
        let mut next = None;
        while at < stop && !self.block.is_full() {
            let found = next.take().or_else(|| self.chains.find(bytes, history, at, 3));
            match found {
                Some(Match { len, distance }) => {
                    // A longer match at the next byte is worth a literal, if there is room for both.
                    if len < LONG {
                        if at.wrapping_add(1) < stop {
                            next = self.chains.find(bytes, history, at.wrapping_add(1), len);
                        } else if !is_last {
                            break;
                        }
                    }
                    if next.is_some() {
                        self.block
                            .push_literal(bytes.get(at).copied().unwrap_or_default());
                        at = at.wrapping_add(1);
                        continue;
                    }
                    self.block.push_match(low_32(len), low_32(distance));
                    at = at.wrapping_add(len);
                }
                None => {
                    self.block
                        .push_literal(bytes.get(at).copied().unwrap_or_default());
                    at = at.wrapping_add(1);
                }
            }
        }
        history.at = at;
        self.block_len = self.block_len.saturating_add(at.wrapping_sub(begin));
    }

    /// Returns `true` if the block hardly shrinks, and its bytes are about to move out of the memory.
    fn is_to_be_stored(&self, window: usize) -> bool {
        self.block_len >= longest_stored(window) && self.block.len() >= self.block_len >> 1
    }
}

impl<B, H, C, T> Level for Best<B, H, C, T>
where
    B: AsMut<[u8]>,
    H: AsMut<[u16]>,
    C: AsMut<[u16]>,
    T: AsMut<[u32]>,
{
}

impl<B, H, C, T> Encode for Best<B, H, C, T>
where
    B: AsMut<[u8]>,
    H: AsMut<[u16]>,
    C: AsMut<[u16]>,
    T: AsMut<[u32]>,
{
    fn buffer(&mut self) -> &mut [u8] {
        self.buffer.as_mut()
    }

    fn begin(&mut self, history: &History) {
        self.chains.begin(history.at);
        self.block.clear();
        self.block_len = 0;
        self.stage = Stage::Gather;
    }

    fn history_kept(&self, window: usize) -> usize {
        // A block that may be stored stays. One that is longer can't be, and to keep it would leave little room for input.
        if self.block_len > longest_stored(window) {
            return window;
        }
        self.block_len.max(window)
    }

    fn slide(&mut self, by: usize) {
        self.chains.slide(by);
    }

    fn unwritten(&self) -> usize {
        match self.stage {
            Stage::StoredHeader => self.block_len,
            Stage::Stored { left } => left,
            Stage::Gather | Stage::Codes => 0,
        }
    }

    fn wipe(&mut self) {
        self.block.wipe();
    }

    fn clear(&mut self) {
        self.buffer.as_mut().fill(0);
        self.chains.clear();
        self.block.wipe();
    }

    fn run(&mut self, history: &mut History, output: &mut Output<'_>, is_last: bool) -> Run {
        loop {
            match self.stage {
                Stage::Gather => {
                    let stop = if is_last {
                        history.end
                    } else {
                        let enough = history.enough_ahead().wrapping_sub(1);
                        history.end.saturating_sub(enough)
                    };
                    self.gather(history, stop, is_last);
                    let is_over = is_last && history.ahead() == 0;
                    if is_over && self.block.len() == 0 {
                        return Run::Finished;
                    }
                    if !is_over && !self.block.is_full() && !self.is_to_be_stored(history.window) {
                        return Run::NeedsInput;
                    }
                    let is_there = self.block_len <= history.at.min(usize::from(u16::MAX));
                    self.stage = match self.block.choose(is_there.then_some(self.block_len)) {
                        Form::Stored => Stage::StoredHeader,
                        Form::Codes => Stage::Codes,
                    };
                }
                Stage::Codes => {
                    if !self.block.write(output) {
                        return Run::OutputFull;
                    }
                    self.end_block();
                }
                Stage::StoredHeader => {
                    if !output.has_room(Output::MAX_PUT) {
                        return Run::OutputFull;
                    }
                    output.put(0b000, 3);
                    output.align();
                    let len = self.block_len as u64 & 0xFFFF;
                    output.put(len | (len ^ 0xFFFF) << 16, 32);
                    self.stage = Stage::Stored { left: self.block_len };
                }
                Stage::Stored { left: 0 } => self.end_block(),
                Stage::Stored { left } => {
                    let begin = history.at.wrapping_sub(left);
                    let bytes = self.buffer.as_mut().get(begin..history.at).unwrap_or_default();
                    let len = output.extend(bytes);
                    if len == 0 {
                        return Run::OutputFull;
                    }
                    self.stage = Stage::Stored {
                        left: left.saturating_sub(len),
                    };
                }
            }
        }
    }
}

impl<B, H, C, T: AsMut<[u32]>> Best<B, H, C, T> {
    fn end_block(&mut self) {
        self.block.clear();
        self.block_len = 0;
        self.stage = Stage::Gather;
    }
}
