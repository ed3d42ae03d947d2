//! What a client's connection goes over.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
#[cfg(any(feature = "http2", feature = "rustls"))]
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What [`connect`](crate::connect()) makes a connection over: TCP, TLS over TCP, TLS through a proxy that is itself reached by TLS, or a
/// stream of HTTP/2.
///
/// ```no_run
/// # async fn doc() -> Result<(), Box<dyn std::error::Error>> {
/// let socket = bareframe_tokio::connect("ws://example.com/").await?;
/// println!("{} is connected to {}", socket.stream().local_addr(), socket.stream().peer_addr());
/// assert!(!socket.stream().is_http2());
/// # Ok(())
/// # }
/// ```
pub struct ClientStream {
    transport: Transport,
    peer: SocketAddr,
    local: SocketAddr,
    is_http2: bool,
}

/// The cases that nearly every connection is have no virtual calls.
pub(crate) enum Transport {
    Tcp(TcpStream),
    #[cfg(feature = "rustls")]
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
    #[cfg(any(feature = "http2", feature = "rustls"))]
    /// In a mutex that is never locked: a stream of hyper is not `Sync`.
    Other(Mutex<Pin<Box<dyn Duplex + Send>>>),
}

#[cfg(any(feature = "http2", feature = "rustls"))]
pub(crate) trait Duplex: AsyncRead + AsyncWrite {}

#[cfg(any(feature = "http2", feature = "rustls"))]
impl<S: AsyncRead + AsyncWrite> Duplex for S {}

impl Transport {
    #[cfg(any(feature = "http2", feature = "rustls"))]
    pub(crate) fn other(stream: impl Duplex + Send + 'static) -> Transport {
        Transport::Other(Mutex::new(Box::pin(stream)))
    }
}

impl ClientStream {
    pub(crate) const fn new(transport: Transport, peer: SocketAddr, local: SocketAddr) -> ClientStream {
        ClientStream {
            transport,
            peer,
            local,
            is_http2: false,
        }
    }

    /// Has it be a stream of HTTP/2.
    #[cfg(feature = "http2")]
    pub(crate) const fn over_http2(mut self) -> ClientStream {
        self.is_http2 = true;
        self
    }

    /// Returns the address of the server, or of the proxy.
    #[must_use]
    pub const fn peer_addr(&self) -> SocketAddr {
        self.peer
    }

    /// Returns `true` if it is a stream of HTTP/2 (RFC 8441), and `false` if the opening handshake was done by HTTP/1.1.
    #[must_use]
    pub const fn is_http2(&self) -> bool {
        self.is_http2
    }

    /// Returns the address of this end.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

/// Does the same with whichever stream it is.
macro_rules! with_stream {
    ($transport:expr, $stream:ident => $call:expr) => {
        match $transport {
            Transport::Tcp($stream) => $call,
            #[cfg(feature = "rustls")]
            Transport::Tls($stream) => $call,
            #[cfg(any(feature = "http2", feature = "rustls"))]
            Transport::Other(other) => {
                let $stream = other.get_mut().unwrap_or_else(PoisonError::into_inner);
                $call
            }
        }
    };
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        with_stream!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        with_stream!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        with_stream!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Transport::Tcp(stream) => stream.is_write_vectored(),
            #[cfg(feature = "rustls")]
            Transport::Tls(stream) => stream.is_write_vectored(),
            #[cfg(any(feature = "http2", feature = "rustls"))]
            Transport::Other(_) => false,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with_stream!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with_stream!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_read(cx, buffer)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().transport).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().transport).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_shutdown(cx)
    }
}

impl fmt::Debug for ClientStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.transport {
            Transport::Tcp(_) => "TCP",
            #[cfg(feature = "rustls")]
            Transport::Tls(_) => "TLS",
            #[cfg(any(feature = "http2", feature = "rustls"))]
            Transport::Other(_) => "other",
        };
        f.debug_struct("ClientStream")
            .field("transport", &kind)
            .field("peer", &self.peer)
            .field("local", &self.local)
            .finish()
    }
}
