//! The client's side of the opening handshake (RFC 6455 section 4.1).

mod addresses;
mod client_stream;
mod connect_error;
mod connector;
mod content;
mod http1;
#[cfg(feature = "http2")]
mod http2;
mod lookup;
mod one_handshake;
#[cfg(feature = "proxy")]
mod proxy;
mod redirect;
mod refusal;
mod route;
#[cfg(feature = "rustls")]
mod tls;

pub use client_stream::ClientStream;
pub use connect_error::{ConnectError, ConnectErrorKind, ConnectStep};
pub use connector::Connector;
#[cfg(feature = "proxy")]
pub use proxy::{InvalidProxy, Proxy};
pub use redirect::RedirectError;
pub use refusal::{Refusal, ServerResponse};

use crate::error::Error;
use crate::extension;
use crate::handshake_error::HandshakeError;
use crate::keys::SystemKeys;
use crate::trace::{End, Http, Peer, Trace};
use crate::websocket::{ClientSocket, WebSocket};
use bareframe::handshake::{HeadBuffer, Url};
use http1::Agreed;
use redirect::{follow, is_redirect, is_same_host};
use route::{Limits, Route};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// Connects to a URL with [`Connector::DEFAULT`].
///
/// # Errors
///
/// As [`Connector::connect`].
///
/// # Cancel safety
///
/// As [`Connector::connect`].
pub async fn connect(url: &str) -> Result<ClientSocket<ClientStream>, Error> {
    Connector::DEFAULT.connect(url).await
}

impl Connector<'_> {
    /// Connects to a `ws://` URL, or with the feature `rustls` to a `wss://` URL.
    ///
    /// The addresses of the host are tried beside each other, those of both families in turns, each a quarter of a second after
    /// the one before or as soon as that has failed (RFC 8305). All of it, name lookup and TLS among it, lasts at most
    /// [`Connector::with_timeout`]. While this process is connecting to the same address and port already, it waits for that to
    /// succeed or fail, unless [`Connector::with_concurrent_handshakes`] says otherwise (RFC 6455 section 4.1).
    ///
    /// # Errors
    ///
    /// [`Error::Url`] and [`Error::NoTls`], before anything is done; and [`Error::Connect`], which says what failed at which
    /// address.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, its connections and tasks are too, and nothing is left behind, except a name lookup of the system
    /// that has begun, which ends by itself. The next call begins anew.
    pub async fn connect(&self, url: &str) -> Result<ClientSocket<ClientStream>, Error> {
        // On the heap, because the caller's future has room for all that it waits for as long as it exists.
        let connected = Box::pin(self.connect_to(url)).await;
        match &connected {
            Ok(socket) => {
                let stream = socket.stream();
                let http = if stream.is_http2() {
                    Http::Http2
                } else {
                    Http::Http1
                };
                let peer = Peer::at(Some(stream.peer_addr()));
                socket.trace.opened(peer, http, socket.subprotocol());
            }
            Err(error) => {
                let address = match error {
                    Error::Connect(error) => error.address(),
                    _ => None,
                };
                Trace::handshake_failed(End::Client, Peer::at(address), error);
            }
        }
        connected
    }

    async fn connect_to(&self, url: &str) -> Result<ClientSocket<ClientStream>, Error> {
        let limits = Limits::new(self.timeout);
        let first = Url::parse(url)?;
        let extensions = extension::offer(&self.options, self.extensions);
        let mut redirected = None;
        let mut followed = 0;
        loop {
            let url = redirected.as_deref().map_or(Ok(first), Url::parse)?;
            let mut route = Route::new(self, &url, limits)?;
            let cookie = self.cookie();
            let headers = self.all_headers(cookie.as_deref(), !is_same_host(&first, &url));
            let offer = self.offer(url.offer(), &extensions, &headers);
            let error = match route.connect(&offer).await {
                Ok((stream, agreed, received)) => return self.socket(stream, agreed, &received),
                Err(error) => error,
            };
            let target = match &error {
                ConnectErrorKind::Handshake(HandshakeError::Refused(refusal))
                    if self.redirects > 0 && is_redirect(refusal.status()) =>
                {
                    refusal.header("Location").map(|location| follow(&url, location))
                }
                _ => None,
            };
            let failed = match target {
                None => error,
                Some(Ok(target)) if followed < self.redirects => {
                    followed += 1;
                    redirected = Some(target);
                    continue;
                }
                Some(Ok(_)) => HandshakeError::Redirect(RedirectError::TooMany).into(),
                Some(Err(error)) => HandshakeError::Redirect(error).into(),
            };
            return Err(route.error(failed));
        }
    }

    /// Asks for a WebSocket over a stream that is there already, by HTTP/1.1; of the URL the authority, path and query are
    /// sent. The server has the shorter of [`Connector::with_timeout`] and [`Connector::with_handshake_timeout`] for its answer. Redirects are
    /// not followed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use bareframe_tokio::{Connector, Error, HandshakeError};
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// let (client, mut server) = tokio::io::duplex(1024);
    /// tokio::spawn(async move {
    ///     server.read(&mut [0; 1024]).await?;
    ///     server.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await
    /// });
    /// let connected = Connector::DEFAULT.connect_over(client, "ws://localhost/").await;
    /// let Err(Error::Handshake(HandshakeError::Refused(refusal))) = connected else { panic!() };
    /// assert_eq!(refusal.status(), 403);
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Url`]; [`Error::Handshake`] for a response that is wrong, late or no WebSocket, and for what is not allowed in a head;
    /// [`Error::Io`] from the stream and from the system's random source.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, so is the stream.
    pub async fn connect_over<S>(&self, stream: S, url: &str) -> Result<ClientSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let connected = Box::pin(self.upgrade_over(stream, url)).await;
        let peer = Peer::at(None);
        match &connected {
            Ok(socket) => socket.trace.opened(peer, Http::Http1, socket.subprotocol()),
            Err(error) => Trace::handshake_failed(End::Client, peer, error),
        }
        connected
    }

    async fn upgrade_over<S>(&self, mut stream: S, url: &str) -> Result<ClientSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let url = Url::parse(url)?;
        let extensions = extension::offer(&self.options, self.extensions);
        let cookie = self.cookie();
        let headers = self.all_headers(cookie.as_deref(), false);
        let offer = self.offer(url.offer(), &extensions, &headers);
        let limit = self
            .handshake_timeout
            .map_or(self.timeout, |limit| limit.min(self.timeout));
        let upgraded = timeout(limit, http1::upgrade(&mut stream, &offer, self)).await;
        match upgraded {
            Ok(Ok((agreed, received))) => self.socket(stream, agreed, &received),
            Ok(Err(ConnectErrorKind::Io(error))) => Err(Error::Io(error)),
            Ok(Err(ConnectErrorKind::Handshake(error))) => Err(Error::Handshake(error)),
            Ok(Err(ConnectErrorKind::Timeout(_))) | Err(_) => Err(Error::Handshake(HandshakeError::Timeout)),
        }
    }

    fn socket<S>(&self, stream: S, agreed: Agreed, received: &HeadBuffer) -> Result<ClientSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let keys = SystemKeys::new()?;
        let socket = WebSocket::client_with(stream, &self.options, keys, agreed.extension);
        let mut socket = socket.with_leftover(received.bytes());
        socket.subprotocol = agreed.subprotocol;
        socket.response = Some(Box::new(agreed.response));
        Ok(socket)
    }
}
