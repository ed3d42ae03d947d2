//! A point in time by which something is done, over streams whose every call has its own timeout.

use crate::stream::{Stream, Timeouts};
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// This far from now; a time too long to be told is none.
    pub(crate) fn after(timeout: Duration) -> Deadline {
        Deadline(Instant::now().checked_add(timeout))
    }

    /// Returns this point in time, or that so far from now if it is earlier.
    pub(crate) fn at_most(self, timeout: Duration) -> Deadline {
        let other = Deadline::after(timeout);
        match (self.0, other.0) {
            (Some(one), Some(other)) => Deadline(Some(one.min(other))),
            (one, other) => Deadline(one.or(other)),
        }
    }

    /// How long it is until then, or an error if it is past.
    pub(crate) fn left(self) -> io::Result<Duration> {
        let left = match self.0 {
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            None => Duration::from_secs(60 * 60),
        };
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(left)
    }

    /// Has the next call on the stream end by then.
    pub(crate) fn apply(self, stream: &impl Stream) -> io::Result<()> {
        stream.set_timeouts(Timeouts::both(self.left()?))
    }
}
