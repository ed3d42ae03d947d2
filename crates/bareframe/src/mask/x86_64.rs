//! The same loops compiled for wider vectors, from the sizes on where these win.

use super::lanes::{xor as xor_lanes, xor_copy as xor_copy_lanes, xor_copy_long, xor_long};
use crate::cpu::{Vectors, vectors};

/// The shortest payload, in octets, for which asking for the processor's vectors pays.
const DISPATCH: usize = 256;

#[inline(always)]
pub(super) fn xor(key: u32, octets: &mut [u8]) -> bool {
    if octets.len() < DISPATCH {
        xor_lanes(key, octets)
    } else {
        xor_dispatched(key, octets)
    }
}

#[inline(always)]
pub(super) fn xor_copy(key: u32, from: &[u8], out: &mut [u8]) {
    if from.len() < DISPATCH {
        xor_copy_lanes(key, from, out)
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
