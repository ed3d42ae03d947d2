//! The server's side of the opening handshake (RFC 6455 section 4.2).

use crate::deadline::Deadline;
use crate::error::{Error, HandshakeError};
use crate::head::read_head;
use crate::input::Input;
use crate::linger::end_stream;
use crate::options::Options;
use crate::stream::{Stream, Timeouts};
use crate::websocket::{ServerSocket, WebSocket};
use bareframe::handshake::{Accept, Answer, Choice, EncodeError, Request, Status};
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

/// A request that has arrived over a stream, for a WebSocket or for anything else.
///
/// ```
/// use bareframe_std::{Acceptor, connect};
/// use bareframe::handshake::{Choice, Status};
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
    input: Input,
    /// The head's length in octets, 0 if it is malformed.
    head_len: usize,
    options: Options,
    /// What the stream's were before the handshake.
    timeouts: Timeouts,
    /// How long the answer may take.
    timeout: Duration,
}

/// Takes a connection from a client that asks for a WebSocket, whatever its path and origin are, with
/// [`Acceptor::DEFAULT`].
///
/// # Errors
///
/// As [`Acceptor::accept`].
pub fn accept<S: Stream>(stream: S) -> Result<ServerSocket<S>, Error> {
    Acceptor::DEFAULT.accept(stream)
}

impl Acceptor {
    /// [`Options::DEFAULT`], heads of at most 8 KiB, and 10 seconds.
    pub const DEFAULT: Acceptor = Acceptor {
        options: Options::DEFAULT,
        head_limit: 8 << 10,
        timeout: Duration::from_secs(10),
    };

    /// Returns an acceptor of connections that behave so.
    #[must_use]
    pub const fn with_options(mut self, options: Options) -> Acceptor {
        self.options = options;
        self
    }

    /// Returns an acceptor that takes heads of at most this many bytes; a longer one is answered with 431.
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

    /// Takes a connection from a client that asks for a WebSocket, whatever its path and origin are.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`], after the client was answered, or [`Error::Io`].
    pub fn accept<S: Stream>(&self, stream: S) -> Result<ServerSocket<S>, Error> {
        self.read(stream)?.accept(&Choice::DEFAULT)
    }

    /// Reads a request, for the caller to judge. The stream must be blocking.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] for a malformed head, after the client was answered, or [`Error::Io`].
    pub fn read<S: Stream>(&self, mut stream: S) -> Result<Incoming<S>, Error> {
        stream.set_nodelay()?;
        let timeouts = stream.timeouts()?;
        let deadline = Deadline::after(self.timeout);
        let mut input = Input::new(
            self.options.read_buffer().max(self.head_limit),
            self.options.read_buffer_max(),
        );
        let parsed = read_head(&mut stream, &mut input, self.head_limit, deadline)?
            .and_then(|()| Request::parse(input.arrived()))
            .map(|(_, head_len)| head_len);
        let incoming = Incoming {
            stream,
            input,
            head_len: parsed.unwrap_or(0),
            options: self.options,
            timeouts,
            timeout: self.timeout,
        };
        match parsed {
            Ok(_) => Ok(incoming),
            Err(error) => Err(incoming.turn_away(error.status(), HandshakeError::Request(error.into()))),
        }
    }
}

impl Default for Acceptor {
    fn default() -> Acceptor {
        Acceptor::DEFAULT
    }
}

impl<S: Stream> Incoming<S> {
    /// Gives the request: method, path, query and headers.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        match Request::parse(self.input.arrived()) {
            Ok((request, _)) => request,
            Err(error) => unreachable!("a head that was parsed before: {error}"),
        }
    }

    /// Tells whether the client asks for a WebSocket, rightly or wrongly.
    #[must_use]
    pub fn is_upgrade(&self) -> bool {
        !matches!(self.request().upgrade(), Ok(None))
    }

    /// Tells whether the client offers this subprotocol (RFC 6455 section 1.9).
    ///
    /// ```
    /// # use bareframe_std::{Error, Incoming, ServerSocket, Stream};
    /// use bareframe::handshake::Choice;
    /// # fn accept_chat<S: Stream>(incoming: Incoming<S>) -> Result<ServerSocket<S>, Error> {
    /// let known = ["chat.v2", "chat.v1"];
    /// let subprotocol = known.into_iter().find(|subprotocol| incoming.offers(subprotocol));
    /// let socket = incoming.accept(&Choice { subprotocol, ..Choice::DEFAULT })?;
    /// # Ok(socket)
    /// # }
    /// ```
    #[must_use]
    pub fn offers(&self, subprotocol: &str) -> bool {
        match self.request().upgrade() {
            Ok(Some(upgrade)) => upgrade.subprotocols().any(|offered| offered == subprotocol),
            Ok(None) | Err(_) => false,
        }
    }

    /// Accepts the request for a WebSocket.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] if the request is wrong or asks for no WebSocket, after the client was answered,
    /// or if the choice does not fit what the client offered; [`Error::Io`].
    pub fn accept(mut self, choice: &Choice<'_>) -> Result<ServerSocket<S>, Error> {
        let upgrade = match self.request().upgrade() {
            Ok(Some(upgrade)) => upgrade,
            Ok(None) => {
                return Err(self.turn_away(Status::UPGRADE_REQUIRED, HandshakeError::NoUpgrade));
            }
            Err(error) => return Err(self.turn_away(error.status(), HandshakeError::Request(error))),
        };
        let accept = Accept::from_key(upgrade.key());
        let answered = encode(|out| upgrade.encode(&accept, choice, out));
        let head = match answered {
            Ok(head) => head,
            Err(error) => {
                let status = Status::INTERNAL_SERVER_ERROR;
                return Err(self.turn_away(status, HandshakeError::Head(error)));
            }
        };
        Deadline::after(self.timeout).apply(&self.stream)?;
        self.stream.write_all(&head)?;
        self.stream.flush()?;
        self.stream.set_timeouts(self.timeouts)?;
        self.input.take(self.head_len);
        let mut socket = WebSocket::server_with_input(self.stream, self.input, &self.options);
        socket.subprotocol = choice.subprotocol.map(Box::from);
        Ok(socket)
    }

    /// Answers without a WebSocket, and ends the connection.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] if a header can't stand in a head, or [`Error::Io`].
    pub fn answer(mut self, status: Status, headers: &[(&str, &str)], content: &[u8]) -> Result<(), Error> {
        let answer = Answer {
            content_length: Some(content.len() as u64),
            headers,
            ..Answer::new(status)
        };
        let head = encode(|out| answer.encode(out)).map_err(HandshakeError::Head)?;
        Deadline::after(self.timeout).apply(&self.stream)?;
        let content = if self.head_len > 0 && self.request().method() == "HEAD" {
            b""
        } else {
            content
        };
        self.stream.write_all(&[&head, content].concat())?;
        self.stream.flush()?;
        end_stream(
            &mut self.stream,
            false,
            Deadline::after(self.options.close_timeout()),
        );
        Ok(())
    }

    /// Answers a client that gets no WebSocket. Whether it can be told does not change why.
    fn turn_away(self, status: Status, why: HandshakeError) -> Error {
        let _ = self.answer(status, &[], b"");
        Error::Handshake(why)
    }
}

/// Writes a head to memory of its length.
pub(crate) fn encode(
    write: impl Fn(&mut [u8]) -> Result<usize, EncodeError>,
) -> Result<Vec<u8>, EncodeError> {
    let mut out = vec![0; 512];
    loop {
        match write(&mut out) {
            Ok(len) => {
                out.truncate(len);
                return Ok(out);
            }
            Err(EncodeError::BufferTooSmall(error)) => out.resize(error.needed, 0),
            Err(error) => return Err(error),
        }
    }
}
