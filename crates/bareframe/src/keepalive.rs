//! Keepalive: when to send a Ping, and when the peer is dead (RFC 6455 section 5.5.2).

use crate::connection::State;
use core::time::Duration;

/// Decides when to send a Ping and when the peer is dead. It has no clock: the caller passes the time since any fixed
/// moment.
///
/// Every byte that is received shows that the peer is alive. A Ping is to be sent when no byte was received during the
/// interval; if none is received within the deadline after that, the peer is dead. There is one Ping at a time, and
/// none after a Close was sent or received.
///
/// ```
/// use bareframe::{Keepalive, KeepaliveStep, State};
/// use core::time::Duration;
/// let seconds = Duration::from_secs;
/// let mut keepalive = Keepalive::new(seconds(30), seconds(10));
/// assert_eq!(keepalive.step(seconds(0), State::Open), KeepaliveStep::Wait(seconds(30)));
/// keepalive.received(seconds(5));
/// assert_eq!(keepalive.step(seconds(30), State::Open), KeepaliveStep::Wait(seconds(35)));
/// assert_eq!(keepalive.step(seconds(35), State::Open), KeepaliveStep::Ping);
/// assert_eq!(keepalive.step(seconds(36), State::Open), KeepaliveStep::Wait(seconds(45)));
/// assert_eq!(keepalive.step(seconds(45), State::Open), KeepaliveStep::Dead);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Keepalive {
    interval: Duration,
    deadline: Duration,
    /// When the last byte was received; `None` before the first call.
    alive: Option<Duration>,
    /// When the Ping was sent after which no byte was received.
    pinged: Option<Duration>,
}

/// What to do next, as [`Keepalive::step`] returns it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum KeepaliveStep {
    /// Nothing. Call again at this time, or when bytes were received.
    Wait(Duration),
    /// Send a Ping now, and call again at once.
    Ping,
    /// The peer is dead: fail the connection, or drop it.
    Dead,
    /// Nothing, and never again, since the connection is closing.
    Stopped,
}

impl Keepalive {
    /// Creates a keepalive that sends a Ping when nothing was received for `interval`, and waits for `deadline` after
    /// it.
    #[must_use]
    pub const fn new(interval: Duration, deadline: Duration) -> Keepalive {
        Keepalive {
            interval,
            deadline,
            alive: None,
            pinged: None,
        }
    }

    /// Reports that bytes were received at this time.
    pub const fn received(&mut self, now: Duration) {
        self.alive = Some(now);
        self.pinged = None;
    }

    /// Returns what to do at this time.
    ///
    /// If the clock went back, time is counted from the new value. If it jumped ahead, at most one interval counts as
    /// over, so that a Ping is sent and the peer has the whole deadline for its answer.
    pub fn step(&mut self, now: Duration, state: State) -> KeepaliveStep {
        if state != State::Open {
            return KeepaliveStep::Stopped;
        }
        if let Some(pinged) = self.pinged {
            let pinged = pinged.min(now);
            self.pinged = Some(pinged);
            let dead = pinged.saturating_add(self.deadline);
            return if now >= dead {
                KeepaliveStep::Dead
            } else {
                KeepaliveStep::Wait(dead)
            };
        }
        let alive = self.alive.unwrap_or(now).min(now);
        self.alive = Some(alive);
        let due = alive.saturating_add(self.interval);
        if now < due {
            return KeepaliveStep::Wait(due);
        }
        self.pinged = Some(now);
        KeepaliveStep::Ping
    }
}
