//! Url: the URL of a WebSocket (RFC 6455 section 3).

use crate::handshake::offer::Offer;
use crate::handshake::target::{is_resource, port, split_authority};
use core::fmt;

/// A URL in its parts: what to connect to, and what to ask for (RFC 6455 section 3).
///
/// Nothing is encoded: a name in other letters than ASCII is turned to Punycode, and what a path or a query can't have to
/// percent escapes, by the caller, or else the URL is refused. So what is sent is always a URL.
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
    // The value of `Host`: the port only if it is not the scheme's own.
    authority: &'u str,
    // The path and the query; the path may be left out.
    resource: &'u str,
}

/// Why a text is not the URL of a WebSocket; the fault is the caller's.
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
    /// It has a user or a password, which would be sent to nobody.
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
    /// What is wrong with it.
    pub fn parse(url: &'u str) -> Result<Url<'u>, UrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(UrlError::Scheme)?;
        let secure = if scheme.eq_ignore_ascii_case("wss") {
            true
        } else if scheme.eq_ignore_ascii_case("ws") {
            false
        } else {
            return Err(UrlError::Scheme);
        };
        if rest.contains('#') {
            return Err(UrlError::Fragment);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (whole_authority, resource) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if whole_authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let (host, digits) =
            split_authority(whole_authority.as_bytes()).ok_or_else(|| authority_error(whole_authority))?;
        // No other scheme or resolver knows a name that is percent-encoded.
        let host = core::str::from_utf8(host).map_err(|_| UrlError::Host)?;
        let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        let is_address = name.is_some_and(|name| !name.starts_with(['v', 'V']));
        if !is_address && !host.bytes().all(is_name) {
            return Err(UrlError::Host);
        }
        let scheme_port = if secure { 443 } else { 80 };
        let port = match digits {
            None | Some([]) => scheme_port,
            Some(digits) => match port(digits) {
                None | Some(0) => return Err(UrlError::Port),
                Some(port) => port,
            },
        };
        if !is_resource(resource.as_bytes()) {
            return Err(UrlError::Resource);
        }
        Ok(Url {
            secure,
            host: name.unwrap_or(host),
            port,
            authority: if port == scheme_port {
                host
            } else {
                whole_authority
            },
            resource,
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

    /// Returns the value of the header `Host`: it has the port if that is not the scheme's own
    /// (RFC 6455 section 4.1).
    #[must_use]
    pub const fn authority(&self) -> &'u str {
        self.authority
    }

    /// Returns the path and the query as they are in the URL; the path may be left out, which means `/`.
    #[must_use]
    pub const fn resource(&self) -> &'u str {
        self.resource
    }

    /// Creates the request for what the URL names, which offers nothing.
    #[must_use]
    pub const fn offer(&self) -> Offer<'u> {
        Offer::new(self.authority, self.resource)
    }
}

/// Says whether the host or the port is wrong.
fn authority_error(authority: &str) -> UrlError {
    let host = match authority.rsplit_once(':') {
        Some((host, _)) if !host.is_empty() => host,
        _ => return UrlError::Host,
    };
    match split_authority(host.as_bytes()) {
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

/// The URL without a port that is the scheme's own.
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
