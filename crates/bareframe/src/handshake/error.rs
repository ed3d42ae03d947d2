//! Error: any error of the opening handshake.

use crate::error::BufferTooSmall;
use crate::handshake::encode::EncodeError;
use crate::handshake::head_error::HeadError;
use crate::handshake::request_error::RequestError;
use crate::handshake::response_error::ResponseError;
use crate::handshake::url::UrlError;
use core::fmt;

/// Why an opening handshake failed: any error of this module, for functions that may return several.
///
/// ```
/// use bareframe::handshake::{Accept, Choice, Error, HeadError, Request};
///
/// fn answer(head: &[u8], out: &mut [u8]) -> Result<Option<usize>, Error> {
///     let (request, _) = Request::parse(head)?;
///     let Some(upgrade) = request.upgrade()? else { return Ok(None) };
///     let len = upgrade.encode(&Accept::from_key(upgrade.key()), &Choice::DEFAULT, out)?;
///     Ok(Some(len))
/// }
///
/// let error = answer(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", &mut []);
/// assert_eq!(error, Err(Error::Head(HeadError::SpaceInName)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The peer's head is not one of HTTP/1, or longer than the limit.
    Head(HeadError),
    /// The client's request for a WebSocket is wrong.
    Request(RequestError),
    /// The server's response is wrong.
    Response(ResponseError),
    /// The caller asked for what can't be written.
    Encode(EncodeError),
    /// The caller's URL is not one of a WebSocket.
    Url(UrlError),
}

impl From<HeadError> for Error {
    fn from(error: HeadError) -> Error {
        Error::Head(error)
    }
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Error {
        match error {
            RequestError::Head(error) => Error::Head(error),
            error => Error::Request(error),
        }
    }
}

impl From<ResponseError> for Error {
    fn from(error: ResponseError) -> Error {
        match error {
            ResponseError::Head(error) => Error::Head(error),
            error => Error::Response(error),
        }
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Error {
        Error::Encode(error)
    }
}

impl From<BufferTooSmall> for Error {
    fn from(error: BufferTooSmall) -> Error {
        Error::Encode(error.into())
    }
}

impl From<UrlError> for Error {
    fn from(error: UrlError) -> Error {
        Error::Url(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Head(error) => error.fmt(f),
            Error::Request(error) => error.fmt(f),
            Error::Response(error) => error.fmt(f),
            Error::Encode(error) => error.fmt(f),
            Error::Url(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}
