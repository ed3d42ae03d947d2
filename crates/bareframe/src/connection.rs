//! Both halves of one endpoint, and what one tells the other (RFC 6455 sections 5.5 and 7).

use crate::close::CloseCode;
use crate::control::ControlFrame;
use crate::error::{ProtocolError, SendError};
use crate::limits::Config;
use crate::mask::MaskingKeys;
use crate::opcode::{MessageKind, Rsv};
use crate::receiver::{EndOfStream, Event, Receiver, ReceiverState};
use crate::role::{Client, Role, Server};
use crate::sender::{Outgoing, Sender};
use crate::violation::Violation;

/// One endpoint of a connection whose opening handshake is done: bytes in, events out, and back.
///
/// ```
/// use bareframe::{Config, Connection, Event};
///
/// let mut server = Connection::server(Config::DEFAULT);
/// // What a client sends: a text frame and a Ping, in one read here, but any cut gives the same.
/// let mut bytes = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89\x80\x01\x02\x03\x04";
/// let mut input = &mut bytes[..];
/// let mut output = Vec::new();
/// while let Some(event) = server.receive(&mut input)? {
///     if let Event::Data(data) = event {
///         assert_eq!(data.as_str(), Some("Hello"));
///         let mut frame = [0; 16];
///         let len = server.encode_text("Hi", &mut frame)?;
///         output.extend_from_slice(&frame[..len]);
///     }
///     while let Some(frame) = server.poll_transmit() {
///         output.extend_from_slice(&frame);
///     }
/// }
/// assert_eq!(output, b"\x81\x02Hi\x8a\x00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Connection<R> {
    receiver: Receiver<R>,
    sender: Sender<R>,
}

/// How far the closing of a connection is (RFC 6455 section 7.1).
///
/// ```
/// use bareframe::{Config, Connection, State};
/// let mut server = Connection::server(Config::DEFAULT);
/// assert_eq!(server.state(), State::Open);
/// server.close(None, "")?;
/// assert_eq!(server.state(), State::CloseSent);
/// # Ok::<(), bareframe::SendError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum State {
    /// Data goes both ways.
    Open,
    /// Our Close was sent; data still arrives until the peer's Close.
    CloseSent,
    /// The peer's Close arrived; ours was not sent yet, and data may still be sent before it.
    CloseReceived,
    /// Both Close frames passed: a server closes the TCP connection now, and a client waits for that.
    Closed,
    /// An error, a call of `fail`, or an end of the stream before the closing handshake was done.
    Failed,
}

impl State {
    pub(crate) const fn of(receiver: &ReceiverState, close_sent: bool) -> State {
        match (receiver, close_sent) {
            (ReceiverState::Failed(..) | ReceiverState::Ended, _) => State::Failed,
            (ReceiverState::Closed(_), true) => State::Closed,
            (ReceiverState::Closed(_), false) => State::CloseReceived,
            (ReceiverState::Open(_), true) => State::CloseSent,
            (ReceiverState::Open(_), false) => State::Open,
        }
    }
}

impl Connection<Server> {
    /// Creates the server's end.
    #[must_use]
    pub const fn server(config: Config) -> Connection<Server> {
        Connection {
            receiver: Receiver::new(config),
            sender: Sender::new(Server::new(), config.rsv()),
        }
    }
}

impl<K: MaskingKeys> Connection<Client<K>> {
    /// Creates the client's end with its source of masking keys.
    #[must_use]
    pub const fn client(config: Config, keys: K) -> Connection<Client<K>> {
        Connection {
            receiver: Receiver::new(config),
            sender: Sender::new(Client { keys }, config.rsv()),
        }
    }
}

impl<R: Role> Connection<R> {
    /// Reads bytes from the front of `input` and returns the next event; `None` when it has taken all of them. See
    /// [`Receiver::receive`].
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`] at the byte that proves it, where `input` then begins. Every later call takes nothing and
    /// returns the same error.
    #[inline]
    pub fn receive<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, ProtocolError> {
        self.receiver.receive(input)
    }

    /// Tells the engine that the stream has ended, and returns how: clean if both Close frames passed (RFC 6455 section
    /// 7.1.4).
    pub fn receive_eof(&mut self) -> EndOfStream {
        self.receiver.receive_eof();
        match self.state() {
            State::Closed => EndOfStream::Clean,
            _ => EndOfStream::Abnormal,
        }
    }

    /// Returns the next control frame that must be sent to the peer: the Pong to its latest Ping, then a Close. Each is
    /// returned once.
    ///
    /// Call it after every event and after an error, and send what it returns between frames.
    #[must_use]
    #[inline]
    pub fn poll_transmit(&mut self) -> Option<ControlFrame> {
        let is_open = self.receiver.is_open();
        let (opcode, payload) = self.receiver.next_reply()?;
        self.sender.answer(opcode, payload, is_open)
    }

    /// Begins a frame of a message. See [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send`]; [`SendError::Closed`] also when the connection has failed.
    #[inline]
    pub fn send(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        fin: bool,
        payload_len: u64,
    ) -> Result<Outgoing<R>, SendError> {
        self.check_open()?;
        self.sender.send(kind, rsv, fin, payload_len)
    }

    /// Writes a whole message in one frame to the front of `out` and gives its length in bytes. See
    /// [`Sender::encode`].
    ///
    /// # Errors
    ///
    /// As [`Sender::encode`]; [`SendError::Closed`] also when the connection has failed.
    #[inline]
    pub fn encode(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        payload: &[u8],
        out: &mut [u8],
    ) -> Result<usize, SendError> {
        self.check_open()?;
        self.sender.encode(kind, rsv, payload, out)
    }

    /// Writes a whole text message in one frame to the front of `out`, and returns its length in bytes.
    ///
    /// # Errors
    ///
    /// As [`Connection::encode`].
    #[inline]
    pub fn encode_text(&mut self, text: &str, out: &mut [u8]) -> Result<usize, SendError> {
        self.encode(MessageKind::Text, Rsv::NONE, text.as_bytes(), out)
    }

    /// Writes a whole binary message in one frame to the front of `out`, and returns its length in bytes.
    ///
    /// ```
    /// use bareframe::{Config, Connection};
    /// let mut server = Connection::server(Config::DEFAULT);
    /// let mut out = [0; 16];
    /// let len = server.encode_binary(b"\xff", &mut out)?;
    /// assert_eq!(&out[..len], b"\x82\x01\xff");
    /// # Ok::<(), bareframe::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Connection::encode`].
    #[inline]
    pub fn encode_binary(&mut self, payload: &[u8], out: &mut [u8]) -> Result<usize, SendError> {
        self.encode(MessageKind::Binary, Rsv::NONE, payload, out)
    }

    /// Creates a Ping with at most 125 bytes of payload. See [`Sender::ping`].
    ///
    /// # Errors
    ///
    /// As [`Sender::ping`]; [`SendError::Closed`] also when the connection has failed.
    pub fn ping(&mut self, payload: &[u8]) -> Result<ControlFrame, SendError> {
        self.check_open()?;
        self.sender.ping(payload)
    }

    /// Creates a Pong that answers no Ping. See [`Sender::pong`].
    ///
    /// # Errors
    ///
    /// As [`Sender::ping`]; [`SendError::Closed`] also when the connection has failed, or when both Close frames passed.
    pub fn pong(&mut self, payload: &[u8]) -> Result<ControlFrame, SendError> {
        if self.sender.is_closed() && !self.receiver.is_open() {
            return Err(SendError::Closed);
        }
        self.check_open()?;
        self.sender.pong(payload)
    }

    /// Creates our Close, or our answer to the peer's. See [`Sender::close`].
    ///
    /// # Errors
    ///
    /// As [`Sender::close`]; [`SendError::Closed`] also when the connection has failed.
    pub fn close(&mut self, code: Option<CloseCode>, reason: &str) -> Result<ControlFrame, SendError> {
        self.check_open()?;
        self.sender.close(code, reason)
    }

    /// Fails the connection on behalf of a layer above, such as an extension. See [`Receiver::fail`].
    pub fn fail(&mut self, code: CloseCode) {
        self.receiver.fail(code);
    }

    /// Returns why the connection has failed, with the numbers that belong to it. See [`Receiver::violation`].
    #[must_use]
    pub fn violation(&self) -> Option<Violation> {
        self.receiver.violation()
    }

    /// Returns how far the closing of the connection is.
    #[must_use]
    pub fn state(&self) -> State {
        State::of(self.receiver.state(), self.sender.is_closed())
    }

    /// Splits the connection into its halves, for two threads or tasks. The caller passes each [`Reply`](crate::Reply)
    /// of the receiver to the sender.
    #[must_use]
    pub fn split(self) -> (Receiver<R>, Sender<R>) {
        (self.receiver, self.sender)
    }

    #[inline]
    fn check_open(&self) -> Result<(), SendError> {
        match self.receiver.state() {
            ReceiverState::Failed(..) | ReceiverState::Ended => Err(SendError::Closed),
            ReceiverState::Closed(_) | ReceiverState::Open(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::MaskingKey;

    const SERVER: Connection<Server> = Connection::server(Config::DEFAULT);

    #[test]
    fn a_server_is_at_most_320_bytes_and_a_client_that_and_its_keys() {
        struct Keys(#[expect(dead_code, reason = "only its size matters")] [u64; 5]);
        impl MaskingKeys for Keys {
            fn next_key(&mut self) -> MaskingKey {
                MaskingKey::new([0; 4])
            }
        }
        const CLIENT: Connection<Client<Keys>> = Connection::client(Config::DEFAULT, Keys([0; 5]));
        assert!(size_of_val(&SERVER) <= 320, "{}", size_of_val(&SERVER));
        assert!(size_of_val(&CLIENT) <= 320 + size_of::<Keys>());
    }
}
