//! Masking for targets that have vectors: a straight path for each class of short payload, and one loop.
//!
//! It is written octet by octet on arrays of a fixed size, which compilers turn into vectors; written in words
//! it stays in scalar registers as soon as it is asked whether the result is ASCII.

use super::turn;

/// What one turn of the loop takes, in octets: a whole number of any vector.
const BLOCK: usize = 64;

/// Tells whether every octet that it wrote is ASCII.
#[inline(always)]
pub(super) fn xor(key: u32, octets: &mut [u8]) -> bool {
    match octets.len() {
        0..4 => xor_each(key, octets),
        4..8 => xor_ends::<4>(key, octets),
        8..=16 => xor_end_words::<1>(key, octets),
        17..=32 => xor_end_words::<2>(key, octets),
        33..=64 => xor_ends::<32>(key, octets),
        65..=128 => xor_ends::<64>(key, octets),
        _ => xor_long(key, octets),
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

/// N to 2 N octets: the first N and the last N, which may overlap, so that both are read before either is
/// written.
#[inline(always)]
fn xor_ends<const N: usize>(key: u32, octets: &mut [u8]) -> bool {
    let tail_key = turn(key, octets.len());
    let (Some(&head), Some(&tail)) = (octets.first_chunk::<N>(), octets.last_chunk::<N>()) else {
        return true;
    };
    let (mut head, mut tail, mut above) = (head, tail, false);
    let keys = repeated::<N>(key).into_iter().zip(repeated::<N>(tail_key));
    for ((head, tail), (key, tail_key)) in head.iter_mut().zip(&mut tail).zip(keys) {
        *head ^= key;
        *tail ^= tail_key;
        above |= (*head | *tail) >= 0x80;
    }
    write_ends(octets, head, tail);
    !above
}

/// As [`xor_ends`] for so few octets that vectors do not pay: N to 2 N words.
#[inline(always)]
fn xor_end_words<const N: usize>(key: u32, octets: &mut [u8]) -> bool {
    let (word, tail_word) = (doubled(key), doubled(turn(key, octets.len())));
    let head: Option<&[[u8; 8]; N]> = octets.as_chunks().0.first_chunk();
    let tail: Option<&[[u8; 8]; N]> = octets.as_rchunks().1.last_chunk();
    let (Some(head), Some(tail)) = (head, tail) else {
        return true;
    };
    let head = head.map(|octets| u64::from_ne_bytes(octets) ^ word);
    let tail = tail.map(|octets| u64::from_ne_bytes(octets) ^ tail_word);
    if let Some(to) = octets.as_chunks_mut().0.first_chunk_mut() {
        *to = head.map(u64::to_ne_bytes);
    }
    if let Some(to) = octets.as_rchunks_mut().1.last_chunk_mut() {
        *to = tail.map(u64::to_ne_bytes);
    }
    head.iter().chain(&tail).fold(0, |seen, word| seen | word) & 0x8080_8080_8080_8080 == 0
}

/// More than 128 octets: whole blocks that begin where one does in memory, and the two ends.
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
    write_ends(octets, head, tail);
    is_ascii(seen)
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
        4..8 => xor_copy_ends::<4>(key, from, out),
        8..=16 => xor_copy_ends::<8>(key, from, out),
        17..=32 => xor_copy_ends::<16>(key, from, out),
        33..=64 => xor_copy_ends::<32>(key, from, out),
        65..=128 => xor_copy_ends::<64>(key, from, out),
        _ => xor_copy_long(key, from, out),
    }
}

/// N to 2 N octets: the first N and the last N, which may overlap.
#[inline(always)]
fn xor_copy_ends<const N: usize>(key: u32, from: &[u8], out: &mut [u8]) {
    let tail_key = turn(key, from.len());
    if let (Some(&head), Some(&tail)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) {
        write_ends(out, xored(head, repeated(key)), xored(tail, repeated(tail_key)));
    }
}

/// More than 128 octets: as [`xor_long`], by where the output lies.
#[inline(always)]
pub(super) fn xor_copy_long(key: u32, from: &[u8], out: &mut [u8]) {
    xor_copy_ends::<BLOCK>(key, from, out);
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
fn write_ends<const N: usize>(octets: &mut [u8], head: [u8; N], tail: [u8; N]) {
    if let Some(to) = octets.first_chunk_mut() {
        *to = head;
    }
    if let Some(to) = octets.last_chunk_mut() {
        *to = tail;
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
fn is_ascii<const N: usize>(octets: [u8; N]) -> bool {
    !octets.iter().fold(false, |above, &octet| above | (octet >= 0x80))
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
