//! Violation: an error of the peer's with the numbers that belong to it (RFC 6455 sections 7.1.7 and 10.4).

use crate::close::CloseCode;
use crate::error::ProtocolError;
use core::fmt;

/// How the peer violated the protocol or exceeded a limit, with the value and the limit.
///
/// [`Receiver::violation`](crate::Receiver::violation) returns it once the connection has failed. The error alone fits a register,
/// and the numbers are only for the reader of a log.
///
/// ```
/// use bareframe::{Config, Connection, Limits, ProtocolError};
/// let config = Config::DEFAULT.with_limits(Limits::DEFAULT.with_frame(65_536));
/// let mut server = Connection::server(config);
/// let mut bytes = *b"\x82\xFF\0\0\0\0\0\x01\0\x01";
/// assert_eq!(server.receive(&mut &mut bytes[..]), Err(ProtocolError::FrameTooBig));
///
/// let violation = server.violation().unwrap();
/// assert_eq!((violation.value(), violation.limit()), (Some(65_537), Some(65_536)));
/// assert!(violation.to_string().starts_with("the peer's frame has 65,537 bytes, and our limit is 65,536"));
///
/// let mut server = Connection::server(Config::DEFAULT);
/// assert!(server.receive(&mut &mut b"\x81\x83\0\0\0\0ab\xFF".clone()[..]).is_err());
/// let violation = server.violation().unwrap();
/// # if cfg!(target_pointer_width = "64") {
/// assert_eq!(violation.byte(), Some(2));
/// assert!(violation.to_string().starts_with("the peer sent text that is not UTF-8 at byte 2 "));
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Violation {
    error: ProtocolError,
    value: Option<u64>,
    limit: Option<u64>,
    byte: Option<u64>,
}

impl Violation {
    /// Creates a violation of a limit by this value.
    pub(crate) const fn above(error: ProtocolError, value: u64, limit: u64) -> Violation {
        Violation {
            error,
            value: Some(value),
            limit: Some(limit),
            byte: None,
        }
    }

    /// Creates a violation by a value that is never allowed.
    pub(crate) const fn of(error: ProtocolError, value: u64) -> Violation {
        Violation {
            error,
            value: Some(value),
            limit: None,
            byte: None,
        }
    }

    /// Creates a violation by text, at this of its bytes.
    pub(crate) const fn at(error: ProtocolError, byte: u64) -> Violation {
        Violation {
            error,
            value: None,
            limit: None,
            byte: Some(byte),
        }
    }

    /// Returns the error without its numbers.
    #[must_use]
    pub const fn error(&self) -> ProtocolError {
        self.error
    }

    /// Returns what was above the limit: the bytes of the frame, the bytes of the message at least, or its frames; or the close
    /// code that must not be sent. `None` if the violation is another.
    #[must_use]
    pub const fn value(&self) -> Option<u64> {
        self.value
    }

    /// Returns the limit: one of [`Limits`](crate::Limits), or the capacity of the memory for a message. `None` if the violation is
    /// not one of these.
    #[must_use]
    pub const fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Returns which byte of a message's text, or of the reason in a Close, proves that it is not UTF-8, counted from 0 over all
    /// fragments. `None` if the violation is another, and for a message on machines that are not 64-bit, where it would cost flash.
    #[must_use]
    pub const fn byte(&self) -> Option<u64> {
        self.byte
    }

    /// Returns the code to send in the Close frame (RFC 6455 section 7.4.1).
    #[must_use]
    pub const fn close_code(&self) -> CloseCode {
        self.error.close_code()
    }

    /// Returns the section of RFC 6455 that the peer violated, or that allows the limit.
    #[must_use]
    pub const fn section(&self) -> &'static str {
        self.error.section()
    }
}

impl From<ProtocolError> for Violation {
    fn from(error: ProtocolError) -> Violation {
        Violation {
            error,
            value: None,
            limit: None,
            byte: None,
        }
    }
}

impl From<Violation> for ProtocolError {
    fn from(violation: Violation) -> ProtocolError {
        violation.error
    }
}

impl PartialEq<ProtocolError> for Violation {
    fn eq(&self, error: &ProtocolError) -> bool {
        self.error == *error
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.error, self.value, self.limit, self.byte) {
            (ProtocolError::InvalidCloseCode, Some(code), ..) => {
                write!(f, "the peer sent close code {code}, which must not be sent")?;
            }
            (error, Some(value), Some(limit), _) => {
                let value = Grouped(value);
                match error {
                    ProtocolError::FrameTooBig => write!(f, "the peer's frame has {value} bytes")?,
                    ProtocolError::TooManyFragments => write!(f, "the peer's message has {value} fragments")?,
                    _ => write!(f, "the peer's message has at least {value} bytes")?,
                }
                write!(f, ", and our limit is {}", Grouped(limit))?;
            }
            (error, _, _, Some(byte)) => {
                write!(f, "{} at byte {}", error.what(), Grouped(byte))?;
            }
            (error, ..) => f.write_str(error.what())?,
        }
        self.error.fmt_clause(f)
    }
}

impl core::error::Error for Violation {}

/// Shows a number with a comma between thousands.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The greatest u64 is 18 and six groups of three digits.
        let mut divisor = 1_000_000_000_000_000_000;
        let mut is_first = true;
        while divisor > 0 {
            let group = self.0.checked_div(divisor).unwrap_or_default() % 1000;
            match (is_first, divisor) {
                (true, 2..) if group == 0 => {}
                (true, _) => write!(f, "{group}")?,
                (false, _) => write!(f, ",{group:03}")?,
            }
            is_first &= group == 0;
            divisor /= 1000;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn numbers_have_a_comma_between_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (65_537, "65,537"),
            (1_000_000, "1,000,000"),
            (1_002_003, "1,002,003"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(Grouped(number).to_string(), text);
        }
    }

    #[test]
    fn a_violation_without_numbers_is_shown_as_its_error() {
        for error in [ProtocolError::MaskedFrame, ProtocolError::MessageTooBig] {
            let violation = Violation::from(error);
            assert_eq!(violation.to_string(), error.to_string());
            assert_eq!((violation.value(), violation.limit()), (None, None));
        }
    }
}
