//! A connection: its parts, and receiving.

use crate::close::Closing;
use crate::deadline::Deadline;
use crate::error::{Error, is_temporary};
use crate::extension::{self, Agreed, StdSession};
use crate::keys::SystemKeys;
use crate::linger::StreamEnd;
use crate::message::OwnedMessage;
use crate::options::Options;
use crate::reader::{Reader, Waited};
use crate::sender::{MessageSender, WithSender, close_frame};
use crate::stream::{Aborter, Stream};
use crate::writer::Writer;
use bareframe::handshake::{Response, ResponseHead};
use bareframe::{
    Assembler, Client, CloseCode, CloseReason, Connection, Event, Frame, MaskingKeys, Message, Next,
    ReceiveError, Role, SendError, Server, State,
};
use std::fmt;
use std::io::{self, ErrorKind};

/// A WebSocket connection over a stream.
///
/// [`accept`](crate::accept) and [`connect`](crate::connect) create one from a stream or a URL, with the opening handshake;
/// [`WebSocket::server`] and [`WebSocket::client`] from a stream whose opening handshake is done.
///
/// # Sending
///
/// [`WebSocket::send`] returns when the frame was written. To write several together, pass all but the last to
/// [`WebSocket::feed`]; [`WebSocket::flush`] writes them too, and so does a call that has to wait for the peer.
///
/// Two ends that only send and never read wait for each other, as with TCP;
/// [`Options::with_write_timeout`](crate::Options::with_write_timeout) ends that.
///
/// # Receiving
///
/// Pings and the peer's Close are answered by the calls that read, before they return what was received. After a failed
/// write, what has arrived is still received: the messages, then the peer's Close or, if there is none, the error of
/// the write.
///
/// # Streams that time out or do not block
///
/// No byte is lost when the stream returns `WouldBlock` or `TimedOut`. A call that receives or closes returns
/// [`Error::Io`] and can be repeated. A call that sends returns [`Error::Io`] if it sent nothing, because an earlier
/// frame is not written yet, and [`Error::Unflushed`] if it could not write all of the frame; the rest is then queued,
/// and written by [`WebSocket::flush`] or any later call. `Interrupted` is never returned.
///
/// ```
/// use bareframe_std::{CloseCode, accept, connect};
/// use std::net::TcpListener;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let url = format!("ws://{}/", listener.local_addr()?);
/// let server = std::thread::spawn(move || -> Result<(), bareframe_std::Error> {
///     let mut socket = accept(listener.accept()?.0)?;
///     while let Some((message, mut sender)) = socket.read_with_sender()? {
///         sender.send(&message)?;
///     }
///     socket.close(None, "")?;
///     Ok(())
/// });
///
/// let mut socket = connect(&url)?;
/// socket.send("Hello")?;
/// assert_eq!(socket.read()?.unwrap().as_str(), Some("Hello"));
/// socket.close(CloseCode::NORMAL_CLOSURE, "")?;
/// server.join().unwrap()?;
/// # Ok::<(), bareframe_std::Error>(())
/// ```
pub struct WebSocket<S, R> {
    pub(crate) stream: S,
    pub(crate) session: StdSession<R>,
    #[cfg(feature = "deflate")]
    agreed: Agreed,
    pub(crate) assembler: Assembler<Vec<u8>>,
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    pub(crate) closing: Closing,
    pub(crate) subprotocol: Option<Box<str>>,
    /// The head of the server's response, and the positions of its parts.
    pub(crate) response: Option<(Box<[u8]>, Box<ResponseHead>)>,
}

/// A client's connection with keys from the system.
pub type ClientSocket<S> = WebSocket<S, Client<SystemKeys>>;

/// A server's connection.
pub type ServerSocket<S> = WebSocket<S, Server>;

/// What a call looks for.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    Message,
    Event,
    /// The end; everything before it is discarded.
    End,
}

impl<S: Stream> WebSocket<S, Server> {
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
    /// ```
    /// use bareframe_std::deflate::Policy;
    /// use bareframe_std::handshake::Extensions;
    /// use bareframe_std::{Options, Untimed, WebSocket};
    /// let offers = Extensions::parse("permessage-deflate").unwrap();
    /// let parameters = Policy::DEFAULT.acceptance().accept(offers).unwrap();
    /// let stream = Untimed(std::io::Cursor::new(Vec::new()));
    /// let mut server = WebSocket::server_with_deflate(stream, &Options::DEFAULT, parameters);
    /// server.send("all work and no play, all work and no play")?;
    /// assert!(server.stream().0.get_ref().len() < 35);
    /// # Ok::<(), bareframe_std::Error>(())
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

impl<S: Stream> WebSocket<S, Client<SystemKeys>> {
    /// Creates the client's end over a stream whose opening handshake is done.
    ///
    /// # Errors
    ///
    /// Returns the error of the system's random source.
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

impl<S: Stream, K: MaskingKeys> WebSocket<S, Client<K>> {
    /// Creates the client's end with the caller's masking keys, which must be unpredictable (RFC 6455 section 10.3).
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

impl<S: Stream, R: Role> WebSocket<S, R> {
    fn new(
        stream: S,
        connection: Connection<R>,
        is_client: bool,
        options: &Options,
        agreed: Agreed,
    ) -> WebSocket<S, R> {
        let mut session = extension::session(agreed, connection, is_client, options, Writer::queue());
        session.both().0.hold_up_to(options.read_buffer_max());
        WebSocket {
            stream,
            session,
            #[cfg(feature = "deflate")]
            agreed,
            assembler: Assembler::new(Vec::new()),
            reader: Reader::new(options),
            writer: Writer::new(options),
            closing: Closing::new(is_client, options),
            subprotocol: None,
            response: None,
        }
    }

    /// Adds bytes that were read from the stream after the head; they are the first frames.
    ///
    /// ```
    /// use bareframe_std::{Options, Untimed, WebSocket};
    /// let stream = Untimed(std::io::Cursor::new(Vec::new()));
    /// let leftover = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    /// let mut server = WebSocket::server(stream, &Options::DEFAULT).with_leftover(leftover);
    /// assert_eq!(server.read()?.unwrap().as_str(), Some("Hello"));
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    #[must_use]
    pub fn with_leftover(mut self, leftover: &[u8]) -> WebSocket<S, R> {
        let (inbound, _) = self.session.both();
        let mut memory = inbound.unread().to_vec();
        memory.extend_from_slice(leftover);
        let len = memory.len();
        // A read of nothing would mean the end of the stream.
        if !leftover.is_empty() && inbound.exchange_memory(memory).is_ok() {
            inbound.read(leftover.len());
        }
        debug_assert_eq!(inbound.unread().len(), len);
        self
    }

    /// Adds these bytes of the head, which are written before the first frame.
    pub(crate) fn with_unsent(mut self, head: &[u8]) -> WebSocket<S, R> {
        let mut queue = head.to_vec();
        queue.resize(head.len().saturating_add(Writer::queue().len()), 0);
        let (_, outbound) = self.session.both();
        let _ = outbound.exchange_queue(queue);
        let is_first = outbound.begin_with(head.len());
        debug_assert!(is_first, "nothing was sent before");
        self
    }

    /// Reads until a message is whole and lends it; `None` when the connection has ended cleanly.
    ///
    /// A message that came in one read is lent from the read buffer. Others are gathered in memory that grows with the
    /// bytes that have arrived, never with a declared length.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Protocol`], [`Error::AbnormalClosure`], or [`Error::KeepaliveTimeout`];
    /// [`Error::MessageSkipped`], once, for a message of which [`WebSocket::read_event`] took a part;
    /// [`Error::UnfinishedFrame`] while a frame of ours is not finished and the peer has closed.
    #[inline]
    pub fn read(&mut self) -> Result<Option<Message<'_>>, Error> {
        let next = self.session.next_message(&mut self.assembler);
        if next != Ok(Next::Ready) && !self.run_until(next, Wanted::Message, Deadline::NONE)? {
            return Ok(None);
        }
        Ok(self.session.message(&mut self.assembler))
    }

    /// Reads a message as [`WebSocket::read`] does, and returns it with its own memory. One that was gathered keeps its
    /// memory.
    ///
    /// ```
    /// use bareframe_std::{Options, OwnedMessage, Untimed, WebSocket};
    /// let stream = Untimed(std::io::Cursor::new(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec()));
    /// let mut server = WebSocket::server(stream, &Options::DEFAULT);
    /// assert_eq!(server.read_owned()?, Some(OwnedMessage::Text("Hello".to_owned())));
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub fn read_owned(&mut self) -> Result<Option<OwnedMessage>, Error> {
        let next = self.session.next_message(&mut self.assembler);
        if next != Ok(Next::Ready) && !self.run_until(next, Wanted::Message, Deadline::NONE)? {
            return Ok(None);
        }
        let (inbound, _) = self.session.both();
        Ok(OwnedMessage::take(inbound, &mut self.assembler))
    }

    /// As [`WebSocket::read`], and also returns a sender to use while the message is lent.
    ///
    /// ```
    /// use bareframe_std::{Options, Stream, WebSocket};
    /// # fn echo<S: Stream>(stream: S) -> Result<(), bareframe_std::Error> {
    /// let mut server = WebSocket::server(stream, &Options::DEFAULT);
    /// while let Some((message, mut sender)) = server.read_with_sender()? {
    ///     sender.send(&message)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    #[inline]
    pub fn read_with_sender(&mut self) -> Result<Option<WithSender<'_, Message<'_>, S, R>>, Error> {
        let next = self.session.next_message(&mut self.assembler);
        if next != Ok(Next::Ready) && !self.run_until(next, Wanted::Message, Deadline::NONE)? {
            return Ok(None);
        }
        let (inbound, outbound) = self.session.both();
        let sender = MessageSender::new(&mut self.stream, outbound, &mut self.writer);
        Ok(inbound
            .message(&mut self.assembler)
            .map(|message| (message, sender)))
    }

    /// Reads the next event: a piece of a message as it arrives, or a control frame; `None` when the connection has ended cleanly. It
    /// needs no memory for messages, however long they are.
    ///
    /// ```
    /// use bareframe_std::{Event, Options, Untimed, WebSocket};
    /// let stream = Untimed(std::io::Cursor::new(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec()));
    /// let options = Options::DEFAULT.with_read_buffer(8).with_read_buffer_max(8);
    /// let mut server = WebSocket::server(stream, &options);
    /// let Some(Event::Data(piece)) = server.read_event()? else { panic!() };
    /// assert_eq!((piece.payload(), piece.is_first(), piece.is_last()), (&b"He"[..], true, false));
    /// let Some(Event::Data(piece)) = server.read_event()? else { panic!() };
    /// assert_eq!((piece.payload(), piece.is_first(), piece.is_last()), (&b"llo"[..], false, true));
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`]; [`Error::MessageSkipped`], once, for a message of which [`WebSocket::read`] took a part before
    /// it returned an error.
    #[inline]
    pub fn read_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        let next = self.session.next_event();
        if next != Ok(Next::Ready) && !self.run_until(next, Wanted::Event, Deadline::NONE)? {
            return Ok(None);
        }
        Ok(self.session.event())
    }

    /// As [`WebSocket::read_event`], and also returns a sender to use while the piece is lent.
    ///
    /// ```
    /// use bareframe_std::{Event, Options, Stream, WebSocket};
    /// # fn echo<S: Stream>(stream: S) -> Result<(), bareframe_std::Error> {
    /// let mut server = WebSocket::server(stream, &Options::DEFAULT);
    /// while let Some((event, mut sender)) = server.read_event_with_sender()? {
    ///     if let Event::Data(piece) = event {
    ///         sender.send(&piece)?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read_event`].
    pub fn read_event_with_sender(&mut self) -> Result<Option<WithSender<'_, Event<'_>, S, R>>, Error> {
        let next = self.session.next_event();
        if next != Ok(Next::Ready) && !self.run_until(next, Wanted::Event, Deadline::NONE)? {
            return Ok(None);
        }
        let (inbound, outbound) = self.session.both();
        let sender = MessageSender::new(&mut self.stream, outbound, &mut self.writer);
        Ok(inbound.event().map(|event| (event, sender)))
    }

    /// Performs what the session says until the wanted result is there; returns `false` when the connection has ended.
    #[inline(never)]
    pub(crate) fn run_until(
        &mut self,
        mut next: Result<Next, ReceiveError>,
        wanted: Wanted,
        deadline: Deadline,
    ) -> Result<bool, Error> {
        loop {
            match next {
                Ok(Next::Ready) if matches!(wanted, Wanted::End) => drop(self.session.event()),
                Ok(Next::Ready) => return Ok(true),
                Ok(Next::Closed) => return Ok(false),
                Ok(Next::Read | Next::Memory) => self.wait(deadline)?,
                Ok(next) => self.write(next, deadline)?,
                Err(ReceiveError::MessageSkipped) if matches!(wanted, Wanted::End) => {}
                Err(error) => {
                    let is_last = matches!(error, ReceiveError::AbnormalClosure | ReceiveError::Protocol(_));
                    self.closing.is_reported |= is_last && !matches!(wanted, Wanted::End);
                    return Err(match error {
                        // The error of the write explains more than the end of the stream.
                        ReceiveError::AbnormalClosure => {
                            self.writer.failure().unwrap_or(Error::AbnormalClosure)
                        }
                        error => Error::received(error, self.session.violation()),
                    });
                }
            }
            next = match wanted {
                Wanted::Message => self.session.next_message(&mut self.assembler),
                Wanted::Event | Wanted::End => self.session.next_event(),
            };
        }
    }

    /// Waits for the peer, without memory that is not needed meanwhile.
    fn wait(&mut self, deadline: Deadline) -> Result<(), Error> {
        let (inbound, outbound) = self.session.both();
        Writer::shrink(outbound);
        self.reader
            .wrote(self.writer.accepted(), outbound.is_within_frame());
        let waited = self
            .reader
            .read(&mut self.stream, inbound, &mut self.assembler, deadline);
        match waited {
            Ok(Waited::Read) => Ok(()),
            Ok(Waited::PingIsDue) => {
                // No Ping can be sent within an unfinished frame or after our Close.
                let _ = outbound.next_sent(&mut Frame::ping(&[]));
                Ok(())
            }
            Err(Error::Io(error)) if !is_temporary(&error) => {
                Err(self.writer.failure().unwrap_or(Error::Io(error)))
            }
            Err(error) => Err(error),
        }
    }

    /// Writes what has to be written before what was received is returned. A failed write does not hide what was
    /// received.
    fn write(&mut self, next: Next, deadline: Deadline) -> Result<(), Error> {
        let earlier = self.writer.earlier(deadline);
        match self.writing().perform(next, earlier) {
            Err(Error::Io(error)) if is_temporary(&error) && self.stays_blocked(next, &error) => {
                // The deadline holds for several writes, each of which may have a limit of its own.
                let may_continue = error.kind() == ErrorKind::TimedOut && !deadline.is_none();
                if may_continue && deadline.left().is_ok() {
                    return Ok(());
                }
                Err(Error::Io(error))
            }
            _ => Ok(()),
        }
    }

    /// Stores that the stream did not accept an answer. Returns `true` if nothing may be received meanwhile.
    fn stays_blocked(&mut self, next: Next, error: &io::Error) -> bool {
        if error.kind() == ErrorKind::TimedOut {
            self.writer.set_stuck();
        }
        !self.session.blocked(next)
    }

    fn writing(&mut self) -> MessageSender<'_, S, R> {
        let (_, outbound) = self.session.both();
        MessageSender::new(&mut self.stream, outbound, &mut self.writer)
    }

    /// Returns a sender, after queueing what has to be answered.
    fn sender(&mut self) -> Result<MessageSender<'_, S, R>, Error> {
        let _ = self.session.next_flush();
        if self.session.state() == State::Failed {
            return Err(self.writer.failure().unwrap_or(Error::Send(SendError::Closed)));
        }
        Ok(self.writing())
    }

    /// Sends a frame, and returns when it was written together with everything that was fed before. A `&str` is sent as
    /// a text message and a `&[u8]` as a binary one, a received message is passed on, and [`Frame`] has the other
    /// kinds.
    ///
    /// ```
    /// use bareframe_std::{Frame, Options, Untimed, WebSocket};
    /// let mut server = WebSocket::server(Untimed(std::io::Cursor::new(Vec::new())), &Options::DEFAULT);
    /// server.send(Frame::text("Hel").fragment(false))?;
    /// server.send(Frame::ping(b""))?;
    /// server.send("lo")?;
    /// assert_eq!(server.stream().0.get_ref(), b"\x01\x03Hel\x89\x00\x80\x02lo");
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the frame is not allowed after what was sent before, or [`Error::Io`]; nothing of the frame
    /// was sent. [`Error::Unflushed`] if a part of it is still queued, which [`WebSocket::flush`] or the next call
    /// writes; do not send the frame again.
    pub fn send<'f>(&mut self, frame: impl Into<Frame<'f>>) -> Result<(), Error> {
        self.sender()?.send(frame)
    }

    /// Sends a text message in one frame (RFC 6455 section 5.6); see [`WebSocket::send`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.send(text)
    }

    /// Sends a binary message in one frame (RFC 6455 section 5.6); see [`WebSocket::send`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub fn send_binary(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send(payload)
    }

    /// Sends a Ping with at most 125 bytes of payload (RFC 6455 section 5.5.2); see [`WebSocket::send`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send(Frame::ping(payload))
    }

    /// Sends a Pong that answers no Ping, or the answer to one if `auto_pong` is off (RFC 6455 section 5.5.3); see
    /// [`WebSocket::send`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send(Frame::pong(payload))
    }

    /// Sends a frame as far as the stream accepts it; see [`MessageSender::send_frame`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`] or [`Error::Io`].
    pub fn send_frame(&mut self, frame: &mut Frame<'_>) -> Result<(), Error> {
        self.sender()?.send_frame(frame)
    }

    /// Queues a frame, to be written together with what follows; see [`MessageSender::feed`]. It is lost if the
    /// connection is dropped before.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub fn feed<'f>(&mut self, frame: impl Into<Frame<'f>>) -> Result<(), Error> {
        self.sender()?.feed(frame)
    }

    /// Sends our Close, after which nothing can be sent. Messages of the peer are still received until its Close (RFC
    /// 6455 section 7.1.2). [`WebSocket::close`] does the whole closing handshake. A reason of more than 123 bytes is
    /// cut at a character.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub fn send_close(&mut self, code: impl Into<Option<CloseCode>>, reason: &str) -> Result<(), Error> {
        self.send(close_frame(code.into(), reason))
    }

    /// Writes everything that was fed, and what an earlier call could not write.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; what was not written stays queued.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.flush_by(self.writer.deadline())
    }

    pub(crate) fn flush_by(&mut self, deadline: Deadline) -> Result<(), Error> {
        loop {
            // It queues the answers for which there was no room before.
            match self.session.next_flush() {
                Next::Ready => return Ok(()),
                next => self.writing().perform(next, deadline)?,
            }
        }
    }

    /// Fails the connection on behalf of a layer above: nothing more is received, and a Close with this code is sent
    /// (RFC 6455 section 7.1.7). Within an unfinished frame of ours no Close can be sent.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; the Close is then written by [`WebSocket::flush`].
    pub fn fail(&mut self, code: CloseCode) -> Result<(), Error> {
        self.closing.is_reported = true;
        self.session.fail(code);
        self.flush()
    }

    /// Closes the connection: sends our Close if none was sent, waits for the peer's and discards the data that still
    /// arrives, and ends the stream (RFC 6455 section 7.1). To receive that data, call [`WebSocket::send_close`] and
    /// then [`WebSocket::read`] until `None`.
    ///
    /// Call it also when `read` has returned `None` or an error, to end the stream in order. A server ends it first,
    /// and waits for the client to do so too, so that what was sent last is not lost; a client waits for the server.
    /// The whole call lasts at most [`Options::close_timeout`](crate::Options::close_timeout), over a stream that keeps
    /// deadlines. A reason of more than 123 bytes is cut at a character.
    ///
    /// # Errors
    ///
    /// [`Error::CloseTimeout`] if the peer's Close does not arrive in time, after the stream was shut down; or an error
    /// of [`WebSocket::read`]. After [`Error::Io`] with `WouldBlock`, over a non-blocking stream, call again to
    /// continue.
    pub fn close(&mut self, code: impl Into<Option<CloseCode>>, reason: &str) -> Result<StreamEnd, Error> {
        let deadline = self.closing.begin();
        let result = self.finish_handshake(close_frame(code.into(), reason), deadline);
        let is_clean = self.session.state() == State::Closed;
        self.closing.end(&mut self.stream, result, is_clean)
    }

    fn finish_handshake(&mut self, frame: Frame<'_>, deadline: Deadline) -> Result<(), Error> {
        if self.closing.is_reported {
            // It only remains to write the Close.
            return match self.flush_by(deadline) {
                Err(Error::Io(error)) if !is_temporary(&error) => Ok(()),
                flushed => flushed,
            };
        }
        if self.session.state() == State::Open && self.writing().queue_close(frame).is_err() {
            // No Close can follow an unfinished frame (RFC 6455 section 7.1.7).
            self.session.fail(CloseCode::GOING_AWAY);
            return Err(Error::UnfinishedFrame);
        }
        let next = self.session.next_event();
        self.run_until(next, Wanted::End, deadline).map(drop)
    }

    /// Returns an [`Aborter`], which ends the stream at once from another thread while this one waits in a call.
    ///
    /// # Errors
    ///
    /// Returns the error of [`Stream::aborter`].
    pub fn aborter(&self) -> io::Result<Aborter> {
        self.stream.aborter()
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

    /// Returns the subprotocol in use, if the handshake was done here and chose one (RFC 6455 section 1.9).
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

    /// Returns the server's response, if it was read here: its extensions and other headers.
    #[must_use]
    pub fn response(&self) -> Option<Response<'_>> {
        let (bytes, head) = self.response.as_ref()?;
        Some(head.response(bytes))
    }

    /// Returns the stream, for instance for its addresses and timeouts.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// Returns the stream to be changed. Reading from it or writing to it breaks the protocol.
    #[must_use]
    pub const fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Returns the stream, and the bytes that were read from it and not processed. Frames that were fed and not written
    /// are lost.
    #[must_use]
    pub fn into_inner(mut self) -> (S, Vec<u8>) {
        let (inbound, _) = self.session.both();
        let unread = inbound.unread().to_vec();
        (self.stream, unread)
    }
}

/// Shows nothing of the server's response, which may contain cookies.
impl<S: fmt::Debug, R: fmt::Debug> fmt::Debug for WebSocket<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("stream", &self.stream)
            .field("session", &self.session)
            .field("subprotocol", &self.subprotocol)
            .finish_non_exhaustive()
    }
}
