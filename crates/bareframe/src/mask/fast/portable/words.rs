//! Masking of long payloads with words, for targets without vectors.

use super::super::overlap;
use super::super::vector::Word;

/// XORs at least 8 bytes with the key, and returns `true` if every byte that it wrote is ASCII.
#[inline(never)]
pub(super) fn xor(key: u32, bytes: &mut [u8]) -> bool {
    overlap::xor_long::<_, 8, 8>(Word, key, bytes)
}

/// Writes at least 8 bytes, XORed with the key, to `out`, which is as long as `from`.
#[inline(always)]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    overlap::xor_copy_long::<_, 8, 8>(Word, key, from, out);
}
