//! Masking in safe code for any target: short payloads with words, long ones with vectors if the target has any.

#[cfg(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128"))]
mod block;
#[cfg(not(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128")))]
mod words;

use super::overlap;
use super::vector::Word;
use super::{xor_copy_short, xor_short, xor_short_unless};
#[cfg(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128"))]
use block as long;
#[cfg(not(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128")))]
use words as long;

/// Does the same as [`xor`] for more than 128 bytes.
#[inline(always)]
pub(super) fn xor_long(key: u32, bytes: &mut [u8]) -> bool {
    long::xor(key, bytes)
}

/// XORs the bytes with the key, and returns `true` if every byte that it wrote is ASCII.
#[inline(always)]
pub(super) fn xor(key: u32, bytes: &mut [u8]) -> bool {
    match bytes.len() {
        0..=16 => xor_short(key, bytes),
        17..=32 => overlap::xor::<_, 8, 2>(Word, key, bytes),
        33..=64 => overlap::xor::<_, 8, 4>(Word, key, bytes),
        65..=128 => overlap::xor::<_, 8, 8>(Word, key, bytes),
        _ => long::xor(key, bytes),
    }
}

/// XORs at most 128 bytes as [`overlap::xor_unless`] does.
#[inline(always)]
pub(super) fn xor_unless(key: u32, bytes: &mut [u8], refused: u64) -> bool {
    match bytes.len() {
        0..=16 => xor_short_unless(key, bytes, refused),
        17..=32 => overlap::xor_unless::<_, 8, 2>(Word, key, bytes, refused),
        33..=64 => overlap::xor_unless::<_, 8, 4>(Word, key, bytes, refused),
        _ => overlap::xor_unless::<_, 8, 8>(Word, key, bytes, refused),
    }
}

/// Writes the bytes, XORed with the key, to `out`, which is as long as `from`.
#[inline(always)]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    match from.len() {
        0..=16 => xor_copy_short(key, from, out),
        17..=32 => overlap::xor_copy::<_, 8, 2>(Word, key, from, out),
        33..=64 => overlap::xor_copy::<_, 8, 4>(Word, key, from, out),
        65..=128 => overlap::xor_copy::<_, 8, 8>(Word, key, from, out),
        _ => long::xor_copy(key, from, out),
    }
}
