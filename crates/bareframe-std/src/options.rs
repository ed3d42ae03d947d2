//! How one connection behaves.

use crate::deadline::{Clock, Deadline};
use bareframe::{Config, Keepalive};
use std::time::{Duration, Instant};

/// How one connection behaves, and how much memory it has.
///
/// A time limit of zero is an error of the calls that it is for: [`Error::Io`](crate::Error::Io) with
/// [`ErrorKind::InvalidInput`](std::io::ErrorKind::InvalidInput).
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
#[must_use]
pub struct Options {
    config: Config,
    read_buffer: usize,
    read_buffer_max: usize,
    write_buffer: usize,
    close_timeout: Duration,
    write_timeout: Option<Duration>,
    keepalive: Option<(Duration, Duration)>,
    clock: Clock,
    #[cfg(feature = "deflate")]
    deflate: Option<bareframe_deflate::Policy>,
}

impl Options {
    /// [`Config::DEFAULT`], 2 to 80 KiB to read, 16 KiB to write, 5 seconds to close, no limit for a write and no keepalive.
    pub const DEFAULT: Options = Options {
        config: Config::DEFAULT,
        read_buffer: 2 << 10,
        read_buffer_max: 80 << 10,
        write_buffer: 16 << 10,
        close_timeout: Duration::from_secs(5),
        write_timeout: None,
        keepalive: None,
        clock: Clock(Instant::now),
        #[cfg(feature = "deflate")]
        deflate: None,
    };

    /// Returns options with this configuration of the engine: limits, extension bits, and whether Pings are answered.
    pub const fn with_config(mut self, config: Config) -> Options {
        self.config = config;
        self
    }

    /// Returns options with this many bytes of memory to read into while a connection waits for the peer.
    pub const fn with_read_buffer(mut self, len: usize) -> Options {
        self.read_buffer = len;
        self
    }

    /// Returns options in which one read reads at most this many bytes. While reads fill the memory it grows up to this
    /// length, and is freed again before the next wait. A message that is whole in it is lent from there.
    pub const fn with_read_buffer_max(mut self, len: usize) -> Options {
        self.read_buffer_max = len;
        self
    }

    /// Returns options in which at most this many bytes are gathered for one write, but at least 512.
    pub const fn with_write_buffer(mut self, len: usize) -> Options {
        self.write_buffer = len;
        self
    }

    /// Returns options in which a call that sends lasts no longer than this, however many writes it takes, over a stream that
    /// keeps deadlines.
    pub const fn with_write_timeout(mut self, timeout: Duration) -> Options {
        self.write_timeout = Some(timeout);
        self
    }

    /// Returns options in which a call that reads sends a Ping when nothing came for `interval`, and returns
    /// [`Error::KeepaliveTimeout`](crate::Error::KeepaliveTimeout) if nothing comes for `deadline` after that, over a
    /// stream that keeps deadlines. The stream's own timeout for reading is not used then. Such a call also waits at
    /// most `deadline` for the stream to accept an answer, and then continues to read. While the Ping has to wait for the
    /// end of a frame of ours, a peer that accepts more of the frame is alive. Over a non-blocking stream all
    /// this happens only in calls that read, so they have to be made at these intervals even if there is nothing to
    /// read.
    ///
    /// ```
    /// use bareframe_std::Options;
    /// use std::time::Duration;
    /// const OPTIONS: Options = Options::DEFAULT
    ///     .with_keepalive(Duration::from_secs(30), Duration::from_secs(10))
    ///     .with_write_timeout(Duration::from_secs(5));
    /// assert!(OPTIONS.keepalive().is_some());
    /// assert_eq!(OPTIONS.write_timeout(), Some(Duration::from_secs(5)));
    /// ```
    pub const fn with_keepalive(mut self, interval: Duration, deadline: Duration) -> Options {
        self.keepalive = Some((interval, deadline));
        self
    }

    /// Returns options in which [`WebSocket::close`](crate::WebSocket::close) waits at most this long for the peer (RFC
    /// 6455 section 7.1.1). Without a shorter limit for writes, a call that reads waits as long for the stream to accept an
    /// answer, over a stream that keeps deadlines, and then continues to read.
    pub const fn with_close_timeout(mut self, timeout: Duration) -> Options {
        self.close_timeout = timeout;
        self
    }

    /// Returns options in which deadlines are measured with this clock instead of [`Instant::now`], for tests. System
    /// calls still wait in the system's time.
    ///
    /// ```
    /// use bareframe_std::Options;
    /// use std::time::{Duration, Instant};
    /// const HASTY: Options = Options::DEFAULT.with_clock(|| Instant::now() + Duration::from_secs(60));
    /// assert_ne!(HASTY, Options::DEFAULT);
    /// ```
    pub const fn with_clock(mut self, clock: fn() -> Instant) -> Options {
        self.clock = Clock(clock);
        self
    }

    /// Returns options in which messages are compressed where the peer agrees to it in the opening handshake (RFC 7692): a client
    /// offers it, a server accepts it. The limit of a message is that of what it is inflated to as well.
    ///
    /// Compression tells who can see the lengths of messages something about secrets in them: see
    /// [`OutboundDeflate`](crate::deflate::OutboundDeflate), and
    /// [`Frame::without_extension`](crate::Frame::without_extension), which sends a message as it is.
    ///
    /// The [default policy](bareframe_deflate::Policy::DEFAULT) holds no memory between messages. With takeover short messages shrink far
    /// more.
    ///
    /// ```
    /// use bareframe_std::deflate::Policy;
    /// use bareframe_std::{Acceptor, Connector, Options};
    /// use std::net::TcpListener;
    ///
    /// let options = Options::DEFAULT.with_deflate(Policy::DEFAULT.with_sending_takeover(true));
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let url = format!("ws://{}/", listener.local_addr()?);
    /// let server = std::thread::spawn(move || -> Result<(), bareframe_std::Error> {
    ///     let mut socket = Acceptor::DEFAULT.with_options(options).accept(listener.accept()?.0)?;
    ///     while let Some((message, mut sender)) = socket.read_with_sender()? {
    ///         sender.send(&message)?;
    ///     }
    ///     Ok(())
    /// });
    /// let mut socket = Connector::DEFAULT.with_options(options).connect(&url)?;
    /// assert!(socket.deflate().is_some());
    /// let text = "all work and no play ".repeat(100);
    /// socket.send(&text[..])?;
    /// assert_eq!(socket.read()?.unwrap().as_str(), Some(&text[..]));
    /// socket.close(None, "")?;
    /// # server.join().unwrap()?;
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    #[cfg(feature = "deflate")]
    pub const fn with_deflate(mut self, policy: bareframe_deflate::Policy) -> Options {
        self.deflate = Some(policy);
        self
    }

    /// Returns what is wanted of compression, if it is.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn deflate(&self) -> Option<bareframe_deflate::Policy> {
        self.deflate
    }

    /// Returns the configuration of the engine.
    #[must_use]
    pub const fn config(&self) -> Config {
        self.config
    }

    /// Returns how many bytes of memory a connection that waits has to read into.
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

    /// Returns how long a call that sends may last, if there is a limit.
    #[must_use]
    pub const fn write_timeout(&self) -> Option<Duration> {
        self.write_timeout
    }

    /// Returns a new keepalive, if there is one.
    #[must_use]
    pub fn keepalive(&self) -> Option<Keepalive> {
        let (interval, deadline) = self.keepalive?;
        Some(Keepalive::new(interval, deadline))
    }

    /// Returns `true` if a time of the keepalive is zero.
    pub(crate) fn has_invalid_keepalive(&self) -> bool {
        self.keepalive
            .is_some_and(|(interval, deadline)| interval.is_zero() || deadline.is_zero())
    }

    /// Returns how long a call that reads waits for the stream to accept an answer, if there is a limit for that.
    pub(crate) fn answer_timeout(&self) -> Option<Duration> {
        let timeouts = self.keepalive.map(|(_, deadline)| deadline);
        timeouts.into_iter().chain(self.write_timeout).min()
    }

    /// Returns the clock that deadlines are measured with.
    pub(crate) const fn clock(&self) -> fn() -> Instant {
        self.clock.0
    }

    /// Returns the point in time that is this far from now.
    pub(crate) fn deadline(&self, timeout: Duration) -> Deadline {
        Deadline::limit(timeout, self.clock.0)
    }
}

impl Default for Options {
    fn default() -> Options {
        Options::DEFAULT
    }
}
