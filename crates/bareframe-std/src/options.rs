//! How one connection behaves.

use bareframe::Config;
use std::time::Duration;

/// How one connection behaves, and how much memory it has.
///
/// ```
/// use bareframe_std::{Config, Limits, Options};
/// let options = Options {
///     config: Config { limits: Limits { message: 1 << 10, ..Limits::DEFAULT }, ..Config::DEFAULT },
///     ..Options::DEFAULT
/// };
/// assert_eq!(options.read_buffer, 16 << 10);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// How the engine behaves: limits, extension bits, and whether Pings are answered.
    pub config: Config,
    /// How many octets one read takes. A message that comes whole in one read is lent from there.
    pub read_buffer: usize,
    /// How many octets one read takes at most: while reads fill the buffer it doubles up to this.
    pub read_buffer_max: usize,
    /// How many octets are gathered for one write at most; at least the 131 of a control frame are.
    pub write_buffer: usize,
    /// How long [`WebSocket::close`](crate::WebSocket::close) waits for the peer (RFC 6455 section 7.1.1).
    pub close_timeout: Duration,
}

impl Options {
    /// [`Config::DEFAULT`], 16 to 80 KiB to read, 16 KiB to write, and 5 seconds to close.
    pub const DEFAULT: Options = Options {
        config: Config::DEFAULT,
        read_buffer: 16 << 10,
        read_buffer_max: 80 << 10,
        write_buffer: 16 << 10,
        close_timeout: Duration::from_secs(5),
    };
}

impl Default for Options {
    fn default() -> Options {
        Options::DEFAULT
    }
}
