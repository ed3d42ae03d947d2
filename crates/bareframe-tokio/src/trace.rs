//! What is told about a connection, with the feature `tracing`; without it nothing. It is chosen here and nowhere else.

#[cfg(not(feature = "tracing"))]
mod none;
#[cfg(feature = "tracing")]
mod spans;

#[cfg(not(feature = "tracing"))]
use none as chosen;
#[cfg(feature = "tracing")]
use spans as chosen;

pub(crate) use chosen::{Peer, Trace};

use crate::counters::Counters;

/// Which end of a connection is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Client,
    Server,
}

/// The version of HTTP that the opening handshake was done by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Http {
    Http1,
    Http2,
}

/// What is known when a connection has ended.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "tracing"),
    expect(dead_code, reason = "only an event says how a connection ended")
)]
pub(crate) struct Ended {
    pub(crate) received: Counters,
    pub(crate) sent: Counters,
    /// Our Close was the answer to the peer's, or to an error of the peer's.
    pub(crate) is_answer: bool,
}
