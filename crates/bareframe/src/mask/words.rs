//! Masking in words of the machine, for any target: one loop, since on a small machine its size matters too.

const WORD: usize = size_of::<usize>();
const TOP_BITS: usize = usize::MAX / 0xFF * 0x80;

/// Tells whether every octet that it wrote is ASCII.
#[inline]
pub(super) fn xor(key: u32, octets: &mut [u8]) -> bool {
    let (words, tail) = octets.as_chunks_mut();
    let mut seen = 0;
    for octets in words {
        let masked = usize::from_ne_bytes(*octets) ^ word(key);
        *octets = masked.to_ne_bytes();
        seen |= masked;
    }
    for (octet, key) in tail.iter_mut().zip(word(key).to_ne_bytes()) {
        *octet ^= key;
        seen |= usize::from(*octet);
    }
    seen & TOP_BITS == 0
}

/// `out` is as long as `from`.
#[inline]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    let (words, tail) = from.as_chunks();
    let (out_words, out_tail) = out.as_chunks_mut();
    for (to, from) in out_words.iter_mut().zip(words) {
        *to = (usize::from_ne_bytes(*from) ^ word(key)).to_ne_bytes();
    }
    for ((to, from), key) in out_tail.iter_mut().zip(tail).zip(word(key).to_ne_bytes()) {
        *to = from ^ key;
    }
}

/// The key as often as it fits.
#[inline]
fn word(key: u32) -> usize {
    let mut octets = [0; WORD];
    for (to, from) in octets.iter_mut().zip(key.to_ne_bytes().iter().cycle()) {
        *to = *from;
    }
    usize::from_ne_bytes(octets)
}
