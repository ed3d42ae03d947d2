//! Masking on 64-bit machines: short payloads with overlapping loads, longer ones with vectors.

#[cfg(all(feature = "simd", target_arch = "aarch64", target_feature = "neon"))]
mod aarch64;
mod overlap;
#[cfg(not(any(
    all(feature = "simd", target_arch = "aarch64", target_feature = "neon"),
    all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")
)))]
mod portable;
mod vector;
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
mod x86_64;

use super::{Masker, turn};
#[cfg(all(feature = "simd", target_arch = "aarch64", target_feature = "neon"))]
use aarch64 as kernels;
#[cfg(not(any(
    all(feature = "simd", target_arch = "aarch64", target_feature = "neon"),
    all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")
)))]
use portable as kernels;
use vector::Word;
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
use x86_64 as kernels;

impl Masker {
    /// The length in bytes up to which a piece is masked inline by [`Masker::apply_finding_ascii`]; longer ones are
    /// masked by a call.
    pub(crate) const SHORT: usize = 128;

    /// Returns the key as the first bytes of a payload are XORed with it.
    #[inline(always)]
    pub(crate) const fn key(self) -> u32 {
        self.key
    }

    /// Masks or unmasks a whole payload of at most [`Masker::SHORT`] bytes and returns `true`, or changes nothing and returns `false` if
    /// it is not ASCII and refused then. Of `refused`, all bits are set or none.
    #[inline(always)]
    pub(crate) fn apply_unless_beyond_ascii(self, payload: &mut [u8], refused: u64) -> bool {
        kernels::xor_unless(self.key, payload, refused)
    }

    /// Masks or unmasks the next N bytes of the payload by value.
    #[inline(always)]
    pub(crate) fn apply_value<const N: usize>(&mut self, mut bytes: [u8; N]) -> [u8; N] {
        let (words, rest) = bytes.as_chunks_mut();
        for word in words {
            *word = (u32::from_ne_bytes(*word) ^ self.key).to_ne_bytes();
        }
        for byte in rest {
            *byte = self.apply_byte(*byte);
        }
        bytes
    }

    /// Masks or unmasks the next piece of the payload as [`Masker::apply`] does, and returns `true` if every byte that it
    /// wrote is ASCII.
    // Inlined, because with a call the receiver would keep the frame's length in memory, and the next frame would wait
    // for it.
    #[inline(always)]
    pub(crate) fn apply_finding_ascii(&mut self, piece: &mut [u8]) -> bool {
        let ascii = kernels::xor(self.key, piece);
        self.skip(piece.len());
        ascii
    }

    /// Does the same as [`Masker::apply_finding_ascii`] for a piece that is longer than [`Masker::SHORT`], with no more than the
    /// call of a kernel.
    #[inline(always)]
    pub(crate) fn apply_long_finding_ascii(&mut self, piece: &mut [u8]) -> bool {
        let ascii = kernels::xor_long(self.key, piece);
        self.skip(piece.len());
        ascii
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

/// XORs at most 16 bytes as [`overlap::xor_unless`] does.
#[inline(always)]
fn xor_short_unless(key: u32, bytes: &mut [u8], refused: u64) -> bool {
    match bytes.len() {
        0..4 => {
            if xor_each(key, bytes) || refused == 0 {
                return true;
            }
            xor_each(key, bytes);
            false
        }
        4..8 => overlap::xor_unless::<_, 4, 1>(Word, key, bytes, refused),
        _ => overlap::xor_unless::<_, 8, 1>(Word, key, bytes, refused),
    }
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
    fn text_beyond_ascii_is_left_masked_and_other_payload_is_not() {
        let masker = Masker::new(MaskingKey::new(KEY));
        for len in 0..=Masker::SHORT {
            let ascii = std::vec![b'a'; len];
            let mut memory = ascii.clone();
            masker.clone().apply(&mut memory);
            assert!(masker.apply_unless_beyond_ascii(&mut memory, u64::MAX));
            assert_eq!(memory, ascii);
            for at in 0..len {
                let mut above = ascii.clone();
                above[at] = 0xC3;
                let mut masked = above.clone();
                masker.clone().apply(&mut masked);
                let mut memory = masked.clone();
                assert!(!masker.apply_unless_beyond_ascii(&mut memory, u64::MAX));
                assert_eq!(memory, masked, "{at} of {len}");
                assert!(masker.apply_unless_beyond_ascii(&mut memory, 0));
                assert_eq!(memory, above, "{at} of {len}");
            }
        }
    }
}
