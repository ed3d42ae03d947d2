//! How one connection behaves.

use crate::deadline::{Clock, Deadline};
use bareframe::Config;
use std::time::{Duration, Instant};

/// How one connection behaves, and how much memory it has.
///
/// ```
/// use bareframe_std::{Config, Limits, Options};
/// use std::time::Duration;
/// const OPTIONS: Options = Options::DEFAULT
///     .with_config(Config::DEFAULT.with_limits(Limits::DEFAULT.with_message(1 << 10)))
///     .with_read_buffer(4 << 10)
///     .with_read_buffer_max(8 << 10)
///     .with_write_buffer(2 << 10)
///     .with_close_timeout(Duration::from_secs(1));
/// assert_eq!(OPTIONS.config().limits().message(), 1 << 10);
/// assert_eq!((OPTIONS.read_buffer(), OPTIONS.read_buffer_max()), (4 << 10, 8 << 10));
/// assert_eq!((OPTIONS.write_buffer(), OPTIONS.close_timeout()), (2 << 10, Duration::from_secs(1)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Options {
    config: Config,
    read_buffer: usize,
    read_buffer_max: usize,
    write_buffer: usize,
    close_timeout: Duration,
    clock: Clock,
}

impl Options {
    /// [`Config::DEFAULT`], 16 to 80 KiB to read, 16 KiB to write, and 5 seconds to close.
    pub const DEFAULT: Options = Options {
        config: Config::DEFAULT,
        read_buffer: 16 << 10,
        read_buffer_max: 80 << 10,
        write_buffer: 16 << 10,
        close_timeout: Duration::from_secs(5),
        clock: Clock(Instant::now),
    };

    /// Returns options with this configuration of the engine: limits, extension bits, and whether Pings are answered.
    #[must_use]
    pub const fn with_config(mut self, config: Config) -> Options {
        self.config = config;
        self
    }

    /// Returns options in which one read takes this many bytes. A message that comes whole in one read is lent from there.
    #[must_use]
    pub const fn with_read_buffer(mut self, len: usize) -> Options {
        self.read_buffer = len;
        self
    }

    /// Returns options in which one read takes at most this many bytes: while reads fill the buffer it doubles up to this.
    #[must_use]
    pub const fn with_read_buffer_max(mut self, len: usize) -> Options {
        self.read_buffer_max = len;
        self
    }

    /// Returns options in which at most this many bytes are gathered for one write; at least the 131 of a control frame are.
    #[must_use]
    pub const fn with_write_buffer(mut self, len: usize) -> Options {
        self.write_buffer = len;
        self
    }

    /// Returns options in which [`WebSocket::close`](crate::WebSocket::close) waits so long for the peer (RFC 6455 section
    /// 7.1.1).
    #[must_use]
    pub const fn with_close_timeout(mut self, timeout: Duration) -> Options {
        self.close_timeout = timeout;
        self
    }

    /// Returns options in which deadlines are reckoned by this clock and not by [`Instant::now`], as tests want it. How long
    /// a system call waits is still the system's time.
    ///
    /// ```
    /// use bareframe_std::Options;
    /// use std::time::{Duration, Instant};
    /// const HASTY: Options = Options::DEFAULT.with_clock(|| Instant::now() + Duration::from_secs(60));
    /// assert_ne!(HASTY, Options::DEFAULT);
    /// ```
    #[must_use]
    pub const fn with_clock(mut self, clock: fn() -> Instant) -> Options {
        self.clock = Clock(clock);
        self
    }

    /// Returns the configuration of the engine.
    #[must_use]
    pub const fn config(&self) -> Config {
        self.config
    }

    /// Returns how many bytes one read takes.
    #[must_use]
    pub const fn read_buffer(&self) -> usize {
        self.read_buffer
    }

    /// Returns how many bytes one read takes at most.
    #[must_use]
    pub const fn read_buffer_max(&self) -> usize {
        self.read_buffer_max
    }

    /// Returns how many bytes are gathered for one write at most.
    #[must_use]
    pub const fn write_buffer(&self) -> usize {
        self.write_buffer
    }

    /// Returns how long `close` waits for the peer.
    #[must_use]
    pub const fn close_timeout(&self) -> Duration {
        self.close_timeout
    }

    /// Returns the point in time that is this far from now.
    pub(crate) fn deadline(&self, timeout: Duration) -> Deadline {
        Deadline::after_by(timeout, self.clock.0)
    }
}

impl Default for Options {
    fn default() -> Options {
        Options::DEFAULT
    }
}
