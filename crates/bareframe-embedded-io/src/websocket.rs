//! A connection whose opening handshake is done.

use crate::error::Error;
use crate::socket::{Socket, Writer};
use bareframe::{
    Assembler, Client, CloseCode, CloseReason, Config, Connection, Event, Extension, Frame, Gather, Inbound,
    MaskingKeys, Memory, Message, Next, ReceiveError, Role, SendError, Server, Session, State, Violation,
};
use embedded_io_async::{Error as _, ErrorKind, Read, Write};

/// A WebSocket over a stream: `R` is our role, `I` the receive buffer and `O` the send buffer, each borrowed or owned.
///
/// A message that arrives whole in the receive buffer is lent from there. At least [`MIN_SEND`](crate::MIN_SEND) bytes
/// are sent from the send buffer at once.
///
/// The methods that send are those of [`Socket`].
///
/// ```
/// use bareframe_embedded_io::{Config, Error, Event, Server, WebSocket};
/// use embedded_io_async::{Read, Write};
///
/// /// A connection that owns its memory, for a `static` for one.
/// type Counter<S> = WebSocket<S, Server, [u8; 64], [u8; 131]>;
///
/// /// Counts the bytes of messages that may be longer than any memory.
/// async fn count<S: Read + Write>(stream: S) -> Result<(), Error<S::Error>> {
///     let mut socket: Counter<S> = WebSocket::server(stream, Config::DEFAULT, [0; 64], [0; 131]);
///     let mut bytes = 0;
///     while let Some(event) = socket.read_event().await? {
///         let Event::Data(piece) = event else { continue };
///         bytes += piece.payload().len();
///         if piece.is_last() {
///             socket.send_binary(&bytes.to_be_bytes()).await?;
///             bytes = 0;
///         }
///     }
///     Ok(())
/// }
/// ```
///
/// `X` is an extension that was agreed on: with the feature `deflate` there is one.
pub type WebSocket<S, R, I, O, X = ()> = Socket<S, Session<R, I, O, X>>;

impl<S, R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> WebSocket<S, R, I, O, X> {
    /// Creates a connection of a session whose opening handshake is done, with an extension of the caller's for one.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Session};
    /// use bareframe_embedded_io::WebSocket;
    /// # let stream = ();
    /// let session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
    /// let socket = WebSocket::from_session(stream, session);
    /// # let _ = socket;
    /// ```
    #[must_use]
    pub const fn from_session(stream: S, session: Session<R, I, O, X>) -> WebSocket<S, R, I, O, X> {
        Socket::new(stream, session)
    }
}

impl<S, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>> WebSocket<S, Server, I, O> {
    /// Creates the server's end over a stream whose opening handshake is done.
    #[must_use]
    pub fn server(stream: S, config: Config, receive: I, send: O) -> WebSocket<S, Server, I, O> {
        Socket::new(stream, Session::new(Connection::server(config), receive, send))
    }
}

impl<S, K: MaskingKeys, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>> WebSocket<S, Client<K>, I, O> {
    /// Creates the client's end over a stream whose opening handshake is done.
    #[must_use]
    pub fn client(stream: S, config: Config, keys: K, receive: I, send: O) -> WebSocket<S, Client<K>, I, O> {
        let connection = Connection::client(config, keys);
        Socket::new(stream, Session::new(connection, receive, send))
    }
}

impl<S, R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> WebSocket<S, R, I, O, X> {
    /// Returns how far the closing of the connection is.
    #[must_use]
    pub fn state(&self) -> State {
        self.session.state()
    }

    /// Returns why the connection has failed, with the value and the limit; `None` if it has not failed.
    #[must_use]
    pub fn violation(&self) -> Option<Violation> {
        self.session.violation()
    }

    /// Returns what the peer's Close said, once it was received (RFC 6455 sections 7.1.5 and 7.1.6).
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.session.close_reason()
    }

    /// Fails the connection with this code, for an extension or for data that the caller can't accept; the next call
    /// that reads or flushes sends the Close (RFC 6455 section 7.1.7).
    ///
    /// Within an abandoned frame of ours no Close can be sent, and nothing more is.
    pub fn fail(&mut self, code: CloseCode) {
        self.session.fail(code);
    }
}

impl<S: Read + Write, R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>
    WebSocket<S, R, I, O, X>
{
    /// Reads the next message, and gathers it in the assembler's memory if it arrived in pieces; `None` when the connection was closed.
    /// A message that is longer than that memory is refused with 1009, however it arrived.
    ///
    /// Pings and the peer's Close are answered, and the call waits until the stream accepts the answer. Two ends that
    /// only send and do not read wait for each other; use a task with the reading half to avoid that, see
    /// [`WebSocket::split`].
    ///
    /// If the future is dropped, the next call continues. It must gather in the same memory, or the message is skipped
    /// and [`ReceiveError::MessageSkipped`] is returned once.
    ///
    /// # Errors
    ///
    /// [`Error::Receive`], after its Close was sent; [`Error::Io`] after a failed read or a write that timed out;
    /// [`Error::Refused`] if an answer could not be written and the stream then ended without a Close;
    /// [`Error::NoReceiveBuffer`].
    pub fn read<'m, B: Gather>(
        &'m mut self,
        assembler: &'m mut Assembler<B>,
    ) -> impl Future<Output = Result<Option<Message<'m>>, Error<S::Error>>> {
        self.read_until(
            assembler,
            |session, assembler| session.next_message(assembler),
            |socket, assembler| socket.session.message(assembler),
        )
    }

    /// Reads the next message as [`WebSocket::read`] does, and also returns a writer to use while the message is lent.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    #[expect(
        clippy::type_complexity,
        reason = "a message, and what sends while it is lent"
    )]
    pub fn read_with_writer<'m, B: Gather>(
        &'m mut self,
        assembler: &'m mut Assembler<B>,
    ) -> impl Future<Output = Result<Option<(Message<'m>, Writer<'m, S, R, O, X>)>, Error<S::Error>>> {
        self.read_until(
            assembler,
            |session, assembler| session.next_message(assembler),
            |socket, assembler| socket.lend(|inbound| inbound.message(assembler)),
        )
    }

    /// Reads the next event: a piece of a message, so that a message may be longer than any memory, or a control frame, whose answer
    /// was written. `None` when the connection was closed.
    ///
    /// If the future is dropped, the next call continues.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub fn read_event(&mut self) -> impl Future<Output = Result<Option<Event<'_>>, Error<S::Error>>> {
        self.read_until(
            (),
            |session, _| session.next_event(),
            |socket, ()| socket.session.event(),
        )
    }

    /// Reads the next event as [`WebSocket::read_event`] does, and also returns a writer to use while the event is
    /// lent.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    #[expect(clippy::type_complexity, reason = "an event, and what sends while it is lent")]
    pub fn read_event_with_writer(
        &mut self,
    ) -> impl Future<Output = Result<Option<(Event<'_>, Writer<'_, S, R, O, X>)>, Error<S::Error>>> {
        self.read_until(
            (),
            |session, _| session.next_event(),
            |socket, ()| socket.lend(Inbound::event),
        )
    }

    /// Closes the connection: sends our Close if none was sent, and waits for the peer's; data that still arrives is
    /// discarded. Of a reason that is longer than 123 bytes the whole characters are sent that fit.
    ///
    /// The caller then ends the stream: a server does so at once, and a client when the server has (RFC 6455 section
    /// 7.1.1). There is no time limit; drop the future to set one. The next call continues.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`]; [`Error::Send`] within a frame of ours that is not finished.
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error<S::Error>> {
        match self.send_close(code, reason).await {
            Ok(()) | Err(Error::Send(SendError::Closed)) => {}
            // What was received decides how the connection ends.
            Err(_) if self.refused.is_some() => {}
            // The peer may wait for us to read. The next call sends the rest of our Close.
            Err(Error::Io(error)) if error.kind() == ErrorKind::TimedOut => {}
            Err(error) => return Err(error),
        }
        loop {
            match self.read_event().await {
                Ok(None) => return Ok(()),
                Ok(Some(_)) | Err(Error::Receive(ReceiveError::MessageSkipped)) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns what is ready, and a writer to use while it is lent.
    fn lend<'m, T>(
        &'m mut self,
        take: impl FnOnce(&'m mut Inbound<R, I, X>) -> Option<T>,
    ) -> Option<(T, Writer<'m, S, R, O, X>)> {
        let (inbound, outbound) = self.session.both();
        let writer = Socket {
            stream: &mut self.stream,
            session: outbound,
            refused: self.refused,
        };
        take(inbound).map(|ready| (ready, writer))
    }

    /// Performs what the session says until a result is ready, which it returns, or the connection is closed.
    async fn read_until<'m, A, T>(
        &'m mut self,
        mut memory: A,
        next: impl Fn(&mut Session<R, I, O, X>, &mut A) -> Result<Next, ReceiveError>,
        take: impl FnOnce(&'m mut Self, A) -> T,
    ) -> Result<T, Error<S::Error>> {
        loop {
            match (next(&mut self.session, &mut memory), self.refused) {
                (Ok(Next::Ready | Next::Closed), _) => break,
                (Ok(Next::Memory), _) => return Err(Error::NoReceiveBuffer),
                (Ok(Next::Read), _) => match self.stream.read(self.session.space()).await {
                    Ok(len) => self.session.read(len),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(Error::Io(error)),
                },
                (Ok(next), _) => {
                    let done = self.perform(next, &mut Frame::NONE.clone()).await;
                    // What was received is delivered before an error of a write.
                    if self.refused.is_none()
                        && let Err(error) = done
                        && !self.session.blocked(next)
                    {
                        return Err(error);
                    }
                }
                (Err(ReceiveError::AbnormalClosure), Some(kind)) => return Err(Error::Refused(kind)),
                (Err(error), _) => return Err(Error::Receive(error)),
            }
        }
        Ok(take(self, memory))
    }
}
