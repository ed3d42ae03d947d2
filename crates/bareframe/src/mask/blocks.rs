//! Masking for targets that have vectors: a straight path for each class of short payload, and one loop.

use super::{ends, turn};

/// What one turn of the loop takes, in octets: a whole number of any vector.
const BLOCK: usize = 64;

/// Tells whether every octet that it wrote is ASCII.
#[cfg(not(all(feature = "simd", target_arch = "x86_64")))]
#[inline(always)]
pub(super) fn xor(key: u32, octets: &mut [u8]) -> bool {
    match octets.len() {
        0..=16 => xor_short(key, octets),
        17..=32 => xor_ends::<2>(key, octets),
        33..=64 => xor_ends::<4>(key, octets),
        65..=128 => xor_ends::<8>(key, octets),
        _ => xor_long_apart(key, octets),
    }
}

/// Apart from the code around it, which would keep the compiler from making vectors.
#[cfg(not(all(feature = "simd", target_arch = "x86_64")))]
#[inline(never)]
fn xor_long_apart(key: u32, octets: &mut [u8]) -> bool {
    xor_long(key, octets)
}

/// At most 16 octets.
#[inline(always)]
pub(super) fn xor_short(key: u32, octets: &mut [u8]) -> bool {
    match octets.len() {
        0..4 => xor_each(key, octets),
        4..8 => xor_four(key, octets),
        _ => xor_ends::<1>(key, octets),
    }
}

/// Fewer than 4 octets.
#[inline(always)]
fn xor_each(key: u32, octets: &mut [u8]) -> bool {
    let mut seen = 0;
    for (octet, key) in octets.iter_mut().zip(key.to_ne_bytes()) {
        *octet ^= key;
        seen |= *octet;
    }
    seen < 0x80
}

/// 4 to 8 octets: the first four and the last four, which may overlap, so that both are read before either is
/// written. The same holds for all that follow.
#[inline(always)]
fn xor_four(key: u32, octets: &mut [u8]) -> bool {
    let tail_key = turn(key, octets.len());
    let (Some(&head), Some(&tail)) = (octets.first_chunk(), octets.last_chunk()) else {
        return true;
    };
    let head = u32::from_ne_bytes(head) ^ key;
    let tail = u32::from_ne_bytes(tail) ^ tail_key;
    ends::write(octets, [head.to_ne_bytes()], [tail.to_ne_bytes()]);
    (head | tail) & 0x8080_8080 == 0
}

/// N to 2 N words.
#[inline(always)]
pub(super) fn xor_ends<const N: usize>(key: u32, octets: &mut [u8]) -> bool {
    let tail_key = turn(key, octets.len());
    let (Some(&head), Some(&tail)) = (ends::first::<8, N>(octets), ends::last::<8, N>(octets)) else {
        return true;
    };
    let head = head.map(|word| u64::from_ne_bytes(word) ^ doubled(key));
    let tail = tail.map(|word| u64::from_ne_bytes(word) ^ doubled(tail_key));
    ends::write(octets, head.map(u64::to_ne_bytes), tail.map(u64::to_ne_bytes));
    let mut seen = 0;
    for (head, tail) in head.into_iter().zip(tail) {
        seen |= head | tail;
    }
    seen & 0x8080_8080_8080_8080 == 0
}

/// More than 64 octets: whole blocks that begin where one does in memory, and the two ends.
///
/// It is written octet by octet: so compilers make vectors of any width of it, and in words they do not as soon
/// as it is asked whether the result is ASCII.
#[inline(always)]
pub(super) fn xor_long(key: u32, octets: &mut [u8]) -> bool {
    let tail_key = turn(key, octets.len());
    let (Some(&head), Some(&tail)) = (octets.first_chunk::<BLOCK>(), octets.last_chunk::<BLOCK>()) else {
        return true;
    };
    let head = xored(head, repeated(key));
    let tail = xored(tail, repeated(tail_key));
    let mut seen = either(head, tail);
    let unaligned = octets.as_ptr().align_offset(BLOCK);
    if let Some(aligned) = octets.get_mut(unaligned..) {
        let key = repeated(turn(key, unaligned));
        let (blocks, _) = aligned.as_chunks_mut();
        for block in blocks {
            *block = xored(*block, key);
            seen = either(seen, *block);
        }
    }
    ends::write(octets, [head], [tail]);
    !seen.iter().fold(false, |above, &octet| above | (octet >= 0x80))
}

/// `out` is as long as `from`.
#[inline(always)]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    match from.len() {
        0..4 => {
            for ((to, from), key) in out.iter_mut().zip(from).zip(key.to_ne_bytes()) {
                *to = from ^ key;
            }
        }
        4..8 => {
            if let (Some(&head), Some(&tail)) = (from.first_chunk(), from.last_chunk()) {
                let tail = u32::from_ne_bytes(tail) ^ turn(key, from.len());
                let head = u32::from_ne_bytes(head) ^ key;
                ends::write(out, [head.to_ne_bytes()], [tail.to_ne_bytes()]);
            }
        }
        8..=16 => xor_copy_ends::<1>(key, from, out),
        17..=32 => xor_copy_ends::<2>(key, from, out),
        33..=64 => xor_copy_ends::<4>(key, from, out),
        65..=128 => xor_copy_ends::<8>(key, from, out),
        _ => xor_copy_long(key, from, out),
    }
}

/// N to 2 N words.
#[inline(always)]
fn xor_copy_ends<const N: usize>(key: u32, from: &[u8], out: &mut [u8]) {
    let tail_key = turn(key, from.len());
    if let (Some(&head), Some(&tail)) = (ends::first::<8, N>(from), ends::last::<8, N>(from)) {
        let head = head.map(|word| u64::from_ne_bytes(word) ^ doubled(key));
        let tail = tail.map(|word| u64::from_ne_bytes(word) ^ doubled(tail_key));
        ends::write(out, head.map(u64::to_ne_bytes), tail.map(u64::to_ne_bytes));
    }
}

/// More than 64 octets: as [`xor_long`], by where the output lies.
#[inline(always)]
pub(super) fn xor_copy_long(key: u32, from: &[u8], out: &mut [u8]) {
    xor_copy_ends::<8>(key, from, out);
    let unaligned = out.as_ptr().align_offset(BLOCK);
    if let (Some(from), Some(out)) = (from.get(unaligned..), out.get_mut(unaligned..)) {
        let key = repeated(turn(key, unaligned));
        let (blocks, _) = from.as_chunks();
        let (out_blocks, _) = out.as_chunks_mut();
        for (to, from) in out_blocks.iter_mut().zip(blocks) {
            *to = xored::<BLOCK>(*from, key);
        }
    }
}

#[inline(always)]
fn xored<const N: usize>(mut octets: [u8; N], key: [u8; N]) -> [u8; N] {
    for (octet, key) in octets.iter_mut().zip(key) {
        *octet ^= key;
    }
    octets
}

#[inline(always)]
fn either<const N: usize>(mut one: [u8; N], other: [u8; N]) -> [u8; N] {
    for (one, other) in one.iter_mut().zip(other) {
        *one |= other;
    }
    one
}

#[inline(always)]
const fn doubled(key: u32) -> u64 {
    key as u64 | (key as u64) << 32
}

/// The key as often as it fits.
#[inline(always)]
fn repeated<const N: usize>(key: u32) -> [u8; N] {
    let mut octets = [0; N];
    let (keys, _) = octets.as_chunks_mut();
    for octets in keys {
        *octets = key.to_ne_bytes();
    }
    octets
}
