//! Messages: the order of their frames, limits, and the validity of text (RFC 6455 sections 5.4, 8.1 and 10.4).

mod chunk;
#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
pub(crate) mod fast;

pub(crate) use chunk::ChunkFlags;

use crate::header::{FrameHeader, MaskBit, Rules};
use crate::limits::Limits;
use crate::opcode::{FirstByte, Rsv};
use crate::utf8::Utf8Validator;

/// The message that is open, if one is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Message {
    /// How many bytes its frames may still declare. On a 64-bit machine this and the next stay when the message ends.
    left: u64,
    /// How many frames it may still have; `u32::MAX` is no limit.
    fragments_left: u32,
    /// The text so far; binary messages and those that an extension changed do not use it.
    text: Utf8Validator,
    /// The flags of its next chunk but LAST and WHOLE_CHARACTERS; `NONE` between messages.
    open: ChunkFlags,
}

impl Message {
    #[inline]
    pub(crate) const fn none(limits: &Limits) -> Message {
        Message {
            left: limits.message(),
            fragments_left: limits.fragments(),
            text: Utf8Validator::new(),
            open: ChunkFlags::NONE,
        }
    }

    #[inline(always)]
    pub(crate) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Returns how many bytes the frames of the message that is open have declared.
    pub(crate) const fn declared(&self, limit: u64) -> u64 {
        if self.is_open() {
            limit.wrapping_sub(self.left)
        } else {
            0
        }
    }

    /// Returns what the next frame may be (RFC 6455 section 5.4).
    #[inline]
    pub(crate) const fn rules(&self, limits: &Limits, rsv: Rsv, mask: MaskBit) -> Rules {
        let (message_left, fragments_left) = self.limits_left(limits);
        Rules {
            frame: limits.frame(),
            message_left,
            rsv: if self.is_open() { Rsv::NONE } else { rsv },
            mask,
            fragments_used_up: fragments_left == 0,
            unfinished_text: !self.text.is_between_characters(),
            ..Rules::ANY
        }
        .with_message_open(self.is_open())
    }

    /// Begins a message in this frame alone, for which the limits have been checked.
    #[inline]
    pub(crate) const fn enter_only_frame(&mut self, first: FirstByte, payload_len: usize, limits: &Limits) {
        self.open = ChunkFlags::begun_by(first);
        self.count_only_frame(payload_len, limits);
    }

    /// Begins a data frame that the rules allowed.
    #[inline]
    pub(crate) const fn enter_frame(&mut self, header: &FrameHeader, limits: &Limits) {
        if !header.first().is_continuation() {
            self.open = ChunkFlags::begun_by(header.first());
            self.begin_counting(limits);
        }
        // The rules have checked that neither limit is exceeded.
        self.left = self.left.wrapping_sub(header.payload_len());
        if self.fragments_left != u32::MAX {
            self.fragments_left = self.fragments_left.wrapping_sub(1);
        }
    }

    /// Ends the message with a frame that has no payload, and returns the flags of the empty chunk.
    #[inline]
    pub(crate) fn end(&mut self, limits: &Limits) -> ChunkFlags {
        let flags = self.next_chunk(true, limits);
        flags.with_whole_characters(flags.is_plain_text())
    }

    /// Returns the flags of the next chunk before its text is validated. With `last` the message has ended.
    #[inline(always)]
    pub(crate) fn next_chunk(&mut self, last: bool, limits: &Limits) -> ChunkFlags {
        let flags = self.open;
        if last {
            self.end_counting(limits);
            self.open = ChunkFlags::NONE;
            flags.with_last()
        } else {
            self.open = flags.without_first();
            flags
        }
    }
}
