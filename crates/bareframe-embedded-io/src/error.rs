//! What can go wrong, and whose fault it is.

use bareframe::handshake;
use bareframe::{BufferTooSmall, ReceiveError, SendError};
use core::fmt;
use embedded_io_async::ErrorKind;

/// Why a call failed. `E` is the stream's error.
///
/// ```
/// use bareframe_embedded_io::{Error, ReceiveError};
/// let error: Error<core::convert::Infallible> = ReceiveError::AbnormalClosure.into();
/// assert!(error.to_string().contains("code 1006"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// The stream failed. After a failed read, or a write that timed out, the connection is unchanged, and the call can
    /// be repeated. After another failed write nothing more is sent, and reading continues.
    Io(E),
    /// A write had failed for this reason, and nothing more can be sent. Everything that had arrived was delivered
    /// before.
    Refused(ErrorKind),
    /// Nothing more is received, or a message was skipped: [`ReceiveError`] says whose fault it is.
    Receive(ReceiveError),
    /// The frame is not allowed after what was sent before. Nothing was sent.
    Send(SendError),
    /// The opening handshake failed.
    Handshake(HandshakeError),
    /// The receive buffer is empty, so that nothing can be read.
    NoReceiveBuffer,
}

/// Why the opening handshake failed.
///
/// ```
/// use bareframe_embedded_io::HandshakeError;
/// let error = HandshakeError::SendBuffer { needed: 160, available: 131 };
/// assert_eq!(error.to_string(), "the send buffer has 131 bytes, and the handshake needs 160");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer's head is wrong or too long, or the caller's values are not allowed in a head.
    Http(handshake::Error),
    /// The client does not ask for a WebSocket.
    NoUpgrade,
    /// The server answers with this status, which is not 101.
    Status(u16),
    /// The server's response to the offer of compression is wrong (RFC 7692 section 7).
    #[cfg(feature = "deflate")]
    Deflate(#[cfg_attr(feature = "defmt", defmt(Debug2Format))] bareframe_deflate::NegotiationError),
    /// The stream ended within the peer's head.
    Ended,
    /// The receive buffer is shorter than [`MIN_RECEIVE`](crate::MIN_RECEIVE).
    ReceiveBuffer {
        /// How many bytes it must have.
        needed: usize,
        /// How many it has.
        available: usize,
    },
    /// The send buffer is too short for the response of the handshake; see [`min_send`](crate::min_send).
    SendBuffer {
        /// How many bytes it must have.
        needed: usize,
        /// How many it has.
        available: usize,
    },
}

impl<E> Error<E> {
    /// Creates an error from one of the handshake.
    pub(crate) fn http(error: impl Into<handshake::Error>) -> Error<E> {
        Error::Handshake(HandshakeError::Http(error.into()))
    }
}

impl HandshakeError {
    /// Creates an error from one of encoding a head.
    pub(crate) fn encode(error: handshake::EncodeError) -> HandshakeError {
        match error {
            handshake::EncodeError::BufferTooSmall(BufferTooSmall { needed, available }) => {
                HandshakeError::SendBuffer { needed, available }
            }
            error => HandshakeError::Http(error.into()),
        }
    }
}

impl<E> From<SendError> for Error<E> {
    fn from(error: SendError) -> Error<E> {
        Error::Send(error)
    }
}

impl<E> From<ReceiveError> for Error<E> {
    fn from(error: ReceiveError) -> Error<E> {
        Error::Receive(error)
    }
}

impl<E> From<HandshakeError> for Error<E> {
    fn from(error: HandshakeError) -> Error<E> {
        Error::Handshake(error)
    }
}

impl<E: fmt::Debug> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => write!(f, "the stream failed: {error:?}"),
            Error::Refused(kind) => write!(f, "the stream accepts no more writes: {kind:?}"),
            Error::Receive(error) => error.fmt(f),
            Error::Send(error) => error.fmt(f),
            Error::Handshake(error) => error.fmt(f),
            Error::NoReceiveBuffer => f.write_str("the receive buffer is empty"),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, needed, available) = match self {
            HandshakeError::Http(error) => return error.fmt(f),
            #[cfg(feature = "deflate")]
            HandshakeError::Deflate(error) => return error.fmt(f),
            HandshakeError::NoUpgrade => return f.write_str("the client does not ask for a WebSocket"),
            HandshakeError::Status(status) => return write!(f, "the server answered with {status}"),
            HandshakeError::Ended => return f.write_str("the stream ended within the head"),
            HandshakeError::ReceiveBuffer { needed, available } => ("receive", needed, available),
            HandshakeError::SendBuffer { needed, available } => ("send", needed, available),
        };
        write!(
            f,
            "the {name} buffer has {available} bytes, and the handshake needs {needed}"
        )
    }
}

impl<E: fmt::Debug> core::error::Error for Error<E> {}
impl core::error::Error for HandshakeError {}
