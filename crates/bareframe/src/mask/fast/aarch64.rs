//! Masking with the vectors of ARM64: payloads of 16 bytes or more with NEON.

mod neon;

use super::overlap;
use super::{xor_copy_short, xor_short, xor_short_unless};
use neon::Neon;

/// XORs the bytes with the key, and returns `true` if every byte that it wrote is ASCII.
#[inline(always)]
pub(super) fn xor(key: u32, bytes: &mut [u8]) -> bool {
    match bytes.len() {
        0..16 => xor_short(key, bytes),
        16..=32 => overlap::xor::<_, 16, 1>(Neon, key, bytes),
        33..=64 => overlap::xor::<_, 16, 2>(Neon, key, bytes),
        65..=128 => overlap::xor::<_, 16, 4>(Neon, key, bytes),
        _ => xor_long(key, bytes),
    }
}

/// XORs at most 128 bytes as [`overlap::xor_unless`] does.
#[inline(always)]
pub(super) fn xor_unless(key: u32, bytes: &mut [u8], refused: u64) -> bool {
    match bytes.len() {
        0..16 => xor_short_unless(key, bytes, refused),
        16..=32 => overlap::xor_unless::<_, 16, 1>(Neon, key, bytes, refused),
        33..=64 => overlap::xor_unless::<_, 16, 2>(Neon, key, bytes, refused),
        _ => overlap::xor_unless::<_, 16, 4>(Neon, key, bytes, refused),
    }
}

/// Writes the bytes, XORed with the key, to `out`, which is as long as `from`.
#[inline(always)]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    match from.len() {
        0..16 => xor_copy_short(key, from, out),
        16..=32 => overlap::xor_copy::<_, 16, 1>(Neon, key, from, out),
        33..=64 => overlap::xor_copy::<_, 16, 2>(Neon, key, from, out),
        65..=128 => overlap::xor_copy::<_, 16, 4>(Neon, key, from, out),
        _ => xor_copy_long(key, from, out),
    }
}

/// Does the same as [`xor`] for more than 128 bytes.
#[inline(never)]
pub(super) fn xor_long(key: u32, bytes: &mut [u8]) -> bool {
    if bytes.len() <= 256 {
        overlap::xor::<_, 16, 8>(Neon, key, bytes)
    } else {
        overlap::xor_long::<_, 16, 8>(Neon, key, bytes)
    }
}

/// Does the same as [`xor_copy`] for more than 128 bytes.
#[inline(never)]
fn xor_copy_long(key: u32, from: &[u8], out: &mut [u8]) {
    if from.len() <= 256 {
        overlap::xor_copy::<_, 16, 8>(Neon, key, from, out);
    } else {
        overlap::xor_copy_long::<_, 16, 8>(Neon, key, from, out);
    }
}
