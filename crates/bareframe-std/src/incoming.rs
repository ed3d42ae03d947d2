//! A request that has arrived, and how it is answered (RFC 6455 section 4.2.2).

use crate::answering::Answering;
use crate::error::{Error, HandshakeError};
use crate::head::{Received, Unsent, encode, handshake_error};
use crate::options::Options;
use crate::stream::Stream;
use crate::websocket::{ServerSocket, WebSocket};
use bareframe::handshake::{Accept, Answer, Choice, Request, RequestError, RequestHead, Status, Upgrade};
use std::io::ErrorKind;
use std::time::Duration;

/// A request that has arrived over a stream, for a WebSocket or for anything else.
///
/// ```
/// use bareframe_std::{Acceptor, connect};
/// use bareframe_std::handshake::{Choice, Status};
/// use std::net::TcpListener;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let url = format!("ws://{}/chat", listener.local_addr()?);
/// let server = std::thread::spawn(move || -> Result<(), bareframe_std::Error> {
///     let incoming = Acceptor::DEFAULT.read(listener.accept()?.0)?;
///     let request = incoming.request();
///     match (request.path(), incoming.is_upgrade()) {
///         ("/chat", true) => incoming.accept(&Choice::DEFAULT)?.send_text("Welcome")?,
///         ("/", false) => incoming.answer(Status::OK, &[("Content-Type", "text/html")], b"<h1>Chat</h1>")?,
///         _ => incoming.answer(Status::NOT_FOUND, &[], b"")?,
///     }
///     Ok(())
/// });
/// assert_eq!(connect(&url)?.read()?.unwrap().as_str(), Some("Welcome"));
/// server.join().unwrap()?;
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(Debug)]
pub struct Incoming<S> {
    stream: S,
    received: Received,
    head: RequestHead,
    options: Options,
    /// How long the answer may take, and what is left of that for a 101.
    timeout: Duration,
    left: Duration,
}

impl<S: Stream> Incoming<S> {
    /// A request that was found in what was received; the answer may take `timeout`, a 101 what is left of it.
    pub(crate) const fn new(
        stream: S,
        received: Received,
        head: RequestHead,
        options: Options,
        (timeout, left): (Duration, Duration),
    ) -> Incoming<S> {
        Incoming {
            stream,
            received,
            head,
            options,
            timeout,
            left,
        }
    }

    /// Returns the request: method, path, query and headers.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        self.head.request(self.received.arrived())
    }

    /// Returns what the client offers, or `None` if it asks for no WebSocket.
    ///
    /// [`Incoming::accept`] answers a wrong request itself. To answer it otherwise, look here before.
    ///
    /// ```
    /// # use bareframe_std::{Error, Incoming, ServerSocket, Stream};
    /// use bareframe_std::handshake::{Choice, Status};
    /// # fn accept<S: Stream>(incoming: Incoming<S>) -> Result<ServerSocket<S>, Error> {
    /// if let Err(error) = incoming.upgrade() {
    ///     incoming.answer(Status::BAD_REQUEST, &[], b"My own words\n")?;
    ///     return Err(Error::Handshake(error.into()));
    /// }
    /// incoming.accept(&Choice::DEFAULT)
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with a request for a WebSocket (RFC 6455 section 4.2.1).
    pub fn upgrade(&self) -> Result<Option<Upgrade<'_>>, RequestError> {
        self.request().upgrade()
    }

    /// Returns the stream, for what is not the protocol's: its addresses.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// Returns `true` if the client asks for a WebSocket, rightly or wrongly.
    #[must_use]
    pub fn is_upgrade(&self) -> bool {
        !matches!(self.upgrade(), Ok(None))
    }

    /// Returns `true` if the client offers this subprotocol (RFC 6455 section 1.9).
    ///
    /// ```
    /// # use bareframe_std::{Error, Incoming, ServerSocket, Stream};
    /// use bareframe_std::handshake::Choice;
    /// # fn accept_chat<S: Stream>(incoming: Incoming<S>) -> Result<ServerSocket<S>, Error> {
    /// let known = ["chat.v2", "chat.v1"];
    /// let subprotocol = known.into_iter().find(|subprotocol| incoming.offers(subprotocol));
    /// let socket = incoming.accept(&Choice::DEFAULT.with_subprotocol(subprotocol))?;
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

    /// Accepts the request for a WebSocket. What a stream that does not block leaves of the answer is written by the
    /// connection, before its first frame.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] if the request is wrong or asks for no WebSocket, after the client was answered, or if the choice
    /// does not fit what the client offered; [`HandshakeError::Timeout`] if the client does not take the answer in what is
    /// left of [`Acceptor::with_timeout`](crate::Acceptor::with_timeout), of which the time between the calls is no part; [`Error::Io`].
    pub fn accept(mut self, choice: &Choice<'_>) -> Result<ServerSocket<S>, Error> {
        let head = match self.upgrade() {
            Ok(Some(upgrade)) => {
                let accept = Accept::from_key(upgrade.key());
                encode(|out| upgrade.encode(&accept, choice, out))
            }
            Ok(None) => {
                let text = "the client asks for no WebSocket";
                let answer = Answer::new(Status::UPGRADE_REQUIRED).with_text(text);
                return Err(self.turn_away(&answer, HandshakeError::NoUpgrade));
            }
            Err(error) => return Err(self.turn_away(&error.answer(), HandshakeError::Request(error))),
        };
        let mut unsent = match head {
            Ok(head) => Unsent::new(head),
            Err(error) => {
                let answer = Answer::new(Status::INTERNAL_SERVER_ERROR);
                return Err(self.turn_away(&answer, HandshakeError::Head(error)));
            }
        };
        let deadline = self.options.deadline(self.left);
        match unsent.write(&mut self.stream, deadline) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(handshake_error(error)),
            _ => self.received.take(self.head.head_len()),
        }
        let mut socket = WebSocket::server(self.stream, &self.options)
            .with_leftover(self.received.arrived())
            .with_unsent(unsent.left());
        socket.subprotocol = choice.subprotocol().map(Box::from);
        Ok(socket)
    }

    /// Answers without a WebSocket, and ends the connection. The answer has a `Date`, unless `headers` have one. All of it is
    /// written within [`Acceptor::with_timeout`](crate::Acceptor::with_timeout).
    ///
    /// # Errors
    ///
    /// As [`Incoming::begin_answer`] and [`Answering::write`].
    pub fn answer(self, status: Status, headers: &[(&str, &str)], content: &[u8]) -> Result<(), Error> {
        self.begin_answer(status, headers, content)?.write()
    }

    /// As [`Incoming::answer`], over a stream that does not block: nothing is written yet.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] if a header can't stand in a head or the status has no content.
    pub fn begin_answer(
        self,
        status: Status,
        headers: &[(&str, &str)],
        content: &[u8],
    ) -> Result<Answering<S>, Error> {
        let answer = Answer::new(status)
            .with_content_length(Some(content.len() as u64))
            .with_headers(headers);
        // Neither has an answer to HEAD content, nor a 304 (RFC 9110 sections 9.3.2 and 15.4.5).
        let has_content = status.has_content() && !self.is_head();
        let content = if has_content { content } else { b"" };
        Answering::new(self.stream, &answer, content, self.timeout, self.options)
    }

    /// Returns `true` if the answer must have no content (RFC 9110 section 9.3.2).
    fn is_head(&self) -> bool {
        self.request().method() == "HEAD"
    }

    /// Answers a client that gets no WebSocket. Whether it can be told does not change why.
    fn turn_away(self, answer: &Answer<'_>, why: HandshakeError) -> Error {
        let answer = if self.is_head() {
            answer.with_text("")
        } else {
            *answer
        };
        let answering = Answering::new(self.stream, &answer, b"", self.timeout, self.options);
        let _ = answering.and_then(|mut answering| answering.write());
        Error::Handshake(why)
    }
}
