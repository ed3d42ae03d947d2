//! A clock that tests advance.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// A clock whose time changes only when a test advances it. Each thread has its own.
///
/// [`TestClock::now`] is a `fn() -> Instant`, for code that asks a function for the time; [`TestClock::elapsed`] is the same time
/// as a [`Duration`], for code that has no `Instant`, as [`Keepalive`](bareframe::Keepalive).
///
/// ```
/// use bareframe_testkit::TestClock;
/// use std::time::{Duration, Instant};
/// let clock: fn() -> Instant = TestClock::now;
/// let (began, elapsed) = (clock(), TestClock::elapsed());
/// TestClock::advance(Duration::from_secs(30));
/// assert_eq!(clock() - began, Duration::from_secs(30));
/// assert_eq!(TestClock::elapsed() - elapsed, Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TestClock;

thread_local! {
    static CLOCK: Cell<(Instant, Duration)> = Cell::new((Instant::now(), Duration::ZERO));
}

impl TestClock {
    /// Returns the time.
    #[must_use]
    pub fn now() -> Instant {
        let (began, elapsed) = CLOCK.get();
        began + elapsed
    }

    /// Returns the time as it is counted from the thread's first use of the clock.
    #[must_use]
    pub fn elapsed() -> Duration {
        CLOCK.get().1
    }

    /// Advances the clock of this thread.
    pub fn advance(by: Duration) {
        let (began, elapsed) = CLOCK.get();
        CLOCK.set((began, elapsed + by));
    }
}
