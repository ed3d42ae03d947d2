//! Masking and headers only.

#![no_std]
#![no_main]

use bareframe::{FrameDecoder, FrameEvent, Rules};
use measure as _;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BUFFER: [u8; 64] = [0; 64];
    let mut decoder = FrameDecoder::new(Rules::FROM_CLIENT);
    loop {
        let len = board::read(BUFFER);
        let Some(mut input) = BUFFER.get_mut(..len) else {
            continue;
        };
        while let Ok(Some(event)) = decoder.decode(&mut input) {
            match event {
                FrameEvent::Header(header) => board::write(&[header.opcode().bits()]),
                FrameEvent::Payload { payload, .. } => board::write(payload),
            }
        }
    }
}
