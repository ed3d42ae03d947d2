//! How a small machine unmasks and validates: all at once, and in one way for every piece.

use super::{Message, Piece};
use crate::mask::Masker;
use crate::utf8::InvalidUtf8;

impl Message {
    /// Unmasks, if there is a masker, and validates the octets of a piece, and finds whether it is whole characters.
    #[inline(always)]
    pub(crate) fn receive(
        &mut self,
        masker: Option<Masker>,
        octets: &mut [u8],
        piece: &mut Piece,
    ) -> Result<(), InvalidUtf8> {
        if let Some(mut masker) = masker
            && !octets.is_empty()
        {
            masker.apply(octets);
        }
        if piece.is_plain_text() {
            let begins = self.text.is_between_characters();
            self.text.push(octets)?;
            if self.text.is_between_characters() {
                if begins {
                    piece.bits |= Piece::WHOLE_CHARACTERS;
                }
            } else if piece.last() {
                return Err(InvalidUtf8 {
                    at: octets.len().wrapping_sub(1),
                });
            }
        }
        Ok(())
    }
}
