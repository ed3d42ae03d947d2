//! The loops that the images are made of.

#![no_std]

use core::panic::PanicInfo;
use cortex_m as _;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
