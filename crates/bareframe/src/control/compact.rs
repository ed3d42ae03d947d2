//! How a small machine copies a control payload, in little flash.

use super::ControlPayload;
use crate::mask::Masker;

/// Replaces the payload by these bytes, unmasked, of which there are `len`.
pub(super) fn fill(payload: &mut ControlPayload, mut masker: Masker, from: &[u8], _len: u8) {
    payload.clear();
    for byte in from {
        payload.push(masker.apply_byte(*byte));
    }
}

/// Returns the payload and what is behind it, which means nothing.
#[inline]
pub(super) const fn padded(payload: &ControlPayload) -> [u8; ControlPayload::MAX_LEN + 1] {
    payload.bytes
}
