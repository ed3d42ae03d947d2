//! UTF-8 validation without kernels.

use super::is_ascii_in_words;

/// Returns `false`, upon which the standard library validates the text.
#[inline(always)]
pub(super) const fn are_characters_by_any(_: &[u8]) -> bool {
    false
}

/// Returns `false`, since there is no kernel that is fast at any length.
#[inline(always)]
pub(super) const fn are_characters(_: &[u8]) -> bool {
    false
}

/// Returns 0 and `false`, for the same reason.
#[inline(always)]
pub(super) const fn unmask_characters(_: u32, _: &mut [u8]) -> (usize, bool) {
    (0, false)
}

/// Returns `false`, for the same reason.
#[inline(always)]
pub(super) const fn begin_beyond_ascii(_: u32, _: &[u8]) -> bool {
    false
}

/// Returns `true` if no byte has its top bit set.
#[inline(always)]
pub(super) fn is_ascii(bytes: &[u8]) -> bool {
    is_ascii_in_words(bytes)
}
