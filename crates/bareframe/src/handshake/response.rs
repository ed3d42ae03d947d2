//! Response: a server's answer, checked by the rules of RFC 6455 section 4.1.

use crate::handshake::classes::is_token;
use crate::handshake::head::{Header, Headers, StatusLine, status_line};
use crate::handshake::head_error::HeadError;
use crate::handshake::header_name::HeaderName;
use crate::handshake::key::Accept;
use crate::handshake::lines::{HeaderSource, LinePositions, Lines, Parts, Position};
use crate::handshake::list::{Extensions, List};
use crate::handshake::offer::Offer;
use crate::handshake::response_error::ResponseError;
use crate::handshake::version::Version;
use core::fmt;

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
pub struct Response<'h, H = Headers<'h>> {
    line: StatusLine<'h>,
    lines: Lines<'h, H>,
}

/// The positions of a response's parts in its head, for a caller that keeps the head and wants to parse it once.
///
/// ```
/// use bareframe::handshake::ResponseHead;
/// let mut bytes = *b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n  realm=\"a\"\r\n\r\nNo";
/// let head = ResponseHead::parse(&mut bytes)?;
/// assert_eq!(bytes[head.head_len()..], *b"No");
/// let response = head.response(&bytes);
/// assert_eq!(response.status(), 401);
/// // The line was folded.
/// assert_eq!(response.header("WWW-Authenticate").unwrap().value(), b"Basic    realm=\"a\"");
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ResponseHead {
    version: Version,
    status: u16,
    reason: Position,
    lines: LinePositions,
    head_len: usize,
}

/// A WebSocket connection is established, with what both sides agreed on (RFC 6455 section 4.1).
///
/// ```
/// use bareframe::handshake::{Accept, Key, Offer, Response};
/// let offer = Offer::new("example.com", "/chat").with_subprotocols(&["chat"]);
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
#[derive(Clone, Copy)]
pub struct Established<'h, H = Headers<'h>> {
    subprotocol: Option<&'h str>,
    extensions: List<'h, H>,
}

impl ResponseHead {
    /// Parses a head as [`Response::parse`] does, but accepts folded lines, whose line ends it overwrites with spaces.
    /// It changes nothing else in `bytes` (RFC 9112 section 5.2).
    ///
    /// # Errors
    ///
    /// As [`Response::parse`].
    pub fn parse(bytes: &mut [u8]) -> Result<ResponseHead, HeadError> {
        match ResponseHead::parse_unfolded(bytes) {
            Err(HeadError::FoldedLine) => {
                unfold(bytes);
                ResponseHead::parse_unfolded(bytes)
            }
            parsed => parsed,
        }
    }

    fn parse_unfolded(bytes: &[u8]) -> Result<ResponseHead, HeadError> {
        let (response, head_len) = Response::parse(bytes)?;
        let head = bytes.get(..head_len).unwrap_or(bytes);
        Ok(ResponseHead {
            version: response.line.version,
            status: response.line.status,
            reason: Position::of(response.line.reason, head),
            lines: response.lines.positions(head),
            head_len,
        })
    }

    /// Returns the length of the head in bytes. The bytes after it are the first frames, or content.
    #[must_use]
    pub const fn head_len(&self) -> usize {
        self.head_len
    }

    /// Returns the status code: 100 to 999.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Returns the response, from the bytes that were parsed; those after the head may be left out. From other bytes
    /// the response has no meaning.
    #[must_use]
    pub fn response<'h>(&self, bytes: &'h [u8]) -> Response<'h> {
        Response {
            line: StatusLine {
                version: self.version,
                status: self.status,
                reason: self.reason.part(bytes),
            },
            lines: self.lines.lines(bytes),
        }
    }
}

impl<'h> Response<'h> {
    /// Parses the head at the front of `bytes`, and returns the response and the length of the head in bytes. The bytes
    /// after it are the first frames.
    ///
    /// [`HeadEnd`](crate::handshake::HeadEnd) finds out when the head has arrived, so that it is parsed once.
    ///
    /// A status from 100 to 199 other than 101 is not final: another head follows (RFC 9110 section 15.2).
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the bytes, such as a folded line, which [`ResponseHead::parse`] accepts. A head that
    /// switches protocols wrongly is not an error here.
    pub fn parse(bytes: &'h [u8]) -> Result<(Response<'h>, usize), HeadError> {
        let mut rest = bytes;
        let mut response = Response {
            line: status_line(&mut rest)?,
            lines: Lines::empty(),
        };
        response.lines.parse(&mut rest)?;
        Ok((response, bytes.len().wrapping_sub(rest.len())))
    }

    /// Returns the phrase after the status code, which may have bytes above `0x7F`.
    #[must_use]
    pub const fn reason(&self) -> &'h [u8] {
        self.line.reason
    }

    /// Returns the header lines.
    #[must_use]
    pub fn headers(&self) -> Headers<'h> {
        self.lines.headers().clone()
    }

    /// Returns the first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Header<'h>> {
        self.headers().find(|header| header.is(name))
    }

    /// Checks a response that switches protocols against what was offered and the [`Accept`] of the key that was sent
    /// (RFC 6455 section 4.1), or returns `None` if the status is not 101; the caller then decides what to do.
    ///
    /// # Errors
    ///
    /// Returns what the server did wrong.
    pub fn upgrade(
        &self,
        offer: &Offer<'_>,
        accept: &Accept,
    ) -> Result<Option<Established<'h>>, ResponseError> {
        self.check(offer, Some(accept))
    }
}

impl<'h, I> Response<'h, Parts<'h, I>>
where
    Parts<'h, I>: HeaderSource<'h>,
{
    /// Creates a response from what an HTTP library has parsed: the version, the status, and names and values of the
    /// headers, which may be an `&http::HeaderMap` or an array of pairs. The same rules hold as for the bytes of a head.
    ///
    /// ```
    /// use bareframe::handshake::{Accept, Key, Offer, Response, Version};
    /// let headers = [
    ///     ("upgrade", "websocket"),
    ///     ("connection", "upgrade"),
    ///     ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    /// ];
    /// let response = Response::from_parts(Version::HTTP_11, 101, headers);
    /// let accept = Accept::from_key(&Key::from_random(*b"the sample nonce"));
    /// let offer = Offer::new("example.com", "/");
    /// assert!(response.upgrade(&offer, Some(&accept))?.is_some());
    ///
    /// // The answer to an extended CONNECT, which has no key.
    /// let response = Response::from_parts(Version::HTTP_2, 200, [] as [(&str, &str); 0]);
    /// assert!(response.upgrade(&offer, None)?.is_some());
    /// # Ok::<(), bareframe::handshake::Error>(())
    /// ```
    #[must_use]
    pub fn from_parts(version: Version, status: u16, headers: I) -> Self {
        Response {
            line: StatusLine {
                version,
                status,
                reason: b"",
            },
            lines: Lines::of(Parts::new(headers)),
        }
    }

    /// Checks a response against what was offered and the [`Accept`] of the key that was sent; `None` is for an
    /// extended CONNECT, which has no key and which any status from 200 to 299 accepts (RFC 8441 section 5). Returns
    /// `None` if the status is another; the caller then decides what to do.
    ///
    /// # Errors
    ///
    /// Returns what the server did wrong.
    pub fn upgrade(
        &self,
        offer: &Offer<'_>,
        accept: Option<&Accept>,
    ) -> Result<Option<Established<'h, Parts<'h, I>>>, ResponseError> {
        self.check(offer, accept)
    }
}

impl<'h, H: HeaderSource<'h>> Response<'h, H> {
    /// Returns the version of HTTP. A head has one from 1.0 to 1.9.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.line.version
    }

    /// Returns the status code: 100 to 999.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.line.status
    }

    fn check(
        &self,
        offer: &Offer<'_>,
        accept: Option<&Accept>,
    ) -> Result<Option<Established<'h, H>>, ResponseError> {
        let lines = &self.lines;
        match accept {
            Some(_) if self.line.status != 101 => return Ok(None),
            Some(accept) => self.check_switch(accept)?,
            None if !matches!(self.line.status, 200..=299) => return Ok(None),
            None => {}
        }
        if lines.repeats(HeaderName::Protocol) {
            return Err(ResponseError::RepeatedSubprotocol);
        }
        let subprotocol = match lines.value(HeaderName::Protocol).map(core::str::from_utf8) {
            None => None,
            Some(Ok(subprotocol)) if offer.subprotocols.contains(&subprotocol) => Some(subprotocol),
            Some(_) => return Err(ResponseError::SubprotocolNotOffered),
        };
        if lines.repeats(HeaderName::Extensions) {
            return Err(ResponseError::RepeatedExtensions);
        }
        let extensions = List::used(lines).ok_or(ResponseError::InvalidExtensions)?;
        let offered = Extensions::parse(offer.extensions).unwrap_or(Extensions::NONE);
        let mut listed = extensions.extensions();
        if !listed.all(|extension| extension.is_one_of(offered.clone())) {
            return Err(ResponseError::ExtensionNotOffered);
        }
        Ok(Some(Established {
            subprotocol,
            extensions,
        }))
    }

    /// Checks the headers that only a 101 has.
    fn check_switch(&self, accept: &Accept) -> Result<(), ResponseError> {
        let lines = &self.lines;
        if self.line.version == Version::HTTP_10 {
            return Err(ResponseError::OldHttpVersion);
        }
        if !is_token(lines.value(HeaderName::Upgrade).unwrap_or_default(), b"websocket") {
            return Err(ResponseError::InvalidUpgrade);
        }
        if !List::of(lines, HeaderName::Connection)
            .elements()
            .contains(b"Upgrade")
        {
            return Err(ResponseError::MissingConnection);
        }
        let answer = lines.one(
            HeaderName::Accept,
            ResponseError::MissingAccept,
            ResponseError::RepeatedAccept,
        )?;
        if answer != accept.as_bytes() {
            return Err(ResponseError::WrongAccept);
        }
        Ok(())
    }
}

impl<'h, H: HeaderSource<'h>> Established<'h, H> {
    /// Returns the subprotocol in use, or `None`.
    #[must_use]
    pub const fn subprotocol(&self) -> Option<&'h str> {
        self.subprotocol
    }

    /// Returns the extensions in use, in the order of the server.
    #[must_use]
    pub fn extensions(&self) -> Extensions<'h, H::Lines> {
        self.extensions.extensions()
    }
}

/// Overwrites the line ends of folded header lines with spaces, up to the blank line.
fn unfold(head: &mut [u8]) {
    let mut rest = head;
    // The line after the start line can't continue it.
    let mut is_in_header = false;
    while let Some(at) = rest.windows(2).position(|end| end == b"\r\n") {
        let (_, line_end) = rest.split_at_mut_checked(at).unwrap_or_default();
        match line_end {
            [b'\r', b'\n', b'\r', b'\n', ..] => return,
            [cr, lf, after @ ..] => {
                if is_in_header && matches!(after, [b' ' | b'\t', ..]) {
                    (*cr, *lf) = (b' ', b' ');
                }
                is_in_header = true;
                rest = after;
            }
            _ => return,
        }
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("version", &self.version())
            .field("status", &self.status())
            .field("reason", &format_args!("\"{}\"", self.reason().escape_ascii()))
            .field("headers", &self.headers())
            .finish()
    }
}

impl<'h, H: HeaderSource<'h>> fmt::Debug for Established<'h, H>
where
    H::Lines: Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Established")
            .field("subprotocol", &self.subprotocol)
            .field("extensions", &self.extensions())
            .finish()
    }
}
