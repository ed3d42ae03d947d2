//! Why an opening handshake failed.

use crate::connect::{RedirectError, Refusal};
use bareframe::handshake::{EncodeError, RequestError, ResponseError, Status};
use std::{fmt, io};

/// Why an opening handshake failed (RFC 6455 section 4).
///
/// ```
/// use bareframe_tokio::HandshakeError;
/// use bareframe_tokio::handshake::RequestError;
/// assert_eq!(HandshakeError::Ended.status(), None);
/// let error = HandshakeError::Request(RequestError::UnsupportedVersion);
/// assert_eq!(error.status(), Some(426));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The client's request is wrong; the answer to it has [`HandshakeError::status`].
    Request(RequestError),
    /// The client does not ask for a WebSocket; the answer is 426.
    NoUpgrade,
    /// The HTTP library, or what is between it and this crate, left nothing of the request that becomes a connection; the answer is 500.
    #[cfg(feature = "hyper")]
    #[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
    NotUpgradable,
    /// The client's TLS handshake failed, before the opening handshake.
    Tls(io::Error),
    /// The server's response is wrong.
    Response(ResponseError),
    /// The server's response to the offer of compression is wrong (RFC 7692 section 7).
    #[cfg(feature = "deflate")]
    Deflate(bareframe_deflate::NegotiationError),
    /// The server answered with a status that opens no WebSocket, which may redirect or ask for credentials.
    Refused(Refusal),
    /// The server redirects, and that was not followed.
    Redirect(RedirectError),
    /// The server speaks HTTP/2, but has no WebSockets there (RFC 8441 section 3).
    NoExtendedConnect,
    /// The server was to speak HTTP/2, without TLS, and what it sent first is not HTTP/2 or breaks its rules (RFC 9113 section 3.4). Ask for
    /// HTTP/1.1.
    NotHttp2,
    /// What the caller wants to put into a head can't stand there; nothing was sent.
    Head(EncodeError),
    /// The stream ended before the head did.
    Ended,
    /// The handshake was not done in time.
    Timeout,
}

impl HandshakeError {
    /// What a client is told that asks for something else.
    pub(crate) const NO_UPGRADE: &str = "the client asks for no WebSocket";

    /// Returns the HTTP status that a client is answered with, or that a server refused with.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            HandshakeError::Request(error) => Some(error.status().number()),
            HandshakeError::NoUpgrade => Some(Status::UPGRADE_REQUIRED.number()),
            #[cfg(feature = "hyper")]
            HandshakeError::NotUpgradable => Some(Status::INTERNAL_SERVER_ERROR.number()),
            HandshakeError::Refused(refusal) => Some(refusal.status()),
            _ => None,
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::Request(error) => error.fmt(f),
            HandshakeError::NoUpgrade => f.write_str(HandshakeError::NO_UPGRADE),
            #[cfg(feature = "hyper")]
            HandshakeError::NotUpgradable => f.write_str("the HTTP library left nothing to upgrade"),
            HandshakeError::Tls(error) => write!(f, "the TLS handshake with the client: {error}"),
            HandshakeError::Response(error) => error.fmt(f),
            #[cfg(feature = "deflate")]
            HandshakeError::Deflate(error) => error.fmt(f),
            HandshakeError::Refused(refusal) => refusal.fmt(f),
            HandshakeError::Redirect(error) => error.fmt(f),
            HandshakeError::NoExtendedConnect => {
                f.write_str("the server has no WebSockets over HTTP/2 (RFC 8441 section 3)")
            }
            HandshakeError::NotHttp2 => f.write_str(
                "HTTP/2 was asked for, and what the server sent first is not HTTP/2 (RFC 9113 section 3.4)",
            ),
            HandshakeError::Head(error) => error.fmt(f),
            HandshakeError::Ended => f.write_str("the peer ended the stream within the opening handshake"),
            HandshakeError::Timeout => f.write_str("the peer did not finish the opening handshake in time"),
        }
    }
}

impl std::error::Error for HandshakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            HandshakeError::Tls(error) => Some(error),
            _ => None,
        }
    }
}

impl From<RequestError> for HandshakeError {
    fn from(error: RequestError) -> HandshakeError {
        HandshakeError::Request(error)
    }
}

impl From<ResponseError> for HandshakeError {
    fn from(error: ResponseError) -> HandshakeError {
        HandshakeError::Response(error)
    }
}

impl From<EncodeError> for HandshakeError {
    fn from(error: EncodeError) -> HandshakeError {
        HandshakeError::Head(error)
    }
}
