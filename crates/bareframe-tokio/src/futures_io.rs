//! Streams of other runtimes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of the traits of `futures-io`, as async-std, smol and others have them, for all that this crate does over a stream.
///
/// What has a limit of time takes it from tokio's clock and so waits within a tokio runtime that has one: closing, a keepalive, a write
/// timeout, the opening handshake. Reading and sending without them works in any runtime.
///
/// ```
/// use bareframe_tokio::{Error, FuturesIo, Options, WebSocket};
/// use futures_io::{AsyncRead, AsyncWrite};
/// async fn greet(stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), Error> {
///     let mut socket = WebSocket::server(FuturesIo::new(stream), &Options::DEFAULT);
///     socket.send("Hello").await
/// }
/// ```
#[derive(Debug)]
pub struct FuturesIo<S> {
    stream: S,
}

impl<S> FuturesIo<S> {
    /// Returns the stream with tokio's traits.
    pub const fn new(stream: S) -> FuturesIo<S> {
        FuturesIo { stream }
    }

    /// Returns the stream.
    #[must_use]
    pub const fn as_inner(&self) -> &S {
        &self.stream
    }

    /// Returns the stream.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: ::futures_io::AsyncRead + Unpin> AsyncRead for FuturesIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let free = space.initialize_unfilled();
        let len = free.len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, free))?;
        if read > len {
            return Poll::Ready(Err(io::Error::other(
                "a read returned more than there is room for",
            )));
        }
        space.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: ::futures_io::AsyncWrite + Unpin> AsyncWrite for FuturesIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    // The traits do not say whether all slices are written; those that do not, write the first that is not empty.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
