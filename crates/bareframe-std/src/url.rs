//! The URL of a WebSocket (RFC 6455 section 3).

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;

/// A URL in its parts: what to connect to, and what to ask for (RFC 6455 section 3).
///
/// It must be ASCII: a name in other letters is turned to Punycode, and other octets to percent escapes, by
/// the caller.
///
/// ```
/// use bareframe_std::Url;
/// let url = Url::parse("ws://example.com:8080/chat?room=1")?;
/// assert!(!url.is_secure());
/// assert_eq!((url.host(), url.port()), ("example.com", 8080));
/// assert_eq!((url.authority(), url.resource()), ("example.com:8080", "/chat?room=1"));
///
/// let url = Url::parse("wss://[::1]:443")?;
/// assert_eq!((url.host(), url.port()), ("::1", 443));
/// assert_eq!((url.authority(), url.resource()), ("[::1]", "/"));
/// # Ok::<(), bareframe_std::UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url<'u> {
    secure: bool,
    /// A name, an IPv4 address or an IPv6 address without its brackets.
    host: &'u str,
    port: u16,
    /// What stands in `Host`: the port only if it is not the scheme's own.
    authority: &'u str,
    /// Begins with `/`.
    resource: Cow<'u, str>,
}

/// Why a text is not the URL of a WebSocket; the fault is the caller's.
///
/// ```
/// use bareframe_std::{Url, UrlError};
/// assert_eq!(Url::parse("http://example.com/"), Err(UrlError::Scheme));
/// assert_eq!(Url::parse("ws://example.com/#part"), Err(UrlError::Fragment));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum UrlError {
    /// It does not begin with `ws://` or `wss://`.
    Scheme,
    /// It has a fragment, which the URL of a WebSocket must not have.
    Fragment,
    /// It has a user or a password, which would be sent to nobody.
    UserInfo,
    /// The host is empty, or has an octet that no host has.
    Host,
    /// The port is not a number from 1 to 65535.
    Port,
    /// The path or the query has an octet that is not visible ASCII.
    Resource,
    /// The scheme is `wss`, and the feature `rustls` is not on.
    NoTls,
}

impl<'u> Url<'u> {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(url: &'u str) -> Result<Url<'u>, UrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(UrlError::Scheme)?;
        let secure = match scheme {
            _ if scheme.eq_ignore_ascii_case("ws") => false,
            _ if scheme.eq_ignore_ascii_case("wss") => true,
            _ => return Err(UrlError::Scheme),
        };
        if rest.contains('#') {
            return Err(UrlError::Fragment);
        }
        let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        let own_port = if secure { 443 } else { 80 };
        let (port, authority) = match port {
            None | Some("") => (own_port, &authority[..host.len()]),
            Some(digits) => match parse_port(digits)? {
                port if port == own_port => (port, &authority[..host.len()]),
                port => (port, authority),
            },
        };
        if !resource.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(UrlError::Resource);
        }
        Ok(Url {
            secure,
            host: parse_host(host)?,
            port,
            authority,
            resource: if resource.starts_with('/') {
                Cow::Borrowed(resource)
            } else {
                Cow::Owned(format!("/{resource}"))
            },
        })
    }

    /// Tells whether the scheme is `wss`: the connection goes over TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Gives the name or the address to connect to; an IPv6 address is without its brackets.
    #[must_use]
    pub const fn host(&self) -> &'u str {
        self.host
    }

    /// Gives the port to connect to: 80 for `ws` and 443 for `wss`, if none is given.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Gives the value of the header `Host`: the port stands there if it is not the scheme's own
    /// (RFC 6455 section 4.1).
    #[must_use]
    pub const fn authority(&self) -> &'u str {
        self.authority
    }

    /// Gives the path, `/` if there is none, and the query if there is one: the target of the request.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }
}

/// Splits the host, with its brackets, from the port.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), UrlError> {
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or(UrlError::Host)?;
        let (host, rest) = authority.split_at(end + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(UrlError::Host),
        };
    }
    Ok(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

fn parse_port(digits: &str) -> Result<u16, UrlError> {
    if !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(UrlError::Port);
    }
    match digits.parse() {
        Ok(0) | Err(_) => Err(UrlError::Port),
        Ok(port) => Ok(port),
    }
}

fn parse_host(host: &str) -> Result<&str, UrlError> {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match address.parse::<Ipv6Addr>() {
            Ok(_) => Ok(address),
            Err(_) => Err(UrlError::Host),
        };
    }
    let is_name = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_');
    if host.is_empty() || !host.bytes().all(is_name) {
        return Err(UrlError::Host);
    }
    Ok(host)
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            UrlError::Scheme => "the URL does not begin with ws:// or wss://",
            UrlError::Fragment => "the URL has a fragment",
            UrlError::UserInfo => "the URL has a user",
            UrlError::Host => "the URL's host is not a name or an address",
            UrlError::Port => "the URL's port is not a number from 1 to 65535",
            UrlError::Resource => "the URL's path or query is not visible ASCII",
            UrlError::NoTls => return f.write_str("the URL asks for TLS, and the feature rustls is not on"),
        };
        write!(f, "{what} (RFC 6455 section 3)")
    }
}

impl std::error::Error for UrlError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it is secure, the host, the port, the authority and the resource.
    fn parts(url: &str) -> (bool, String, u16, String, String) {
        let url = Url::parse(url).unwrap();
        let (host, authority) = (url.host().into(), url.authority().into());
        (
            url.is_secure(),
            host,
            url.port(),
            authority,
            url.resource().into(),
        )
    }

    fn expected(
        secure: bool,
        host: &str,
        port: u16,
        authority: &str,
        resource: &str,
    ) -> (bool, String, u16, String, String) {
        (secure, host.into(), port, authority.into(), resource.into())
    }

    #[test]
    fn s3_urls_and_their_parts() {
        for (url, parts_of_it) in [
            ("ws://a", expected(false, "a", 80, "a", "/")),
            ("WS://a:80/", expected(false, "a", 80, "a", "/")),
            ("wss://a:80/", expected(true, "a", 80, "a:80", "/")),
            ("wss://a:443/x", expected(true, "a", 443, "a", "/x")),
            ("ws://a:/x", expected(false, "a", 80, "a", "/x")),
            ("ws://a?b", expected(false, "a", 80, "a", "/?b")),
            ("ws://a/b?c?d/e", expected(false, "a", 80, "a", "/b?c?d/e")),
            (
                "ws://127.0.0.1:9001/",
                expected(false, "127.0.0.1", 9001, "127.0.0.1:9001", "/"),
            ),
            ("ws://[::1]/", expected(false, "::1", 80, "[::1]", "/")),
            ("ws://[::1]:81", expected(false, "::1", 81, "[::1]:81", "/")),
        ] {
            assert_eq!(parts(url), parts_of_it, "{url}");
        }
    }

    #[test]
    fn s3_what_is_no_url_of_a_websocket() {
        for (url, error) in [
            ("", UrlError::Scheme),
            ("ws:a", UrlError::Scheme),
            ("wsx://a", UrlError::Scheme),
            ("ws://", UrlError::Host),
            ("ws:///x", UrlError::Host),
            ("ws://a b/", UrlError::Host),
            ("ws://a\r\nX: y/", UrlError::Port),
            ("ws://ä/", UrlError::Host),
            ("ws://[::1", UrlError::Host),
            ("ws://[::1]x", UrlError::Host),
            ("ws://[::g]", UrlError::Host),
            ("ws://::1/", UrlError::Port),
            ("ws://a:0", UrlError::Port),
            ("ws://a:65536", UrlError::Port),
            ("ws://a:+1", UrlError::Port),
            ("ws://u@a", UrlError::UserInfo),
            ("ws://a/#", UrlError::Fragment),
            ("ws://a#b", UrlError::Fragment),
            ("ws://a/ b", UrlError::Resource),
            ("ws://a/ä", UrlError::Resource),
        ] {
            assert_eq!(Url::parse(url), Err(error), "{url}");
        }
    }
}
