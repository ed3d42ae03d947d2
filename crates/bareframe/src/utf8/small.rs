//! UTF-8 octet by octet, in as little flash as it takes.

use super::InvalidUtf8;

/// What the next octet may be: 0 for the first of a character, 1 for its last, 2 for its last but one, and its first for
/// the second.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Next(u8);

impl Next {
    #[expect(non_upper_case_globals, reason = "as the variant elsewhere")]
    pub(super) const First: Next = Next(0);

    /// One octet more; `None` if it can't be part of UTF-8 here.
    #[inline(always)]
    pub(super) const fn then(self, octet: u8) -> Option<Next> {
        Some(match (self.0, octet) {
            (0, 0..0x80) => Next(0),
            (0, 0xC2..=0xF4) => Next(octet),
            (0, _) | (_, 0..0x80 | 0xC0..) => return None,
            // An overlong form, a surrogate, or above U+10FFFF.
            (0xE0, ..0xA0) | (0xED, 0xA0..) | (0xF0, ..0x90) | (0xF4, 0x90..) => return None,
            (2, _) => Next(1),
            (..0xE0, _) => Next(0),
            (..0xF0, _) => Next(1),
            _ => Next(2),
        })
    }

    /// Many octets more: ASCII at once, others one by one.
    #[inline(always)]
    pub(super) fn after(mut self, octets: &[u8]) -> Result<Next, InvalidUtf8> {
        if self == Next::First && octets.is_ascii() {
            return Ok(self);
        }
        for (at, &octet) in octets.iter().enumerate() {
            self = self.then(octet).ok_or(InvalidUtf8 { at })?;
        }
        Ok(self)
    }
}
