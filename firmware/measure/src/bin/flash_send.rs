//! Receiving and sending.

#![no_std]
#![no_main]

use measure::Memory;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Memory = Memory::START;
    measure::serve(MEMORY)
}
