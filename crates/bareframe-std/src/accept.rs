//! The server's side of the opening handshake (RFC 6455 section 4.2).

use crate::answering::Answering;
use crate::deadline::Deadline;
use crate::error::{Error, HandshakeError};
use crate::extension;
use crate::head::{self, handshake_error, read_head};
use crate::options::Options;
use crate::stream::Stream;
use crate::websocket::{ServerSocket, WebSocket};
use bareframe::handshake::{
    Answer, Choice, HeadBuffer, HeadEnd, Request, RequestError, RequestHead, Status, Upgrade,
};
use std::io::ErrorKind;
use std::time::Duration;

/// How a server accepts connections.
///
/// ```no_run
/// use bareframe_std::{Acceptor, Options};
/// use std::net::TcpListener;
/// use std::time::Duration;
///
/// let acceptor = Acceptor::DEFAULT
///     .with_timeout(Duration::from_secs(2))
///     .with_head_limit(4 << 10)
///     .with_options(Options::DEFAULT.with_write_buffer(4 << 10));
/// let listener = TcpListener::bind("127.0.0.1:9001")?;
/// for stream in listener.incoming() {
///     let mut socket = acceptor.accept(stream?)?;
///     socket.send_text("Hello")?;
/// }
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub struct Acceptor {
    options: Options,
    head_limit: usize,
    timeout: Duration,
}

/// An opening handshake of which the request is being read. [`Acceptor::begin`] creates it, over a stream that blocks or one
/// that does not.
///
/// ```
/// use bareframe_std::{Acceptor, Error, connect};
/// use bareframe_std::handshake::Choice;
/// use std::net::TcpListener;
/// use std::time::Duration;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let url = format!("ws://{}/", listener.local_addr()?);
/// let client = std::thread::spawn(move || connect(&url).map(drop));
/// let (stream, _) = listener.accept()?;
/// stream.set_nonblocking(true)?;
/// let mut accepting = Acceptor::DEFAULT.begin(stream);
/// let mut incoming = loop {
///     match accepting.read() {
///         // A program with many connections waits for all of them at once.
///         Err(error) if error.is_temporary() => std::thread::sleep(Duration::from_millis(1)),
///         done => break done?,
///     }
/// };
/// let _socket = incoming.accept(&Choice::DEFAULT)?;
/// # client.join().unwrap()?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Accepting<S> {
    acceptor: Acceptor,
    deadline: Deadline,
    received: HeadBuffer,
    end: HeadEnd,
    state: State<S>,
}

/// How far it is.
#[derive(Debug)]
enum State<S> {
    Reading(S),
    /// The head was wrong.
    Answering(Box<Answering<S>>, RequestError),
    Done,
}

/// Accepts a connection from a client that asks for a WebSocket, whatever its path and origin are, with
/// [`Acceptor::DEFAULT`].
///
/// # Errors
///
/// As [`Acceptor::accept`].
pub fn accept<S: Stream>(stream: S) -> Result<ServerSocket<S>, Error> {
    Acceptor::DEFAULT.accept(stream)
}

impl Acceptor {
    /// [`Options::DEFAULT`], heads of at most 16 KiB, and 10 seconds.
    pub const DEFAULT: Acceptor = Acceptor {
        options: Options::DEFAULT,
        head_limit: 16 << 10,
        timeout: Duration::from_secs(10),
    };

    /// Returns an acceptor of connections with these options.
    pub const fn with_options(mut self, options: Options) -> Acceptor {
        self.options = options;
        self
    }

    /// Returns an acceptor that accepts heads of at most this many bytes; a longer one is answered with 431. Memory
    /// grows as a head arrives.
    pub const fn with_head_limit(mut self, len: usize) -> Acceptor {
        self.head_limit = len;
        self
    }

    /// Returns an acceptor whose opening handshakes last at most this long.
    pub const fn with_timeout(mut self, timeout: Duration) -> Acceptor {
        self.timeout = timeout;
        self
    }

    /// Accepts a connection from a client that asks for a WebSocket, whatever its path and origin are.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`], after the client was answered, or [`Error::Io`].
    pub fn accept<S: Stream>(&self, stream: S) -> Result<ServerSocket<S>, Error> {
        self.read(stream)?.accept(&Choice::DEFAULT)
    }

    /// Reads a request, for the caller to decide about.
    ///
    /// # Errors
    ///
    /// As [`Accepting::read`]. Over a stream that does not block, use [`Acceptor::begin`].
    pub fn read<S: Stream>(&self, stream: S) -> Result<Incoming<S>, Error> {
        self.begin(stream).read()
    }

    /// Begins to read a request, also over a stream that does not block. The time of [`Acceptor::with_timeout`] begins
    /// now.
    pub fn begin<S: Stream>(&self, stream: S) -> Accepting<S> {
        // This may fail if the stream has ended, which the first read reports.
        let _ = stream.set_nodelay();
        Accepting {
            acceptor: *self,
            deadline: self.options.deadline(self.timeout),
            received: HeadBuffer::default(),
            end: HeadEnd::new(self.head_limit),
            state: State::Reading(stream),
        }
    }
}

impl<S: Stream> Accepting<S> {
    /// Reads the request, for the caller to decide about.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; with [`ErrorKind::WouldBlock`] the stream does not block: call again when it is readable, or
    /// writable after a wrong head. [`Error::Handshake`] for a head that is malformed, after the client was answered,
    /// or late. After any other result than `WouldBlock` the stream is gone, and each call returns
    /// [`ErrorKind::NotConnected`].
    pub fn read(&mut self) -> Result<Incoming<S>, Error> {
        let Acceptor { options, timeout, .. } = self.acceptor;
        match std::mem::replace(&mut self.state, State::Done) {
            State::Reading(mut stream) => {
                let arrived = match read_head(&mut stream, &mut self.received, &mut self.end, self.deadline) {
                    Err(error) if error.is_blocked() => {
                        self.state = State::Reading(stream);
                        return Err(error);
                    }
                    arrived => arrived?,
                };
                match arrived.and_then(|()| RequestHead::parse(self.received.bytes())) {
                    Ok(head) => {
                        let left = self.deadline.left().map_err(handshake_error)?;
                        Ok(Incoming {
                            stage: Stage::Arrived(stream),
                            received: std::mem::take(&mut self.received),
                            head,
                            options,
                            timeout,
                            left: left.unwrap_or(timeout),
                        })
                    }
                    Err(error) => {
                        let error = RequestError::from(error);
                        let answering = Answering::new(stream, &error.answer(), b"", timeout, options)?;
                        Err(self.turn_away(Box::new(answering), error))
                    }
                }
            }
            State::Answering(answering, error) => Err(self.turn_away(answering, error)),
            State::Done => Err(Error::Io(ErrorKind::NotConnected.into())),
        }
    }

    /// Answers a client whose head is wrong. Returns why it is, whether the answer can be written or not.
    fn turn_away(&mut self, mut answering: Box<Answering<S>>, why: RequestError) -> Error {
        match answering.write() {
            Err(error) if error.is_blocked() => {
                self.state = State::Answering(answering, why);
                error
            }
            _ => HandshakeError::Request(why).into(),
        }
    }

    /// Returns the stream, so that a program can wait until it is ready; `None` when the handshake is done.
    pub fn stream(&self) -> Option<&S> {
        match &self.state {
            State::Reading(stream) => Some(stream),
            State::Answering(answering, _) => Some(answering.stream()),
            State::Done => None,
        }
    }
}

impl Default for Acceptor {
    fn default() -> Acceptor {
        Acceptor::DEFAULT
    }
}

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
///     let mut incoming = Acceptor::DEFAULT.read(listener.accept()?.0)?;
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
    stage: Stage<S>,
    received: HeadBuffer,
    head: RequestHead,
    options: Options,
    /// How long the answer may take, and how much of that is left for a 101.
    timeout: Duration,
    left: Duration,
}

/// What became of a request.
#[derive(Debug)]
enum Stage<S> {
    Arrived(S),
    /// It is refused.
    Refusing(Box<Answering<S>>, HandshakeError),
    Done,
}

impl<S: Stream> Incoming<S> {
    /// Returns the request: method, path, query and headers.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        self.head.request(self.received.bytes())
    }

    /// Returns the client's request for a WebSocket, or `None` if it asks for something else.
    ///
    /// [`Incoming::accept`] answers a wrong request itself. Call this before to answer it in another way.
    ///
    /// ```
    /// # use bareframe_std::{Error, Incoming, ServerSocket, Stream};
    /// use bareframe_std::handshake::{Choice, Status};
    /// # fn accept<S: Stream>(mut incoming: Incoming<S>) -> Result<ServerSocket<S>, Error> {
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
    /// Returns what is wrong with a request for a WebSocket (RFC 6455 section 4.2.1).
    pub fn upgrade(&self) -> Result<Option<Upgrade<'_>>, RequestError> {
        self.request().upgrade()
    }

    /// Returns the stream, for instance for its addresses; `None` after the request was accepted or refused.
    #[must_use]
    pub fn stream(&self) -> Option<&S> {
        match &self.stage {
            Stage::Arrived(stream) => Some(stream),
            Stage::Refusing(answering, _) => Some(answering.stream()),
            Stage::Done => None,
        }
    }

    /// Returns the request, to be accepted with these options in place of the acceptor's: others for another path, say.
    ///
    /// ```
    /// # use bareframe_std::{Error, Incoming, ServerSocket, Stream};
    /// use bareframe_std::handshake::Choice;
    /// use bareframe_std::{Config, Limits, Options};
    /// # fn accept<S: Stream>(mut incoming: Incoming<S>) -> Result<ServerSocket<S>, Error> {
    /// let len = if incoming.request().path() == "/upload" { 1 << 30 } else { 1 << 10 };
    /// let limits = Limits::DEFAULT.with_frame(len).with_message(len);
    /// let options = Options::DEFAULT.with_config(Config::DEFAULT.with_limits(limits));
    /// incoming.with_options(options).accept(&Choice::DEFAULT)
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
    /// # use bareframe_std::{Error, Incoming, ServerSocket, Stream};
    /// use bareframe_std::handshake::Choice;
    /// # fn accept_chat<S: Stream>(mut incoming: Incoming<S>) -> Result<ServerSocket<S>, Error> {
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

    /// Accepts the request for a WebSocket. If a non-blocking stream does not accept all of the answer, the connection
    /// writes the rest before its first frame.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] if the request is wrong or not for a WebSocket, after the client was answered, or if the
    /// client did not offer the choice; [`HandshakeError::Timeout`] if the client does not read the answer within the
    /// rest of [`Acceptor::with_timeout`](crate::Acceptor::with_timeout), which does not include the time between the
    /// calls; [`Error::Io`], with [`ErrorKind::WouldBlock`] if a stream that does not block has not accepted all of the
    /// refusal: call again when it is writable. After any other result the stream is gone, and each call returns
    /// [`ErrorKind::NotConnected`].
    pub fn accept(&mut self, choice: &Choice<'_>) -> Result<ServerSocket<S>, Error> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Arrived(stream) => self.accept_over(stream, choice),
            Stage::Refusing(answering, why) => Err(self.turn_away(answering, why)),
            Stage::Done => Err(Error::Io(ErrorKind::NotConnected.into())),
        }
    }

    fn accept_over(&mut self, mut stream: S, choice: &Choice<'_>) -> Result<ServerSocket<S>, Error> {
        let (head, agreed) = match self.upgrade() {
            Ok(Some(upgrade)) => {
                let (agreed, extensions) = extension::accept(&self.options, &upgrade, choice.extensions());
                let choice = choice.with_extensions(&extensions);
                (upgrade.to_vec(&choice), agreed)
            }
            Ok(None) => {
                let text = "the client asks for no WebSocket";
                let answer = Answer::new(Status::UPGRADE_REQUIRED).with_text(text);
                return Err(self.refuse(stream, &answer, HandshakeError::NoUpgrade));
            }
            Err(error) => return Err(self.refuse(stream, &error.answer(), error.into())),
        };
        let mut unsent = match head {
            Ok(head) => HeadBuffer::from(head),
            Err(error) => {
                let answer = Answer::new(Status::INTERNAL_SERVER_ERROR);
                return Err(self.refuse(stream, &answer, HandshakeError::Head(error)));
            }
        };
        let deadline = self.options.deadline(self.left);
        match head::write(&mut unsent, &mut stream, deadline) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(handshake_error(error)),
            _ => self.received.take(self.head.head_len()),
        }
        let mut socket = WebSocket::server_with(stream, &self.options, agreed)
            .with_leftover(self.received.bytes())
            .with_unsent(unsent.bytes());
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
    /// [`Error::Handshake`] if a header is not allowed in a head, or if the status has no content; [`Error::Io`] with
    /// [`ErrorKind::NotConnected`] after [`Incoming::accept`].
    pub fn begin_answer(
        self,
        status: Status,
        headers: &[(&str, &str)],
        content: &[u8],
    ) -> Result<Answering<S>, Error> {
        let answer = Answer::new(status)
            .with_content_length(Some(content.len() as u64))
            .with_headers(headers);
        // Answers to HEAD and 304 have no content (RFC 9110 sections 9.3.2 and 15.4.5).
        let has_content = status.has_content() && !self.is_head();
        let content = if has_content { content } else { b"" };
        match self.stage {
            Stage::Arrived(stream) => Answering::new(stream, &answer, content, self.timeout, self.options),
            _ => Err(Error::Io(ErrorKind::NotConnected.into())),
        }
    }

    /// Returns `true` if the answer must have no content (RFC 9110 section 9.3.2).
    fn is_head(&self) -> bool {
        self.request().method() == "HEAD"
    }

    /// Refuses a request. Returns why it is, whether the answer can be written or not.
    fn refuse(&mut self, stream: S, answer: &Answer<'_>, why: HandshakeError) -> Error {
        let answer = if self.is_head() {
            answer.with_text("")
        } else {
            *answer
        };
        match Answering::new(stream, &answer, b"", self.timeout, self.options) {
            Ok(answering) => self.turn_away(Box::new(answering), why),
            Err(_) => Error::Handshake(why),
        }
    }

    fn turn_away(&mut self, mut answering: Box<Answering<S>>, why: HandshakeError) -> Error {
        match answering.write() {
            Err(error) if error.is_blocked() => {
                self.stage = Stage::Refusing(answering, why);
                error
            }
            _ => Error::Handshake(why),
        }
    }
}
