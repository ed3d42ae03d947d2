//! A connection whose opening handshake is done.

use crate::error::Error;
use crate::event::Event;
use crate::halves::{ReadHalf, WriteHalf};
use crate::input::Input;
use crate::reader::{self, Conversation};
use crate::writer::Writer;
use bareframe::{
    Assembler, Client, CloseCode, Config, Connection, EndOfStream, Gather, MaskingKeys, Message, MessageKind,
    ProtocolError, Role, Server, State,
};
use core::fmt;
use embedded_io_async::{Read, Write};

/// A WebSocket over a stream.
///
/// ```
/// use bareframe_embedded_io::{Buffers, Config, Error, Event, WebSocket};
/// use embedded_io_async::{Read, Write};
///
/// /// Counts the octets of messages that may be longer than any memory.
/// async fn count<S: Read + Write>(stream: S) -> Result<(), Error<S::Error>> {
///     let (mut receive, mut send) = ([0; 64], [0; 131]);
///     let buffers = Buffers::new(&mut receive, &mut send);
///     let mut socket = WebSocket::server(stream, Config::DEFAULT, buffers);
///     let mut octets = 0;
///     while let Some(event) = socket.read_event().await? {
///         let Event::Data(piece) = event else { continue };
///         octets += piece.payload().len();
///         if piece.is_last() {
///             socket.send_binary(&octets.to_be_bytes()).await?;
///             octets = 0;
///         }
///     }
///     Ok(())
/// }
/// ```
pub struct WebSocket<'b, S, R: Role> {
    pub(crate) input: Input<'b>,
    pub(crate) writer: Writer<'b, S, Connection<R>>,
}

/// The memory of a connection.
#[derive(Debug, PartialEq, Eq)]
pub struct Buffers<'b> {
    pub(crate) receive: &'b mut [u8],
    pub(crate) send: &'b mut [u8],
}

impl<'b> Buffers<'b> {
    /// Creates the memory of a connection.
    ///
    /// `receive` is what is read from the stream at once: [`MIN_RECEIVE`](crate::MIN_RECEIVE) bytes or more. Payload is
    /// lent from it, and a message that arrives within it as a whole is not copied. `send` is what is written to the stream
    /// at once: [`MIN_SEND`](crate::MIN_SEND) bytes or more.
    pub const fn new(receive: &'b mut [u8], send: &'b mut [u8]) -> Buffers<'b> {
        Buffers { receive, send }
    }
}

impl<'b, S> WebSocket<'b, S, Server> {
    /// Takes a stream whose opening handshake is done, as its server.
    #[must_use]
    pub const fn server(stream: S, config: Config, buffers: Buffers<'b>) -> WebSocket<'b, S, Server> {
        WebSocket {
            input: Input::new(buffers.receive),
            writer: Writer::new(stream, Connection::server(config), buffers.send),
        }
    }
}

impl<'b, S, K: MaskingKeys> WebSocket<'b, S, Client<K>> {
    /// Takes a stream whose opening handshake is done, as its client.
    #[must_use]
    pub const fn client(
        stream: S,
        config: Config,
        keys: K,
        buffers: Buffers<'b>,
    ) -> WebSocket<'b, S, Client<K>> {
        WebSocket {
            input: Input::new(buffers.receive),
            writer: Writer::new(stream, Connection::client(config, keys), buffers.send),
        }
    }
}

impl<'b, S, R: Role> WebSocket<'b, S, R> {
    /// Gives what sends on this connection.
    pub const fn writer(&mut self) -> &mut Writer<'b, S, Connection<R>> {
        &mut self.writer
    }

    /// Gives the stream.
    #[must_use]
    pub const fn stream(&self) -> &S {
        self.writer.stream()
    }

    /// Gives the stream back; what was not written or read is lost.
    #[must_use]
    pub fn into_stream(self) -> S {
        self.writer.stream
    }

    /// Tells how far the closing of the connection is.
    #[must_use]
    pub fn state(&self) -> State {
        self.writer.speaker.state()
    }

    /// Fails the connection with this code, for an extension or for data that the caller can't take; the next call that
    /// reads or flushes tells the peer (RFC 6455 section 7.1.7).
    pub fn fail(&mut self, code: CloseCode) {
        self.writer.fail(code);
        self.writer.answer();
    }

    /// Gives two halves, for two tasks; `split` gives the two halves of the stream.
    pub fn split<T, U>(self, split: impl FnOnce(S) -> (T, U)) -> (ReadHalf<'b, T, R>, WriteHalf<'b, U, R>) {
        let input = self.input;
        let (write_half, (stream, receiver, closed)) = self.writer.part(|stream, connection| {
            let closed = matches!(connection.state(), State::CloseReceived | State::Closed);
            let (reading, writing) = split(stream);
            let (receiver, sender) = connection.split();
            (writing, sender, (reading, receiver, closed))
        });
        (ReadHalf::new(stream, receiver, input, closed), write_half)
    }
}

impl<'b, S: Read + Write, R: Role> WebSocket<'b, S, R> {
    /// Reads the next message, and gathers it in the assembler's memory if it came in pieces; `None` when the
    /// connection was closed. A message that does not fit the memory is refused with 1009.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], after the peer was told; [`Error::AbnormalClosure`]; [`Error::Io`] or
    /// [`Error::WriteZero`].
    pub async fn read<'m, B: Gather>(
        &'m mut self,
        assembler: &'m mut Assembler<B>,
    ) -> Result<Option<Message<'m>>, Error<S::Error>> {
        reader::read(&mut self.input, &mut self.writer, assembler).await
    }

    /// As [`WebSocket::read`], with what sends while the message is lent.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub async fn read_with_writer<'m, B: Gather>(
        &'m mut self,
        assembler: &'m mut Assembler<B>,
    ) -> Result<Option<(Message<'m>, &'m mut Writer<'b, S, Connection<R>>)>, Error<S::Error>> {
        let message = reader::read(&mut self.input, &mut self.writer, assembler).await?;
        Ok(message.map(|message| (message, &mut self.writer)))
    }

    /// Reads the next event; `None` when the connection was closed. After the peer's Close, call it once more: that
    /// writes the answer.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub async fn read_event(&mut self) -> Result<Option<Event<'_>>, Error<S::Error>> {
        reader::read_event(&mut self.input, &mut self.writer).await
    }

    /// As [`WebSocket::read_event`], with what sends while the event is lent.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub async fn read_event_with_writer(
        &mut self,
    ) -> Result<Option<(Event<'_>, &mut Writer<'b, S, Connection<R>>)>, Error<S::Error>> {
        let event = reader::read_event(&mut self.input, &mut self.writer).await?;
        Ok(event.map(|event| (event, &mut self.writer)))
    }

    /// As [`Writer::send`].
    ///
    /// # Errors
    ///
    /// As [`Writer::send`].
    pub async fn send(&mut self, kind: MessageKind, payload: &[u8]) -> Result<(), Error<S::Error>> {
        self.writer.send(kind, payload).await
    }

    /// As [`Writer::send_text`].
    ///
    /// # Errors
    ///
    /// As [`Writer::send`].
    pub async fn send_text(&mut self, text: &str) -> Result<(), Error<S::Error>> {
        self.writer.send_text(text).await
    }

    /// As [`Writer::send_binary`].
    ///
    /// # Errors
    ///
    /// As [`Writer::send`].
    pub async fn send_binary(&mut self, octets: &[u8]) -> Result<(), Error<S::Error>> {
        self.writer.send_binary(octets).await
    }

    /// As [`Writer::ping`].
    ///
    /// # Errors
    ///
    /// As [`Writer::ping`].
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error<S::Error>> {
        self.writer.ping(payload).await
    }

    /// Closes the connection: sends our Close if none was sent, and waits for the peer's; data that still arrives is
    /// dropped. The stream is then for the caller to end: a server does so at once, a client when the server has
    /// (RFC 6455 section 7.1.1). So is a limit to the time.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`], and [`Error::Send`].
    pub async fn close(&mut self, code: Option<CloseCode>, reason: &str) -> Result<(), Error<S::Error>> {
        if matches!(self.state(), State::Open | State::CloseReceived) {
            self.writer.send_close(code, reason).await?;
        }
        reader::drop_all(&mut self.input, &mut self.writer).await
    }
}

impl<S, R: Role> Writer<'_, S, Connection<R>> {
    /// Queues what the engine owes, as far as there is room.
    fn answer(&mut self) {
        while self.is_ready()
            && let Some(frame) = self.speaker.poll_transmit()
        {
            // There is room.
            let _ = self.queue(&frame);
        }
    }

    fn fail(&mut self, code: CloseCode) {
        self.speaker.fail(code);
    }
}

impl<S: Read + Write, R: Role> Conversation for Writer<'_, S, Connection<R>> {
    type Error = S::Error;

    fn receive<'i>(
        &mut self,
        input: &mut &'i mut [u8],
    ) -> Result<Option<bareframe::Event<'i>>, ProtocolError> {
        self.speaker.receive(input)
    }

    fn fail(&mut self, code: CloseCode) {
        self.speaker.fail(code);
    }

    fn answer(&mut self) {
        self.answer();
    }

    async fn make_room(&mut self) -> Result<(), Error<S::Error>> {
        // Within a frame of ours nothing can be answered; the engine keeps what it owes.
        if self.payload_left() > 0 {
            return Ok(());
        }
        let ready = self.make_ready().await;
        // Behind our Close only Pongs wait; what has arrived counts for more.
        match self.speaker.state() {
            State::CloseSent | State::Closed => Ok(()),
            _ => ready,
        }
    }

    async fn refill(&mut self, input: &mut Input<'_>) -> Result<bool, Error<S::Error>> {
        match (self.flush().await, self.speaker.state()) {
            // The peer may have closed the stream behind its Close, which has arrived and is still to be read.
            (Err(error), State::CloseSent) => {
                return match input.fill(&mut self.stream).await {
                    Ok(true) => Ok(true),
                    _ => Err(error),
                };
            }
            // A peer that has closed need not have waited for our answer.
            (_, State::Closed) => return Ok(false),
            (flushed, _) => flushed?,
        }
        if self.speaker.state() == State::CloseReceived {
            return Ok(false);
        }
        if input.fill(&mut self.stream).await? {
            return Ok(true);
        }
        match self.speaker.receive_eof() {
            EndOfStream::Clean => Ok(false),
            EndOfStream::Abnormal => Err(Error::AbnormalClosure),
        }
    }

    async fn give_up(&mut self) {
        let _ = self.flush().await;
    }
}

impl<S, R: Role> fmt::Debug for WebSocket<'_, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("state", &self.state())
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}
