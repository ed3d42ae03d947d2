//! Copying control payloads in blocks.
//!
//! A load that spans two stores waits until both have left the processor's store buffer. A payload is read again soon after it
//! was written, when it is copied to its event and to its Pong. So write it in the blocks in which it is copied, one store each,
//! and its length in one store with the bytes before it.

use super::ControlPayload;
use crate::mask::Masker;

/// The size in bytes of the blocks in which a payload is written and read.
const BLOCK: usize = 16;

/// Replaces the payload by these `len` bytes, unmasked.
///
/// It writes them in the blocks in which [`padded`] reads them.
#[inline]
pub(super) fn fill(payload: &mut ControlPayload, mut masker: Masker, mut from: &[u8], len: u8) {
    let mut last = [0; BLOCK];
    let [.., last_byte] = &mut last;
    *last_byte = len;
    if let Some(to) = payload.bytes.last_chunk_mut() {
        *to = last;
    }
    let mut to = &mut payload.bytes[..];
    while copy_chunk::<BLOCK>(&mut masker, &mut from, &mut to) {}
    copy_chunk::<8>(&mut masker, &mut from, &mut to);
    copy_chunk::<4>(&mut masker, &mut from, &mut to);
    copy_chunk::<2>(&mut masker, &mut from, &mut to);
    copy_chunk::<1>(&mut masker, &mut from, &mut to);
}

/// Copies N bytes, if there are that many, and returns `true` if it did.
#[inline(always)]
fn copy_chunk<const N: usize>(masker: &mut Masker, from: &mut &[u8], to: &mut &mut [u8]) -> bool {
    let Some((chunk, after)) = from.split_first_chunk::<N>() else {
        return false;
    };
    let chunk = masker.apply_value(*chunk);
    if let Some(out) = to.split_off_mut(..N).and_then(|out| out.first_chunk_mut()) {
        *out = chunk;
    }
    *from = after;
    true
}

/// Returns the payload with the bytes after it, which have no meaning.
///
/// It reads no more of a short payload than was written with it.
#[inline(always)]
pub(super) fn padded(payload: &ControlPayload) -> [u8; ControlPayload::MAX_LEN + 1] {
    let mut padded = [0; ControlPayload::MAX_LEN + 1];
    match payload.payload_len() {
        0..=16 => copy_front::<16>(&payload.bytes, &mut padded),
        17..=64 => copy_front::<64>(&payload.bytes, &mut padded),
        _ => padded = payload.bytes,
    }
    padded
}

/// Copies the first N bytes.
#[inline(always)]
fn copy_front<const N: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(from), Some(to)) = (from.first_chunk::<N>(), to.first_chunk_mut()) {
        *to = *from;
    }
}
