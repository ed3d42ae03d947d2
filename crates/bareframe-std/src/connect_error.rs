//! The error of connecting to a server.

use std::net::SocketAddr;
use std::{fmt, io};

/// Why a server could not be connected to: its name has no address, or no address can be reached.
///
/// ```
/// use bareframe_std::{Error, connect};
/// use std::io::ErrorKind;
/// use std::net::TcpListener;
///
/// let nobody = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
/// let Err(Error::Connect(error)) = connect(&format!("ws://{nobody}/")) else { panic!() };
/// assert_eq!(error.address(), Some(nobody));
/// assert_eq!(error.error().kind(), ErrorKind::ConnectionRefused);
/// assert!(error.to_string().starts_with(&nobody.to_string()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct ConnectError {
    host: String,
    address: Option<SocketAddr>,
    error: io::Error,
}

impl ConnectError {
    pub(crate) fn new(host: &str, address: Option<SocketAddr>, error: io::Error) -> ConnectError {
        ConnectError {
            host: host.to_owned(),
            address,
            error,
        }
    }

    /// Returns the host of the URL.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the address that was tried last, or `None` if the name has none.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Returns the error of the system; [`io::ErrorKind::TimedOut`] if
    /// [`Connector::with_timeout`](crate::Connector::with_timeout) has passed.
    #[must_use]
    pub const fn error(&self) -> &io::Error {
        &self.error
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConnectError { host, address, error } = self;
        match address {
            None => write!(f, "{host}: {error}"),
            Some(address) if address.ip().to_string() == *host => write!(f, "{address}: {error}"),
            Some(address) => write!(f, "{host}, {address}: {error}"),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
