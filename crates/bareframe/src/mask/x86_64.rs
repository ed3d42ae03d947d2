//! Masking by x86-64's vectors: short payloads in lanes of SSE2; long ones by the portable loop, compiled for AVX2
//! and AVX-512 and used from the size on where these win.

use super::blocks::{self, xor_copy_long, xor_long, xor_long_apart, xor_short};
use super::lane::Lane;
use super::turn;
use crate::cpu::{Vectors, vectors};

/// The shortest payload, in octets, for which asking for the processor's vectors pays.
const DISPATCH: usize = 256;

#[inline(always)]
pub(super) fn xor(key: u32, octets: &mut [u8]) -> bool {
    match octets.len() {
        0..=16 => xor_short(key, octets),
        17..=32 => xor_ends::<1>(key, octets),
        33..=64 => xor_ends::<2>(key, octets),
        65..=128 => xor_ends::<4>(key, octets),
        129..DISPATCH => xor_long_apart(key, octets),
        _ => xor_dispatched(key, octets),
    }
}

#[inline(always)]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    if from.len() < DISPATCH {
        blocks::xor_copy(key, from, out)
    } else {
        xor_copy_dispatched(key, from, out)
    }
}

#[inline(never)]
fn xor_dispatched(key: u32, octets: &mut [u8]) -> bool {
    match vectors() {
        // SAFETY: `vectors` gives this only if the processor has every feature that the kernel enables.
        Vectors::Avx512 => unsafe { xor_avx512(key, octets) },
        // SAFETY: as above.
        Vectors::Avx2 => unsafe { xor_avx2(key, octets) },
        Vectors::Baseline => xor_long(key, octets),
    }
}

#[inline(never)]
fn xor_copy_dispatched(key: u32, from: &[u8], out: &mut [u8]) {
    match vectors() {
        // SAFETY: `vectors` gives this only if the processor has every feature that the kernel enables.
        Vectors::Avx512 => unsafe { xor_copy_avx512(key, from, out) },
        // SAFETY: as above.
        Vectors::Avx2 => unsafe { xor_copy_avx2(key, from, out) },
        Vectors::Baseline => xor_copy_long(key, from, out),
    }
}

#[target_feature(enable = "avx2")]
fn xor_avx2(key: u32, octets: &mut [u8]) -> bool {
    xor_long(key, octets)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn xor_avx512(key: u32, octets: &mut [u8]) -> bool {
    xor_long(key, octets)
}

#[target_feature(enable = "avx2")]
fn xor_copy_avx2(key: u32, from: &[u8], out: &mut [u8]) {
    xor_copy_long(key, from, out);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn xor_copy_avx512(key: u32, from: &[u8], out: &mut [u8]) {
    xor_copy_long(key, from, out);
}

/// The first N lanes and the last N, which may overlap, so that both are read before either is written.
#[inline(always)]
fn xor_ends<const N: usize>(key: u32, octets: &mut [u8]) -> bool {
    let tail_key = Lane::repeat(turn(key, octets.len()));
    let key = Lane::repeat(key);
    let head: Option<&[[u8; 16]; N]> = octets.as_chunks().0.first_chunk();
    let tail: Option<&[[u8; 16]; N]> = octets.as_rchunks().1.last_chunk();
    let (Some(head), Some(tail)) = (head, tail) else {
        return true;
    };
    let head = head.map(|octets| Lane::read(octets).xor(key));
    let tail = tail.map(|octets| Lane::read(octets).xor(tail_key));
    if let Some(to) = octets.as_chunks_mut().0.first_chunk_mut() {
        *to = head.map(Lane::octets);
    }
    if let Some(to) = octets.as_rchunks_mut().1.last_chunk_mut() {
        *to = tail.map(Lane::octets);
    }
    let mut seen = Lane::repeat(0);
    for (head, tail) in head.into_iter().zip(tail) {
        seen = seen.or(head).or(tail);
    }
    seen.is_ascii()
}
