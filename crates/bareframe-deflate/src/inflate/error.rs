//! InflateError: why a message can't be inflated.

use bareframe::CloseCode;
use core::fmt;

/// Why the payload of a compressed message can't be inflated.
///
/// ```
/// use bareframe::CloseCode;
/// use bareframe_deflate::InflateError;
/// assert_eq!(InflateError::InvalidDistance.close_code(), CloseCode::INVALID_FRAME_PAYLOAD_DATA);
/// let error = InflateError::TooBig { limit: 1000 };
/// assert_eq!(error.close_code(), CloseCode::MESSAGE_TOO_BIG);
/// assert_eq!(error.to_string(), "the inflated message is longer than its limit of 1000 bytes");
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
    TooBig {
        /// How many bytes it may have.
        limit: u64,
    },
    /// The memory of the window is shorter than the window, or is not as long as at the calls before: an error of the caller.
    Window {
        /// How many bytes it has.
        len: usize,
        /// How many it needs: those of the window, or of the memory at the calls before.
        needed: usize,
    },
}

/// What is wrong with a payload: what an [`InflateError`] says, in one byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    InvalidBlockType,
    InvalidStoredLength,
    InvalidCodeLengths,
    InvalidSymbol,
    InvalidDistance,
    Unfinished,
    TooBig,
}

impl Fault {
    /// Returns the error of a message with this limit.
    pub(crate) const fn error(self, limit: u64) -> InflateError {
        match self {
            Fault::InvalidBlockType => InflateError::InvalidBlockType,
            Fault::InvalidStoredLength => InflateError::InvalidStoredLength,
            Fault::InvalidCodeLengths => InflateError::InvalidCodeLengths,
            Fault::InvalidSymbol => InflateError::InvalidSymbol,
            Fault::InvalidDistance => InflateError::InvalidDistance,
            Fault::Unfinished => InflateError::Unfinished,
            Fault::TooBig => InflateError::TooBig { limit },
        }
    }
}

impl InflateError {
    /// Returns the code of the Close for this error (RFC 6455 section 7.4.1).
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            InflateError::TooBig { .. } => CloseCode::MESSAGE_TOO_BIG,
            InflateError::Window { .. } => CloseCode::INTERNAL_ERROR,
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
            InflateError::TooBig { limit } => {
                return write!(
                    f,
                    "the inflated message is longer than its limit of {limit} bytes"
                );
            }
            InflateError::Window { len, needed } => {
                return write!(f, "the memory of the window has {len} bytes and needs {needed}");
            }
        })
    }
}

impl core::error::Error for InflateError {}
