//! The registers of the first UART of QEMU's mps2 boards (Arm's CMSDK UART).

use core::ptr;
use cortex_m::peripheral::NVIC;

const DATA: *mut u32 = 0x4000_4000 as *mut u32;
const STATE: *mut u32 = 0x4000_4004 as *mut u32;
const CONTROL: *mut u32 = 0x4000_4008 as *mut u32;
const INTERRUPTS: *mut u32 = 0x4000_400C as *mut u32;
const DIVISOR: *mut u32 = 0x4000_4010 as *mut u32;

/// In `STATE`: the byte to be sent has not left yet.
const FULL: u32 = 1;
/// In `CONTROL`: sending, and its interrupt.
const SEND: u32 = 0b0101;
/// In `CONTROL`: receiving, and its interrupt.
const RECEIVE: u32 = 0b1010;
/// In `INTERRUPTS`: written to acknowledge each.
const LEFT: u32 = 0b01;
const ARRIVED: u32 = 0b10;

/// Turns the UART on, and these interrupts. They have one priority, so that neither interrupts the other.
pub(crate) fn start(nvic: &mut NVIC, interrupts: &[i16]) {
    // SAFETY: nothing else uses the UART, and what the handler works on is ready from the start.
    unsafe {
        ptr::write_volatile(DIVISOR, 16);
        ptr::write_volatile(CONTROL, SEND | RECEIVE);
        for interrupt in interrupts {
            nvic.iser[0].write(1 << interrupt);
        }
    }
}

/// Reads the byte that has arrived.
pub(crate) fn take() -> u8 {
    // SAFETY: the registers can be used at any time.
    unsafe {
        ptr::write_volatile(INTERRUPTS, ARRIVED);
        ptr::read_volatile(DATA) as u8
    }
}

/// Notes that the last byte was sent.
pub(crate) fn note_left() {
    // SAFETY: as above.
    unsafe { ptr::write_volatile(INTERRUPTS, LEFT) }
}

/// Returns `true` if a byte can be sent.
pub(crate) fn is_free() -> bool {
    // SAFETY: as above.
    unsafe { ptr::read_volatile(STATE) & FULL == 0 }
}

/// Sends a byte.
pub(crate) fn send(byte: u8) {
    // SAFETY: as above.
    unsafe { ptr::write_volatile(DATA, byte.into()) }
}

/// Accepts bytes or holds them back. Here the peer waits; a real line needs flow control for that.
pub(crate) fn listen(on: bool) {
    // SAFETY: as above.
    unsafe { ptr::write_volatile(CONTROL, if on { SEND | RECEIVE } else { SEND }) }
}
