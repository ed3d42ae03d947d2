//! Sixteen octets at once, by SSE2.
//!
//! By name, since what compilers make of a few words depends on the code around them: asked whether the result is
//! ASCII, they leave vectors and are up to seven times slower.

use core::arch::x86_64::{
    __m128i, _mm_cvtsi128_si64, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi32,
    _mm_unpackhi_epi64, _mm_xor_si128,
};

#[derive(Clone, Copy)]
pub(super) struct Lane(__m128i);

// This file is compiled only for targets that enable SSE2 for all their code, as every x86-64 with floating point
// does. It is the one thing that each call below asks for, and so the whole proof of each.
impl Lane {
    #[inline(always)]
    pub(super) fn repeat(key: u32) -> Lane {
        // SAFETY: SSE2 is enabled, see above.
        Lane(unsafe { _mm_set1_epi32(key.cast_signed()) })
    }

    /// Compilers make one load of it.
    #[inline(always)]
    pub(super) fn read(octets: [u8; 16]) -> Lane {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = octets;
        let low = i64::from_ne_bytes([a, b, c, d, e, f, g, h]);
        let high = i64::from_ne_bytes([i, j, k, l, m, n, o, p]);
        // SAFETY: SSE2 is enabled, see above.
        Lane(unsafe { _mm_set_epi64x(high, low) })
    }

    /// Compilers make one store of it.
    #[inline(always)]
    pub(super) fn octets(self) -> [u8; 16] {
        // SAFETY: SSE2 is enabled, see above.
        let low = unsafe { _mm_cvtsi128_si64(self.0) };
        // SAFETY: as before.
        let high = unsafe { _mm_unpackhi_epi64(self.0, self.0) };
        // SAFETY: as before.
        let high = unsafe { _mm_cvtsi128_si64(high) };
        let [a, b, c, d, e, f, g, h] = low.to_ne_bytes();
        let [i, j, k, l, m, n, o, p] = high.to_ne_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }

    #[inline(always)]
    pub(super) fn xor(self, other: Lane) -> Lane {
        // SAFETY: SSE2 is enabled, see above.
        Lane(unsafe { _mm_xor_si128(self.0, other.0) })
    }

    #[inline(always)]
    pub(super) fn or(self, other: Lane) -> Lane {
        // SAFETY: SSE2 is enabled, see above.
        Lane(unsafe { _mm_or_si128(self.0, other.0) })
    }

    #[inline(always)]
    pub(super) fn is_ascii(self) -> bool {
        // SAFETY: SSE2 is enabled, see above.
        let top_bits = unsafe { _mm_movemask_epi8(self.0) };
        top_bits == 0
    }
}
