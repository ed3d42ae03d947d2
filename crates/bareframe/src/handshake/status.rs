//! Status: the code of an answer (RFC 9110 section 15).

use core::fmt;

/// The status code of a final answer: 200 to 599 (RFC 9110 section 15).
///
/// ```
/// use bareframe::handshake::Status;
/// assert_eq!(Status::new(404), Some(Status::NOT_FOUND));
/// assert_eq!(Status::new(101), None);
/// assert_eq!(Status::UPGRADE_REQUIRED.to_string(), "426 Upgrade Required");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(u16);

impl Status {
    /// The content follows.
    pub const OK: Status = Status(200);
    /// There is no content.
    pub const NO_CONTENT: Status = Status(204);
    /// The client's copy is still valid; there is no content.
    pub const NOT_MODIFIED: Status = Status(304);
    /// The request is malformed.
    pub const BAD_REQUEST: Status = Status(400);
    /// The client must authenticate; the answer needs a `WWW-Authenticate`.
    pub const UNAUTHORIZED: Status = Status(401);
    /// The server refuses this client, for instance because of its origin.
    pub const FORBIDDEN: Status = Status(403);
    /// There is nothing at this path.
    pub const NOT_FOUND: Status = Status(404);
    /// The method is not GET.
    pub const METHOD_NOT_ALLOWED: Status = Status(405);
    /// The path serves WebSockets of version 13 only.
    pub const UPGRADE_REQUIRED: Status = Status(426);
    /// The head is longer than the limit.
    pub const REQUEST_HEADER_FIELDS_TOO_LARGE: Status = Status(431);
    /// The server failed.
    pub const INTERNAL_SERVER_ERROR: Status = Status(500);
    /// The server can't serve now.
    pub const SERVICE_UNAVAILABLE: Status = Status(503);

    /// Returns the status with this number, or `None` if it is not from 200 to 599.
    #[must_use]
    pub const fn new(number: u16) -> Option<Status> {
        match number {
            200..=599 => Some(Status(number)),
            _ => None,
        }
    }

    /// Returns the three digits on the wire, as a number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Returns the three digits.
    pub(super) fn digits(self) -> [u8; 3] {
        // The hundreds in fixed point. The error stays below one even when it is multiplied by a hundred.
        let mut hundreds = u32::from(self.0).wrapping_mul((1 << 22) / 100 + 1);
        [(); 3].map(|()| {
            let [digit, ..] = (hundreds << 2).to_be_bytes();
            hundreds = (hundreds & 0x3F_FFFF).wrapping_mul(10);
            digit | b'0'
        })
    }

    /// Returns `false` if an answer with this status has no content: 204, 205 and 304 (RFC 9110 section 15).
    ///
    /// ```
    /// use bareframe::handshake::Status;
    /// assert!(Status::NOT_FOUND.has_content());
    /// assert!(!Status::NO_CONTENT.has_content());
    /// ```
    #[must_use]
    pub const fn has_content(self) -> bool {
        !matches!(self.0, 204 | 205 | 304)
    }

    /// Returns the phrase that follows the number, or `""` if the status has no constant here.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Status::OK => "OK",
            Status::NO_CONTENT => "No Content",
            Status::NOT_MODIFIED => "Not Modified",
            Status::BAD_REQUEST => "Bad Request",
            Status::UNAUTHORIZED => "Unauthorized",
            Status::FORBIDDEN => "Forbidden",
            Status::NOT_FOUND => "Not Found",
            Status::METHOD_NOT_ALLOWED => "Method Not Allowed",
            Status::UPGRADE_REQUIRED => "Upgrade Required",
            Status::REQUEST_HEADER_FIELDS_TOO_LARGE => "Request Header Fields Too Large",
            Status::INTERNAL_SERVER_ERROR => "Internal Server Error",
            Status::SERVICE_UNAVAILABLE => "Service Unavailable",
            _ => "",
        }
    }
}

impl From<Status> for u16 {
    fn from(status: Status) -> u16 {
        status.number()
    }
}

impl TryFrom<u16> for Status {
    type Error = u16;

    /// Returns the number itself if it is not from 200 to 599.
    fn try_from(number: u16) -> Result<Status, u16> {
        Status::new(number).ok_or(number)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({self})")
    }
}

/// Shows the number, and the phrase if there is one: `404 Not Found`.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            "" => write!(f, "{}", self.number()),
            reason => write!(f, "{} {reason}", self.number()),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn s15_digits_of_every_status() {
        for number in 200..600 {
            let status = Status::new(number).unwrap();
            assert_eq!(status.digits(), *number.to_string().as_bytes());
        }
    }
}
