//! Masking in words of 32 bits where these lie aligned, for targets that can load and store only so, or do so
//! several at a time: small loops, since on a small machine their size matters too.

use super::turn;

pub(super) use super::words::xor_copy;

/// Says no: whether the octets are ASCII is looked for where it matters.
#[inline(never)]
pub(super) fn xor(key: u32, octets: &mut [u8]) -> bool {
    if (octets.as_ptr().addr() | octets.len()).is_multiple_of(4) {
        // What is read into a buffer in pieces mostly lies so.
        // SAFETY: the octets lie aligned as words do, fill a whole number of them, and are lent to nobody else; any
        // four octets are a `u32` and any `u32` is four octets.
        let words = unsafe { core::slice::from_raw_parts_mut(octets.as_mut_ptr().cast(), octets.len() >> 2) };
        xor_words(key, words);
        return false;
    }
    // SAFETY: any four octets are a `u32` and any `u32` is four octets; `align_to_mut` gives as words only what
    // lies aligned, and every octet in one of the three slices alone.
    let (head, words, tail) = unsafe { octets.align_to_mut() };
    xor_each(key, head);
    let key = turn(key, head.len());
    xor_words(key, words);
    xor_each(key, tail);
    false
}

/// Four words at a time, which are one load and one store on an ARM.
#[inline]
fn xor_words(key: u32, mut words: &mut [u32]) {
    while words.len() >= 4
        && let Some(([a, b, c, d], behind)) = core::mem::take(&mut words).split_first_chunk_mut()
    {
        *a ^= key;
        *b ^= key;
        *c ^= key;
        *d ^= key;
        words = behind;
    }
    for word in words {
        *word ^= key;
    }
}

#[inline(always)]
fn xor_each(mut key: u32, octets: &mut [u8]) {
    for octet in octets {
        let [first, ..] = key.to_ne_bytes();
        *octet ^= first;
        key = turn(key, 1);
    }
}
