//! Where a redirect leads to (RFC 9110 section 15.4).

use bareframe::handshake::Url;
use iri_string::types::{UriAbsoluteStr, UriReferenceStr};
use std::fmt;

/// Why a redirect was not followed (RFC 9110 section 15.4).
///
/// ```
/// use bareframe_tokio::RedirectError;
/// assert_eq!(RedirectError::Insecure.to_string(), "the server redirects from wss:// to ws://");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RedirectError {
    /// There were as many redirects as [`Connector::with_redirects`](crate::Connector::with_redirects) allows.
    TooMany,
    /// It leads from `wss://` to `ws://`.
    Insecure,
    /// The server's `Location` is not the URL of a WebSocket, nor one with `http` or `https`, nor relative to one.
    Location,
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RedirectError::TooMany => "the server redirects more often than is allowed",
            RedirectError::Insecure => "the server redirects from wss:// to ws://",
            RedirectError::Location => "the server redirects to what is not the URL of a WebSocket",
        })
    }
}

impl std::error::Error for RedirectError {}

/// Returns `true` for the statuses that send a GET to another place.
pub(crate) const fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Returns the URL that a `Location` names for who asked for `from`.
pub(crate) fn follow(from: &Url<'_>, location: &str) -> Result<String, RedirectError> {
    let base = from.to_string();
    let base = UriAbsoluteStr::new(&base).map_err(|_| RedirectError::Location)?;
    let location = UriReferenceStr::new(location.trim()).map_err(|_| RedirectError::Location)?;
    let to = location.resolve_against(base).to_string();
    let (to, _fragment) = to.split_once('#').unwrap_or((&to, ""));
    let (scheme, rest) = to.split_once(':').ok_or(RedirectError::Location)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return Err(RedirectError::Location),
    };
    let to = format!("{scheme}:{rest}");
    let url = Url::parse(&to).map_err(|_| RedirectError::Location)?;
    if from.is_secure() && !url.is_secure() {
        return Err(RedirectError::Insecure);
    }
    Ok(to)
}

/// Returns `true` if two URLs name the same host and port, so that one may be told what the other was.
pub(crate) fn is_same_host(one: &Url<'_>, other: &Url<'_>) -> bool {
    one.host().eq_ignore_ascii_case(other.host()) && one.port() == other.port()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(from: &str, location: &str) -> Result<String, RedirectError> {
        follow(&Url::parse(from).unwrap(), location)
    }

    #[test]
    fn rfc3986_s5_4_a_location_is_resolved_against_the_url() {
        for (location, to) in [
            ("/b?c=d", "ws://example.com:8080/b?c=d"),
            ("c", "ws://example.com:8080/a/c"),
            ("../c", "ws://example.com:8080/c"),
            ("?c", "ws://example.com:8080/a/b?c"),
            ("//example.org/c", "ws://example.org/c"),
            ("ws://example.org/c#d", "ws://example.org/c"),
            ("WSS://example.org", "wss://example.org"),
            ("http://example.org/c", "ws://example.org/c"),
            ("https://[::1]:8443/c", "wss://[::1]:8443/c"),
        ] {
            assert_eq!(
                followed("ws://example.com:8080/a/b?q", location).as_deref(),
                Ok(to),
                "{location}"
            );
        }
        assert_eq!(
            followed("wss://example.com", "b").as_deref(),
            Ok("wss://example.com/b")
        );
    }

    #[test]
    fn a_location_that_is_no_websocket_is_not_followed() {
        for location in [
            "ftp://example.com/",
            "mailto:a@example.com",
            "http://user:password@example.com/",
            "http://",
            "/a b",
            "/\u{e4}",
            "http://example.com:0/",
        ] {
            assert_eq!(
                followed("ws://example.com/", location),
                Err(RedirectError::Location),
                "{location}"
            );
        }
    }

    #[test]
    fn a_redirect_never_leads_from_wss_to_ws() {
        for location in ["ws://example.com/", "http://example.com/"] {
            assert_eq!(
                followed("wss://example.com/", location),
                Err(RedirectError::Insecure),
                "{location}"
            );
        }
    }

    #[test]
    fn the_same_host_has_the_same_port() {
        let is_same =
            |one: &str, other: &str| is_same_host(&Url::parse(one).unwrap(), &Url::parse(other).unwrap());
        assert!(is_same("ws://example.com/a", "ws://EXAMPLE.com:80/b"));
        assert!(!is_same("ws://example.com", "wss://example.com"));
        assert!(!is_same("ws://example.com", "ws://example.com:81"));
        assert!(!is_same("ws://example.com", "ws://www.example.com"));
    }
}
