//! How a large machine unmasks and validates: block by block, and text only if it is not known to be ASCII.

use super::{Message, Piece};
use crate::limits::Bounds;
use crate::mask::Masker;
use crate::utf8::{self, InvalidUtf8, Utf8Validator};

/// The most octets that are unmasked before they are validated: they are still in the nearest cache then.
const BLOCK: usize = 8192;

impl Message {
    /// Unmasks and validates the next octets of the message and gives what they are. `last` if it ends with them.
    ///
    /// Nothing of this has changed if they are not UTF-8.
    #[inline(always)]
    pub(crate) fn receive(
        &mut self,
        masker: &mut Masker,
        octets: &mut [u8],
        last: bool,
        bounds: &Bounds,
    ) -> Result<Piece, InvalidUtf8> {
        let plain_text = self.is_plain_text();
        let mut whole_characters = false;
        let long_text = plain_text && octets.len() > BLOCK;
        let ascii = !long_text && unmask(masker, octets);
        if plain_text {
            whole_characters = self.text.is_between_characters();
            if !(ascii && whole_characters) {
                let mut unmasked = Masker::NONE;
                let masker = if long_text { masker } else { &mut unmasked };
                receive_text(masker, &mut self.text, octets, last)?;
                whole_characters &= self.text.is_between_characters();
            }
        }
        Ok(self.give(last, bounds).and(whole_characters))
    }

    /// Unmasks and validates one octet that neither ends the message nor begins or ends a frame; changes nothing if it is
    /// not UTF-8.
    #[inline(always)]
    pub(crate) fn receive_octet(&mut self, masker: &mut Masker, octet: &mut u8) -> Option<Piece> {
        let mut next = *masker;
        let unmasked = next.apply_byte(*octet);
        let mut whole_characters = false;
        if self.is_plain_text() {
            whole_characters = self.text.is_between_characters();
            self.text = self.text.then(unmasked)?;
            whole_characters &= self.text.is_between_characters();
        }
        let piece = self.open;
        *masker = next;
        *octet = unmasked;
        self.open = Piece {
            bits: piece.bits & !Piece::FIRST,
        };
        Some(if whole_characters {
            Piece {
                bits: piece.bits | Piece::WHOLE_CHARACTERS,
            }
        } else {
            piece
        })
    }
}

/// Unmasks the payload of a message in one frame and validates it.
#[inline(always)]
pub(crate) fn receive_payload(
    piece: Piece,
    masker: Option<Masker>,
    octets: &mut [u8],
) -> Result<(), InvalidUtf8> {
    let is_text = piece.is_plain_text();
    let valid = match masker {
        Some(masker) if is_text && octets.len() > BLOCK => return receive_whole_text(masker, octets),
        Some(mut masker) => masker.apply_finding_characters(octets, is_text),
        None => is_text && (utf8::is_ascii(octets) || utf8::are_characters(octets)),
    };
    if is_text && !valid {
        receive_whole_text(Masker::NONE, octets)
    } else {
        Ok(())
    }
}

/// Unmasks the text of a message in one frame and validates it.
#[inline(never)]
fn receive_whole_text(mut masker: Masker, octets: &mut [u8]) -> Result<(), InvalidUtf8> {
    receive_text(&mut masker, &mut Utf8Validator::new(), octets, true)
}

/// Unmasks octets and validates them as UTF-8, block by block. `last` if the text ends with them.
#[inline(never)]
fn receive_text(
    masker: &mut Masker,
    text: &mut Utf8Validator,
    octets: &mut [u8],
    last: bool,
) -> Result<(), InvalidUtf8> {
    let mut now = *text;
    let mut before: usize = 0;
    // Blocks are for finding in the near cache what was just unmasked.
    let block_len = if *masker == Masker::NONE {
        octets.len()
    } else {
        BLOCK
    };
    for block in octets.chunks_mut(block_len.max(1)) {
        let ascii = unmask(masker, block);
        if !(ascii && now.is_between_characters()) {
            now.push(block).map_err(|error| InvalidUtf8 {
                at: before.saturating_add(error.at),
            })?;
        }
        before = before.saturating_add(block.len());
    }
    if last && !now.is_between_characters() {
        let at = before.saturating_sub(1);
        return Err(InvalidUtf8 { at });
    }
    *text = now;
    Ok(())
}

/// Unmasks octets, and tells whether all of them are known to be ASCII.
#[inline(always)]
fn unmask(masker: &mut Masker, octets: &mut [u8]) -> bool {
    *masker != Masker::NONE && masker.apply_finding_ascii(octets)
}
