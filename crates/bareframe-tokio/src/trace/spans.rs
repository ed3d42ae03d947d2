//! A span for each connection, and events in it.

use crate::error::Error;
use crate::trace::{End, Ended, Http};
use std::fmt::Display;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tracing::field::{Empty, display};
use tracing::{Level, Span, event, span};

/// The span of a connection, and whether its end was told.
#[derive(Debug)]
pub(crate) struct Trace {
    span: Span,
    has_ended: bool,
}

/// The peer's address, if it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(Option<SocketAddr>);

impl Peer {
    #[cfg(feature = "hyper")]
    pub(crate) const NONE: Peer = Peer(None);

    /// Returns the peer of a TCP stream, unless nobody listens.
    pub(crate) fn of(stream: Option<&TcpStream>) -> Peer {
        let stream = stream.filter(|_| tracing::enabled!(Level::INFO));
        Peer(stream.and_then(|stream| stream.peer_addr().ok()))
    }

    pub(crate) const fn at(address: Option<SocketAddr>) -> Peer {
        Peer(address)
    }
}

impl End {
    const fn name(self) -> &'static str {
        match self {
            End::Client => "client",
            End::Server => "server",
        }
    }
}

impl Http {
    const fn name(self) -> &'static str {
        match self {
            Http::Http1 => "1.1",
            Http::Http2 => "2",
        }
    }
}

impl Trace {
    /// Creates the span within the one that is current.
    pub(crate) fn new(end: End) -> Trace {
        let role = end.name();
        Trace {
            span: span!(Level::INFO, "websocket", role, peer = Empty, http = Empty),
            has_ended: false,
        }
    }

    pub(crate) const fn span(&self) -> &Span {
        &self.span
    }

    /// Tells that the opening handshake is done.
    pub(crate) fn opened(&self, peer: Peer, http: Http, subprotocol: Option<&str>) {
        if let Some(peer) = peer.0 {
            self.span.record("peer", display(peer));
        }
        self.span.record("http", http.name());
        event!(parent: &self.span, Level::DEBUG, subprotocol, "handshake done");
    }

    /// Tells that there is no connection.
    pub(crate) fn handshake_failed(end: End, peer: Peer, error: &impl Display) {
        let (role, peer) = (end.name(), peer.0.map(display));
        event!(Level::INFO, role, peer, %error, "handshake failed");
    }

    /// Returns `true` if [`Trace::ended`] is to be called when the connection has ended.
    pub(crate) const fn is_wanted(&self) -> bool {
        !self.has_ended
    }

    /// Tells how the connection has ended, once.
    pub(crate) fn ended(&mut self, error: Option<&Error>, ended: &Ended) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let (received, sent) = (&ended.received, &ended.sent);
        let received_code = received.close_code().map(u16::from);
        let sent_code = sent.close_code().map(u16::from);
        let began = match (sent.closes() > 0, received.closes() > 0) {
            (true, _) if !ended.is_answer => Some("local"),
            (_, true) => Some("peer"),
            (true, false) => Some("local"),
            (false, false) => None,
        };
        let (received_messages, sent_messages) = (received.messages(), sent.messages());
        let (received_bytes, sent_bytes) = (received.bytes(), sent.bytes());
        macro_rules! tell {
            ($level:expr, $($rest:tt)*) => {
                event!(
                    parent: &self.span,
                    $level,
                    received_code,
                    sent_code,
                    began,
                    received_messages,
                    received_bytes,
                    sent_messages,
                    sent_bytes,
                    $($rest)*
                )
            };
        }
        match error {
            None => tell!(Level::DEBUG, "closed"),
            Some(error) => tell!(Level::INFO, %error, "failed"),
        }
    }
}

/// A program may drop a connection without its end.
impl Drop for Trace {
    fn drop(&mut self) {
        if !self.has_ended {
            event!(parent: &self.span, Level::DEBUG, "dropped");
        }
    }
}
