//! The server's side of the opening handshake (RFC 6455 section 4.2).

use crate::error::{Error, HandshakeError};
use crate::head::Head;
use crate::input::Input;
use crate::websocket::{Buffers, WebSocket};
use crate::writer::Writer;
use bareframe::handshake::{Accept, Answer, Choice, Key, Request, RequestError, RequestHead, Status};
use bareframe::{BufferTooSmall, Config, Connection, SendError, Server};
use embedded_io_async::{Read, Write};

/// A request that arrives over a stream, for a WebSocket or for anything else.
///
/// ```
/// use bareframe_embedded_io::{Buffers, Choice, Config, Error, Incoming, Status};
/// use embedded_io_async::{Read, Write};
///
/// async fn serve<S: Read + Write>(stream: S) -> Result<(), Error<S::Error>> {
///     let mut head = [0; 1024];
///     let mut incoming = Incoming::new(stream, &mut head);
///     let request = incoming.request().await?;
///     match (request.path(), request.upgrade()) {
///         ("/chat", Ok(Some(_))) => {}
///         ("/", Ok(None)) => {
///             let headers = [("Content-Type", "text/html")];
///             return incoming.answer(Status::OK, &headers, b"<h1>Chat</h1>").await;
///         }
///         _ => return incoming.answer(Status::NOT_FOUND, &[], b"").await,
///     }
///     let (mut receive, mut send) = ([0; 64], [0; 256]);
///     let buffers = Buffers::new(&mut receive, &mut send);
///     let mut socket = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, buffers)?;
///     socket.send_text("Welcome").await
/// }
/// ```
#[derive(Debug)]
pub struct Incoming<'h, S> {
    stream: S,
    head: Head<'h, RequestHead>,
}

impl<'h, S> Incoming<'h, S> {
    /// Waits for a request, whose head has to fit `memory`: 1 KiB does for most clients.
    #[must_use]
    pub const fn new(stream: S, memory: &'h mut [u8]) -> Incoming<'h, S> {
        Incoming {
            stream,
            head: Head::new(memory, 0),
        }
    }

    /// Returns the stream, without an answer to the client.
    #[must_use]
    pub fn into_stream(self) -> S {
        self.stream
    }

    /// Accepts the request for a WebSocket. The 101 is in the send buffer and leaves with the next call on the
    /// connection.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Request`] or [`HandshakeError::NoUpgrade`], for which [`Incoming::refuse`] has the answer;
    /// [`HandshakeError::Encode`] for a choice that does not fit what the client offers, or a send buffer that is too
    /// small; [`HandshakeError::Receive`].
    pub fn accept<'b>(
        self,
        choice: &Choice<'_>,
        config: Config,
        buffers: Buffers<'b>,
    ) -> Result<WebSocket<'b, S, Server>, HandshakeError> {
        self.accept_with(Accept::from_key, choice, config, buffers)
    }

    /// As [`Incoming::accept`], with an [`Accept`] that the caller makes of the key, by a SHA-1 of its own.
    ///
    /// # Errors
    ///
    /// As [`Incoming::accept`].
    pub fn accept_with<'b>(
        self,
        make: impl FnOnce(&Key) -> Accept,
        choice: &Choice<'_>,
        config: Config,
        buffers: Buffers<'b>,
    ) -> Result<WebSocket<'b, S, Server>, HandshakeError> {
        let Incoming { stream, head } = self;
        let parsed = head.parsed.ok_or(HandshakeError::Ended)?;
        let head_len = parsed.head_len();
        let behind = head.arrived().get(head_len..).unwrap_or(&[]);
        let arrived = 0..behind.len();
        let Some(room) = buffers.receive.get_mut(arrived.clone()) else {
            let needed = behind.len();
            return Err(HandshakeError::Receive(BufferTooSmall { needed }));
        };
        room.copy_from_slice(behind);
        let mut socket = WebSocket::server(stream, config, buffers);
        socket.input.set_arrived(arrived);
        queue(&mut socket.writer, &parsed.request(head.arrived()), make, choice)?;
        Ok(socket)
    }

    /// As [`Incoming::accept`]; the memory of the head is the receive buffer from now on.
    ///
    /// # Errors
    ///
    /// As [`Incoming::accept`].
    pub fn accept_in_place(
        self,
        choice: &Choice<'_>,
        config: Config,
        send: &'h mut [u8],
    ) -> Result<WebSocket<'h, S, Server>, HandshakeError> {
        let Incoming { stream, head } = self;
        let parsed = head.parsed.ok_or(HandshakeError::Ended)?;
        let mut writer = Writer::new(stream, Connection::server(config), send);
        queue(
            &mut writer,
            &parsed.request(head.arrived()),
            Accept::from_key,
            choice,
        )?;
        let mut input = Input::new(head.memory);
        input.set_arrived(parsed.head_len()..head.end);
        Ok(WebSocket { input, writer })
    }
}

impl<S: Read + Write> Incoming<'_, S> {
    /// Returns the request when its head has arrived; a malformed one was answered.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] or [`Error::Io`].
    pub async fn request(&mut self) -> Result<Request<'_>, Error<S::Error>> {
        if let Some(parsed) = self.head.parsed {
            return Ok(parsed.request(self.head.arrived()));
        }
        let found = self.head.read(&mut self.stream).await?;
        let parsed = match found {
            Ok(()) => RequestHead::parse(self.head.arrived()),
            Err(error) => Err(error),
        };
        match parsed {
            Ok(parsed) => {
                self.head.parsed = Some(parsed);
                Ok(parsed.request(self.head.arrived()))
            }
            Err(error) => {
                self.refuse(RequestError::Head(error)).await?;
                Err(Error::Handshake(error.into()))
            }
        }
    }

    /// Answers a request that is wrong, with a line of text that says what is, if the memory has room for it. The caller
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
    /// The answer's head takes the place of the request's in memory. If the future is dropped, the stream is of no more
    /// use.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] if the answer's head can't be encoded or does not fit, [`Error::Io`] or
    /// [`Error::WriteZero`].
    pub async fn answer(
        &mut self,
        status: Status,
        headers: &[(&str, &str)],
        content: &[u8],
    ) -> Result<(), Error<S::Error>> {
        let answer = Answer::new(status)
            .with_content_length(Some(content.len() as u64))
            .with_headers(headers);
        // Neither has an answer to HEAD content, nor a 304 (RFC 9110 sections 9.3.2 and 15.4.5).
        let has_content = status.has_content() && !self.is_head();
        self.write_answer(&answer, if has_content { content } else { b"" })
            .await
    }

    /// Returns `true` if the answer must have no content (RFC 9110 section 9.3.2).
    fn is_head(&self) -> bool {
        let request = self.head.parsed.map(|parsed| parsed.request(self.head.arrived()));
        request.is_some_and(|request| request.method() == "HEAD")
    }

    async fn write_answer(&mut self, answer: &Answer<'_>, content: &[u8]) -> Result<(), Error<S::Error>> {
        let len = answer.encode(self.head.memory).map_err(HandshakeError::Encode)?;
        (self.head.end, self.head.parsed) = (0, None);
        write_all(&mut self.stream, self.head.memory.get(..len).unwrap_or(&[])).await?;
        write_all(&mut self.stream, content).await?;
        self.stream.flush().await.map_err(Error::Io)
    }
}

/// Queues the 101.
fn queue<S>(
    writer: &mut Writer<'_, S, Connection<Server>>,
    request: &Request<'_>,
    make: impl FnOnce(&Key) -> Accept,
    choice: &Choice<'_>,
) -> Result<(), HandshakeError> {
    let upgrade = request.upgrade()?.ok_or(HandshakeError::NoUpgrade)?;
    let accept = make(upgrade.key());
    let mut refused = None;
    let queued = writer.queue_head(|out| {
        upgrade.encode(&accept, choice, out).map_err(|error| {
            refused = Some(error);
            SendError::Closed
        })
    });
    match refused {
        Some(error) => Err(HandshakeError::Encode(error)),
        None => {
            // Nothing else is in the send buffer yet.
            debug_assert_eq!(queued, Ok(()));
            Ok(())
        }
    }
}

/// Writes all the bytes.
async fn write_all<S: Write>(stream: &mut S, bytes: &[u8]) -> Result<(), Error<S::Error>> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match stream.write(rest).await.map_err(Error::Io)? {
            0 => return Err(Error::WriteZero),
            written => rest = rest.get(written..).unwrap_or(&[]),
        }
    }
    Ok(())
}
