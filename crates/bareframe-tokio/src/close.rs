//! The closing handshake, to its end (RFC 6455 section 7).

use crate::options::Options;

/// Whether the peer's end of the stream was seen: what was sent last has arrived then (RFC 6455 section 7.1.1).
///
/// [`WebSocket::close`](crate::WebSocket::close) returns it once the closing handshake is done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum StreamEnd {
    /// The peer has ended the stream.
    Seen,
    /// It did not within [`Options::close_timeout`](crate::Options::close_timeout), or nobody waited for it.
    NotSeen,
}

/// How a connection ends (RFC 6455 section 7.1.1).
#[derive(Debug)]
pub(crate) struct Closing {
    /// A call has returned why nothing more is received.
    pub(crate) is_reported: bool,
}

impl Closing {
    pub(crate) const fn new(_is_client: bool, _options: &Options) -> Closing {
        Closing { is_reported: false }
    }
}
