//! Unmasking and validating in little flash: in the same way for every chunk.

use super::{ChunkFlags, Message};
use crate::mask::Masker;
use crate::utf8::InvalidUtf8;

impl Message {
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
