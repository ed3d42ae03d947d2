//! Pending: the control frames that the reading half leaves for the writing one.

use crate::close::CloseCode;
use crate::control::ControlPayload;
use crate::error::ProtocolError;

/// The control frames that the reading half of a session leaves for the writing one: a Pong, a Ping and a Close at most.
///
/// It is a value for one slot between two tasks. A later Pong replaces an earlier one, since only the latest Ping needs an answer
/// (RFC 6455 section 5.5.3); a Close stays.
///
/// ```
/// use bareframe::{Config, Connection, Next, Session};
/// let (mut inbound, mut outbound) = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]).split();
/// let ping = b"\x89\x82\0\0\0\0hi";
/// inbound.space()[..ping.len()].copy_from_slice(ping);
/// inbound.read(ping.len());
/// assert_eq!(inbound.next_event(), Ok(Next::Ready));
///
/// let mut slot = inbound.take_pending();
/// outbound.send_pending(&mut slot);
/// assert!(slot.is_empty() && !slot.is_ping());
/// assert_eq!(outbound.next_flush(), Next::Write);
/// assert_eq!(outbound.queued(), b"\x8a\x02hi");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pending {
    pub(super) pong: Option<ControlPayload>,
    pub(super) ping: bool,
    pub(super) close: Option<Option<CloseCode>>,
    /// Why there is a Close, if an error is.
    pub(super) error: Option<ProtocolError>,
}

impl Pending {
    /// Nothing is pending.
    pub const NONE: Pending = Pending {
        pong: None,
        ping: false,
        close: None,
        error: None,
    };

    /// A Ping without payload, as a keepalive sends it.
    pub const PING: Pending = Pending {
        pong: None,
        ping: true,
        close: None,
        error: None,
    };

    /// Returns `true` if nothing is pending.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pong.is_none() && !self.ping && self.close.is_none()
    }

    /// Returns `true` if a Close is pending, after which nothing is sent.
    #[must_use]
    pub const fn is_close(&self) -> bool {
        self.close.is_some()
    }

    /// Returns `true` if a Ping is pending.
    #[must_use]
    pub const fn is_ping(&self) -> bool {
        self.ping
    }

    /// Adds what became pending later: its Pong replaces the one before, and a Close stays.
    pub fn merge(&mut self, later: Pending) {
        self.pong = later.pong.or(self.pong);
        self.ping |= later.ping;
        if self.close.is_none() {
            (self.close, self.error) = (later.close, later.error);
        }
    }
}

impl Default for Pending {
    fn default() -> Pending {
        Pending::NONE
    }
}
