//! UTF-8 validation with vectors of 64 bytes, with AVX-512. One look-up in a table returns the class of each byte, and
//! the bytes before it decide which classes it may have. No bit masks of single bytes are used, because moving them is
//! expensive.
//!
//! It validates text that is still masked, and stores each step unmasked only when nothing is loaded from it any more: if the unmasked
//! bytes had been stored just before, in vectors of another length, each load would wait until those stores are in the cache, which
//! takes as long as the rest.

use super::super::unfinished;
use core::arch::x86_64::{
    __m128i, __m256i, __m512i, _mm_loadu_si128, _mm_set_epi64x, _mm256_castsi128_si256,
    _mm256_inserti128_si256, _mm256_loadu_si256, _mm512_add_epi8, _mm512_alignr_epi8, _mm512_alignr_epi32,
    _mm512_castsi256_si512, _mm512_inserti64x4, _mm512_loadu_si512, _mm512_mask_add_epi8,
    _mm512_maskz_loadu_epi8, _mm512_maskz_mov_epi8, _mm512_maskz_permutex2var_epi8,
    _mm512_maskz_permutexvar_epi8, _mm512_movepi8_mask, _mm512_or_si512, _mm512_set1_epi8, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_slli_epi16, _mm512_storeu_si512, _mm512_subs_epu8,
    _mm512_ternarylogic_epi64, _mm512_test_epi8_mask, _mm512_xor_si512, _mm512_zextsi128_si512,
    _mm512_zextsi256_si512,
};

/// The number of bytes in a step.
const STEP: usize = 64;

/// What comes before the three bytes before the second step.
const BEFORE: usize = STEP - 3;

/// How many steps of ASCII are skipped at once.
const SKIP: usize = 4;

/// The class of a byte that continues a character, and its range: 80 to 8F, 90 to 9F, A0 to BF.
const CONTINUES: u8 = 0x80;
const IS: [u8; 3] = [0x10, 0x20, 0x40];
const ANY_IS: u8 = 0x70;

/// The class of a byte after which a character continues, and the ranges that must not come next. Shifted, these bits are those of
/// [`CONTINUES`] and [`IS`].
const BEGINS: u8 = 0x08;
const NOT: [u8; 3] = [0x01, 0x02, 0x04];
const SHIFT: u32 = 4;

/// The class of each byte from 80 to BF.
const CLASSES_LOW: [u8; 64] = classes(0x80);

/// The class of each byte from C0 on. That of ASCII is 0.
const CLASSES_HIGH: [u8; 64] = classes(0xC0);

/// Subtracted from a byte these leave the top bit set if its character continues two bytes later, or three.
const NOT_OF_THREE: u8 = 0xE0 - CONTINUES;
const NOT_OF_FOUR: u8 = 0xF0 - CONTINUES;

const fn classes(first: u8) -> [u8; 64] {
    let ([is_8, is_9, is_a], [not_8, not_9, not_a]) = (IS, NOT);
    let mut bytes = counted(first);
    let mut rest: &mut [u8] = &mut bytes;
    while let Some((byte, behind)) = rest.split_first_mut() {
        *byte = match *byte {
            0x80..=0x8F => CONTINUES | is_8,
            0x90..=0x9F => CONTINUES | is_9,
            0xA0..=0xBF => CONTINUES | is_a,
            // The form would be overlong.
            0xE0 => BEGINS | not_8 | not_9,
            0xF0 => BEGINS | not_8,
            // It would be a surrogate.
            0xED => BEGINS | not_a,
            // It would be above U+10FFFF.
            0xF4 => BEGINS | not_9 | not_a,
            // No character begins with these bytes.
            0xC0 | 0xC1 | 0xF5..=0xFF => BEGINS | not_8 | not_9 | not_a,
            _ => BEGINS,
        };
        rest = behind;
    }
    bytes
}

/// Functions of three bits: the OR of all, the first OR the XOR of the others, the first OR the AND of the others.
const OR_OR: i32 = 0xFE;
const OR_XOR: i32 = 0xF6;
const OR_AND: i32 = 0xF8;

/// The positions in a step.
const PLACES: [u8; 64] = counted(0);

/// Returns `first` and the numbers after it.
const fn counted(first: u8) -> [u8; 64] {
    let mut bytes = [0; 64];
    let mut rest: &mut [u8] = &mut bytes;
    let mut next = first;
    while let Some((byte, behind)) = rest.split_first_mut() {
        *byte = next;
        next = next.wrapping_add(1);
        rest = behind;
    }
    bytes
}

/// The state of the validation of a text.
struct Check {
    /// The last step, and the classes of its bytes, shifted.
    bytes: __m512i,
    shifted: __m512i,
    /// The top bit of a byte is set if a byte in its place continued a character where none may be continued, or did
    /// not where one must be.
    misplaced: __m512i,
    /// A bit of [`IS`] is set if a byte in its place was in a range that is forbidden after the byte before.
    forbidden: __m512i,
}

impl Check {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn new() -> Check {
        let zero = _mm512_setzero_si512();
        Check {
            bytes: zero,
            shifted: zero,
            misplaced: zero,
            forbidden: zero,
        }
    }

    /// Does the same as [`Check::step`] for bytes that are not in memory after those of the last step.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn step_after_last(&mut self, bytes: __m512i) {
        let moved = _mm512_alignr_epi32::<12>(bytes, self.bytes);
        let two_before = _mm512_alignr_epi8::<14>(bytes, moved);
        let three_before = _mm512_alignr_epi8::<13>(bytes, moved);
        self.step(bytes, two_before, three_before);
    }

    /// Checks a step. The other two arguments are the steps from two and from three bytes before it.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn step(&mut self, bytes: __m512i, two_before: __m512i, three_before: __m512i) {
        let (low, high) = (load(&CLASSES_LOW), load(&CLASSES_HIGH));
        let above_ascii = _mm512_movepi8_mask(bytes);
        let classes = _mm512_maskz_permutex2var_epi8(above_ascii, low, bytes, high);
        // The lower bits of what is shifted come from another byte, and are not looked at.
        let shifted = _mm512_slli_epi16::<SHIFT>(classes);
        let moved = _mm512_alignr_epi32::<12>(shifted, self.shifted);
        let before = _mm512_alignr_epi8::<15>(shifted, moved);
        let third = _mm512_subs_epu8(two_before, _mm512_set1_epi8(NOT_OF_THREE.cast_signed()));
        let fourth = _mm512_subs_epu8(three_before, _mm512_set1_epi8(NOT_OF_FOUR.cast_signed()));
        let due = _mm512_ternarylogic_epi64::<OR_OR>(before, third, fourth);
        self.misplaced = _mm512_ternarylogic_epi64::<OR_XOR>(self.misplaced, due, classes);
        self.forbidden = _mm512_ternarylogic_epi64::<OR_AND>(self.forbidden, before, classes);
        self.bytes = bytes;
        self.shifted = shifted;
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn found_nothing(&self) -> bool {
        let any_is = _mm512_set1_epi8(ANY_IS.cast_signed());
        _mm512_movepi8_mask(self.misplaced) | _mm512_test_epi8_mask(self.forbidden, any_is) == 0
    }
}

/// Returns `true` if the bytes are whole characters.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub(super) fn are_characters(bytes: &[u8]) -> bool {
    let mut check = Check::new();
    let mut is_after_ascii = true;
    let (steps, tail) = bytes.as_chunks();
    if let Some(first) = steps.first() {
        let first = load(first);
        is_after_ascii = has_only_ascii(first);
        check.step_after_last(first);
    }
    // The three bytes before each step are loaded with it and not moved into place, because loads have a port of their
    // own.
    let mut rest = bytes.get(BEFORE..).unwrap_or(&[]);
    while let Some([three_before, two_before, step]) = step_and_before(rest) {
        let step = load(step);
        let is_ascii = has_only_ascii(step);
        if !(is_ascii && is_after_ascii) {
            check.step(step, load(two_before), load(three_before));
        }
        is_after_ascii = is_ascii;
        rest = rest.get(STEP..).unwrap_or(&[]);
        if is_ascii {
            rest = after_ascii_steps(rest);
        }
    }
    if tail.is_empty() {
        return is_finished(0, bytes) && check.found_nothing();
    }
    // The zero after the last byte is an error if a character is unfinished there.
    check.step_after_last(load_end(bytes));
    check.found_nothing()
}

/// XORs all steps with the key, and leaves what is left over. Returns how many bytes it XORed, and `true` if all bytes, XORed with the
/// key, are whole characters.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub(super) fn unmask_characters(key: u32, bytes: &mut [u8]) -> (usize, bool) {
    let mut check = Check::new();
    // The keys for what begins two and three bytes before a step, whose length is a multiple of the key's.
    let (word_two, word_three) = (key.rotate_right(16), key.rotate_right(8));
    let (key, key_two, key_three) = (repeated(key), repeated(word_two), repeated(word_three));
    let is_finished = !bytes.len().is_multiple_of(STEP) || is_finished(word_three, bytes);
    let len = bytes.len();
    let mut rest = bytes;
    if let Some(first) = rest.first_chunk() {
        // It is stored only after what follows is loaded, since that is loaded with the three bytes before.
        let mut unstored = unmasked(first, key);
        check.step_after_last(unstored);
        while let Some([three_before, two_before, step]) = step_and_before(rest.get(BEFORE..).unwrap_or(&[]))
        {
            let step = unmasked(step, key);
            check.step(
                step,
                unmasked(two_before, key_two),
                unmasked(three_before, key_three),
            );
            rest = store_first(unstored, rest);
            unstored = step;
        }
        rest = store_first(unstored, rest);
    }
    if !rest.is_empty() {
        // The zero after the last byte is an error if a character is unfinished there.
        let key = _mm512_maskz_mov_epi8(lowest(rest.len()), key);
        check.step_after_last(_mm512_xor_si512(load_short(rest), key));
    }
    (len.wrapping_sub(rest.len()), is_finished && check.found_nothing())
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn has_only_ascii(step: __m512i) -> bool {
    _mm512_movepi8_mask(step) == 0
}

/// Returns a step XORed with the key.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn unmasked(step: &[u8; STEP], key: __m512i) -> __m512i {
    _mm512_xor_si512(load(step), key)
}

/// Stores a step at the front of the bytes, and returns those after it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn store_first(step: __m512i, bytes: &mut [u8]) -> &mut [u8] {
    let Some((first, after)) = bytes.split_first_chunk_mut::<STEP>() else {
        return &mut [];
    };
    // SAFETY: the 64 bytes that are written are those of the array, at any alignment.
    unsafe { _mm512_storeu_si512(first.as_mut_ptr().cast(), step) };
    after
}

/// Returns `true` if the last three bytes, XORed with the key for the first of them, do not end within a character.
#[inline]
fn is_finished(key: u32, bytes: &[u8]) -> bool {
    let Some(&[a, b, c]) = bytes.last_chunk() else {
        return true;
    };
    let [key_a, key_b, key_c, _] = key.to_ne_bytes();
    unfinished(&[a ^ key_a, b ^ key_b, c ^ key_c]) == 0
}

/// Returns the key over a vector.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn repeated(key: u32) -> __m512i {
    _mm512_set1_epi32(key.cast_signed())
}

/// Returns `true` if no byte has its top bit set. There must be at least 64 bytes.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub(super) fn is_ascii(bytes: &[u8]) -> bool {
    let unaligned = bytes.as_ptr().align_offset(STEP);
    let aligned = bytes.get(unaligned..).unwrap_or(&[]);
    let steps = after_ascii(aligned.as_chunks().0);
    if steps.len() >= SKIP {
        return false;
    }
    let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else {
        return false;
    };
    let mut seen = _mm512_or_si512(load(first), load(last));
    for step in steps {
        seen = _mm512_or_si512(seen, load(step));
    }
    _mm512_movepi8_mask(seen) == 0
}

/// Skips steps of ASCII in groups of [`SKIP`], and returns the steps after them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn after_ascii(mut steps: &[[u8; STEP]]) -> &[[u8; STEP]] {
    while let Some((skipped, after)) = steps.split_first_chunk::<SKIP>() {
        let mut seen = _mm512_setzero_si512();
        for step in skipped {
            seen = _mm512_or_si512(seen, load(step));
        }
        if _mm512_movepi8_mask(seen) != 0 {
            break;
        }
        steps = after;
    }
    steps
}

/// Returns the step that has three bytes before it, preceded by as many bytes from three and from two bytes before it.
#[inline]
fn step_and_before(bytes: &[u8]) -> Option<[&[u8; STEP]; 3]> {
    let two_before = bytes.get(1..)?;
    let step = bytes.get(3..)?;
    Some([
        bytes.first_chunk()?,
        two_before.first_chunk()?,
        step.first_chunk()?,
    ])
}

/// Does the same as [`after_ascii`] for steps that have three bytes before them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn after_ascii_steps(bytes: &[u8]) -> &[u8] {
    let (steps, _) = bytes.get(3..).unwrap_or(&[]).as_chunks();
    let skipped = steps.len().wrapping_sub(after_ascii(steps).len());
    bytes.get(skipped.wrapping_mul(STEP)..).unwrap_or(&[])
}

// Loads use intrinsics, and no closure or function of the standard library is passed a vector: such functions do not
// enable AVX-512, so that calls in them would not be inlined.

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn load(bytes: &[u8; STEP]) -> __m512i {
    // SAFETY: the 64 bytes that are read are those of the array, at any alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// Returns fewer than 64 bytes, followed by zeros. No branch depends on their number, but it must be long ago that they were stored.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn load_short(bytes: &[u8]) -> __m512i {
    // SAFETY: only bytes with a bit in the mask are read, which are those of the slice.
    unsafe { _mm512_maskz_loadu_epi8(lowest(bytes.len()), bytes.as_ptr().cast()) }
}

/// Returns the bytes that are left over after all steps, followed by zeros.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn load_end(bytes: &[u8]) -> __m512i {
    if let Some(last) = bytes.last_chunk::<STEP>() {
        let left = bytes.as_chunks::<STEP>().1.len();
        let from = _mm512_add_epi8(load(&PLACES), every(STEP.wrapping_sub(left)));
        return _mm512_maskz_permutexvar_epi8(lowest(left), from, load(last));
    }
    match *bytes {
        [] => return _mm512_setzero_si512(),
        [a] => return two_words(u64::from(a), 0),
        [a, b] => return two_words(u64::from(u16::from_le_bytes([a, b])), 0),
        [a, b, c] => return two_words(u64::from(u32::from_le_bytes([a, b, c, 0])), 0),
        _ => (),
    }
    match bytes.len() {
        ..8 => {
            let (Some(head), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) else {
                return _mm512_setzero_si512();
            };
            let (head, tail) = (u32::from_le_bytes(*head), u32::from_le_bytes(*tail));
            let behind = bytes.len().saturating_sub(4).saturating_mul(8);
            two_words(u64::from(head) | u64::from(tail) << behind, 0)
        }
        8..16 => {
            let (Some(head), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) else {
                return _mm512_setzero_si512();
            };
            let (head, tail) = (u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
            let [twice, ..] = 16_usize
                .saturating_sub(bytes.len())
                .saturating_mul(8)
                .to_le_bytes();
            two_words(head, tail.checked_shr(u32::from(twice)).unwrap_or(0))
        }
        16..32 => {
            let (Some(head), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) else {
                return _mm512_setzero_si512();
            };
            let both = _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(load_16(head)), load_16(tail));
            close_up(_mm512_zextsi256_si512(both), 16, bytes.len())
        }
        _ => {
            let (Some(head), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) else {
                return _mm512_setzero_si512();
            };
            let both = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(load_32(head)), load_32(tail));
            close_up(both, 32, bytes.len())
        }
    }
}

/// Returns the first `half` bytes, followed by those of the second half that they did not have.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn close_up(both: __m512i, half: usize, len: usize) -> __m512i {
    let twice = every(half.wrapping_mul(2).wrapping_sub(len));
    let from = _mm512_mask_add_epi8(load(&PLACES), !lowest(half), load(&PLACES), twice);
    _mm512_maskz_permutexvar_epi8(lowest(len), from, both)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn two_words(low: u64, high: u64) -> __m512i {
    _mm512_zextsi128_si512(_mm_set_epi64x(high.cast_signed(), low.cast_signed()))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn load_16(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: the 16 bytes that are read are those of the array, at any alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn load_32(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the 32 bytes that are read are those of the array, at any alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// Returns a mask of the lowest bits, of which there are fewer than 64.
#[inline]
const fn lowest(bits: usize) -> u64 {
    !(u64::MAX << (bits % 64))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn every(byte: usize) -> __m512i {
    let [byte, ..] = byte.to_le_bytes();
    _mm512_set1_epi8(byte.cast_signed())
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::super::super::tests;
    use crate::cpu::{Vectors, vectors};
    use std::vec::Vec;

    fn check(bytes: &[u8]) {
        if vectors() == Vectors::Avx512 {
            let text = core::str::from_utf8(bytes).is_ok();
            // SAFETY: the processor was asked just above.
            let unmasked = unsafe { super::are_characters(bytes) };
            assert_eq!(unmasked, text, "{bytes:02x?}");
            let key = [0x37, 0xFA, 0x21, 0xBD];
            let keys = key.iter().cycle();
            let masked: Vec<u8> = bytes.iter().zip(keys).map(|(byte, key)| byte ^ key).collect();
            let mut here = masked.clone();
            // SAFETY: the processor was asked just above.
            let found = unsafe { super::unmask_characters(u32::from_ne_bytes(key), &mut here) };
            let steps = bytes.len() / super::STEP * super::STEP;
            assert_eq!(found, (steps, text), "{bytes:02x?}");
            assert_eq!(here, [&bytes[..steps], &masked[steps..]].concat());
            if bytes.len() >= super::STEP {
                // SAFETY: the processor was asked just above.
                let ascii = unsafe { super::is_ascii(bytes) };
                assert_eq!(ascii, bytes.is_ascii(), "{bytes:02x?}");
            }
        }
    }

    #[test]
    fn s8_1_every_length_and_alignment_cut_anywhere() {
        tests::every_length_and_alignment_cut_anywhere(check);
    }

    #[test]
    fn s8_1_every_first_byte_and_what_follows_wherever_they_are() {
        tests::every_first_byte_and_what_follows(check);
    }

    #[test]
    fn s8_1_one_wrong_byte_wherever_it_is() {
        tests::one_wrong_byte_wherever_it_is(check);
    }

    /// The errors of each position have bits of their own, and those that are found in several ways must not cancel
    /// out.
    #[test]
    fn s8_1_two_faults_in_the_same_place_of_two_steps() {
        let around = |first: &[u8], len: usize| {
            let mut bytes = first.to_vec();
            bytes.resize(len - 1, b'a');
            bytes.push(0xC3);
            bytes
        };
        // A character continues where it must not, and the last one does not continue where it must.
        check(&around(b"\x80", 64));
        // A form is overlong, and the last character does not continue where it must.
        let mut bytes = std::vec![b'a'; 63];
        bytes.push(0xE0);
        bytes.extend(around(b"\x80\x80", 64));
        check(&bytes);
    }

    /// The tables are computed at compile time; this test runs the functions.
    #[test]
    fn the_tables_are_what_their_rules_say() {
        assert_eq!(super::classes(0x80), super::CLASSES_LOW);
        assert_eq!(super::classes(0xC0), super::CLASSES_HIGH);
        assert_eq!(super::BEGINS << super::SHIFT, super::CONTINUES);
        assert_eq!(super::IS.iter().fold(0, |any, is| any | is), super::ANY_IS);
        assert_eq!(super::NOT.map(|not| not << super::SHIFT), super::IS);
        assert!((0..64).eq(super::PLACES));
    }
}
