//! History: what was compressed and what is ahead of it, in one piece of memory.

use crate::WindowBits;
use crate::symbols::MAX_MATCH;
use core::ops::Range;

/// Places in a memory of two windows.
///
/// When the memory is full, its end moves to its front with as much history as there may be.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// Where the history begins that a distance may reach.
    pub(crate) begin: usize,
    /// Where the message begins.
    pub(crate) message: usize,
    /// All that was taken of the message is here.
    pub(crate) has_message: bool,
    /// Where the next byte to compress is.
    pub(crate) at: usize,
    /// Where the bytes end that were taken.
    pub(crate) end: usize,
    /// The size of the window.
    pub(crate) window: usize,
    /// Where bytes are that were taken since the memory was overwritten last.
    dirty: Range<usize>,
}

impl History {
    pub(crate) const fn new(window_bits: WindowBits) -> History {
        History {
            begin: 0,
            message: 0,
            has_message: true,
            at: 0,
            end: 0,
            window: window_bits.size(),
            dirty: 0..0,
        }
    }

    /// Returns how many bytes are ahead.
    pub(crate) fn ahead(&self) -> usize {
        self.end.wrapping_sub(self.at)
    }

    /// Returns `true` if there is no room for input until [`slide`](History::slide) makes some.
    pub(crate) fn is_full(&self) -> bool {
        self.end >= self.window.wrapping_mul(2)
    }

    /// Returns how many bytes must be ahead so that a match does not end where the input happened to be cut.
    pub(crate) fn enough_ahead(&self) -> usize {
        (self.window >> 1).min(MAX_MATCH)
    }

    /// Copies as much input as there is room for.
    pub(crate) fn fill(&mut self, memory: &mut [u8], input: &mut &[u8]) {
        let Some(room) = memory.get_mut(self.end..self.window.wrapping_mul(2)) else {
            return;
        };
        let len = input.len().min(room.len());
        if let (Some(to), Some((from, rest))) = (room.get_mut(..len), input.split_at_checked(len)) {
            to.copy_from_slice(from);
            *input = rest;
        }
        self.end = self.end.wrapping_add(len);
        self.dirty.end = self.dirty.end.max(self.end);
    }

    /// Returns where bytes are that were taken since this was called last.
    pub(crate) fn take_dirty(&mut self) -> Range<usize> {
        core::mem::replace(&mut self.dirty, self.end..self.end)
    }

    /// Moves everything to the front of the memory but history beyond `keep` bytes, and returns by how much.
    pub(crate) fn slide(&mut self, memory: &mut [u8], keep: usize) -> usize {
        let from = self.at.saturating_sub(keep).max(self.begin);
        if from == 0 {
            return 0;
        }
        let len = self.end.wrapping_sub(from);
        let mut moved = 0_usize;
        // Each turn moves what fits before the bytes that are still to be moved.
        while moved < len
            && let Some((front, back)) = memory.split_at_mut_checked(moved.wrapping_add(from))
        {
            let len = from.min(len.wrapping_sub(moved));
            let to = front.get_mut(moved..).and_then(|to| to.get_mut(..len));
            if let (Some(to), Some(from)) = (to, back.get(..len)) {
                to.copy_from_slice(from);
            }
            moved = moved.wrapping_add(len);
        }
        self.begin = 0;
        self.dirty.start = 0;
        // The beginning of a message that is longer than its history can't be gone back to.
        self.has_message &= from <= self.message;
        self.message = self.message.saturating_sub(from);
        self.at = self.at.wrapping_sub(from);
        self.end = len;
        from
    }

    /// Begins a message.
    pub(crate) fn begin_message(&mut self) {
        self.message = self.at;
        self.has_message = true;
    }

    /// Has no distance reach what is before `at`.
    pub(crate) fn forget(&mut self) {
        self.begin = self.at;
        self.message = self.at;
    }
}
