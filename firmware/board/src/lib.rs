//! Shared code of the images: QEMU's mps2 boards, and input and output that the compiler can't predict.

#![no_std]

use core::ptr;

/// The data register of the first UART, used as a source and sink of bytes.
const UART0_DATA: *mut u32 = 0x4000_4000 as *mut u32;

/// Fills the buffer with bytes that the compiler can't predict, and returns an unpredictable number of them.
#[inline(never)]
pub fn read(buffer: &mut [u8]) -> usize {
    for byte in buffer.iter_mut() {
        // SAFETY: the register can be read at any time.
        *byte = unsafe { ptr::read_volatile(UART0_DATA) } as u8;
    }
    opaque(buffer.len()).min(buffer.len())
}

/// Uses every byte.
#[inline(never)]
pub fn write(bytes: &[u8]) {
    for byte in bytes {
        opaque(u32::from(*byte));
    }
}

/// Returns a number that the compiler can't predict.
#[inline(always)]
pub fn opaque<T: Copy>(value: T) -> T {
    core::hint::black_box(value)
}
