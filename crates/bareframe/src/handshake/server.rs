//! The server's side: the client's request is read and judged, and answered (RFC 6455 section 4.2).

use crate::handshake::answer::{Answer, Status};
use crate::handshake::encode::{EncodeError, Writer, check_headers, check_room};
use crate::handshake::head::{
    HeadError, Header, Headers, Known, Lines, RequestLine, request_line, str_of_ascii,
};
use crate::handshake::key::{Accept, Key};
use crate::handshake::list::{Elements, Extensions, Subprotocols};
use crate::handshake::octets::{Class, skip, take_before};
use core::fmt;

/// A client's request, which may ask for a WebSocket or for anything else.
///
/// ```
/// use bareframe::handshake::Request;
/// let (request, _) = Request::parse(b"GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\n\r\n")?;
/// assert_eq!(request.method(), "GET");
/// assert_eq!((request.path(), request.query()), ("/chat", Some("room=1")));
/// assert!(request.upgrade().unwrap().is_none());
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Request<'h> {
    line: RequestLine<'h>,
    lines: Lines<'h>,
}

/// A request for a WebSocket that a server may accept: all of RFC 6455 section 4.2.1 holds.
///
/// Whether the origin, the path and the credentials are welcome is for the caller to judge (section 4.2.2); an
/// [`Answer`] with [`Status::FORBIDDEN`] turns the client away.
///
/// ```
/// use bareframe::handshake::{Accept, Choice, Request};
/// let (request, _) = Request::parse(
///     b"GET /chat HTTP/1.1\r\n\
///       Host: example.com\r\n\
///       Upgrade: websocket\r\n\
///       Connection: keep-alive, Upgrade\r\n\
///       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///       Sec-WebSocket-Version: 13\r\n\
///       Sec-WebSocket-Protocol: superchat, chat\r\n\r\n",
/// )?;
/// let upgrade = request.upgrade()?.unwrap();
/// assert!(upgrade.subprotocols().eq(["superchat", "chat"]));
/// assert!(upgrade.extensions().all(|extension| extension.name() != "permessage-deflate"));
///
/// let choice = Choice { subprotocol: Some("chat"), ..Choice::DEFAULT };
/// let mut out = [0; 256];
/// let len = upgrade.encode(&Accept::from_key(upgrade.key()), &choice, &mut out)?;
/// assert_eq!(
///     out[..len],
///     *b"HTTP/1.1 101 Switching Protocols\r\n\
///        Upgrade: websocket\r\n\
///        Connection: Upgrade\r\n\
///        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
///        Sec-WebSocket-Protocol: chat\r\n\r\n",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Upgrade<'h> {
    key: Key,
    subprotocols: Subprotocols<'h>,
    extensions: Extensions<'h>,
}

/// What a server puts into its 101 beside what must be there (RFC 6455 section 4.2.2).
///
/// [`Upgrade::encode`] takes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Choice<'a> {
    /// The subprotocol in use: one that the client offered, or none.
    pub subprotocol: Option<&'a str>,
    /// The extensions in use, as a list: each must be one that the client offered. Empty for none.
    pub extensions: &'a str,
    /// More headers, as names and values.
    pub headers: &'a [(&'a str, &'a str)],
}

/// Why a request for a WebSocket is refused; the fault is the client's.
///
/// ```
/// use bareframe::handshake::{Request, RequestError, Status};
/// let (request, _) = Request::parse(b"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")?;
/// let error = request.upgrade().unwrap_err();
/// assert_eq!(error, RequestError::NotGet);
/// assert_eq!(error.status(), Status::METHOD_NOT_ALLOWED);
/// let mut out = [0; 256];
/// let len = error.answer().encode(&mut out).unwrap();
/// assert!(out[..len].starts_with(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n"));
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RequestError {
    /// The head is no head of HTTP/1, or longer than the limit.
    Head(HeadError),
    /// The version is older than HTTP/1.1.
    OldHttpVersion,
    /// The method is not GET.
    NotGet,
    /// The target is neither a path nor an absolute URI.
    InvalidTarget,
    /// There is no `Host`.
    MissingHost,
    /// There is more than one `Host`.
    RepeatedHost,
    /// `Host` is empty, or has an octet that no host and port has.
    InvalidHost,
    /// There is a `Transfer-Encoding`, or a `Content-Length` that is not one zero: the octets behind the head
    /// would be content and not frames.
    Content,
    /// There is a `Sec-WebSocket-Key` but `Upgrade` does not list `websocket`.
    MissingUpgrade,
    /// `Connection` does not list `Upgrade`.
    MissingConnection,
    /// There is no `Sec-WebSocket-Version`.
    MissingVersion,
    /// There is more than one `Sec-WebSocket-Version`.
    RepeatedVersion,
    /// `Sec-WebSocket-Version` is not `13`.
    UnsupportedVersion,
    /// There is no `Sec-WebSocket-Key`.
    MissingKey,
    /// There is more than one `Sec-WebSocket-Key`.
    RepeatedKey,
    /// `Sec-WebSocket-Key` is not 22 base64 characters and `==`.
    InvalidKey,
    /// `Sec-WebSocket-Protocol` is not a list of tokens.
    InvalidSubprotocols,
    /// `Sec-WebSocket-Extensions` is not a list of extensions.
    InvalidExtensions,
}

impl<'h> Request<'h> {
    /// Reads a head, which begins with the first of `octets`, and gives its length in octets too. What stands
    /// behind it are the first frames.
    ///
    /// [`HeadEnd`](crate::handshake::HeadEnd) tells when it is time, so that a head is parsed once.
    ///
    /// # Errors
    ///
    /// What is wrong with the octets. A head that asks for a WebSocket wrongly is not an error here.
    pub fn parse(octets: &'h [u8]) -> Result<(Request<'h>, usize), HeadError> {
        let mut rest = octets;
        let line = request_line(&mut rest)?;
        let mut request = Request {
            lines: Lines::new(),
            line,
        };
        request.lines.parse(&mut rest)?;
        Ok((request, octets.len().wrapping_sub(rest.len())))
    }

    /// Gives the method, which is a token.
    #[must_use]
    pub fn method(&self) -> &'h str {
        str_of_ascii(self.line.method)
    }

    /// Gives the request-target as it was sent: visible ASCII.
    #[must_use]
    pub fn target(&self) -> &'h str {
        str_of_ascii(self.line.target)
    }

    /// Gives the second digit of the HTTP version: 1 for HTTP/1.1.
    #[must_use]
    pub const fn minor_version(&self) -> u8 {
        self.line.minor_version
    }

    /// Gives the target's path without the query, percent-encoded as it came; for an absolute URI what stands
    /// behind the authority (RFC 6455 section 4.2.1).
    ///
    /// ```
    /// use bareframe::handshake::Request;
    /// let (request, _) = Request::parse(b"GET http://example.com/a?b HTTP/1.1\r\nHost: example.com\r\n\r\n")?;
    /// assert_eq!((request.path(), request.query()), ("/a", Some("b")));
    /// # Ok::<(), bareframe::handshake::HeadError>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &'h str {
        str_of_ascii(self.split_resource().0)
    }

    /// Gives what stands behind the target's first question mark, or `None` if there is none.
    #[must_use]
    pub fn query(&self) -> Option<&'h str> {
        self.split_resource().1.strip_prefix(b"?").map(str_of_ascii)
    }

    /// Gives the header lines.
    #[must_use]
    pub const fn headers(&self) -> Headers<'h> {
        self.lines.headers()
    }

    /// Gives the first header of this name, in any case.
    ///
    /// ```
    /// use bareframe::handshake::{Header, Request};
    /// let (request, _) = Request::parse(b"GET / HTTP/1.1\r\norigin: https://example.com\r\n\r\n")?;
    /// let origin = request.header("Origin").and_then(Header::value_str);
    /// assert_eq!(origin, Some("https://example.com"));
    /// # Ok::<(), bareframe::handshake::HeadError>(())
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Header<'h>> {
        self.headers().find(|header| header.is(name))
    }

    /// Judges the request for a WebSocket (RFC 6455 section 4.2.1), or gives `None` if it asks for none: it has
    /// no `Upgrade` to `websocket` and no `Sec-WebSocket-Key`.
    ///
    /// # Errors
    ///
    /// What the client did wrong; [`RequestError::answer`] is for it.
    pub fn upgrade(&self) -> Result<Option<Upgrade<'h>>, RequestError> {
        let lines = &self.lines;
        let websocket = Elements::of(lines, Known::Upgrade).have(b"websocket");
        if !websocket && lines.value(Known::Key).is_none() {
            return Ok(None);
        }
        if self.line.minor_version == 0 {
            return Err(RequestError::OldHttpVersion);
        }
        if !matches!(self.line.method, [b'G', b'E', b'T']) {
            return Err(RequestError::NotGet);
        }
        if !matches!(self.line.target, [b'/', ..]) && self.authority().is_none() {
            return Err(RequestError::InvalidTarget);
        }
        let host = lines.one(Known::Host, RequestError::MissingHost, RequestError::RepeatedHost)?;
        if !Class::HOST.has_all(host) {
            return Err(RequestError::InvalidHost);
        }
        let has_content = !matches!(lines.value(Known::ContentLength), None | Some([b'0']));
        if has_content || lines.value(Known::TransferEncoding).is_some() {
            return Err(RequestError::Content);
        }
        if !websocket {
            return Err(RequestError::MissingUpgrade);
        }
        if !Elements::of(lines, Known::Connection).have(b"Upgrade") {
            return Err(RequestError::MissingConnection);
        }
        let version = lines.one(
            Known::Version,
            RequestError::MissingVersion,
            RequestError::RepeatedVersion,
        )?;
        if !matches!(version, [b'1', b'3']) {
            return Err(RequestError::UnsupportedVersion);
        }
        let key = lines.one(Known::Key, RequestError::MissingKey, RequestError::RepeatedKey)?;
        let key = Key::parse(key).ok_or(RequestError::InvalidKey)?;
        let subprotocols = Subprotocols::of(lines).ok_or(RequestError::InvalidSubprotocols)?;
        let extensions = Extensions::of(lines).ok_or(RequestError::InvalidExtensions)?;
        Ok(Some(Upgrade {
            key,
            subprotocols,
            extensions,
        }))
    }

    /// Gives the target's path, and the query with its question mark or nothing.
    fn split_resource(&self) -> (&'h [u8], &'h [u8]) {
        let authority = self.authority();
        let mut rest = authority.unwrap_or(self.line.target);
        if authority.is_some() {
            take_before(&mut rest, |octet| matches!(octet, b'/' | b'?'));
        }
        match take_before(&mut rest, |octet| octet == b'?') {
            // The path of an absolute URI may be left out.
            [] if authority.is_some() => (b"/", rest),
            path => (path, rest),
        }
    }

    /// Gives what stands behind the scheme of an absolute URI.
    fn authority(&self) -> Option<&'h [u8]> {
        let mut rest = self.line.target;
        let scheme = Class::SCHEME.take(&mut rest);
        (!scheme.is_empty() && skip(b"://", &mut rest)).then_some(rest)
    }
}

impl<'h> Upgrade<'h> {
    /// Gives the client's key, to make the [`Accept`] from.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Gives the subprotocols that the client offers, in its order of preference.
    #[must_use]
    pub const fn subprotocols(&self) -> Subprotocols<'h> {
        self.subprotocols
    }

    /// Gives the extensions that the client offers, in its order of preference.
    #[must_use]
    pub const fn extensions(&self) -> Extensions<'h> {
        self.extensions
    }

    /// Writes the 101 that accepts the request to `out`, and gives its length in octets; frames follow
    /// (RFC 6455 section 4.2.2).
    ///
    /// # Errors
    ///
    /// A choice that the client did not offer, a header that must not be added, or
    /// [`EncodeError::BufferTooSmall`]. Nothing is written then.
    pub fn encode(&self, accept: &Accept, choice: &Choice<'_>, out: &mut [u8]) -> Result<usize, EncodeError> {
        check_headers(choice.headers)?;
        if let Some(subprotocol) = choice.subprotocol
            && !self.subprotocols().any(|offered| offered == subprotocol)
        {
            return Err(EncodeError::SubprotocolNotOffered);
        }
        if !choice.extensions.is_empty() {
            let mut chosen = Extensions::parse(choice.extensions).ok_or(EncodeError::InvalidExtensions)?;
            if !chosen.all(|extension| extension.is_one_of(self.extensions)) {
                return Err(EncodeError::ExtensionNotOffered);
            }
        }
        check_room(write_upgrade(accept, choice, &mut []), out)?;
        Ok(write_upgrade(accept, choice, out))
    }
}

fn write_upgrade(accept: &Accept, choice: &Choice<'_>, room: &mut [u8]) -> usize {
    let mut writer = Writer::new(room);
    writer.put(
        b"HTTP/1.1 101 Switching Protocols\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Accept: ",
    );
    writer.put(accept.as_bytes());
    writer.put(b"\r\n");
    if let Some(subprotocol) = choice.subprotocol {
        writer.header(const { Known::Protocol.name() }, subprotocol);
    }
    if !choice.extensions.is_empty() {
        writer.header(const { Known::Extensions.name() }, choice.extensions);
    }
    writer.headers(choice.headers);
    writer.put(b"\r\n");
    writer.len()
}

impl Choice<'_> {
    /// No subprotocol, no extension and no more headers.
    pub const DEFAULT: Choice<'static> = Choice {
        subprotocol: None,
        extensions: "",
        headers: &[],
    };
}

impl RequestError {
    /// Gives the status of the answer (RFC 6455 section 4.2.2).
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            RequestError::Head(error) => error.status(),
            RequestError::NotGet => Status::METHOD_NOT_ALLOWED,
            RequestError::MissingUpgrade | RequestError::UnsupportedVersion => Status::UPGRADE_REQUIRED,
            _ => Status::BAD_REQUEST,
        }
    }

    /// Gives the answer to send before the connection is closed.
    #[inline(always)]
    #[must_use]
    pub const fn answer(self) -> Answer<'static> {
        Answer::new(self.status())
    }

    /// Gives the section of the RFC that the client did not keep.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            RequestError::Head(error) => error.section(),
            RequestError::Content => "RFC 9112 section 6",
            RequestError::RepeatedHost | RequestError::InvalidHost => "RFC 9112 section 3.2",
            RequestError::RepeatedKey => "RFC 6455 section 11.3.1",
            RequestError::RepeatedVersion => "RFC 6455 section 11.3.5",
            RequestError::UnsupportedVersion => "RFC 6455 section 4.4",
            RequestError::InvalidSubprotocols => "RFC 6455 section 4.3",
            RequestError::InvalidExtensions => "RFC 6455 section 9.1",
            _ => "RFC 6455 section 4.2.1",
        }
    }
}

impl From<HeadError> for RequestError {
    fn from(error: HeadError) -> RequestError {
        RequestError::Head(error)
    }
}

impl Default for Choice<'_> {
    fn default() -> Self {
        Choice::DEFAULT
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method())
            .field("target", &self.target())
            .field("minor_version", &self.minor_version())
            .field("headers", &self.headers())
            .finish()
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            RequestError::Head(error) => return write!(f, "{error}; status {}", self.status()),
            RequestError::OldHttpVersion => "the client's version is older than HTTP/1.1",
            RequestError::NotGet => "the client's method is not GET",
            RequestError::InvalidTarget => "the client's target is neither a path nor an absolute URI",
            RequestError::MissingHost => "the client sent no Host",
            RequestError::RepeatedHost => "the client sent more than one Host",
            RequestError::InvalidHost => "the client's Host is not a host and port",
            RequestError::Content => "the client sends content with a request for a WebSocket",
            RequestError::MissingUpgrade => "the client sent a Sec-WebSocket-Key but no Upgrade to websocket",
            RequestError::MissingConnection => "the client's Connection does not list Upgrade",
            RequestError::MissingVersion => "the client sent no Sec-WebSocket-Version",
            RequestError::RepeatedVersion => "the client sent more than one Sec-WebSocket-Version",
            RequestError::UnsupportedVersion => "the client's Sec-WebSocket-Version is not 13",
            RequestError::MissingKey => "the client sent no Sec-WebSocket-Key",
            RequestError::RepeatedKey => "the client sent more than one Sec-WebSocket-Key",
            RequestError::InvalidKey => "the client's Sec-WebSocket-Key is not 16 octets in base64",
            RequestError::InvalidSubprotocols => "the client's Sec-WebSocket-Protocol is no list of tokens",
            RequestError::InvalidExtensions => "the client's Sec-WebSocket-Extensions is malformed",
        };
        write!(f, "{what} ({}; status {})", self.section(), self.status())
    }
}

impl core::error::Error for RequestError {}
