//! A blocking stream as one that never makes a future wait, so that there is one loop for both.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use embedded_io::{ErrorType, Read, Write};

#[derive(Debug)]
pub(crate) struct Ready<S>(pub(crate) S);

impl<S: ErrorType> ErrorType for Ready<S> {
    type Error = S::Error;
}

impl<S: Read> embedded_io_async::Read for Ready<S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, S::Error> {
        self.0.read(buffer)
    }
}

impl<S: Write> embedded_io_async::Write for Ready<S> {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, S::Error> {
        self.0.write(octets)
    }

    async fn flush(&mut self) -> Result<(), S::Error> {
        self.0.flush()
    }
}

/// Gives what a future over a [`Ready`] stream gives, which is there at the first look.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}
