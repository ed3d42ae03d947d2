//! A connection in memory, for peers that read from a stream and write to one.

use std::cell::Cell;
use std::future::Future;
use std::io::{self, Read, Write};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One end of it: what is read was there before, and what is written is only counted.
#[derive(Clone, Debug)]
pub struct Memory {
    octets: Rc<[u8]>,
    at: Rc<Cell<usize>>,
    written: Rc<Cell<u64>>,
    piece: usize,
}

impl Memory {
    /// Makes one that gives at most `piece` octets in one read.
    pub fn new(octets: &[u8], piece: usize) -> Memory {
        Memory {
            octets: octets.into(),
            at: Rc::default(),
            written: Rc::default(),
            piece,
        }
    }

    /// Gives the same octets again, to whoever holds a clone.
    pub fn rewind(&self) {
        self.at.set(0);
        self.written.set(0);
    }

    /// How many octets were written since.
    pub fn written(&self) -> u64 {
        self.written.get()
    }

    /// The next octets, at most as many as these.
    #[inline]
    fn next_piece(&self, most: usize) -> &[u8] {
        let left = &self.octets[self.at.get()..];
        let piece = &left[..left.len().min(self.piece).min(most)];
        self.at.set(self.at.get() + piece.len());
        piece
    }

    #[inline]
    fn count(&self, octets: usize) -> usize {
        self.written.set(self.written.get() + octets as u64);
        octets
    }
}

impl Read for Memory {
    #[inline]
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let piece = self.next_piece(to.len());
        if piece.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        to[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}

impl Write for Memory {
    #[inline]
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        Ok(self.count(octets.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Memory {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        to.put_slice(self.next_piece(to.remaining()));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.count(octets.len())))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.count(slices.iter().map(|slice| slice.len()).sum())))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Runs a future that never waits, since memory never does.
///
/// # Panics
///
/// If it does wait.
#[inline]
pub fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a peer waits for memory"),
    }
}
