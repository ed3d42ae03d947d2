//! A connection that is there once hyper has sent the response.

use crate::error::Error;
use crate::extension::Agreed;
use crate::options::Options;
use crate::shutdown::ShutdownGuard;
use crate::trace::{End, Http, Peer, Trace};
use crate::upgrade::stream::UpgradedStream;
use crate::websocket::{ServerSocket, WebSocket};
use hyper::upgrade::OnUpgrade;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A future of the connection, which is there once the response was sent. [`UpgradeRequest::accept`](crate::UpgradeRequest::accept)
/// creates it. Its error is that of hyper, for instance because the client is gone.
///
/// # Cancel safety
///
/// It can be polled by reference, and nothing is lost in between. If it is dropped, so is the connection.
#[derive(Debug)]
#[must_use = "there is no connection unless it is awaited"]
pub struct Upgrading {
    pub(crate) on_upgrade: OnUpgrade,
    pub(crate) options: Options,
    pub(crate) shutdown: Option<ShutdownGuard>,
    pub(crate) agreed: Agreed,
    pub(crate) subprotocol: Option<Box<str>>,
    pub(crate) http: Http,
}

impl Upgrading {
    /// Returns the subprotocol that was chosen.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }
}

impl Future for Upgrading {
    type Output = Result<ServerSocket<UpgradedStream>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let upgraded = match ready!(Pin::new(&mut self.on_upgrade).poll(cx)) {
            Ok(upgraded) => upgraded,
            Err(error) => {
                let error = Error::Io(io::Error::other(error));
                Trace::handshake_failed(End::Server, Peer::NONE, &error);
                return Poll::Ready(Err(error));
            }
        };
        let (stream, leftover) = UpgradedStream::new(upgraded);
        let mut socket = WebSocket::server_with(stream, &self.options, self.agreed).with_leftover(&leftover);
        socket.subprotocol = self.subprotocol.take();
        if let Some(shutdown) = self.shutdown.take() {
            socket.reader.set_shutdown(shutdown);
        }
        let peer = Peer::of(socket.stream().tcp());
        socket.trace.opened(peer, self.http, socket.subprotocol());
        Poll::Ready(Ok(socket))
    }
}
