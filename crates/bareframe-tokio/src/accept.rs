//! The server's side of the opening handshake (RFC 6455 section 4.2).

mod accepting;
mod answering;
mod date;
mod incoming;
mod server_stream;
#[cfg(feature = "rustls")]
mod tls;

pub use accepting::Accepting;
pub use incoming::Incoming;
pub use server_stream::ServerStream;

use crate::error::Error;
use crate::options::Options;
use crate::trace::Peer;
use crate::websocket::ServerSocket;
use bareframe::handshake::Choice;
use std::any::Any;
#[cfg(feature = "rustls")]
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(feature = "rustls")]
use tokio_rustls::rustls::ServerConfig;

/// How a server accepts connections.
///
/// ```no_run
/// use bareframe_tokio::{Acceptor, Options};
/// use std::time::Duration;
/// use tokio::net::TcpListener;
///
/// # async fn serve() -> Result<(), bareframe_tokio::Error> {
/// let acceptor = Acceptor::DEFAULT
///     .with_timeout(Duration::from_secs(2))
///     .with_head_limit(4 << 10)
///     .with_options(Options::DEFAULT.with_write_buffer(4 << 10));
/// let listener = TcpListener::bind("127.0.0.1:9001").await?;
/// loop {
///     let (stream, _) = listener.accept().await?;
///     let acceptor = acceptor.clone();
///     tokio::spawn(async move {
///         let mut socket = acceptor.accept(stream).await?;
///         socket.send("Hello").await?;
///         socket.close(None, "").await
///     });
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Acceptor {
    options: Options,
    head_limit: usize,
    timeout: Duration,
    #[cfg(feature = "rustls")]
    tls: Option<Arc<ServerConfig>>,
}

/// Accepts a connection from a client that asks for a WebSocket, whatever its path and origin are, with [`Acceptor::DEFAULT`].
///
/// # Errors
///
/// As [`Acceptor::accept`].
///
/// # Cancel safety
///
/// As [`Acceptor::accept`].
pub async fn accept<S>(stream: S) -> Result<ServerSocket<ServerStream<S>>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    Acceptor::DEFAULT.accept(stream).await
}

impl Acceptor {
    /// [`Options::DEFAULT`], heads of at most 16 KiB, 10 seconds, and no TLS.
    pub const DEFAULT: Acceptor = Acceptor {
        options: Options::DEFAULT,
        head_limit: 16 << 10,
        timeout: Duration::from_secs(10),
        #[cfg(feature = "rustls")]
        tls: None,
    };

    /// Returns an acceptor of connections with these options.
    pub const fn with_options(mut self, options: Options) -> Acceptor {
        self.options = options;
        self
    }

    /// Returns an acceptor that accepts heads of at most this many bytes; a longer one is answered with 431. Memory grows as a head
    /// arrives.
    pub const fn with_head_limit(mut self, len: usize) -> Acceptor {
        self.head_limit = len;
        self
    }

    /// Returns an acceptor whose opening handshakes last at most this long, TLS included.
    pub const fn with_timeout(mut self, timeout: Duration) -> Acceptor {
        self.timeout = timeout;
        self
    }

    /// Returns an acceptor of `wss://` connections. Of the protocols in the configuration HTTP/2 is never chosen.
    ///
    /// ```
    /// use bareframe_tokio::{Acceptor, rustls};
    /// use rustls::ServerConfig;
    /// use rustls::crypto::ring;
    /// use std::sync::Arc;
    /// # fn acceptor(chain: Vec<rustls::pki_types::CertificateDer<'static>>, key: rustls::pki_types::PrivateKeyDer<'static>)
    /// # -> Result<Acceptor, rustls::Error> {
    /// let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
    ///     .with_safe_default_protocol_versions()?
    ///     .with_no_client_auth()
    ///     .with_single_cert(chain, key)?;
    /// let acceptor = Acceptor::DEFAULT.with_tls(Arc::new(config));
    /// # Ok(acceptor)
    /// # }
    /// ```
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    pub fn with_tls(mut self, config: Arc<ServerConfig>) -> Acceptor {
        self.tls = Some(tls::without_http2(config));
        self
    }

    /// Returns the options of the connections.
    pub const fn options(&self) -> Options {
        self.options
    }

    /// Accepts a connection from a client that asks for a WebSocket, whatever its path and origin are.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`], after the client was answered, or [`Error::Io`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, so is the stream. To keep it, use [`Acceptor::begin`].
    pub async fn accept<S>(&self, stream: S) -> Result<ServerSocket<ServerStream<S>>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        // On the heap, because the caller's future has room for all that it waits for as long as it exists.
        Box::pin(async { self.read(stream).await?.accept(&Choice::DEFAULT).await }).await
    }

    /// Reads a request, for the caller to decide about.
    ///
    /// # Errors
    ///
    /// As [`Accepting::read`].
    ///
    /// # Cancel safety
    ///
    /// As [`Acceptor::accept`].
    pub async fn read<S>(&self, stream: S) -> Result<Incoming<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        self.begin(stream).read().await
    }

    /// Begins to read a request. The time of [`Acceptor::with_timeout`] begins now. `TCP_NODELAY` is set for a [`TcpStream`]; for a
    /// type of the caller's over one it is the caller's to set.
    pub fn begin<S>(&self, stream: S) -> Accepting<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let tcp = (&stream as &dyn Any).downcast_ref::<TcpStream>();
        if let Some(tcp) = tcp {
            // This may fail if the stream has ended, which the first read reports.
            let _ = tcp.set_nodelay(true);
        }
        let peer = Peer::of(tcp);
        Accepting::new(self, stream, peer)
    }
}

impl Default for Acceptor {
    fn default() -> Acceptor {
        Acceptor::DEFAULT
    }
}
