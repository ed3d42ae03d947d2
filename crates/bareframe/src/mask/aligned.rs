//! Masking in words of 32 bits where these lie aligned, for targets that can load and store only so, or do so
//! several at a time: small loops, since on a small machine their size matters too.

use super::turn;

pub(super) use super::words::xor_copy;

/// Says no: whether the octets are ASCII is looked for where it matters.
#[inline(never)]
pub(super) fn xor(mut key: u32, octets: &mut [u8]) -> bool {
    let mut rest = octets;
    // Most pieces lie aligned: one question for them.
    if rest.as_ptr().addr() & 3 != 0 {
        if rest.as_ptr().addr() & 1 != 0 {
            key = xor_one(key, &mut rest);
        }
        // What follows a header lies so.
        if rest.as_ptr().addr() & 3 == 2 {
            key = xor_two(key, &mut rest);
        }
    }
    let whole = rest.len() & !15;
    if let Some(front) = rest.split_off_mut(..whole)
        && front.as_ptr().addr().is_multiple_of(4)
    {
        // SAFETY: the octets lie aligned as words do, fill a whole number of fours of them, and are lent to nobody else;
        // any four octets are a `u32` and any `u32` is four octets.
        let fours = unsafe { core::slice::from_raw_parts_mut(front.as_mut_ptr().cast(), front.len() >> 4) };
        xor_fours(key, fours);
    }
    // Else there is one octet at most.
    if rest.as_ptr().addr().is_multiple_of(4) {
        while let Some(word) = rest.split_off_mut(..4) {
            let word = word.as_mut_ptr().cast::<u32>();
            // SAFETY: these are four octets, lent to nobody else, and they lie aligned as a `u32` does: so the first lay, and
            // each begins four octets behind the one before; any four octets are one.
            unsafe { word.write(word.read() ^ key) };
        }
    }
    if !rest.is_empty() {
        key = xor_two(key, &mut rest);
        xor_one(key, &mut rest);
    }
    false
}

/// Four words at a time, which are one load and one store on an ARM. Two times in a turn: in a loop of one block LLVM steps
/// the pointer with the first load, and the other three are then loaded by themselves.
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
