//! Url: the URL of a WebSocket (RFC 6455 section 3).

use crate::handshake::classes::{skip, take_before};
use crate::handshake::head::str_of_ascii;
use crate::handshake::offer::Offer;
use crate::handshake::target::{is_resource, port, split_authority};
use core::fmt;

/// A parsed URL: the host and port to connect to, and the resource to request (RFC 6455 section 3).
///
/// Nothing is encoded: the caller encodes names that are not ASCII in Punycode, and percent-encodes characters that are
/// not allowed in a path or a query. Otherwise the URL is refused, so that only valid URLs are sent.
///
/// ```
/// use bareframe::handshake::{Url, UrlError};
/// let url = Url::parse("ws://example.com:8080/chat?room=1")?;
/// assert!(!url.is_secure());
/// assert_eq!((url.host(), url.port()), ("example.com", 8080));
/// assert_eq!((url.authority(), url.resource()), ("example.com:8080", "/chat?room=1"));
///
/// let url = Url::parse("wss://[::1]:443")?;
/// assert_eq!((url.host(), url.port()), ("::1", 443));
/// assert_eq!((url.authority(), url.resource()), ("[::1]", ""));
/// assert_eq!(url.offer().host(), "[::1]");
///
/// assert_eq!(Url::parse(r#"ws://example.com/?q={"a":1}"#), Err(UrlError::Resource));
/// # Ok::<(), UrlError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Url<'u> {
    secure: bool,
    // A name, an IPv4 address or an IPv6 address without its brackets.
    host: &'u str,
    port: u16,
    // The value of `Host`, with the port if it is not the scheme's default.
    authority: &'u str,
    // The path and the query; the path may be left out.
    resource: &'u str,
}

/// Why a text is not the URL of a WebSocket. The fault is the caller's.
///
/// ```
/// use bareframe::handshake::{Url, UrlError};
/// assert_eq!(Url::parse("http://example.com/"), Err(UrlError::Scheme));
/// assert_eq!(Url::parse("ws://example.com/#part"), Err(UrlError::Fragment));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum UrlError {
    /// It does not begin with `ws://` or `wss://`.
    Scheme,
    /// It has a fragment, which the URL of a WebSocket must not have.
    Fragment,
    /// It has a user or a password, which would not be sent.
    UserInfo,
    /// The host is empty, or neither a name in letters, digits, `-`, `.` and `_` nor an address.
    Host,
    /// The port is not a number from 1 to 65535.
    Port,
    /// The path or the query has a character that must be percent-encoded, or a `%` without two hexadecimal digits.
    Resource,
}

impl<'u> Url<'u> {
    /// Parses a URL.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the URL.
    pub fn parse(url: &'u str) -> Result<Url<'u>, UrlError> {
        // Byte by byte, because the searches of `str` contain panics that the compiler can't always remove.
        let mut rest = url.as_bytes();
        let scheme = take_before(&mut rest, |byte| !byte.is_ascii_alphabetic());
        let secure = scheme.eq_ignore_ascii_case(b"wss");
        if !(secure || scheme.eq_ignore_ascii_case(b"ws")) || !skip(b"://", &mut rest) {
            return Err(UrlError::Scheme);
        }
        if rest.contains(&b'#') {
            return Err(UrlError::Fragment);
        }
        let whole_authority = take_before(&mut rest, |byte| matches!(byte, b'/' | b'?'));
        let resource = rest;
        if whole_authority.contains(&b'@') {
            return Err(UrlError::UserInfo);
        }
        let (host, digits) =
            split_authority(whole_authority).ok_or_else(|| authority_error(whole_authority))?;
        // Resolvers do not know percent-encoded names, and nothing supports addresses of future versions of IP.
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        let name = match host {
            [b'[', b'v' | b'V', ..] => return Err(UrlError::Host),
            [b'[', address @ .., b']'] => address,
            name if name.iter().all(|&byte| is_name(byte)) => name,
            _ => return Err(UrlError::Host),
        };
        let scheme_port = if secure { 443 } else { 80 };
        let port = match digits {
            None | Some([]) => scheme_port,
            Some(digits) => match port(digits) {
                None | Some(0) => return Err(UrlError::Port),
                Some(port) => port,
            },
        };
        if !is_resource(resource) {
            return Err(UrlError::Resource);
        }
        Ok(Url {
            secure,
            host: str_of_ascii(name),
            port,
            authority: str_of_ascii(if port == scheme_port {
                host
            } else {
                whole_authority
            }),
            resource: str_of_ascii(resource),
        })
    }

    /// Returns `true` if the scheme is `wss`: the connection is made over TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Returns the name or the address to connect to; an IPv6 address is without its brackets.
    #[must_use]
    pub const fn host(&self) -> &'u str {
        self.host
    }

    /// Returns the port to connect to: 80 for `ws` and 443 for `wss`, if none is given.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the value of the header `Host`, with the port if it is not the scheme's default (RFC 6455 section 4.1).
    #[must_use]
    pub const fn authority(&self) -> &'u str {
        self.authority
    }

    /// Returns the path and the query as they are in the URL; the path may be left out, which means `/`.
    #[must_use]
    pub const fn resource(&self) -> &'u str {
        self.resource
    }

    /// Creates a request for the URL's resource, which offers nothing.
    #[must_use]
    pub const fn offer(&self) -> Offer<'u> {
        Offer::new(self.authority, self.resource)
    }
}

/// Returns the error of an authority: its host or its port is wrong.
fn authority_error(authority: &[u8]) -> UrlError {
    let mut port = authority.rsplit(|&byte| byte == b':');
    let port_len = port.next().map_or(0, <[u8]>::len);
    let host_len = authority.len().saturating_sub(port_len).saturating_sub(1);
    match split_authority(authority.get(..host_len).unwrap_or(&[])) {
        Some((_, None)) => UrlError::Port,
        _ => UrlError::Host,
    }
}

impl<'u> TryFrom<&'u str> for Url<'u> {
    type Error = UrlError;

    fn try_from(url: &'u str) -> Result<Url<'u>, UrlError> {
        Url::parse(url)
    }
}

/// Shows the URL, without the port if it is the scheme's default.
impl fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        let slash = if self.resource.starts_with('/') { "" } else { "/" };
        write!(f, "{scheme}://{}{slash}{}", self.authority, self.resource)
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            UrlError::Scheme => "the URL does not begin with ws:// or wss://",
            UrlError::Fragment => "the URL has a fragment",
            UrlError::UserInfo => "the URL has a user",
            UrlError::Host => "the URL's host is not a name or an address",
            UrlError::Port => "the URL's port is not a number from 1 to 65535",
            UrlError::Resource => {
                "the URL's path or query has a character that must be percent-encoded, or a % without two digits"
            }
        };
        write!(f, "{what} (RFC 6455 section 3)")
    }
}

impl core::error::Error for UrlError {}
