//! The emulator's command line, by a call of semihosting.

use core::str;
use cortex_m_semihosting::nr::GET_CMDLINE;
use cortex_m_semihosting::syscall;

/// Where the host is to write.
#[repr(C)]
struct Block {
    bytes: *mut u8,
    len: usize,
}

/// Returns the command line, if it fits.
pub(crate) fn read(memory: &mut [u8]) -> Option<&str> {
    let block = Block {
        bytes: memory.as_mut_ptr(),
        len: memory.len(),
    };
    // SAFETY: the host writes no more than `len` bytes to the memory, which is ours alone until it returns.
    let status = unsafe { syscall(GET_CMDLINE, &block) };
    let line = memory.split(|&byte| byte == 0).next()?;
    (status == 0).then_some(str::from_utf8(line).ok()?)
}
