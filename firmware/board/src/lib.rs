//! What the images share: QEMU's mps2 boards, and input and output that the compiler can't see through.

#![no_std]

use core::ptr;

/// The data register of the first UART, which stands for any source and sink of bytes.
const UART0_DATA: *mut u32 = 0x4000_4000 as *mut u32;

/// Fills the buffer with bytes that the compiler knows nothing of, and gives how many it says they are.
#[inline(never)]
pub fn read(buffer: &mut [u8]) -> usize {
    for byte in buffer.iter_mut() {
        // SAFETY: the register can be read at any time.
        *byte = unsafe { ptr::read_volatile(UART0_DATA) } as u8;
    }
    opaque(buffer.len()).min(buffer.len())
}

/// Has a use for every byte.
#[inline(never)]
pub fn write(bytes: &[u8]) {
    for byte in bytes {
        opaque(u32::from(*byte));
    }
}

/// A number that the compiler knows nothing of.
#[inline(always)]
pub fn opaque<T: Copy>(value: T) -> T {
    core::hint::black_box(value)
}
