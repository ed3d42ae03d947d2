//! Messages and their pieces, lent from where they were received.

use bareframe::{CloseReason, ControlPayload, Message, MessageKind, Rsv};

/// A whole message in memory of its own.
///
/// ```
/// use bareframe_std::{Options, OwnedMessage, Untimed, WebSocket};
/// use std::io::Cursor;
/// let octets = Cursor::new(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec());
/// let mut server = WebSocket::server(Untimed(octets), &Options::DEFAULT);
/// let message = server.read()?.map(OwnedMessage::from);
/// assert_eq!(message.unwrap(), OwnedMessage::Text("Hello".to_owned()));
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum OwnedMessage {
    /// Text.
    Text(String),
    /// Octets; also text that an extension changed.
    Binary(Vec<u8>),
}

/// What the peer said, piece by piece, lent until the next call on its connection.
///
/// [`WebSocket::read_event`](crate::WebSocket::read_event) gives it.
#[derive(PartialEq, Eq, Debug)]
pub enum Event<'e> {
    /// The next piece of a text or binary message.
    Data(Piece<'e>),
    /// A Ping, which is answered already if the configuration does not say otherwise (RFC 6455 section
    /// 5.5.2).
    Ping(ControlPayload),
    /// A Pong (RFC 6455 section 5.5.3).
    Pong(ControlPayload),
    /// The peer's Close, which is answered already; nothing more is delivered after it (RFC 6455 section
    /// 5.5.1).
    Close(CloseReason),
}

/// A piece of a message: at least one octet, unless it is the message's last.
///
/// ```
/// use bareframe_std::{Event, Options, Untimed, WebSocket};
/// use std::io::Cursor;
/// let octets = Cursor::new(b"\x01\x80\0\0\0\0\x80\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec());
/// let mut server = WebSocket::server(Untimed(octets), &Options::DEFAULT);
/// let Some(Event::Data(piece)) = server.read_event()? else { panic!() };
/// assert_eq!((piece.is_first(), piece.is_last(), piece.as_str()), (true, true, Some("Hello")));
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(PartialEq, Eq, Debug)]
pub struct Piece<'e> {
    pub(crate) kind: MessageKind,
    pub(crate) rsv: Rsv,
    pub(crate) first: bool,
    pub(crate) last: bool,
    pub(crate) payload: &'e mut [u8],
}

impl From<Message<'_>> for OwnedMessage {
    fn from(message: Message<'_>) -> OwnedMessage {
        match message.as_str() {
            Some(text) => OwnedMessage::Text(text.to_owned()),
            None => OwnedMessage::Binary(message.payload().to_vec()),
        }
    }
}

impl<'e> Piece<'e> {
    /// Gives the kind of the message.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        self.kind
    }

    /// Gives the reserved bits of the message's first frame (RFC 6455 section 5.2).
    #[must_use]
    pub const fn rsv(&self) -> Rsv {
        self.rsv
    }

    /// Tells whether this is the message's first piece.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.first
    }

    /// Tells whether the message ends with this piece.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.last
    }

    /// Gives the octets, unmasked. Text was found valid up to here, but may be cut within a character.
    #[must_use]
    pub const fn payload(&self) -> &[u8] {
        self.payload
    }

    /// Gives the text; `None` if the message is binary, an extension changed it, or the piece is cut within a
    /// character.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if self.kind == MessageKind::Text && self.rsv.is_empty() {
            std::str::from_utf8(self.payload).ok()
        } else {
            None
        }
    }

    /// Gives the octets, which may be changed, for as long as they are lent.
    #[must_use]
    pub fn into_payload(self) -> &'e mut [u8] {
        self.payload
    }
}
