//! UTF-8, 64 octets at once, by AVX-512: one look into a table gives the class of each octet, and what stands before it says
//! which classes it may have. No question is asked of single octets, since masks of bits are dear to move.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi8, _mm512_alignr_epi8, _mm512_alignr_epi32, _mm512_mask_add_epi8,
    _mm512_maskz_permutex2var_epi8, _mm512_maskz_permutexvar_epi8, _mm512_movepi8_mask, _mm512_or_si512,
    _mm512_permutex2var_epi8, _mm512_set_epi64, _mm512_set1_epi8, _mm512_setzero_si512, _mm512_slli_epi16,
    _mm512_srli_epi16, _mm512_subs_epu8, _mm512_ternarylogic_epi64, _mm512_test_epi8_mask,
};
use core::hint::black_box;

/// What one step takes, in octets.
const STEP: usize = 64;

/// How many steps of ASCII are skipped at once.
const SKIP: usize = 4;

/// The class of an octet that goes on with a character, and its range: 80 to 8F, 90 to 9F, A0 to BF.
const GOES_ON: u8 = 0x80;
const IS: [u8; 3] = [0x10, 0x20, 0x40];

/// The class of an octet after which a character goes on, and the ranges that must not come next: in the places of [`GOES_ON`] and
/// [`IS`], shifted.
const BEGINS: u8 = 0x08;
const NOT: [u8; 3] = [0x01, 0x02, 0x04];
const ANY_NOT: u8 = 0x07;
const SHIFT: u32 = 4;

/// The class of every octet from 80 to BF.
const CLASSES_LOW: [u8; 64] = classes(0x80);

/// The class of every octet from C0 on. That of ASCII is 0.
const CLASSES_HIGH: [u8; 64] = classes(0xC0);

/// An octet less this has its top bit set if a character goes on two octets behind it, or three.
const NOT_OF_THREE: u8 = 0xE0 - GOES_ON;
const NOT_OF_FOUR: u8 = 0xF0 - GOES_ON;

const fn classes(first: u8) -> [u8; 64] {
    let ([is_8, is_9, is_a], [not_8, not_9, not_a]) = (IS, NOT);
    let mut octets = counted(first);
    let mut rest: &mut [u8] = &mut octets;
    while let Some((octet, behind)) = rest.split_first_mut() {
        *octet = match *octet {
            0x80..=0x8F => GOES_ON | is_8,
            0x90..=0x9F => GOES_ON | is_9,
            0xA0..=0xBF => GOES_ON | is_a,
            // Or the form would be overlong.
            0xE0 => BEGINS | not_8 | not_9,
            0xF0 => BEGINS | not_8,
            // Or it would be a surrogate.
            0xED => BEGINS | not_a,
            // Or it would be above U+10FFFF.
            0xF4 => BEGINS | not_9 | not_a,
            // They begin no character.
            0xC0 | 0xC1 | 0xF5..=0xFF => BEGINS | not_8 | not_9 | not_a,
            _ => BEGINS,
        };
        rest = behind;
    }
    octets
}

/// What is made of three bits: all of them by OR; the first by OR with the XOR of the others, or with their AND.
const OR_OR: i32 = 0xFE;
const OR_XOR: i32 = 0xF6;
const OR_AND: i32 = 0xF8;

/// Places in a step.
const PLACES: [u8; 64] = counted(0);

/// Places in two steps, each one before that of the second step.
const ONE_BEFORE: [u8; 64] = counted(63);

/// `first` and the numbers after it.
const fn counted(first: u8) -> [u8; 64] {
    let mut octets = [0; 64];
    let mut rest: &mut [u8] = &mut octets;
    let mut next = first;
    while let Some((octet, behind)) = rest.split_first_mut() {
        *octet = next;
        next = next.wrapping_add(1);
        rest = behind;
    }
    octets
}

/// What has been seen of a text that began with a character.
struct Check {
    /// The last step, and the classes of its octets.
    octets: __m512i,
    classes: __m512i,
    /// All of it was ASCII.
    was_ascii: bool,
    /// [`ONE_BEFORE`], unknown to compilers: of places that they know they make two operations, which are slower.
    one_before: __m512i,
    /// An octet's top bit is set if it goes on with a character where it may not, or does not where it must.
    misplaced: __m512i,
    /// The bits of [`NOT`] are not 0 if an octet is in a range that must not be where it is.
    forbidden: __m512i,
}

/// Tells whether the octets are whole characters.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub(super) fn are_characters(octets: &[u8]) -> bool {
    let mut check = Check::new();
    let (steps, tail) = octets.as_chunks();
    if let Some(first) = steps.first() {
        check.step_behind_last(read(first));
    }
    // Each step with the three octets before it, which are loaded and not moved: loads have a port of their own.
    let mut rest = octets.get(STEP.wrapping_sub(3)..).unwrap_or(&[]);
    while let Some([three_before, two_before, step]) = step_and_before(rest) {
        let all_ascii = check.step(read(step), read(two_before), read(three_before));
        rest = rest.get(STEP..).unwrap_or(&[]);
        if all_ascii {
            rest = behind_ascii_steps(rest);
        }
    }
    // A zero behind the last octet shows whether a character should go on there.
    check.step_behind_last(if tail.is_empty() {
        _mm512_setzero_si512()
    } else {
        read_end(octets)
    });
    check.found_nothing()
}

/// Tells whether no octet has its top bit set; at least 64.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub(super) fn is_ascii(octets: &[u8]) -> bool {
    let unaligned = octets.as_ptr().align_offset(STEP);
    let aligned = octets.get(unaligned..).unwrap_or(&[]);
    let steps = behind_ascii(aligned.as_chunks().0);
    if steps.len() >= SKIP {
        return false;
    }
    let mut seen = octets
        .last_chunk()
        .map_or(_mm512_setzero_si512(), |last| read(last));
    if let Some(first) = octets.first_chunk() {
        seen = _mm512_or_si512(seen, read(first));
    }
    for step in steps {
        seen = _mm512_or_si512(seen, read(step));
    }
    _mm512_movepi8_mask(seen) == 0
}

/// What is behind as many steps of ASCII as there are, in groups of [`SKIP`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn behind_ascii(mut steps: &[[u8; STEP]]) -> &[[u8; STEP]] {
    while let Some((skipped, behind)) = steps.split_first_chunk::<SKIP>() {
        let mut seen = _mm512_setzero_si512();
        for step in skipped {
            seen = _mm512_or_si512(seen, read(step));
        }
        if _mm512_movepi8_mask(seen) != 0 {
            break;
        }
        steps = behind;
    }
    steps
}

/// The octets of the step that has three octets before it, and as many from three and two octets before it.
#[inline]
fn step_and_before(octets: &[u8]) -> Option<[&[u8; STEP]; 3]> {
    let from = |place: usize| octets.get(place..)?.first_chunk();
    Some([from(0)?, from(1)?, from(3)?])
}

/// As [`behind_ascii`], with the three octets before.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn behind_ascii_steps(octets: &[u8]) -> &[u8] {
    let (steps, _) = octets.get(3..).unwrap_or(&[]).as_chunks();
    let skipped = steps.len().wrapping_sub(behind_ascii(steps).len());
    octets.get(skipped.wrapping_mul(STEP)..).unwrap_or(&[])
}

impl Check {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn new() -> Check {
        let zero = _mm512_setzero_si512();
        Check {
            octets: zero,
            classes: zero,
            was_ascii: true,
            one_before: read(black_box(&ONE_BEFORE)),
            misplaced: zero,
            forbidden: zero,
        }
    }

    /// As [`Check::step`], of octets that lie nowhere behind the last.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn step_behind_last(&mut self, octets: __m512i) {
        let moved = _mm512_alignr_epi32::<12>(octets, self.octets);
        let two_before = _mm512_alignr_epi8::<14>(octets, moved);
        let three_before = _mm512_alignr_epi8::<13>(octets, moved);
        self.step(octets, two_before, three_before);
    }

    /// Tells whether all of it is ASCII.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn step(&mut self, octets: __m512i, two_before: __m512i, three_before: __m512i) -> bool {
        let above_ascii = _mm512_movepi8_mask(octets);
        let is_ascii = above_ascii == 0;
        if is_ascii && self.was_ascii {
            return true;
        }
        let [low, high] = [&CLASSES_LOW, &CLASSES_HIGH].map(|half| read(half));
        let classes = _mm512_maskz_permutex2var_epi8(above_ascii, low, octets, high);
        let before = _mm512_permutex2var_epi8(self.classes, self.one_before, classes);
        let second = _mm512_slli_epi16::<SHIFT>(before);
        let third = _mm512_subs_epu8(two_before, _mm512_set1_epi8(NOT_OF_THREE.cast_signed()));
        let fourth = _mm512_subs_epu8(three_before, _mm512_set1_epi8(NOT_OF_FOUR.cast_signed()));
        let due = _mm512_ternarylogic_epi64::<OR_OR>(second, third, fourth);
        self.misplaced = _mm512_ternarylogic_epi64::<OR_XOR>(self.misplaced, due, classes);
        let is = _mm512_srli_epi16::<SHIFT>(classes);
        self.forbidden = _mm512_ternarylogic_epi64::<OR_AND>(self.forbidden, before, is);
        self.octets = octets;
        self.classes = classes;
        self.was_ascii = is_ascii;
        is_ascii
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn found_nothing(&self) -> bool {
        let any_not = _mm512_set1_epi8(ANY_NOT.cast_signed());
        _mm512_movepi8_mask(self.misplaced) | _mm512_test_epi8_mask(self.forbidden, any_not) == 0
    }
}

/// Compilers make one load of it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn read(octets: &[u8; STEP]) -> __m512i {
    join(octets.as_chunks().0)
}

/// Eight words, the rest 0.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn join(words: &[[u8; 8]]) -> __m512i {
    let mut words = words.iter().map(|word| i64::from_le_bytes(*word));
    let [a, b, c, d, e, f, g, h] = [(); 8].map(|()| words.next().unwrap_or(0));
    _mm512_set_epi64(h, g, f, e, d, c, b, a)
}

/// The octets that are left over when all steps are made, and zeros behind them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn read_end(octets: &[u8]) -> __m512i {
    if let Some(last) = octets.last_chunk::<STEP>() {
        let left = octets.as_chunks::<STEP>().1.len();
        let from = _mm512_add_epi8(read(&PLACES), every(STEP.wrapping_sub(left)));
        return _mm512_maskz_permutexvar_epi8(lowest(left), from, read(last));
    }
    let len = octets.len();
    match len {
        0..4 => {
            let mut word = [0; 8];
            for (to, octet) in word.iter_mut().zip(octets) {
                *to = *octet;
            }
            join(&[word])
        }
        4..8 => {
            let (Some(head), Some(tail)) = (octets.first_chunk(), octets.last_chunk()) else {
                return _mm512_setzero_si512();
            };
            let tail = u64::from(u32::from_le_bytes(*tail)) << len.saturating_sub(4).saturating_mul(8);
            join(&[(u64::from(u32::from_le_bytes(*head)) | tail).to_le_bytes()])
        }
        8..16 => {
            let (Some(head), Some(tail)) = (octets.first_chunk(), octets.last_chunk()) else {
                return _mm512_setzero_si512();
            };
            let tail = u128::from(u64::from_le_bytes(*tail)) << len.saturating_sub(8).saturating_mul(8);
            let both = u128::from(u64::from_le_bytes(*head)) | tail;
            join(both.to_le_bytes().as_chunks().0)
        }
        16..32 => close_up::<2>(octets),
        _ => close_up::<4>(octets),
    }
}

/// N to 2 N words: the first N, and of the last N what these did not have.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn close_up<const N: usize>(octets: &[u8]) -> __m512i {
    let (head, tail) = (
        octets.as_chunks().0.first_chunk::<N>(),
        octets.as_rchunks().1.last_chunk::<N>(),
    );
    let (Some(head), Some(tail)) = (head, tail) else {
        return _mm512_setzero_si512();
    };
    let mut words = head.iter().chain(tail).map(|word| i64::from_le_bytes(*word));
    let [a, b, c, d, e, f, g, h] = [(); 8].map(|()| words.next().unwrap_or(0));
    let both = _mm512_set_epi64(h, g, f, e, d, c, b, a);
    let len = octets.len();
    let twice = every(N.wrapping_mul(16).wrapping_sub(len));
    let from = _mm512_mask_add_epi8(read(&PLACES), !lowest(N.wrapping_mul(8)), read(&PLACES), twice);
    _mm512_maskz_permutexvar_epi8(lowest(len), from, both)
}

/// Fewer than 64 bits.
#[inline]
const fn lowest(bits: usize) -> u64 {
    !(u64::MAX << (bits % 64))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
fn every(octet: usize) -> __m512i {
    let [octet, ..] = octet.to_le_bytes();
    _mm512_set1_epi8(octet.cast_signed())
}

#[cfg(test)]
mod tests {
    extern crate std;
    use crate::cpu::moves_octets;
    use std::vec::Vec;

    fn check(octets: &[u8]) {
        if moves_octets() {
            // SAFETY: asked just above.
            let text = unsafe { super::are_characters(octets) };
            assert_eq!(text, core::str::from_utf8(octets).is_ok(), "{octets:02x?}");
            if octets.len() >= super::STEP {
                // SAFETY: asked just above.
                let ascii = unsafe { super::is_ascii(octets) };
                assert_eq!(ascii, octets.is_ascii(), "{octets:02x?}");
            }
        }
    }

    #[test]
    fn s8_1_every_length_and_alignment_cut_anywhere() {
        let text: Vec<u8> = "aé語😀, ab".bytes().cycle().take(4300).collect();
        for len in 0..=4200 {
            check(&text[len % 64..][..len]);
            check(&text[..len]);
            check(&std::vec![b'a'; len]);
        }
        for from in 0..64 {
            for len in 0..=130 {
                check(&text[from..][..len]);
            }
        }
    }

    #[test]
    fn s8_1_every_first_octet_and_what_follows_wherever_they_stand() {
        const NEXT: [u8; 10] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF];
        for first in 0x7F..=0xFF {
            for next in NEXT {
                for behind in [&b""[..], b"\x80", b"\x80\x80", b"\xBF\x80a"] {
                    for at in [0, 5, 13, 29, 60, 61, 62, 63, 64] {
                        let mut octets = std::vec![b'a'; at];
                        octets.extend([first, next]);
                        octets.extend(behind);
                        check(&octets);
                        octets.resize(130, b'a');
                        check(&octets);
                    }
                }
            }
        }
    }

    #[test]
    fn s8_1_one_wrong_octet_wherever_it_stands() {
        for len in [3, 8, 15, 31, 63, 65, 191] {
            for good in ["é", "語", "😀", "a", "Việt 😀"] {
                let text: Vec<u8> = good.bytes().cycle().take(len).collect();
                for at in 0..len {
                    for wrong in [
                        0x00, 0x41, 0x80, 0x90, 0xBF, 0xC0, 0xC3, 0xE0, 0xED, 0xF0, 0xF4, 0xF5, 0xFF,
                    ] {
                        let mut broken = text.clone();
                        broken[at] = wrong;
                        check(&broken);
                    }
                }
            }
        }
    }

    /// Each octet's faults are kept in its bit, and what is found in several ways must not cancel out.
    #[test]
    fn s8_1_two_faults_in_the_same_place_of_two_steps() {
        let around = |first: &[u8], len: usize| {
            let mut octets = first.to_vec();
            octets.resize(len - 1, b'a');
            octets.push(0xC3);
            octets
        };
        // Where a character must not go on, and where the last one would have to.
        check(&around(b"\x80", 64));
        // Where a form is overlong, and where the last one would have to go on.
        let mut octets = std::vec![b'a'; 63];
        octets.push(0xE0);
        octets.extend(around(b"\x80\x80", 64));
        check(&octets);
    }

    /// The tables are made by the compiler; here their rules run.
    #[test]
    fn the_tables_are_what_their_rules_say() {
        assert_eq!(super::classes(0x80), super::CLASSES_LOW);
        assert_eq!(super::classes(0xC0), super::CLASSES_HIGH);
        assert_eq!(super::BEGINS << super::SHIFT, super::GOES_ON);
        assert_eq!(super::NOT.iter().fold(0, |any, not| any | not), super::ANY_NOT);
        assert!((0..64).eq(super::PLACES) && (63..127).eq(super::ONE_BEFORE));
    }
}
