//! Masking in machine words at any alignment, in safe code.

use super::repeated;

/// XORs the bytes with the key.
#[inline]
pub(in super::super) fn xor(key: u32, bytes: &mut [u8]) {
    let key = repeated(key);
    let (words, tail) = bytes.as_chunks_mut();
    for bytes in words {
        *bytes = (usize::from_ne_bytes(*bytes) ^ usize::from_ne_bytes(key)).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(key) {
        *byte ^= key;
    }
}
