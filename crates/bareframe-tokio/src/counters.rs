//! What was received and sent, in numbers.

use bareframe::{CloseCode, Data, Event, Message};
use std::collections::BTreeMap;

/// What a connection has received, or what it has sent, in numbers.
///
/// [`WebSocket::received`](crate::WebSocket::received) and [`WebSocket::sent`](crate::WebSocket::sent) return them, and so do the halves. They
/// are values: [`Totals`] adds up those of many connections.
///
/// ```
/// use bareframe_tokio::{CloseCode, Error, Options, WebSocket};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let (of_client, of_server) = tokio::io::duplex(64);
/// let server = tokio::spawn(async move {
///     let mut socket = WebSocket::server(of_server, &Options::DEFAULT);
///     while socket.read().await?.is_some() {}
///     Ok::<_, Error>((socket.received(), socket.sent()))
/// });
/// let mut socket = WebSocket::client(of_client, &Options::DEFAULT)?;
/// socket.send("Hello").await?;
/// socket.ping("").await?;
/// socket.send_close(CloseCode::GOING_AWAY, "").await?;
/// assert!(socket.read().await?.is_none());
///
/// let (received, sent) = server.await.unwrap()?;
/// assert_eq!((received.messages(), received.payload_bytes(), received.pings()), (1, 5, 1));
/// assert_eq!(received.close_code(), Some(CloseCode::GOING_AWAY));
/// // The Pong and the Close are of 2 and 4 bytes.
/// assert_eq!((sent.pongs(), sent.closes(), sent.bytes()), (1, 1, 6));
/// assert_eq!((received.frames(), sent.frames()), (3, 2));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Counters {
    bytes: u64,
    data_frames: u64,
    messages: u64,
    payload_bytes: u64,
    controls: Controls,
}

/// The control frames among them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Controls {
    pub(crate) pings: u64,
    pub(crate) pongs: u64,
    pub(crate) closes: u64,
    pub(crate) close_code: Option<CloseCode>,
}

/// Messages of a frame each, which a session does not see.
#[derive(Debug, Default)]
pub(crate) struct WholeMessages {
    messages: u64,
    bytes: u64,
    payload_bytes: u64,
}

impl WholeMessages {
    #[inline]
    pub(crate) const fn add(&mut self, len: usize, payload_len: usize) {
        self.messages = self.messages.saturating_add(1);
        self.bytes = self.bytes.saturating_add(len as u64);
        self.payload_bytes = self.payload_bytes.saturating_add(payload_len as u64);
    }
}

/// The sum of the [`Counters`] of any number of connections, of one direction.
///
/// ```
/// use bareframe_tokio::{CloseCode, Counters, Error, Options, Totals, WebSocket};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let mut sent = Totals::default();
/// for text in ["Hello", "Good day"] {
///     let (stream, peer) = tokio::io::duplex(64);
///     let mut socket = WebSocket::server(stream, &Options::DEFAULT);
///     socket.send(text).await?;
///     socket.send_close(CloseCode::GOING_AWAY, "").await?;
///     sent.add(&socket.sent());
///     # drop(peer);
/// }
/// assert_eq!((sent.connections(), sent.messages(), sent.payload_bytes()), (2, 2, 13));
/// assert!(sent.close_codes().eq([(Some(CloseCode::GOING_AWAY), 2)]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    connections: u64,
    bytes: u64,
    frames: u64,
    messages: u64,
    payload_bytes: u64,
    pings: u64,
    pongs: u64,
    close_codes: BTreeMap<Option<CloseCode>, u64>,
}

impl Counters {
    /// Returns these numbers with those that a session has counted: the frames of messages, and the control frames.
    pub(crate) const fn with_frames(mut self, data_frames: u64, controls: Controls) -> Counters {
        self.data_frames = self.data_frames.saturating_add(data_frames);
        self.controls = controls;
        self
    }

    /// Adds bytes that were read from the stream or written to it.
    #[inline]
    pub(crate) const fn add_bytes(&mut self, len: usize) {
        self.bytes = self.bytes.saturating_add(len as u64);
    }

    /// Adds payload of a message, which ends with it if this is the last.
    #[inline]
    pub(crate) const fn add_payload(&mut self, len: usize, is_last: bool) {
        self.payload_bytes = self.payload_bytes.saturating_add(len as u64);
        self.messages = self.messages.saturating_add(is_last as u64);
    }

    /// Adds messages of a frame each that no session has seen.
    pub(crate) const fn add_whole(&mut self, whole: &WholeMessages) {
        self.bytes = self.bytes.saturating_add(whole.bytes);
        self.data_frames = self.data_frames.saturating_add(whole.messages);
        self.messages = self.messages.saturating_add(whole.messages);
        self.payload_bytes = self.payload_bytes.saturating_add(whole.payload_bytes);
    }

    /// Adds a message that is returned.
    #[inline]
    pub(crate) fn message<'m>(&mut self, message: Option<Message<'m>>) -> Option<Message<'m>> {
        let message = message?;
        self.add_payload(message.payload().len(), true);
        Some(message)
    }

    /// Adds an event that is returned.
    #[inline]
    pub(crate) fn event<'e>(&mut self, event: Option<Event<'e>>) -> Option<Event<'e>> {
        let event = event?;
        if let Event::Data(data) = &event {
            self.add_payload(Data::payload(data).len(), data.is_last());
        }
        Some(event)
    }

    /// Returns how many bytes of frames were read from the stream or written to it, headers among them. Those of the opening handshake
    /// and of TLS are not.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns how many frames were received or sent: messages, their fragments (RFC 6455 section 5.4) and control frames. A frame that is
    /// received counts when all of it is there, or with its header if another one of the message follows. One that is sent counts when
    /// it is queued, or the beginning of it.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        let Controls {
            pings,
            pongs,
            closes,
            close_code: _,
        } = self.controls;
        let controls = pings.saturating_add(pongs).saturating_add(closes);
        self.data_frames.saturating_add(controls)
    }

    /// Returns how many messages were received or sent, each with its last fragment. One that was received counts when a call returns it or
    /// the last of it; one that is sent when the connection has taken it.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.messages
    }

    /// Returns how many bytes of payload those messages and their fragments have, as the program sees them: a message that is compressed has
    /// fewer on the wire.
    #[must_use]
    pub const fn payload_bytes(&self) -> u64 {
        self.payload_bytes
    }

    /// Returns how many Pings were received or sent, those of a keepalive too (RFC 6455 section 5.5.2).
    #[must_use]
    pub const fn pings(&self) -> u64 {
        self.controls.pings
    }

    /// Returns how many Pongs were received or sent, answers among them (RFC 6455 section 5.5.3).
    #[must_use]
    pub const fn pongs(&self) -> u64 {
        self.controls.pongs
    }

    /// Returns how many Closes were received or sent: of one connection 1 at most.
    #[must_use]
    pub const fn closes(&self) -> u64 {
        self.controls.closes
    }

    /// Returns the code of the Close that was received or sent; `None` if it had none, or if there was none ([`Counters::closes`]).
    #[must_use]
    pub const fn close_code(&self) -> Option<CloseCode> {
        self.controls.close_code
    }
}

impl Totals {
    /// Adds what a connection has received, or what it has sent; once, when it has ended.
    pub fn add(&mut self, counters: &Counters) {
        let add = |sum: &mut u64, number: u64| *sum = sum.saturating_add(number);
        add(&mut self.connections, 1);
        add(&mut self.bytes, counters.bytes);
        add(&mut self.frames, counters.frames());
        add(&mut self.messages, counters.messages);
        add(&mut self.payload_bytes, counters.payload_bytes);
        add(&mut self.pings, counters.pings());
        add(&mut self.pongs, counters.pongs());
        if counters.closes() > 0 {
            add(self.close_codes.entry(counters.close_code()).or_default(), 1);
        }
    }

    /// Returns how many connections were added.
    #[must_use]
    pub const fn connections(&self) -> u64 {
        self.connections
    }

    /// Returns the sum of [`Counters::bytes`].
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the sum of [`Counters::frames`].
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// Returns the sum of [`Counters::messages`].
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.messages
    }

    /// Returns the sum of [`Counters::payload_bytes`].
    #[must_use]
    pub const fn payload_bytes(&self) -> u64 {
        self.payload_bytes
    }

    /// Returns the sum of [`Counters::pings`].
    #[must_use]
    pub const fn pings(&self) -> u64 {
        self.pings
    }

    /// Returns the sum of [`Counters::pongs`].
    #[must_use]
    pub const fn pongs(&self) -> u64 {
        self.pongs
    }

    /// Returns each code of a Close and how many connections had it, the Closes without a code first.
    pub fn close_codes(&self) -> impl Iterator<Item = (Option<CloseCode>, u64)> {
        self.close_codes.iter().map(|(code, number)| (*code, *number))
    }
}
