//! What the images share: QEMU's mps2 boards, and input and output that the compiler can't see through.

#![no_std]

use core::ptr;

/// The data register of the first UART, which stands for any source and sink of octets.
const UART0_DATA: *mut u32 = 0x4000_4000 as *mut u32;

/// Fills the buffer with octets that the compiler knows nothing of, and gives how many it says they are.
#[inline(never)]
pub fn read(buffer: &mut [u8]) -> usize {
    for octet in buffer.iter_mut() {
        // SAFETY: the register can be read at any time.
        *octet = unsafe { ptr::read_volatile(UART0_DATA) } as u8;
    }
    opaque(buffer.len()).min(buffer.len())
}

/// Has a use for every octet.
#[inline(never)]
pub fn write(octets: &[u8]) {
    for octet in octets {
        opaque(u32::from(*octet));
    }
}

/// A number that the compiler knows nothing of.
#[inline(always)]
pub fn opaque<T: Copy>(value: T) -> T {
    core::hint::black_box(value)
}
