//! The head of an HTTP/1 message: where it ends, its start line and its header lines (RFC 9112).
//!
//! Strict: lines end in CRLF, none is folded, and names are tokens. A head is one contiguous slice, and
//! headers are looked up in its octets, so their number has no limit.

use crate::handshake::octets::{Class, take_text, take_token};
use core::fmt;

/// Waits for the end of a head in octets that arrive piece by piece, each of which is looked at once.
///
/// ```
/// use bareframe::handshake::{HeadEnd, HeadError, Request};
/// let mut end = HeadEnd::new(1024);
/// assert_eq!(end.arrived(b"GET / HTTP/1.1\r\nHost: a\r\n\r"), Ok(false));
///
/// let octets = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x81\x80";
/// assert_eq!(end.arrived(octets), Ok(true));
/// let (request, head_len) = Request::parse(octets)?;
/// assert_eq!(octets[head_len..], [0x81, 0x80]);
///
/// assert_eq!(HeadEnd::new(26).arrived(octets), Err(HeadError::TooLong));
/// # let _ = request;
/// # Ok::<(), HeadError>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HeadEnd {
    limit: usize,
    // Where the line begins that has not ended yet.
    line: usize,
    // How many octets need no second look.
    seen: usize,
}

/// What is wrong with a head; the fault is the sender's, but for the last, which is the caller's.
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
    /// The head has more octets than the limit of [`HeadEnd`].
    TooLong,
    /// A line feed without a carriage return before it.
    BareLineFeed,
    /// A carriage return without a line feed behind it.
    BareCarriageReturn,
    /// A NUL or another control octet.
    ControlOctet,
    /// A blank line before the start line.
    BlankFirstLine,
    /// The method is not a token followed by one space.
    InvalidMethod,
    /// The request-target is not visible ASCII followed by one space.
    InvalidTarget,
    /// The version is not `HTTP/1.` and a digit.
    InvalidHttpVersion,
    /// The status is not three digits from 100 to 999 followed by one space.
    InvalidStatus,
    /// A header's name is not a token followed by a colon.
    InvalidName,
    /// A space or tab in a header's name or between the name and the colon.
    SpaceInName,
    /// A line that begins with a space or tab, which once continued the line before it.
    FoldedLine,
    /// The octets end before the head does.
    Unfinished,
}

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
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header<'h> {
    // A token.
    name: &'h [u8],
    value: &'h [u8],
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
#[derive(Clone, Copy)]
pub struct Headers<'h> {
    // Whole valid lines and the blank line, or nothing.
    lines: &'h [u8],
}

/// The headers that the handshake itself writes or judges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Known {
    Host,
    Origin,
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
    Key,
    Accept,
    Version,
    Protocol,
    Extensions,
}

/// A header that may come once: what was seen of it so far.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Single<'h> {
    Absent,
    Once(&'h [u8]),
    Repeated,
}

/// A request's start line.
pub(super) struct RequestLine<'h> {
    pub(super) method: &'h [u8],
    pub(super) target: &'h [u8],
    pub(super) minor_version: u8,
}

/// A response's start line.
pub(super) struct StatusLine<'h> {
    pub(super) minor_version: u8,
    pub(super) status: u16,
    pub(super) reason: &'h [u8],
}

impl HeadEnd {
    /// Begins a head of at most `limit` octets, the blank line included.
    #[must_use]
    pub const fn new(limit: usize) -> HeadEnd {
        HeadEnd {
            limit,
            line: 0,
            seen: 0,
        }
    }

    /// Tells whether a head can be parsed: its end has arrived, or an octet that no head has.
    ///
    /// `octets` are all that have arrived since the head's first; those of the call before are not looked
    /// at again, so that the work is linear whatever the pieces.
    ///
    /// # Errors
    ///
    /// [`HeadError::TooLong`] at the last octet that could have ended the head (RFC 6585 section 5).
    pub fn arrived(&mut self, octets: &[u8]) -> Result<bool, HeadError> {
        // A client waits for the answer to its head: most often the last four octets tell.
        if octets.len() <= self.limit && octets.ends_with(b"\r\n\r\n") {
            return Ok(true);
        }
        let octets = octets.get(..self.limit).unwrap_or(octets);
        while let Some(unseen) = octets.get(self.seen..) {
            let (text, rest) = take_text(unseen);
            self.seen = self.seen.saturating_add(text.len());
            match rest {
                [] | [b'\r'] => break,
                [b'\r', b'\n', ..] if self.seen != self.line => {
                    self.seen = self.seen.saturating_add(2);
                    self.line = self.seen;
                }
                // A blank line, or what no line has.
                _ => return Ok(true),
            }
        }
        if octets.len() >= self.limit {
            return Err(HeadError::TooLong);
        }
        Ok(false)
    }
}

impl HeadError {
    /// Gives the section of the RFC that was not kept.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            HeadError::TooLong => "RFC 6585 section 5",
            HeadError::BareLineFeed
            | HeadError::BareCarriageReturn
            | HeadError::BlankFirstLine
            | HeadError::Unfinished => "RFC 9112 section 2.2",
            HeadError::ControlOctet => "RFC 9110 section 5.5",
            HeadError::InvalidMethod => "RFC 9112 section 3.1",
            HeadError::InvalidTarget => "RFC 9112 section 3.2",
            HeadError::InvalidHttpVersion => "RFC 9112 section 2.3",
            HeadError::InvalidStatus => "RFC 9112 section 4",
            HeadError::InvalidName | HeadError::SpaceInName => "RFC 9112 section 5.1",
            HeadError::FoldedLine => "RFC 9112 section 5.2",
        }
    }
}

impl<'h> Header<'h> {
    /// Gives the name as it was sent.
    #[must_use]
    pub fn name(self) -> &'h str {
        str_of_ascii(self.name)
    }

    /// Gives the value, which may have octets above `0x7F`.
    #[must_use]
    pub const fn value(self) -> &'h [u8] {
        self.value
    }

    /// Gives the value as text, or `None` if it is not UTF-8.
    #[must_use]
    pub fn value_str(self) -> Option<&'h str> {
        core::str::from_utf8(self.value).ok()
    }

    /// Tells whether the header has this name, in any case.
    #[must_use]
    pub fn is(self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    pub(super) fn known(self) -> Option<Known> {
        Known::of(self.name)
    }
}

impl Headers<'_> {
    pub(super) const NONE: Headers<'static> = Headers { lines: &[] };
}

impl<'h> Iterator for Headers<'h> {
    type Item = Header<'h>;

    fn next(&mut self) -> Option<Header<'h>> {
        let (header, rest) = header_line(self.lines).ok()?;
        self.lines = rest;
        Some(header)
    }
}

impl Known {
    pub(super) fn of(name: &[u8]) -> Option<Known> {
        // A name's length tells which it may be, but for two.
        let (known, spelt): (Known, &[u8]) = match name.len() {
            4 => (Known::Host, b"Host"),
            6 => (Known::Origin, b"Origin"),
            7 => (Known::Upgrade, b"Upgrade"),
            10 => (Known::Connection, b"Connection"),
            14 => (Known::ContentLength, b"Content-Length"),
            17 if name.starts_with(b"S") || name.starts_with(b"s") => (Known::Key, b"Sec-WebSocket-Key"),
            17 => (Known::TransferEncoding, b"Transfer-Encoding"),
            20 => (Known::Accept, b"Sec-WebSocket-Accept"),
            21 => (Known::Version, b"Sec-WebSocket-Version"),
            22 => (Known::Protocol, b"Sec-WebSocket-Protocol"),
            24 => (Known::Extensions, b"Sec-WebSocket-Extensions"),
            _ => return None,
        };
        is_name(name, spelt).then_some(known)
    }
}

impl<'h> Single<'h> {
    pub(super) fn add(&mut self, value: &'h [u8]) {
        *self = match self {
            Single::Absent => Single::Once(value),
            Single::Once(_) | Single::Repeated => Single::Repeated,
        };
    }
}

/// Takes a request's start line off the front of a head.
pub(super) fn request_line(head: &[u8]) -> Result<(RequestLine<'_>, &[u8]), HeadError> {
    let (method, rest) = take_token(no_blank_line(head)?);
    let rest = behind_word(method, rest, HeadError::InvalidMethod)?;
    let (target, rest) = Class::VISIBLE.take(rest);
    let rest = behind_word(target, rest, HeadError::InvalidTarget)?;
    let (minor_version, rest) = http_version(rest)?;
    let rest = line_end(rest, HeadError::InvalidHttpVersion)?;
    let line = RequestLine {
        method,
        target,
        minor_version,
    };
    Ok((line, rest))
}

/// Takes a response's start line off the front of a head.
pub(super) fn status_line(head: &[u8]) -> Result<(StatusLine<'_>, &[u8]), HeadError> {
    let (minor_version, rest) = http_version(no_blank_line(head)?)?;
    let rest = literal(b" ", rest, HeadError::InvalidHttpVersion)?;
    let end = rest.iter().position(|octet| !octet.is_ascii_digit());
    let (digits, rest) = end
        .and_then(|end| rest.split_at_checked(end))
        .unwrap_or((rest, &[]));
    let rest = behind_word(digits, rest, HeadError::InvalidStatus)?;
    let &[hundreds @ b'1'..=b'9', tens, ones] = digits else {
        return Err(HeadError::InvalidStatus);
    };
    let status = [hundreds, tens, ones].iter().fold(0u16, |status, digit| {
        status.wrapping_mul(10).wrapping_add(u16::from(digit & 0xF))
    });
    let (reason, rest) = take_text(rest);
    let rest = line_end(rest, HeadError::ControlOctet)?;
    let line = StatusLine {
        minor_version,
        status,
        reason,
    };
    Ok((line, rest))
}

/// Passes the value of every known header to `note`, with the lines behind it, and gives all lines with what
/// stands behind the blank line.
pub(super) fn header_lines<'h>(
    lines: &'h [u8],
    mut note: impl FnMut(Known, &'h [u8], Headers<'h>),
) -> Result<(Headers<'h>, &'h [u8]), HeadError> {
    let mut rest = lines;
    loop {
        if let Some(behind) = rest.strip_prefix(b"\r\n") {
            return Ok((Headers { lines }, behind));
        }
        let (header, behind) = header_line(rest)?;
        if let Some(known) = header.known() {
            note(known, header.value, Headers { lines: behind });
        }
        rest = behind;
    }
}

fn header_line(lines: &[u8]) -> Result<(Header<'_>, &[u8]), HeadError> {
    let (name, rest) = take_token(lines);
    let rest = match rest {
        [b':', rest @ ..] if !name.is_empty() => rest,
        [b' ' | b'\t', ..] if name.is_empty() => return Err(HeadError::FoldedLine),
        [b' ' | b'\t', ..] => return Err(HeadError::SpaceInName),
        _ => return Err(misplaced(rest, HeadError::InvalidName)),
    };
    let (value, rest) = take_text(rest);
    let rest = line_end(rest, HeadError::ControlOctet)?;
    let value = trim(value);
    Ok((Header { name, value }, rest))
}

fn no_blank_line(head: &[u8]) -> Result<&[u8], HeadError> {
    match head {
        [b'\r', b'\n', ..] | [b'\n', ..] => Err(HeadError::BlankFirstLine),
        [] | [b'\r'] => Err(HeadError::Unfinished),
        _ => Ok(head),
    }
}

fn http_version(octets: &[u8]) -> Result<(u8, &[u8]), HeadError> {
    match literal(b"HTTP/1.", octets, HeadError::InvalidHttpVersion)? {
        [digit @ b'0'..=b'9', rest @ ..] => Ok((*digit & 0xF, rest)),
        [] => Err(HeadError::Unfinished),
        _ => Err(HeadError::InvalidHttpVersion),
    }
}

/// Takes the space behind a word that has at least one octet.
fn behind_word<'h>(word: &[u8], rest: &'h [u8], otherwise: HeadError) -> Result<&'h [u8], HeadError> {
    let rest = literal(b" ", rest, otherwise)?;
    if word.is_empty() { Err(otherwise) } else { Ok(rest) }
}

/// Takes octets that must stand here.
fn literal<'h>(wanted: &[u8], octets: &'h [u8], otherwise: HeadError) -> Result<&'h [u8], HeadError> {
    let mut rest = octets;
    for wanted in wanted {
        rest = match rest.split_first() {
            Some((octet, behind)) if octet == wanted => behind,
            Some(_) => return Err(otherwise),
            None => return Err(HeadError::Unfinished),
        };
    }
    Ok(rest)
}

/// Takes the end of a line.
fn line_end(octets: &[u8], otherwise: HeadError) -> Result<&[u8], HeadError> {
    match octets.strip_prefix(b"\r\n") {
        Some(rest) => Ok(rest),
        None => Err(misplaced(octets, otherwise)),
    }
}

/// Says what is wrong with octets that can't stand where they do.
fn misplaced(octets: &[u8], otherwise: HeadError) -> HeadError {
    match octets {
        [] | [b'\r'] => HeadError::Unfinished,
        [b'\n', ..] => HeadError::BareLineFeed,
        [b'\r', next, ..] if *next != b'\n' => HeadError::BareCarriageReturn,
        _ => otherwise,
    }
}

/// Tells whether a name is this one, in any case.
fn is_name(name: &[u8], spelt: &[u8]) -> bool {
    // Most write names as the RFC does: on large machines that is compared at once.
    cfg!(target_pointer_width = "64") && name == spelt || name.eq_ignore_ascii_case(spelt)
}

/// Drops the spaces and tabs around a value.
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Gives octets that were found to be ASCII as text.
pub(super) fn str_of_ascii(octets: &[u8]) -> &str {
    core::str::from_utf8(octets).unwrap_or("")
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({self})")
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            HeadError::TooLong => "the peer's head is longer than our limit",
            HeadError::BareLineFeed => "the peer sent a line feed without a carriage return",
            HeadError::BareCarriageReturn => "the peer sent a carriage return without a line feed",
            HeadError::ControlOctet => "the peer sent a control octet in the head",
            HeadError::BlankFirstLine => "the peer sent a blank line before the start line",
            HeadError::InvalidMethod => "the client sent a method that is not a token and a space",
            HeadError::InvalidTarget => "the client sent a target that is not visible ASCII and a space",
            HeadError::InvalidHttpVersion => "the peer sent a version that is not HTTP/1 and a digit",
            HeadError::InvalidStatus => "the server sent a status that is not three digits and a space",
            HeadError::InvalidName => "the peer sent a header name that is not a token and a colon",
            HeadError::SpaceInName => "the peer sent white space before a header's colon",
            HeadError::FoldedLine => "the peer sent a folded line",
            HeadError::Unfinished => "the head was parsed before its end had come",
        };
        write!(f, "{what} ({})", self.section())
    }
}

/// The line as it would be sent, with octets that are not visible ASCII escaped.
impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.value.escape_ascii())
    }
}

impl core::error::Error for HeadError {}
