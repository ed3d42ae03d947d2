//! A request that a server decides about.

use crate::accept::answering::{Answering, by, poll_write};
use crate::accept::server_stream::ServerStream;
use crate::error::Error;
use crate::extension;
use crate::handshake_error::HandshakeError;
use crate::options::Options;
use crate::trace::{End, Http, Peer, Trace};
use crate::websocket::{ServerSocket, WebSocket};
use bareframe::handshake::{Answer, Choice, HeadBuffer, Request, RequestError, RequestHead, Status, Upgrade};
use std::future::poll_fn;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

/// A request that has arrived over a stream, for a WebSocket or for anything else.
///
/// ```
/// use bareframe_tokio::{Acceptor, Error, connect};
/// use bareframe_tokio::handshake::{Choice, Status};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let url = format!("ws://{}/chat", listener.local_addr()?);
/// let server = tokio::spawn(async move {
///     let incoming = Acceptor::DEFAULT.read(listener.accept().await?.0).await?;
///     match (incoming.request().path(), incoming.is_upgrade()) {
///         ("/chat", true) => incoming.accept(&Choice::DEFAULT).await?.send("Welcome").await,
///         ("/", false) => incoming.answer(Status::OK, &[("Content-Type", "text/html")], b"<h1>Chat</h1>").await,
///         _ => incoming.answer(Status::NOT_FOUND, &[], b"").await,
///     }
/// });
/// assert_eq!(connect(&url).await?.read().await?.unwrap().as_str(), Some("Welcome"));
/// # server.await.unwrap()
/// # }
/// ```
#[derive(Debug)]
pub struct Incoming<S> {
    pub(crate) stream: ServerStream<S>,
    pub(crate) received: HeadBuffer,
    pub(crate) head: RequestHead,
    pub(crate) options: Options,
    /// How long the answer may take, and how much of that is left for a 101.
    pub(crate) timeout: Duration,
    pub(crate) left: Duration,
    pub(crate) peer: Peer,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Incoming<S> {
    /// Returns the request: method, path, query, host and headers.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        self.head.request(self.received.bytes())
    }

    /// Returns the client's request for a WebSocket, with the subprotocols and extensions that it offers, or `None` if it asks for
    /// something else.
    ///
    /// [`Incoming::accept`] answers a wrong request itself. Call this before to answer it in another way.
    ///
    /// ```
    /// # use bareframe_tokio::{Error, Incoming, ServerSocket, ServerStream};
    /// use bareframe_tokio::handshake::{Choice, Status};
    /// # use tokio::io::{AsyncRead, AsyncWrite};
    /// # async fn accept<S: AsyncRead + AsyncWrite + Unpin>(incoming: Incoming<S>) -> Result<ServerSocket<ServerStream<S>>, Error> {
    /// if let Err(error) = incoming.upgrade() {
    ///     incoming.answer(Status::BAD_REQUEST, &[], b"My own words\n").await?;
    ///     return Err(Error::Handshake(error.into()));
    /// }
    /// incoming.accept(&Choice::DEFAULT).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns what is wrong with a request for a WebSocket (RFC 6455 section 4.2.1).
    pub fn upgrade(&self) -> Result<Option<Upgrade<'_>>, RequestError> {
        self.request().upgrade()
    }

    /// Returns the stream, for instance for its addresses.
    #[must_use]
    pub const fn stream(&self) -> &ServerStream<S> {
        &self.stream
    }

    /// Returns the request, to be accepted with these options in place of the acceptor's: others for another path, say.
    ///
    /// ```
    /// # use bareframe_tokio::{Error, Incoming, ServerSocket, ServerStream};
    /// use bareframe_tokio::handshake::Choice;
    /// use bareframe_tokio::{Config, Limits, Options};
    /// # use tokio::io::{AsyncRead, AsyncWrite};
    /// # async fn accept<S: AsyncRead + AsyncWrite + Unpin>(incoming: Incoming<S>) -> Result<ServerSocket<ServerStream<S>>, Error> {
    /// let len = if incoming.request().path() == "/upload" { 1 << 30 } else { 1 << 10 };
    /// let limits = Limits::DEFAULT.with_frame(len).with_message(len);
    /// let options = Options::DEFAULT.with_config(Config::DEFAULT.with_limits(limits));
    /// incoming.with_options(options).accept(&Choice::DEFAULT).await
    /// # }
    /// ```
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Incoming<S> {
        self.options = options;
        self
    }

    /// Returns `true` if the client asks for a WebSocket, rightly or wrongly.
    #[must_use]
    pub fn is_upgrade(&self) -> bool {
        !matches!(self.upgrade(), Ok(None))
    }

    /// Returns `true` if the client offers this subprotocol (RFC 6455 section 1.9).
    ///
    /// ```
    /// # use bareframe_tokio::{Error, Incoming, ServerSocket, ServerStream};
    /// use bareframe_tokio::handshake::Choice;
    /// # use tokio::io::{AsyncRead, AsyncWrite};
    /// # async fn accept_chat<S: AsyncRead + AsyncWrite + Unpin>(incoming: Incoming<S>) -> Result<ServerSocket<ServerStream<S>>, Error> {
    /// let known = ["chat.v2", "chat.v1"];
    /// let subprotocol = known.into_iter().find(|subprotocol| incoming.offers(subprotocol));
    /// let socket = incoming.accept(&Choice::DEFAULT.with_subprotocol(subprotocol)).await?;
    /// # Ok(socket)
    /// # }
    /// ```
    #[must_use]
    pub fn offers(&self, subprotocol: &str) -> bool {
        match self.upgrade() {
            Ok(Some(upgrade)) => upgrade.subprotocols().any(|offered| offered == subprotocol),
            Ok(None) | Err(_) => false,
        }
    }

    /// Accepts the request for a WebSocket, with a subprotocol, headers and extensions of the choice.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] if the request is wrong or not for a WebSocket, after the client was answered, or if the client did not
    /// offer the choice; [`HandshakeError::Timeout`] if the client does not read the answer within the rest of
    /// [`Acceptor::with_timeout`](crate::Acceptor::with_timeout), which does not include the time between the calls; [`Error::Io`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, so is the stream.
    pub async fn accept(self, choice: &Choice<'_>) -> Result<ServerSocket<ServerStream<S>>, Error> {
        let peer = self.peer;
        // On the heap for the same reason as in `Acceptor::accept`.
        let accepted = Box::pin(self.accept_request(choice)).await;
        match &accepted {
            Ok(socket) => socket.trace.opened(peer, Http::Http1, socket.subprotocol()),
            Err(error) => Trace::handshake_failed(End::Server, peer, error),
        }
        accepted
    }

    async fn accept_request(mut self, choice: &Choice<'_>) -> Result<ServerSocket<ServerStream<S>>, Error> {
        let (head, agreed) = match self.upgrade() {
            Ok(Some(upgrade)) => {
                let (agreed, extensions) =
                    extension::accept(&self.options, upgrade.extensions(), choice.extensions());
                let choice = choice.with_extensions(&extensions);
                (upgrade.to_vec(&choice), agreed)
            }
            Ok(None) => {
                let answer = Answer::new(Status::UPGRADE_REQUIRED).with_text(HandshakeError::NO_UPGRADE);
                return Err(self.turn_away(&answer, HandshakeError::NoUpgrade).await);
            }
            Err(error) => {
                return Err(self
                    .turn_away(&error.answer(), HandshakeError::Request(error))
                    .await);
            }
        };
        let mut unsent = match head {
            Ok(head) => HeadBuffer::from(head),
            Err(error) => {
                let answer = Answer::new(Status::INTERNAL_SERVER_ERROR);
                return Err(self.turn_away(&answer, HandshakeError::Head(error)).await);
            }
        };
        let written = poll_fn(|cx| poll_write(&mut unsent, cx, &mut self.stream));
        by(deadline(self.left), written)
            .await
            .ok_or(HandshakeError::Timeout)??;
        self.received.take(self.head.head_len());
        Ok(WebSocket::server_with(self.stream, &self.options, agreed)
            .with_leftover(self.received.bytes())
            .with_subprotocol(choice.subprotocol()))
    }

    /// Answers without a WebSocket, and ends the connection. The answer has a `Date`, unless `headers` have one. All of it is written
    /// within [`Acceptor::with_timeout`](crate::Acceptor::with_timeout).
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] if a header is not allowed in a head, or if the status has no content, before anything is written; with
    /// [`HandshakeError::Timeout`] if the client does not read the answer in time; [`Error::Io`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, so is the stream.
    pub async fn answer(self, status: Status, headers: &[(&str, &str)], content: &[u8]) -> Result<(), Error> {
        let answer = Answer::new(status)
            .with_content_length(Some(content.len() as u64))
            .with_headers(headers);
        // Answers to HEAD and 304 have no content (RFC 9110 sections 9.3.2 and 15.4.5).
        let has_content = status.has_content() && !self.is_head();
        let content = if has_content { content } else { b"" };
        let deadline = deadline(self.timeout);
        Answering::new(self.stream, &answer, content, &self.options)?
            .write(deadline)
            .await
    }

    /// Returns `true` if the answer must have no content (RFC 9110 section 9.3.2).
    fn is_head(&self) -> bool {
        self.request().method() == "HEAD"
    }

    /// Answers a client whose request is refused. Returns why it is, whether the answer can be written or not.
    async fn turn_away(self, answer: &Answer<'_>, why: HandshakeError) -> Error {
        let answer = if self.is_head() {
            answer.with_text("")
        } else {
            *answer
        };
        if let Ok(answering) = Answering::new(self.stream, &answer, b"", &self.options) {
            let _ = answering.write(deadline(self.left)).await;
        }
        Error::Handshake(why)
    }
}

/// Returns when this time is over; `None` is later than a clock can tell.
fn deadline(left: Duration) -> Option<Instant> {
    Instant::now().checked_add(left)
}
