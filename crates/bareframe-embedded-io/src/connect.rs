//! The client's side of the opening handshake (RFC 6455 section 4.1).

use crate::accept::begin;
use crate::error::{Error, HandshakeError};
use crate::head::Head;
use crate::socket::Socket;
use crate::websocket::WebSocket;
use bareframe::handshake::{Accept, Established, Key, Offer, Response, ResponseHead};
use bareframe::{Client, Config, Connection, Extension, MaskingKeys, Memory, Session};
use core::fmt;
use embedded_io_async::{ErrorKind, Read, Write};

/// A request for a WebSocket that is sent to a server, and its response.
///
/// ```
/// use bareframe_embedded_io::{Config, Connecting, Error, MaskingKey, Offer};
/// use embedded_io_async::{Read, Write};
///
/// /// `random` draws from the device's source of random numbers.
/// async fn hello<S: Read + Write>(stream: S, mut random: impl FnMut() -> u32) -> Result<(), Error<S::Error>> {
///     let offer = Offer::new("192.0.2.1:9001", "/");
///     let keys = || MaskingKey::new(random().to_ne_bytes());
///     let connecting = Connecting::new(stream, &offer, keys, [0; 1024])?;
///     let mut socket = connecting.establish(Config::DEFAULT, [0; 256], [0; 256]).await?;
///     socket.send_text("Hello").await
/// }
/// ```
pub struct Connecting<'o, S, K, M> {
    stream: S,
    offer: &'o Offer<'o>,
    accept: Accept,
    keys: K,
    /// The request, until it is written; then the response.
    head: Head<M, ResponseHead>,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Phase {
    /// How many bytes of the request were written.
    Writing(usize),
    Flushing,
    Reading,
}

impl<'o, S, K: MaskingKeys, M: AsRef<[u8]> + AsMut<[u8]>> Connecting<'o, S, K, M> {
    /// Creates the request in `memory`, which must also have room for the response; 1 KiB is enough for most servers.
    ///
    /// The nonce of the request is drawn from `keys`, which must be unpredictable.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Http`] for an offer that is not allowed in a request or does not fit.
    pub fn new(
        stream: S,
        offer: &'o Offer<'o>,
        mut keys: K,
        memory: M,
    ) -> Result<Connecting<'o, S, K, M>, HandshakeError> {
        let mut nonce = [0; 16];
        for piece in nonce.chunks_exact_mut(4) {
            piece.copy_from_slice(&keys.next_key().to_bytes());
        }
        let key = Key::from_random(nonce);
        let mut head = Head::new(memory);
        let encoded = offer.encode(&key, head.memory.as_mut());
        head.end = encoded.map_err(|error| HandshakeError::Http(error.into()))?;
        Ok(Connecting {
            stream,
            offer,
            accept: Accept::from_key(&key),
            keys,
            head,
            phase: Phase::Writing(0),
        })
    }

    /// Returns what both sides agreed on, when [`Connecting::response`] has returned the response.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Status`] if the server answered with another status than 101, or [`HandshakeError::Http`].
    pub fn established(&self) -> Result<Established<'_>, HandshakeError> {
        let parsed = self.head.parsed.ok_or(HandshakeError::Ended)?;
        let response = parsed.response(self.head.arrived());
        let established = response.upgrade(self.offer, &self.accept);
        let established = established.map_err(|error| HandshakeError::Http(error.into()))?;
        established.ok_or(HandshakeError::Status(response.status()))
    }

    /// Returns where the head of the response ends.
    fn head_len(&self) -> usize {
        self.head.parsed.map_or(0, |parsed| parsed.head_len())
    }
}

impl<S: Read + Write, K: MaskingKeys, M: AsRef<[u8]> + AsMut<[u8]>> Connecting<'_, S, K, M> {
    /// Writes the request, and returns the final response when its head has arrived.
    ///
    /// If the future is dropped, the next call continues.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] for a malformed head, [`Error::Io`] or [`Error::Refused`].
    pub async fn response(&mut self) -> Result<Response<'_>, Error<S::Error>> {
        while let Phase::Writing(from) = self.phase {
            let Some(rest) = self.head.arrived().get(from..).filter(|rest| !rest.is_empty()) else {
                self.phase = Phase::Flushing;
                break;
            };
            match self.stream.write(rest).await.map_err(Error::Io)? {
                0 => return Err(Error::Refused(ErrorKind::WriteZero)),
                written => self.phase = Phase::Writing(from.saturating_add(written)),
            }
        }
        if self.phase == Phase::Flushing {
            self.stream.flush().await.map_err(Error::Io)?;
            self.phase = Phase::Reading;
            self.head.end = 0;
        }
        while self.head.parsed.is_none() {
            self.head.read(&mut self.stream).await?.map_err(Error::http)?;
            let parsed = ResponseHead::parse(self.head.arrived_mut()).map_err(Error::http)?;
            match parsed.status() {
                101 | 200.. => self.head.parsed = Some(parsed),
                // Not final (RFC 9110 section 15.2).
                _ => self.head.drop_front(parsed.head_len()),
            }
        }
        let parsed = self.head.parsed.ok_or(HandshakeError::Ended)?;
        Ok(parsed.response(self.head.arrived()))
    }

    /// Creates the connection, when the server has accepted; `receive` has [`MIN_RECEIVE`](crate::MIN_RECEIVE) bytes or more and `send`
    /// [`MIN_SEND`](crate::MIN_SEND).
    ///
    /// If the future is dropped, the stream can't be used any more. Call [`Connecting::response`] first to keep it
    /// usable.
    ///
    /// # Errors
    ///
    /// As [`Connecting::response`] and [`Connecting::established`]; [`HandshakeError::ReceiveBuffer`].
    pub async fn establish<I: Memory, O: AsRef<[u8]> + AsMut<[u8]>>(
        mut self,
        config: Config,
        receive: I,
        send: O,
    ) -> Result<WebSocket<S, Client<K>, I, O>, Error<S::Error>> {
        self.response().await?;
        self.established()?;
        self.begin_session(|keys| Session::new(Connection::client(config, keys), receive, send))
    }

    /// Creates the connection of a session, which begins with what came after the response.
    #[expect(clippy::type_complexity, reason = "it names all that a connection is made of")]
    pub(crate) fn begin_session<I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
        self,
        create: impl FnOnce(K) -> Session<Client<K>, I, O, X>,
    ) -> Result<WebSocket<S, Client<K>, I, O, X>, Error<S::Error>> {
        let after = self.head.arrived().get(self.head_len()..).unwrap_or(&[]);
        let mut session = create(self.keys);
        begin(&mut session, after)?;
        Ok(Socket::new(self.stream, session))
    }

    /// Creates the connection as [`Connecting::establish`] does; the memory of the head is the receive buffer from now on.
    ///
    /// # Errors
    ///
    /// As [`Connecting::establish`].
    pub async fn establish_in_place<O: AsRef<[u8]> + AsMut<[u8]>>(
        mut self,
        config: Config,
        send: O,
    ) -> Result<WebSocket<S, Client<K>, M, O>, Error<S::Error>>
    where
        M: Memory,
    {
        self.response().await?;
        self.established()?;
        let after = self.head_len()..self.head.end;
        let mut session = Session::new(Connection::client(config, self.keys), self.head.memory, send);
        session.begin_with(after);
        Ok(Socket::new(self.stream, session))
    }
}

/// Shows nothing of the source of keys, which must not be in logs.
impl<S, K, M: fmt::Debug> fmt::Debug for Connecting<'_, S, K, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting")
            .field("phase", &self.phase)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl<S, K, M> defmt::Format for Connecting<'_, S, K, M> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Connecting {{ phase: {} }}", self.phase);
    }
}
