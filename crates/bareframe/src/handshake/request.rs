//! Request: what a client asks for, checked by the rules of RFC 6455 section 4.2.1.

use crate::handshake::choice::Choice;
use crate::handshake::classes::is_token;
use crate::handshake::encode::EncodeError;
use crate::handshake::head::{Header, Headers, RequestLine, request_line, str_of_ascii};
use crate::handshake::head_error::HeadError;
use crate::handshake::header_name::HeaderName;
use crate::handshake::key::{Accept, Key};
use crate::handshake::lines::{HeaderSource, LinePositions, Lines, Parts, Position};
use crate::handshake::list::List;
use crate::handshake::request_error::RequestError;
use crate::handshake::target::{Form, Target, TargetPositions, is_authority};
use crate::handshake::upgrade::Upgrade;
use crate::handshake::version::Version;
use core::fmt;

/// A client's request, for a WebSocket or for anything else.
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
pub struct Request<'h, H = Headers<'h>> {
    line: RequestLine<'h>,
    lines: Lines<'h, H>,
}

/// The positions of a request's parts in its head, for a caller that keeps the head and wants to parse it once.
///
/// ```
/// use bareframe::handshake::RequestHead;
/// let bytes = b"GET /chat HTTP/1.1\r\nHost: example.com\r\n\r\n\x81\x80";
/// let head = RequestHead::parse(bytes)?;
/// assert_eq!(bytes[head.head_len()..], [0x81, 0x80]);
/// assert_eq!(head.request(bytes).path(), "/chat");
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RequestHead {
    method: Position,
    target: TargetPositions,
    version: Version,
    lines: LinePositions,
    head_len: usize,
}

impl RequestHead {
    /// Parses a head as [`Request::parse`] does.
    ///
    /// # Errors
    ///
    /// As [`Request::parse`].
    pub fn parse(bytes: &[u8]) -> Result<RequestHead, HeadError> {
        let (request, head_len) = Request::parse(bytes)?;
        let head = bytes.get(..head_len).unwrap_or(bytes);
        Ok(RequestHead {
            method: Position::of(request.line.method, head),
            target: request.line.target.positions(head),
            version: request.line.version,
            lines: request.lines.positions(head),
            head_len,
        })
    }

    /// Returns the length of the head in bytes. The bytes after it are the first frames.
    #[must_use]
    pub const fn head_len(&self) -> usize {
        self.head_len
    }

    /// Returns the request, from the bytes that were parsed; those after the head may be left out. From other bytes the
    /// request has no meaning.
    #[must_use]
    pub fn request<'h>(&self, bytes: &'h [u8]) -> Request<'h> {
        Request {
            line: RequestLine {
                method: self.method.part(bytes),
                target: self.target.target(bytes),
                version: self.version,
            },
            lines: self.lines.lines(bytes),
        }
    }
}

impl<'h> Request<'h> {
    /// Parses the head at the front of `bytes`, and returns the request and the length of the head in bytes. The bytes
    /// after it are the first frames.
    ///
    /// [`HeadEnd`](crate::handshake::HeadEnd) finds out when the head has arrived, so that it is parsed once.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the bytes. A malformed request for a WebSocket is not an error here.
    pub fn parse(bytes: &'h [u8]) -> Result<(Request<'h>, usize), HeadError> {
        let mut rest = bytes;
        let line = request_line(&mut rest)?;
        let mut request = Request {
            lines: Lines::empty(),
            line,
        };
        request.lines.parse(&mut rest)?;
        Ok((request, bytes.len().wrapping_sub(rest.len())))
    }

    /// Writes the whole answer of a server that serves nothing but WebSockets to `out`: the 101 with this choice, or
    /// the refusal. Returns its length in bytes and what the client did wrong. If that is nothing, frames follow (RFC
    /// 6455 section 4.2.2).
    ///
    /// ```
    /// use bareframe::handshake::{Choice, Request, RequestError};
    /// let mut out = [0; 512];
    /// let (request, _) = Request::parse(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
    /// let (len, checked) = request.answer(&Choice::DEFAULT, &mut out)?;
    /// assert_eq!(checked, Err(RequestError::MissingUpgrade));
    /// assert!(out[..len].starts_with(b"HTTP/1.1 426 "));
    /// # Ok::<(), bareframe::handshake::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Upgrade::encode`]. Nothing is written then.
    pub fn answer(
        &self,
        choice: &Choice<'_>,
        out: &mut [u8],
    ) -> Result<(usize, Result<(), RequestError>), EncodeError> {
        match self.upgrade() {
            Ok(Some(upgrade)) => {
                let accept = Accept::from_key(upgrade.key());
                Ok((upgrade.encode(&accept, choice, out)?, Ok(())))
            }
            Ok(None) => Self::refuse(RequestError::MissingUpgrade, out),
            Err(error) => Self::refuse(error, out),
        }
    }

    fn refuse(error: RequestError, out: &mut [u8]) -> Result<(usize, Result<(), RequestError>), EncodeError> {
        Ok((error.answer().encode(out)?, Err(error)))
    }

    /// Returns the header lines.
    #[must_use]
    pub fn headers(&self) -> Headers<'h> {
        self.lines.headers().clone()
    }

    /// Returns the first header of this name, in any case.
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
}

impl<'h, I> Request<'h, Parts<'h, I>>
where
    Parts<'h, I>: HeaderSource<'h>,
{
    /// Creates a request from what an HTTP library has parsed: the method, the version, the target, and names and values
    /// of the headers, which may be an `&http::HeaderMap` or an array of pairs.
    ///
    /// The target is a path and a query, or a whole URI. The same rules hold as for the bytes of a head.
    ///
    /// ```
    /// use bareframe::handshake::{Request, RequestError, Version};
    /// let headers = [("host", "example.com"), ("upgrade", "websocket")];
    /// let request = Request::from_parts("GET", Version::HTTP_11, "/chat?room=1", headers);
    /// assert_eq!((request.path(), request.query()), ("/chat", Some("room=1")));
    /// assert_eq!(request.upgrade().unwrap_err(), RequestError::MissingConnection);
    /// ```
    #[must_use]
    pub fn from_parts(method: &'h str, version: Version, target: &'h str, headers: I) -> Self {
        Request {
            line: RequestLine {
                method: method.as_bytes(),
                target: Target::of(target.as_bytes()),
                version,
            },
            lines: Lines::of(Parts::new(headers)),
        }
    }

    /// Sets the authority, if the library has removed it from the target or has it from `:authority` (RFC 9113 section
    /// 8.3.1). It takes precedence over `Host`.
    #[must_use]
    pub fn with_authority(mut self, authority: &'h str) -> Self {
        self.line.target = self.line.target.with_authority(authority.as_bytes());
        self
    }

    /// Sets the value of `:protocol`, by which a CONNECT of HTTP/2 or HTTP/3 is an extended one (RFC 8441 section 4).
    ///
    /// ```
    /// use bareframe::handshake::{Choice, Request, Version};
    /// let headers = [("sec-websocket-version", "13"), ("sec-websocket-protocol", "chat")];
    /// let request = Request::from_parts("CONNECT", Version::HTTP_2, "/chat", headers)
    ///     .with_authority("example.com")
    ///     .with_protocol("websocket");
    /// let upgrade = request.upgrade()?.unwrap();
    /// assert!(upgrade.key().is_none());
    /// let acceptance = upgrade.accept(&Choice::DEFAULT.with_subprotocol(Some("chat")))?;
    /// assert_eq!(acceptance.status(), 200);
    /// assert!(acceptance.headers().eq([("sec-websocket-protocol", "chat")]));
    /// # Ok::<(), bareframe::handshake::Error>(())
    /// ```
    #[must_use]
    pub fn with_protocol(self, protocol: &'h str) -> Self {
        let protocol = Some(protocol.as_bytes());
        Request {
            line: self.line,
            lines: self.lines.map_headers(|headers| headers.with_protocol(protocol)),
        }
    }
}

impl<'h, H: HeaderSource<'h>> Request<'h, H> {
    /// Returns the method, which is a token.
    #[must_use]
    pub fn method(&self) -> &'h str {
        str_of_ascii(self.line.method)
    }

    /// Returns the request-target as it was sent.
    #[must_use]
    pub fn target(&self) -> &'h str {
        str_of_ascii(self.line.target.whole)
    }

    /// Returns the version of HTTP. A head has one from 1.0 to 1.9.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.line.version
    }

    /// Returns the target's path without the query, percent-encoded as it came; for an absolute URI what follows
    /// the authority (RFC 6455 section 4.2.1).
    ///
    /// ```
    /// use bareframe::handshake::Request;
    /// let (request, _) = Request::parse(b"GET http://example.com/a?b HTTP/1.1\r\nHost: example.com\r\n\r\n")?;
    /// assert_eq!((request.path(), request.query()), ("/a", Some("b")));
    /// # Ok::<(), bareframe::handshake::HeadError>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &'h str {
        str_of_ascii(self.line.target.split_resource().0)
    }

    /// Returns the query, after the target's first question mark, or `None` if there is none. As a browser sends it, it may have
    /// visible bytes that RFC 3986 percent-encodes, such as `{` and `|`, and percent signs without two digits.
    #[must_use]
    pub fn query(&self) -> Option<&'h str> {
        let (_, query) = self.line.target.split_resource();
        query.strip_prefix(b"?").map(str_of_ascii)
    }

    /// Returns the host, with the port if one was sent, that the client asks for: that of the target if it is a URI, and
    /// then `Host` is ignored (RFC 9112 section 3.2.2), else the value of `Host`. `None` if there is no valid one.
    ///
    /// ```
    /// use bareframe::handshake::Request;
    /// let (request, _) = Request::parse(b"GET http://example.com:80/ HTTP/1.1\r\nHost: other\r\n\r\n")?;
    /// assert_eq!(request.host(), Some("example.com:80"));
    /// let (request, _) = Request::parse(b"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n")?;
    /// assert_eq!(request.host(), Some("[::1]"));
    /// let (request, _) = Request::parse(b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n")?;
    /// assert_eq!(request.host(), None);
    /// # Ok::<(), bareframe::handshake::HeadError>(())
    /// ```
    #[must_use]
    pub fn host(&self) -> Option<&'h str> {
        // The value is empty if there are several, and an empty one is not valid.
        let host = self
            .line
            .target
            .authority
            .or(self.lines.value(HeaderName::Host))?;
        is_authority(host).then(|| str_of_ascii(host))
    }

    /// Checks the request for a WebSocket (RFC 6455 section 4.2.1), or returns `None` if it asks for none: it has
    /// no `Upgrade` to `websocket` and no `Sec-WebSocket-Key`, and is no extended CONNECT with a `:protocol` of
    /// `websocket` (RFC 8441 section 4).
    ///
    /// # Errors
    ///
    /// Returns what the client did wrong; [`RequestError::answer`] returns the answer to it.
    pub fn upgrade(&self) -> Result<Option<Upgrade<'h, H>>, RequestError> {
        let lines = &self.lines;
        if let Some(protocol) = lines.headers().protocol() {
            return self.extended_connect(protocol);
        }
        let websocket = self.lists(HeaderName::Upgrade, b"websocket");
        if !websocket && lines.value(HeaderName::Key).is_none() {
            return Ok(None);
        }
        if !matches!(self.line.method, [b'G', b'E', b'T']) {
            return Err(RequestError::NotGet);
        }
        if self.line.version == Version::HTTP_10 {
            return Err(RequestError::OldHttpVersion);
        }
        self.check_target()?;
        let host = lines.one(
            HeaderName::Host,
            RequestError::MissingHost,
            RequestError::RepeatedHost,
        )?;
        if !is_authority(host) {
            return Err(RequestError::InvalidHost);
        }
        self.check_content()?;
        if !websocket {
            return Err(RequestError::MissingUpgrade);
        }
        if !self.lists(HeaderName::Connection, b"Upgrade") {
            return Err(RequestError::MissingConnection);
        }
        self.check_websocket_version()?;
        let key = lines.one(
            HeaderName::Key,
            RequestError::MissingKey,
            RequestError::RepeatedKey,
        )?;
        let key = Key::parse(key).ok_or(RequestError::InvalidKey)?;
        self.offered(Some(key)).map(Some)
    }

    /// Checks an extended CONNECT, which has `:protocol` instead of `Upgrade` and the key.
    fn extended_connect(&self, protocol: &[u8]) -> Result<Option<Upgrade<'h, H>>, RequestError> {
        let lines = &self.lines;
        if !is_token(protocol, b"websocket") || !matches!(self.line.method, b"CONNECT") {
            return Ok(None);
        }
        if self.line.version < Version::HTTP_2 {
            return Err(RequestError::OldHttpVersion);
        }
        self.check_target()?;
        if self.host().is_none() {
            return Err(match lines.value(HeaderName::Host) {
                None => RequestError::MissingHost,
                Some(_) => RequestError::InvalidHost,
            });
        }
        let of_http_1 = [
            HeaderName::Upgrade,
            HeaderName::Connection,
            HeaderName::TransferEncoding,
        ];
        if of_http_1.iter().any(|name| lines.value(*name).is_some()) {
            return Err(RequestError::ConnectionHeader);
        }
        self.check_websocket_version()?;
        self.offered(None).map(Some)
    }

    fn check_target(&self) -> Result<(), RequestError> {
        match self.line.target.form {
            Form::Resource => Ok(()),
            Form::Other | Form::Invalid => Err(RequestError::InvalidTarget),
        }
    }

    fn check_content(&self) -> Result<(), RequestError> {
        let has_content = !matches!(self.lines.value(HeaderName::ContentLength), None | Some([b'0']));
        if has_content || self.lines.value(HeaderName::TransferEncoding).is_some() {
            return Err(RequestError::Content);
        }
        Ok(())
    }

    fn check_websocket_version(&self) -> Result<(), RequestError> {
        let version = self.lines.one(
            HeaderName::Version,
            RequestError::MissingVersion,
            RequestError::RepeatedVersion,
        )?;
        match version {
            [b'1', b'3'] => Ok(()),
            _ => Err(RequestError::UnsupportedVersion),
        }
    }

    /// Returns the request for a WebSocket with what it offers.
    fn offered(&self, key: Option<Key>) -> Result<Upgrade<'h, H>, RequestError> {
        let lines = &self.lines;
        Ok(Upgrade {
            key,
            subprotocols: List::offered(lines, HeaderName::Protocol)
                .ok_or(RequestError::InvalidSubprotocols)?,
            extensions: List::offered(lines, HeaderName::Extensions)
                .ok_or(RequestError::InvalidExtensions)?,
            expects_continue: lines.value(HeaderName::Expect).is_some()
                && self.lists(HeaderName::Expect, b"100-continue"),
        })
    }

    /// Returns `true` if a header lists this token, in any case.
    fn lists(&self, name: HeaderName, token: &[u8]) -> bool {
        List::of(&self.lines, name).elements().contains(token)
    }
}

impl<'h, H: HeaderSource<'h>> fmt::Debug for Request<'h, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method())
            .field("target", &self.target())
            .field("version", &self.version())
            .field("headers", &self.lines.show_headers())
            .finish()
    }
}
