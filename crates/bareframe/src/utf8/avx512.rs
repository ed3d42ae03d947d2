//! UTF-8, 64 octets at once, by AVX-512: one bit an octet says where characters go on, one look into a table which
//! second octets they forbid.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi8, _mm512_cmpge_epu8_mask, _mm512_cmplt_epi8_mask, _mm512_mask_add_epi8,
    _mm512_maskz_permutex2var_epi8, _mm512_maskz_permutexvar_epi8, _mm512_movepi8_mask, _mm512_or_si512,
    _mm512_permutex2var_epi8, _mm512_set_epi64, _mm512_set1_epi8, _mm512_setzero_si512, _mm512_srli_epi16,
    _mm512_ternarylogic_epi64, _mm512_test_epi8_mask,
};

/// What one step takes, in octets.
const STEP: usize = 64;

/// How many steps of ASCII are skipped at once.
const SKIP: usize = 4;

/// An octet that goes on with a character, by its range: 80 to 8F, 90 to 9F, A0 to BF.
const IS: [u8; 3] = [0x10, 0x20, 0x40];

/// The ranges that must not come next, in the places of [`IS`] shifted by [`IS_TO_NOT`].
const NOT: [u8; 3] = [0x01, 0x02, 0x04];

const IS_TO_NOT: u32 = 4;

/// Of every octet from 80 to BF: the range that it is of.
const RANGES_LOW: [u8; 64] = ranges(0x80);

/// Of every octet from C0 on: the ranges that must not follow it.
const RANGES_HIGH: [u8; 64] = ranges(0xC0);

const fn ranges(first: u8) -> [u8; 64] {
    let ([is_8, is_9, is_a], [not_8, not_9, not_a]) = (IS, NOT);
    let mut octets = counted(first);
    let mut rest: &mut [u8] = &mut octets;
    while let Some((octet, behind)) = rest.split_first_mut() {
        *octet = match *octet {
            0x80..=0x8F => is_8,
            0x90..=0x9F => is_9,
            0xA0..=0xBF => is_a,
            // Or the form would be overlong.
            0xE0 => not_8 | not_9,
            0xF0 => not_8,
            // Or it would be a surrogate.
            0xED => not_a,
            // Or it would be above U+10FFFF.
            0xF4 => not_9 | not_a,
            // They begin no character.
            0xC0 | 0xC1 | 0xF5..=0xFF => not_8 | not_9 | not_a,
            _ => 0,
        };
        rest = behind;
    }
    octets
}

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
    /// Of each octet of the last step, from [`RANGES`].
    ranges: __m512i,
    /// The octets of the next step that must go on with a character, one bit each.
    due: u64,
    /// Not 0 if a character goes on where it may not, or ends where it may not.
    misplaced: u64,
    /// The bits of [`NOT`] are not 0 if an octet is in a range that must not be where it is.
    forbidden: __m512i,
}

/// Tells whether the octets are whole characters.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
pub(super) fn are_characters(octets: &[u8]) -> bool {
    let mut check = Check {
        ranges: _mm512_setzero_si512(),
        due: 0,
        misplaced: 0,
        forbidden: _mm512_setzero_si512(),
    };
    let (mut steps, tail) = octets.as_chunks::<STEP>();
    while let Some((step, behind)) = steps.split_first() {
        let all_ascii = check.step(read(step));
        steps = if all_ascii { behind_ascii(behind) } else { behind };
    }
    if !tail.is_empty() {
        check.step(read_end(octets));
    }
    let forbidden = _mm512_test_epi8_mask(check.forbidden, _mm512_set1_epi8(0x0F));
    check.misplaced | check.due | forbidden == 0
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

impl Check {
    /// Tells whether all of it is ASCII.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi")]
    fn step(&mut self, octets: __m512i) -> bool {
        let above_ascii = _mm512_movepi8_mask(octets);
        if above_ascii == 0 {
            self.misplaced |= self.due;
            self.due = 0;
            return true;
        }
        let going_on = _mm512_cmplt_epi8_mask(octets, _mm512_set1_epi8(0xC0_u8.cast_signed()));
        let of_three = _mm512_cmpge_epu8_mask(octets, _mm512_set1_epi8(0xE0_u8.cast_signed()));
        let of_four = _mm512_cmpge_epu8_mask(octets, _mm512_set1_epi8(0xF0_u8.cast_signed()));
        let first = above_ascii & !going_on;
        let due = self.due | first << 1 | of_three << 2 | of_four << 3;
        self.misplaced |= due ^ going_on;
        self.due = first >> 63 | of_three >> 62 | of_four >> 61;

        let [low, high] = [&RANGES_LOW, &RANGES_HIGH].map(|half| read(half));
        let ranges = _mm512_maskz_permutex2var_epi8(above_ascii, low, octets, high);
        let before = _mm512_permutex2var_epi8(self.ranges, read(&ONE_BEFORE), ranges);
        let is = _mm512_srli_epi16::<IS_TO_NOT>(ranges);
        self.forbidden = _mm512_ternarylogic_epi64::<0xF8>(self.forbidden, before, is);
        self.ranges = ranges;
        false
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
        assert_eq!(super::ranges(0x80), super::RANGES_LOW);
        assert_eq!(super::ranges(0xC0), super::RANGES_HIGH);
        assert!((0..64).eq(super::PLACES) && (63..127).eq(super::ONE_BEFORE));
    }
}
