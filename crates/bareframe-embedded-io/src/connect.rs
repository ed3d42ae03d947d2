//! The client's side of the opening handshake (RFC 6455 section 4.1).

use crate::error::{Error, HandshakeError};
use crate::head::Head;
use crate::websocket::{Buffers, WebSocket};
use bareframe::handshake::{Accept, Established, Key, Offer, Response, ResponseHead};
use bareframe::{BufferTooSmall, Client, Config, MaskingKeys};
use embedded_io_async::{Read, Write};

/// A request for a WebSocket that is on its way to a server, and its response.
///
/// ```
/// use bareframe_embedded_io::{Buffers, Config, Connecting, Error, Offer, RandomKeys};
/// use embedded_io_async::{Read, Write};
/// use rand_core::CryptoRng;
///
/// async fn hello<S: Read + Write>(stream: S, generator: impl CryptoRng) -> Result<(), Error<S::Error>> {
///     let mut keys = RandomKeys(generator);
///     let mut head = [0; 1024];
///     let offer = Offer::new("192.0.2.1:9001", "/");
///     let mut connecting = Connecting::new(stream, &offer, keys.nonce(), &mut head)?;
///     connecting.response().await?;
///
///     let (mut receive, mut send) = ([0; 256], [0; 256]);
///     let buffers = Buffers::new(&mut receive, &mut send);
///     let mut socket = connecting.establish(Config::DEFAULT, keys, buffers)?;
///     socket.send_text("Hello").await
/// }
/// ```
#[derive(Debug)]
pub struct Connecting<'h, S> {
    stream: S,
    offer: &'h Offer<'h>,
    accept: Accept,
    /// The request, until it is written; then the response.
    head: Head<'h, ResponseHead>,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// So many bytes of the request were written.
    Writing(usize),
    Flushing,
    Reading,
}

impl<'h, S> Connecting<'h, S> {
    /// Creates the request in `memory`, which the response then has to fit too: 1 KiB does for most servers.
    ///
    /// The nonce is 16 bytes that nobody can predict, as [`RandomKeys::nonce`](crate::RandomKeys::nonce) draws them.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Encode`] for an offer that can't stand in a request or does not fit.
    pub fn new(
        stream: S,
        offer: &'h Offer<'h>,
        nonce: [u8; 16],
        memory: &'h mut [u8],
    ) -> Result<Connecting<'h, S>, HandshakeError> {
        let key = Key::from_random(nonce);
        let end = offer.encode(&key, memory)?;
        Ok(Connecting {
            stream,
            offer,
            accept: Accept::from_key(&key),
            head: Head::new(memory, end),
            phase: Phase::Writing(0),
        })
    }

    /// Returns what both sides agreed on, when [`Connecting::response`] has returned the response.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Status`] if the server gives no WebSocket, or [`HandshakeError::Response`].
    pub fn established(&self) -> Result<Established<'_>, HandshakeError> {
        let parsed = self.head.parsed.ok_or(HandshakeError::Ended)?;
        let response = parsed.response(self.head.arrived());
        let established = response.upgrade(self.offer, &self.accept)?;
        established.ok_or(HandshakeError::Status(response.status()))
    }

    /// Creates the connection.
    ///
    /// # Errors
    ///
    /// As [`Connecting::established`]; [`HandshakeError::Receive`].
    pub fn establish<'b, K: MaskingKeys>(
        self,
        config: Config,
        keys: K,
        buffers: Buffers<'b>,
    ) -> Result<WebSocket<'b, S, Client<K>>, HandshakeError> {
        self.established()?;
        let head_len = self.head_len();
        let behind = self.head.arrived().get(head_len..).unwrap_or(&[]);
        let arrived = 0..behind.len();
        let Some(room) = buffers.receive.get_mut(arrived.clone()) else {
            let needed = behind.len();
            return Err(HandshakeError::Receive(BufferTooSmall { needed }));
        };
        room.copy_from_slice(behind);
        let mut socket = WebSocket::client(self.stream, config, keys, buffers);
        socket.input.set_arrived(arrived);
        Ok(socket)
    }

    /// As [`Connecting::establish`]; the memory of the head is the receive buffer from now on.
    ///
    /// # Errors
    ///
    /// As [`Connecting::established`].
    pub fn establish_in_place<K: MaskingKeys>(
        self,
        config: Config,
        keys: K,
        send: &'h mut [u8],
    ) -> Result<WebSocket<'h, S, Client<K>>, HandshakeError> {
        self.established()?;
        let head_len = self.head_len();
        let receive = self.head.memory;
        let mut socket = WebSocket::client(self.stream, config, keys, Buffers::new(receive, send));
        socket.input.set_arrived(head_len..self.head.end);
        Ok(socket)
    }

    fn head_len(&self) -> usize {
        self.head.parsed.map_or(0, |parsed| parsed.head_len())
    }
}

impl<S: Read + Write> Connecting<'_, S> {
    /// Writes the request, and returns the final response when its head has arrived.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] for a malformed head, [`Error::Io`] or [`Error::WriteZero`].
    pub async fn response(&mut self) -> Result<Response<'_>, Error<S::Error>> {
        while let Phase::Writing(from) = self.phase {
            let Some(rest) = self.head.arrived().get(from..).filter(|rest| !rest.is_empty()) else {
                self.phase = Phase::Flushing;
                break;
            };
            match self.stream.write(rest).await.map_err(Error::Io)? {
                0 => return Err(Error::WriteZero),
                written => self.phase = Phase::Writing(from.saturating_add(written)),
            }
        }
        if self.phase == Phase::Flushing {
            self.stream.flush().await.map_err(Error::Io)?;
            self.phase = Phase::Reading;
            self.head.end = 0;
        }
        loop {
            self.head
                .read(&mut self.stream)
                .await?
                .map_err(HandshakeError::Head)?;
            let parsed = ResponseHead::parse(self.head.arrived_mut()).map_err(HandshakeError::Head)?;
            match parsed.status() {
                101 | 200.. => {
                    self.head.parsed = Some(parsed);
                    return Ok(parsed.response(self.head.arrived()));
                }
                // Not final (RFC 9110 section 15.2).
                _ => self.head.drop_front(parsed.head_len()),
            }
        }
    }
}
