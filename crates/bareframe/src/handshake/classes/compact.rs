//! How a small machine reads a head: byte by byte, in little flash.

use super::Class;

/// Takes the bytes before the first control character that is not a tab off the front.
pub(in super::super) fn take_text<'o>(rest: &mut &'o [u8]) -> &'o [u8] {
    Class::TEXT.take(rest)
}

/// Takes the bytes of a token off the front, if there are any.
pub(in super::super) fn take_token<'o>(rest: &mut &'o [u8]) -> &'o [u8] {
    Class::TOKEN.take(rest)
}

/// Returns `true` if a name or value is this one, which has letters and hyphens only, in any case.
#[inline(never)]
pub(in super::super) fn is_token(token: &[u8], spelt: &[u8]) -> bool {
    super::is_token_in_any_case(token, spelt)
}
