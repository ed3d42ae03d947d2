//! A proxy in front of the server: HTTP CONNECT (RFC 9110 section 9.3.6) or SOCKS5 (RFC 1928).

use bareframe::handshake::Url;
use http::Uri;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::{fmt, future};
use tokio::io::{AsyncRead, AsyncWrite};
use tower_service::Service;

/// Which connections go through a proxy: an HTTP proxy, which is asked by CONNECT, or a SOCKS5 proxy.
///
/// The URL of a proxy is `http://`, `https://` (with the feature `rustls`), `socks5://` or `socks5h://`, with a user and a
/// password before the host if the proxy wants them. Without a scheme it is an HTTP proxy. A `socks5h` proxy looks the names of
/// servers up, for a `socks5` proxy this end does; an HTTP proxy always looks them up.
///
/// ```
/// use bareframe_tokio::{Connector, Proxy};
/// let proxy = Proxy::new("socks5h://user:password@proxy.example:1080", "localhost, 10.0.0.0/8")?;
/// let connector = Connector::DEFAULT.with_proxy(proxy);
/// assert!(Proxy::new("ftp://proxy.example", "").is_err());
/// # Ok::<(), bareframe_tokio::InvalidProxy>(())
/// ```
#[derive(Clone, Debug)]
pub struct Proxy(Arc<Matcher>);

/// A text is not the URL of a proxy of a kind that [`Proxy`] has.
///
/// ```
/// use bareframe_tokio::Proxy;
/// let error = Proxy::new("socks4://127.0.0.1", "").unwrap_err();
/// assert!(error.to_string().contains("socks5h"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct InvalidProxy(());

impl Proxy {
    /// Creates a proxy for all servers except those that `no_proxy` names, which is a list as in the environment variable
    /// `NO_PROXY`: of names, each of which includes all names below it, addresses, and networks such as `10.0.0.0/8`,
    /// separated by commas; or `*`.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`] for the URL.
    pub fn new(url: &str, no_proxy: &str) -> Result<Proxy, InvalidProxy> {
        let any = Uri::from_static("http://example.com");
        let is_proxy = |matcher: Matcher| matcher.intercept(&any).is_some_and(|proxy| is_supported(&proxy));
        if !is_proxy(Matcher::builder().all(url).build()) {
            return Err(InvalidProxy(()));
        }
        if excepts_all(no_proxy) {
            return Ok(Proxy::none());
        }
        let matcher = Matcher::builder().all(url).no(no_proxy).build();
        Ok(Proxy(Arc::new(matcher)))
    }

    /// Reads which proxies there are from the environment: `HTTPS_PROXY` for `wss://`, `HTTP_PROXY` for `ws://`, `ALL_PROXY` for
    /// where these are not set, and `NO_PROXY`, each in small letters too. In a CGI program, where a request could set
    /// `HTTP_PROXY`, there is no proxy. A variable that is not the URL of a proxy counts as if it were not set.
    #[must_use]
    pub fn from_env() -> Proxy {
        let mut no_proxy = ["NO_PROXY", "no_proxy"].iter().map(std::env::var);
        if no_proxy
            .find_map(Result::ok)
            .is_some_and(|list| excepts_all(&list))
        {
            return Proxy::none();
        }
        Proxy(Arc::new(Matcher::from_env()))
    }

    fn none() -> Proxy {
        Proxy(Arc::new(Matcher::builder().build()))
    }

    /// Returns the proxy for a server.
    pub(crate) fn intercept(&self, url: &Url<'_>) -> io::Result<Option<Intercept>> {
        let proxy = self
            .0
            .intercept(&destination(url.is_secure(), url.host(), url.port())?);
        match proxy {
            Some(proxy) if !is_supported(&proxy) => {
                Err(io::Error::new(ErrorKind::InvalidInput, InvalidProxy(())))
            }
            proxy => Ok(proxy),
        }
    }
}

impl fmt::Display for InvalidProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a proxy's URL begins with http://, https://, socks5:// or socks5h://, and has a host")
    }
}

impl std::error::Error for InvalidProxy {}

/// Returns `true` if a list has `*`, which the matcher takes for all names but for no address.
fn excepts_all(no_proxy: &str) -> bool {
    no_proxy.split(',').any(|entry| entry.trim() == "*")
}

fn is_supported(proxy: &Intercept) -> bool {
    proxy.uri().host().is_some() && matches!(scheme(proxy), "http" | "https" | "socks5" | "socks5h")
}

/// Returns the scheme of a proxy.
fn scheme(proxy: &Intercept) -> &str {
    proxy.uri().scheme_str().unwrap_or_default()
}

/// Returns `true` if the proxy itself is reached over TLS.
pub(crate) fn is_secure(proxy: &Intercept) -> bool {
    scheme(proxy) == "https"
}

/// Returns `true` if the proxy wants addresses and no names.
pub(crate) fn wants_address(proxy: &Intercept) -> bool {
    scheme(proxy) == "socks5"
}

/// Returns the host of a proxy, without the brackets of an IPv6 address, and its port.
pub(crate) fn host_and_port(proxy: &Intercept) -> (&str, u16) {
    let host = proxy.uri().host().unwrap_or_default();
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    let port = proxy.uri().port_u16().unwrap_or(match scheme(proxy) {
        "http" => 80,
        "https" => 443,
        _ => 1080,
    });
    (host, port)
}

/// Asks the proxy at the other end of a stream to connect to this host and port, which are then at the other end.
pub(crate) async fn tunnel<S>(proxy: &Intercept, stream: S, host: &str, port: u16) -> io::Result<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let destination = destination(true, host, port)?;
    let connected = Connected(Some(TokioIo::new(stream)));
    let uri = proxy.uri().clone();
    let stream = if scheme(proxy).starts_with("socks5") {
        let mut socks = SocksV5::new(uri, connected);
        if let Some((user, password)) = proxy.raw_auth() {
            socks = socks.with_auth(user.to_owned(), password.to_owned());
        }
        socks.call(destination).await.map_err(io::Error::other)?
    } else {
        let mut tunnel = Tunnel::new(uri, connected);
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        tunnel.call(destination).await.map_err(io::Error::other)?
    };
    Ok(stream.into_inner())
}

/// Returns a host and a port as the URI that hyper-util takes them as.
fn destination(is_secure: bool, host: &str, port: u16) -> io::Result<Uri> {
    let scheme = if is_secure { "https" } else { "http" };
    let uri = match host.parse() {
        Ok(IpAddr::V6(address)) => format!("{scheme}://[{address}]:{port}/"),
        _ => format!("{scheme}://{host}:{port}/"),
    };
    uri.parse()
        .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))
}

/// A connection to a proxy that is there already, in the form in which hyper-util asks for one.
struct Connected<S>(Option<TokioIo<S>>);

impl<S> Service<Uri> for Connected<S> {
    type Response = TokioIo<S>;
    type Error = io::Error;
    type Future = future::Ready<io::Result<TokioIo<S>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        future::ready(self.0.take().ok_or_else(|| ErrorKind::NotConnected.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scheme, host and port of the proxy for a URL.
    fn proxy_for(proxy: &Proxy, url: &str) -> Option<(String, String, u16)> {
        let proxy = proxy.intercept(&Url::parse(url).unwrap()).unwrap()?;
        let (host, port) = host_and_port(&proxy);
        Some((scheme(&proxy).to_owned(), host.to_owned(), port))
    }

    #[test]
    fn a_proxy_is_for_all_servers_but_those_that_are_excepted() {
        let proxy = Proxy::new("http://[::1]:3128", "example.com, 192.0.2.0/24,::2").unwrap();
        let is_proxied = |url| proxy_for(&proxy, url).is_some();
        for url in [
            "ws://example.org",
            "wss://notexample.com",
            "ws://192.0.3.1",
            "wss://[::3]",
        ] {
            assert!(is_proxied(url), "{url}");
        }
        for url in [
            "ws://example.com",
            "wss://www.example.com",
            "ws://192.0.2.1",
            "wss://[::2]",
        ] {
            assert!(!is_proxied(url), "{url}");
        }
        assert_eq!(
            proxy_for(&proxy, "ws://example.org"),
            Some(("http".to_owned(), "::1".to_owned(), 3128))
        );
        let proxy = Proxy::new("http://[::1]:3128", "example.com, *").unwrap();
        for url in ["ws://example.org", "ws://192.0.2.1"] {
            assert_eq!(proxy_for(&proxy, url), None, "{url}");
        }
    }

    #[test]
    fn a_proxy_has_the_port_of_its_scheme() {
        for (url, scheme, port) in [
            ("proxy.example", "http", 80),
            ("https://proxy.example", "https", 443),
            ("socks5://proxy.example", "socks5", 1080),
            ("socks5h://proxy.example", "socks5h", 1080),
        ] {
            let proxy = Proxy::new(url, "").unwrap();
            let found = proxy_for(&proxy, "ws://example.com");
            assert_eq!(
                found,
                Some((scheme.to_owned(), "proxy.example".to_owned(), port)),
                "{url}"
            );
        }
        for url in [
            "",
            "socks4://proxy.example",
            "ftp://proxy.example",
            "http://",
            "a b",
        ] {
            assert_eq!(Proxy::new(url, "").err(), Some(InvalidProxy(())), "{url}");
        }
    }
}
