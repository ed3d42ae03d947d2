//! Masking in aligned words of 32 bits, for targets that can load and store only such words, or several of them at a
//! time. The loops are short, because code size matters on such targets too.

use super::super::turn;

/// XORs the bytes with the key.
#[inline(never)]
pub(in super::super) fn xor(mut key: u32, bytes: &mut [u8]) {
    let mut rest = bytes;
    // Most pieces are aligned, so this is usually the only test.
    if rest.as_ptr().addr() & 3 != 0 {
        if rest.as_ptr().addr() & 1 != 0 {
            key = xor_one(key, &mut rest);
        }
        // A payload often has this alignment, since the length of a header is even.
        if rest.as_ptr().addr() & 3 == 2 {
            key = xor_two(key, &mut rest);
        }
    }
    let whole = rest.len() & !15;
    if let Some(front) = rest.split_off_mut(..whole)
        && front.as_ptr().addr().is_multiple_of(4)
    {
        // SAFETY: the bytes are aligned as a `u32` is and their number is a multiple of 16, so they are that many `[u32; 4]`.
        // They are borrowed mutably for as long as the slice that is made of them. Any four bytes are a `u32` and any `u32` is
        // four bytes.
        let fours = unsafe { core::slice::from_raw_parts_mut(front.as_mut_ptr().cast(), front.len() >> 4) };
        xor_fours(key, fours);
    }
    // If this is not aligned, at most one byte is left.
    if rest.as_ptr().addr().is_multiple_of(4) {
        while let Some(word) = rest.split_off_mut(..4) {
            // SAFETY: these are four bytes, borrowed mutably, and aligned as a `u32` is: the first four are, and each
            // four begin four bytes after the previous four. Any four bytes are a `u32` and any `u32` is four bytes.
            let word = unsafe { &mut *word.as_mut_ptr().cast::<u32>() };
            *word ^= key;
        }
    }
    if !rest.is_empty() {
        key = xor_two(key, &mut rest);
        xor_one(key, &mut rest);
    }
}

/// XORs four words at a time with the key, which takes one load and one store on an ARM.
// Each iteration handles two groups of four words. In a loop over one group, LLVM advances the pointer with the first
// load and then loads the other three words one by one, which takes 24 instructions for 32 bytes instead of 17.
#[inline]
fn xor_fours(key: u32, fours: &mut [[u32; 4]]) {
    let mut fours = fours.iter_mut();
    while let Some(four) = fours.next() {
        xor_four(key, four);
        let Some(four) = fours.next() else { break };
        xor_four(key, four);
    }
}

#[inline(always)]
fn xor_four(key: u32, [a, b, c, d]: &mut [u32; 4]) {
    *a ^= key;
    *b ^= key;
    *c ^= key;
    *d ^= key;
}

/// XORs the first two bytes with the key and removes them, if there are two. Returns the key for the next byte.
#[inline(always)]
fn xor_two(key: u32, bytes: &mut &mut [u8]) -> u32 {
    let Some(two) = bytes.split_off_mut(..2) else {
        return key;
    };
    let two = two.as_mut_ptr().cast::<u16>();
    let [a, b, ..] = key.to_ne_bytes();
    if two.is_aligned() {
        // SAFETY: these are two bytes, borrowed mutably, and aligned as a `u16` is. Any two bytes are a `u16` and any `u16`
        // is two bytes.
        let two = unsafe { &mut *two };
        *two ^= u16::from_ne_bytes([a, b]);
    }
    turn(key, 2)
}

/// XORs the first byte with the key and removes it, if there is one. Returns the key for the next byte.
#[inline(always)]
fn xor_one(key: u32, bytes: &mut &mut [u8]) -> u32 {
    let Some(byte) = bytes.split_off_first_mut() else {
        return key;
    };
    let [first, ..] = key.to_ne_bytes();
    *byte ^= first;
    turn(key, 1)
}
