//! A connection: what it is made of, and receiving.

use crate::close::{Closing, StreamEnd};
use crate::error::Error;
use crate::keys::SystemKeys;
use crate::message::Message;
use crate::options::Options;
use crate::reader::{Reader, Waited};
use crate::sending::Sending;
use crate::session::Session;
use crate::writer::{By, Writer};
use bareframe::{
    Assembler, Client, CloseCode, CloseReason, Connection, Event, Frame, MaskingKeys, Message as MessageRef,
    Next, ReceiveError, Role, Server, State,
};
use bytes::Bytes;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

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
    pub(crate) assembler: Assembler<Vec<u8>>,
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    pub(crate) closing: Closing,
    pub(crate) subprotocol: Option<Box<str>>,
}

/// A client's connection with keys from the system.
pub type ClientSocket<S> = WebSocket<S, Client<SystemKeys>>;

/// A server's connection.
pub type ServerSocket<S> = WebSocket<S, Server>;

/// What a call looks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    Message,
    Event,
    /// The end; what comes before is dropped.
    End,
}

impl<S> WebSocket<S, Server> {
    /// Creates the server's end over a stream whose opening handshake is done.
    #[must_use]
    pub fn server(stream: S, options: &Options) -> WebSocket<S, Server> {
        WebSocket::new(stream, Connection::server(options.config()), false, options)
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
}

impl<S, K: MaskingKeys> WebSocket<S, Client<K>> {
    /// Creates the client's end with the caller's masking keys, which nobody may be able to predict (RFC 6455 section 10.3).
    #[must_use]
    pub fn client_with_keys(stream: S, options: &Options, keys: K) -> WebSocket<S, Client<K>> {
        WebSocket::new(stream, Connection::client(options.config(), keys), true, options)
    }
}

impl<S, R: Role> WebSocket<S, R> {
    fn new(stream: S, connection: Connection<R>, is_client: bool, options: &Options) -> WebSocket<S, R> {
        let mut session = Session::new(connection, None, Vec::new());
        session.both().0.hold_up_to(options.read_buffer_max());
        WebSocket {
            stream,
            session,
            assembler: Assembler::new(Vec::new()),
            reader: Reader::new(options),
            writer: Writer::new(options),
            closing: Closing::new(is_client, options),
            subprotocol: None,
        }
    }

    /// Adds bytes that were read from the stream behind the head: they are the first frames.
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

    /// Returns the subprotocol in use, if the opening handshake chose one (RFC 6455 section 1.9).
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
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

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> WebSocket<S, R> {
    /// Reads until a message is whole and lends it; `None` when the connection has ended cleanly.
    ///
    /// A message that came in one read is lent from there; others are gathered in memory that grows with what has arrived, never
    /// with what was declared. Pings and the peer's Close are answered.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost: the next call goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Protocol`], [`Error::AbnormalClosure`], or [`Error::KeepaliveTimeout`];
    /// [`Error::MessageSkipped`], once, for a message of which [`WebSocket::read_event`] took a part;
    /// [`Error::UnfinishedFrame`] while a frame of ours is not finished and the peer has closed.
    pub async fn read(&mut self) -> Result<Option<MessageRef<'_>>, Error> {
        let is_ready = poll_fn(|cx| self.poll_until(cx, Wanted::Message)).await?;
        if !is_ready {
            return Ok(None);
        }
        Ok(self.session.message(&mut self.assembler))
    }

    /// Reads the next event: a piece of a message as it arrives, or a control frame; `None` when the connection has ended cleanly. It
    /// needs no memory for messages, however long they are.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost: the next call goes on.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`]; [`Error::MessageSkipped`], once, for a message of which [`WebSocket::read`] took a part before
    /// it was dropped or returned an error.
    pub async fn read_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        let is_ready = poll_fn(|cx| self.poll_until(cx, Wanted::Event)).await?;
        if !is_ready {
            return Ok(None);
        }
        Ok(self.session.event())
    }

    /// Performs what the session says until what is wanted is there; returns `false` when the connection has ended.
    pub(crate) fn poll_until(&mut self, cx: &mut Context<'_>, wanted: Wanted) -> Poll<Result<bool, Error>> {
        self.writer.lease(self.session.both().1);
        // What an earlier call has taken goes on; if it can't, it hides nothing that arrives.
        if self.writer.kept.is_some() {
            let _ = self.sending(By::Reader).poll_kept(cx);
        }
        loop {
            let next = match wanted {
                Wanted::Message => self.session.next_message(&mut self.assembler),
                Wanted::Event | Wanted::End => self.session.next_event(),
            };
            match next {
                Ok(Next::Ready) if wanted == Wanted::End => drop(self.session.event()),
                Ok(Next::Ready) => return Poll::Ready(Ok(true)),
                Ok(Next::Closed) => return Poll::Ready(Ok(false)),
                Ok(Next::Memory) => self.reader.lease(self.session.both().0),
                Ok(Next::Read) => ready!(self.poll_read(cx, wanted == Wanted::End))?,
                Ok(next) => {
                    let done = self.sending(By::Reader).poll_perform(cx, next);
                    if done.is_pending() && !self.session.blocked(next) {
                        return Poll::Pending;
                    }
                }
                Err(ReceiveError::MessageSkipped) if wanted == Wanted::End => {}
                // The rest of it waits for the stream.
                Err(ReceiveError::UnfinishedFrame) if self.writer.kept.is_some() => return Poll::Pending,
                Err(error) => {
                    let is_last = matches!(error, ReceiveError::AbnormalClosure | ReceiveError::Protocol(_));
                    self.closing.is_reported |= is_last && wanted != Wanted::End;
                    return Poll::Ready(Err(match error {
                        // Why the stream was refused says more than that it ended.
                        ReceiveError::AbnormalClosure => {
                            self.writer.failure().unwrap_or(Error::AbnormalClosure)
                        }
                        error => error.into(),
                    }));
                }
            }
        }
    }

    /// Reads once. While the peer is waited for, nothing is held that is not needed.
    fn poll_read(&mut self, cx: &mut Context<'_>, has_limit: bool) -> Poll<Result<(), Error>> {
        let (inbound, outbound) = self.session.both();
        match self.reader.poll_read(cx, &mut self.stream, inbound, has_limit) {
            Poll::Ready(Ok(Waited::Read)) => Poll::Ready(Ok(())),
            Poll::Ready(Ok(Waited::PingIsDue)) => {
                // Within a frame that is not finished none can be sent, and none after our Close.
                let _ = outbound.next_sent(&mut Frame::ping(&[]));
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error @ Error::Io(_))) => {
                Poll::Ready(Err(self.writer.failure().unwrap_or(error)))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                Reader::give_back(inbound, &mut self.assembler);
                Writer::give_back(outbound);
                Poll::Pending
            }
        }
    }

    pub(crate) fn sending(&mut self, by: By) -> Sending<'_, S, R> {
        let (_, outbound) = self.session.both();
        Sending {
            stream: &mut self.stream,
            outbound,
            writer: &mut self.writer,
            by,
        }
    }

    /// Waits until another message may be taken, once what has to be answered is queued before.
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.writer.lease(self.session.both().1);
        let _ = self.session.next_flush();
        if self.session.state() == State::Failed {
            let closed = Error::Send(bareframe::SendError::Closed);
            return Poll::Ready(Err(self.writer.failure().unwrap_or(closed)));
        }
        let room = self.sending(By::Writer).poll_room(cx);
        self.writer.limit(cx, room, Error::WriteTimeout)
    }

    pub(crate) fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let flushed = self.poll_all_flushed(cx);
        self.writer.limit(cx, flushed, Error::Unflushed)
    }

    fn poll_all_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            ready!(self.sending(By::Writer).poll_flush(cx))?;
            self.writer.lease(self.session.both().1);
            // The answers that had no room before are queued by it.
            if self.session.next_flush() == Next::Ready {
                Writer::give_back(self.session.both().1);
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Sends a message: it was written, with all that was fed before, when this returns.
    ///
    /// # Cancel safety
    ///
    /// It first waits for room. If the future is dropped meanwhile, nothing was sent. Then the message is taken: if the future is
    /// dropped, the next call of any method that reads or writes sends what is left of it.
    ///
    /// # Errors
    ///
    /// [`Error::WriteTimeout`], [`Error::Send`] and [`Error::Io`]: nothing of it was taken, or the connection is gone.
    /// [`Error::Unflushed`] if it was taken and the time is over; it is not sent again.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        let message = message.into();
        self.writer.begin();
        poll_fn(|cx| self.poll_room(cx)).await?;
        self.sending(By::Writer).start(message)?;
        poll_fn(|cx| self.poll_flushed(cx)).await
    }

    /// Sends our Close, waits for the peer's, and ends the stream.
    ///
    /// # Errors
    ///
    /// [`Error::CloseTimeout`], or what [`WebSocket::read`] returns.
    pub async fn close(
        &mut self,
        code: impl Into<Option<CloseCode>>,
        reason: &str,
    ) -> Result<StreamEnd, Error> {
        let code = code.into();
        if self.session.state() == State::Open {
            poll_fn(|cx| self.poll_room(cx)).await?;
            let frame = Message::Close(code.map(|code| crate::CloseFrame {
                code,
                reason: reason.into(),
            }));
            self.sending(By::Writer).start(frame)?;
        }
        poll_fn(|cx| self.poll_until(cx, Wanted::End)).await?;
        Ok(StreamEnd::NotSeen)
    }
}

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
