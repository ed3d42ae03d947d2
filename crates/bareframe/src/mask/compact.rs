//! Masking in little flash.

#[cfg(feature = "simd")]
mod aligned;
#[cfg(not(feature = "simd"))]
mod words;

#[cfg(feature = "simd")]
pub(super) use aligned::xor;
#[cfg(not(feature = "simd"))]
pub(super) use words::xor;

const WORD: usize = size_of::<usize>();

/// Writes the bytes, XORed with the key, to `out`, which is as long as `from`.
#[inline]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    let key = repeated(key);
    let (words, tail) = from.as_chunks();
    let (out_words, out_tail) = out.as_chunks_mut();
    for (to, from) in out_words.iter_mut().zip(words) {
        *to = (usize::from_ne_bytes(*from) ^ usize::from_ne_bytes(key)).to_ne_bytes();
    }
    for ((to, from), key) in out_tail.iter_mut().zip(tail).zip(key) {
        *to = from ^ key;
    }
}

/// Returns the key, repeated to the length of a word.
#[inline]
fn repeated(key: u32) -> [u8; WORD] {
    let mut bytes = [0; WORD];
    for bytes in bytes.as_chunks_mut().0 {
        *bytes = key.to_ne_bytes();
    }
    bytes
}
