//! What can go wrong, whose fault it is and what to answer (RFC 6455 sections 7.1.7 and 7.4).

use crate::close::CloseCode;
use crate::utf8::InvalidUtf8;
use core::fmt;

/// How the peer violated the protocol or exceeded a limit.
///
/// The connection has failed: send [`ProtocolError::close_code`] in a Close frame, which
/// `Connection::poll_transmit` makes, and drop the connection (RFC 6455 section 7.1.7).
///
/// ```
/// use bareframe::{CloseCode, ProtocolError};
/// let error = ProtocolError::FragmentedControl;
/// assert_eq!(error.close_code(), CloseCode::PROTOCOL_ERROR);
/// assert_eq!(error.section(), "5.5");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ProtocolError {
    /// A reserved bit is set to which no extension gives a meaning on this frame (5.2).
    ReservedBits,
    /// The opcode is one of `0x3` to `0x7` or `0xB` to `0xF` (5.2).
    ReservedOpcode,
    /// A control frame without FIN (5.5).
    FragmentedControl,
    /// A continuation frame while no message is open (5.4).
    UnexpectedContinuation,
    /// A text or binary frame inside a message that is open (5.4).
    InterleavedMessage,
    /// A server got a frame that is not masked (5.1).
    UnmaskedFrame,
    /// A client got a frame that is masked (5.1).
    MaskedFrame,
    /// A control frame with more than 125 bytes of payload (5.5).
    OversizedControl,
    /// A length in more bytes than it needs (5.2).
    NonMinimalLength,
    /// A 64-bit length with its top bit set (5.2).
    LengthTopBit,
    /// A frame longer than [`Limits::frame`](crate::Limits::frame) bytes (10.4).
    FrameTooBig,
    /// A message longer than [`Limits::message`](crate::Limits::message) bytes (10.4).
    MessageTooBig,
    /// A message of more than [`Limits::fragments`](crate::Limits::fragments) frames (10.4).
    TooManyFragments,
    /// Text that is not UTF-8 (8.1).
    InvalidUtf8,
    /// A Close frame with a payload of one byte (5.5.1).
    TruncatedCloseCode,
    /// A Close frame with a code that must not appear on the wire (7.4).
    InvalidCloseCode,
    /// A Close frame with a reason that is not UTF-8 (5.5.1).
    InvalidCloseReason,
    /// The extension can't receive the payload, and fails the connection with this code (9).
    Extension(CloseCode),
    /// A layer above called `fail` with this code (7.1.7).
    Failed(CloseCode),
}

/// Why nothing was sent. The fault is the caller's, and nothing has changed.
///
/// ```
/// use bareframe::{Config, Connection, MessageKind, Rsv, SendError};
/// let mut server = Connection::server(Config::DEFAULT);
/// let refused = server.send(MessageKind::Text, Rsv::RSV1, true, 0);
/// assert_eq!(refused.err(), Some(SendError::ReservedBits));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SendError {
    /// Our Close was sent, the connection has failed, or the stream has ended (5.5.1, 7.1.7).
    Closed,
    /// A fragmented message is open; it must end before another begins (5.4).
    MessageOpen,
    /// The open message is of the other kind (5.4).
    WrongKind,
    /// A reserved bit that `Config` does not allow, or one on a frame that is not a message's first (5.2).
    ReservedBits,
    /// A payload of 2^63 bytes or more (5.2).
    TooLong,
    /// A control payload of more than 125 bytes (5.5).
    OversizedControl,
    /// A control frame in fragments (5.5).
    FragmentedControl,
    /// A reason without a code, which must precede it (5.5.1).
    ReasonWithoutCode,
    /// A frame was begun and not written to its end, which must come before the next frame (5.4).
    InsideFrame,
    /// The text of a piece does not continue what was sent of the message (8.1).
    InvalidUtf8(InvalidUtf8),
    /// The frame was begun by another session, or is not the one that was begun last.
    OtherFrame,
    /// The message was encoded with parameters of an extension that were not agreed on with this peer (9.1).
    NotAgreed,
    /// The extension failed with this code. The connection has failed; only its Close can be sent (7.1.7).
    Extension(CloseCode),
    /// The output has too little room.
    BufferTooSmall(BufferTooSmall),
}

/// An output is too short for what was to be written to it. Nothing was written.
///
/// ```
/// use bareframe::{BufferTooSmall, Config, Connection, SendError};
/// let mut server = Connection::server(Config::DEFAULT);
/// let refused = server.encode_text("Hello", &mut [0; 6]);
/// let error = BufferTooSmall { needed: 7, available: 6 };
/// assert_eq!(refused, Err(SendError::BufferTooSmall(error)));
/// assert_eq!(error.to_string(), "the output has 6 bytes, and 7 are needed");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BufferTooSmall {
    /// How many bytes the output must have; `usize::MAX` if no output can be long enough.
    pub needed: usize,
    /// How many bytes it has.
    pub available: usize,
}

impl ProtocolError {
    /// Returns the code to send in the Close frame (RFC 6455 section 7.4.1).
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            ProtocolError::FrameTooBig | ProtocolError::MessageTooBig => CloseCode::MESSAGE_TOO_BIG,
            ProtocolError::TooManyFragments => CloseCode::POLICY_VIOLATION,
            ProtocolError::InvalidUtf8 | ProtocolError::InvalidCloseReason => {
                CloseCode::INVALID_FRAME_PAYLOAD_DATA
            }
            ProtocolError::Extension(code) | ProtocolError::Failed(code) => code,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }

    /// Returns what the Close may say beside the code, in at most 123 bytes; it is empty for
    /// [`Failed`](ProtocolError::Failed), of which the layer above knows the reason (RFC 6455 section 7.1.6).
    ///
    /// A session sends it after [`Session::with_close_reasons`](crate::Session::with_close_reasons).
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            ProtocolError::ReservedBits => "reserved bit without an extension for it",
            ProtocolError::ReservedOpcode => "reserved opcode",
            ProtocolError::FragmentedControl => "control frame without FIN",
            ProtocolError::UnexpectedContinuation => "continuation without a message",
            ProtocolError::InterleavedMessage => "new message within another",
            ProtocolError::UnmaskedFrame => "frame of a client without a mask",
            ProtocolError::MaskedFrame => "frame of a server with a mask",
            ProtocolError::OversizedControl => "control frame of over 125 bytes",
            ProtocolError::NonMinimalLength => "length in more bytes than needed",
            ProtocolError::LengthTopBit => "length of 2^63 bytes or more",
            ProtocolError::FrameTooBig => "frame above the limit",
            ProtocolError::MessageTooBig => "message above the limit",
            ProtocolError::TooManyFragments => "fragments above the limit",
            ProtocolError::InvalidUtf8 => "text is not UTF-8",
            ProtocolError::TruncatedCloseCode => "Close with 1 byte of payload",
            ProtocolError::InvalidCloseCode => "close code that must not be sent",
            ProtocolError::InvalidCloseReason => "close reason is not UTF-8",
            ProtocolError::Extension(_) => "payload that the extension can't receive",
            ProtocolError::Failed(_) => "",
        }
    }

    /// Returns the section of RFC 6455 that the peer violated, or that allows the limit.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            ProtocolError::ReservedBits
            | ProtocolError::ReservedOpcode
            | ProtocolError::NonMinimalLength
            | ProtocolError::LengthTopBit => "5.2",
            ProtocolError::FragmentedControl | ProtocolError::OversizedControl => "5.5",
            ProtocolError::UnexpectedContinuation | ProtocolError::InterleavedMessage => "5.4",
            ProtocolError::UnmaskedFrame | ProtocolError::MaskedFrame => "5.1",
            ProtocolError::FrameTooBig | ProtocolError::MessageTooBig | ProtocolError::TooManyFragments => {
                "10.4"
            }
            ProtocolError::InvalidUtf8 => "8.1",
            ProtocolError::TruncatedCloseCode | ProtocolError::InvalidCloseReason => "5.5.1",
            ProtocolError::InvalidCloseCode => "7.4",
            ProtocolError::Extension(_) => "9",
            ProtocolError::Failed(_) => "7.1.7",
        }
    }
}

impl From<InvalidUtf8> for SendError {
    fn from(error: InvalidUtf8) -> SendError {
        SendError::InvalidUtf8(error)
    }
}

impl From<BufferTooSmall> for SendError {
    fn from(error: BufferTooSmall) -> SendError {
        SendError::BufferTooSmall(error)
    }
}

impl ProtocolError {
    /// Returns what the peer did.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            ProtocolError::ReservedBits => "the peer set a reserved bit that no extension uses here",
            ProtocolError::ReservedOpcode => "the peer sent a reserved opcode",
            ProtocolError::FragmentedControl => "the peer fragmented a control frame",
            ProtocolError::UnexpectedContinuation => "the peer continued a message that is not open",
            ProtocolError::InterleavedMessage => "the peer began a message inside another",
            ProtocolError::UnmaskedFrame => "the client sent a frame that is not masked",
            ProtocolError::MaskedFrame => "the server sent a masked frame",
            ProtocolError::OversizedControl => "the peer sent a control frame longer than 125 bytes",
            ProtocolError::NonMinimalLength => "the peer sent a length in more bytes than it needs",
            ProtocolError::LengthTopBit => "the peer sent a length of 2^63 bytes or more",
            ProtocolError::FrameTooBig => "the peer's frame is longer than our limit",
            ProtocolError::MessageTooBig => "the peer's message is longer than our limit",
            ProtocolError::TooManyFragments => "the peer's message has more fragments than our limit",
            ProtocolError::InvalidUtf8 => "the peer sent text that is not UTF-8",
            ProtocolError::TruncatedCloseCode => {
                "the peer sent a Close with 1 byte of payload, where a code has 2"
            }
            ProtocolError::InvalidCloseCode => "the peer sent a close code that must not be sent",
            ProtocolError::InvalidCloseReason => "the peer sent a close reason that is not UTF-8",
            ProtocolError::Extension(_) => "the peer sent payload that the extension can't receive",
            ProtocolError::Failed(_) => "a layer above failed the connection",
        }
    }

    /// Writes the section that the peer violated, and the answer.
    pub(crate) fn fmt_clause(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (section, code) = (self.section(), self.close_code());
        write!(f, " (RFC 6455 section {section}; close code {code})")
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what())?;
        self.fmt_clause(f)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::Closed => "nothing can be sent on a closing or failed connection",
            SendError::MessageOpen => "another message is open and must end first",
            SendError::WrongKind => "the open message is of the other kind, text or binary",
            SendError::ReservedBits => "a reserved bit is not allowed on this frame",
            SendError::TooLong => "the payload is not shorter than 2^63 bytes",
            SendError::OversizedControl => "the control payload is longer than 125 bytes",
            SendError::FragmentedControl => "a control frame can't be fragmented",
            SendError::ReasonWithoutCode => "a close reason needs a close code",
            SendError::InsideFrame => "the previous frame is not finished",
            SendError::InvalidUtf8(error) => return write!(f, "the text has {error}"),
            SendError::OtherFrame => {
                "this frame was begun by another session, or is not the one that was begun last"
            }
            SendError::NotAgreed => "the message was encoded for an extension that the peer did not agree to",
            SendError::Extension(code) => return write!(f, "the extension failed (close code {code})"),
            SendError::BufferTooSmall(error) => return error.fmt(f),
        })
    }
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the output has {} bytes, and {} are needed",
            self.available, self.needed
        )
    }
}

impl core::error::Error for ProtocolError {}
impl core::error::Error for SendError {}
impl core::error::Error for BufferTooSmall {}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn s7_4_1_codes_of_the_answers() {
        assert_eq!(ProtocolError::FrameTooBig.close_code().number(), 1009);
        assert_eq!(ProtocolError::TooManyFragments.close_code().number(), 1008);
        assert_eq!(ProtocolError::InvalidUtf8.close_code().number(), 1007);
        assert_eq!(ProtocolError::UnmaskedFrame.close_code().number(), 1002);
        let code = CloseCode::UNSUPPORTED_DATA;
        assert_eq!(ProtocolError::Failed(code).close_code(), code);
    }

    #[test]
    fn an_error_says_whose_fault_what_and_the_answer() {
        assert_eq!(
            ProtocolError::FragmentedControl.to_string(),
            "the peer fragmented a control frame (RFC 6455 section 5.5; close code 1002 Protocol Error)"
        );
    }

    #[test]
    fn errors_are_small() {
        assert!(size_of::<ProtocolError>() <= 4);
    }
}
