//! A connection in two halves, for two tasks.

use crate::error::Error;
use crate::slot::Slot;
use crate::socket::{Sending, Socket, sealed};
use crate::websocket::WebSocket;
use bareframe::{
    Assembler, CloseCode, CloseReason, Event, Extension, Frame, Gather, Inbound, Memory, Message, Next,
    Outbound, Pending, ReceiveError, Role, SendError, Violation,
};
use core::fmt;
use core::future::poll_fn;
use embedded_io_async::{Error as _, ErrorKind, Read, Write};

/// The reading half of a connection, for one task; see [`WebSocket::split`].
///
/// It leaves what has to be answered in the [`Slot`] at once and wakes the writing half, for which it never waits. Once
/// it has ended or was dropped, [`WriteHalf::answer`] returns `false`.
pub struct ReadHalf<'s, S, R: Role, I: Memory, X: Extension = ()> {
    stream: S,
    inbound: Inbound<R, I, X>,
    slot: &'s Slot,
}

/// The writing half of a connection, for one task; see [`WebSocket::split`]. The methods that send are those of
/// [`Socket`].
pub type WriteHalf<'s, S, R, O, X = ()> = Socket<S, OutboundHalf<'s, R, O, X>>;

/// The writing half of a session, with the slot in which the other half leaves what has to be answered.
pub struct OutboundHalf<'s, R, O, X: Extension = ()> {
    outbound: Outbound<R, O, X>,
    slot: &'s Slot,
    pending: Pending,
}

impl<S, R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> WebSocket<S, R, I, O, X> {
    /// Splits the connection into two halves for two tasks; `split` returns the two halves of the stream. `slot` passes
    /// what has to be answered from one to the other, and must not be used by another connection as long as one of them
    /// exists.
    ///
    /// ```
    /// use bareframe_embedded_io::{Error, Event, Memory, ReadHalf, Role, WriteHalf};
    /// use embedded_io_async::{Read, Write};
    ///
    /// /// The reading task.
    /// async fn receive<S: Read, R: Role, I: Memory>(mut half: ReadHalf<'_, S, R, I>) -> Result<(), Error<S::Error>> {
    ///     while let Some(event) = half.read_event().await? {
    ///         println!("{event:?}");
    ///     }
    ///     Ok(())
    /// }
    ///
    /// /// The writing task, while it has nothing else to send. To do both, select between `answer` and what brings the messages.
    /// async fn answer<S: Write, R: Role, O: AsRef<[u8]> + AsMut<[u8]>>(
    ///     mut half: WriteHalf<'_, S, R, O>,
    /// ) -> Result<(), Error<S::Error>> {
    ///     while half.answer().await? {}
    ///     Ok(())
    /// }
    /// ```
    #[expect(clippy::type_complexity, reason = "two halves")]
    pub fn split<'s, T, U>(
        self,
        slot: &'s Slot,
        split: impl FnOnce(S) -> (T, U),
    ) -> (ReadHalf<'s, T, R, I, X>, WriteHalf<'s, U, R, O, X>) {
        slot.reset();
        let (stream, writing) = split(self.stream);
        let (inbound, outbound) = self.session.split();
        let session = OutboundHalf {
            outbound,
            slot,
            pending: Pending::NONE,
        };
        let read_half = ReadHalf {
            stream,
            inbound,
            slot,
        };
        let write_half = Socket {
            stream: writing,
            session,
            refused: self.refused,
        };
        (read_half, write_half)
    }
}

impl<S, R: Role, I: Memory, X: Extension> ReadHalf<'_, S, R, I, X> {
    /// Returns the stream.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// Returns why the connection has failed, with the value and the limit; `None` if it has not failed.
    #[must_use]
    pub fn violation(&self) -> Option<Violation> {
        self.inbound.violation()
    }

    /// Returns what the peer's Close said, once it was received (RFC 6455 sections 7.1.5 and 7.1.6).
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.inbound.close_reason()
    }

    /// Fails the connection with this code; the writing half sends the Close (RFC 6455 section 7.1.7).
    pub fn fail(&mut self, code: CloseCode) {
        self.inbound.fail(code);
        self.leave_pending();
    }

    fn leave_pending(&mut self) {
        let pending = self.inbound.take_pending();
        // Also at the end of the stream, which leaves no Close to be sent.
        let has_ended = !self.inbound.is_open() && !self.inbound.has_pending();
        self.slot.put(pending, has_ended);
    }
}

impl<S: Read, R: Role, I: Memory, X: Extension> ReadHalf<'_, S, R, I, X> {
    /// Reads the next message as [`WebSocket::read`] does; the answer to the latest Ping is left for the writing half.
    ///
    /// If the future is dropped, the next call continues.
    ///
    /// # Errors
    ///
    /// [`Error::Receive`], [`Error::Io`] or [`Error::NoReceiveBuffer`].
    pub async fn read<'m, B: Gather>(
        &'m mut self,
        assembler: &'m mut Assembler<B>,
    ) -> Result<Option<Message<'m>>, Error<S::Error>> {
        self.until_ready(|inbound| inbound.next_message(assembler))
            .await?;
        Ok(self.inbound.message(assembler))
    }

    /// Reads the next event as [`WebSocket::read_event`] does; its answer is left for the writing half before this returns.
    ///
    /// If the future is dropped, the next call continues.
    ///
    /// # Errors
    ///
    /// As [`ReadHalf::read`].
    pub async fn read_event(&mut self) -> Result<Option<Event<'_>>, Error<S::Error>> {
        self.until_ready(Inbound::next_event).await?;
        Ok(self.inbound.event())
    }

    async fn until_ready(
        &mut self,
        mut next: impl FnMut(&mut Inbound<R, I, X>) -> Result<Next, ReceiveError>,
    ) -> Result<(), Error<S::Error>> {
        loop {
            let next = next(&mut self.inbound);
            self.leave_pending();
            match next? {
                Next::Read => match self.stream.read(self.inbound.space()).await {
                    Ok(len) => self.inbound.read(len),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(Error::Io(error)),
                },
                Next::Memory => return Err(Error::NoReceiveBuffer),
                // The answer was left for the writing half.
                Next::Write | Next::Flush => {}
                Next::Ready | Next::Closed => return Ok(()),
            }
        }
    }
}

impl<S: Write, R: Role, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> WriteHalf<'_, S, R, O, X> {
    /// Waits until the reading half leaves something to answer, and sends the answer. Returns `false` once the reading
    /// half has received the peer's Close or an error, or was dropped, and what it left was sent.
    ///
    /// If the future is dropped, nothing is lost, so that it can be one of several that a task selects from. Other
    /// frames of this half are sent after what was left before.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] or [`Error::Refused`].
    pub async fn answer(&mut self) -> Result<bool, Error<S::Error>> {
        let slot = self.session.slot;
        let has_ended = poll_fn(|context| slot.poll(context)).await;
        self.flush().await?;
        Ok(!has_ended)
    }

    /// Abandons a frame that was begun and whose [`Frame`] was dropped: nothing more is sent, not even a Close. Between
    /// frames it does nothing.
    pub fn abandon(&mut self) {
        self.session.outbound.abandon();
    }
}

impl<R: Role, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> OutboundHalf<'_, R, O, X> {
    /// Queues what the reading half left, as far as there is room between frames.
    fn queue_pending(&mut self) {
        self.slot.take_to(&mut self.pending);
        self.outbound.send_pending(&mut self.pending);
    }
}

impl<S: Write, R: Role, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Sending<S> for OutboundHalf<'_, R, O, X> {}

impl<S: Write, R: Role, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> sealed::Sending<S>
    for OutboundHalf<'_, R, O, X>
{
    type Stream = S;
    type Error = S::Error;
    type Role = R;
    type Queue = O;
    type Extension = X;

    fn next_sent(&mut self, frame: &mut Frame<'_>) -> Result<Next, SendError> {
        if !frame.is_begun() {
            self.queue_pending();
        }
        self.outbound.next_sent(frame)
    }

    fn next_flush(&mut self) -> Next {
        self.queue_pending();
        self.outbound.next_flush()
    }

    fn outbound(&mut self) -> &mut Outbound<R, O, X> {
        &mut self.outbound
    }

    fn stream(stream: &mut S) -> &mut S {
        stream
    }
}

impl<S, R: Role, I: Memory, X: Extension> Drop for ReadHalf<'_, S, R, I, X> {
    fn drop(&mut self) {
        self.slot.put(Pending::NONE, true);
    }
}

impl<S, R: Role + fmt::Debug, I: Memory, X: Extension> fmt::Debug for ReadHalf<'_, S, R, I, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf")
            .field("inbound", &self.inbound)
            .finish_non_exhaustive()
    }
}

impl<R: fmt::Debug, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> fmt::Debug for OutboundHalf<'_, R, O, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundHalf")
            .field("outbound", &self.outbound)
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<S, R: Role + defmt::Format, I: Memory, X: Extension> defmt::Format for ReadHalf<'_, S, R, I, X> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "ReadHalf {{ inbound: {} }}", self.inbound);
    }
}

#[cfg(feature = "defmt")]
impl<R: defmt::Format, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> defmt::Format
    for OutboundHalf<'_, R, O, X>
{
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "OutboundHalf {{ outbound: {} }}", self.outbound);
    }
}
