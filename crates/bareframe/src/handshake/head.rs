//! The head of an HTTP/1 message: its start line and its header lines (RFC 9112).
//!
//! Strict: lines end in CRLF, none is folded, and names are tokens. A head is one contiguous slice, and
//! headers are looked up in its bytes, so their number has no limit.

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;

use crate::handshake::classes::{skip, take_before, take_text, take_token};
use crate::handshake::head_error::HeadError;
use crate::handshake::header_name::HeaderName;
use crate::handshake::target::{Form, Target};
use crate::handshake::version::Version;
#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
pub(super) use compact::header_line;
use core::fmt;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
pub(super) use fast::header_line;

/// One header line: a name, and a value without the spaces and tabs around it (RFC 9110 section 5).
///
/// ```
/// use bareframe::handshake::Request;
/// let (request, _) = Request::parse(b"GET / HTTP/1.1\r\nHost:  example.com \r\nX: \xE9\r\n\r\n")?;
/// let host = request.header("host").unwrap();
/// assert_eq!((host.name(), host.value()), ("Host", &b"example.com"[..]));
/// assert_eq!(host.value_str(), Some("example.com"));
/// assert_eq!(request.header("x").unwrap().value_str(), None);
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header<'h> {
    // A token.
    pub(super) name: &'h [u8],
    pub(super) value: &'h [u8],
}

/// The header lines of a head, in the order in which they came.
///
/// ```
/// use bareframe::handshake::Request;
/// let (request, _) = Request::parse(b"GET / HTTP/1.1\r\nHost: a\r\nCookie: b\r\ncookie: c\r\n\r\n")?;
/// let cookies = request.headers().filter(|header| header.is("Cookie"));
/// assert!(cookies.map(|header| header.value()).eq([b"b", b"c"]));
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone)]
pub struct Headers<'h> {
    // Whole valid lines and the blank line, or nothing.
    pub(super) lines: &'h [u8],
}

/// A request's start line.
#[derive(Clone, Copy)]
pub(super) struct RequestLine<'h> {
    pub(super) method: &'h [u8],
    pub(super) target: Target<'h>,
    pub(super) version: Version,
}

/// A response's start line.
#[derive(Clone, Copy)]
pub(super) struct StatusLine<'h> {
    pub(super) version: Version,
    pub(super) status: u16,
    pub(super) reason: &'h [u8],
}

impl<'h> Header<'h> {
    /// Returns the name as it was sent.
    #[must_use]
    pub fn name(self) -> &'h str {
        str_of_ascii(self.name)
    }

    /// Returns the value, which may have bytes above `0x7F`.
    #[must_use]
    pub const fn value(self) -> &'h [u8] {
        self.value
    }

    /// Returns the value as text, or `None` if it is not UTF-8.
    #[must_use]
    pub fn value_str(self) -> Option<&'h str> {
        core::str::from_utf8(self.value).ok()
    }

    /// Returns `true` if the header has this name, in any case.
    #[must_use]
    pub fn is(self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Returns which of the headers it is that the handshake reads.
    pub(super) fn header_name(self) -> Option<HeaderName> {
        HeaderName::of(self.name)
    }
}

impl<'h> Iterator for Headers<'h> {
    type Item = Header<'h>;

    fn next(&mut self) -> Option<Header<'h>> {
        header_line(&mut self.lines).ok()
    }
}

/// Parses and removes a request's start line at the front of a head.
pub(super) fn request_line<'h>(rest: &mut &'h [u8]) -> Result<RequestLine<'h>, HeadError> {
    // An earlier message on the connection may have left an empty line before it (RFC 9112 section 2.2).
    let head = rest.strip_prefix(b"\r\n").unwrap_or(rest);
    *rest = head;
    no_blank_line(head)?;
    take_request_line(rest).map_err(|error| error.or_other_protocol(head))
}

#[inline(always)]
fn take_request_line<'h>(rest: &mut &'h [u8]) -> Result<RequestLine<'h>, HeadError> {
    let method = take_token(rest);
    space_after(method, rest, HeadError::InvalidMethod)?;
    let target = Target::take(rest);
    if let [b'%'] | [b'%', b'0'..=b'9' | b'A'..=b'F' | b'a'..=b'f'] = rest {
        return Err(HeadError::Unfinished);
    }
    space_after(target.whole, rest, HeadError::InvalidTarget)?;
    if target.form == Form::Invalid {
        return Err(HeadError::InvalidTarget);
    }
    let version = http_version(rest)?;
    line_end(rest, HeadError::InvalidHttpVersion)?;
    Ok(RequestLine {
        method,
        target,
        version,
    })
}

/// Parses and removes a response's start line at the front of a head.
pub(super) fn status_line<'h>(rest: &mut &'h [u8]) -> Result<StatusLine<'h>, HeadError> {
    let head = *rest;
    no_blank_line(head)?;
    take_status_line(rest).map_err(|error| error.or_other_protocol(head))
}

#[inline(always)]
fn take_status_line<'h>(rest: &mut &'h [u8]) -> Result<StatusLine<'h>, HeadError> {
    let version = http_version(rest)?;
    literal(b" ", rest, HeadError::InvalidHttpVersion)?;
    let digits = take_before(rest, |byte| !byte.is_ascii_digit());
    // Old servers leave out the space too if they have no phrase.
    if !matches!(rest, [b'\r', ..]) {
        space_after(digits, rest, HeadError::InvalidStatus)?;
    }
    let &[hundreds @ b'1'..=b'9', tens, ones] = digits else {
        return Err(HeadError::InvalidStatus);
    };
    let status = [hundreds, tens, ones].iter().fold(0u16, |status, digit| {
        status.wrapping_mul(10).wrapping_add(u16::from(digit & 0xF))
    });
    let reason = take_text(rest);
    line_end(rest, HeadError::ControlByte)?;
    Ok(StatusLine {
        version,
        status,
        reason,
    })
}

/// Parses and removes a header line at the front of `lines`.
#[inline(always)]
fn parse_header_line<'h>(lines: &mut &'h [u8]) -> Result<Header<'h>, HeadError> {
    // A copy, which the compiler can keep in registers.
    let mut rest = *lines;
    let name = take_token(&mut rest);
    if name.is_empty() || !skip(b":", &mut rest) {
        return Err(match rest {
            [b' ' | b'\t', ..] if name.is_empty() => HeadError::FoldedLine,
            [b' ' | b'\t', ..] => HeadError::SpaceInName,
            _ => misplaced(rest, HeadError::InvalidName),
        });
    }
    let value = trim(take_text(&mut rest));
    line_end(&mut rest, HeadError::ControlByte)?;
    *lines = rest;
    Ok(Header { name, value })
}

fn no_blank_line(head: &[u8]) -> Result<(), HeadError> {
    match head {
        [b'\r', b'\n', ..] | [b'\n', ..] => Err(HeadError::BlankFirstLine),
        [] | [b'\r'] => Err(HeadError::Unfinished),
        _ => Ok(()),
    }
}

fn http_version(rest: &mut &[u8]) -> Result<Version, HeadError> {
    literal(b"HTTP/1.", rest, HeadError::InvalidHttpVersion)?;
    match rest.split_off_first() {
        Some(digit @ b'0'..=b'9') => Ok(Version::http_1(digit & 0xF)),
        Some(_) => Err(HeadError::InvalidHttpVersion),
        None => Err(HeadError::Unfinished),
    }
}

/// Removes the space after a word, which must have at least one byte.
fn space_after(word: &[u8], rest: &mut &[u8], otherwise: HeadError) -> Result<(), HeadError> {
    literal(b" ", rest, otherwise)?;
    if word.is_empty() { Err(otherwise) } else { Ok(()) }
}

/// Removes bytes that must be at the front.
fn literal(wanted: &[u8], rest: &mut &[u8], otherwise: HeadError) -> Result<(), HeadError> {
    if skip(wanted, rest) {
        Ok(())
    } else if rest.is_empty() {
        Err(HeadError::Unfinished)
    } else {
        Err(otherwise)
    }
}

/// Removes the end of a line.
fn line_end(rest: &mut &[u8], otherwise: HeadError) -> Result<(), HeadError> {
    let line = *rest;
    if skip(b"\r\n", rest) {
        Ok(())
    } else {
        Err(misplaced(line, otherwise))
    }
}

/// Returns the error for bytes that are not allowed at the front.
fn misplaced(bytes: &[u8], otherwise: HeadError) -> HeadError {
    match bytes {
        [] | [b'\r'] => HeadError::Unfinished,
        [b'\n', ..] => HeadError::BareLineFeed,
        [b'\r', next, ..] if *next != b'\n' => HeadError::BareCarriageReturn,
        _ => otherwise,
    }
}

/// Drops the spaces and tabs around a value.
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Returns bytes that were found to be ASCII as text.
pub(super) fn str_of_ascii(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or("")
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({self})")
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// Shows the line as it would be sent, with bytes that are not visible ASCII escaped.
impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.value.escape_ascii())
    }
}
