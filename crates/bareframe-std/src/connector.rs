//! How a client asks for a connection.

use crate::lookup::{self, Resolver};
use crate::options::Options;
use bareframe::handshake::Offer;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// How a client asks for a connection.
///
/// ```
/// use bareframe_std::{Acceptor, Connector, Options};
/// use bareframe_std::handshake::Choice;
/// use std::net::TcpListener;
/// use std::time::Duration;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let url = format!("ws://{}/", listener.local_addr()?);
/// let server = std::thread::spawn(move || {
///     let choice = Choice::DEFAULT.with_subprotocol(Some("chat"));
///     Acceptor::DEFAULT.read(listener.accept()?.0)?.accept(&choice)
/// });
/// let connector = Connector::DEFAULT
///     .with_origin("http://example.com")
///     .with_subprotocols(&["superchat", "chat"])
///     .with_headers(&[("Cookie", "a=b")])
///     .with_timeout(Duration::from_secs(5));
/// let socket = connector.connect(&url)?;
/// assert_eq!(socket.subprotocol(), Some("chat"));
/// # server.join().unwrap()?;
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[must_use]
#[derive(Clone, Debug)]
pub struct Connector<'a> {
    pub(crate) options: Options,
    pub(crate) origin: Option<&'a str>,
    pub(crate) subprotocols: &'a [&'a str],
    pub(crate) extensions: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) head_limit: usize,
    pub(crate) refusal_limit: usize,
    pub(crate) timeout: Duration,
    pub(crate) concurrent_handshakes: bool,
    pub(crate) resolver: Resolver,
    #[cfg(feature = "rustls")]
    pub(crate) tls: Option<std::sync::Arc<rustls::ClientConfig>>,
}

impl<'a> Connector<'a> {
    /// [`Options::DEFAULT`], no origin, nothing offered, `bareframe` and its version as `User-Agent`, heads of at most
    /// 16 KiB, 4 KiB of a refusal's content, and 10 seconds.
    pub const DEFAULT: Connector<'static> = Connector {
        options: Options::DEFAULT,
        origin: None,
        subprotocols: &[],
        extensions: "",
        headers: &[],
        user_agent: Some(concat!("bareframe/", env!("CARGO_PKG_VERSION"))),
        head_limit: 16 << 10,
        refusal_limit: 4 << 10,
        timeout: Duration::from_secs(10),
        concurrent_handshakes: false,
        resolver: lookup::system,
        #[cfg(feature = "rustls")]
        tls: None,
    };

    /// Returns a connector of connections with these options.
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

    /// Returns a connector that sends these headers too, given as names and values.
    pub const fn with_headers(mut self, headers: &'a [(&'a str, &'a str)]) -> Connector<'a> {
        self.headers = headers;
        self
    }

    /// Sets the `User-Agent`; without one, some servers and networks in front of them answer with 403. A `User-Agent`
    /// in [`Connector::with_headers`] takes precedence.
    pub const fn with_user_agent(mut self, user_agent: Option<&'a str>) -> Connector<'a> {
        self.user_agent = user_agent;
        self
    }

    /// Sets the longest head of a response, in bytes. Memory grows as a head arrives.
    pub const fn with_head_limit(mut self, head_limit: usize) -> Connector<'a> {
        self.head_limit = head_limit;
        self
    }

    /// Sets how many bytes of a refusal's content are kept at most ([`Refusal::content`](crate::Refusal::content)).
    pub const fn with_refusal_limit(mut self, refusal_limit: usize) -> Connector<'a> {
        self.refusal_limit = refusal_limit;
        self
    }

    /// Sets how long it may take to establish the connection.
    pub const fn with_timeout(mut self, timeout: Duration) -> Connector<'a> {
        self.timeout = timeout;
        self
    }

    /// Sets whether several opening handshakes with the same address and port may run at once, although the second rule
    /// of RFC 6455 section 4.1 for establishing a connection requires one after the other. The rule protects servers; a
    /// load client or a gateway whose server needs no protection may ignore it.
    pub const fn with_concurrent_handshakes(mut self, concurrent: bool) -> Connector<'a> {
        self.concurrent_handshakes = concurrent;
        self
    }

    /// Sets a function that looks up the addresses of a name and a port, instead of the system. It runs in a thread of
    /// its own.
    ///
    /// ```
    /// use bareframe_std::Connector;
    /// const AT_HOME: Connector<'static> = Connector::DEFAULT.with_resolver(|_, port| Ok(vec![([127, 0, 0, 1], port).into()]));
    /// ```
    pub const fn with_resolver(
        mut self,
        resolver: fn(&str, u16) -> io::Result<Vec<SocketAddr>>,
    ) -> Connector<'a> {
        self.resolver = resolver;
        self
    }

    /// Returns a connector that uses TLS with this configuration, instead of one with Mozilla's roots and without a
    /// client certificate.
    #[cfg(feature = "rustls")]
    pub fn with_tls(mut self, config: std::sync::Arc<rustls::ClientConfig>) -> Connector<'a> {
        self.tls = Some(config);
        self
    }

    /// Returns the headers that are sent too, with the `User-Agent`.
    pub(crate) fn all_headers(&self) -> Vec<(&'a str, &'a str)> {
        let has_name = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("User-Agent");
        let user_agent = self.user_agent.filter(|_| !self.headers.iter().any(has_name));
        let user_agent = user_agent.map(|name| ("User-Agent", name));
        user_agent
            .into_iter()
            .chain(self.headers.iter().copied())
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
