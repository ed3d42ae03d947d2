//! InflateError: why a message can't be inflated.

use bareframe::CloseCode;
use core::fmt;

/// Why the payload of a compressed message can't be inflated.
///
/// ```
/// use bareframe::CloseCode;
/// use bareframe_deflate::InflateError;
/// assert_eq!(InflateError::InvalidDistance.close_code(), CloseCode::INVALID_FRAME_PAYLOAD_DATA);
/// assert_eq!(InflateError::TooBig.close_code(), CloseCode::MESSAGE_TOO_BIG);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum InflateError {
    /// A block has the reserved type 3 (RFC 1951 section 3.2.3).
    InvalidBlockType,
    /// The two lengths of a stored block are not each other's complement (RFC 1951 section 3.2.4).
    InvalidStoredLength,
    /// The code lengths of a block with dynamic codes are no complete code, are too many, repeat nothing, or have no
    /// end of block (RFC 1951 section 3.2.7).
    InvalidCodeLengths,
    /// Bits are not the code of a symbol, or that of a symbol without meaning (RFC 1951 section 3.2.6).
    InvalidSymbol,
    /// A distance goes back beyond the first byte of the history or beyond the negotiated window (RFC 7692 section 7.1.2).
    InvalidDistance,
    /// The message ends inside of a block (RFC 7692 section 7.2.2).
    Unfinished,
    /// The message is longer than its limit when it is inflated (RFC 6455 section 10.4).
    TooBig,
    /// The memory of the window is smaller than the window, or has another length than before: an error of the caller.
    Window,
}

impl InflateError {
    /// Returns the code of the Close for this error (RFC 6455 section 7.4.1).
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            InflateError::TooBig => CloseCode::MESSAGE_TOO_BIG,
            InflateError::Window => CloseCode::INTERNAL_ERROR,
            _ => CloseCode::INVALID_FRAME_PAYLOAD_DATA,
        }
    }
}

impl fmt::Display for InflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InflateError::InvalidBlockType => "a compressed block has a reserved type",
            InflateError::InvalidStoredLength => "the length of a stored block contradicts its complement",
            InflateError::InvalidCodeLengths => "the code lengths of a compressed block are not a code",
            InflateError::InvalidSymbol => "compressed data has a code without a symbol",
            InflateError::InvalidDistance => "a distance in compressed data goes back beyond the window",
            InflateError::Unfinished => "a compressed message ends inside of a block",
            InflateError::TooBig => "the inflated message is longer than its limit",
            InflateError::Window => "the memory of the window has the wrong length",
        })
    }
}

impl core::error::Error for InflateError {}
