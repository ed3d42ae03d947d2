//! Receiving and sending, with the server handshake.

#![no_std]
#![no_main]

use bareframe::handshake::Accept;
use measure::Memory;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut MEMORY: Memory = Memory::START;
    static mut HEAD: [u8; 512] = [0; 512];
    measure::answer(HEAD, MEMORY, Accept::from_key);
    measure::serve(MEMORY)
}
