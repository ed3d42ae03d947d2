//! UTF-8 validation byte by byte, in little flash.

use super::InvalidUtf8;

/// Which byte of a character comes next: 0 for the first, 1 for the last, 2 for the last but one. If the second byte is
/// next, the value is that of the first byte (C2 to F4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Next(u8);

impl Next {
    /// The state between characters.
    pub(super) const FIRST: Next = Next(0);

    /// Validates the next piece of a text. Changes nothing if a byte of it can't be part of UTF-8.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        *self = self.after(piece)?;
        Ok(())
    }

    /// Returns the state after one more byte, or `None` if the byte can't be part of UTF-8 here.
    #[inline(always)]
    pub(super) const fn then(self, byte: u8) -> Option<Next> {
        Some(match (self.0, byte) {
            (0, 0..0x80) => Next(0),
            (0, 0xC2..=0xF4) => Next(byte),
            (0, _) | (_, 0..0x80 | 0xC0..) => return None,
            // An overlong form, a surrogate, or a number above U+10FFFF.
            (0xE0, ..0xA0) | (0xED, 0xA0..) | (0xF0, ..0x90) | (0xF4, 0x90..) => return None,
            (2, _) => Next(1),
            (..0xE0, _) => Next(0),
            (..0xF0, _) => Next(1),
            _ => Next(2),
        })
    }

    /// Returns the state after these bytes, which are validated at once if they are ASCII, and one by one otherwise.
    #[inline(always)]
    fn after(mut self, bytes: &[u8]) -> Result<Next, InvalidUtf8> {
        if self == Next::FIRST && bytes.is_ascii() {
            return Ok(self);
        }
        for (at, &byte) in bytes.iter().enumerate() {
            self = self.then(byte).ok_or(InvalidUtf8 { at })?;
        }
        Ok(self)
    }
}
