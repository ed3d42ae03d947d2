//! The server's side of the opening handshake (RFC 6455 section 4.2).

use crate::answering::Answering;
use crate::deadline::Deadline;
use crate::error::{Error, HandshakeError};
use crate::head::{Received, handshake_error, read_head};
use crate::incoming::Incoming;
use crate::options::Options;
use crate::stream::Stream;
use crate::websocket::ServerSocket;
use bareframe::handshake::{Choice, HeadEnd, RequestError, RequestHead};
use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

/// How a server takes connections.
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
/// assert_eq!((acceptor.timeout(), acceptor.head_limit()), (Duration::from_secs(2), 4 << 10));
/// assert_eq!(acceptor.options().write_buffer(), 4 << 10);
/// let listener = TcpListener::bind("127.0.0.1:9001")?;
/// for stream in listener.incoming() {
///     let mut socket = acceptor.accept(stream?)?;
///     socket.send_text("Hello")?;
/// }
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
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
/// let incoming = loop {
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
pub struct Accepting<S> {
    acceptor: Acceptor,
    deadline: Deadline,
    received: Received,
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

    /// Returns an acceptor of connections that behave so.
    #[must_use]
    pub const fn with_options(mut self, options: Options) -> Acceptor {
        self.options = options;
        self
    }

    /// Returns an acceptor that takes heads of at most this many bytes; a longer one is answered with 431. Memory
    /// grows as a head arrives.
    #[must_use]
    pub const fn with_head_limit(mut self, len: usize) -> Acceptor {
        self.head_limit = len;
        self
    }

    /// Returns an acceptor whose opening handshakes last so long at most.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Acceptor {
        self.timeout = timeout;
        self
    }

    /// Returns how the connections behave.
    #[must_use]
    pub const fn options(&self) -> Options {
        self.options
    }

    /// Returns the longest head of a request, in bytes.
    #[must_use]
    pub const fn head_limit(&self) -> usize {
        self.head_limit
    }

    /// Returns how long the opening handshake may last.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
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

    /// Begins to read a request, also over a stream that does not block. From now on the client has
    /// [`Acceptor::timeout`] for it.
    pub fn begin<S: Stream>(&self, stream: S) -> Accepting<S> {
        // A stream that has ended may refuse, which the first read returns.
        let _ = stream.set_nodelay();
        Accepting {
            acceptor: *self,
            deadline: self.options.deadline(self.timeout),
            received: Received::default(),
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
    /// [`Error::Io`]; with [`ErrorKind::WouldBlock`] the stream does not block, and this is to be called again when there is
    /// something to read, or to write after a wrong head. [`Error::Handshake`] for a head that is malformed, after the client
    /// was answered, or late. After another result than `WouldBlock` there is nothing left, and each call returns
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
                match arrived.and_then(|()| RequestHead::parse(self.received.arrived())) {
                    Ok(head) => {
                        let left = self.deadline.left().map_err(handshake_error)?;
                        let times = (timeout, left.unwrap_or(timeout));
                        let received = std::mem::take(&mut self.received);
                        Ok(Incoming::new(stream, received, head, options, times))
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

    /// Answers a client whose head is wrong. Whether it can be told does not change why.
    fn turn_away(&mut self, mut answering: Box<Answering<S>>, why: RequestError) -> Error {
        match answering.write() {
            Err(error) if error.is_blocked() => {
                self.state = State::Answering(answering, why);
                error
            }
            _ => HandshakeError::Request(why).into(),
        }
    }

    /// Returns the stream, so that a program can wait until it can go on; `None` when there is nothing left to do.
    pub fn stream(&self) -> Option<&S> {
        match &self.state {
            State::Reading(stream) => Some(stream),
            State::Answering(answering, _) => Some(answering.stream()),
            State::Done => None,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Accepting<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Accepting").field(&self.state).finish()
    }
}

impl Default for Acceptor {
    fn default() -> Acceptor {
        Acceptor::DEFAULT
    }
}
