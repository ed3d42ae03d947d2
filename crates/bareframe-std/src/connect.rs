//! The client's side of the opening handshake (RFC 6455 section 4.1).

use crate::accept::encode;
use crate::client_stream::ClientStream;
use crate::connecting::Connecting;
use crate::content::{Framing, read_content};
use crate::deadline::{By, Deadline};
use crate::error::{Error, HandshakeError, is_temporary};
use crate::head::read_head;
use crate::input::Input;
use crate::keys::{self, SystemKeys};
use crate::options::Options;
use crate::refusal::Refusal;
use crate::socket::SharedSocket;
use crate::stream::Stream;
use crate::websocket::{ClientSocket, WebSocket};
use bareframe::handshake::{Accept, Key, ResponseError, ResponseHead, Url};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long the content of a refusal is waited for, which a server may never end.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// How a client asks for a connection.
///
/// ```
/// use bareframe_std::{Acceptor, Connector, Options};
/// use bareframe::handshake::Choice;
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
/// assert_eq!(connector.origin(), Some("http://example.com"));
/// assert_eq!(connector.subprotocols(), ["superchat", "chat"]);
/// assert_eq!(connector.headers(), [("Cookie", "a=b")]);
/// assert_eq!((connector.timeout(), connector.head_limit()), (Duration::from_secs(5), 16 << 10));
/// assert_eq!((connector.extensions(), connector.options()), ("", Options::DEFAULT));
/// let socket = connector.connect(&url)?;
/// assert_eq!(socket.subprotocol(), Some("chat"));
/// # server.join().unwrap()?;
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Connector<'a> {
    options: Options,
    origin: Option<&'a str>,
    subprotocols: &'a [&'a str],
    extensions: &'a str,
    headers: &'a [(&'a str, &'a str)],
    user_agent: Option<&'a str>,
    head_limit: usize,
    refusal_limit: usize,
    timeout: Duration,
    #[cfg(feature = "rustls")]
    tls: Option<std::sync::Arc<rustls::ClientConfig>>,
}

/// Connects to a URL with [`Connector::DEFAULT`].
///
/// # Errors
///
/// As [`Connector::connect`].
pub fn connect(url: &str) -> Result<ClientSocket<ClientStream>, Error> {
    Connector::DEFAULT.connect(url)
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
        #[cfg(feature = "rustls")]
        tls: None,
    };

    /// Returns a connector of connections that behave so.
    #[must_use]
    pub const fn with_options(mut self, options: Options) -> Connector<'a> {
        self.options = options;
        self
    }

    /// Returns a connector that sends this origin, which a browser must send and others may.
    #[must_use]
    pub const fn with_origin(mut self, origin: &'a str) -> Connector<'a> {
        self.origin = Some(origin);
        self
    }

    /// Returns a connector that offers these subprotocols, by preference: tokens, each once.
    #[must_use]
    pub const fn with_subprotocols(mut self, subprotocols: &'a [&'a str]) -> Connector<'a> {
        self.subprotocols = subprotocols;
        self
    }

    /// Returns a connector that offers these extensions, by preference, as a list; `""` offers none.
    #[must_use]
    pub const fn with_extensions(mut self, extensions: &'a str) -> Connector<'a> {
        self.extensions = extensions;
        self
    }

    /// Returns a connector that sends these headers too, given as names and values.
    #[must_use]
    pub const fn with_headers(mut self, headers: &'a [(&'a str, &'a str)]) -> Connector<'a> {
        self.headers = headers;
        self
    }

    /// Sets the `User-Agent`; without one, some servers and networks in front of them answer with 403. One among the
    /// headers of [`Connector::with_headers`] takes its place.
    #[must_use]
    pub const fn with_user_agent(mut self, user_agent: Option<&'a str>) -> Connector<'a> {
        self.user_agent = user_agent;
        self
    }

    /// Sets the longest head of a response, in bytes. Memory grows as a head arrives.
    #[must_use]
    pub const fn with_head_limit(mut self, head_limit: usize) -> Connector<'a> {
        self.head_limit = head_limit;
        self
    }

    /// Sets how many bytes of a refusal's content are kept at most ([`Refusal::content`]).
    #[must_use]
    pub const fn with_refusal_limit(mut self, refusal_limit: usize) -> Connector<'a> {
        self.refusal_limit = refusal_limit;
        self
    }

    /// Sets how long it may last until the connection is there.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Connector<'a> {
        self.timeout = timeout;
        self
    }

    /// Returns how the connections behave.
    #[must_use]
    pub const fn options(&self) -> Options {
        self.options
    }

    /// Returns the origin that is sent.
    #[must_use]
    pub const fn origin(&self) -> Option<&'a str> {
        self.origin
    }

    /// Returns the subprotocols that are offered.
    #[must_use]
    pub const fn subprotocols(&self) -> &'a [&'a str] {
        self.subprotocols
    }

    /// Returns the extensions that are offered, as a list.
    #[must_use]
    pub const fn extensions(&self) -> &'a str {
        self.extensions
    }

    /// Returns the names and values of the headers that are sent too.
    #[must_use]
    pub const fn headers(&self) -> &'a [(&'a str, &'a str)] {
        self.headers
    }

    /// Returns the longest head of a response, in bytes.
    #[must_use]
    pub const fn head_limit(&self) -> usize {
        self.head_limit
    }

    /// Returns the `User-Agent` that is sent.
    #[must_use]
    pub const fn user_agent(&self) -> Option<&'a str> {
        self.user_agent
    }

    /// Returns how many bytes of a refusal's content are kept at most.
    #[must_use]
    pub const fn refusal_limit(&self) -> usize {
        self.refusal_limit
    }

    /// Returns how long it may last until the connection is there.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns a connector that does TLS so, and not with Mozilla's roots and no client certificate.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn with_tls(mut self, config: std::sync::Arc<rustls::ClientConfig>) -> Connector<'a> {
        self.tls = Some(config);
        self
    }

    /// Returns how TLS is done, or `None` for Mozilla's roots and no client certificate.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub const fn tls(&self) -> Option<&std::sync::Arc<rustls::ClientConfig>> {
        self.tls.as_ref()
    }

    /// Connects to a `ws://` URL, or with the feature `rustls` to a `wss://` URL.
    ///
    /// The addresses of the host are tried in turn. While this process is connecting to the same address and
    /// port already, it waits for that to succeed or fail (RFC 6455 section 4.1).
    ///
    /// # Errors
    ///
    /// [`Error::Url`], [`Error::Io`] or [`Error::Handshake`].
    pub fn connect(&self, url: &str) -> Result<ClientSocket<ClientStream>, Error> {
        let url = Url::parse(url)?;
        if url.is_secure() && !cfg!(feature = "rustls") {
            return Err(Error::NoTls);
        }
        let deadline = self.options.deadline(self.timeout);
        let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
        let addresses: Vec<SocketAddr> = (url.host(), url.port()).to_socket_addrs()?.collect();
        for (address, tries) in addresses.iter().zip((1..=addresses.len() as u32).rev()) {
            let connecting = Connecting::begin(*address, deadline).map_err(timeout)?;
            // One that does not answer leaves time for the others.
            let patience = deadline.left().map_err(timeout)?.unwrap_or(self.timeout) / tries;
            match TcpStream::connect_timeout(address, patience) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    let stream = self.secure(stream, &url)?;
                    let socket = self.shake_hands(stream, &url, deadline);
                    drop(connecting);
                    return socket;
                }
                Err(error) => failed = error,
            }
        }
        Err(timeout(failed))
    }

    /// Asks for a WebSocket over a stream that is there already; of the URL the authority, path and query are
    /// sent.
    ///
    /// ```
    /// use bareframe_std::{Connector, accept};
    /// # #[cfg(unix)] {
    /// use std::os::unix::net::UnixStream;
    /// let (one, other) = UnixStream::pair()?;
    /// let server = std::thread::spawn(move || accept(one)?.send_text("Hello"));
    /// let mut socket = Connector::DEFAULT.connect_over(other, "ws://localhost/")?;
    /// assert_eq!(socket.read()?.unwrap().as_str(), Some("Hello"));
    /// # server.join().unwrap()?;
    /// # }
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Url`], [`Error::Io`] or [`Error::Handshake`].
    pub fn connect_over<S: Stream>(&self, stream: S, url: &str) -> Result<ClientSocket<S>, Error> {
        let url = Url::parse(url)?;
        stream.set_nodelay()?;
        self.shake_hands(stream, &url, self.options.deadline(self.timeout))
    }

    fn shake_hands<S: Stream>(
        &self,
        mut stream: S,
        url: &Url<'_>,
        deadline: Deadline,
    ) -> Result<ClientSocket<S>, Error> {
        let has_name = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("User-Agent");
        let user_agent = self.user_agent.filter(|_| !self.headers.iter().any(has_name));
        let headers: Vec<(&str, &str)> = user_agent
            .map(|name| ("User-Agent", name))
            .into_iter()
            .chain(self.headers.iter().copied())
            .collect();
        let offer = url
            .offer()
            .with_origin(self.origin)
            .with_subprotocols(self.subprotocols)
            .with_extensions(self.extensions)
            .with_headers(&headers);
        let mut random = [0; 16];
        keys::fill(&mut random)?;
        let keys = SystemKeys::new()?;
        let key = Key::from_random(random);
        let request = encode(|out| offer.encode(&key, out)).map_err(HandshakeError::Head)?;

        let mut by = By::new(&mut stream, deadline);
        by.write_all(&request)
            .and_then(|()| by.flush())
            .map_err(timeout)?;
        let mut input = Input::new(self.options.read_buffer());
        let (subprotocol, head) = loop {
            let parsed = read_head(&mut stream, &mut input, self.head_limit, deadline)?
                .and_then(|()| ResponseHead::parse(input.arrived_mut()));
            let head = parsed.map_err(|error| refused(error.into()))?;
            let head_len = head.head_len();
            let bytes = &input.arrived()[..head_len];
            let response = head.response(bytes);
            match response.upgrade(&offer, &Accept::from_key(&key)) {
                Ok(Some(established)) => {
                    let agreed = (
                        established.subprotocol().map(Box::from),
                        (Box::from(bytes), Box::new(head)),
                    );
                    input.take(head_len);
                    break agreed;
                }
                // Another head follows (RFC 9110 section 15.2).
                Ok(None) if response.status() < 200 => input.take(head_len),
                Ok(None) => {
                    let framing = Framing::of(&response);
                    let bytes = Box::from(bytes);
                    input.take(head_len);
                    let deadline = deadline.at_most(REFUSAL_TIME);
                    let content =
                        read_content(&mut stream, &mut input, framing, self.refusal_limit, deadline);
                    return Err(HandshakeError::Refused(Refusal::new(bytes, head, content)).into());
                }
                Err(error) => return Err(refused(error)),
            }
        };
        let mut socket =
            WebSocket::client_with_keys(stream, &self.options, keys).with_leftover(input.arrived());
        socket.subprotocol = subprotocol;
        socket.response = Some(head);
        Ok(socket)
    }

    #[cfg(feature = "rustls")]
    fn secure(&self, stream: TcpStream, url: &Url<'_>) -> Result<ClientStream, Error> {
        let socket = SharedSocket::new(stream);
        if url.is_secure() {
            crate::tls::client(self.tls.clone(), socket, url.host()).map(ClientStream::tls)
        } else {
            Ok(ClientStream::tcp(socket))
        }
    }

    #[cfg(not(feature = "rustls"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as with TLS")]
    fn secure(&self, stream: TcpStream, _: &Url<'_>) -> Result<ClientStream, Error> {
        Ok(ClientStream::tcp(SharedSocket::new(stream)))
    }
}

impl Default for Connector<'_> {
    fn default() -> Self {
        Connector::DEFAULT
    }
}

fn refused(error: ResponseError) -> Error {
    HandshakeError::Response(error).into()
}

/// Before the connection is there, a call that timed out is a handshake that did.
fn timeout(error: io::Error) -> Error {
    if is_temporary(&error) {
        HandshakeError::Timeout.into()
    } else {
        Error::Io(error)
    }
}
