//! No engine: what every image has.

#![no_std]
#![no_main]

use measure as _;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BUFFER: [u8; 64] = [0; 64];
    loop {
        let len = board::read(BUFFER);
        if let Some(bytes) = BUFFER.get(..len) {
            board::write(bytes);
        }
    }
}
