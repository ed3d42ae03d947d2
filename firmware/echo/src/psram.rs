//! The board's large memory, which the linker knows nothing of.

use core::slice;
use cortex_m::singleton;

const START: *mut u8 = 0x2100_0000 as *mut u8;

/// Its length, in bytes.
pub(crate) const LEN: usize = 16 << 20;

/// Returns all of it, zeroed.
///
/// # Panics
///
/// When it is called again.
pub(crate) fn take() -> &'static mut [u8] {
    let _: &mut () = singleton!(: () = ()).expect("this memory is taken once");
    // SAFETY: there are this many bytes of RAM on this board, and no section of the image is there.
    unsafe { START.write_bytes(0, LEN) };
    // SAFETY: as above; all are written, and nobody else has them.
    unsafe { slice::from_raw_parts_mut(START, LEN) }
}
