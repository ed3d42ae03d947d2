//! The origin of the page that asks (RFC 6454, RFC 6455 section 10.2).

/// Returns `true` if an origin is of this host, which may have a port.
pub(crate) fn is_same_host(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return false,
    };
    let without_port = |authority: &str| {
        authority
            .strip_suffix(port)
            .unwrap_or(authority)
            .to_ascii_lowercase()
    };
    without_port(authority) == without_port(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_2_an_origin_is_of_the_host_with_any_spelling_of_the_port() {
        for (origin, host) in [
            ("https://example.com", "example.com"),
            ("https://Example.com", "example.COM:443"),
            ("http://example.com:80", "example.com"),
            ("http://[::1]:8080", "[::1]:8080"),
        ] {
            assert!(is_same_host(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("https://example.com", "example.org"),
            ("https://example.com", "www.example.com"),
            ("https://example.com:8443", "example.com"),
            ("https://example.com", "example.com:80"),
            ("https://example.com.evil.org", "example.com"),
            ("null", "null"),
            ("file://", ""),
            ("", ""),
        ] {
            assert!(!is_same_host(origin, host), "{origin} {host}");
        }
    }
}
