//! Inflating messages, at window bits 9.

#![no_std]
#![no_main]

use bareframe_deflate::{Compact, Inflater, Step, WindowBits};
use measure as _;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BUFFER: [u8; 64] = [0; 64];
    static mut WINDOW: [u8; 512] = [0; 512];
    let bits = WindowBits::new(9).unwrap_or(WindowBits::MIN);
    let mut inflater = Inflater::<Compact>::new(bits).with_limit(1000);
    loop {
        let len = board::read(BUFFER);
        let Some(mut input) = BUFFER.get(..len) else {
            continue;
        };
        while let Ok(Step::Output(range)) = inflater.inflate(WINDOW, &mut input, board::opaque(true)) {
            board::write(WINDOW.get(range).unwrap_or(&[]));
        }
    }
}
