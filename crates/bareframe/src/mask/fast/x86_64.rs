//! Masking with the vectors of x86-64: payloads of 16 to 128 bytes with SSE2, longer ones with AVX-512 or with AVX2.

mod avx2;
mod avx512;
mod sse2;

use super::overlap;
use super::{xor_copy_short, xor_short, xor_short_unless};
use crate::cpu::{Vectors, known, vectors};
use sse2::Sse2;

/// XORs the bytes with the key, and returns `true` if every byte that it wrote is ASCII.
#[inline(always)]
pub(super) fn xor(key: u32, bytes: &mut [u8]) -> bool {
    match bytes.len() {
        0..=32 => xor_at_most_32(key, bytes),
        33..=64 => overlap::xor::<_, 16, 2>(Sse2, key, bytes),
        65..=128 => overlap::xor::<_, 16, 4>(Sse2, key, bytes),
        _ => xor_dispatched(key, bytes),
    }
}

/// XORs at most 128 bytes as [`overlap::xor_unless`] does.
#[inline(always)]
pub(super) fn xor_unless(key: u32, bytes: &mut [u8], refused: u64) -> bool {
    match bytes.len() {
        0..=32 => xor_at_most_32_unless(key, bytes, refused),
        33..=64 => overlap::xor_unless::<_, 16, 2>(Sse2, key, bytes, refused),
        _ => overlap::xor_unless::<_, 16, 4>(Sse2, key, bytes, refused),
    }
}

/// Writes the bytes, XORed with the key, to `out`, which is as long as `from`.
#[inline(always)]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    match from.len() {
        0..16 => xor_copy_short(key, from, out),
        16..=32 => overlap::xor_copy::<_, 16, 1>(Sse2, key, from, out),
        33..=64 => overlap::xor_copy::<_, 16, 2>(Sse2, key, from, out),
        65..=128 => overlap::xor_copy::<_, 16, 4>(Sse2, key, from, out),
        _ => xor_copy_dispatched(key, from, out),
    }
}

#[inline(always)]
fn xor_at_most_32(key: u32, bytes: &mut [u8]) -> bool {
    match bytes.len() {
        0..16 => xor_short(key, bytes),
        _ => overlap::xor::<_, 16, 1>(Sse2, key, bytes),
    }
}

#[inline(always)]
fn xor_at_most_32_unless(key: u32, bytes: &mut [u8], refused: u64) -> bool {
    match bytes.len() {
        0..16 => xor_short_unless(key, bytes, refused),
        _ => overlap::xor_unless::<_, 16, 1>(Sse2, key, bytes, refused),
    }
}

#[inline(never)]
fn xor_dispatched(key: u32, bytes: &mut [u8]) -> bool {
    xor_long(key, bytes)
}

/// Does the same as [`xor`] for more than 128 bytes.
#[inline(always)]
pub(super) fn xor_long(key: u32, bytes: &mut [u8]) -> bool {
    match known() {
        // SAFETY: `known` returns this only if the processor has AVX-512.
        Some(Vectors::Avx512) => unsafe { avx512::xor(key, bytes) },
        // SAFETY: `known` returns this only if the processor has AVX2.
        Some(Vectors::Avx2) => unsafe { avx2::xor(key, bytes) },
        _ => xor_first(key, bytes),
    }
}

/// Masks the first time, and every time on a processor without AVX2.
#[inline(never)]
fn xor_first(key: u32, bytes: &mut [u8]) -> bool {
    match vectors() {
        // SAFETY: `vectors` returns this only if the processor has AVX-512.
        Vectors::Avx512 => unsafe { avx512::xor(key, bytes) },
        // SAFETY: `vectors` returns this only if the processor has AVX2.
        Vectors::Avx2 => unsafe { avx2::xor(key, bytes) },
        Vectors::Baseline => xor_baseline(key, bytes),
    }
}

#[inline]
fn xor_baseline(key: u32, bytes: &mut [u8]) -> bool {
    overlap::xor_long::<_, 16, 4>(Sse2, key, bytes)
}

#[inline(never)]
fn xor_copy_dispatched(key: u32, from: &[u8], out: &mut [u8]) {
    match known() {
        // SAFETY: `known` returns this only if the processor has AVX-512.
        Some(Vectors::Avx512) => unsafe { avx512::xor_copy(key, from, out) },
        // SAFETY: `known` returns this only if the processor has AVX2.
        Some(Vectors::Avx2) => unsafe { avx2::xor_copy(key, from, out) },
        _ => xor_copy_first(key, from, out),
    }
}

/// Masks the first time, and every time on a processor without AVX2.
#[inline(never)]
fn xor_copy_first(key: u32, from: &[u8], out: &mut [u8]) {
    match vectors() {
        // SAFETY: `vectors` returns this only if the processor has AVX-512.
        Vectors::Avx512 => unsafe { avx512::xor_copy(key, from, out) },
        // SAFETY: `vectors` returns this only if the processor has AVX2.
        Vectors::Avx2 => unsafe { avx2::xor_copy(key, from, out) },
        Vectors::Baseline => xor_copy_baseline(key, from, out),
    }
}

#[inline]
fn xor_copy_baseline(key: u32, from: &[u8], out: &mut [u8]) {
    overlap::xor_copy_long::<_, 16, 4>(Sse2, key, from, out);
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::super::turn;
    use super::*;
    use std::vec::Vec;

    /// Each kernel that this processor has, at every length from the shortest that it takes, every phase and some alignments.
    #[test]
    fn s5_3_every_kernel_is_the_loop_over_bytes() {
        for len in 128..=4200 {
            let (phase, align) = (len % 4, len * 7 % 64);
            let key = turn(0x3d21_fa37, phase);
            let above_ascii = (len % 3 == 0).then_some(align + len * 31 % 4201 % len);
            let mut from: Vec<u8> = (0..align + len).map(|i| (i * 7 % 128) as u8).collect();
            if let Some(at) = above_ascii {
                from[at] |= 0x80;
            }
            let keys = key.to_ne_bytes().into_iter().cycle();
            let masked: Vec<u8> = from[align..].iter().zip(keys).map(|(a, b)| a ^ b).collect();
            let check = |xor: fn(u32, &mut [u8]) -> bool, xor_copy: fn(u32, &[u8], &mut [u8])| {
                let mut here = from.clone();
                xor(key, &mut here[align..]);
                assert_eq!(here[align..], masked);
                assert_eq!(xor(key, &mut here[align..]), above_ascii.is_none(), "{len}");
                assert_eq!(here, from);
                xor_copy(key, &from[align..], &mut here[align..]);
                assert_eq!(here[align..], masked);
                assert_eq!(here[..align], from[..align]);
            };
            check(xor, xor_copy);
            check(xor_baseline, xor_copy_baseline);
            if vectors() != Vectors::Baseline {
                // SAFETY: the processor has AVX2, since `vectors` did not return `Baseline`.
                let xor = |key, bytes: &mut [u8]| unsafe { avx2::xor(key, bytes) };
                // SAFETY: as above.
                let xor_copy = |key, from: &[u8], out: &mut [u8]| unsafe { avx2::xor_copy(key, from, out) };
                check(xor, xor_copy);
            }
            if vectors() == Vectors::Avx512 {
                // SAFETY: `vectors` returns this only if the processor has AVX-512.
                let xor = |key, bytes: &mut [u8]| unsafe { avx512::xor(key, bytes) };
                // SAFETY: as above.
                let xor_copy = |key, from: &[u8], out: &mut [u8]| unsafe { avx512::xor_copy(key, from, out) };
                check(xor, xor_copy);
            }
        }
    }
}
