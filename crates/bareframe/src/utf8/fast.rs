//! UTF-8 validation on 64-bit machines, in bulk where there is a kernel for it.

#[cfg(all(feature = "simd", target_arch = "aarch64", target_feature = "neon"))]
mod aarch64;
#[cfg(not(any(
    all(feature = "simd", target_arch = "aarch64", target_feature = "neon"),
    all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")
)))]
mod portable;
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
mod x86_64;

use super::{InvalidUtf8, Utf8Validator};
#[cfg(all(feature = "simd", target_arch = "aarch64", target_feature = "neon"))]
use aarch64 as kernels;
#[cfg(not(any(
    all(feature = "simd", target_arch = "aarch64", target_feature = "neon"),
    all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")
)))]
use portable as kernels;
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
use x86_64 as kernels;

/// Which byte may come next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum Next {
    /// The first byte of a character.
    #[default]
    First,
    /// The last of a character.
    Last,
    /// The last but one.
    LastButOne,
    /// The last but two.
    LastButTwo,
    /// After E0: from A0 on, since the form would be overlong otherwise.
    AfterE0,
    /// After ED: up to 9F, since it would be a surrogate otherwise.
    AfterEd,
    /// After F0: from 90 on, since the form would be overlong otherwise.
    AfterF0,
    /// After F4: up to 8F, since it would be above U+10FFFF otherwise.
    AfterF4,
}

impl Utf8Validator {
    /// Returns the validator as it is after one more byte, or `None` if the byte can't be part of UTF-8 here.
    #[inline]
    pub(crate) fn then(self, byte: u8) -> Option<Utf8Validator> {
        let next = self.next.then(byte)?;
        Some(Utf8Validator { next })
    }
}

impl Next {
    /// The state between characters.
    pub(super) const FIRST: Next = Next::First;

    /// Validates the next piece of a text. Changes nothing if a byte of it can't be part of UTF-8.
    #[inline]
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        *self = self.after(piece)?;
        Ok(())
    }

    /// Returns the state after one more byte, or `None` if the byte can't be part of UTF-8 here.
    #[inline(always)]
    pub(super) const fn then(self, byte: u8) -> Option<Next> {
        let (low, high, then) = match self {
            Next::First => return Next::after_first(byte),
            Next::Last => (0x80, 0xBF, Next::First),
            Next::LastButOne => (0x80, 0xBF, Next::Last),
            Next::LastButTwo => (0x80, 0xBF, Next::LastButOne),
            Next::AfterE0 => (0xA0, 0xBF, Next::Last),
            Next::AfterEd => (0x80, 0x9F, Next::Last),
            Next::AfterF0 => (0x90, 0xBF, Next::LastButOne),
            Next::AfterF4 => (0x80, 0x8F, Next::LastButOne),
        };
        if low <= byte && byte <= high {
            Some(then)
        } else {
            None
        }
    }

    #[inline(always)]
    const fn after_first(byte: u8) -> Option<Next> {
        Some(match byte {
            0x00..=0x7F => Next::First,
            0xC2..=0xDF => Next::Last,
            0xE0 => Next::AfterE0,
            0xED => Next::AfterEd,
            0xE1..=0xEF => Next::LastButOne,
            0xF0 => Next::AfterF0,
            0xF4 => Next::AfterF4,
            0xF1..=0xF3 => Next::LastButTwo,
            _ => return None,
        })
    }

    /// Returns the state after these bytes, validated one by one. `skipped` bytes of the piece come before them.
    #[inline]
    fn after_each(mut self, bytes: &[u8], skipped: usize) -> Result<Next, InvalidUtf8> {
        for (at, &byte) in bytes.iter().enumerate() {
            self = self.then(byte).ok_or(InvalidUtf8 {
                at: at.wrapping_add(skipped),
            })?;
        }
        Ok(self)
    }

    /// Returns the state after these bytes, validated in bulk between the unfinished characters at both ends.
    #[inline]
    fn after(mut self, bytes: &[u8]) -> Result<Next, InvalidUtf8> {
        let mut rest = bytes;
        let mut skipped = 0;
        while self != Next::First {
            let Some((&byte, after)) = rest.split_first() else {
                return Ok(self);
            };
            self = self.then(byte).ok_or(InvalidUtf8 { at: skipped })?;
            skipped = skipped.wrapping_add(1);
            rest = after;
        }
        let valid = valid_up_to(rest);
        let tail = rest.get(valid..).unwrap_or(&[]);
        self.after_each(tail, skipped.wrapping_add(valid))
    }
}

/// Returns how many bytes at the front are whole characters. They are followed by an unfinished or invalid character,
/// or by nothing.
#[inline]
fn valid_up_to(bytes: &[u8]) -> usize {
    // The kernels can't find out which byte is wrong.
    let whole = bytes.get(..bytes.len().wrapping_sub(unfinished(bytes)));
    if let Some(whole) = whole
        && kernels::are_characters_by_any(whole)
    {
        return whole.len();
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => text.len(),
        Err(error) => error.valid_up_to(),
    }
}

/// Returns how many bytes at the end begin a character that is not finished.
#[inline]
fn unfinished(bytes: &[u8]) -> usize {
    match bytes {
        [.., 0xC0..=0xFF] => 1,
        [.., 0xE0..=0xFF, _] => 2,
        [.., 0xF0..=0xFF, _, _] => 3,
        _ => 0,
    }
}

/// Returns `true` if a kernel that is fast at any length finds that the bytes are whole characters. Returns `false` if there is no
/// such kernel.
#[inline(always)]
pub(crate) fn are_characters(bytes: &[u8]) -> bool {
    #[cfg(test)]
    super::count::add(bytes.len());
    kernels::are_characters(bytes)
}

/// XORs bytes at the front with the key of a masker, as a kernel does that is fast at any length. Returns how many, a multiple of
/// the key's length, and `true` if it finds that all bytes, XORed with the key, are whole characters. Returns 0 and `false` if there is
/// no such kernel.
#[inline(always)]
pub(crate) fn unmask_characters(key: u32, bytes: &mut [u8]) -> (usize, bool) {
    #[cfg(test)]
    super::count::add(bytes.len());
    kernels::unmask_characters(key, bytes)
}

/// Returns `true` if there is a byte beyond ASCII among the first 32, XORed with the key of a masker, and a kernel that is fast at
/// any length.
#[inline(always)]
pub(crate) fn begin_beyond_ascii(key: u32, bytes: &[u8]) -> bool {
    kernels::begin_beyond_ascii(key, bytes)
}

/// Returns `true` if no byte has its top bit set.
#[inline(always)]
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    kernels::is_ascii(bytes)
}

/// Returns `true` if no byte has its top bit set. It reads words, of which the last may overlap the one before.
#[inline(always)]
fn is_ascii_in_words(bytes: &[u8]) -> bool {
    const WORD: usize = size_of::<u64>();
    let (words, tail) = bytes.as_chunks::<WORD>();
    let mut seen = 0;
    for word in words {
        seen |= u64::from_ne_bytes(*word);
    }
    match bytes.last_chunk::<WORD>() {
        Some(word) => seen |= u64::from_ne_bytes(*word),
        None => {
            for byte in tail {
                seen |= u64::from(*byte);
            }
        }
    }
    seen & 0x8080_8080_8080_8080 == 0
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    #[test]
    fn s8_1_one_byte_is_validated_as_a_piece_of_one() {
        for before in [
            &b""[..],
            b"\xC3",
            b"\xE0",
            b"\xE8",
            b"\xE8\xAA",
            b"\xED",
            b"\xF0",
            b"\xF1",
            b"\xF4",
        ] {
            for byte in 0..=u8::MAX {
                let mut text = Utf8Validator::new();
                text.push(before).unwrap();
                let then = text.then(byte);
                let pushed = text.push(&[byte]).ok().map(|()| text);
                assert_eq!(then, pushed, "{byte:#x} after {before:02x?}");
            }
        }
    }

    #[test]
    fn s8_1_what_the_fast_checks_find_is_right() {
        for (len, at) in (1..40)
            .chain([255, 256, 257, 600])
            .flat_map(|len| (0..len).map(move |at| (len, at)))
        {
            let mut bytes = std::vec![b'a'; len];
            assert!(is_ascii(&bytes));
            bytes[at] = 0x80;
            assert!(!is_ascii(&bytes) && !are_characters(&bytes) && !unmask_characters(0, &mut bytes).1);
            assert_eq!(valid_up_to(&bytes), at);
        }
        for len in 0..300 {
            let bytes: Vec<u8> = "é".bytes().cycle().take(len).collect();
            assert_eq!(valid_up_to(&bytes), len / 2 * 2);
        }
    }

    #[test]
    fn s8_1_an_end_that_may_continue_is_left_to_the_next_piece() {
        for whole in ["", "a", "é", "語", "😀"] {
            assert_eq!(unfinished(whole.as_bytes()), 0);
            for len in 1..whole.len() {
                let bytes = [b"ab", &whole.as_bytes()[..len]].concat();
                assert_eq!(unfinished(&bytes), len, "{bytes:02x?}");
            }
        }
    }

    #[test]
    fn s8_1_what_is_valid_at_the_front_is_what_std_finds() {
        let check = |bytes: &[u8]| {
            let expected = core::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
            assert_eq!(valid_up_to(bytes), expected, "{bytes:02x?}");
        };
        every_length_and_alignment_cut_anywhere(check);
        every_first_byte_and_what_follows(check);
        one_wrong_byte_wherever_it_is(check);
    }

    // The texts that every kernel is tried with too.

    pub(super) fn every_length_and_alignment_cut_anywhere(check: impl Fn(&[u8])) {
        let text: Vec<u8> = "aé語😀, ab".bytes().cycle().take(4300).collect();
        for len in 0..=4200 {
            check(&text[len % 64..][..len]);
            check(&text[..len]);
            check(&std::vec![b'a'; len]);
        }
        for from in 0..64 {
            for len in 0..=130 {
                check(&text[from..][..len]);
            }
        }
    }

    pub(super) fn every_first_byte_and_what_follows(check: impl Fn(&[u8])) {
        const NEXT: [u8; 10] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF];
        for first in 0x7F..=0xFF {
            for next in NEXT {
                for after in [&b""[..], b"\x80", b"\x80\x80", b"\xBF\x80a"] {
                    for at in [0, 5, 12, 13, 14, 15, 16, 29, 60, 61, 62, 63, 64] {
                        let mut bytes = std::vec![b'a'; at];
                        bytes.extend([first, next]);
                        bytes.extend(after);
                        check(&bytes);
                        bytes.resize(130, b'a');
                        check(&bytes);
                    }
                }
            }
        }
    }

    pub(super) fn one_wrong_byte_wherever_it_is(check: impl Fn(&[u8])) {
        for len in [3, 8, 15, 31, 63, 65, 191] {
            for good in ["é", "語", "😀", "a", "\0", "Việt 😀"] {
                let text: Vec<u8> = good.bytes().cycle().take(len).collect();
                for at in 0..len {
                    for wrong in [
                        0x00, 0x41, 0x80, 0x90, 0xBF, 0xC0, 0xC3, 0xE0, 0xED, 0xF0, 0xF4, 0xF5, 0xFF,
                    ] {
                        let mut broken = text.clone();
                        broken[at] = wrong;
                        check(&broken);
                    }
                }
            }
        }
    }
}
