//! Masking on a large machine: short payloads by loads that overlap, longer ones by vectors.

mod overlap;
#[cfg(not(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")))]
mod portable;
mod vector;
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
mod x86_64;

use super::{Masker, turn};
use crate::utf8;
#[cfg(not(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")))]
use portable as kernels;
use vector::Word;
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
use x86_64 as kernels;

impl Masker {
    /// Masks or unmasks the next piece of the payload as [`Masker::apply`] does, and returns `true` if every byte that it
    /// wrote is ASCII.
    // If this were a call, the receiver would keep the frame's length in memory, and the next frame would wait for it.
    #[inline(always)]
    pub(crate) fn apply_finding_ascii(&mut self, piece: &mut [u8]) -> bool {
        let ascii = kernels::xor(self.key, piece);
        self.skip(piece.len());
        ascii
    }

    /// Masks or unmasks the next piece of the payload as [`Masker::apply`] does. If it is text, returns `true` if what it wrote is
    /// found to be whole characters, and `false` if it is not, or if there is no kernel that is fast at any length.
    // Not a call, for the same reason.
    #[inline(always)]
    pub(crate) fn apply_finding_characters(&mut self, piece: &mut [u8], is_text: bool) -> bool {
        let key = self.key;
        self.skip(piece.len());
        match kernels::xor_or_leave(key, piece, is_text) {
            Seen::Ascii => true,
            Seen::BeyondAscii => is_text && utf8::are_characters(piece),
            Seen::Left => xor_finding_characters(key, piece),
        }
    }
}

/// XORs text with the key, and returns `true` if what it wrote is found to be whole characters.
// In one pass. If the text was stored first, the kernel would wait for it, since what it loads was stored in several parts.
#[inline(never)]
fn xor_finding_characters(key: u32, bytes: &mut [u8]) -> bool {
    if let Some(valid) = utf8::unmask(key, turn(key, bytes.len()), bytes) {
        return valid;
    }
    kernels::xor(key, bytes);
    false
}

/// What was seen of bytes while they were XORed with a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Seen {
    /// All of them are ASCII.
    Ascii,
    /// Not all of them are ASCII.
    BeyondAscii,
    /// Not all of them would be ASCII, so they were left as they were.
    Left,
}

impl Seen {
    #[inline(always)]
    const fn of(ascii: bool) -> Seen {
        if ascii { Seen::Ascii } else { Seen::BeyondAscii }
    }
}

/// XORs the bytes with the key.
#[inline(always)]
pub(super) fn xor(key: u32, bytes: &mut [u8]) {
    kernels::xor(key, bytes);
}

/// Writes the bytes, XORed with the key, to `out`, which is as long as `from`.
#[inline(always)]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    kernels::xor_copy(key, from, out);
}

/// XORs at most 16 bytes with the key, and returns `true` if every byte that it wrote is ASCII.
#[inline(always)]
fn xor_short(key: u32, bytes: &mut [u8]) -> bool {
    match bytes.len() {
        0..4 => xor_each(key, bytes),
        4..8 => overlap::xor::<_, 4, 1>(Word, key, bytes),
        _ => overlap::xor::<_, 8, 1>(Word, key, bytes),
    }
}

/// XORs fewer than 4 bytes with the key, and returns `true` if every byte that it wrote is ASCII.
#[inline(always)]
fn xor_each(key: u32, bytes: &mut [u8]) -> bool {
    let mut seen = 0;
    for (byte, key) in bytes.iter_mut().zip(key.to_ne_bytes()) {
        *byte ^= key;
        seen |= *byte;
    }
    seen < 0x80
}

/// Writes at most 16 bytes, XORed with the key, to `out`, which is as long as `from`.
#[inline(always)]
fn xor_copy_short(key: u32, from: &[u8], out: &mut [u8]) {
    match from.len() {
        0..4 => {
            for ((to, from), key) in out.iter_mut().zip(from).zip(key.to_ne_bytes()) {
                *to = from ^ key;
            }
        }
        4..8 => overlap::xor_copy::<_, 4, 1>(Word, key, from, out),
        _ => overlap::xor_copy::<_, 8, 1>(Word, key, from, out),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::super::MaskingKey;
    use super::*;
    use std::vec::Vec;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    #[test]
    fn one_byte_above_ascii_is_found_wherever_it_is() {
        for len in (1..140).chain(250..262) {
            for (at, ascii, above) in (0..len).flat_map(|at| [(at, b'a', 0xC3), (at, 0, 0x80)]) {
                let mut memory = std::vec![ascii; len];
                memory[at] = above;
                let mut masker = Masker::new(MaskingKey::new(KEY));
                masker.apply(&mut memory);
                let found = Masker::new(MaskingKey::new(KEY)).apply_finding_ascii(&mut memory);
                assert!(!found, "{at} of {len}");
            }
            let mut memory = std::vec![b'a'; len];
            Masker::new(MaskingKey::new(KEY)).apply(&mut memory);
            let found = Masker::new(MaskingKey::new(KEY)).apply_finding_ascii(&mut memory);
            assert!(found, "{len}");
        }
    }

    #[test]
    fn s8_1_what_is_found_to_be_characters_is() {
        for text in ["a", "é", "語", "😀", "Việt "] {
            for len in 0..300 {
                let whole: Vec<u8> = text.bytes().cycle().take(len).collect();
                for at in (0..len).step_by(7) {
                    let mut broken = whole.clone();
                    broken[at] = 0xFF;
                    assert!(!check(&broken, true));
                    check(&broken, false);
                }
                let found = check(&whole, true);
                let valid = core::str::from_utf8(&whole).is_ok();
                assert!(valid || !found, "{len} bytes of {text}");
                assert!(found || !whole.is_ascii());
                check(&whole, false);
            }
        }
    }

    /// Masks and unmasks the bytes, and returns whether they were found to be characters.
    fn check(bytes: &[u8], is_text: bool) -> bool {
        let mut masked = bytes.to_vec();
        let mut masker = Masker::new(MaskingKey::new(KEY));
        masker.apply(&mut masked);
        let mut unmasker = Masker::new(MaskingKey::new(KEY));
        let found = unmasker.apply_finding_characters(&mut masked, is_text);
        assert_eq!((&masked[..], unmasker), (bytes, masker));
        found
    }
}
