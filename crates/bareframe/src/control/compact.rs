//! Copying control payloads in little flash.

use super::ControlPayload;
use crate::mask::Masker;

/// Replaces the payload by these `len` bytes, unmasked.
pub(super) fn fill(payload: &mut ControlPayload, mut masker: Masker, from: &[u8], _len: u8) {
    payload.clear();
    for byte in from {
        payload.push(masker.apply_byte(*byte));
    }
}

/// Returns the payload with the bytes after it, which have no meaning.
#[inline]
pub(super) const fn padded(payload: &ControlPayload) -> [u8; ControlPayload::MAX_LEN + 1] {
    payload.bytes
}
