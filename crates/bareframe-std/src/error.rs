//! What can go wrong between a program and its peer, and whose fault it is.

use crate::connect_error::ConnectError;
use crate::refusal::Refusal;
use bareframe::handshake::{EncodeError, RequestError, ResponseError, Status, UrlError};
use bareframe::{CloseCode, ProtocolError, ReceiveError, SendError};
use std::{fmt, io};

/// Why a call failed. A clean end of the connection is not an error.
///
/// ```
/// use bareframe_std::{Error, ProtocolError};
/// let error = Error::from(ProtocolError::UnmaskedFrame);
/// assert_eq!(error.close_code().unwrap().number(), 1002);
/// assert_eq!(
///     error.to_string(),
///     "the client sent a frame that is not masked (RFC 6455 section 5.1; close code 1002 Protocol Error)",
/// );
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The stream failed, or can't go on now (`WouldBlock`, `TimedOut`). What was to be sent was not taken;
    /// what was to be received is not lost. Call again when the stream can go on.
    Io(io::Error),
    /// What was to be sent was taken, but the stream has not taken all of its bytes: `flush` goes on. Do not
    /// send it again.
    Unflushed(io::Error),
    /// The peer broke the protocol, or went over a limit of ours. It was told so in a Close.
    Protocol(ProtocolError),
    /// The call does not fit what was sent before; nothing was sent.
    Send(SendError),
    /// The stream ended before the closing handshake was done (RFC 6455 section 7.1.5, code 1006).
    AbnormalClosure,
    /// The peer closed the connection while a frame of ours was not finished (RFC 6455 section 5.5.1). Finish it, and the answer to
    /// the Close follows it; or call `fail`, and the connection ends without an answer.
    UnfinishedFrame,
    /// A message was skipped, since part of it was taken in another way before: by `read_event` and not by `read`, or the other way
    /// round. The next call goes on behind it.
    MessageSkipped,
    /// The peer sent nothing in the time that the keepalive grants after a Ping (RFC 6455 section 5.5.2).
    KeepaliveTimeout,
    /// The peer did not close in time after our Close; the stream was shut (RFC 6455 section 7.1.1).
    CloseTimeout,
    /// There is no connection: the server's name has no address, or it can't be reached there.
    Connect(ConnectError),
    /// There is no connection: the opening handshake failed (RFC 6455 section 4).
    Handshake(HandshakeError),
    /// There is no connection: the URL is not one of a WebSocket (RFC 6455 section 3).
    Url(UrlError),
    /// There is no connection: the URL's scheme is `wss`, and the feature `rustls` is not on.
    NoTls,
}

/// Why an opening handshake failed (RFC 6455 section 4).
///
/// ```
/// use bareframe_std::HandshakeError;
/// use bareframe_std::handshake::RequestError;
/// let error = HandshakeError::Request(RequestError::UnsupportedVersion);
/// assert_eq!(error.status(), Some(426));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The client's request is wrong; it was answered with [`HandshakeError::status`].
    Request(RequestError),
    /// The client asks for no WebSocket; it was answered with 426.
    NoUpgrade,
    /// The server's response is wrong.
    Response(ResponseError),
    /// The server's response to the offer of compression is wrong (RFC 7692 section 7).
    #[cfg(feature = "deflate")]
    Deflate(bareframe_deflate::NegotiationError),
    /// The server answered with another status than 101, which may redirect or ask for credentials.
    Refused(Refusal),
    /// What the caller wants to put into a head can't stand there; nothing was sent.
    Head(EncodeError),
    /// The stream ended before the head did.
    Ended,
    /// The handshake was not done in time.
    Timeout,
}

impl Error {
    /// Returns the code of the Close that the peer was sent for a protocol error (RFC 6455 section 7.4.1).
    #[must_use]
    pub fn close_code(&self) -> Option<CloseCode> {
        match self {
            Error::Protocol(error) => Some(error.close_code()),
            _ => None,
        }
    }

    /// Returns `true` if the stream could not go on now but may later: it does not block, or a timeout has
    /// passed. Nothing is lost, and the call may be made again; after [`Error::Unflushed`] it is `flush`.
    ///
    /// ```
    /// use bareframe_std::Error;
    /// use std::io::{self, ErrorKind};
    /// assert!(Error::Io(io::Error::from(ErrorKind::WouldBlock)).is_temporary());
    /// assert!(!Error::Io(io::Error::from(ErrorKind::BrokenPipe)).is_temporary());
    /// ```
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Error::Io(error) | Error::Unflushed(error) => is_temporary(error),
            _ => false,
        }
    }
}

impl Error {
    /// Returns `true` if the stream does not block and the call is to be made again.
    pub(crate) fn is_blocked(&self) -> bool {
        matches!(self, Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// Returns `true` if a stream that returned this error may go on later.
pub(crate) fn is_temporary(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::WouldBlock => true,
        // A timeout that was set is no error of the system on Unix; there it is TCP that gave up.
        io::ErrorKind::TimedOut => cfg!(windows) || error.raw_os_error().is_none(),
        _ => false,
    }
}

/// Returns the same error once more.
pub(crate) fn copy(error: &io::Error) -> io::Error {
    error
        .raw_os_error()
        .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

impl HandshakeError {
    /// Returns the HTTP status that a client was sent, or that a server sent.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            HandshakeError::Request(error) => Some(error.status().number()),
            HandshakeError::NoUpgrade => Some(Status::UPGRADE_REQUIRED.number()),
            HandshakeError::Refused(refusal) => Some(refusal.status()),
            #[cfg(feature = "deflate")]
            HandshakeError::Deflate(_) => None,
            HandshakeError::Response(_)
            | HandshakeError::Head(_)
            | HandshakeError::Ended
            | HandshakeError::Timeout => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(error)
    }
}

impl From<ReceiveError> for Error {
    fn from(error: ReceiveError) -> Error {
        match error {
            ReceiveError::Protocol(error) => Error::Protocol(error),
            ReceiveError::UnfinishedFrame => Error::UnfinishedFrame,
            ReceiveError::MessageSkipped => Error::MessageSkipped,
            _ => Error::AbnormalClosure,
        }
    }
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Error {
        Error::Protocol(error)
    }
}

impl From<ConnectError> for Error {
    fn from(error: ConnectError) -> Error {
        Error::Connect(error)
    }
}

impl From<RequestError> for HandshakeError {
    fn from(error: RequestError) -> HandshakeError {
        HandshakeError::Request(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Error {
        Error::Send(error)
    }
}

impl From<HandshakeError> for Error {
    fn from(error: HandshakeError) -> Error {
        Error::Handshake(error)
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
            Error::Io(error) => write!(f, "the stream: {}", Shown(error)),
            Error::Unflushed(error) => {
                write!(f, "the stream has not taken all of it: {}", Shown(error))
            }
            Error::Connect(error) => error.fmt(f),
            Error::Protocol(error) => error.fmt(f),
            Error::Send(error) => error.fmt(f),
            Error::AbnormalClosure => f.write_str(
                "the stream ended before the closing handshake was done (RFC 6455 section 7.1.5; 1006)",
            ),
            Error::UnfinishedFrame => ReceiveError::UnfinishedFrame.fmt(f),
            Error::MessageSkipped => ReceiveError::MessageSkipped.fmt(f),
            Error::KeepaliveTimeout => {
                f.write_str("the peer sent nothing in time after a Ping (RFC 6455 section 5.5.2)")
            }
            Error::CloseTimeout => {
                f.write_str("the peer did not close in time after our Close (RFC 6455 section 7.1.1)")
            }
            Error::Handshake(error) => error.fmt(f),
            Error::Url(error) => error.fmt(f),
            Error::NoTls => f.write_str("the URL asks for TLS, and the feature rustls is not on"),
        }
    }
}

/// An error of a stream. What the system says when a timeout has passed sounds like a fault of its own.
struct Shown<'e>(&'e io::Error);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind() {
            io::ErrorKind::WouldBlock => f.write_str("timed out, or not ready if it does not block"),
            _ => self.0.fmt(f),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::Request(error) => error.fmt(f),
            HandshakeError::NoUpgrade => f.write_str("the client asks for no WebSocket (status 426)"),
            HandshakeError::Response(error) => error.fmt(f),
            #[cfg(feature = "deflate")]
            HandshakeError::Deflate(error) => error.fmt(f),
            HandshakeError::Refused(refusal) => refusal.fmt(f),
            HandshakeError::Head(error) => error.fmt(f),
            HandshakeError::Ended => f.write_str("the peer ended the stream within the opening handshake"),
            HandshakeError::Timeout => f.write_str("the peer did not finish the opening handshake in time"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io(error) | Error::Unflushed(error) => Some(error),
            Error::Connect(error) => error.source(),
            _ => None,
        }
    }
}

impl std::error::Error for HandshakeError {}
