//! How one connection behaves.

use bareframe::{Config, Keepalive};
use std::time::Duration;

/// How one connection behaves, and how much memory it has while it is not idle.
///
/// ```
/// use bareframe_tokio::{Config, Limits, Options};
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
    #[cfg(feature = "deflate")]
    deflate: Option<bareframe_deflate::Policy>,
}

impl Options {
    /// [`Config::DEFAULT`], 16 to 80 KiB to read, 64 KiB to write, 5 seconds to close, no limit for a write and no keepalive.
    pub const DEFAULT: Options = Options {
        config: Config::DEFAULT,
        read_buffer: 16 << 10,
        read_buffer_max: 80 << 10,
        write_buffer: 64 << 10,
        close_timeout: Duration::from_secs(5),
        write_timeout: None,
        keepalive: None,
        #[cfg(feature = "deflate")]
        deflate: None,
    };

    /// Returns options with this configuration of the engine: limits, extension bits, and whether Pings are answered.
    pub const fn with_config(mut self, config: Config) -> Options {
        self.config = config;
        self
    }

    /// Returns options in which a read has this many bytes of memory. A connection has it only while there is something to be read:
    /// it is taken from a pool of the thread, and given back when the peer is waited for.
    pub const fn with_read_buffer(mut self, len: usize) -> Options {
        self.read_buffer = len;
        self
    }

    /// Returns options in which a read has at most this many bytes of memory: it has more than [`Options::read_buffer`] while reads
    /// fill that. A message that is in it as a whole is lent from there.
    pub const fn with_read_buffer_max(mut self, len: usize) -> Options {
        self.read_buffer_max = len;
        self
    }

    /// Returns options in which at most this many bytes are gathered for one write, but at least 256: once this many are queued, a
    /// call that sends waits until the stream takes some. One message more may be begun, whose payload is not copied.
    pub const fn with_write_buffer(mut self, len: usize) -> Options {
        self.write_buffer = len;
        self
    }

    /// Returns options in which a call that sends lasts no longer than this, however many writes it takes; without, it waits for as
    /// long as the peer takes nothing.
    pub const fn with_write_timeout(mut self, timeout: Duration) -> Options {
        self.write_timeout = Some(timeout);
        self
    }

    /// Returns options in which a call that reads sends a Ping when nothing came for `interval`, and returns
    /// [`Error::KeepaliveTimeout`](crate::Error::KeepaliveTimeout) if nothing comes for `deadline` after that. At the end such a call
    /// also waits no longer than `deadline` for the stream to take our Close.
    ///
    /// ```
    /// use bareframe_tokio::Options;
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

    /// Returns options in which [`WebSocket::close`](crate::WebSocket::close) waits this long for the peer (RFC 6455 section
    /// 7.1.1).
    pub const fn with_close_timeout(mut self, timeout: Duration) -> Options {
        self.close_timeout = timeout;
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
    /// use bareframe_tokio::deflate::Policy;
    /// use bareframe_tokio::{Connector, Options};
    /// const OPTIONS: Options = Options::DEFAULT.with_deflate(Policy::DEFAULT.with_sending_takeover(true));
    /// const CONNECTOR: Connector<'static> = Connector::DEFAULT.with_options(OPTIONS);
    /// assert!(OPTIONS.deflate().is_some());
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

    /// Returns how many bytes of memory a read has.
    #[must_use]
    pub const fn read_buffer(&self) -> usize {
        self.read_buffer
    }

    /// Returns how many bytes of memory a read has at most.
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

    /// Returns how long a call that reads waits for the stream to take our Close, if there is a limit.
    pub(crate) fn answer_timeout(&self) -> Option<Duration> {
        let timeouts = self.keepalive.map(|(_, deadline)| deadline);
        timeouts.into_iter().chain(self.write_timeout).min()
    }
}

impl Default for Options {
    fn default() -> Options {
        Options::DEFAULT
    }
}
