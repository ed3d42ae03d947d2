//! The time since the start, from the counter of the board's FPGA, and time limits for futures.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::ptr;
use core::task::Poll;
use smoltcp::time::{Duration, Instant};

/// Counts up once in [`PRESCALE`] plus one ticks of 25 MHz.
const COUNTER: *mut u32 = 0x4002_8018 as *mut u32;
const PRESCALE: *mut u32 = 0x4002_801C as *mut u32;

/// The time is up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Elapsed;

/// Sets the counter to count milliseconds.
pub(crate) fn start() {
    // SAFETY: the register may be written at any time.
    unsafe { ptr::write_volatile(PRESCALE, 25_000 - 1) };
}

pub(crate) fn now() -> Instant {
    // SAFETY: the register may be read at any time.
    Instant::from_millis(unsafe { ptr::read_volatile(COUNTER) })
}

/// Returns the future's output, or drops the future after this many milliseconds.
pub async fn within<F: Future>(milliseconds: u64, future: F) -> Result<F::Output, Elapsed> {
    let end = now() + Duration::from_millis(milliseconds);
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending if now() >= end => Poll::Ready(Err(Elapsed)),
        Poll::Pending => Poll::Pending,
    })
    .await
}
