//! What the peer said, lent from where it was received.

use bareframe::{CloseReason, ControlPayload, MessageKind, Rsv};

/// What the peer said, piece by piece, lent until the next call on its connection.
///
/// [`WebSocket::read_event`](crate::WebSocket::read_event) gives it.
#[derive(PartialEq, Eq, Debug)]
pub enum Event<'e> {
    /// The next piece of a text or binary message.
    Data(Piece<'e>),
    /// A Ping, which is answered if the configuration does not say otherwise (RFC 6455 section 5.5.2).
    Ping(ControlPayload),
    /// A Pong (RFC 6455 section 5.5.3).
    Pong(ControlPayload),
    /// The peer's Close, which is answered; nothing more is delivered after it (RFC 6455 section 5.5.1).
    Close(CloseReason),
}

/// A piece of a message: at least one octet, unless it is the message's last.
#[derive(PartialEq, Eq, Debug)]
pub struct Piece<'e> {
    pub(crate) kind: MessageKind,
    pub(crate) rsv: Rsv,
    pub(crate) first: bool,
    pub(crate) last: bool,
    pub(crate) payload: &'e mut [u8],
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

    /// Gives the octets, which may be changed, for as long as they are lent.
    #[must_use]
    pub fn into_payload(self) -> &'e mut [u8] {
        self.payload
    }
}
