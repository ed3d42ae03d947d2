//! What a Close frame says: a status code or none, and a reason (RFC 6455 section 5.5.1).

use crate::close::CloseCode;
use crate::control::ControlPayload;
use crate::error::ProtocolError;
use core::fmt::{self, Write};

/// What a Close frame says: a code or none, and a reason of at most 123 bytes (RFC 6455 section 5.5.1).
///
/// ```
/// use bareframe::{CloseCode, CloseReason};
/// let reason = CloseReason::new(CloseCode::GOING_AWAY, "back soon").unwrap();
/// assert_eq!(reason.code(), Some(CloseCode::GOING_AWAY));
/// assert_eq!(reason.reason(), "back soon");
/// assert_eq!(CloseReason::from(CloseCode::GOING_AWAY).reason(), "");
/// assert_eq!(CloseReason::EMPTY.code(), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseReason {
    // Nothing, or a code and UTF-8.
    payload: ControlPayload,
}

impl CloseReason {
    /// The longest reason in bytes: the longest payload of a control frame without the two bytes of the code.
    pub const MAX_LEN: usize = 123;

    /// A Close frame without a payload.
    pub const EMPTY: CloseReason = CloseReason {
        payload: ControlPayload::EMPTY,
    };

    /// Creates a code with a reason; returns `None` if the reason is longer than [`CloseReason::MAX_LEN`] bytes.
    #[must_use]
    pub fn new(code: CloseCode, reason: &str) -> Option<CloseReason> {
        let payload = ControlPayload::from_close(Some(code), reason).ok()?;
        Some(CloseReason { payload })
    }

    /// Creates a reason from a payload that was checked to be one.
    #[inline]
    pub(crate) const fn from_payload(payload: ControlPayload) -> CloseReason {
        CloseReason { payload }
    }

    /// Returns the code, or `None` if the Close frame had no payload.
    #[must_use]
    pub const fn code(&self) -> Option<CloseCode> {
        match self.payload.close_number() {
            Some(number) => CloseCode::new(number),
            None => None,
        }
    }

    /// Returns the reason; it is empty if there was none.
    #[must_use]
    pub fn reason(&self) -> &str {
        let bytes = self.payload.get(2..).unwrap_or(&[]);
        core::str::from_utf8(bytes).unwrap_or("")
    }
}

impl ControlPayload {
    /// Reads the payload of a Close frame (RFC 6455 section 5.5.1).
    ///
    /// ```
    /// use bareframe::{CloseCode, ControlPayload, ProtocolError};
    /// let bye = ControlPayload::new(b"\x03\xe8bye")?.close_reason()?;
    /// assert_eq!((bye.code(), bye.reason()), (Some(CloseCode::NORMAL_CLOSURE), "bye"));
    /// assert_eq!(ControlPayload::from(bye), ControlPayload::new(b"\x03\xe8bye")?);
    /// let half = ControlPayload::new(b"\x03")?.close_reason();
    /// assert_eq!(half, Err(ProtocolError::TruncatedCloseCode));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ProtocolError::TruncatedCloseCode`], [`ProtocolError::InvalidCloseCode`] or
    /// [`ProtocolError::InvalidCloseReason`].
    pub fn close_reason(&self) -> Result<CloseReason, ProtocolError> {
        self.check_close()?;
        Ok(CloseReason::from_payload(*self))
    }
}

/// The code without a reason.
impl From<CloseCode> for CloseReason {
    fn from(code: CloseCode) -> CloseReason {
        CloseReason::new(code, "").unwrap_or(CloseReason::EMPTY)
    }
}

/// The payload of a Close frame with this code and reason.
impl From<CloseReason> for ControlPayload {
    fn from(reason: CloseReason) -> ControlPayload {
        reason.payload
    }
}

impl TryFrom<ControlPayload> for CloseReason {
    type Error = ProtocolError;

    fn try_from(payload: ControlPayload) -> Result<CloseReason, ProtocolError> {
        payload.close_reason()
    }
}

impl fmt::Debug for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloseReason")
            .field("code", &self.code())
            .field("reason", &self.reason())
            .finish()
    }
}

/// The code and the reason: `1001 Going Away: back soon`; `no code` if there is none.
impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code() {
            None => f.write_str("no code"),
            Some(code) if self.reason().is_empty() => code.fmt(f),
            Some(code) => {
                write!(f, "{code}: ")?;
                // The peer's text may be shown on a terminal, so control characters are escaped.
                self.reason().chars().try_for_each(|c| match c {
                    '"' | '\'' | '\\' => f.write_char(c),
                    c => c.escape_debug().fmt(f),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn s5_5_1_a_reason_has_at_most_123_bytes() {
        let long = "x".repeat(124);
        let code = CloseCode::NORMAL_CLOSURE;
        assert_eq!(CloseReason::new(code, &long), None);
        assert_eq!(CloseReason::new(code, &long[1..]).unwrap().reason(), &long[1..]);
        assert_eq!(CloseReason::new(code, &"x".repeat(300)), None);
    }

    #[test]
    fn display_shows_code_and_reason() {
        let reason = CloseReason::new(CloseCode::GOING_AWAY, "bye").unwrap();
        assert_eq!(reason.to_string(), "1001 Going Away: bye");
        let reason = CloseReason::new(CloseCode::GOING_AWAY, "").unwrap();
        assert_eq!(reason.to_string(), "1001 Going Away");
        assert_eq!(CloseReason::EMPTY.to_string(), "no code");
    }

    #[test]
    fn display_escapes_what_a_terminal_would_obey() {
        let said = "\u{1b}[31mbye \u{202e}\u{9b}m \"\u{e9}\\\u{1f980}\"\r\n";
        let reason = CloseReason::new(CloseCode::GOING_AWAY, said).unwrap();
        assert_eq!(
            reason.to_string(),
            "1001 Going Away: \\u{1b}[31mbye \\u{202e}\\u{9b}m \"\u{e9}\\\u{1f980}\"\\r\\n"
        );
        assert_eq!(reason.reason(), said);
    }
}
