//! Answers that do not switch protocols (RFC 6455 section 4.2.2, RFC 9110 section 15).

use crate::handshake::encode::{EncodeError, Writer, check_headers, check_room};
use crate::handshake::head::HeadError;
use core::fmt;

/// An answer that does not switch protocols; the connection closes behind it.
///
/// ```
/// use bareframe::handshake::{Answer, Status};
/// let page = "<h1>Hello</h1>";
/// let answer = Answer {
///     content_length: Some(14),
///     headers: &[("Content-Type", "text/html")],
///     ..Answer::new(Status::OK)
/// };
/// let mut out = [0; 256];
/// let len = answer.encode(&mut out)?;
/// assert_eq!(
///     out[..len],
///     *b"HTTP/1.1 200 OK\r\n\
///        Connection: close\r\n\
///        Content-Length: 14\r\n\
///        Content-Type: text/html\r\n\r\n",
/// );
/// // The page follows.
/// # let _ = page;
/// # Ok::<(), bareframe::handshake::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Answer<'a> {
    /// The status: 405 brings `Allow: GET`, 426 brings `Upgrade` and `Sec-WebSocket-Version: 13`.
    pub status: Status,
    /// How many octets of content follow the head, or `None` if the end of the connection ends them.
    pub content_length: Option<u64>,
    /// More headers, as names and values.
    pub headers: &'a [(&'a str, &'a str)],
}

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

impl Answer<'_> {
    /// Makes an answer without content and without more headers.
    #[inline(always)]
    #[must_use]
    pub const fn new(status: Status) -> Answer<'static> {
        Answer {
            status,
            content_length: Some(0),
            headers: &[],
        }
    }

    /// Writes the head to `out`, and gives its length in octets.
    ///
    /// # Errors
    ///
    /// A header that must not be added, or [`EncodeError::BufferTooSmall`]. Nothing is written then.
    // Inlined, so that what the answer has is known where it is made.
    #[inline(always)]
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let content_length = self.content_length.unwrap_or(0);
        encode_answer(
            self.status,
            self.content_length.is_some(),
            content_length,
            self.headers,
            out,
        )
    }
}

/// The same with its parameters one by one: what an image never gives leaves no code in it.
fn encode_answer(
    status: Status,
    has_length: bool,
    content_length: u64,
    headers: &[(&str, &str)],
    out: &mut [u8],
) -> Result<usize, EncodeError> {
    check_headers(headers)?;
    let needed = write_answer(status, has_length, content_length, headers, &mut []);
    check_room(needed, out)?;
    Ok(write_answer(status, has_length, content_length, headers, out))
}

fn write_answer(
    status: Status,
    has_length: bool,
    content_length: u64,
    headers: &[(&str, &str)],
    room: &mut [u8],
) -> usize {
    let mut writer = Writer::new(room);
    writer.put(b"HTTP/1.1 ");
    writer.put(&status.digits());
    writer.put(b" ");
    writer.put(status.reason().as_bytes());
    if status == Status::METHOD_NOT_ALLOWED {
        writer.put(b"\r\nAllow: GET");
    }
    writer.put(match status {
        Status::UPGRADE_REQUIRED => {
            b"\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
        }
        _ => b"\r\nConnection: close\r\n",
    });
    match (has_length, content_length) {
        (false, _) => {}
        // What most answers have needs no digits.
        (true, 0) => writer.put(b"Content-Length: 0\r\n"),
        (true, content_length) => {
            writer.put(b"Content-Length: ");
            writer.number(content_length);
            writer.put(b"\r\n");
        }
    }
    writer.headers(headers);
    writer.put(b"\r\n");
    writer.len()
}

impl Status {
    /// The content follows.
    pub const OK: Status = Status(200);
    /// The request is malformed.
    pub const BAD_REQUEST: Status = Status(400);
    /// The client must authenticate; the answer needs a `WWW-Authenticate`.
    pub const UNAUTHORIZED: Status = Status(401);
    /// The server does not want this client, for instance because of its origin.
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

    /// Gives the status with this number, or `None` if it is not from 200 to 599.
    #[must_use]
    pub const fn new(number: u16) -> Option<Status> {
        match number {
            200..=599 => Some(Status(number)),
            _ => None,
        }
    }

    /// Gives the three digits that stand on the wire, as a number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Gives the three digits.
    fn digits(self) -> [u8; 3] {
        // Hundreds in fixed point: the error stays below one even times a hundred.
        let mut hundreds = u32::from(self.0).wrapping_mul((1 << 22) / 100 + 1);
        [(); 3].map(|()| {
            let [digit, ..] = (hundreds << 2).to_be_bytes();
            hundreds = (hundreds & 0x3F_FFFF).wrapping_mul(10);
            digit | b'0'
        })
    }

    /// Gives the phrase that stands behind the number, or `""` if the status has no constant here.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Status::OK => "OK",
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

impl HeadError {
    /// Gives the status of a server's answer (RFC 6455 section 4.2.1).
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            HeadError::TooLong => Status::REQUEST_HEADER_FIELDS_TOO_LARGE,
            _ => Status::BAD_REQUEST,
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({self})")
    }
}

/// The number and the phrase if there is one: `404 Not Found`.
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
