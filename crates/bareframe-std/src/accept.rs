//! The server's side of the opening handshake (RFC 6455 section 4.2).

use crate::date::http_date;
use crate::deadline::{By, Deadline};
use crate::error::{Error, HandshakeError};
use crate::head::read_head;
use crate::input::Input;
use crate::linger::end_stream;
use crate::options::Options;
use crate::stream::Stream;
use crate::websocket::{ServerSocket, WebSocket};
use bareframe::handshake::{Accept, Answer, Choice, EncodeError, Request, RequestError, RequestHead, Status};
use std::io::Write;
use std::time::{Duration, SystemTime};

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
    head: RequestHead,
    options: Options,
    /// How long the answer may take.
    timeout: Duration,
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

    /// Reads a request, for the caller to decide about. The stream must be blocking.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] for a malformed head, after the client was answered, or [`Error::Io`].
    pub fn read<S: Stream>(&self, mut stream: S) -> Result<Incoming<S>, Error> {
        stream.set_nodelay()?;
        let deadline = self.options.deadline(self.timeout);
        let mut input = Input::new(self.options.read_buffer());
        let parsed = read_head(&mut stream, &mut input, self.head_limit, deadline)?
            .and_then(|()| RequestHead::parse(input.arrived()));
        match parsed {
            Ok(head) => Ok(Incoming {
                stream,
                input,
                head,
                options: self.options,
                timeout: self.timeout,
            }),
            Err(error) => {
                let error = RequestError::from(error);
                let deadlines = (self.timeout, self.options.close_timeout());
                // Whether the client can be told does not change why.
                let _ = write_answer(&mut stream, &error.answer(), b"", deadlines);
                Err(HandshakeError::Request(error).into())
            }
        }
    }
}

impl Default for Acceptor {
    fn default() -> Acceptor {
        Acceptor::DEFAULT
    }
}

impl<S: Stream> Incoming<S> {
    /// Returns the request: method, path, query and headers.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        self.head.request(self.input.arrived())
    }

    /// Returns `true` if the client asks for a WebSocket, rightly or wrongly.
    #[must_use]
    pub fn is_upgrade(&self) -> bool {
        !matches!(self.request().upgrade(), Ok(None))
    }

    /// Returns `true` if the client offers this subprotocol (RFC 6455 section 1.9).
    ///
    /// ```
    /// # use bareframe_std::{Error, Incoming, ServerSocket, Stream};
    /// use bareframe::handshake::Choice;
    /// # fn accept_chat<S: Stream>(incoming: Incoming<S>) -> Result<ServerSocket<S>, Error> {
    /// let known = ["chat.v2", "chat.v1"];
    /// let subprotocol = known.into_iter().find(|subprotocol| incoming.offers(subprotocol));
    /// let socket = incoming.accept(&Choice::DEFAULT.with_subprotocol(subprotocol))?;
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
                let answer =
                    Answer::new(Status::UPGRADE_REQUIRED).with_text("the client asks for no WebSocket");
                return Err(self.turn_away(&answer, HandshakeError::NoUpgrade));
            }
            Err(error) => return Err(self.turn_away(&error.answer(), HandshakeError::Request(error))),
        };
        let accept = Accept::from_key(upgrade.key());
        let answered = encode(|out| upgrade.encode(&accept, choice, out));
        let head = match answered {
            Ok(head) => head,
            Err(error) => {
                let answer = Answer::new(Status::INTERNAL_SERVER_ERROR);
                return Err(self.turn_away(&answer, HandshakeError::Head(error)));
            }
        };
        let mut by = By::new(&mut self.stream, self.options.deadline(self.timeout));
        by.write_all(&head)?;
        by.flush()?;
        self.input.take(self.head.head_len());
        let mut socket = WebSocket::server(self.stream, &self.options).with_leftover(self.input.arrived());
        socket.subprotocol = choice.subprotocol().map(Box::from);
        Ok(socket)
    }

    /// Answers without a WebSocket, and ends the connection. The answer has a `Date`, unless `headers` have one.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] if a header can't stand in a head or the status has no content, or [`Error::Io`].
    pub fn answer(mut self, status: Status, headers: &[(&str, &str)], content: &[u8]) -> Result<(), Error> {
        let answer = Answer::new(status)
            .with_content_length(Some(content.len() as u64))
            .with_headers(headers);
        // Neither has an answer to HEAD content, nor a 304 (RFC 9110 sections 9.3.2 and 15.4.5).
        let has_content = status.has_content() && !self.is_head();
        let deadlines = (self.timeout, self.options.close_timeout());
        write_answer(
            &mut self.stream,
            &answer,
            if has_content { content } else { b"" },
            deadlines,
        )
    }

    /// Returns `true` if the answer must have no content (RFC 9110 section 9.3.2).
    fn is_head(&self) -> bool {
        self.request().method() == "HEAD"
    }

    /// Answers a client that gets no WebSocket. Whether it can be told does not change why.
    fn turn_away(mut self, answer: &Answer<'_>, why: HandshakeError) -> Error {
        let answer = if self.is_head() {
            answer.with_text("")
        } else {
            *answer
        };
        let deadlines = (self.timeout, self.options.close_timeout());
        let _ = write_answer(&mut self.stream, &answer, b"", deadlines);
        Error::Handshake(why)
    }
}

/// Writes an answer with its content and the date, and ends the stream: within the first of the times, and the second.
fn write_answer(
    stream: &mut impl Stream,
    answer: &Answer<'_>,
    content: &[u8],
    (timeout, close_timeout): (Duration, Duration),
) -> Result<(), Error> {
    let mut headers = answer.headers().to_vec();
    let has_date = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Date"));
    let date = http_date(SystemTime::now()).filter(|_| !has_date);
    headers.extend(date.as_deref().map(|date| ("Date", date)));
    let answer = answer.with_headers(&headers);
    let head = encode(|out| answer.encode(out)).map_err(HandshakeError::Head)?;
    let mut by = By::new(stream, Deadline::after(timeout));
    by.write_all(&[&head, content].concat())?;
    by.flush()?;
    // Whether the client has seen the answer is not known.
    let _ = end_stream(stream, false, Deadline::after(close_timeout));
    Ok(())
}

/// Writes a head to memory of its length.
pub(crate) fn encode(
    write: impl Fn(&mut [u8]) -> Result<usize, EncodeError>,
) -> Result<Vec<u8>, EncodeError> {
    let mut out = vec![0; 1024];
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
