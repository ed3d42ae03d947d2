//! Compressing messages, at window bits 9.

#![no_std]
#![no_main]

use bareframe_deflate::{DeflateStep, Deflater, WindowBits};
use measure as _;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BUFFER: [u8; 64] = [0; 64];
    static mut OUT: [u8; 64] = [0; 64];
    static mut HISTORY: [u8; 1024] = [0; 1024];
    static mut HEADS: [u16; 128] = [0; 128];
    let bits = WindowBits::new(9).unwrap_or(WindowBits::MIN);
    let deflater = Deflater::greedy(bits, &mut HISTORY[..], &mut HEADS[..]);
    let Ok(mut deflater) = deflater else { loop {} };
    loop {
        let len = board::read(BUFFER);
        let Some(mut input) = BUFFER.get(..len) else {
            continue;
        };
        loop {
            let step = deflater.deflate(&mut input, OUT, board::opaque(true));
            let (DeflateStep::NeedsInput(len) | DeflateStep::OutputFull(len) | DeflateStep::MessageEnd(len)) =
                step;
            board::write(OUT.get(..len).unwrap_or(&[]));
            if !matches!(step, DeflateStep::OutputFull(_)) {
                break;
            }
        }
    }
}
