//! The engine as a WebAssembly module without imports: its input is in the module's memory.

#![no_std]

use bareframe::{Config, Connection, Event, MessageKind};

const CAPACITY: usize = 4096;

static mut BYTES: [u8; CAPACITY] = [0; CAPACITY];

/// Returns the address for the bytes.
#[unsafe(no_mangle)]
pub extern "C" fn bytes() -> *mut u8 {
    (&raw mut BYTES).cast()
}

/// Returns the maximum number of bytes.
#[unsafe(no_mangle)]
pub extern "C" fn capacity() -> usize {
    CAPACITY
}

/// Decodes the first `len` bytes as a server, in pieces of `piece`, and leaves the text of its messages at the front.
/// Returns the length of that, or of a violation the close code, negative.
#[unsafe(no_mangle)]
pub extern "C" fn decode(len: usize, piece: usize) -> i32 {
    // SAFETY: a module without threads is in one call at a time, and none keeps the reference.
    let bytes = unsafe { &mut *(&raw mut BYTES) };
    let mut arrived = *bytes;
    let mut server = Connection::server(Config::DEFAULT);
    let mut free = bytes.iter_mut();
    for mut input in arrived[..len.min(CAPACITY)].chunks_mut(piece.max(1)) {
        loop {
            match server.receive(&mut input) {
                Ok(Some(Event::Data(data))) if data.kind() == MessageKind::Text => {
                    for (from, to) in data.payload().iter().zip(free.by_ref()) {
                        *to = *from;
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => return -i32::from(error.close_code().number()),
            }
        }
    }
    (CAPACITY - free.len()) as i32
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
