//! The errors of receiving with a session.

use crate::error::ProtocolError;
use core::fmt;

/// Why no event or message can be returned.
///
/// ```
/// use bareframe::{Config, Connection, Next, ReceiveError, Session};
/// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
/// session.read(0);
/// assert_eq!(session.next_event(), Err(ReceiveError::AbnormalClosure));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ReceiveError {
    /// The peer violated the protocol or exceeded a limit, or `fail` was called. Every later call returns the same
    /// error.
    Protocol(ProtocolError),
    /// The stream ended before the closing handshake was done (RFC 6455 section 7.1.5, code 1006). Every later call returns the
    /// same error.
    AbnormalClosure,
    /// The peer closed the connection within a frame of ours. If the frame is ended, the answer to the Close follows
    /// it; if `fail` is called, nothing more is sent. Until then every call returns this error.
    UnfinishedFrame,
    /// The caller took part of a message in another way: as events and not as a message, or into other memory. The
    /// message is skipped, and the next call continues after it.
    MessageSkipped,
}

impl From<ProtocolError> for ReceiveError {
    fn from(error: ProtocolError) -> ReceiveError {
        ReceiveError::Protocol(error)
    }
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReceiveError::Protocol(error) => return error.fmt(f),
            ReceiveError::AbnormalClosure => {
                "the peer ended the stream without a Close (RFC 6455 section 7.1.5; code 1006)"
            }
            ReceiveError::UnfinishedFrame => {
                "the peer closed the connection while a frame of ours was not finished (RFC 6455 section 5.5.1)"
            }
            ReceiveError::MessageSkipped => {
                "a message was skipped, because a part of it was read in another way"
            }
        })
    }
}

impl core::error::Error for ReceiveError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            ReceiveError::Protocol(error) => Some(error),
            _ => None,
        }
    }
}
