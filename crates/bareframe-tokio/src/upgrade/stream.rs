//! What an upgraded connection goes over.

use bytes::Bytes;
use hyper::upgrade::{Parts, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade as auto;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The stream of a connection that hyper has upgraded: TCP, a stream of HTTP/2, or whatever hyper's connection goes over.
pub struct UpgradedStream(Layer);

/// TCP is taken out of what hyper keeps it in, so that there are no virtual calls.
enum Layer {
    Tcp(TcpStream),
    Other(TokioIo<Upgraded>),
}

impl UpgradedStream {
    /// Returns the stream, and what hyper has read from it after the head.
    pub(crate) fn new(upgraded: Upgraded) -> (UpgradedStream, Bytes) {
        let tcp = upgraded
            .downcast::<TokioIo<TcpStream>>()
            .map(|Parts { io, read_buf, .. }| (io, read_buf))
            .or_else(|upgraded| {
                auto::downcast::<TokioIo<TcpStream>>(upgraded).map(|parts| (parts.io, parts.read_buf))
            });
        match tcp {
            Ok((stream, leftover)) => {
                let stream = stream.into_inner();
                // This may fail if the stream has ended, which the first read reports.
                let _ = stream.set_nodelay(true);
                (UpgradedStream(Layer::Tcp(stream)), leftover)
            }
            Err(upgraded) => {
                let other = Layer::Other(TokioIo::new(upgraded));
                (UpgradedStream(other), Bytes::new())
            }
        }
    }

    /// Returns the TCP stream, if nothing is between it and the connection.
    #[must_use]
    pub const fn tcp(&self) -> Option<&TcpStream> {
        match &self.0 {
            Layer::Tcp(stream) => Some(stream),
            Layer::Other(_) => None,
        }
    }
}

impl AsyncRead for UpgradedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Layer::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Layer::Other(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for UpgradedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Layer::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Layer::Other(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Layer::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Layer::Other(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Layer::Tcp(stream) => stream.is_write_vectored(),
            Layer::Other(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Layer::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Layer::Other(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Layer::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Layer::Other(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl fmt::Debug for UpgradedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layer = match self.0 {
            Layer::Tcp(_) => "TCP",
            Layer::Other(_) => "other",
        };
        f.debug_tuple("UpgradedStream").field(&layer).finish()
    }
}
