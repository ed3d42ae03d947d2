//! Why a connection is closed: status codes (RFC 6455 section 7.4).

use core::fmt;
use core::num::NonZeroU16;

/// A status code that may be in a Close frame: 1000 to 1003, 1007 to 1014 and 3000 to 4999.
///
/// Codes that are reserved, or that an endpoint must not put on the wire (1004, 1005, 1006, 1015), can't be
/// represented (RFC 6455 section 7.4 and its IANA registry).
///
/// ```
/// use bareframe::CloseCode;
/// assert_eq!(CloseCode::new(1000), Some(CloseCode::NORMAL_CLOSURE));
/// assert_eq!(CloseCode::new(1005), None);
/// assert_eq!(CloseCode::PROTOCOL_ERROR.number(), 1002);
/// assert_eq!(CloseCode::PROTOCOL_ERROR.name(), "Protocol Error");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(NonZeroU16);

/// A number that must not appear in a Close frame.
///
/// ```
/// use bareframe::CloseCode;
/// let refused = CloseCode::try_from(1006).unwrap_err();
/// assert_eq!(refused.number(), 1006);
/// assert_eq!(refused.to_string(), "1006 must not appear in a Close frame");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InvalidCloseCode(u16);

/// Defines a constant and a name for each row, so that the two always agree.
macro_rules! close_codes {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:literal;)*) => {
        impl CloseCode {
            $($(#[$doc])* pub const $constant: CloseCode = CloseCode(NonZeroU16::new($number).unwrap());)*

            /// Returns the name in the IANA registry, or `""` for a code that has none.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self.number() {
                    $($number => $name,)*
                    _ => "",
                }
            }
        }
    };
}

close_codes! {
    /// The purpose for which the connection was made is fulfilled.
    NORMAL_CLOSURE = 1000, "Normal Closure";
    /// The endpoint goes away: a server shuts down, a browser leaves the page.
    GOING_AWAY = 1001, "Going Away";
    /// The peer broke the protocol.
    PROTOCOL_ERROR = 1002, "Protocol Error";
    /// The endpoint can't take data of this kind.
    UNSUPPORTED_DATA = 1003, "Unsupported Data";
    /// Data did not match the message's type, as text that is not UTF-8.
    INVALID_FRAME_PAYLOAD_DATA = 1007, "Invalid frame payload data";
    /// A message broke the endpoint's policy; also for violations for which there is no other code.
    POLICY_VIOLATION = 1008, "Policy Violation";
    /// A message is too big for the endpoint.
    MESSAGE_TOO_BIG = 1009, "Message Too Big";
    /// A client needs an extension that the server did not accept.
    MANDATORY_EXTENSION = 1010, "Mandatory Ext.";
    /// The server met a condition that kept it from fulfilling the request.
    INTERNAL_ERROR = 1011, "Internal Error";
    /// The service restarts; clients may reconnect after a random pause.
    SERVICE_RESTART = 1012, "Service Restart";
    /// The service is overloaded; clients should try another or later.
    TRY_AGAIN_LATER = 1013, "Try Again Later";
    /// A gateway got an invalid answer from the server behind it.
    BAD_GATEWAY = 1014, "The server was acting as a gateway or proxy and received an invalid response from the upstream server.";
}

impl CloseCode {
    /// Returns the code with this number, or `None` if it must not appear in a Close frame.
    #[must_use]
    pub const fn new(number: u16) -> Option<CloseCode> {
        match number {
            1000..=1003 | 1007..=1014 | 3000..=4999 => match NonZeroU16::new(number) {
                Some(number) => Some(CloseCode(number)),
                None => None,
            },
            _ => None,
        }
    }

    /// Returns the number that is sent on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0.get()
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> u16 {
        code.number()
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = InvalidCloseCode;

    fn try_from(number: u16) -> Result<CloseCode, InvalidCloseCode> {
        CloseCode::new(number).ok_or(InvalidCloseCode(number))
    }
}

impl InvalidCloseCode {
    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for InvalidCloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must not appear in a Close frame", self.0)
    }
}

impl core::error::Error for InvalidCloseCode {}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({self})")
    }
}

/// The number, and the name if there is one: `1002 Protocol Error`.
impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "" => write!(f, "{}", self.number()),
            name => write!(f, "{} {name}", self.number()),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn s7_4_exactly_the_codes_of_the_wire() {
        for number in 0..=u16::MAX {
            let allowed = [(1000, 1003), (1007, 1014), (3000, 4999)]
                .iter()
                .any(|&(low, high)| low <= number && number <= high);
            assert_eq!(CloseCode::new(number).is_some(), allowed, "{number}");
            assert!(CloseCode::new(number).is_none_or(|code| code.number() == number));
            match CloseCode::try_from(number) {
                Ok(code) => assert_eq!((u16::from(code), allowed), (number, true)),
                Err(error) => assert_eq!((error.number(), allowed), (number, false)),
            }
        }
    }

    #[test]
    fn display_names_the_code() {
        assert_eq!(CloseCode::GOING_AWAY.to_string(), "1001 Going Away");
        assert_eq!(CloseCode::new(4000).unwrap().to_string(), "4000");
    }
}
