//! What can go wrong, and whose fault it is.

use bareframe::handshake::{EncodeError, HeadError, RequestError, ResponseError};
use bareframe::{BufferTooSmall, ProtocolError, SendError};
use core::fmt;

/// Why a call failed; `E` is the stream's error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Error<E> {
    /// The stream's own. The connection is as before, and the call may be made again.
    Io(E),
    /// The stream takes nothing of what is written.
    WriteZero,
    /// The peer broke the protocol or a limit. It was told so; drop the stream (RFC 6455 section 7.1.7).
    Protocol(ProtocolError),
    /// The stream ended without the closing handshake (RFC 6455 section 7.1.5).
    AbnormalClosure,
    /// The caller asked for what can't be sent; nothing was.
    Send(SendError),
    /// The opening handshake failed.
    Handshake(HandshakeError),
}

/// Why the opening handshake failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer's head is no head of HTTP/1, or longer than the memory for it.
    Head(HeadError),
    /// The client asks for a WebSocket in a wrong way.
    Request(RequestError),
    /// The client asks for no WebSocket.
    NoUpgrade,
    /// The server's 101 is not one.
    Response(ResponseError),
    /// The server answers with this status, which is not 101.
    Status(u16),
    /// The stream ended within the peer's head.
    Ended,
    /// The caller asked for what can't stand in a head, or the send buffer has no room for it.
    Encode(EncodeError),
    /// The receive buffer has no room for the frames that came with the head.
    Receive(BufferTooSmall),
}

impl<E> From<SendError> for Error<E> {
    fn from(error: SendError) -> Error<E> {
        Error::Send(error)
    }
}

impl<E> From<HandshakeError> for Error<E> {
    fn from(error: HandshakeError) -> Error<E> {
        Error::Handshake(error)
    }
}

impl From<HeadError> for HandshakeError {
    fn from(error: HeadError) -> HandshakeError {
        HandshakeError::Head(error)
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
        HandshakeError::Encode(error)
    }
}

impl<E: fmt::Debug> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => write!(f, "the stream failed: {error:?}"),
            Error::WriteZero => f.write_str("the stream takes nothing"),
            Error::Protocol(error) => error.fmt(f),
            Error::AbnormalClosure => f.write_str("the stream ended without the closing handshake"),
            Error::Send(error) => error.fmt(f),
            Error::Handshake(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::Head(error) => error.fmt(f),
            HandshakeError::Request(error) => error.fmt(f),
            HandshakeError::NoUpgrade => f.write_str("the client asks for no WebSocket"),
            HandshakeError::Response(error) => error.fmt(f),
            HandshakeError::Status(status) => write!(f, "the server answered with {status}"),
            HandshakeError::Ended => f.write_str("the stream ended within the head"),
            HandshakeError::Encode(error) => error.fmt(f),
            HandshakeError::Receive(error) => write!(f, "the receive buffer is too small: {error}"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for Error<E> {}
impl core::error::Error for HandshakeError {}
