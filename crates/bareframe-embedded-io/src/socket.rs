//! Sending on a connection or on its writing half.

use crate::error::Error;
use bareframe::{CloseCode, Extension, Frame, Memory, Next, Outbound, Role, SendError, Session};
use core::fmt;
use embedded_io_async::{Error as _, ErrorKind, Write};

/// The shortest send buffer, in bytes: the length of the longest control frame.
///
/// The opening handshake of a server may need more: see [`min_send`](crate::min_send).
pub const MIN_SEND: usize = bareframe::ControlFrame::MAX_LEN;

/// The header of the longest frame of a client, in bytes.
const LONGEST_HEADER: usize = 14;

/// A connection or its sending part, over a stream: a [`WebSocket`](crate::WebSocket), a
/// [`WriteHalf`](crate::WriteHalf), or a [`Writer`] while a message is lent.
///
/// # Dropped futures
///
/// A payload that fits into the send buffer together with its header of at most 14 bytes is copied to it. The future of
/// such a send can be dropped at any time: if it was dropped while it waited for room, nothing was sent, and otherwise
/// the next call that sends, flushes or reads sends the rest. A longer payload is sent from where it is. If that future
/// is dropped midway, pass the same [`Frame`] to [`Socket::send_frame`] or [`Socket::feed`] again to continue; until
/// then nothing else can be sent, and every call that tries returns [`SendError::InsideFrame`]. After a call with a
/// payload instead of a `Frame`, only [`WebSocket::fail`](crate::WebSocket::fail) is possible then.
///
/// ```
/// use bareframe_embedded_io::{Error, Frame, Memory, Role, WebSocket};
/// use embedded_io_async::{Read, Write};
///
/// async fn send<S: Read + Write, R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>>(
///     socket: &mut WebSocket<S, R, I, O>,
///     picture: &[u8],
/// ) -> Result<(), Error<S::Error>> {
///     socket.send_text("a picture").await?;
///     for (number, piece) in (1..).zip(picture.chunks(1000)) {
///         let mut frame = Frame::binary(piece).fragment(number == picture.len().div_ceil(1000));
///         socket.feed(&mut frame).await?;
///     }
///     socket.flush().await
/// }
/// ```
pub struct Socket<S, C> {
    pub(crate) stream: S,
    pub(crate) session: C,
    /// Why the stream accepts nothing more.
    pub(crate) refused: Option<ErrorKind>,
}

/// Sends on a connection while a message or an event is lent from it.
pub type Writer<'w, S, R, O, X = ()> = Socket<&'w mut S, &'w mut Outbound<R, O, X>>;

/// The state that sends frames over a stream: a session, or its writing half.
pub trait Sending<S>: sealed::Sending<S> {}

pub(crate) mod sealed {
    use super::{Extension, Frame, Next, Outbound, Role, SendError, Write};
    use embedded_io_async::Error;

    pub trait Sending<S> {
        // The same type for a borrowed and an owned stream, so that the code that writes exists once.
        type Stream: Write<Error = Self::Error>;
        type Error: Error;
        type Role: Role;
        type Queue: AsRef<[u8]> + AsMut<[u8]>;
        type Extension: Extension;

        /// Sends until all of the frame is queued or written, after the pending answers.
        fn next_sent(&mut self, frame: &mut Frame<'_>) -> Result<Next, SendError>;
        /// Writes until nothing is queued any more, pending answers included.
        fn next_flush(&mut self) -> Next;
        fn outbound(&mut self) -> &mut Outbound<Self::Role, Self::Queue, Self::Extension>;
        fn stream(stream: &mut S) -> &mut Self::Stream;
    }
}

impl<S: Write, R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Sending<S>
    for Session<R, I, O, X>
{
}
impl<S: Write, R: Role, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Sending<&mut S>
    for &mut Outbound<R, O, X>
{
}

impl<S: Write, R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> sealed::Sending<S>
    for Session<R, I, O, X>
{
    type Stream = S;
    type Error = S::Error;
    type Role = R;
    type Queue = O;
    type Extension = X;

    fn next_sent(&mut self, frame: &mut Frame<'_>) -> Result<Next, SendError> {
        self.next_sent(frame)
    }

    fn next_flush(&mut self) -> Next {
        self.next_flush()
    }

    fn outbound(&mut self) -> &mut Outbound<R, O, X> {
        self.both().1
    }

    fn stream(stream: &mut S) -> &mut S {
        stream
    }
}

impl<S: Write, R: Role, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> sealed::Sending<&mut S>
    for &mut Outbound<R, O, X>
{
    type Stream = S;
    type Error = S::Error;
    type Role = R;
    type Queue = O;
    type Extension = X;

    fn next_sent(&mut self, frame: &mut Frame<'_>) -> Result<Next, SendError> {
        (**self).next_sent(frame)
    }

    fn next_flush(&mut self) -> Next {
        (**self).next_flush()
    }

    fn outbound(&mut self) -> &mut Outbound<R, O, X> {
        self
    }

    fn stream<'a>(stream: &'a mut &mut S) -> &'a mut S {
        stream
    }
}

impl<S, C> Socket<S, C> {
    pub(crate) const fn new(stream: S, session: C) -> Socket<S, C> {
        Socket {
            stream,
            session,
            refused: None,
        }
    }

    /// Returns the stream.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// Returns the stream to be changed. Reading from it or writing to it breaks the protocol.
    pub const fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Returns the stream. Bytes that were not written or processed are lost.
    #[must_use]
    pub fn into_stream(self) -> S {
        self.stream
    }
}

impl<S, C: Sending<S>> Socket<S, C> {
    /// Sends a text message, and returns when it was written and flushed (RFC 6455 section 5.6).
    ///
    /// # Errors
    ///
    /// As [`Socket::send_frame`].
    pub async fn send_text(&mut self, text: &str) -> Result<(), Error<C::Error>> {
        self.send_frame(&mut Frame::text(text)).await
    }

    /// Sends a binary message, and returns when it was written and flushed (RFC 6455 section 5.6).
    ///
    /// # Errors
    ///
    /// As [`Socket::send_frame`].
    pub async fn send_binary(&mut self, payload: &[u8]) -> Result<(), Error<C::Error>> {
        self.send_frame(&mut Frame::binary(payload)).await
    }

    /// Sends a Ping with at most 125 bytes of payload (RFC 6455 section 5.5.2).
    ///
    /// # Errors
    ///
    /// As [`Socket::send_frame`].
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error<C::Error>> {
        self.send_frame(&mut Frame::ping(payload)).await
    }

    /// Sends our Close, after which only Pings are answered (RFC 6455 section 5.5.1). Reading ends when the peer's has
    /// arrived. A reason of more than 123 bytes is cut at a character.
    ///
    /// # Errors
    ///
    /// As [`Socket::send_frame`].
    pub async fn send_close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error<C::Error>> {
        let fits = (0..=reason.len().min(123)).rev();
        let reason = fits.filter_map(|end| reason.get(..end)).next();
        self.send_frame(&mut Frame::close(code, reason.unwrap_or("")))
            .await
    }

    /// Sends a frame, and returns when it was written and flushed. A frame that was begun continues where it stopped.
    ///
    /// [`Frame`] has every kind: whole messages, fragments, pieces of text that are validated, control frames, and
    /// received messages to be passed on.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if nothing was sent. [`Error::Io`]: after a write that timed out, call again with the same
    /// frame; after another failed write nothing more can be sent, and reading continues. [`Error::Refused`] after such
    /// an error.
    pub fn send_frame<'a>(
        &'a mut self,
        frame: &'a mut Frame<'_>,
    ) -> impl Future<Output = Result<(), Error<C::Error>>> {
        self.send(frame, true)
    }

    /// Queues a frame, which the next call that sends, flushes or reads writes together with others. It is written at
    /// once only if the send buffer has no room for it.
    ///
    /// # Errors
    ///
    /// As [`Socket::send_frame`].
    pub fn feed<'a>(
        &'a mut self,
        frame: &'a mut Frame<'_>,
    ) -> impl Future<Output = Result<(), Error<C::Error>>> {
        self.send(frame, false)
    }

    /// Writes what is queued, and flushes the stream.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] or [`Error::Refused`].
    pub async fn flush(&mut self) -> Result<(), Error<C::Error>> {
        loop {
            match self.session.next_flush() {
                Next::Ready => return Ok(()),
                next => self.perform(next, &mut Frame::NONE.clone()).await?,
            }
        }
    }

    async fn send(&mut self, frame: &mut Frame<'_>, flushes: bool) -> Result<(), Error<C::Error>> {
        loop {
            let outbound = self.session.outbound();
            // It may fit into the queue once that is empty.
            let lacks_room =
                !frame.is_begun() && frame.left() > outbound.room().saturating_sub(LONGEST_HEADER);
            let next = if lacks_room && !outbound.queued().is_empty() {
                Next::Write
            } else {
                match (self.session.next_sent(frame), self.refused) {
                    (Ok(Next::Ready), _) if flushes => self.session.next_flush(),
                    (Ok(next), _) => next,
                    (Err(SendError::Closed), Some(kind)) => return Err(Error::Refused(kind)),
                    (Err(error), _) => return Err(Error::Send(error)),
                }
            };
            if next == Next::Ready {
                return Ok(());
            }
            self.perform(next, frame).await?;
        }
    }

    /// Performs the session's write or flush.
    pub(crate) fn perform<'a>(
        &'a mut self,
        next: Next,
        frame: &'a mut Frame<'_>,
    ) -> impl Future<Output = Result<(), Error<C::Error>>> {
        let stream = C::stream(&mut self.stream);
        perform(stream, self.session.outbound(), &mut self.refused, next, frame)
    }
}

/// Writes what is queued and what is left of the frame, or flushes the stream.
async fn perform<S: Write, R: Role, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
    stream: &mut S,
    outbound: &mut Outbound<R, O, X>,
    refused: &mut Option<ErrorKind>,
    next: Next,
    frame: &mut Frame<'_>,
) -> Result<(), Error<S::Error>> {
    let done = if next == Next::Flush {
        stream.flush().await.map(|()| outbound.flushed())
    } else {
        let [queued, payload] = outbound.to_write(frame);
        let bytes = if queued.is_empty() { payload } else { queued };
        match stream.write(bytes).await {
            Ok(0) => {
                outbound.refused();
                *refused = Some(ErrorKind::WriteZero);
                return Err(Error::Refused(ErrorKind::WriteZero));
            }
            written => written.map(|len| outbound.wrote(len, frame)),
        }
    };
    let Err(error) = done else { return Ok(()) };
    match error.kind() {
        ErrorKind::Interrupted => return Ok(()),
        ErrorKind::TimedOut => {}
        kind => {
            outbound.refused();
            *refused = Some(kind);
        }
    }
    Err(Error::Io(error))
}

impl<S, C: fmt::Debug> fmt::Debug for Socket<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("session", &self.session)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<S, C: defmt::Format> defmt::Format for Socket<S, C> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Socket {{ session: {} }}", self.session);
    }
}
