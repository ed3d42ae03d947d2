//! A WebSocket echo server on a UART: each byte is passed to the engine in the interrupt that it raises.
//!
//! The main program does nothing; a real one would do its own work there. On QEMU's mps2-an385 the first UART raises
//! interrupt 0 when a byte has arrived, and 1 when one has left.

#![no_std]
#![no_main]

mod line;
mod port;

use core::cell::RefCell;
use cortex_m::interrupt::Mutex;
use line::Line;

const ARRIVED: i16 = 0;
const LEFT: i16 = 1;

static LINE: Mutex<RefCell<Line>> = Mutex::new(RefCell::new(Line::new()));

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut core = cortex_m::Peripherals::take().expect("taken once");
    port::start(&mut core.NVIC, &[ARRIVED, LEFT]);
    loop {
        cortex_m::asm::wfi();
    }
}

/// Every interrupt of the board, by its number.
#[cortex_m_rt::exception]
unsafe fn DefaultHandler(interrupt: i16) {
    cortex_m::interrupt::free(|token| {
        let mut line = LINE.borrow(token).borrow_mut();
        match interrupt {
            ARRIVED => line.arrived(port::take()),
            LEFT => port::note_left(),
            other => panic!("interrupt {other} was never enabled"),
        }
        while port::is_free() {
            let Some(byte) = line.next_byte() else { break };
            port::send(byte);
        }
        port::listen(line.has_room());
    });
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    loop {
        cortex_m::asm::wfi();
    }
}
