//! Vectors of 64 bytes, with AVX-512.
//!
//! It uses intrinsics, as `avx2` does. Two vectors in each iteration are enough, since one store is all that a processor does at
//! a time.

use super::super::overlap;
use super::super::vector::Vector;
use core::arch::x86_64::{
    __m512i, _mm512_loadu_si512, _mm512_movepi8_mask, _mm512_or_si512, _mm512_set1_epi32,
    _mm512_storeu_si512, _mm512_xor_si512,
};

/// XORs at least 128 bytes with the key, and returns `true` if every byte that it wrote is ASCII.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn xor(key: u32, bytes: &mut [u8]) -> bool {
    if bytes.len() <= 256 {
        overlap::xor::<_, 64, 2>(Avx512::enabled(), key, bytes)
    } else {
        overlap::xor_long::<_, 64, 2>(Avx512::enabled(), key, bytes)
    }
}

/// Writes at least 128 bytes, XORed with the key, to `out`, which is as long as `from`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    if from.len() <= 256 {
        overlap::xor_copy::<_, 64, 2>(Avx512::enabled(), key, from, out);
    } else {
        overlap::xor_copy_long::<_, 64, 2>(Avx512::enabled(), key, from, out);
    }
}

/// The registers of AVX-512.
// Only `enabled` creates a value, and it is safe to call only where AVX-512 is enabled. So a value proves that the
// processor has AVX-512, which is what each intrinsic below requires of it.
#[derive(Clone, Copy)]
struct Avx512(());

impl Avx512 {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    fn enabled() -> Avx512 {
        Avx512(())
    }
}

impl Vector<64> for Avx512 {
    type Register = __m512i;

    #[inline(always)]
    fn splat(self, key: u32) -> __m512i {
        // SAFETY: the processor has AVX-512, since there is an `Avx512`.
        unsafe { _mm512_set1_epi32(key.cast_signed()) }
    }

    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> __m512i {
        // SAFETY: the processor has AVX-512, since there is an `Avx512`; the 64 bytes that are read are those of the array, at any
        // alignment.
        unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, register: __m512i, bytes: &mut [u8; 64]) {
        // SAFETY: the processor has AVX-512, since there is an `Avx512`; the 64 bytes that are written are those of the array, at
        // any alignment.
        unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), register) }
    }

    #[inline(always)]
    fn xor(self, one: __m512i, other: __m512i) -> __m512i {
        // SAFETY: the processor has AVX-512, since there is an `Avx512`.
        unsafe { _mm512_xor_si512(one, other) }
    }

    #[inline(always)]
    fn or(self, one: __m512i, other: __m512i) -> __m512i {
        // SAFETY: the processor has AVX-512, since there is an `Avx512`.
        unsafe { _mm512_or_si512(one, other) }
    }

    #[inline(always)]
    fn above_ascii(self, register: __m512i) -> u64 {
        // SAFETY: the processor has AVX-512, since there is an `Avx512`.
        unsafe { _mm512_movepi8_mask(register) }
    }
}
