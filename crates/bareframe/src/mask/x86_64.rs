//! Masking by x86-64's vectors: short payloads in lanes of SSE2, longer ones by AVX2. Vectors of AVX-512 are never
//! faster: what is waited for is the storing.

use super::blocks::{xor_copy_long, xor_long, xor_short};
use super::lane::Lane;
use super::{avx2, blocks, ends, turn};
use crate::cpu::{Vectors, known, vectors};

#[inline(always)]
pub(super) fn xor(key: u32, octets: &mut [u8]) -> bool {
    match octets.len() {
        0..=32 => xor_at_most_32(key, octets),
        33..=64 => xor_ends::<2>(key, octets),
        65..=128 => xor_ends::<4>(key, octets),
        _ => xor_dispatched(key, octets),
    }
}

#[inline(always)]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    match from.len() {
        0..16 => blocks::xor_copy(key, from, out),
        16..=32 => xor_copy_ends::<1>(key, from, out),
        33..=64 => xor_copy_ends::<2>(key, from, out),
        65..=128 => xor_copy_ends::<4>(key, from, out),
        _ => xor_copy_dispatched(key, from, out),
    }
}

#[inline(always)]
fn xor_at_most_32(key: u32, octets: &mut [u8]) -> bool {
    match octets.len() {
        0..16 => xor_short(key, octets),
        _ => xor_ends::<1>(key, octets),
    }
}

#[inline(never)]
fn xor_dispatched(key: u32, octets: &mut [u8]) -> bool {
    if known() == Some(Vectors::Avx2) {
        // SAFETY: this is known only of a processor that has AVX2.
        unsafe { avx2::xor(key, octets) }
    } else {
        xor_first(key, octets)
    }
}

/// The first time, and where there is no AVX2.
#[inline(never)]
fn xor_first(key: u32, octets: &mut [u8]) -> bool {
    match vectors() {
        // SAFETY: `vectors` gives this only of a processor that has AVX2.
        Vectors::Avx2 => unsafe { avx2::xor(key, octets) },
        Vectors::Baseline => xor_long(key, octets),
    }
}

#[inline(never)]
fn xor_copy_dispatched(key: u32, from: &[u8], out: &mut [u8]) {
    if known() == Some(Vectors::Avx2) {
        // SAFETY: this is known only of a processor that has AVX2.
        unsafe { avx2::xor_copy(key, from, out) }
    } else {
        xor_copy_first(key, from, out);
    }
}

/// As [`xor_first`], copied.
#[inline(never)]
fn xor_copy_first(key: u32, from: &[u8], out: &mut [u8]) {
    match vectors() {
        // SAFETY: `vectors` gives this only of a processor that has AVX2.
        Vectors::Avx2 => unsafe { avx2::xor_copy(key, from, out) },
        Vectors::Baseline => xor_copy_long(key, from, out),
    }
}

/// The first N lanes and the last N, which may overlap, so that both are read before either is written.
#[inline(always)]
fn xor_ends<const N: usize>(key: u32, octets: &mut [u8]) -> bool {
    let tail_key = Lane::repeat(turn(key, octets.len()));
    let key = Lane::repeat(key);
    let (Some(head), Some(tail)) = (ends::first::<16, N>(octets), ends::last::<16, N>(octets)) else {
        return true;
    };
    let head = head.map(|octets| Lane::read(octets).xor(key));
    let tail = tail.map(|octets| Lane::read(octets).xor(tail_key));
    ends::write(octets, head.map(Lane::octets), tail.map(Lane::octets));
    let mut seen = Lane::repeat(0);
    for (head, tail) in head.into_iter().zip(tail) {
        seen = seen.or(head).or(tail);
    }
    seen.is_ascii()
}

/// As [`xor_ends`], copied.
#[inline(always)]
fn xor_copy_ends<const N: usize>(key: u32, from: &[u8], out: &mut [u8]) {
    let tail_key = Lane::repeat(turn(key, from.len()));
    let key = Lane::repeat(key);
    if let (Some(head), Some(tail)) = (ends::first::<16, N>(from), ends::last::<16, N>(from)) {
        let head = head.map(|octets| Lane::read(octets).xor(key).octets());
        let tail = tail.map(|octets| Lane::read(octets).xor(tail_key).octets());
        ends::write(out, head, tail);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// Each kernel that this processor has, at every length from what it asks for, every phase and some alignments.
    #[test]
    fn s5_3_every_kernel_is_the_loop_over_octets() {
        for len in 128..=4200 {
            let (phase, align) = (len % 4, len * 7 % 64);
            let key = turn(0x3d21_fa37, phase);
            let above_ascii = (len % 3 == 0).then_some(align + len * 31 % 4201 % len);
            let mut from: Vec<u8> = (0..align + len).map(|i| (i * 7 % 128) as u8).collect();
            if let Some(at) = above_ascii {
                from[at] |= 0x80;
            }
            let keys = key.to_ne_bytes().into_iter().cycle();
            let masked: Vec<u8> = from[align..].iter().zip(keys).map(|(a, b)| a ^ b).collect();
            let check = |xor: fn(u32, &mut [u8]) -> bool, xor_copy: fn(u32, &[u8], &mut [u8])| {
                let mut here = from.clone();
                xor(key, &mut here[align..]);
                assert_eq!(here[align..], masked);
                assert_eq!(xor(key, &mut here[align..]), above_ascii.is_none(), "{len}");
                assert_eq!(here, from);
                xor_copy(key, &from[align..], &mut here[align..]);
                assert_eq!(here[align..], masked);
                assert_eq!(here[..align], from[..align]);
            };
            check(xor, xor_copy);
            check(xor_long, xor_copy_long);
            if vectors() == Vectors::Avx2 {
                // SAFETY: `vectors` gives this only of a processor that has AVX2.
                let xor = |key, octets: &mut [u8]| unsafe { avx2::xor(key, octets) };
                // SAFETY: as above.
                let xor_copy = |key, from: &[u8], out: &mut [u8]| unsafe { avx2::xor_copy(key, from, out) };
                check(xor, xor_copy);
            }
        }
    }
}
