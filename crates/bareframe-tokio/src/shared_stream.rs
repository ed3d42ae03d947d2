//! A stream that two tasks poll.

use crate::handoff::lock;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One of two handles of a stream, which is locked for the length of a poll: so both directions work over any stream, TLS too.
#[derive(Debug)]
pub(crate) struct SharedStream<S> {
    stream: Arc<Mutex<S>>,
    is_vectored: bool,
}

impl<S: AsyncWrite> SharedStream<S> {
    /// Returns two handles.
    pub(crate) fn pair(stream: S) -> (SharedStream<S>, SharedStream<S>) {
        let is_vectored = stream.is_write_vectored();
        let stream = Arc::new(Mutex::new(stream));
        let other = Arc::clone(&stream);
        let of = |stream| SharedStream { stream, is_vectored };
        (of(stream), of(other))
    }
}

impl<S: Unpin> SharedStream<S> {
    fn with<T>(&self, poll: impl FnOnce(Pin<&mut S>) -> T) -> T {
        poll(Pin::new(&mut *lock(&self.stream)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SharedStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_read(cx, space))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SharedStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.with(|stream| stream.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.is_vectored
    }
}
