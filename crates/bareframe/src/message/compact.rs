//! Unmasking and validating in little flash: in the same way for every chunk.

use super::{ChunkFlags, Message};
use crate::limits::Limits;
use crate::mask::Masker;
use crate::utf8::InvalidUtf8;

impl Message {
    /// Returns how many bytes and frames the next frames may have.
    #[inline(always)]
    pub(super) const fn limits_left(&self, _: &Limits) -> (u64, u32) {
        (self.left, self.fragments_left)
    }

    /// Counts the bytes of the message's only frame: not here, where nobody asks for them.
    #[inline(always)]
    pub(super) const fn count_only_frame(&mut self, _: usize, _: &Limits) {}

    #[inline(always)]
    pub(super) const fn begin_counting(&mut self, _: &Limits) {}

    #[inline(always)]
    pub(super) const fn end_counting(&mut self, limits: &Limits) {
        self.left = limits.message();
        self.fragments_left = limits.fragments();
    }

    /// Unmasks the bytes of a chunk, if there is a masker, validates them, and adds to its flags whether it is whole
    /// characters.
    #[inline(always)]
    pub(crate) fn receive(
        &mut self,
        masker: Option<Masker>,
        bytes: &mut [u8],
        flags: ChunkFlags,
    ) -> Result<ChunkFlags, InvalidUtf8> {
        if let Some(mut masker) = masker
            && !bytes.is_empty()
        {
            masker.apply(bytes);
        }
        let mut whole_characters = false;
        if flags.is_plain_text() {
            whole_characters = self.text.is_between_characters();
            self.text.push(bytes)?;
            if !self.text.is_between_characters() {
                if flags.is_last() {
                    return Err(InvalidUtf8 {
                        at: bytes.len().wrapping_sub(1),
                    });
                }
                whole_characters = false;
            }
        }
        Ok(flags.with_whole_characters(whole_characters))
    }
}
