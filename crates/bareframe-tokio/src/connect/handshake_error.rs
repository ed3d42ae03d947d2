//! Why an opening handshake failed.

use crate::connect::redirect::RedirectError;
use crate::connect::refusal::Refusal;
use bareframe::handshake::{EncodeError, ResponseError};
use std::fmt;

/// Why an opening handshake failed (RFC 6455 section 4).
///
/// ```
/// use bareframe_tokio::HandshakeError;
/// assert_eq!(HandshakeError::Ended.status(), None);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeError {
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
    /// What the caller wants to put into a head can't stand there; nothing was sent.
    Head(EncodeError),
    /// The stream ended before the head did.
    Ended,
    /// The handshake was not done in time.
    Timeout,
}

impl HandshakeError {
    /// Returns the HTTP status of a server that refused.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            HandshakeError::Refused(refusal) => Some(refusal.status()),
            _ => None,
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::Response(error) => error.fmt(f),
            #[cfg(feature = "deflate")]
            HandshakeError::Deflate(error) => error.fmt(f),
            HandshakeError::Refused(refusal) => refusal.fmt(f),
            HandshakeError::Redirect(error) => error.fmt(f),
            HandshakeError::NoExtendedConnect => {
                f.write_str("the server has no WebSockets over HTTP/2 (RFC 8441 section 3)")
            }
            HandshakeError::Head(error) => error.fmt(f),
            HandshakeError::Ended => f.write_str("the peer ended the stream within the opening handshake"),
            HandshakeError::Timeout => f.write_str("the peer did not finish the opening handshake in time"),
        }
    }
}

impl std::error::Error for HandshakeError {}

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
