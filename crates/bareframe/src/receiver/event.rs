//! What the receiving half reports.

use crate::close_reason::CloseReason;
use crate::control::ControlPayload;
use crate::message::ChunkFlags;
use crate::opcode::{MessageKind, Rsv};
use crate::utf8;

/// What the peer sent.
#[derive(PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event<'i> {
    /// The next piece of a text or binary message.
    Data(Data<'i>),
    /// A Ping; the engine answers it with a Pong, unless the configuration says otherwise (RFC 6455 section 5.5.2).
    Ping(ControlPayload),
    /// A Pong (RFC 6455 section 5.5.3).
    Pong(ControlPayload),
    /// The peer's Close; nothing more is delivered after it (RFC 6455 section 5.5.1).
    Close(CloseReason),
}

/// A piece of a message, lent from the input: at least one byte, unless it is the message's last.
///
/// ```
/// use bareframe::{Config, Connection, Event, MessageKind};
/// let mut server = Connection::server(Config::DEFAULT);
/// let mut bytes = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let Ok(Some(Event::Data(data))) = server.receive(&mut &mut bytes[..]) else { panic!() };
/// assert_eq!((data.kind(), data.is_first(), data.is_last()), (MessageKind::Text, true, true));
/// assert!(data.rsv().is_empty());
/// assert_eq!(data.payload(), b"Hello");
/// assert_eq!(data.as_str(), Some("Hello"));
/// assert_eq!(data.into_str().unwrap(), "Hello");
/// ```
#[derive(PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Data<'i> {
    payload: &'i mut [u8],
    flags: ChunkFlags,
}

/// How the stream ended (RFC 6455 section 7.1.4).
///
/// ```
/// use bareframe::{Config, Connection, EndOfStream};
/// let mut server = Connection::server(Config::DEFAULT);
/// assert_eq!(server.receive_eof(), EndOfStream::Abnormal);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum EndOfStream {
    /// Both Close frames were exchanged.
    Clean,
    /// The closing handshake was not completed; the status code of the API is 1006.
    Abnormal,
}

impl AsRef<[u8]> for Data<'_> {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.payload
    }
}

impl<'i> Data<'i> {
    /// Creates a piece, whose text must be UTF-8 if its flags say that it is whole characters.
    #[inline(always)]
    pub(crate) const fn new(payload: &'i mut [u8], flags: ChunkFlags) -> Data<'i> {
        Data { payload, flags }
    }

    /// Returns the kind of the message.
    #[must_use]
    #[inline]
    pub const fn kind(&self) -> MessageKind {
        self.flags.kind()
    }

    /// Returns the reserved bits of the message's first frame (RFC 6455 section 5.2).
    #[must_use]
    #[inline]
    pub const fn rsv(&self) -> Rsv {
        self.flags.rsv()
    }

    /// Returns `true` if this is the message's first piece.
    #[must_use]
    #[inline]
    pub const fn is_first(&self) -> bool {
        self.flags.is_first()
    }

    /// Returns `true` if the message ends with this piece.
    #[must_use]
    #[inline]
    pub const fn is_last(&self) -> bool {
        self.flags.is_last()
    }

    /// Returns the bytes, unmasked.
    #[must_use]
    #[inline]
    pub const fn payload(&self) -> &[u8] {
        self.payload
    }

    /// Returns the bytes for as long as the input is lent.
    #[must_use]
    #[inline]
    pub fn into_payload(self) -> &'i [u8] {
        self.payload
    }

    /// Returns the bytes so that they can be changed, for as long as the input is lent.
    ///
    /// # Errors
    ///
    /// Returns the piece itself if an extension needs its bytes as they are, since what comes later refers to them.
    #[inline]
    pub fn into_payload_mut(self) -> Result<&'i mut [u8], Data<'i>> {
        if self.flags.may_be_changed() {
            Ok(self.payload)
        } else {
            Err(self)
        }
    }

    /// Returns the text, or `None` if the piece is binary, was changed by an extension, or is cut within a character.
    ///
    /// A piece that is a whole text message always has one.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        // The flag is set only if the validator passed the payload from the first byte of a character to the last byte
        // of one; nothing has had access to change it since.
        if self.flags.is_whole_characters() {
            utf8::passed(self.payload)
        } else {
            None
        }
    }

    /// Returns what [`Data::as_str`] does, for as long as the input is lent.
    #[must_use]
    #[inline]
    pub fn into_str(self) -> Option<&'i str> {
        if self.flags.is_whole_characters() {
            utf8::passed(self.payload)
        } else {
            None
        }
    }

    pub(crate) fn into_bytes(self) -> &'i mut [u8] {
        self.payload
    }

    #[inline(always)]
    pub(crate) const fn flags(&self) -> ChunkFlags {
        self.flags
    }

    /// Returns `true` if the validator passed the payload from the first byte of a character to the last of one.
    pub(crate) const fn is_whole_characters(&self) -> bool {
        self.flags.is_whole_characters()
    }
}
