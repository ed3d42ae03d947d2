//! How a client asks for a connection.

use crate::connect::http1::ResponseLimits;
use crate::connect::lookup::Resolver;
#[cfg(feature = "proxy")]
use crate::connect::proxy::Proxy;
use crate::extension::{self, Agreed};
use crate::handshake_error::HandshakeError;
use crate::options::Options;
use bareframe::handshake::{Extension, Offer};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// How a client asks for a connection.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use bareframe_tokio::{Connector, Options};
/// use std::time::Duration;
///
/// const CONNECTOR: Connector<'static> = Connector::DEFAULT
///     .with_options(Options::DEFAULT)
///     .with_origin("http://example.com")
///     .with_subprotocols(&["superchat", "chat"])
///     .with_headers(&[("Authorization", "Bearer mF_9.B5f-4.1JqM")])
///     .with_cookies(&[("session", "31d4d96e407aad42")])
///     .with_timeout(Duration::from_secs(5));
/// # let (url, server) = (String::from("ws://127.0.0.1:1/"), ());
/// match CONNECTOR.connect(&url).await {
///     Ok(socket) => println!("{:?}", socket.subprotocol()),
///     Err(error) => println!("{error}"),
/// }
/// # Ok(())
/// # }
/// ```
#[must_use]
#[derive(Clone)]
pub struct Connector<'a> {
    pub(crate) options: Options,
    origin: Option<&'a str>,
    subprotocols: &'a [&'a str],
    pub(crate) extensions: &'a str,
    headers: &'a [(&'a str, &'a str)],
    cookies: &'a [(&'a str, &'a str)],
    user_agent: Option<&'a str>,
    head_limit: usize,
    refusal_limit: usize,
    pub(crate) timeout: Duration,
    pub(crate) lookup_timeout: Option<Duration>,
    pub(crate) tcp_timeout: Option<Duration>,
    pub(crate) tls_timeout: Option<Duration>,
    pub(crate) handshake_timeout: Option<Duration>,
    pub(crate) redirects: u32,
    pub(crate) concurrent_handshakes: bool,
    pub(crate) resolver: Resolver,
    #[cfg(feature = "proxy")]
    pub(crate) proxy: Option<Proxy>,
    #[cfg(feature = "http2")]
    pub(crate) http2: bool,
    #[cfg(feature = "rustls")]
    pub(crate) tls: Option<std::sync::Arc<tokio_rustls::rustls::ClientConfig>>,
}

impl<'a> Connector<'a> {
    /// [`Options::DEFAULT`], no origin, nothing offered, `bareframe` and its version as `User-Agent`, heads of at most
    /// 16 KiB, 4 KiB of a refusal's content, 10 seconds for all steps together, no redirects, no proxy, and HTTP/1.1.
    pub const DEFAULT: Connector<'static> = Connector {
        options: Options::DEFAULT,
        origin: None,
        subprotocols: &[],
        extensions: "",
        headers: &[],
        cookies: &[],
        user_agent: Some(concat!("bareframe/", env!("CARGO_PKG_VERSION"))),
        head_limit: 16 << 10,
        refusal_limit: 4 << 10,
        timeout: Duration::from_secs(10),
        lookup_timeout: None,
        tcp_timeout: None,
        tls_timeout: None,
        handshake_timeout: None,
        redirects: 0,
        concurrent_handshakes: false,
        resolver: Resolver::SYSTEM,
        #[cfg(feature = "proxy")]
        proxy: None,
        #[cfg(feature = "http2")]
        http2: false,
        #[cfg(feature = "rustls")]
        tls: None,
    };

    /// Returns a connector of connections that behave so.
    pub const fn with_options(mut self, options: Options) -> Connector<'a> {
        self.options = options;
        self
    }

    /// Returns a connector that sends this origin, which a browser must send and others may.
    pub const fn with_origin(mut self, origin: &'a str) -> Connector<'a> {
        self.origin = Some(origin);
        self
    }

    /// Returns a connector that offers these subprotocols, by preference: tokens, each once.
    pub const fn with_subprotocols(mut self, subprotocols: &'a [&'a str]) -> Connector<'a> {
        self.subprotocols = subprotocols;
        self
    }

    /// Returns a connector that offers these extensions, by preference, as a list; `""` offers none.
    pub const fn with_extensions(mut self, extensions: &'a str) -> Connector<'a> {
        self.extensions = extensions;
        self
    }

    /// Returns a connector that sends these headers too, given as names and values. After a redirect to another host or port
    /// only a `User-Agent` among them is sent, since any other may say who the user is.
    pub const fn with_headers(mut self, headers: &'a [(&'a str, &'a str)]) -> Connector<'a> {
        self.headers = headers;
        self
    }

    /// Returns a connector that sends these cookies, given as names and values (RFC 6265 section 4.2), but not after a redirect to another host or
    /// port.
    pub const fn with_cookies(mut self, cookies: &'a [(&'a str, &'a str)]) -> Connector<'a> {
        self.cookies = cookies;
        self
    }

    /// Sets the `User-Agent`; without one, some servers and networks in front of them answer with 403. One among the
    /// headers of [`Connector::with_headers`] takes its place.
    pub const fn with_user_agent(mut self, user_agent: Option<&'a str>) -> Connector<'a> {
        self.user_agent = user_agent;
        self
    }

    /// Sets the longest head of a response over HTTP/1.1, in bytes. Memory grows as a head arrives.
    pub const fn with_head_limit(mut self, head_limit: usize) -> Connector<'a> {
        self.head_limit = head_limit;
        self
    }

    /// Sets how many bytes of a refusal's content are kept at most ([`Refusal::content`](crate::Refusal::content)).
    pub const fn with_refusal_limit(mut self, refusal_limit: usize) -> Connector<'a> {
        self.refusal_limit = refusal_limit;
        self
    }

    /// Sets how long all steps may take together, with all redirects, until the connection is there.
    pub const fn with_timeout(mut self, timeout: Duration) -> Connector<'a> {
        self.timeout = timeout;
        self
    }

    /// Sets how long the lookup of a name may take.
    pub const fn with_lookup_timeout(mut self, timeout: Duration) -> Connector<'a> {
        self.lookup_timeout = Some(timeout);
        self
    }

    /// Sets how long it may take until one of the addresses is connected to by TCP. If there is a proxy, the way from there to the server has
    /// as long again.
    pub const fn with_tcp_timeout(mut self, timeout: Duration) -> Connector<'a> {
        self.tcp_timeout = Some(timeout);
        self
    }

    /// Sets how long TLS's handshake may take.
    pub const fn with_tls_timeout(mut self, timeout: Duration) -> Connector<'a> {
        self.tls_timeout = Some(timeout);
        self
    }

    /// Sets how long the opening handshake may take (RFC 6455 section 4).
    pub const fn with_handshake_timeout(mut self, timeout: Duration) -> Connector<'a> {
        self.handshake_timeout = Some(timeout);
        self
    }

    /// Sets how many redirects are followed at most. None is followed from `wss://` to `ws://`, and credentials are not sent to
    /// another host ([`Connector::with_headers`]).
    pub const fn with_redirects(mut self, limit: u32) -> Connector<'a> {
        self.redirects = limit;
        self
    }

    /// Sets whether several opening handshakes with the same address and port may run at once, where RFC 6455 section 4.1
    /// (its second rule for establishing a connection) asks a client to have one after the other. It protects servers; a
    /// program that knows that its server needs no protection, such as a load client or a gateway, may go without.
    pub const fn with_concurrent_handshakes(mut self, concurrent: bool) -> Connector<'a> {
        self.concurrent_handshakes = concurrent;
        self
    }

    /// Sets what finds the addresses of a name and a port, in place of the system.
    ///
    /// ```
    /// use bareframe_tokio::Connector;
    /// let at_home = Connector::DEFAULT
    ///     .with_resolver(|_name, port| async move { Ok(vec![([127, 0, 0, 1], port).into()]) });
    /// ```
    pub fn with_resolver<F>(
        mut self,
        resolver: impl Fn(String, u16) -> F + Send + Sync + 'static,
    ) -> Connector<'a>
    where
        F: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        self.resolver = Resolver::new(resolver);
        self
    }

    /// Returns a connector that connects through a proxy, where the proxy is for the server.
    ///
    /// ```
    /// use bareframe_tokio::{Connector, Proxy};
    /// let connector = Connector::DEFAULT.with_proxy(Proxy::from_env());
    /// ```
    #[cfg(feature = "proxy")]
    pub fn with_proxy(mut self, proxy: Proxy) -> Connector<'a> {
        self.proxy = Some(proxy);
        self
    }

    /// Sets whether HTTP/2 is asked for (RFC 8441). Each WebSocket has a connection of its own, and
    /// [`ClientStream::is_http2`](crate::ClientStream::is_http2) says what came of it.
    ///
    /// Over TLS the server chooses between HTTP/2 and HTTP/1.1. One that chooses HTTP/2 but has no WebSockets there is asked again over
    /// another connection, by HTTP/1.1, as browsers do. Without TLS there is no choice: HTTP/2 is begun with at once (RFC 9113 section
    /// 3.3), and a server that does not speak it or has no WebSockets there is an error, [`HandshakeError::NotHttp2`] or
    /// [`HandshakeError::NoExtendedConnect`].
    #[cfg(feature = "http2")]
    pub const fn with_http2(mut self, http2: bool) -> Connector<'a> {
        self.http2 = http2;
        self
    }

    /// Returns a connector that does TLS so, and not with the platform's roots (feature `platform-verifier`) and no client certificate. Which
    /// version of HTTP is offered to the server is [`Connector::with_http2`]'s to say.
    #[cfg(feature = "rustls")]
    pub fn with_tls(mut self, config: std::sync::Arc<tokio_rustls::rustls::ClientConfig>) -> Connector<'a> {
        self.tls = Some(config);
        self
    }

    /// Returns `true` if there is a way to do TLS.
    pub(crate) const fn has_tls(&self) -> bool {
        #[cfg(feature = "rustls")]
        return cfg!(feature = "platform-verifier") || self.tls.is_some();
        #[cfg(not(feature = "rustls"))]
        false
    }

    pub(crate) const fn response_limits(&self) -> ResponseLimits {
        ResponseLimits {
            head: self.head_limit,
            refusal: self.refusal_limit,
        }
    }

    /// Returns what was agreed on by a response with these extensions.
    pub(crate) fn agreed<'r>(
        &self,
        response: impl Iterator<Item = Extension<'r>>,
    ) -> Result<Agreed, HandshakeError> {
        extension::from_response(&self.options, self.extensions, response)
    }

    /// Returns the value of `Cookie`, if there are cookies.
    pub(crate) fn cookie(&self) -> Option<String> {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Returns the headers that are sent too, with the `User-Agent` and the value of `Cookie`; for another host than the URL's only what says
    /// nothing about the user.
    pub(crate) fn all_headers<'h>(
        &'h self,
        cookie: Option<&'h str>,
        is_other_host: bool,
    ) -> Vec<(&'h str, &'h str)> {
        let is_user_agent = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("User-Agent");
        let user_agent = self
            .user_agent
            .filter(|_| !self.headers.iter().any(is_user_agent));
        let cookie = cookie.filter(|_| !is_other_host);
        let headers = self.headers.iter().copied();
        user_agent
            .map(|name| ("User-Agent", name))
            .into_iter()
            .chain(headers.filter(|header| !is_other_host || is_user_agent(header)))
            .chain(cookie.map(|cookie| ("Cookie", cookie)))
            .collect()
    }

    /// Adds what this connector asks for, with these extensions and headers in place of its own.
    pub(crate) const fn offer<'o>(
        &self,
        offer: Offer<'o>,
        extensions: &'o str,
        headers: &'o [(&'o str, &'o str)],
    ) -> Offer<'o>
    where
        'a: 'o,
    {
        offer
            .with_origin(self.origin)
            .with_subprotocols(self.subprotocols)
            .with_extensions(extensions)
            .with_headers(headers)
    }
}

impl Default for Connector<'_> {
    fn default() -> Self {
        Connector::DEFAULT
    }
}

/// Headers and cookies stay out of logs.
impl fmt::Debug for Connector<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("options", &self.options)
            .field("origin", &self.origin)
            .field("subprotocols", &self.subprotocols.len())
            .field("extensions", &self.extensions)
            .field("headers", &self.headers.len())
            .field("cookies", &self.cookies.len())
            .field("timeout", &self.timeout)
            .field("redirects", &self.redirects)
            .field("resolver", &self.resolver)
            .finish_non_exhaustive()
    }
}
