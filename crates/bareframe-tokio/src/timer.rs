//! A limit of time for an operation.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// The limit of one operation, whose time begins when it first has to wait: until then nothing is allocated and no clock is
/// looked at.
#[derive(Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Has no operation.
    pub(crate) const STOPPED: Timer = Timer(None);

    /// Ends the operation, so that the next has all of its time.
    #[inline]
    pub(crate) fn stop(&mut self) {
        if self.0.is_some() {
            self.0 = None;
        }
    }

    /// Has the operation begin now, unless it has.
    pub(crate) fn start(&mut self, limit: Duration) {
        if self.0.is_none() {
            // What no clock can tell is no limit.
            let at = Instant::now().checked_add(limit);
            self.0 = at.map(|at| Box::pin(sleep_until(at)));
        }
    }

    /// Returns `Ready` if the time of the operation is over; else the task is woken when it is.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    /// Has it end at this time instead.
    pub(crate) fn set(&mut self, at: Instant) {
        match &mut self.0 {
            Some(sleep) if sleep.deadline() == at => {}
            Some(sleep) => sleep.as_mut().reset(at),
            None => self.0 = Some(Box::pin(sleep_until(at))),
        }
    }

    /// Returns `true` if it ends at this time or before.
    pub(crate) fn ends_by(&self, at: Instant) -> bool {
        self.0
            .as_ref()
            .is_some_and(|sleep| !sleep.is_elapsed() && sleep.deadline() <= at)
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.0.as_ref().map(|sleep| sleep.deadline());
        f.debug_tuple("Timer").field(&at).finish()
    }
}
