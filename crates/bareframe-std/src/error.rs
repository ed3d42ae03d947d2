//! What can go wrong between a program and its peer, and whose fault it is.

use crate::connect_error::ConnectError;
use crate::refusal::Refusal;
use bareframe::handshake::{EncodeError, RequestError, ResponseError, Status, UrlError};
use bareframe::{CloseCode, ProtocolError, ReceiveError, SendError, Violation};
use std::sync::Arc;
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
    /// The stream failed, or can't continue now (`WouldBlock`, `TimedOut`). Nothing was sent, and nothing that was
    /// received is lost. Call again when the stream is ready.
    Io(io::Error),
    /// The frame was accepted, but the stream has not accepted all of its bytes. Call `flush` to write the rest, and do
    /// not send the frame again.
    Unflushed(io::Error),
    /// The peer violated the protocol or exceeded a limit. A Close with the code of the violation was sent.
    Protocol(Violation),
    /// The call is not allowed after what was sent before. Nothing was sent.
    Send(SendError),
    /// The stream ended before the closing handshake was done (RFC 6455 section 7.1.5, code 1006).
    AbnormalClosure,
    /// The peer closed the connection while a frame of ours was not finished (RFC 6455 section 5.5.1). If the frame is
    /// finished, the answer to the Close follows it; if `fail` is called, the connection ends without an answer.
    UnfinishedFrame,
    /// A message was skipped, since part of it was taken in another way before: by `read_event` and not by `read`, or
    /// the other way round. The next call continues after it.
    MessageSkipped,
    /// The peer sent nothing within the keepalive's deadline after a Ping (RFC 6455 section 5.5.2).
    KeepaliveTimeout,
    /// The peer did not close in time after our Close; the stream was shut (RFC 6455 section 7.1.1).
    CloseTimeout,
    /// There is no connection: the server's name has no address, or no address can be reached.
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
    /// The client does not ask for a WebSocket; it was answered with 426.
    NoUpgrade,
    /// The server's response is wrong.
    Response(ResponseError),
    /// The server's response to the offer of compression is wrong (RFC 7692 section 7).
    #[cfg(feature = "deflate")]
    Deflate(bareframe_deflate::NegotiationError),
    /// The server answered with another status than 101, which may redirect or ask for credentials.
    Refused(Refusal),
    /// The caller's values are not allowed in a head. Nothing was sent.
    Head(EncodeError),
    /// The stream ended before the head did.
    Ended,
    /// The handshake was not done in time.
    Timeout,
}

impl Error {
    /// Returns the code of the Close that was sent for a protocol error (RFC 6455 section 7.4.1).
    #[must_use]
    pub fn close_code(&self) -> Option<CloseCode> {
        match self {
            Error::Protocol(error) => Some(error.close_code()),
            _ => None,
        }
    }

    /// Returns `true` if the stream could not continue now but may do so later: it does not block, or a timeout has
    /// passed. Nothing is lost, and the call can be repeated; after [`Error::Unflushed`] call `flush`.
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
    /// Returns `true` if the stream does not block and the call is to be repeated.
    pub(crate) fn is_blocked(&self) -> bool {
        matches!(self, Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// Returns `true` if a stream that returned this error may continue later.
pub(crate) fn is_temporary(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::WouldBlock => true,
        // On Unix a timeout that was set is not an error of the system, which means that TCP timed out.
        io::ErrorKind::TimedOut => cfg!(windows) || error.raw_os_error().is_none(),
        _ => false,
    }
}

/// An error of a stream that is returned again and again, each time with its source.
#[derive(Clone, Debug)]
pub(crate) struct Stored(Arc<io::Error>);

impl Stored {
    pub(crate) fn new(error: io::Error) -> Stored {
        Stored(Arc::new(error))
    }

    pub(crate) fn to_error(&self) -> io::Error {
        match (self.0.raw_os_error(), self.0.get_ref()) {
            (Some(number), _) => io::Error::from_raw_os_error(number),
            (None, Some(_)) => io::Error::new(self.0.kind(), self.clone()),
            (None, None) => self.0.kind().into(),
        }
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Stored {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.get_ref().map(|error| error as _)
    }
}

impl HandshakeError {
    /// Returns the HTTP status that was sent to a client or by a server.
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

impl Error {
    /// Returns the error of a session that returned `error` and knows the numbers that belong to it.
    pub(crate) fn received(error: ReceiveError, violation: Option<Violation>) -> Error {
        match (error, violation) {
            (ReceiveError::Protocol(_), Some(violation)) => Error::Protocol(violation),
            (error, _) => error.into(),
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
            ReceiveError::Protocol(error) => Error::Protocol(error.into()),
            ReceiveError::UnfinishedFrame => Error::UnfinishedFrame,
            ReceiveError::MessageSkipped => Error::MessageSkipped,
            _ => Error::AbnormalClosure,
        }
    }
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Error {
        Error::Protocol(error.into())
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
                write!(
                    f,
                    "the stream has not accepted all of the frame: {}",
                    Shown(error)
                )
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
                f.write_str("timed out: the peer sent nothing after a Ping (RFC 6455 section 5.5.2)")
            }
            Error::CloseTimeout => {
                f.write_str("timed out: the peer did not answer our Close (RFC 6455 section 7.1.1)")
            }
            Error::Handshake(error) => error.fmt(f),
            Error::Url(error) => error.fmt(f),
            Error::NoTls => f.write_str("the URL asks for TLS, and the feature rustls is not enabled"),
        }
    }
}

/// Shows an error of a stream. A timeout is shown as one, since the system's text for it reads like a failure.
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
            HandshakeError::NoUpgrade => f.write_str("the client does not ask for a WebSocket (status 426)"),
            HandshakeError::Response(error) => error.fmt(f),
            #[cfg(feature = "deflate")]
            HandshakeError::Deflate(error) => error.fmt(f),
            HandshakeError::Refused(refusal) => refusal.fmt(f),
            HandshakeError::Head(error) => error.fmt(f),
            HandshakeError::Ended => f.write_str("the peer ended the stream within the opening handshake"),
            HandshakeError::Timeout => {
                f.write_str("timed out: the peer did not finish the opening handshake")
            }
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
