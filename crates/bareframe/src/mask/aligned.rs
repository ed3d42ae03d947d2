//! Masking in words of 32 bits where these lie aligned, for targets that can load and store only so, or do so
//! several at a time: small loops, since on a small machine their size matters too.

use super::turn;

pub(super) use super::words::xor_copy;

/// Says no: whether the octets are ASCII is looked for where it matters.
#[inline(never)]
pub(super) fn xor(mut key: u32, octets: &mut [u8]) -> bool {
    let mut rest = octets;
    if rest.as_ptr().addr() & 1 != 0 {
        key = xor_one(key, &mut rest);
    }
    // What follows a header lies so.
    if rest.as_ptr().addr() & 3 == 2 {
        key = xor_two(key, &mut rest);
    }
    let whole = rest.len() & !3;
    if let Some(front) = rest.split_off_mut(..whole)
        && front.as_ptr().addr().is_multiple_of(4)
    {
        // SAFETY: the octets lie aligned as words do, fill a whole number of them, and are lent to nobody else; any
        // four octets are a `u32` and any `u32` is four octets.
        let words = unsafe { core::slice::from_raw_parts_mut(front.as_mut_ptr().cast(), front.len() >> 2) };
        xor_words(key, words);
    }
    if !rest.is_empty() {
        key = xor_two(key, &mut rest);
        xor_one(key, &mut rest);
    }
    false
}

/// Four words at a time, which are one load and one store on an ARM.
#[inline]
fn xor_words(key: u32, mut words: &mut [u32]) {
    while let Some([a, b, c, d]) = words.split_off_mut(..4) {
        *a ^= key;
        *b ^= key;
        *c ^= key;
        *d ^= key;
    }
    if let Some([a, b]) = words.split_off_mut(..2) {
        *a ^= key;
        *b ^= key;
    }
    if let Some(word) = words.first_mut() {
        *word ^= key;
    }
}

/// The first two octets, if there are so many. Gives the key for the next.
#[inline(always)]
fn xor_two(key: u32, octets: &mut &mut [u8]) -> u32 {
    let Some(two) = octets.split_off_mut(..2) else {
        return key;
    };
    let two = two.as_mut_ptr().cast::<u16>();
    let [a, b, ..] = key.to_ne_bytes();
    if two.is_aligned() {
        // SAFETY: these are two octets, lent to nobody else, and they lie aligned as a `u16` does; any two octets are one.
        unsafe { two.write(two.read() ^ u16::from_ne_bytes([a, b])) };
    }
    turn(key, 2)
}

/// The first octet, if there is one. Gives the key for the next.
#[inline(always)]
fn xor_one(key: u32, octets: &mut &mut [u8]) -> u32 {
    let Some(octet) = octets.split_off_first_mut() else {
        return key;
    };
    let [first, ..] = key.to_ne_bytes();
    *octet ^= first;
    turn(key, 1)
}
