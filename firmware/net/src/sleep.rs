//! Sleeping until a frame arrives or a hundredth of a second is over.
//!
//! No interrupt handler runs: the interrupt wakes the processor while all are masked, and is acknowledged here.

use crate::lan9118;
use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{NVIC, SCB, SYST};

/// The processor's clock, in Hz.
const CLOCK: u32 = 25_000_000;

#[derive(Clone, Copy)]
struct Ethernet;

// SAFETY: the Ethernet controller of the mps2 boards is at 13, always the same.
unsafe impl InterruptNumber for Ethernet {
    fn number(self) -> u16 {
        13
    }
}

pub(crate) fn start(mut timer: SYST) {
    cortex_m::interrupt::disable();
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CLOCK / 100 - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
    // SAFETY: no critical section depends on this mask.
    unsafe { NVIC::unmask(Ethernet) };
}

pub(crate) fn sleep() {
    cortex_m::asm::wfi();
    SCB::clear_pendst();
    lan9118::acknowledge();
    NVIC::unpend(Ethernet);
}
