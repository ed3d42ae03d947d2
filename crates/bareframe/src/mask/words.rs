//! The portable masking loops, in words of the machine: safe code that compilers turn into vectors.
//!
//! Both tell whether every octet that they wrote is ASCII; it costs nothing where nobody asks.

#[cfg(target_pointer_width = "64")]
pub(super) use wide::{xor, xor_copy};

#[cfg(not(target_pointer_width = "64"))]
pub(super) use narrow::{xor, xor_copy};

/// Eight octets to a word, with a straight path for each class of short payload.
#[cfg(target_pointer_width = "64")]
pub(super) mod wide {
    use super::super::turn;

    const TOP_BITS: u64 = 0x8080_8080_8080_8080;

    /// What one turn of the loop takes, in octets: a whole number of any vector up to 64 octets.
    pub(in super::super) const BLOCK: usize = 64;

    /// The first word of a payload and the last may overlap: both are read before either is written.
    #[inline(always)]
    pub(in super::super) fn xor(key: u32, octets: &mut [u8]) -> bool {
        let len = octets.len();
        if len >= 8 {
            if len > 16 {
                return xor_long(key, octets);
            }
            let (Some(&head), Some(&tail)) = (octets.first_chunk(), octets.last_chunk()) else {
                return true;
            };
            let head = u64::from_ne_bytes(head) ^ doubled(key);
            let tail = u64::from_ne_bytes(tail) ^ doubled(turn(key, len));
            if let Some(to) = octets.first_chunk_mut() {
                *to = head.to_ne_bytes();
            }
            if let Some(to) = octets.last_chunk_mut() {
                *to = tail.to_ne_bytes();
            }
            return (head | tail) & TOP_BITS == 0;
        }
        xor_short(key, octets)
    }

    /// Fewer than 8 octets.
    #[inline(always)]
    fn xor_short(key: u32, octets: &mut [u8]) -> bool {
        if let (Some(&head), Some(&tail)) = (octets.first_chunk(), octets.last_chunk()) {
            let head = u32::from_ne_bytes(head) ^ key;
            let tail = u32::from_ne_bytes(tail) ^ turn(key, octets.len());
            if let Some(to) = octets.first_chunk_mut() {
                *to = head.to_ne_bytes();
            }
            if let Some(to) = octets.last_chunk_mut() {
                *to = tail.to_ne_bytes();
            }
            return u64::from(head | tail) & TOP_BITS == 0;
        }
        let mut seen = 0;
        for (octet, key) in octets.iter_mut().zip(key.to_ne_bytes()) {
            *octet ^= key;
            seen |= *octet;
        }
        seen < 0x80
    }

    /// More than 16 octets.
    #[inline(always)]
    fn xor_long(key: u32, octets: &mut [u8]) -> bool {
        let word = doubled(key);
        let len = octets.len();
        let Some(&last) = octets.last_chunk::<16>() else {
            return true;
        };
        let mut seen = 0;
        let (blocks, rest) = octets.as_chunks_mut::<BLOCK>();
        if !blocks.is_empty() {
            seen = xor_blocks(word, blocks);
        }
        let (words, _) = rest.as_chunks_mut::<16>();
        for pair in words {
            let (words, _) = pair.as_chunks_mut::<8>();
            for octets in words {
                let masked = u64::from_ne_bytes(*octets) ^ word;
                *octets = masked.to_ne_bytes();
                seen |= masked;
            }
        }
        // What is left over ends with the 16 octets that were read before the loops wrote any.
        let tail_key = doubled(turn(key, len));
        if let Some(to) = octets.last_chunk_mut::<16>() {
            let (words, _) = to.as_chunks_mut::<8>();
            for (to, from) in words.iter_mut().zip(last.as_chunks::<8>().0) {
                let masked = u64::from_ne_bytes(*from) ^ tail_key;
                *to = masked.to_ne_bytes();
                seen |= masked;
            }
        }
        seen & TOP_BITS == 0
    }

    /// Gives the OR of all words written.
    #[inline(always)]
    pub(in super::super) fn xor_blocks(word: u64, blocks: &mut [[u8; BLOCK]]) -> u64 {
        let mut seen = [0; BLOCK / 8];
        for block in blocks {
            let (words, _) = block.as_chunks_mut::<8>();
            for (octets, seen) in words.iter_mut().zip(&mut seen) {
                let masked = u64::from_ne_bytes(*octets) ^ word;
                *octets = masked.to_ne_bytes();
                *seen |= masked;
            }
        }
        seen.iter().fold(0, |all, seen| all | seen)
    }

    /// `out` is as long as `from`.
    #[inline(always)]
    pub(in super::super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
        let word = doubled(key);
        let (blocks, rest) = from.as_chunks::<BLOCK>();
        let (out_blocks, out_rest) = out.as_chunks_mut::<BLOCK>();
        xor_copy_blocks(word, blocks, out_blocks);
        let (words, tail) = rest.as_chunks::<8>();
        let (out_words, out_tail) = out_rest.as_chunks_mut::<8>();
        for (to, from) in out_words.iter_mut().zip(words) {
            *to = (u64::from_ne_bytes(*from) ^ word).to_ne_bytes();
        }
        for ((to, from), key) in out_tail.iter_mut().zip(tail).zip(word.to_ne_bytes()) {
            *to = from ^ key;
        }
    }

    #[inline(always)]
    pub(in super::super) fn xor_copy_blocks(word: u64, from: &[[u8; BLOCK]], out: &mut [[u8; BLOCK]]) {
        for (to, from) in out.iter_mut().zip(from) {
            let (out_words, _) = to.as_chunks_mut::<8>();
            let (words, _) = from.as_chunks::<8>();
            for (to, from) in out_words.iter_mut().zip(words) {
                *to = (u64::from_ne_bytes(*from) ^ word).to_ne_bytes();
            }
        }
    }

    #[inline(always)]
    pub(in super::super) const fn doubled(key: u32) -> u64 {
        key as u64 | (key as u64) << 32
    }
}

/// Four octets to a word, and one loop: on a small machine its size matters too.
#[cfg(not(target_pointer_width = "64"))]
mod narrow {
    const TOP_BITS: u32 = 0x8080_8080;

    #[inline]
    pub(in super::super) fn xor(key: u32, octets: &mut [u8]) -> bool {
        let (words, tail) = octets.as_chunks_mut::<4>();
        let mut seen = 0;
        for octets in words {
            let masked = u32::from_ne_bytes(*octets) ^ key;
            *octets = masked.to_ne_bytes();
            seen |= masked;
        }
        for (octet, key) in tail.iter_mut().zip(key.to_ne_bytes()) {
            *octet ^= key;
            seen |= u32::from(*octet);
        }
        seen & TOP_BITS == 0
    }

    /// `out` is as long as `from`.
    #[inline]
    pub(in super::super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
        let (words, tail) = from.as_chunks::<4>();
        let (out_words, out_tail) = out.as_chunks_mut::<4>();
        for (to, from) in out_words.iter_mut().zip(words) {
            *to = (u32::from_ne_bytes(*from) ^ key).to_ne_bytes();
        }
        for ((to, from), key) in out_tail.iter_mut().zip(tail).zip(key.to_ne_bytes()) {
            *to = from ^ key;
        }
    }
}
