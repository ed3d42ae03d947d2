//! What a server's connection goes over.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stream of a client that was accepted, with TLS over it if the [`Acceptor`](crate::Acceptor) has a configuration for that.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), bareframe_tokio::Error> {
/// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let url = format!("ws://{}/", listener.local_addr()?);
/// # let client = tokio::spawn(async move { bareframe_tokio::connect(&url).await.map(drop) });
/// let (stream, address) = listener.accept().await?;
/// let socket = bareframe_tokio::accept(stream).await?;
/// assert_eq!(socket.stream().get_ref().peer_addr()?, address);
/// assert!(!socket.stream().is_tls());
/// # client.await.unwrap()
/// # }
/// ```
pub struct ServerStream<S>(Layer<S>);

/// What is over the stream.
enum Layer<S> {
    Plain(S),
    #[cfg(feature = "rustls")]
    Tls(Box<tokio_rustls::server::TlsStream<S>>),
}

impl<S> ServerStream<S> {
    pub(crate) const fn plain(stream: S) -> ServerStream<S> {
        ServerStream(Layer::Plain(stream))
    }

    #[cfg(feature = "rustls")]
    pub(crate) fn tls(stream: tokio_rustls::server::TlsStream<S>) -> ServerStream<S> {
        ServerStream(Layer::Tls(Box::new(stream)))
    }

    /// Returns the stream that the acceptor was given, which is under TLS.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        match &self.0 {
            Layer::Plain(stream) => stream,
            #[cfg(feature = "rustls")]
            Layer::Tls(stream) => stream.get_ref().0,
        }
    }

    /// Returns `true` if TLS is over the stream.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        match &self.0 {
            Layer::Plain(_) => false,
            #[cfg(feature = "rustls")]
            Layer::Tls(_) => true,
        }
    }

    /// Returns TLS's state, for instance for the certificate of the client or the name that it asked for.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    #[must_use]
    pub fn tls_connection(&self) -> Option<&tokio_rustls::rustls::ServerConnection> {
        match &self.0 {
            Layer::Plain(_) => None,
            Layer::Tls(stream) => Some(stream.get_ref().1),
        }
    }
}

/// Does the same with whichever layer it is.
macro_rules! with_layer {
    ($layer:expr, $stream:ident => $call:expr) => {
        match $layer {
            Layer::Plain($stream) => $call,
            #[cfg(feature = "rustls")]
            Layer::Tls($stream) => $call,
        }
    };
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for ServerStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        with_layer!(&mut self.get_mut().0, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ServerStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        with_layer!(&mut self.get_mut().0, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        with_layer!(&mut self.get_mut().0, stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        with_layer!(&self.0, stream => stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with_layer!(&mut self.get_mut().0, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with_layer!(&mut self.get_mut().0, stream => Pin::new(stream).poll_shutdown(cx))
    }
}

impl<S: fmt::Debug> fmt::Debug for ServerStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerStream")
            .field("stream", self.get_ref())
            .field("is_tls", &self.is_tls())
            .finish()
    }
}
