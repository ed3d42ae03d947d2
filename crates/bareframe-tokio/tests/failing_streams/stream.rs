//! The stream, as tokio's traits have it.

use bareframe_testkit::FailingStream;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that makes its user wait where it can't continue now.
pub(crate) struct Failing {
    stream: FailingStream,
    sabotage: Option<Sabotage>,
    writes: usize,
}

/// What is done to one write, as if the crate did it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sabotage {
    /// Its bytes are not written.
    Lose,
    /// Its bytes are written twice.
    Repeat,
    /// The second half of its bytes is not written.
    Tear,
}

impl Failing {
    pub(crate) fn new(stream: FailingStream, sabotage: Option<Sabotage>) -> Failing {
        Failing {
            stream,
            sabotage,
            writes: 0,
        }
    }

    fn write(&mut self, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let sabotage = self.sabotage.filter(|_| self.writes == 2);
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        let written = match sabotage {
            None => self.stream.write_vectored(slices),
            Some(Sabotage::Lose) => Ok(bytes.len()),
            Some(Sabotage::Repeat) => self
                .stream
                .write(&bytes.repeat(2))
                .map(|len| len.min(bytes.len())),
            Some(Sabotage::Tear) => self.stream.write(&bytes[..bytes.len() / 2]).map(|_| bytes.len()),
        };
        self.writes += usize::from(written.is_ok());
        waits(written)
    }
}

/// What can't be done now is waited for.
fn waits<T>(done: io::Result<T>) -> Poll<io::Result<T>> {
    match done {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Poll::Pending,
        done => Poll::Ready(done),
    }
}

impl AsyncRead for Failing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.stream.read(space.initialize_unfilled());
        waits(read.map(|len| space.advance(len)))
    }
}

impl AsyncWrite for Failing {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write(&[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        waits(self.stream.flush())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        waits(self.stream.shutdown(Shutdown::Write))
    }
}
