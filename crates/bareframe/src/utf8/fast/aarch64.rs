//! UTF-8 validation with the vectors of ARM64: NEON, which the target enables, so that nothing is chosen at run time.

mod neon;

use super::is_ascii_in_words;

/// Returns `true` if the bytes, XORed with the key, are whole characters. None of them is unmasked, which is what 0 says.
#[inline(always)]
pub(super) fn unmask_characters(key: u32, bytes: &mut [u8]) -> (usize, bool) {
    // SAFETY: this module is compiled only for targets that enable NEON for all code.
    (0, unsafe { neon::are_characters::<true>(key, bytes) })
}

/// Returns `true` if the bytes are whole characters.
#[inline(always)]
pub(super) fn are_characters(bytes: &[u8]) -> bool {
    // SAFETY: this module is compiled only for targets that enable NEON for all code.
    unsafe { neon::are_characters::<false>(0, bytes) }
}

/// Does the same, since there is one kernel for every length.
#[inline(always)]
pub(super) fn are_characters_by_any(bytes: &[u8]) -> bool {
    are_characters(bytes)
}

/// Returns `false`, since validating long text before it is unmasked takes no fewer instructions than after.
#[inline(always)]
pub(super) const fn begin_beyond_ascii(_: u32, _: &[u8]) -> bool {
    false
}

/// Returns `true` if no byte has its top bit set.
#[inline(always)]
pub(super) fn is_ascii(bytes: &[u8]) -> bool {
    if bytes.len() < 16 {
        return is_ascii_in_words(bytes);
    }
    // SAFETY: this module is compiled only for targets that enable NEON for all code.
    unsafe { neon::is_ascii(bytes) }
}
