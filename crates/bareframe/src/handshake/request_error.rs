//! RequestError: why a request for a WebSocket is refused (RFC 6455 section 4.2.1).

use crate::handshake::answer::Answer;
use crate::handshake::head_error::HeadError;
use crate::handshake::status::Status;
use core::fmt;

/// Why a request for a WebSocket is refused. The fault is the client's.
///
/// ```
/// use bareframe::handshake::{Request, RequestError, Status};
/// let (request, _) = Request::parse(b"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")?;
/// let error = request.upgrade().unwrap_err();
/// assert_eq!(error, RequestError::NotGet);
/// assert_eq!(error.status(), Status::METHOD_NOT_ALLOWED);
/// let mut out = [0; 256];
/// let len = error.answer().encode(&mut out).unwrap();
/// assert!(out[..len].starts_with(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n"));
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RequestError {
    /// The head is not one of HTTP/1, or longer than the limit.
    Head(HeadError),
    /// The version is older than HTTP/1.1.
    OldHttpVersion,
    /// The method is not GET.
    NotGet,
    /// The target is neither a path nor the URI of one.
    InvalidTarget,
    /// There is no `Host`.
    MissingHost,
    /// There is more than one `Host`.
    RepeatedHost,
    /// `Host` is not a host, with a port or without.
    InvalidHost,
    /// There is a `Transfer-Encoding`, or a `Content-Length` other than `0`, so that the bytes after the head would be
    /// content and not frames.
    Content,
    /// There is a `Sec-WebSocket-Key` but `Upgrade` does not list `websocket`.
    MissingUpgrade,
    /// `Connection` does not list `Upgrade`.
    MissingConnection,
    /// There is no `Sec-WebSocket-Version`.
    MissingVersion,
    /// There is more than one `Sec-WebSocket-Version`.
    RepeatedVersion,
    /// `Sec-WebSocket-Version` is not `13`.
    UnsupportedVersion,
    /// There is no `Sec-WebSocket-Key`.
    MissingKey,
    /// There is more than one `Sec-WebSocket-Key`.
    RepeatedKey,
    /// `Sec-WebSocket-Key` is not 22 base64 characters and `==`.
    InvalidKey,
    /// There is an `Upgrade`, a `Connection` or a `Transfer-Encoding` in HTTP/2 or HTTP/3.
    ConnectionHeader,
    /// `Sec-WebSocket-Protocol` is not a list of tokens.
    InvalidSubprotocols,
    /// `Sec-WebSocket-Extensions` is not a list of extensions.
    InvalidExtensions,
}

impl RequestError {
    /// Returns the status of the answer (RFC 6455 section 4.2.2).
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            RequestError::Head(error) => error.status(),
            RequestError::NotGet => Status::METHOD_NOT_ALLOWED,
            RequestError::MissingUpgrade | RequestError::UnsupportedVersion => Status::UPGRADE_REQUIRED,
            _ => Status::BAD_REQUEST,
        }
    }

    /// Returns the answer to send before the connection is closed. Its content is a line of text that says what is
    /// wrong. A 405 has none, since the method may be HEAD, whose answers have no content.
    #[inline(always)]
    #[must_use]
    pub const fn answer(self) -> Answer<'static> {
        let answer = Answer::new(self.status());
        match self {
            RequestError::NotGet => answer,
            _ => answer.with_text(self.text()),
        }
    }

    /// Returns a description of the error for the client, which contains nothing of its request.
    ///
    /// ```
    /// use bareframe::handshake::RequestError;
    /// assert_eq!(RequestError::MissingKey.text(), "the client sent no Sec-WebSocket-Key");
    /// ```
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            RequestError::Head(error) => error.text(),
            RequestError::OldHttpVersion => "the client's version is older than HTTP/1.1",
            RequestError::NotGet => "the client's method is not GET",
            RequestError::InvalidTarget => "the client's target is not a path or an http URI",
            RequestError::MissingHost => "the client sent no Host",
            RequestError::RepeatedHost => "the client sent more than one Host",
            RequestError::InvalidHost => "the client's Host is not a host and port",
            RequestError::Content => "the client sends content with a request for a WebSocket",
            RequestError::MissingUpgrade => "the client sent a Sec-WebSocket-Key but no Upgrade to websocket",
            RequestError::MissingConnection => "the client's Connection does not list Upgrade",
            RequestError::MissingVersion => "the client sent no Sec-WebSocket-Version",
            RequestError::RepeatedVersion => "the client sent more than one Sec-WebSocket-Version",
            RequestError::UnsupportedVersion => "the client's Sec-WebSocket-Version is not 13",
            RequestError::MissingKey => "the client sent no Sec-WebSocket-Key",
            RequestError::RepeatedKey => "the client sent more than one Sec-WebSocket-Key",
            RequestError::InvalidKey => "the client's Sec-WebSocket-Key is not 16 bytes in base64",
            RequestError::ConnectionHeader => {
                "the client sent a header of HTTP/1 connections with its CONNECT"
            }
            RequestError::InvalidSubprotocols => {
                "the client's Sec-WebSocket-Protocol is not a list of tokens"
            }
            RequestError::InvalidExtensions => "the client's Sec-WebSocket-Extensions is malformed",
        }
    }

    /// Returns the section of the RFC that the client violated.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            RequestError::Head(error) => error.section(),
            RequestError::Content => "RFC 9112 section 6",
            RequestError::ConnectionHeader => "RFC 9113 section 8.2.2",
            RequestError::InvalidTarget => "RFC 9112 section 3.2",
            RequestError::RepeatedHost | RequestError::InvalidHost => "RFC 9112 section 3.2",
            RequestError::RepeatedKey => "RFC 6455 section 11.3.1",
            RequestError::RepeatedVersion => "RFC 6455 section 11.3.5",
            RequestError::UnsupportedVersion => "RFC 6455 section 4.4",
            RequestError::InvalidSubprotocols => "RFC 6455 section 4.3",
            RequestError::InvalidExtensions => "RFC 6455 section 9.1",
            _ => "RFC 6455 section 4.2.1",
        }
    }
}

impl From<HeadError> for RequestError {
    fn from(error: HeadError) -> RequestError {
        RequestError::Head(error)
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::Head(error) => write!(f, "{error}; status {}", self.status()),
            _ => write!(
                f,
                "{} ({}; status {})",
                self.text(),
                self.section(),
                self.status()
            ),
        }
    }
}

impl core::error::Error for RequestError {}
