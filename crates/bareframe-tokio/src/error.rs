//! What can go wrong between a program and its peer, and whose fault it is.

use crate::connect::{ConnectError, Refusal};
use crate::handshake_error::HandshakeError;
use bareframe::handshake::UrlError;
use bareframe::{CloseCode, ProtocolError, ReceiveError, SendError, Violation};
use std::{fmt, io};

/// Why a call failed. A clean end of the connection is not an error.
///
/// ```
/// use bareframe_tokio::{Error, ProtocolError};
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
    /// The stream failed.
    Io(io::Error),
    /// The stream took nothing for as long as [`Options::write_timeout`](crate::Options::write_timeout) says, and what was to be sent
    /// was not taken: call again, or drop the connection.
    WriteTimeout,
    /// What was to be sent was taken, but the stream has not taken all of its bytes within
    /// [`Options::write_timeout`](crate::Options::write_timeout): `flush` continues. Do not send it again.
    Unflushed,
    /// The peer broke the protocol, or went over a limit of ours. It was told so in a Close.
    Protocol(Violation),
    /// The call does not fit what was sent before; nothing was sent.
    Send(SendError),
    /// The stream ended before the closing handshake was done (RFC 6455 section 7.1.5, code 1006).
    AbnormalClosure,
    /// The peer closed the connection while a frame of ours was not finished (RFC 6455 section 5.5.1). Finish it, and the answer to
    /// the Close follows it; or call `fail`, and the connection ends without an answer.
    UnfinishedFrame,
    /// A message was skipped, since part of it was taken in another way before: by `read_event` and not by `read`, or the other way
    /// round. The next call continues after it.
    MessageSkipped,
    /// The peer sent nothing in the time that the keepalive grants after a Ping (RFC 6455 section 5.5.2).
    KeepaliveTimeout,
    /// The peer did not close in time after our Close (RFC 6455 section 7.1.1); drop the connection.
    CloseTimeout,
    /// A broadcast had more for this connection than its queue has room for; the peer was told so in a Close with 1013, if the stream
    /// took that. Drop the connection, or close it.
    TooSlow,
    /// There is no connection: it says what failed, and where.
    Connect(Box<ConnectError>),
    /// There is no connection over a stream of the caller's: the opening handshake failed (RFC 6455 section 4).
    Handshake(HandshakeError),
    /// There is no connection: the URL is not one of a WebSocket (RFC 6455 section 3).
    Url(UrlError),
    /// There is no connection: the URL's scheme is `wss`, and there is no TLS for it. It takes the feature `rustls`, and either the
    /// feature `platform-verifier` or a configuration of the caller's.
    NoTls,
}

impl Error {
    /// Returns the code of the Close that the peer was sent for a protocol error (RFC 6455 section 7.4.1).
    #[must_use]
    pub const fn close_code(&self) -> Option<CloseCode> {
        match self {
            Error::Protocol(error) => Some(error.close_code()),
            _ => None,
        }
    }

    /// Returns the server's answer, if that is why there is no connection.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Error::Connect(error) => error.refusal(),
            Error::Handshake(HandshakeError::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// Returns `true` if nothing more is received after it.
    pub(crate) const fn is_last(&self) -> bool {
        !self.is_temporary() && !matches!(self, Error::UnfinishedFrame | Error::Send(_))
    }

    /// Returns `true` if nothing is lost and the connection continues: a limit of time is over, or a message was skipped.
    ///
    /// ```
    /// use bareframe_tokio::Error;
    /// assert!(Error::Unflushed.is_temporary());
    /// assert!(!Error::AbnormalClosure.is_temporary());
    /// ```
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(
            self,
            Error::WriteTimeout | Error::Unflushed | Error::MessageSkipped
        )
    }
}

/// Returns the same error once more.
pub(crate) fn copy(error: &io::Error) -> io::Error {
    error
        .raw_os_error()
        .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
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

impl From<UrlError> for Error {
    fn from(error: UrlError) -> Error {
        Error::Url(error)
    }
}

impl From<HandshakeError> for Error {
    fn from(error: HandshakeError) -> Error {
        Error::Handshake(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Error {
        Error::Send(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => write!(f, "the stream: {error}"),
            Error::WriteTimeout => f.write_str("timed out: the stream took nothing, and nothing was sent"),
            Error::Unflushed => f.write_str("timed out: the stream has not taken all of it"),
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
            Error::TooSlow => f.write_str("the peer was too slow for what is broadcast (close code 1013)"),
            Error::Connect(error) => error.fmt(f),
            Error::Handshake(error) => error.fmt(f),
            Error::Url(error) => error.fmt(f),
            Error::NoTls => f.write_str(if cfg!(feature = "rustls") {
                "the URL asks for TLS, and there is neither the feature platform-verifier nor a configuration"
            } else {
                "the URL asks for TLS, and the feature rustls is not on"
            }),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io(error) => Some(error),
            Error::Connect(error) => error.source(),
            Error::Handshake(error) => error.source(),
            _ => None,
        }
    }
}
