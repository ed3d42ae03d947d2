//! Reading a head byte by byte, in little flash.

use super::Class;

/// Removes and returns the bytes before the first control character that is not a tab.
pub(in super::super) fn take_text<'o>(rest: &mut &'o [u8]) -> &'o [u8] {
    Class::TEXT.take(rest)
}

/// Removes and returns the bytes of a token at the front, if there are any.
pub(in super::super) fn take_token<'o>(rest: &mut &'o [u8]) -> &'o [u8] {
    Class::TOKEN.take(rest)
}

/// Returns `true` if a name or value is `spelt`, which consists of letters and hyphens, in any case.
#[inline(never)]
pub(in super::super) fn is_token(token: &[u8], spelt: &[u8]) -> bool {
    super::is_token_in_any_case(token, spelt)
}
