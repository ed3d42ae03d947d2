//! Streams that should not be flushed.

use embedded_io_async::{ErrorType, Read, Write};

/// A wrapper whose `flush` does nothing, for streams that send what they have accepted without it.
///
/// The `flush` of a TCP socket of embassy-net waits until the peer has acknowledged everything, which may take long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Unflushed<S>(pub S);

impl<S: ErrorType> ErrorType for Unflushed<S> {
    type Error = S::Error;
}

impl<S: Read> Read for Unflushed<S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, S::Error> {
        self.0.read(buffer).await
    }
}

impl<S: Write> Write for Unflushed<S> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, S::Error> {
        self.0.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), S::Error> {
        Ok(())
    }
}
