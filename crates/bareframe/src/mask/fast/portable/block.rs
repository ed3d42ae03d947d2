//! Masking of long payloads with arrays that the compiler turns into vectors.

use super::super::overlap;
use super::super::vector::Vector;

/// XORs at least 64 bytes with the key, and returns `true` if every byte that it wrote is ASCII.
// Not inlined, because among other code the compiler does not turn it into vectors.
#[inline(never)]
pub(super) fn xor(key: u32, bytes: &mut [u8]) -> bool {
    overlap::xor_long::<_, 64, 1>(Block, key, bytes)
}

/// Writes at least 64 bytes, XORed with the key, to `out`, which is as long as `from`.
#[inline(always)]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    overlap::xor_copy_long::<_, 64, 1>(Block, key, from, out);
}

/// An array as long as one or more vectors of any target.
///
/// Its operations are on single bytes: the compiler turns these into vectors of any width, and does not do so with words when
/// the code asks whether the result is ASCII.
#[derive(Clone, Copy)]
struct Block;

impl Vector<64> for Block {
    type Register = [u8; 64];

    #[inline(always)]
    fn splat(self, key: u32) -> [u8; 64] {
        let mut bytes = [0; 64];
        for bytes in bytes.as_chunks_mut().0 {
            *bytes = key.to_ne_bytes();
        }
        bytes
    }

    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> [u8; 64] {
        *bytes
    }

    #[inline(always)]
    fn store(self, register: [u8; 64], bytes: &mut [u8; 64]) {
        *bytes = register;
    }

    #[inline(always)]
    fn xor(self, mut one: [u8; 64], other: [u8; 64]) -> [u8; 64] {
        for (one, other) in one.iter_mut().zip(other) {
            *one ^= other;
        }
        one
    }

    #[inline(always)]
    fn or(self, mut one: [u8; 64], other: [u8; 64]) -> [u8; 64] {
        for (one, other) in one.iter_mut().zip(other) {
            *one |= other;
        }
        one
    }

    #[inline(always)]
    fn above_ascii(self, register: [u8; 64]) -> u64 {
        u64::from(register.iter().fold(false, |above, &byte| above | (byte >= 0x80)))
    }
}
