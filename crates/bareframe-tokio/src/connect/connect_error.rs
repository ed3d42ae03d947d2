//! Why there is no connection to a server.

use crate::connect::addresses::Tried;
use crate::connect::refusal::Refusal;
use crate::handshake_error::HandshakeError;
use std::net::SocketAddr;
use std::time::Duration;
use std::{fmt, io};

/// Why there is no connection to a server: which host and address, in which step, and what happened.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), std::io::Error> {
/// use bareframe_tokio::{ConnectErrorKind, ConnectStep, Error, connect};
/// use std::io::ErrorKind;
///
/// let nobody = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
/// let Err(Error::Connect(error)) = connect(&format!("ws://{nobody}/")).await else { panic!() };
/// assert_eq!((error.address(), error.step()), (Some(nobody), ConnectStep::Tcp));
/// let ConnectErrorKind::Io(refused) = error.kind() else { panic!() };
/// assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
/// assert!(!error.is_timeout());
/// assert!(error.to_string().starts_with(&nobody.to_string()));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ConnectError {
    host: Box<str>,
    proxy: Option<Box<str>>,
    address: Option<SocketAddr>,
    others: Vec<(SocketAddr, io::Error)>,
    step: ConnectStep,
    kind: ConnectErrorKind,
}

/// A step on the way to a connection, each of which may have a limit of time.
///
/// ```
/// use bareframe_tokio::ConnectStep;
/// assert_eq!(ConnectStep::Tls.to_string(), "TLS handshake");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ConnectStep {
    /// The addresses of the host are looked up, or those of the proxy.
    Lookup,
    /// TCP connects to one of the addresses. Before that, another opening handshake of this process with the same address is waited
    /// for ([`Connector::with_concurrent_handshakes`](crate::Connector::with_concurrent_handshakes)).
    Tcp,
    /// The proxy is asked to connect to the host.
    Proxy,
    /// TLS is negotiated with the server, or with the proxy.
    Tls,
    /// The opening handshake (RFC 6455 section 4).
    Handshake,
}

/// What happened in a step.
///
/// ```
/// use bareframe_tokio::ConnectErrorKind;
/// use std::time::Duration;
/// let kind = ConnectErrorKind::Timeout(Duration::from_secs(2));
/// assert_eq!(kind.to_string(), "timed out after 2s");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// The system, TLS or the proxy failed.
    Io(io::Error),
    /// The step took longer than its limit, or all steps together longer than [`Connector::with_timeout`](crate::Connector::with_timeout);
    /// this is the limit that has passed.
    Timeout(Duration),
    /// The opening handshake failed.
    Handshake(HandshakeError),
}

impl ConnectError {
    pub(crate) fn new(
        host: &str,
        proxy: Option<Box<str>>,
        tried: Tried,
        step: ConnectStep,
        kind: ConnectErrorKind,
    ) -> ConnectError {
        ConnectError {
            host: host.into(),
            proxy,
            address: tried.address,
            others: tried.failed,
            step,
            kind,
        }
    }

    /// Returns the host of the URL; after a redirect it is the one that was redirected to.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the host and port of the proxy that was used.
    #[must_use]
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// Returns the address that was connected to, or else that was tried last; `None` if none was found. If there is a proxy it is
    /// the proxy's.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Returns the other addresses that TCP could not connect to, each with its error, in the order in which they failed. If TCP connected
    /// to [`ConnectError::address`] in the end, they are those before.
    pub fn other_addresses(&self) -> impl Iterator<Item = (SocketAddr, &io::Error)> {
        self.others.iter().map(|(address, error)| (*address, error))
    }

    /// Returns the step in which it failed.
    #[must_use]
    pub const fn step(&self) -> ConnectStep {
        self.step
    }

    /// Returns what happened.
    #[must_use]
    pub const fn kind(&self) -> &ConnectErrorKind {
        &self.kind
    }

    /// Returns what happened, to be kept.
    #[must_use]
    pub fn into_kind(self) -> ConnectErrorKind {
        self.kind
    }

    /// Returns `true` if a limit of time has passed; [`ConnectError::step`] is the step in which it did.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self.kind, ConnectErrorKind::Timeout(_))
    }

    /// Returns the server's answer, if it opened no WebSocket.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match &self.kind {
            ConnectErrorKind::Handshake(HandshakeError::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.proxy, self.address) {
            (Some(proxy), None) => write!(f, "{} by the proxy {proxy}", self.host)?,
            (Some(proxy), Some(address)) if address.to_string() == **proxy => {
                write!(f, "{} by the proxy {proxy}", self.host)?;
            }
            (Some(proxy), Some(address)) => write!(f, "{} by the proxy {proxy}, {address}", self.host)?,
            (None, None) => f.write_str(&self.host)?,
            (None, Some(address)) if address.ip().to_string() == *self.host => write!(f, "{address}")?,
            (None, Some(address)) => write!(f, "{}, {address}", self.host)?,
        }
        match &self.kind {
            ConnectErrorKind::Handshake(error) => write!(f, ": {error}"),
            kind => write!(f, ": {}: {kind}", self.step),
        }?;
        // Where TCP has connected in the end, they do not matter.
        let mut others = self.others.iter().filter(|_| self.step == ConnectStep::Tcp);
        others.try_for_each(|(address, error)| write!(f, "; {address}: {error}"))
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ConnectErrorKind::Io(error) => Some(error),
            ConnectErrorKind::Handshake(error) => Some(error),
            ConnectErrorKind::Timeout(_) => None,
        }
    }
}

impl fmt::Display for ConnectStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConnectStep::Lookup => "name lookup",
            ConnectStep::Tcp => "TCP",
            ConnectStep::Proxy => "proxy",
            ConnectStep::Tls => "TLS handshake",
            ConnectStep::Handshake => "opening handshake",
        })
    }
}

impl fmt::Display for ConnectErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectErrorKind::Io(error) => error.fmt(f),
            ConnectErrorKind::Timeout(limit) => write!(f, "timed out after {limit:?}"),
            ConnectErrorKind::Handshake(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for ConnectErrorKind {
    fn from(error: io::Error) -> ConnectErrorKind {
        ConnectErrorKind::Io(error)
    }
}

impl From<HandshakeError> for ConnectErrorKind {
    fn from(error: HandshakeError) -> ConnectErrorKind {
        ConnectErrorKind::Handshake(error)
    }
}
