//! Runs the self-check on QEMU's `virt` board and ends the emulation with its result as the exit status.

#![no_std]
#![no_main]

use core::ptr;
use self_check::CHECKS;

const UART: *mut u8 = 0x1000_0000 as *mut u8;
/// The device that ends the emulation.
const FINISHER: *mut u32 = 0x0010_0000 as *mut u32;
const PASS: u32 = 0x5555;
const FAIL: u32 = 0x1_3333;

#[riscv_rt::entry]
fn main() -> ! {
    let mut status = PASS;
    for (name, check) in CHECKS {
        let passed = check();
        print(if passed { "passed: " } else { "FAILED: " });
        print(name);
        print("\n");
        if !passed {
            status = FAIL;
        }
    }
    finish(status)
}

fn print(text: &str) {
    for byte in text.bytes() {
        // SAFETY: QEMU's UART takes a byte at any time.
        unsafe { ptr::write_volatile(UART, byte) }
    }
}

fn finish(status: u32) -> ! {
    // SAFETY: the register can be written at any time.
    unsafe { ptr::write_volatile(FINISHER, status) }
    loop {}
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    print("panic\n");
    finish(FAIL)
}
