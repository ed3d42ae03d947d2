//! A point in time by which something is done, however many system calls it takes.

use std::hash::{Hash, Hasher};
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// A point in time by which something is done, or none.
///
/// A [`Stream`](crate::Stream) keeps to it over all system calls of one call together.
///
/// ```
/// use bareframe_std::{Deadline, Untimed, Stream};
/// use std::io::ErrorKind;
/// use std::time::Duration;
///
/// assert_eq!(Deadline::NONE.left()?, None);
/// assert!(Deadline::after(Duration::from_secs(5)).left()? <= Some(Duration::from_secs(5)));
/// let past = Deadline::NONE.at_most(Duration::ZERO);
/// assert_eq!(past.left().unwrap_err().kind(), ErrorKind::TimedOut);
/// let mut stream = Untimed(std::io::Cursor::new(vec![1, 2, 3]));
/// assert_eq!(stream.read_by(&mut [0; 4], past).unwrap_err().kind(), ErrorKind::TimedOut);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Deadline {
    at: Option<Instant>,
    clock: fn() -> Instant,
    /// It is that of a time limit of zero.
    is_invalid: bool,
    /// A shorter timeout of the stream itself holds too.
    keeps_own: bool,
}

impl Deadline {
    /// No deadline: a call blocks as the stream itself does, and the stream's own timeouts hold.
    pub const NONE: Deadline = Deadline {
        at: None,
        clock: Instant::now,
        is_invalid: false,
        keeps_own: false,
    };

    /// Returns the point in time that is this far from now, or none if the clock can't express it.
    pub fn after(timeout: Duration) -> Deadline {
        Deadline::after_by(timeout, Instant::now)
    }

    /// Returns the point in time that is this far from now by a clock, which is also asked for the time that is left.
    ///
    /// ```
    /// use bareframe_std::Deadline;
    /// use std::sync::OnceLock;
    /// use std::time::{Duration, Instant};
    ///
    /// fn stopped() -> Instant {
    ///     static START: OnceLock<Instant> = OnceLock::new();
    ///     *START.get_or_init(Instant::now)
    /// }
    ///
    /// let second = Duration::from_secs(1);
    /// assert_eq!(Deadline::after_by(second, stopped).left()?, Some(second));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn after_by(timeout: Duration, clock: fn() -> Instant) -> Deadline {
        Deadline {
            at: clock().checked_add(timeout),
            clock,
            is_invalid: false,
            keeps_own: false,
        }
    }

    /// Returns the deadline of a call that has this time limit. One of zero is an error of each call, as for the standard library's
    /// streams: a program that calls again after a timeout would spin.
    pub(crate) fn limit(timeout: Duration, clock: fn() -> Instant) -> Deadline {
        Deadline {
            is_invalid: timeout.is_zero(),
            ..Deadline::after_by(timeout, clock)
        }
    }

    /// Returns the point in time that is this far from now, or this one if it is earlier.
    pub fn at_most(self, timeout: Duration) -> Deadline {
        let other = Deadline::after_by(timeout, self.clock).at;
        let earlier = self.at.into_iter().chain(other).min();
        Deadline { at: earlier, ..self }
    }

    /// Returns the same deadline for a call for which a shorter timeout of the stream itself holds too.
    pub(crate) const fn with_own(self) -> Deadline {
        Deadline {
            keeps_own: true,
            ..self
        }
    }

    /// As [`Deadline::at_most`], with this clock if there is no deadline yet.
    pub(crate) fn at_most_by(self, timeout: Duration, clock: fn() -> Instant) -> Deadline {
        match self.at {
            Some(_) => self.at_most(timeout),
            None => Deadline::after_by(timeout, clock),
        }
    }

    /// Returns how long it is until then, which is not zero, or `None` without a deadline.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] if the point in time has passed, and [`ErrorKind::InvalidInput`] if the time limit of the call is zero.
    pub fn left(self) -> io::Result<Option<Duration>> {
        if self.is_invalid {
            return Err(invalid());
        }
        let left = self.at.map(|at| at.saturating_duration_since((self.clock)()));
        if left == Some(Duration::ZERO) {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(left)
    }

    /// Returns `true` if there is no deadline.
    pub(crate) const fn is_none(self) -> bool {
        self.at.is_none()
    }

    /// Calls the system with this deadline: sets a timeout of the time that is left, and restores the stream's own
    /// afterwards.
    pub(crate) fn call<T>(
        self,
        timeout: impl FnOnce() -> io::Result<Option<Duration>>,
        set_timeout: impl Fn(Option<Duration>) -> io::Result<()>,
        call: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(left) = self.left()? else {
            return call();
        };
        let own = timeout()?;
        let shorter = own.filter(|own| self.keeps_own && *own < left);
        set_timeout(Some(shorter.unwrap_or(left)))?;
        let done = call();
        // This may fail if the stream has ended, which does not matter to the caller.
        let _ = set_timeout(own);
        done.map_err(|error| match error.kind() {
            // A blocking stream has waited until the deadline; a non-blocking one may be called again before.
            ErrorKind::WouldBlock if self.is_reached() => ErrorKind::TimedOut.into(),
            _ => error,
        })
    }

    /// Returns `true` if the point in time has passed, but for the inaccuracy of a timeout.
    fn is_reached(self) -> bool {
        const INACCURACY: Duration = Duration::from_millis(2);
        match self.left() {
            Ok(left) => left.is_some_and(|left| left <= INACCURACY),
            Err(_) => true,
        }
    }
}

/// Returns the error of a time limit of zero.
pub(crate) fn invalid() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "a time limit is zero")
}

/// The function that returns the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(pub(crate) fn() -> Instant);

impl PartialEq for Clock {
    fn eq(&self, other: &Clock) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for Clock {}

impl Hash for Clock {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0 as usize).hash(state);
    }
}
