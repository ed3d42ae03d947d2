//! HeadError: what is wrong with the head of an HTTP/1 message (RFC 9112).

use crate::handshake::classes::take_text;
use crate::handshake::status::Status;
use core::fmt;

/// What is wrong with a head. The fault is the sender's, except for the last one, which is the caller's.
///
/// ```
/// use bareframe::handshake::{HeadError, Request, Status};
/// let error = Request::parse(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n").unwrap_err();
/// assert_eq!(error, HeadError::SpaceInName);
/// assert_eq!(error.status(), Status::BAD_REQUEST);
/// assert_eq!(error.section(), "RFC 9112 section 5.1");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum HeadError {
    /// The head has more bytes than the limit of [`HeadEnd`](crate::handshake::HeadEnd), which is this one.
    TooLong(usize),
    /// A line feed without a carriage return before it.
    BareLineFeed,
    /// A carriage return without a line feed after it.
    BareCarriageReturn,
    /// A NUL or another control character.
    ControlByte,
    /// A second blank line before a request line, or one before a status line.
    BlankFirstLine,
    /// The method is not a token followed by one space.
    InvalidMethod,
    /// The request-target does not match the grammar of RFC 9112 section 3.2, or no space follows it.
    InvalidTarget,
    /// The version is not `HTTP/1.` and a digit.
    InvalidHttpVersion,
    /// The status is not three digits from 100 to 999, with one space before a phrase.
    InvalidStatus,
    /// A header's name is not a token followed by a colon.
    InvalidName,
    /// A space or tab in a header's name or between the name and the colon.
    SpaceInName,
    /// A line that begins with a space or tab, which obsolete versions of HTTP used to continue the line before it.
    FoldedLine,
    /// The peer speaks TLS and this side does not: one of them uses `wss://` and the other `ws://`.
    Tls,
    /// The peer speaks HTTP/2 without having been asked to.
    Http2,
    /// The peer speaks another protocol than HTTP: its first line has no version of HTTP.
    NotHttp,
    /// The bytes end before the head does.
    Unfinished,
}

impl HeadError {
    /// Returns the error for the protocol of a head with this error in its first line, if it is not HTTP/1, or this
    /// error otherwise.
    ///
    /// The result does not depend on how much has arrived, because it is decided by the first byte or by the whole
    /// first line.
    #[cold]
    pub(super) fn or_other_protocol(self, head: &[u8]) -> HeadError {
        let mut rest = head;
        let line = take_text(&mut rest);
        match head {
            _ if self == HeadError::Unfinished || self == HeadError::BlankFirstLine => self,
            // The record of a handshake, or an alert.
            [0x15 | 0x16, ..] => HeadError::Tls,
            // The length of the frame with which a server begins.
            [0, ..] => HeadError::Http2,
            [
                b'P',
                b'R',
                b'I',
                b' ',
                b'*',
                b' ',
                b'H',
                b'T',
                b'T',
                b'P',
                b'/',
                b'2',
                ..,
            ] => HeadError::Http2,
            _ if matches!(rest, [b'\r', b'\n', ..] | [b'\n', ..]) && !names_http(line) => HeadError::NotHttp,
            _ => self,
        }
    }

    /// Returns the status of a server's answer (RFC 6455 section 4.2.1).
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            HeadError::TooLong(_) => Status::REQUEST_HEADER_FIELDS_TOO_LARGE,
            _ => Status::BAD_REQUEST,
        }
    }

    /// Returns a description of the error, without the section.
    pub(super) const fn text(self) -> &'static str {
        match self {
            HeadError::TooLong(_) => "the peer's head is longer than our limit",
            HeadError::BareLineFeed => "the peer sent a line feed without a carriage return",
            HeadError::BareCarriageReturn => "the peer sent a carriage return without a line feed",
            HeadError::ControlByte => "the peer sent a control character in the head",
            HeadError::BlankFirstLine => "the peer sent an empty line before the start line",
            HeadError::InvalidMethod => "the client sent a method that is not a token and a space",
            HeadError::InvalidTarget => {
                "the client sent a target that is not a path, a URI or an authority and a space"
            }
            HeadError::InvalidHttpVersion => "the peer sent a version that is not HTTP/1 and a digit",
            HeadError::InvalidStatus => "the server sent a status that is not three digits",
            HeadError::InvalidName => "the peer sent a header name that is not a token and a colon",
            HeadError::SpaceInName => "the peer sent white space before a header's colon",
            HeadError::FoldedLine => "the peer sent a folded line",
            HeadError::Tls => "the peer speaks TLS and not HTTP/1",
            HeadError::Http2 => "the peer speaks HTTP/2 and not HTTP/1",
            HeadError::NotHttp => "the peer speaks another protocol than HTTP",
            HeadError::Unfinished => "the head was parsed before its end had arrived",
        }
    }

    /// Returns the section of the RFC that was violated.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            HeadError::TooLong(_) => "RFC 6585 section 5",
            HeadError::BareLineFeed
            | HeadError::BareCarriageReturn
            | HeadError::BlankFirstLine
            | HeadError::Unfinished => "RFC 9112 section 2.2",
            HeadError::ControlByte => "RFC 9110 section 5.5",
            HeadError::InvalidMethod => "RFC 9112 section 3.1",
            HeadError::InvalidTarget => "RFC 9112 section 3.2",
            HeadError::InvalidHttpVersion => "RFC 9112 section 2.3",
            HeadError::InvalidStatus => "RFC 9112 section 4",
            HeadError::InvalidName | HeadError::SpaceInName => "RFC 9112 section 5.1",
            HeadError::FoldedLine => "RFC 9112 section 5.2",
            HeadError::Tls | HeadError::Http2 | HeadError::NotHttp => "RFC 9112 section 2.1",
        }
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeadError::TooLong(limit) => {
                write!(
                    f,
                    "the peer's head has more than {limit} bytes, our limit ({})",
                    self.section()
                )
            }
            _ => write!(f, "{} ({})", self.text(), self.section()),
        }
    }
}

impl core::error::Error for HeadError {}

/// Returns `true` if a line contains a version of HTTP, possibly a wrong one.
fn names_http(line: &[u8]) -> bool {
    line.windows(5).any(|bytes| bytes.eq_ignore_ascii_case(b"HTTP/"))
}
