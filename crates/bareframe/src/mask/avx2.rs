//! Thirty-two octets at once, by AVX2.
//!
//! By name, as the lanes of SSE2: what compilers make of arrays here is up to three times slower.

use super::{ends, turn};
use core::arch::x86_64::{
    __m256i, _mm256_extract_epi64, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set_epi64x,
    _mm256_set1_epi32, _mm256_setzero_si256, _mm256_xor_si256,
};

/// The octets of a vector.
const VECTOR: usize = 32;

/// At least 128 octets. Tells whether every octet that it wrote is ASCII.
#[target_feature(enable = "avx2")]
pub(super) fn xor(key: u32, octets: &mut [u8]) -> bool {
    if octets.len() <= 256 {
        xor_ends(key, octets)
    } else {
        xor_long(key, octets)
    }
}

/// 128 to 256 octets: the first four vectors and the last four, which may overlap, so that both are read before
/// either is written.
#[inline]
#[target_feature(enable = "avx2")]
fn xor_ends(key: u32, octets: &mut [u8]) -> bool {
    let tail_key = repeat(turn(key, octets.len()));
    let key = repeat(key);
    let (Some(&head), Some(&tail)) = (ends::first::<VECTOR, 4>(octets), ends::last::<VECTOR, 4>(octets))
    else {
        return true;
    };
    let head = head.map(|vector| _mm256_xor_si256(read(vector), key));
    let tail = tail.map(|vector| _mm256_xor_si256(read(vector), tail_key));
    ends::write(
        octets,
        head.map(|vector| written(vector)),
        tail.map(|vector| written(vector)),
    );
    let mut seen = _mm256_setzero_si256();
    for (head, tail) in head.into_iter().zip(tail) {
        seen = _mm256_or_si256(seen, _mm256_or_si256(head, tail));
    }
    is_ascii(seen)
}

/// Whole vectors that begin where one does in memory, four in a turn, and the two ends.
#[inline]
#[target_feature(enable = "avx2")]
fn xor_long(key: u32, octets: &mut [u8]) -> bool {
    let (Some(&[head]), Some(&[tail])) = (ends::first::<VECTOR, 1>(octets), ends::last::<VECTOR, 1>(octets))
    else {
        return true;
    };
    let head = _mm256_xor_si256(read(head), repeat(key));
    let tail = _mm256_xor_si256(read(tail), repeat(turn(key, octets.len())));
    let mut seen = _mm256_or_si256(head, tail);
    let unaligned = octets.as_ptr().align_offset(VECTOR);
    if let Some(aligned) = octets.get_mut(unaligned..) {
        let key = repeat(turn(key, unaligned));
        let (fours, rest) = aligned.as_chunks_mut().0.as_chunks_mut::<4>();
        for four in fours {
            for vector in four {
                let masked = _mm256_xor_si256(read(*vector), key);
                seen = _mm256_or_si256(seen, masked);
                *vector = written(masked);
            }
        }
        for vector in rest {
            let masked = _mm256_xor_si256(read(*vector), key);
            seen = _mm256_or_si256(seen, masked);
            *vector = written(masked);
        }
    }
    ends::write(octets, [written(head)], [written(tail)]);
    is_ascii(seen)
}

/// At least 128 octets; `out` is as long as `from`.
#[target_feature(enable = "avx2")]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    if from.len() <= 256 {
        xor_copy_ends(key, from, out);
    } else {
        xor_copy_long(key, from, out);
    }
}

/// As [`xor_ends`], copied.
#[inline]
#[target_feature(enable = "avx2")]
fn xor_copy_ends(key: u32, from: &[u8], out: &mut [u8]) {
    let tail_key = repeat(turn(key, from.len()));
    let key = repeat(key);
    if let (Some(&head), Some(&tail)) = (ends::first::<VECTOR, 4>(from), ends::last::<VECTOR, 4>(from)) {
        let head = head.map(|vector| written(_mm256_xor_si256(read(vector), key)));
        let tail = tail.map(|vector| written(_mm256_xor_si256(read(vector), tail_key)));
        ends::write(out, head, tail);
    }
}

/// As [`xor_long`], by where the output lies.
#[inline]
#[target_feature(enable = "avx2")]
fn xor_copy_long(key: u32, from: &[u8], out: &mut [u8]) {
    if let (Some(&[head]), Some(&[tail])) = (ends::first::<VECTOR, 1>(from), ends::last::<VECTOR, 1>(from)) {
        let head = _mm256_xor_si256(read(head), repeat(key));
        let tail = _mm256_xor_si256(read(tail), repeat(turn(key, from.len())));
        ends::write(out, [written(head)], [written(tail)]);
    }
    let unaligned = out.as_ptr().align_offset(VECTOR);
    if let (Some(from), Some(out)) = (from.get(unaligned..), out.get_mut(unaligned..)) {
        let key = repeat(turn(key, unaligned));
        let (fours, rest) = from.as_chunks().0.as_chunks::<4>();
        let (out_fours, out_rest) = out.as_chunks_mut().0.as_chunks_mut::<4>();
        for (to, from) in out_fours.iter_mut().zip(fours) {
            for (to, from) in to.iter_mut().zip(from) {
                *to = written(_mm256_xor_si256(read(*from), key));
            }
        }
        for (to, from) in out_rest.iter_mut().zip(rest) {
            *to = written(_mm256_xor_si256(read(*from), key));
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn repeat(key: u32) -> __m256i {
    _mm256_set1_epi32(key.cast_signed())
}

/// Compilers make one load of it.
#[inline]
#[target_feature(enable = "avx2")]
fn read(octets: [u8; VECTOR]) -> __m256i {
    let (words, _) = octets.as_chunks();
    match words {
        &[a, b, c, d] => {
            let [a, b, c, d] = [a, b, c, d].map(i64::from_ne_bytes);
            _mm256_set_epi64x(d, c, b, a)
        }
        _ => _mm256_setzero_si256(),
    }
}

/// Compilers make one store of it.
#[inline]
#[target_feature(enable = "avx2")]
fn written(vector: __m256i) -> [u8; VECTOR] {
    let mut octets = [0; VECTOR];
    if let [a, b, c, d] = octets.as_chunks_mut().0 {
        *a = _mm256_extract_epi64::<0>(vector).to_ne_bytes();
        *b = _mm256_extract_epi64::<1>(vector).to_ne_bytes();
        *c = _mm256_extract_epi64::<2>(vector).to_ne_bytes();
        *d = _mm256_extract_epi64::<3>(vector).to_ne_bytes();
    }
    octets
}

#[inline]
#[target_feature(enable = "avx2")]
fn is_ascii(vector: __m256i) -> bool {
    _mm256_movemask_epi8(vector) == 0
}
