//! The same API over [`embedded_io`], where every call blocks in the stream.
//!
//! There is one implementation for both. [`Blocking`] wraps a blocking stream, so that its futures never wait, and
//! [`now`] returns the output of such a future: of one call, or of a whole function that is written with `async` and
//! `await`.
//!
//! ```
//! use bareframe_embedded_io::blocking::{Blocking, now};
//! use bareframe_embedded_io::{Assembler, Choice, Config, Error, Frame, Incoming, SliceBuffer};
//! use embedded_io::{Read, Write};
//!
//! fn echo<S: Read + Write>(stream: S) -> Result<(), Error<S::Error>> {
//!     let (mut head, mut memory) = ([0; 1024], [0; 1024]);
//!     let incoming = Incoming::new(Blocking(stream), &mut head);
//!     let accepted = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, [0; 64], [0; 256]);
//!     let mut socket = now(accepted)?;
//!     let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
//!     while let Some((message, mut writer)) = now(socket.read_with_writer(&mut assembler))? {
//!         now(writer.send_frame(&mut Frame::from(&message)))?;
//!     }
//!     Ok(())
//! }
//! ```

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use embedded_io::{ErrorType, Read, Write};

/// Wraps a blocking stream as one whose futures never wait.
///
/// The page of this module has an example.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Blocking<S>(pub S);

impl<S: ErrorType> ErrorType for Blocking<S> {
    type Error = S::Error;
}

impl<S: Read> embedded_io_async::Read for Blocking<S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, S::Error> {
        self.0.read(buffer)
    }
}

impl<S: Write> embedded_io_async::Write for Blocking<S> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, S::Error> {
        self.0.write(bytes)
    }

    async fn flush(&mut self) -> Result<(), S::Error> {
        self.0.flush()
    }
}

/// Returns the output of a future over a [`Blocking`] stream, which is ready when it is polled first.
///
/// A future that waits for something else is polled again and again until it is done. In this crate only
/// [`WriteHalf::answer`](crate::WriteHalf) does so; a thread that writes calls `flush` instead, which sends what the
/// reading half left.
pub fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}
