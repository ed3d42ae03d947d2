//! The system timer as a counter of instructions.
//!
//! QEMU must run an image with `-icount shift=10`: every instruction then takes 1024 ns, which are 25.6 ticks of the
//! system timer at 25 MHz, so that a difference of two readings is a whole number of instructions.

use core::ptr;

/// The system timer's control, reload and value registers.
const SYST: *mut u32 = 0xE000_E010 as *mut u32;

/// Starts the timer.
pub fn start_clock() {
    // SAFETY: the registers of the system timer, which nothing else uses.
    unsafe {
        ptr::write_volatile(SYST.add(1), 0xFF_FFFF);
        ptr::write_volatile(SYST.add(2), 0);
        ptr::write_volatile(SYST, 0b101);
    }
}

/// Returns the ticks of the timer, which count down.
#[inline(always)]
pub fn ticks() -> u32 {
    // SAFETY: the timer can be read at any time.
    unsafe { ptr::read_volatile(SYST.add(2)) }
}

/// Returns the instructions between two readings, fewer than 650,000.
#[inline]
pub fn instructions(before: u32, after: u32) -> u32 {
    let ticks = before.wrapping_sub(after) & 0xFF_FFFF;
    // 24 bits, times 5.
    (ticks * 5 + 64) / 128
}
