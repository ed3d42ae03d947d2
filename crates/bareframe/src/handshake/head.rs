//! The head of an HTTP/1 message: where it ends, its start line and its header lines (RFC 9112).
//!
//! Strict: lines end in CRLF, none is folded, and names are tokens. A head is one contiguous slice, and
//! headers are looked up in its octets, so their number has no limit.

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;

use crate::handshake::octets::{Class, is_token, skip, take_before, take_text, take_token};
#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
use compact::header_line;
use core::fmt;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
use fast::header_line;

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
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
    Key,
    Accept,
    Version,
    Protocol,
    Extensions,
    Origin,
}

/// The names of the headers one behind another: a text for each would take an address too.
static NAMES: [u8; 162] = *b"HostOriginUpgradeConnectionContent-LengthTransfer-EncodingSec-WebSocket-Key\
    Sec-WebSocket-AcceptSec-WebSocket-VersionSec-WebSocket-ProtocolSec-WebSocket-Extensions";

/// The header lines of a head, and what those of the known names say.
#[derive(Clone, Copy)]
pub(super) struct Lines<'h> {
    headers: Headers<'h>,
    // The value of each but `Origin`, and an empty one where there are several.
    values: [Option<&'h [u8]>; Known::Origin as usize],
    // A bit for each of which there are several. Beside the values it would take a word each.
    repeated: u16,
}

/// A request's start line.
#[derive(Clone, Copy)]
pub(super) struct RequestLine<'h> {
    pub(super) method: &'h [u8],
    pub(super) target: &'h [u8],
    pub(super) minor_version: u8,
}

/// A response's start line.
#[derive(Clone, Copy)]
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
            let mut rest = unseen;
            let text = take_text(&mut rest);
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
        header_line(&mut self.lines).ok()
    }
}

impl Known {
    pub(super) fn of(name: &[u8]) -> Option<Known> {
        // A name's length tells which it may be, but for two.
        let mut known = match name.len() {
            4 => Known::Host,
            6 => Known::Origin,
            7 => Known::Upgrade,
            10 => Known::Connection,
            14 => Known::ContentLength,
            17 => Known::Key,
            20 => Known::Accept,
            21 => Known::Version,
            22 => Known::Protocol,
            24 => Known::Extensions,
            _ => return None,
        };
        if let (Known::Key, [b'T' | b't', ..]) = (known, name) {
            known = Known::TransferEncoding;
        }
        is_token(name, known.name()).then_some(known)
    }

    fn bit(self) -> u16 {
        1u16.wrapping_shl(self as u32)
    }

    /// Gives the name as the RFC writes it.
    pub(super) const fn name(self) -> &'static [u8] {
        let (begin, len) = match self {
            Known::Host => (0, 4),
            Known::Origin => (4, 6),
            Known::Upgrade => (10, 7),
            Known::Connection => (17, 10),
            Known::ContentLength => (27, 14),
            Known::TransferEncoding => (41, 17),
            Known::Key => (58, 17),
            Known::Accept => (75, 20),
            Known::Version => (95, 21),
            Known::Protocol => (116, 22),
            Known::Extensions => (138, 24),
        };
        if let Some((_, behind)) = NAMES.split_at_checked(begin)
            && let Some((name, _)) = behind.split_at_checked(len)
        {
            name
        } else {
            &[]
        }
    }
}

impl<'h> Lines<'h> {
    pub(super) fn new() -> Lines<'h> {
        Lines {
            headers: Headers::NONE,
            values: [None; _],
            repeated: 0,
        }
    }

    pub(super) const fn headers(&self) -> Headers<'h> {
        self.headers
    }

    /// Takes all header lines and the blank line off the front of what stands behind the start line.
    pub(super) fn parse(&mut self, rest: &mut &'h [u8]) -> Result<(), HeadError> {
        self.headers.lines = rest;
        loop {
            if let [b'\r', b'\n', behind @ ..] = rest {
                *rest = behind;
                return Ok(());
            }
            let header = header_line(rest)?;
            if let Some(known) = header.known()
                && let Some(value) = self.values.get_mut(known as usize)
            {
                if value.is_none() {
                    *value = Some(header.value);
                } else {
                    *value = Some(&[]);
                    self.repeated |= known.bit();
                }
            }
        }
    }

    /// Gives the value of a header, which is empty if there are several, or `None` if there is none.
    pub(super) fn value(&self, known: Known) -> Option<&'h [u8]> {
        self.values.get(known as usize).copied().flatten()
    }

    /// Tells whether a header comes more than once.
    pub(super) fn repeats(&self, known: Known) -> bool {
        self.repeated & known.bit() != 0
    }

    /// Gives the value of a header that must come once.
    pub(super) fn one<E>(&self, known: Known, absent: E, repeated: E) -> Result<&'h [u8], E> {
        if self.repeats(known) {
            return Err(repeated);
        }
        self.value(known).ok_or(absent)
    }
}

/// Takes a request's start line off the front of a head.
pub(super) fn request_line<'h>(rest: &mut &'h [u8]) -> Result<RequestLine<'h>, HeadError> {
    no_blank_line(rest)?;
    let method = take_token(rest);
    behind_word(method, rest, HeadError::InvalidMethod)?;
    let target = Class::VISIBLE.take(rest);
    behind_word(target, rest, HeadError::InvalidTarget)?;
    let minor_version = http_version(rest)?;
    line_end(rest, HeadError::InvalidHttpVersion)?;
    Ok(RequestLine {
        method,
        target,
        minor_version,
    })
}

/// Takes a response's start line off the front of a head.
pub(super) fn status_line<'h>(rest: &mut &'h [u8]) -> Result<StatusLine<'h>, HeadError> {
    no_blank_line(rest)?;
    let minor_version = http_version(rest)?;
    literal(b" ", rest, HeadError::InvalidHttpVersion)?;
    let digits = take_before(rest, |octet| !octet.is_ascii_digit());
    behind_word(digits, rest, HeadError::InvalidStatus)?;
    let &[hundreds @ b'1'..=b'9', tens, ones] = digits else {
        return Err(HeadError::InvalidStatus);
    };
    let status = [hundreds, tens, ones].iter().fold(0u16, |status, digit| {
        status.wrapping_mul(10).wrapping_add(u16::from(digit & 0xF))
    });
    let reason = take_text(rest);
    line_end(rest, HeadError::ControlOctet)?;
    Ok(StatusLine {
        minor_version,
        status,
        reason,
    })
}

/// Parses a header line, and takes it off the front of `lines`.
#[inline(always)]
fn parse_header_line<'h>(lines: &mut &'h [u8]) -> Result<Header<'h>, HeadError> {
    // A copy, which need not be in memory.
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
    line_end(&mut rest, HeadError::ControlOctet)?;
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

fn http_version(rest: &mut &[u8]) -> Result<u8, HeadError> {
    literal(b"HTTP/1.", rest, HeadError::InvalidHttpVersion)?;
    match rest.split_off_first() {
        Some(digit @ b'0'..=b'9') => Ok(digit & 0xF),
        Some(_) => Err(HeadError::InvalidHttpVersion),
        None => Err(HeadError::Unfinished),
    }
}

/// Takes the space behind a word that has at least one octet.
fn behind_word(word: &[u8], rest: &mut &[u8], otherwise: HeadError) -> Result<(), HeadError> {
    literal(b" ", rest, otherwise)?;
    if word.is_empty() { Err(otherwise) } else { Ok(()) }
}

/// Takes octets that must stand here.
fn literal(wanted: &[u8], rest: &mut &[u8], otherwise: HeadError) -> Result<(), HeadError> {
    if skip(wanted, rest) {
        Ok(())
    } else if rest.is_empty() {
        Err(HeadError::Unfinished)
    } else {
        Err(otherwise)
    }
}

/// Takes the end of a line.
fn line_end(rest: &mut &[u8], otherwise: HeadError) -> Result<(), HeadError> {
    let line = *rest;
    if skip(b"\r\n", rest) {
        Ok(())
    } else {
        Err(misplaced(line, otherwise))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s11_3_names_in_any_case() {
        for (known, name) in [
            (Known::Host, "Host"),
            (Known::Upgrade, "Upgrade"),
            (Known::Connection, "Connection"),
            (Known::ContentLength, "Content-Length"),
            (Known::TransferEncoding, "Transfer-Encoding"),
            (Known::Key, "Sec-WebSocket-Key"),
            (Known::Accept, "Sec-WebSocket-Accept"),
            (Known::Version, "Sec-WebSocket-Version"),
            (Known::Protocol, "Sec-WebSocket-Protocol"),
            (Known::Extensions, "Sec-WebSocket-Extensions"),
            (Known::Origin, "Origin"),
        ] {
            assert_eq!(known.name(), name.as_bytes());
            let mut spelt = [0; 24];
            let spelt = &mut spelt[..name.len()];
            for at in 0..name.len() {
                spelt.copy_from_slice(name.as_bytes());
                assert_eq!(Known::of(spelt), Some(known));
                spelt[..=at].make_ascii_uppercase();
                assert_eq!(Known::of(spelt), Some(known));
                spelt.make_ascii_lowercase();
                assert_eq!(Known::of(spelt), Some(known));
                spelt[at] ^= 1;
                assert_eq!(Known::of(spelt), None);
            }
            assert_eq!(Known::of(&name.as_bytes()[1..]), None);
        }
    }
}
