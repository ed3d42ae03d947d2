//! The client's side: the request is written, and the server's response read and judged (RFC 6455 section 4.1).

use crate::handshake::encode::{EncodeError, Writer, check_headers, check_room};
use crate::handshake::head::{HeadError, Header, Headers, Known, Lines, StatusLine, status_line};
use crate::handshake::key::{Accept, Key};
use crate::handshake::list::{Elements, Extensions};
use crate::handshake::octets::Class;
use crate::handshake::octets::is_token;
use core::fmt;

/// What a client asks for and offers (RFC 6455 section 4.1).
///
/// ```
/// use bareframe::handshake::{Key, Offer};
/// let offer = Offer {
///     subprotocols: &["chat", "superchat"],
///     ..Offer::new("example.com", "/chat")
/// };
/// let key = Key::from_random(*b"the sample nonce"); // Unpredictable in earnest.
/// let mut out = [0; 512];
/// let len = offer.encode(&key, &mut out)?;
/// assert_eq!(
///     out[..len],
///     *b"GET /chat HTTP/1.1\r\n\
///        Host: example.com\r\n\
///        Upgrade: websocket\r\n\
///        Connection: Upgrade\r\n\
///        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///        Sec-WebSocket-Version: 13\r\n\
///        Sec-WebSocket-Protocol: chat, superchat\r\n\r\n",
/// );
/// # Ok::<(), bareframe::handshake::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Offer<'a> {
    /// The host, with a colon and the port if it is not the scheme's own.
    pub host: &'a str,
    /// The resource: a path, which begins with `/`, and a query if there is one.
    pub target: &'a str,
    /// The origin, which a browser must send and others may.
    pub origin: Option<&'a str>,
    /// The subprotocols offered, by preference: tokens, each once.
    pub subprotocols: &'a [&'a str],
    /// The extensions offered, by preference, as a list. Empty for none.
    pub extensions: &'a str,
    /// More headers, as names and values.
    pub headers: &'a [(&'a str, &'a str)],
}

/// A server's response, which may switch protocols or do anything else.
///
/// ```
/// use bareframe::handshake::{Accept, Header, Key, Offer, Response};
/// let (response, _) = Response::parse(b"HTTP/1.1 302 Found\r\nLocation: wss://example.com/\r\n\r\n")?;
/// let key = Key::from_random(*b"the sample nonce");
/// let offer = Offer::new("example.com", "/chat");
/// assert!(response.upgrade(&offer, &Accept::from_key(&key)).unwrap().is_none());
/// assert_eq!((response.status(), response.reason()), (302, &b"Found"[..]));
/// assert_eq!(response.header("Location").and_then(Header::value_str), Some("wss://example.com/"));
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Response<'h> {
    line: StatusLine<'h>,
    lines: Lines<'h>,
}

/// A WebSocket connection is established, with what both sides agreed on (RFC 6455 section 4.1).
///
/// ```
/// use bareframe::handshake::{Accept, Key, Offer, Response};
/// let offer = Offer { subprotocols: &["chat"], ..Offer::new("example.com", "/chat") };
/// let (response, _) = Response::parse(
///     b"HTTP/1.1 101 Switching Protocols\r\n\
///       Upgrade: websocket\r\n\
///       Connection: Upgrade\r\n\
///       Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
///       Sec-WebSocket-Protocol: chat\r\n\r\n",
/// )?;
/// let key = Key::from_random(*b"the sample nonce");
/// let established = response.upgrade(&offer, &Accept::from_key(&key))?.unwrap();
/// assert_eq!(established.subprotocol(), Some("chat"));
/// assert_eq!(established.extensions().count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Established<'h> {
    subprotocol: Option<&'h str>,
    extensions: Extensions<'h>,
}

/// Why a response that switches protocols is refused; the fault is the server's. The connection must be closed.
///
/// ```
/// use bareframe::handshake::{Accept, Key, Offer, Response, ResponseError};
/// let (response, _) = Response::parse(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n")?;
/// let accept = Accept::from_key(&Key::from_random(*b"the sample nonce"));
/// let error = response.upgrade(&Offer::new("example.com", "/"), &accept).unwrap_err();
/// assert_eq!(error, ResponseError::InvalidUpgrade);
/// assert_eq!(error.section(), "RFC 6455 section 4.1");
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ResponseError {
    /// The head is no head of HTTP/1, or longer than the limit.
    Head(HeadError),
    /// The version is older than HTTP/1.1.
    OldHttpVersion,
    /// `Upgrade` is not there, or not `websocket` alone.
    InvalidUpgrade,
    /// `Connection` does not list `Upgrade`.
    MissingConnection,
    /// There is no `Sec-WebSocket-Accept`.
    MissingAccept,
    /// There is more than one `Sec-WebSocket-Accept`.
    RepeatedAccept,
    /// `Sec-WebSocket-Accept` does not answer our key.
    WrongAccept,
    /// There is more than one `Sec-WebSocket-Protocol`.
    RepeatedSubprotocol,
    /// `Sec-WebSocket-Protocol` is not one that we offered.
    SubprotocolNotOffered,
    /// There is more than one `Sec-WebSocket-Extensions`.
    RepeatedExtensions,
    /// `Sec-WebSocket-Extensions` is not a list of extensions.
    InvalidExtensions,
    /// `Sec-WebSocket-Extensions` has one that we did not offer.
    ExtensionNotOffered,
}

impl<'h> Response<'h> {
    /// Reads a head, which begins with the first of `octets`, and gives its length in octets too. What stands
    /// behind it are the first frames.
    ///
    /// [`HeadEnd`](crate::handshake::HeadEnd) tells when it is time, so that a head is parsed once.
    ///
    /// A status from 100 to 199 other than 101 is not final: another head follows (RFC 9110 section 15.2).
    ///
    /// # Errors
    ///
    /// What is wrong with the octets. A head that switches protocols wrongly is not an error here.
    pub fn parse(octets: &'h [u8]) -> Result<(Response<'h>, usize), HeadError> {
        let mut rest = octets;
        let mut response = Response {
            line: status_line(&mut rest)?,
            lines: Lines::new(),
        };
        response.lines.parse(&mut rest)?;
        Ok((response, octets.len().wrapping_sub(rest.len())))
    }

    /// Gives the second digit of the HTTP version: 1 for HTTP/1.1.
    #[must_use]
    pub const fn minor_version(&self) -> u8 {
        self.line.minor_version
    }

    /// Gives the status code: 100 to 999.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.line.status
    }

    /// Gives the phrase behind the status code, which may have octets above `0x7F`.
    #[must_use]
    pub const fn reason(&self) -> &'h [u8] {
        self.line.reason
    }

    /// Gives the header lines.
    #[must_use]
    pub const fn headers(&self) -> Headers<'h> {
        self.lines.headers()
    }

    /// Gives the first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Header<'h>> {
        self.headers().find(|header| header.is(name))
    }

    /// Judges a response that switches protocols against what was offered and the [`Accept`] of the key that was
    /// sent (RFC 6455 section 4.1), or gives `None` if the status is not 101; it is then for the caller to judge.
    ///
    /// # Errors
    ///
    /// What the server did wrong.
    pub fn upgrade(
        &self,
        offer: &Offer<'_>,
        accept: &Accept,
    ) -> Result<Option<Established<'h>>, ResponseError> {
        let lines = &self.lines;
        if self.line.status != 101 {
            return Ok(None);
        }
        if self.line.minor_version == 0 {
            return Err(ResponseError::OldHttpVersion);
        }
        if !is_token(lines.value(Known::Upgrade).unwrap_or_default(), b"websocket") {
            return Err(ResponseError::InvalidUpgrade);
        }
        if !Elements::of(lines, Known::Connection).have(b"Upgrade") {
            return Err(ResponseError::MissingConnection);
        }
        let answer = lines.one(
            Known::Accept,
            ResponseError::MissingAccept,
            ResponseError::RepeatedAccept,
        )?;
        if answer != accept.as_bytes() {
            return Err(ResponseError::WrongAccept);
        }
        if lines.repeats(Known::Protocol) {
            return Err(ResponseError::RepeatedSubprotocol);
        }
        let subprotocol = match lines.value(Known::Protocol).map(core::str::from_utf8) {
            None => None,
            Some(Ok(subprotocol)) if offer.subprotocols.contains(&subprotocol) => Some(subprotocol),
            Some(_) => return Err(ResponseError::SubprotocolNotOffered),
        };
        if lines.repeats(Known::Extensions) {
            return Err(ResponseError::RepeatedExtensions);
        }
        let extensions = Extensions::of(lines).ok_or(ResponseError::InvalidExtensions)?;
        let offered = Extensions::parse(offer.extensions).unwrap_or(Extensions::NONE);
        let mut listed = extensions;
        if !listed.all(|extension| extension.is_one_of(offered)) {
            return Err(ResponseError::ExtensionNotOffered);
        }
        Ok(Some(Established {
            subprotocol,
            extensions,
        }))
    }
}

impl<'h> Established<'h> {
    /// Gives the subprotocol in use, or `None`.
    #[must_use]
    pub const fn subprotocol(&self) -> Option<&'h str> {
        self.subprotocol
    }

    /// Gives the extensions in use, in the order of the server.
    #[must_use]
    pub const fn extensions(&self) -> Extensions<'h> {
        self.extensions
    }
}

impl ResponseError {
    /// Gives the section of the RFC that the server did not keep.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            ResponseError::Head(error) => error.section(),
            ResponseError::RepeatedAccept => "RFC 6455 section 11.3.3",
            ResponseError::RepeatedSubprotocol => "RFC 6455 section 11.3.4",
            ResponseError::RepeatedExtensions => "RFC 6455 section 11.3.2",
            ResponseError::InvalidExtensions => "RFC 6455 section 9.1",
            _ => "RFC 6455 section 4.1",
        }
    }
}

impl<'a> Offer<'a> {
    /// Asks for a resource of a host, and offers nothing.
    #[must_use]
    pub const fn new(host: &'a str, target: &'a str) -> Offer<'a> {
        Offer {
            host,
            target,
            origin: None,
            subprotocols: &[],
            extensions: "",
            headers: &[],
        }
    }

    /// Writes the request with this key to `out`, and gives its length in octets (RFC 6455 section 4.1).
    ///
    /// # Errors
    ///
    /// A value that can't stand in a request, a header that must not be added, or
    /// [`EncodeError::BufferTooSmall`]. Nothing is written then.
    pub fn encode(&self, key: &Key, out: &mut [u8]) -> Result<usize, EncodeError> {
        self.check()?;
        check_room(self.write(key, &mut []), out)?;
        Ok(self.write(key, out))
    }

    fn write(&self, key: &Key, room: &mut [u8]) -> usize {
        let mut writer = Writer::new(room);
        writer.put(b"GET ");
        writer.put(self.target.as_bytes());
        writer.put(b" HTTP/1.1\r\nHost: ");
        writer.put(self.host.as_bytes());
        writer.put(b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ");
        writer.put(key.as_bytes());
        writer.put(b"\r\nSec-WebSocket-Version: 13\r\n");
        if let Some(origin) = self.origin {
            writer.header(const { Known::Origin.name() }, origin);
        }
        if let Some((first, others)) = self.subprotocols.split_first() {
            writer.put(b"Sec-WebSocket-Protocol: ");
            writer.put(first.as_bytes());
            for other in others {
                writer.put(b", ");
                writer.put(other.as_bytes());
            }
            writer.put(b"\r\n");
        }
        if !self.extensions.is_empty() {
            writer.header(const { Known::Extensions.name() }, self.extensions);
        }
        writer.headers(self.headers);
        writer.put(b"\r\n");
        writer.len()
    }

    fn check(&self) -> Result<(), EncodeError> {
        if !Class::HOST.has_all(self.host.as_bytes()) {
            return Err(EncodeError::InvalidHost);
        }
        if !self.target.starts_with('/') || !self.target.bytes().all(is_target) {
            return Err(EncodeError::InvalidTarget);
        }
        if self
            .origin
            .is_some_and(|origin| origin.is_empty() || !origin.bytes().all(|octet| octet.is_ascii_graphic()))
        {
            return Err(EncodeError::InvalidOrigin);
        }
        let mut subprotocols = self.subprotocols;
        while let Some((first, others)) = subprotocols.split_first() {
            if !Class::TOKEN.has_all(first.as_bytes()) {
                return Err(EncodeError::InvalidSubprotocol);
            }
            if others.contains(first) {
                return Err(EncodeError::RepeatedSubprotocol);
            }
            subprotocols = others;
        }
        if !self.extensions.is_empty() && Extensions::parse(self.extensions).is_none() {
            return Err(EncodeError::InvalidExtensions);
        }
        check_headers(self.headers)
    }
}

/// Tells whether an octet may stand in a target; a fragment may not (RFC 6455 section 3).
const fn is_target(octet: u8) -> bool {
    octet.is_ascii_graphic() && octet != b'#'
}

impl From<HeadError> for ResponseError {
    fn from(error: HeadError) -> ResponseError {
        ResponseError::Head(error)
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("minor_version", &self.minor_version())
            .field("status", &self.status())
            .field("reason", &format_args!("\"{}\"", self.reason().escape_ascii()))
            .field("headers", &self.headers())
            .finish()
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            ResponseError::Head(error) => return error.fmt(f),
            ResponseError::OldHttpVersion => "the server's version is older than HTTP/1.1",
            ResponseError::InvalidUpgrade => "the server's Upgrade is not websocket",
            ResponseError::MissingConnection => "the server's Connection does not list Upgrade",
            ResponseError::MissingAccept => "the server sent no Sec-WebSocket-Accept",
            ResponseError::RepeatedAccept => "the server sent more than one Sec-WebSocket-Accept",
            ResponseError::WrongAccept => "the server's Sec-WebSocket-Accept does not answer our key",
            ResponseError::RepeatedSubprotocol => "the server sent more than one Sec-WebSocket-Protocol",
            ResponseError::SubprotocolNotOffered => "the server chose a subprotocol that we did not offer",
            ResponseError::RepeatedExtensions => "the server sent more than one Sec-WebSocket-Extensions",
            ResponseError::InvalidExtensions => "the server's Sec-WebSocket-Extensions is malformed",
            ResponseError::ExtensionNotOffered => "the server chose an extension that we did not offer",
        };
        write!(f, "{what} ({})", self.section())
    }
}

impl core::error::Error for ResponseError {}
