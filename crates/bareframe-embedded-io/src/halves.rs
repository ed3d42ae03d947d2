//! A connection in two halves, for two tasks.

use crate::error::Error;
use crate::event::Event;
use crate::input::Input;
use crate::reader::{self, Conversation};
use crate::writer::Writer;
use bareframe::{
    Assembler, CloseCode, EndOfStream, Gather, Message, ProtocolError, Receiver, Reply, Role, Sender,
};
use core::fmt;
use embedded_io_async::{Read, Write};

/// The receiving half of a connection, for one task. [`WebSocket::split`](crate::WebSocket::split) makes it.
///
/// What it owes the peer it gives as a [`Reply`], which the caller carries to the other half after every call, by
/// whatever its tasks have between them:
///
/// ```
/// use bareframe_embedded_io::{Error, Event, ReadHalf, Role, WriteHalf};
/// use core::cell::Cell;
/// use embedded_io_async::{Read, Write};
///
/// async fn receive<S: Read, R: Role>(
///     mut half: ReadHalf<'_, S, R>,
///     carry: impl Fn(bareframe_embedded_io::Reply),
/// ) -> Result<(), Error<S::Error>> {
///     loop {
///         let event = half.read_event().await;
///         let done = !matches!(event, Ok(Some(_)));
///         event?;
///         while let Some(reply) = half.poll_reply() {
///             carry(reply);
///         }
///         if done {
///             return Ok(());
///         }
///     }
/// }
///
/// async fn answer<S: Write, R: Role>(
///     half: &mut WriteHalf<'_, S, R>,
///     carried: &Cell<Option<bareframe_embedded_io::Reply>>,
/// ) -> Result<(), Error<S::Error>> {
///     if let Some(reply) = carried.take() {
///         half.reply(reply).await?;
///     }
///     half.flush().await
/// }
/// ```
pub struct ReadHalf<'b, S, R> {
    input: Input<'b>,
    receiving: Receiving<S, R>,
}

/// The sending half of a connection, for one task. [`WebSocket::split`](crate::WebSocket::split) makes it.
pub type WriteHalf<'b, S, R> = Writer<'b, S, Sender<R>>;

/// What the reading loop works with.
struct Receiving<S, R> {
    stream: S,
    receiver: Receiver<R>,
    /// The peer's Close has come.
    closed: bool,
}

impl<'b, S, R: Role> ReadHalf<'b, S, R> {
    pub(crate) const fn new(
        stream: S,
        receiver: Receiver<R>,
        input: Input<'b>,
        closed: bool,
    ) -> ReadHalf<'b, S, R> {
        let receiving = Receiving {
            stream,
            receiver,
            closed,
        };
        ReadHalf { input, receiving }
    }

    /// Gives what is owed to the peer, for [`Writer::reply`] of the other half: poll after every call, also after one
    /// that failed.
    #[must_use]
    pub fn poll_reply(&mut self) -> Option<Reply> {
        self.receiving.receiver.poll_reply()
    }

    /// As [`WebSocket::fail`](crate::WebSocket::fail).
    pub fn fail(&mut self, code: CloseCode) {
        self.receiving.receiver.fail(code);
    }

    /// Gives the stream.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.receiving.stream
    }
}

impl<S: Read, R: Role> ReadHalf<'_, S, R> {
    /// As [`WebSocket::read`](crate::WebSocket::read); Pings within the time that this takes are answered by the latest
    /// alone, so that [`ReadHalf::read_event`] is better where messages take long.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], [`Error::AbnormalClosure`] or [`Error::Io`].
    pub async fn read<'m, B: Gather>(
        &'m mut self,
        assembler: &'m mut Assembler<B>,
    ) -> Result<Option<Message<'m>>, Error<S::Error>> {
        reader::read(&mut self.input, &mut self.receiving, assembler).await
    }

    /// As [`WebSocket::read_event`](crate::WebSocket::read_event).
    ///
    /// # Errors
    ///
    /// As [`ReadHalf::read`].
    pub async fn read_event(&mut self) -> Result<Option<Event<'_>>, Error<S::Error>> {
        reader::read_event(&mut self.input, &mut self.receiving).await
    }
}

impl<S: Write, R: Role> WriteHalf<'_, S, R> {
    /// Queues what the receiving half owes, for [`Writer::flush`] to send; nothing once our Close was sent. If the future
    /// is dropped, nothing was queued.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] within a frame, [`Error::Io`] or [`Error::WriteZero`].
    pub async fn reply(&mut self, reply: Reply) -> Result<(), Error<S::Error>> {
        self.make_ready().await?;
        if let Some(frame) = self.speaker.reply(reply) {
            self.queue(&frame)?;
        }
        Ok(())
    }
}

impl<S: Read, R: Role> Conversation for Receiving<S, R> {
    type Error = S::Error;

    fn receive<'i>(
        &mut self,
        input: &mut &'i mut [u8],
    ) -> Result<Option<bareframe::Event<'i>>, ProtocolError> {
        let event = self.receiver.receive(input);
        if let Ok(Some(bareframe::Event::Close(_))) = &event {
            self.closed = true;
        }
        event
    }

    fn fail(&mut self, code: CloseCode) {
        self.receiver.fail(code);
    }

    fn answer(&mut self) {}

    async fn make_room(&mut self) -> Result<(), Error<S::Error>> {
        Ok(())
    }

    async fn refill(&mut self, input: &mut Input<'_>) -> Result<bool, Error<S::Error>> {
        if self.closed {
            return Ok(false);
        }
        if input.fill(&mut self.stream).await? {
            return Ok(true);
        }
        match self.receiver.receive_eof() {
            EndOfStream::Clean => Ok(false),
            EndOfStream::Abnormal => Err(Error::AbnormalClosure),
        }
    }

    async fn give_up(&mut self) {}
}

impl<S, R> fmt::Debug for ReadHalf<'_, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}
