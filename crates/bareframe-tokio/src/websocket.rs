//! A connection: what it is made of.

use crate::close::Closing;
use crate::connect::ServerResponse;
use crate::counters::Counters;
use crate::error::Error;
use crate::extension::{self, Agreed, Compression};
use crate::keys::SystemKeys;
use crate::options::Options;
use crate::reader::Reader;
use crate::session::Session;
use crate::shutdown::Shutdown;
use crate::trace::{End, Ended, Trace};
use crate::writer::Writer;
use bareframe::{Assembler, Client, CloseReason, Connection, MaskingKeys, Role, Server, State};
use bytes::Bytes;
use std::{fmt, io};

/// A WebSocket connection over a stream.
///
/// [`WebSocket::server`] and [`WebSocket::client`] create one from a stream whose opening handshake is done.
///
/// ```
/// use bareframe_tokio::{CloseCode, Error, Options, WebSocket};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let (of_client, of_server) = tokio::io::duplex(64);
/// let server = tokio::spawn(async move {
///     let mut socket = WebSocket::server(of_server, &Options::DEFAULT);
///     while let Some(message) = socket.read().await? {
///         assert_eq!(message.as_str(), Some("Hello"));
///         socket.send("Good day").await?;
///     }
///     socket.close(None, "").await
/// });
///
/// let mut socket = WebSocket::client(of_client, &Options::DEFAULT)?;
/// socket.send("Hello").await?;
/// assert_eq!(socket.read().await?.unwrap().as_str(), Some("Good day"));
/// socket.close(CloseCode::NORMAL_CLOSURE, "").await?;
/// server.await.unwrap()?;
/// # Ok(())
/// # }
/// ```
pub struct WebSocket<S, R> {
    pub(crate) stream: S,
    pub(crate) session: Session<R>,
    #[cfg(feature = "deflate")]
    agreed: Agreed,
    pub(crate) assembler: Assembler<Vec<u8>>,
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    pub(crate) closing: Closing,
    pub(crate) subprotocol: Option<Box<str>>,
    pub(crate) response: Option<Box<ServerResponse>>,
    pub(crate) trace: Trace,
}

/// A client's connection with keys from the system.
pub type ClientSocket<S> = WebSocket<S, Client<SystemKeys>>;

/// A server's connection.
pub type ServerSocket<S> = WebSocket<S, Server>;

impl<S> WebSocket<S, Server> {
    /// Creates the server's end over a stream whose opening handshake is done.
    #[must_use]
    pub fn server(stream: S, options: &Options) -> WebSocket<S, Server> {
        WebSocket::server_with(stream, options, Agreed::NOTHING)
    }

    pub(crate) fn server_with(stream: S, options: &Options, agreed: Agreed) -> WebSocket<S, Server> {
        let connection = Connection::server(agreed.config(options.config()));
        WebSocket::new(stream, connection, false, options, agreed)
    }

    /// Creates the server's end over a stream whose opening handshake is done and has agreed on compression.
    ///
    /// [`Policy::accept_with`](bareframe_deflate::Policy::accept_with) returns what a server agrees to, and the value of
    /// `Sec-WebSocket-Extensions` that says so to the client.
    ///
    /// ```
    /// use bareframe_tokio::deflate::Policy;
    /// use bareframe_tokio::handshake::Extensions;
    /// use bareframe_tokio::{Error, Options, WebSocket};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Error> {
    /// let options = Options::DEFAULT.with_deflate(Policy::DEFAULT);
    /// let offers = Extensions::parse("permessage-deflate; client_max_window_bits").unwrap();
    /// let (parameters, answer) = Policy::DEFAULT.accept_with("", offers).unwrap();
    /// assert!(answer.starts_with("permessage-deflate"));
    /// let (stream, mut client) = tokio::io::duplex(100);
    /// let mut server = WebSocket::server_with_deflate(stream, &options, parameters);
    /// server.send("all work and no play, all work and no play").await?;
    /// # drop(server);
    /// # let mut sent = Vec::new();
    /// # tokio::io::AsyncReadExt::read_to_end(&mut client, &mut sent).await?;
    /// # assert!(sent.len() < 35);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn server_with_deflate(
        stream: S,
        options: &Options,
        parameters: bareframe_deflate::Parameters,
    ) -> WebSocket<S, Server> {
        WebSocket::server_with(stream, options, parameters.into())
    }
}

impl<S> WebSocket<S, Client<SystemKeys>> {
    /// Creates the client's end over a stream whose opening handshake is done.
    ///
    /// # Errors
    ///
    /// What the system's random source returns.
    pub fn client(stream: S, options: &Options) -> io::Result<WebSocket<S, Client<SystemKeys>>> {
        Ok(WebSocket::client_with_keys(stream, options, SystemKeys::new()?))
    }

    /// Creates the client's end over a stream whose opening handshake is done and has agreed on compression.
    ///
    /// # Errors
    ///
    /// What the system's random source returns.
    #[cfg(feature = "deflate")]
    pub fn client_with_deflate(
        stream: S,
        options: &Options,
        parameters: bareframe_deflate::Parameters,
    ) -> io::Result<WebSocket<S, Client<SystemKeys>>> {
        let agreed = parameters.into();
        Ok(WebSocket::client_with(
            stream,
            options,
            SystemKeys::new()?,
            agreed,
        ))
    }
}

impl<S, K: MaskingKeys> WebSocket<S, Client<K>> {
    /// Creates the client's end with the caller's masking keys, which nobody may be able to predict (RFC 6455 section 10.3).
    #[must_use]
    pub fn client_with_keys(stream: S, options: &Options, keys: K) -> WebSocket<S, Client<K>> {
        WebSocket::client_with(stream, options, keys, Agreed::NOTHING)
    }

    pub(crate) fn client_with(
        stream: S,
        options: &Options,
        keys: K,
        agreed: Agreed,
    ) -> WebSocket<S, Client<K>> {
        let connection = Connection::client(agreed.config(options.config()), keys);
        WebSocket::new(stream, connection, true, options, agreed)
    }
}

impl<S, R: Role> WebSocket<S, R> {
    fn new(
        stream: S,
        connection: Connection<R>,
        is_client: bool,
        options: &Options,
        agreed: Agreed,
    ) -> WebSocket<S, R> {
        let mut session = extension::session(agreed, connection, is_client, options).with_close_reasons();
        session.both().0.hold_up_to(options.read_buffer_max());
        WebSocket {
            stream,
            session,
            #[cfg(feature = "deflate")]
            agreed,
            assembler: Assembler::new(Vec::new()),
            reader: Reader::new(options),
            writer: Writer::new(options, Compression::new(agreed, is_client, options)),
            closing: Closing::new(is_client, options),
            subprotocol: None,
            response: None,
            trace: Trace::new(if is_client { End::Client } else { End::Server }),
        }
    }

    /// Adds bytes that were read from the stream after the head: they are the first frames.
    ///
    /// ```
    /// use bareframe_tokio::{Options, WebSocket};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), bareframe_tokio::Error> {
    /// let leftover = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    /// let mut server = WebSocket::server(tokio::io::empty(), &Options::DEFAULT).with_leftover(leftover);
    /// assert_eq!(server.read().await?.unwrap().as_str(), Some("Hello"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_leftover(mut self, leftover: &[u8]) -> WebSocket<S, R> {
        let (inbound, _) = self.session.both();
        let mut memory = inbound.unread().to_vec();
        memory.extend_from_slice(leftover);
        let len = memory.len();
        // To have read nothing would be the end of the stream.
        if !leftover.is_empty() && inbound.exchange_memory(Some(memory)).is_ok() {
            inbound.read(leftover.len());
            self.reader.counters.add_bytes(leftover.len());
        }
        debug_assert_eq!(inbound.unread().len(), len);
        self
    }

    /// Has [`WebSocket::subprotocol`] return this, which the opening handshake chose (RFC 6455 section 1.9).
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: Option<&str>) -> WebSocket<S, R> {
        self.subprotocol = subprotocol.map(Box::from);
        self
    }

    /// Has the connection close with code 1001 while it reads, once this shutdown has begun, also after [`WebSocket::split`]. It counts
    /// until it is dropped, or its reading half is.
    #[must_use]
    pub fn with_shutdown(mut self, shutdown: &Shutdown) -> WebSocket<S, R> {
        self.reader.set_shutdown(shutdown.guard());
        self
    }

    /// Returns how far the closing of the connection is.
    #[must_use]
    pub fn state(&self) -> State {
        self.session.state()
    }

    /// Returns what the peer's Close said, once it was received (RFC 6455 sections 7.1.5 and 7.1.6).
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.session.close_reason()
    }

    /// Returns what was received.
    #[must_use]
    pub fn received(&self) -> Counters {
        self.reader.received(self.session.halves().0)
    }

    /// Returns what was sent.
    #[must_use]
    pub fn sent(&self) -> Counters {
        self.writer.sent(self.session.halves().1)
    }

    /// Returns the span of the connection, in which the events of its end are, for instance to record more in it, or to instrument the
    /// task that has the connection. Its fields are `role`, `peer` where the address is known, and `http`, the version.
    ///
    /// ```
    /// use bareframe_tokio::{Error, accept};
    /// use tracing::Instrument;
    /// async fn serve(stream: tokio::net::TcpStream) -> Result<(), Error> {
    ///     let mut socket = accept(stream).await?;
    ///     let span = socket.span().clone();
    ///     async move {
    ///         while let Some(message) = socket.read().await? {
    ///             tracing::info!(len = message.payload().len(), "received");
    ///         }
    ///         Ok(())
    ///     }
    ///     .instrument(span)
    ///     .await
    /// }
    /// ```
    #[cfg(feature = "tracing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
    #[must_use]
    pub const fn span(&self) -> &tracing::Span {
        self.trace.span()
    }

    /// Tells how the connection has ended.
    pub(crate) fn note_ended(&mut self, error: Option<&Error>) {
        if self.trace.is_wanted() {
            let (_, outbound) = self.session.halves();
            let ended = Ended {
                received: self.received(),
                sent: self.sent(),
                is_answer: outbound.extension().is_answer(),
            };
            self.trace.ended(error, &ended);
        }
    }

    /// Returns the subprotocol in use, if the opening handshake chose one (RFC 6455 section 1.9).
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Returns how messages are compressed, if that was agreed on (RFC 7692).
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn deflate(&self) -> Option<bareframe_deflate::Parameters> {
        self.agreed.parameters()
    }

    /// Returns the server's answer to the opening handshake, if this is a client that did one.
    #[must_use]
    pub fn response(&self) -> Option<&ServerResponse> {
        self.response.as_deref()
    }

    /// Returns the stream, for what is not the protocol's: its addresses, its options.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// Returns the stream to be changed. To read from it or write to it breaks the protocol.
    #[must_use]
    pub const fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Returns the stream, and what was read from it and not looked at. What was fed and not written is lost.
    #[must_use]
    pub fn into_inner(self) -> (S, Bytes) {
        let unread = Bytes::copy_from_slice(self.session.unread());
        (self.stream, unread)
    }
}

// Nothing but the stream is ever pinned.
impl<S: Unpin, R> Unpin for WebSocket<S, R> {}

/// It shows what was received and queued and not what it says.
impl<S: fmt::Debug, R: Role + fmt::Debug> fmt::Debug for WebSocket<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("stream", &self.stream)
            .field("session", &self.session)
            .field("subprotocol", &self.subprotocol)
            .finish_non_exhaustive()
    }
}
