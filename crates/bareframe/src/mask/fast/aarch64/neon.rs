//! Vectors of 16 bytes, with NEON.
//!
//! It uses intrinsics, because the compiler does not turn words into vectors among the code of the receiver: ASCII of 125 bytes
//! takes 43 % more instructions with them.

use super::super::vector::Vector;
use core::arch::aarch64::{
    uint8x16_t, vdupq_n_u32, veorq_u8, vld1q_u8, vmaxvq_u8, vorrq_u8, vreinterpretq_u8_u32, vst1q_u8,
};

/// The registers of NEON.
// This module is compiled only for targets that enable NEON for all code, as every ARM64 with floating point does. That is what
// each intrinsic below requires of the processor.
#[derive(Clone, Copy)]
pub(super) struct Neon;

impl Vector<16> for Neon {
    type Register = uint8x16_t;

    #[inline(always)]
    fn splat(self, key: u32) -> uint8x16_t {
        // SAFETY: NEON is enabled, see `Neon`.
        let words = unsafe { vdupq_n_u32(key) };
        // SAFETY: as above.
        unsafe { vreinterpretq_u8_u32(words) }
    }

    #[inline(always)]
    fn load(self, bytes: &[u8; 16]) -> uint8x16_t {
        // SAFETY: NEON is enabled, see `Neon`; the 16 bytes that are read are those of the array, at any alignment.
        unsafe { vld1q_u8(bytes.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, register: uint8x16_t, bytes: &mut [u8; 16]) {
        // SAFETY: NEON is enabled, see `Neon`; the 16 bytes that are written are those of the array, at any alignment.
        unsafe { vst1q_u8(bytes.as_mut_ptr(), register) }
    }

    #[inline(always)]
    fn xor(self, one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
        // SAFETY: NEON is enabled, see `Neon`.
        unsafe { veorq_u8(one, other) }
    }

    #[inline(always)]
    fn or(self, one: uint8x16_t, other: uint8x16_t) -> uint8x16_t {
        // SAFETY: NEON is enabled, see `Neon`.
        unsafe { vorrq_u8(one, other) }
    }

    #[inline(always)]
    fn above_ascii(self, register: uint8x16_t) -> u64 {
        // SAFETY: NEON is enabled, see `Neon`.
        let greatest = unsafe { vmaxvq_u8(register) };
        u64::from(greatest & 0x80)
    }
}
