//! A stream that moves a few bytes at a time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// After each write it waits; a write takes a few bytes, and so does a read.
pub(crate) struct Slow<S> {
    stream: S,
    step: usize,
    pause: Duration,
    wait: Pin<Box<Sleep>>,
}

impl<S> Slow<S> {
    pub(crate) fn new(stream: S, step: usize, pause: Duration) -> Slow<S> {
        Slow {
            stream,
            step,
            pause,
            wait: Box::pin(sleep(Duration::ZERO)),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Slow<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut few = space.take(this.step);
        ready!(Pin::new(&mut this.stream).poll_read(cx, &mut few))?;
        // What it has filled is initialized, which the original does not know.
        let bytes = few.filled().to_vec();
        space.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Slow<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.wait.as_mut().poll(cx));
        let few = &bytes[..bytes.len().min(this.step)];
        let len = ready!(Pin::new(&mut this.stream).poll_write(cx, few))?;
        this.wait.as_mut().reset(Instant::now() + this.pause);
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
