//! Masking in words of the machine, for targets without vectors: small loops, since on a small machine their size
//! matters too.

const WORD: usize = size_of::<usize>();

/// Says no: whether the octets are ASCII is looked for where it matters.
#[cfg(not(feature = "simd"))]
#[inline]
pub(super) fn xor(key: u32, octets: &mut [u8]) -> bool {
    let key = repeated(key);
    let (words, tail) = octets.as_chunks_mut();
    for octets in words {
        *octets = (usize::from_ne_bytes(*octets) ^ usize::from_ne_bytes(key)).to_ne_bytes();
    }
    for (octet, key) in tail.iter_mut().zip(key) {
        *octet ^= key;
    }
    false
}

/// `out` is as long as `from`.
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

/// The key as often as it fits into a word.
#[inline]
fn repeated(key: u32) -> [u8; WORD] {
    let mut octets = [0; WORD];
    let (keys, _) = octets.as_chunks_mut();
    for octets in keys {
        *octets = key.to_ne_bytes();
    }
    octets
}
