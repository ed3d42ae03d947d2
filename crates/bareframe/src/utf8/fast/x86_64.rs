//! UTF-8 validation with the vectors of x86-64: AVX-512 if it can move bytes, otherwise simdutf8's kernel for AVX2.
//! They are chosen at run time, without std.

mod avx512;

use super::is_ascii_in_words;
use crate::cpu::{Vectors, vectors};

/// The shortest text, in bytes, for which the kernel of AVX-512 is called.
const SHORTEST: usize = 4;

/// The shortest text, in bytes, for which the kernel of AVX2 is faster.
const SHORTEST_AVX2: usize = 32;

/// The shortest text, in bytes, that AVX-512 checks for ASCII faster than words do.
const LONG: usize = 256;

#[inline(always)]
fn has_avx512() -> bool {
    vectors() == Vectors::Avx512
}

/// Returns `true` if the bytes are whole characters, and `false` if there is no kernel for this length.
#[inline]
pub(super) fn are_characters_by_any(bytes: &[u8]) -> bool {
    are_characters(bytes) || are_characters_by_avx2(bytes)
}

/// Returns `true` if the bytes are whole characters, and `false` for all bytes if the processor lacks AVX-512.
#[inline(always)]
pub(super) fn are_characters(bytes: &[u8]) -> bool {
    if bytes.len() >= SHORTEST && has_avx512() {
        // SAFETY: the processor has every feature that the kernel enables, since `has_avx512` returned `true`.
        return unsafe { avx512::are_characters(bytes) };
    }
    false
}

/// XORs bytes at the front with the key. Returns how many, and `true` if all bytes, XORed with the key, are whole characters. Returns
/// 0 and `false` for all bytes if the processor lacks AVX-512.
#[inline(always)]
pub(super) fn unmask_characters(key: u32, bytes: &mut [u8]) -> (usize, bool) {
    if bytes.len() >= SHORTEST && has_avx512() {
        // SAFETY: the processor has every feature that the kernel enables, since `has_avx512` returned `true`.
        return unsafe { avx512::unmask_characters(key, bytes) };
    }
    (0, false)
}

/// Returns `true` if there is a byte beyond ASCII among the first 32, XORed with the key, and the processor has AVX-512.
// It looks at no more bytes, since nearly all text that it is called for is ASCII.
#[inline(always)]
pub(super) fn begin_beyond_ascii(key: u32, bytes: &[u8]) -> bool {
    let words: &[[u8; 4]] = bytes.first_chunk::<32>().map_or(&[], |first| first.as_chunks().0);
    let mut seen = 0;
    for word in words {
        seen |= u32::from_ne_bytes(*word) ^ key;
    }
    seen & 0x8080_8080 != 0 && has_avx512()
}

/// Returns `true` if the bytes are whole characters, and `false` for short ones, and for all if the processor lacks AVX2.
#[inline]
fn are_characters_by_avx2(bytes: &[u8]) -> bool {
    if bytes.len() < SHORTEST_AVX2 || vectors() == Vectors::Baseline {
        return false;
    }
    // SAFETY: the processor has AVX2, since `vectors` did not return `Baseline`.
    let checked = unsafe { simdutf8::basic::imp::x86::avx2::validate_utf8(bytes) };
    checked.is_ok()
}

/// Returns `true` if no byte has its top bit set.
#[inline(always)]
pub(super) fn is_ascii(bytes: &[u8]) -> bool {
    if bytes.len() >= LONG {
        is_long_ascii(bytes)
    } else {
        is_ascii_in_words(bytes)
    }
}

#[inline(never)]
fn is_long_ascii(bytes: &[u8]) -> bool {
    if has_avx512() {
        // SAFETY: the processor has every feature that the kernel enables, since `has_avx512` returned `true`.
        unsafe { avx512::is_ascii(bytes) }
    } else {
        is_ascii_in_words(bytes)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    #[test]
    fn avx512_is_used_where_the_processor_has_it() {
        let _unchanged = crate::cpu::tests::UNCHANGED.lock();
        let has_it = std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx512vbmi");
        assert_eq!(has_avx512(), has_it);
    }

    /// Each kernel that this processor has accepts text from its shortest length on.
    #[test]
    fn s8_1_what_this_processor_has_a_kernel_for_passes_it() {
        let _unchanged = crate::cpu::tests::UNCHANGED.lock();
        let avx2 = if std::is_x86_feature_detected!("avx2") {
            32
        } else {
            usize::MAX
        };
        let shortest = if has_avx512() { SHORTEST } else { avx2 };
        for len in 0..300 {
            let mut bytes: Vec<u8> = "é".bytes().cycle().take(len).collect();
            let whole = len / 2 * 2;
            assert_eq!(are_characters_by_any(&bytes[..whole]), whole >= shortest, "{len}");
            assert_eq!(
                are_characters_by_avx2(&bytes),
                len >= avx2 && whole == len,
                "{len}"
            );
            let expected = has_avx512() && len >= SHORTEST && whole == len;
            assert_eq!(are_characters(&bytes), expected, "{len}");
            let whole_steps = if has_avx512() { len / 64 * 64 } else { 0 };
            assert_eq!(unmask_characters(0, &mut bytes), (whole_steps, expected), "{len}");
        }
    }

    #[test]
    fn s8_1_what_begins_beyond_ascii_is_known_while_it_is_masked() {
        let _unchanged = crate::cpu::tests::UNCHANGED.lock();
        let key = [0x37, 0xFA, 0x21, 0xBD];
        for len in [0, 1, 31, 32, 33, 200] {
            for above in (0..len).map(Some).chain([None]) {
                let byte = |at| if Some(at) == above { 0xC3 } else { b'a' };
                let masked: Vec<u8> = (0..len).map(|at| byte(at) ^ key[at % 4]).collect();
                let expected = has_avx512() && len >= 32 && above.is_some_and(|at| at < 32);
                assert_eq!(
                    begin_beyond_ascii(u32::from_ne_bytes(key), &masked),
                    expected,
                    "{above:?} of {len}"
                );
            }
        }
    }
}
