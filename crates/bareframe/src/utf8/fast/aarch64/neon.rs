//! UTF-8 validation with vectors of 16 bytes, with NEON, by the algorithm of Keiser and Lemire ("Validating UTF-8 in less than one
//! instruction per byte", 2021): of two bytes in a row, three look-ups by half a byte return the faults that the two may have, and
//! those that all three return are faults. What is left is that a character's third and fourth byte must be there and continue it.
//!
//! It validates text that is still masked too, and unmasks it in registers only.

use core::arch::aarch64::{
    uint8x16_t, vaddq_u8, vandq_u8, vcltq_u8, vcombine_u8, vcreate_u8, vdupq_n_u8, vdupq_n_u32, veorq_u8,
    vextq_u8, vld1q_u8, vmaxvq_u8, vorrq_u8, vqsubq_u8, vqtbl1q_u8, vreinterpretq_u8_u32, vshrq_n_u8,
};

/// The number of bytes in a step.
const STEP: usize = 16;

/// How many steps of ASCII are skipped at once.
const SKIP: usize = 4;

/// How many steps are looked at before text that is not ASCII is known as such.
const ASCII_STEPS: usize = 8;

/// The faults of two bytes in a row.
const UNFINISHED: u8 = 0x01;
const NOT_BEGUN: u8 = 0x02;
const OVERLONG_IN_2: u8 = 0x04;
const OVERLONG_IN_3: u8 = 0x08;
const SURROGATE: u8 = 0x10;
const TOO_LARGE: u8 = 0x20;
const OVERLONG_IN_4_OR_TOO_LARGE: u8 = 0x40;

/// Both bytes continue a character. It is a fault unless the second one is due as a third byte or as a fourth.
const CONTINUED_TWICE: u8 = 0x80;

/// Subtracted from a byte these leave the top bit set if its character continues two bytes later, or three.
const NOT_OF_THREE: u8 = 0xE0 - CONTINUED_TWICE;
const NOT_OF_FOUR: u8 = 0xF0 - CONTINUED_TWICE;

/// The greatest bytes of a step with which no character is unfinished at its end.
const GREATEST_AT_END: [u8; STEP] = {
    let mut bytes = [0xFF; STEP];
    if let Some(last) = bytes.last_chunk_mut() {
        *last = [0xEF, 0xDF, 0xBF];
    }
    bytes
};

/// The positions in a step.
const PLACES: [u8; STEP] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The faults by the upper half of the first byte, by its lower half, and by the upper half of the second byte.
const BY_FIRST_HIGH: [u8; STEP] = faults_by(0);
const BY_FIRST_LOW: [u8; STEP] = faults_by(1);
const BY_SECOND_HIGH: [u8; STEP] = faults_by(2);

/// Returns the fault of a first byte and a second one, of which only the upper half matters.
///
/// The byte pairs with one fault are all those whose halves are in three sets; so those that all three look-ups return are
/// faults.
const fn fault(first: u8, second_high: u8) -> u8 {
    match (first, second_high) {
        (..0x80, 0x8..=0xB) => NOT_BEGUN,
        (0x80..0xC0, 0x8..=0xB) => CONTINUED_TWICE,
        (..0xC0, _) => 0,
        (_, ..=0x7 | 0xC..) => UNFINISHED,
        (0xC0 | 0xC1, _) => OVERLONG_IN_2,
        (0xE0, 0x8 | 0x9) => OVERLONG_IN_3,
        (0xED, 0xA | 0xB) => SURROGATE,
        (0xF0 | 0xF5.., 0x8) => OVERLONG_IN_4_OR_TOO_LARGE,
        (0xF4.., 0x9..) => TOO_LARGE,
        _ => 0,
    }
}

/// Returns, for each value of one of three half bytes, the faults that there may be.
const fn faults_by(half: usize) -> [u8; STEP] {
    let mut faults = PLACES;
    let mut rest: &mut [u8] = &mut faults;
    while let Some((faults, after)) = rest.split_first_mut() {
        let value = *faults;
        *faults = 0;
        let mut others: u16 = 0;
        while others < 0x100 {
            let [both, _] = others.to_le_bytes();
            let (one, other) = (both >> 4, both & 0x0F);
            *faults |= match half {
                0 => fault(value << 4 | one, other),
                1 => fault(one << 4 | value, other),
                _ => fault(both, value),
            };
            others = others.wrapping_add(1);
        }
        rest = after;
    }
    faults
}

/// The state of the validation of a text.
struct Check {
    /// The last step.
    bytes: uint8x16_t,
    /// A bit is set if there was a fault.
    faults: uint8x16_t,
}

impl Check {
    #[inline]
    #[target_feature(enable = "neon")]
    fn new() -> Check {
        Check {
            bytes: vdupq_n_u8(0),
            faults: vdupq_n_u8(0),
        }
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn step(&mut self, bytes: uint8x16_t) {
        let one_before = vextq_u8::<15>(self.bytes, bytes);
        let two_before = vextq_u8::<14>(self.bytes, bytes);
        let three_before = vextq_u8::<13>(self.bytes, bytes);
        let by_first_high = vqtbl1q_u8(load(&BY_FIRST_HIGH), vshrq_n_u8::<4>(one_before));
        let low = vandq_u8(one_before, vdupq_n_u8(0x0F));
        let by_first_low = vqtbl1q_u8(load(&BY_FIRST_LOW), low);
        let by_second_high = vqtbl1q_u8(load(&BY_SECOND_HIGH), vshrq_n_u8::<4>(bytes));
        let of_all = vandq_u8(vandq_u8(by_first_high, by_first_low), by_second_high);
        let third = vqsubq_u8(two_before, vdupq_n_u8(NOT_OF_THREE));
        let fourth = vqsubq_u8(three_before, vdupq_n_u8(NOT_OF_FOUR));
        let due = vandq_u8(vorrq_u8(third, fourth), vdupq_n_u8(CONTINUED_TWICE));
        self.faults = vorrq_u8(self.faults, veorq_u8(of_all, due));
        self.bytes = bytes;
    }

    /// Checks that the last step does not end within a character.
    #[inline]
    #[target_feature(enable = "neon")]
    fn end(&mut self) {
        let unfinished = vqsubq_u8(self.bytes, load(&GREATEST_AT_END));
        self.faults = vorrq_u8(self.faults, unfinished);
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn found_nothing(&self) -> bool {
        vmaxvq_u8(self.faults) == 0
    }
}

/// Returns `true` if the bytes, XORed with the key if they are masked, are whole characters.
#[target_feature(enable = "neon")]
pub(super) fn are_characters<const MASKED: bool>(key: u32, bytes: &[u8]) -> bool {
    let mut check = Check::new();
    let key = vreinterpretq_u8_u32(vdupq_n_u32(key));
    let (steps, tail) = bytes.as_chunks();
    let (groups, rest) = steps.as_chunks::<SKIP>();
    for [a, b, c, d] in groups {
        let a = unmasked::<MASKED>(load(a), key);
        let b = unmasked::<MASKED>(load(b), key);
        let c = unmasked::<MASKED>(load(c), key);
        let d = unmasked::<MASKED>(load(d), key);
        let seen = vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d));
        // With the last step before, of which a character may be unfinished. Masked text is known not to be ASCII, and short.
        if !MASKED && vmaxvq_u8(vorrq_u8(seen, check.bytes)) < 0x80 {
            continue;
        }
        check.step(a);
        check.step(b);
        check.step(c);
        check.step(d);
    }
    for step in rest {
        check.step(unmasked::<MASKED>(load(step), key));
    }
    if tail.is_empty() {
        check.end();
    } else {
        // The zero after the last byte is a fault if a character is unfinished there.
        let len = every(tail.len());
        let key = vandq_u8(key, vcltq_u8(load(&PLACES), len));
        check.step(unmasked::<MASKED>(load_end(bytes), key));
    }
    check.found_nothing()
}

/// Returns `true` if no byte has its top bit set. There must be at least 16 bytes.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn is_ascii(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk() else {
        return false;
    };
    let (groups, rest) = bytes.as_chunks().0.as_chunks::<ASCII_STEPS>();
    for group in groups {
        if !are_ascii(group, vdupq_n_u8(0)) {
            return false;
        }
    }
    are_ascii(rest, load(last))
}

/// Returns `true` if neither the steps nor the bytes have a top bit set.
#[inline]
#[target_feature(enable = "neon")]
fn are_ascii(steps: &[[u8; STEP]], bytes: uint8x16_t) -> bool {
    let mut seen = bytes;
    for step in steps {
        seen = vorrq_u8(seen, load(step));
    }
    vmaxvq_u8(seen) < 0x80
}

#[inline]
#[target_feature(enable = "neon")]
fn unmasked<const MASKED: bool>(bytes: uint8x16_t, key: uint8x16_t) -> uint8x16_t {
    if MASKED { veorq_u8(bytes, key) } else { bytes }
}

#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; STEP]) -> uint8x16_t {
    // SAFETY: the 16 bytes that are read are those of the array, at any alignment.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

/// Returns the bytes that are left over after all steps, followed by zeros.
#[inline]
#[target_feature(enable = "neon")]
fn load_end(bytes: &[u8]) -> uint8x16_t {
    if let Some(last) = bytes.last_chunk::<STEP>() {
        let left = bytes.as_chunks::<STEP>().1.len();
        // A look-up by a position after the vector returns 0.
        let from = vaddq_u8(load(&PLACES), every(STEP.wrapping_sub(left)));
        return vqtbl1q_u8(load(last), from);
    }
    if let (Some(head), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (head, tail) = (u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
        let twice = bits(STEP.wrapping_sub(bytes.len()));
        return two_words(head, tail.checked_shr(twice).unwrap_or(0));
    }
    if let (Some(head), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (head, tail) = (u32::from_le_bytes(*head), u32::from_le_bytes(*tail));
        let before = bits(bytes.len().wrapping_sub(4));
        return two_words(u64::from(head) | u64::from(tail).wrapping_shl(before), 0);
    }
    match *bytes {
        [a] => two_words(u64::from(a), 0),
        [a, b] => two_words(u64::from(u16::from_le_bytes([a, b])), 0),
        [a, b, c] => two_words(u64::from(u32::from_le_bytes([a, b, c, 0])), 0),
        _ => vdupq_n_u8(0),
    }
}

/// Returns how many bits that many bytes have, of which there are at most 8.
#[inline]
fn bits(bytes: usize) -> u32 {
    let [bytes, ..] = bytes.to_le_bytes();
    u32::from(bytes.wrapping_mul(8))
}

/// Returns the bytes of two numbers, the lowest first.
#[inline]
#[target_feature(enable = "neon")]
fn two_words(low: u64, high: u64) -> uint8x16_t {
    vcombine_u8(vcreate_u8(low.to_le()), vcreate_u8(high.to_le()))
}

#[inline]
#[target_feature(enable = "neon")]
fn every(byte: usize) -> uint8x16_t {
    let [byte, ..] = byte.to_le_bytes();
    vdupq_n_u8(byte)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::super::super::tests;
    use super::*;
    use std::vec::Vec;

    fn check(bytes: &[u8]) {
        let expected = core::str::from_utf8(bytes).is_ok();
        assert_eq!(super::super::are_characters(bytes), expected, "{bytes:02x?}");
        let key = [0x37, 0xFA, 0x21, 0xBD];
        let keys = key.iter().cycle();
        let mut masked: Vec<u8> = bytes.iter().zip(keys).map(|(byte, key)| byte ^ key).collect();
        assert_eq!(super::super::is_ascii(bytes), bytes.is_ascii(), "{bytes:02x?}");
        let found = super::super::unmask_characters(u32::from_ne_bytes(key), &mut masked);
        assert_eq!(found, (0, expected), "{bytes:02x?}");
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

    /// ASCII that is skipped between characters, and after one that is not finished.
    #[test]
    fn s8_1_steps_of_ascii_after_whole_characters_and_after_others() {
        for text in ["é", "語", "😀", "a"] {
            for end in 0..=text.len() {
                for steps in 0..12 {
                    let mut bytes = std::vec![b'a'; 64];
                    bytes.extend(&text.as_bytes()[..end]);
                    let len = bytes.len().next_multiple_of(STEP) + steps * STEP;
                    let at_end = bytes.split_off(64);
                    bytes.resize(len - at_end.len(), b'a');
                    bytes.extend(at_end);
                    check(&bytes);
                    bytes.resize(len + 200, b'a');
                    check(&bytes);
                }
            }
        }
    }

    #[test]
    fn s8_1_the_three_look_ups_return_the_fault_of_each_two_bytes() {
        let lookup = |table: [u8; 16], half: u8| table[usize::from(half)];
        for (first, second) in
            (0..=u8::MAX).flat_map(|first| (0..=u8::MAX).map(move |second| (first, second)))
        {
            let by_first = lookup(BY_FIRST_HIGH, first >> 4) & lookup(BY_FIRST_LOW, first & 0x0F);
            let found = by_first & lookup(BY_SECOND_HIGH, second >> 4);
            assert_eq!(found, fault(first, second >> 4), "{first:02x} {second:02x}");
        }
        // The tables are computed at compile time; this runs the function.
        assert_eq!(
            [faults_by(0), faults_by(1), faults_by(2)],
            [BY_FIRST_HIGH, BY_FIRST_LOW, BY_SECOND_HIGH]
        );
    }
}
