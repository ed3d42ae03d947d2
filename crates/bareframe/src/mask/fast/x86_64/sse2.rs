//! Vectors of 16 bytes, with SSE2.
//!
//! It uses intrinsics, because the code that the compiler generates from words or arrays depends on the code around
//! them: if that checks whether the result is ASCII, there are no vectors, and it is up to seven times slower.

use super::super::vector::Vector;
use core::arch::x86_64::{
    __m128i, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi32, _mm_storeu_si128,
    _mm_xor_si128,
};

/// The registers of SSE2.
// This module is compiled only for targets that enable SSE2 for all code, as every x86-64 with floating point does. That is
// what each intrinsic below requires of the processor.
#[derive(Clone, Copy)]
pub(super) struct Sse2;

impl Vector<16> for Sse2 {
    type Register = __m128i;

    #[inline(always)]
    fn splat(self, key: u32) -> __m128i {
        // SAFETY: SSE2 is enabled, see `Sse2`.
        unsafe { _mm_set1_epi32(key.cast_signed()) }
    }

    #[inline(always)]
    fn load(self, bytes: &[u8; 16]) -> __m128i {
        // SAFETY: SSE2 is enabled, see `Sse2`; the 16 bytes that are read are those of the array, at any alignment.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, register: __m128i, bytes: &mut [u8; 16]) {
        // SAFETY: SSE2 is enabled, see `Sse2`; the 16 bytes that are written are those of the array, at any alignment.
        unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), register) }
    }

    #[inline(always)]
    fn xor(self, one: __m128i, other: __m128i) -> __m128i {
        // SAFETY: SSE2 is enabled, see `Sse2`.
        unsafe { _mm_xor_si128(one, other) }
    }

    #[inline(always)]
    fn or(self, one: __m128i, other: __m128i) -> __m128i {
        // SAFETY: SSE2 is enabled, see `Sse2`.
        unsafe { _mm_or_si128(one, other) }
    }

    #[inline(always)]
    fn above_ascii(self, register: __m128i) -> u64 {
        // SAFETY: SSE2 is enabled, see `Sse2`.
        let top_bits = unsafe { _mm_movemask_epi8(register) };
        u64::from(top_bits.cast_unsigned())
    }
}
