//! ResponseError: why a response that switches protocols is refused (RFC 6455 section 4.1).

use crate::handshake::head_error::HeadError;
use core::fmt;

/// Why a response that switches protocols is refused. The fault is the server's, and the connection must be closed.
///
/// ```
/// use bareframe::handshake::{Accept, Key, Offer, Response, ResponseError};
/// let (response, _) = Response::parse(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n")?;
/// let accept = Accept::from_key(&Key::from_random(*b"the sample nonce"));
/// let error = response.upgrade(&Offer::new("example.com", "/"), &accept).unwrap_err();
/// assert_eq!(error, ResponseError::InvalidUpgrade);
/// assert_eq!(error.section(), "RFC 6455 section 4.1");
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ResponseError {
    /// The head is not one of HTTP/1, or longer than the limit.
    Head(HeadError),
    /// The version is older than HTTP/1.1.
    OldHttpVersion,
    /// There is no `Upgrade`, or its value is not `websocket`.
    InvalidUpgrade,
    /// `Connection` does not list `Upgrade`.
    MissingConnection,
    /// There is no `Sec-WebSocket-Accept`.
    MissingAccept,
    /// There is more than one `Sec-WebSocket-Accept`.
    RepeatedAccept,
    /// `Sec-WebSocket-Accept` does not answer our key.
    WrongAccept,
    /// There is more than one `Sec-WebSocket-Protocol`.
    RepeatedSubprotocol,
    /// `Sec-WebSocket-Protocol` is not one that we offered.
    SubprotocolNotOffered,
    /// There is more than one `Sec-WebSocket-Extensions`.
    RepeatedExtensions,
    /// `Sec-WebSocket-Extensions` is not a list of extensions.
    InvalidExtensions,
    /// `Sec-WebSocket-Extensions` has one that we did not offer.
    ExtensionNotOffered,
}

impl ResponseError {
    /// Returns the section of the RFC that the server violated.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            ResponseError::Head(error) => error.section(),
            ResponseError::RepeatedAccept => "RFC 6455 section 11.3.3",
            ResponseError::RepeatedSubprotocol => "RFC 6455 section 11.3.4",
            ResponseError::RepeatedExtensions => "RFC 6455 section 11.3.2",
            ResponseError::InvalidExtensions => "RFC 6455 section 9.1",
            _ => "RFC 6455 section 4.1",
        }
    }
}

impl From<HeadError> for ResponseError {
    fn from(error: HeadError) -> ResponseError {
        ResponseError::Head(error)
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            ResponseError::Head(error) => return error.fmt(f),
            ResponseError::OldHttpVersion => "the server's version is older than HTTP/1.1",
            ResponseError::InvalidUpgrade => "the server's Upgrade is not websocket",
            ResponseError::MissingConnection => "the server's Connection does not list Upgrade",
            ResponseError::MissingAccept => "the server sent no Sec-WebSocket-Accept",
            ResponseError::RepeatedAccept => "the server sent more than one Sec-WebSocket-Accept",
            ResponseError::WrongAccept => "the server's Sec-WebSocket-Accept does not answer our key",
            ResponseError::RepeatedSubprotocol => "the server sent more than one Sec-WebSocket-Protocol",
            ResponseError::SubprotocolNotOffered => "the server chose a subprotocol that we did not offer",
            ResponseError::RepeatedExtensions => "the server sent more than one Sec-WebSocket-Extensions",
            ResponseError::InvalidExtensions => "the server's Sec-WebSocket-Extensions is malformed",
            ResponseError::ExtensionNotOffered => "the server chose an extension that we did not offer",
        };
        write!(f, "{what} ({})", self.section())
    }
}

impl core::error::Error for ResponseError {}
