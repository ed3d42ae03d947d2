//! The same loops compiled for wider vectors, from the sizes on where these win.

use super::turn;
use super::words::wide::{BLOCK, doubled, xor_blocks, xor_copy_blocks};
use super::words::{xor as xor_words, xor_copy as xor_copy_words};
use crate::cpu::{Vectors, vectors};

/// The shortest payload, in octets, for which asking for the processor's vectors pays.
const DISPATCH: usize = 256;

#[inline(always)]
pub(super) fn xor(key: u32, octets: &mut [u8]) -> bool {
    if octets.len() < DISPATCH {
        return xor_words(key, octets);
    }
    xor_dispatched(key, octets)
}

#[inline(always)]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    if from.len() < DISPATCH {
        return xor_copy_words(key, from, out);
    }
    xor_copy_dispatched(key, from, out);
}

#[inline(never)]
fn xor_dispatched(key: u32, octets: &mut [u8]) -> bool {
    let (blocks, rest) = octets.as_chunks_mut::<BLOCK>();
    let seen = match vectors() {
        // SAFETY: `vectors` gives this only if the processor has every feature that the kernel enables.
        Vectors::Avx512 => unsafe { xor_avx512(doubled(key), blocks) },
        // SAFETY: as above.
        Vectors::Avx2 => unsafe { xor_avx2(doubled(key), blocks) },
        Vectors::Baseline => xor_blocks(doubled(key), blocks),
    };
    // BLOCK is a whole number of keys, so that the rest begins where the key does.
    let rest_is_ascii = xor_words(turn(key, BLOCK), rest);
    seen & 0x8080_8080_8080_8080 == 0 && rest_is_ascii
}

#[inline(never)]
fn xor_copy_dispatched(key: u32, from: &[u8], out: &mut [u8]) {
    let (blocks, rest) = from.as_chunks::<BLOCK>();
    let (out_blocks, out_rest) = out.as_chunks_mut::<BLOCK>();
    match vectors() {
        // SAFETY: `vectors` gives this only if the processor has every feature that the kernel enables.
        Vectors::Avx512 => unsafe { xor_copy_avx512(doubled(key), blocks, out_blocks) },
        // SAFETY: as above.
        Vectors::Avx2 => unsafe { xor_copy_avx2(doubled(key), blocks, out_blocks) },
        Vectors::Baseline => xor_copy_blocks(doubled(key), blocks, out_blocks),
    }
    xor_copy_words(turn(key, BLOCK), rest, out_rest);
}

#[target_feature(enable = "avx2")]
fn xor_avx2(word: u64, blocks: &mut [[u8; BLOCK]]) -> u64 {
    xor_blocks(word, blocks)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn xor_avx512(word: u64, blocks: &mut [[u8; BLOCK]]) -> u64 {
    xor_blocks(word, blocks)
}

#[target_feature(enable = "avx2")]
fn xor_copy_avx2(word: u64, from: &[[u8; BLOCK]], out: &mut [[u8; BLOCK]]) {
    xor_copy_blocks(word, from, out);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn xor_copy_avx512(word: u64, from: &[[u8; BLOCK]], out: &mut [[u8; BLOCK]]) {
    xor_copy_blocks(word, from, out);
}
