//! Vectors of 32 bytes, with AVX2.
//!
//! It uses intrinsics, as `sse2` does, because the code that the compiler generates from arrays is up to three times
//! slower here.

use super::super::overlap;
use super::super::vector::Vector;
use core::arch::x86_64::{
    __m256i, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi32,
    _mm256_storeu_si256, _mm256_xor_si256,
};

/// XORs at least 128 bytes with the key, and returns `true` if every byte that it wrote is ASCII.
#[target_feature(enable = "avx2")]
pub(super) fn xor(key: u32, bytes: &mut [u8]) -> bool {
    if bytes.len() <= 256 {
        overlap::xor::<_, 32, 4>(Avx2::enabled(), key, bytes)
    } else {
        overlap::xor_long::<_, 32, 4>(Avx2::enabled(), key, bytes)
    }
}

/// Writes at least 128 bytes, XORed with the key, to `out`, which is as long as `from`.
#[target_feature(enable = "avx2")]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    if from.len() <= 256 {
        overlap::xor_copy::<_, 32, 4>(Avx2::enabled(), key, from, out);
    } else {
        overlap::xor_copy_long::<_, 32, 4>(Avx2::enabled(), key, from, out);
    }
}

/// The registers of AVX2.
// Only `enabled` creates a value, and it is safe to call only where AVX2 is enabled. So a value proves that the
// processor has AVX2, which is what each intrinsic below requires of it.
#[derive(Clone, Copy)]
struct Avx2(());

impl Avx2 {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn enabled() -> Avx2 {
        Avx2(())
    }
}

impl Vector<32> for Avx2 {
    type Register = __m256i;

    #[inline(always)]
    fn splat(self, key: u32) -> __m256i {
        // SAFETY: the processor has AVX2, since there is an `Avx2`.
        unsafe { _mm256_set1_epi32(key.cast_signed()) }
    }

    #[inline(always)]
    fn load(self, bytes: &[u8; 32]) -> __m256i {
        // SAFETY: the processor has AVX2, since there is an `Avx2`; the 32 bytes that are read are those of the array, at any
        // alignment.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, register: __m256i, bytes: &mut [u8; 32]) {
        // SAFETY: the processor has AVX2, since there is an `Avx2`; the 32 bytes that are written are those of the array, at
        // any alignment.
        unsafe { _mm256_storeu_si256(bytes.as_mut_ptr().cast(), register) }
    }

    #[inline(always)]
    fn xor(self, one: __m256i, other: __m256i) -> __m256i {
        // SAFETY: the processor has AVX2, since there is an `Avx2`.
        unsafe { _mm256_xor_si256(one, other) }
    }

    #[inline(always)]
    fn or(self, one: __m256i, other: __m256i) -> __m256i {
        // SAFETY: the processor has AVX2, since there is an `Avx2`.
        unsafe { _mm256_or_si256(one, other) }
    }

    #[inline(always)]
    fn above_ascii(self, register: __m256i) -> u64 {
        // SAFETY: the processor has AVX2, since there is an `Avx2`.
        let top_bits = unsafe { _mm256_movemask_epi8(register) };
        u64::from(top_bits.cast_unsigned())
    }
}
