//! Nothing is told.

use crate::error::Error;
use crate::trace::{End, Ended, Http};
use std::fmt::Display;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// What would be told.
#[derive(Debug)]
pub(crate) struct Trace;

/// The peer's address, if it were told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer;

impl Peer {
    #[cfg(feature = "hyper")]
    pub(crate) const NONE: Peer = Peer;

    pub(crate) const fn of(_: Option<&TcpStream>) -> Peer {
        Peer
    }

    pub(crate) const fn at(_: Option<SocketAddr>) -> Peer {
        Peer
    }
}

impl Trace {
    pub(crate) const fn new(_: End) -> Trace {
        Trace
    }

    pub(crate) const fn opened(&self, _: Peer, _: Http, _: Option<&str>) {}

    pub(crate) const fn handshake_failed(_: End, _: Peer, _: &impl Display) {}

    /// Returns `true` if [`Trace::ended`] is to be called when the connection has ended.
    pub(crate) const fn is_wanted(&self) -> bool {
        false
    }

    pub(crate) const fn ended(&mut self, _: Option<&Error>, _: &Ended) {}
}
