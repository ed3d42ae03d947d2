//! The server's side of the opening handshake (RFC 6455 section 4.2).

use crate::error::{Error, HandshakeError};
use crate::head::{Head, MIN_RECEIVE};
use crate::socket::{MIN_SEND, Socket};
use crate::websocket::WebSocket;
use bareframe::handshake::{Accept, Answer, Choice, Key, Request, RequestError, RequestHead, Status};
use bareframe::{Config, Connection, Extension, Memory, Role, Server, Session};
use core::fmt;
use embedded_io_async::{Read, Write};

/// The length in bytes of the memory on the stack for an answer that does not fit into that of the head: enough for
/// every refusal without text.
const SHORT_ANSWER: usize = 136;

/// Returns the shortest send buffer, in bytes, of a server that accepts with this choice: [`MIN_SEND`], or the length of its response.
///
/// ```
/// use bareframe_embedded_io::{Choice, min_send};
/// const CHOICE: Choice<'_> = Choice::DEFAULT.with_subprotocol(Some("chat"));
/// let send = [0; min_send(&CHOICE)];
/// assert_eq!(send.len(), 184);
/// ```
#[must_use]
pub const fn min_send(choice: &Choice<'_>) -> usize {
    let response = choice.response_len();
    if response > MIN_SEND { response } else { MIN_SEND }
}

/// A request that arrives over a stream, for a WebSocket or for anything else.
///
/// [`Incoming::accept`] is enough for a server with one WebSocket and nothing else. A server with more reads the
/// request first:
///
/// ```
/// use bareframe_embedded_io::{Choice, Config, Error, Incoming, Status};
/// use embedded_io_async::{Read, Write};
///
/// async fn serve<S: Read + Write>(stream: S) -> Result<(), Error<S::Error>> {
///     let mut incoming = Incoming::new(stream, [0; 1024]);
///     let request = incoming.request().await?;
///     match (request.path(), request.upgrade()) {
///         ("/chat", Ok(Some(_))) => {}
///         ("/", Ok(None)) => {
///             let headers = [("Content-Type", "text/html")];
///             return incoming.answer(Status::OK, &headers, b"<h1>Chat</h1>").await;
///         }
///         (_, Err(error)) => return incoming.refuse(error).await,
///         _ => return incoming.answer(Status::NOT_FOUND, &[], b"").await,
///     }
///     let accepted = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, [0; 64], [0; 256]);
///     accepted.await?.send_text("Welcome").await
/// }
/// ```
pub struct Incoming<S, M> {
    stream: S,
    head: Head<M, RequestHead>,
}

impl<S, M: AsRef<[u8]> + AsMut<[u8]>> Incoming<S, M> {
    /// Creates the state of a request whose head has to fit into `memory`; 1 KiB is enough for most clients.
    #[must_use]
    pub fn new(stream: S, memory: M) -> Incoming<S, M> {
        Incoming {
            stream,
            head: Head::new(memory),
        }
    }

    /// Returns the stream, without an answer to the client.
    #[must_use]
    pub fn into_stream(self) -> S {
        self.stream
    }
}

impl<S: Read + Write, M: AsRef<[u8]> + AsMut<[u8]>> Incoming<S, M> {
    /// Reads the request's head, and returns it; a malformed or too long one was answered before the error is returned.
    ///
    /// If the future is dropped, the next call continues, unless an answer was begun.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] or [`Error::Io`].
    pub async fn request(&mut self) -> Result<Request<'_>, Error<S::Error>> {
        if self.head.parsed.is_none() {
            let found = self.head.read(&mut self.stream).await?;
            match found.and_then(|()| RequestHead::parse(self.head.arrived())) {
                Ok(parsed) => self.head.parsed = Some(parsed),
                Err(error) => {
                    self.refuse(RequestError::Head(error)).await?;
                    return Err(Error::http(error));
                }
            }
        }
        self.parsed()
    }

    /// Accepts the request for a WebSocket, which it reads if [`Incoming::request`] did not, and returns when the response was written.
    ///
    /// A wrong request, or one for something else, is answered before the error is returned; the caller ends the
    /// stream. `receive` has [`MIN_RECEIVE`] bytes or more, and `send` as many as [`min_send`] returns.
    ///
    /// If the future is dropped, the stream can't be used any more.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`], [`Error::Io`] or [`Error::Refused`].
    pub async fn accept<I: Memory, O: AsRef<[u8]> + AsMut<[u8]>>(
        self,
        choice: &Choice<'_>,
        config: Config,
        receive: I,
        send: O,
    ) -> Result<WebSocket<S, Server, I, O>, Error<S::Error>> {
        self.accept_with(Accept::from_key, choice, config, receive, send)
            .await
    }

    /// Accepts the request as [`Incoming::accept`] does, with an [`Accept`] that the caller computes from the key with
    /// its own SHA-1.
    ///
    /// # Errors
    ///
    /// As [`Incoming::accept`].
    pub async fn accept_with<I: Memory, O: AsRef<[u8]> + AsMut<[u8]>>(
        mut self,
        make: impl FnOnce(&Key) -> Accept,
        choice: &Choice<'_>,
        config: Config,
        receive: I,
        mut send: O,
    ) -> Result<WebSocket<S, Server, I, O>, Error<S::Error>> {
        let response_len = self.agree(make, choice, send.as_mut()).await?;
        let session = Session::new(Connection::server(config), receive, send);
        self.answer_with(session, response_len).await
    }

    /// Writes the response that is in the queue of the session, which begins with what came after the request.
    pub(crate) async fn answer_with<I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
        mut self,
        mut session: Session<Server, I, O, X>,
        response_len: usize,
    ) -> Result<WebSocket<S, Server, I, O, X>, Error<S::Error>> {
        if let Err(error) = begin(&mut session, self.after_head()) {
            self.fail().await?;
            return Err(error.into());
        }
        session.begin_with_queued(response_len);
        let mut socket = Socket::new(self.stream, session);
        socket.flush().await?;
        Ok(socket)
    }

    /// Accepts the request as [`Incoming::accept`] does; the memory of the head is the receive buffer from now on.
    ///
    /// # Errors
    ///
    /// As [`Incoming::accept`].
    pub async fn accept_in_place<O: AsRef<[u8]> + AsMut<[u8]>>(
        mut self,
        choice: &Choice<'_>,
        config: Config,
        mut send: O,
    ) -> Result<WebSocket<S, Server, M, O>, Error<S::Error>>
    where
        M: Memory,
    {
        let response_len = self.agree(Accept::from_key, choice, send.as_mut()).await?;
        let after = self.head.end.saturating_sub(self.after_head().len())..self.head.end;
        let mut session = Session::new(Connection::server(config), self.head.memory, send);
        session.begin_with(after);
        session.begin_with_queued(response_len);
        let mut socket = Socket::new(self.stream, session);
        socket.flush().await?;
        Ok(socket)
    }

    /// Answers a wrong request, with a line of text that says what is wrong if the memory has room for it. The caller
    /// ends the stream.
    ///
    /// # Errors
    ///
    /// As [`Incoming::answer`].
    pub async fn refuse(&mut self, why: RequestError) -> Result<(), Error<S::Error>> {
        self.write_answer(&why.answer(), b"").await
    }

    /// Answers without a WebSocket, and with this content. The caller ends the stream.
    ///
    /// The answer's head overwrites the request's in memory. If the future is dropped, the stream can't be used any
    /// more.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] if the answer's head can't be encoded or does not fit, [`Error::Io`] or [`Error::Refused`].
    pub async fn answer(
        &mut self,
        status: Status,
        headers: &[(&str, &str)],
        content: &[u8],
    ) -> Result<(), Error<S::Error>> {
        let answer = Answer::new(status)
            .with_content_length(Some(content.len() as u64))
            .with_headers(headers);
        // Answers to HEAD and 304 have no content (RFC 9110 sections 9.3.2 and 15.4.5).
        let is_head = self
            .parsed::<S::Error>()
            .is_ok_and(|request| request.method() == "HEAD");
        let has_content = status.has_content() && !is_head;
        self.write_answer(&answer, if has_content { content } else { b"" })
            .await
    }

    fn parsed<E>(&self) -> Result<Request<'_>, Error<E>> {
        let parsed = self.head.parsed.ok_or(HandshakeError::Ended)?;
        Ok(parsed.request(self.head.arrived()))
    }

    /// Returns the bytes that arrived after the head.
    fn after_head(&self) -> &[u8] {
        let head_len = self.head.parsed.map_or(0, |parsed| parsed.head_len());
        self.head.arrived().get(head_len..).unwrap_or(&[])
    }

    /// Encodes the response that accepts the request to `out`, and returns its length; or answers otherwise.
    pub(crate) async fn agree(
        &mut self,
        make: impl FnOnce(&Key) -> Accept,
        choice: &Choice<'_>,
        out: &mut [u8],
    ) -> Result<usize, Error<S::Error>> {
        let upgrade = match self.request().await?.upgrade() {
            Ok(Some(upgrade)) => upgrade,
            Ok(None) => {
                self.answer(Status::UPGRADE_REQUIRED, &[], b"").await?;
                return Err(HandshakeError::NoUpgrade.into());
            }
            Err(error) => {
                self.refuse(error).await?;
                return Err(Error::http(error));
            }
        };
        let available = out.len();
        let encoded = upgrade.encode(&make(upgrade.key()), choice, out);
        let encoded = encoded.map_err(HandshakeError::encode);
        match encoded {
            Ok(_) if available < MIN_SEND => {
                self.fail().await?;
                let needed = MIN_SEND;
                Err(HandshakeError::SendBuffer { needed, available }.into())
            }
            Ok(len) => Ok(len),
            Err(error) => {
                self.fail().await?;
                Err(error.into())
            }
        }
    }

    /// Answers with 500.
    async fn fail(&mut self) -> Result<(), Error<S::Error>> {
        self.answer(Status::INTERNAL_SERVER_ERROR, &[], b"").await
    }

    async fn write_answer(&mut self, answer: &Answer<'_>, content: &[u8]) -> Result<(), Error<S::Error>> {
        let mut short = [0; SHORT_ANSWER];
        let memory = self.head.memory.as_mut();
        let out = if memory.len() < SHORT_ANSWER {
            &mut short
        } else {
            memory
        };
        let len = answer.encode(out).map_err(Error::http)?;
        (self.head.end, self.head.parsed) = (0, None);
        let mut rest = out.get(..len).unwrap_or(&[]);
        let mut content = content;
        while !rest.is_empty() {
            match self.stream.write(rest).await.map_err(Error::Io)? {
                0 => return Err(Error::Refused(embedded_io_async::ErrorKind::WriteZero)),
                written => rest = rest.get(written..).unwrap_or(&[]),
            }
            if rest.is_empty() {
                rest = core::mem::take(&mut content);
            }
        }
        self.stream.flush().await.map_err(Error::Io)
    }
}

/// Begins a session with the bytes that arrived after the peer's head.
pub(crate) fn begin<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
    session: &mut Session<R, I, O, X>,
    after: &[u8],
) -> Result<(), HandshakeError> {
    let (needed, space) = (MIN_RECEIVE, session.space());
    let available = space.len();
    match space.get_mut(..after.len()) {
        Some(room) if available >= needed => room.copy_from_slice(after),
        _ => return Err(HandshakeError::ReceiveBuffer { needed, available }),
    }
    session.begin_with(0..after.len());
    Ok(())
}

impl<S, M: fmt::Debug> fmt::Debug for Incoming<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<S, M> defmt::Format for Incoming<S, M> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Incoming {{ arrived: {=usize} }}", self.head.end);
    }
}
