//! What one connection accepts: limits on what a peer may send, and extension bits (RFC 6455 section 10.4).

use crate::opcode::Rsv;

/// How much a peer may send; each limit is inclusive and checked when a frame's header arrives.
///
/// The memory of the engine is fixed whatever the limits are; they bound what the layers above receive.
///
/// ```
/// use bareframe::{Config, Limits};
/// let config = Config {
///     limits: Limits { message: 4096, ..Limits::DEFAULT },
///     ..Config::DEFAULT
/// };
/// assert_eq!(config.limits.fragments, 65_536);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// The longest payload of one data frame, in bytes.
    pub frame: u64,
    /// The longest payload of one message, in bytes: the sum over its fragments.
    pub message: u64,
    /// The most frames of one message, empty ones included; `u32::MAX` is no limit.
    pub fragments: u32,
}

/// How a connection behaves.
///
/// ```
/// use bareframe::{Config, Connection};
/// let heartbeat_by_hand = Config { auto_pong: false, ..Config::DEFAULT };
/// let server = Connection::server(heartbeat_by_hand);
/// # let _ = server;
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// How much the peer may send.
    pub limits: Limits,
    /// The reserved bits that an extension uses on the first frame of a data message, in both directions.
    pub rsv: Rsv,
    /// Whether a Ping is answered by the engine; if not, the caller answers with `pong`.
    pub auto_pong: bool,
}

impl Limits {
    /// 16 MiB for a frame and for a message, and 65,536 fragments.
    pub const DEFAULT: Limits = Limits {
        frame: 16 << 20,
        message: 16 << 20,
        fragments: 65_536,
    };

    /// No limit but the protocol's own.
    pub const UNLIMITED: Limits = Limits {
        frame: u64::MAX,
        message: u64::MAX,
        fragments: u32::MAX,
    };

    /// Returns what the payload of a message in one frame must be shorter than, in bytes, to be within all limits; at
    /// most 4 GiB, so that it takes little room.
    #[inline]
    pub(crate) const fn simple(&self) -> u32 {
        const MOST: u64 = u32::MAX as u64 - 1;
        if self.fragments == 0 {
            return 0;
        }
        let longest = if self.frame < self.message {
            self.frame
        } else {
            self.message
        };
        let [a, b, c, d, ..] = (if longest < MOST { longest } else { MOST }).to_le_bytes();
        u32::from_le_bytes([a, b, c, d]).wrapping_add(1)
    }
}

impl Config {
    /// [`Limits::DEFAULT`], no extension, and Pings are answered.
    pub const DEFAULT: Config = Config {
        limits: Limits::DEFAULT,
        rsv: Rsv::NONE,
        auto_pong: true,
    };
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::DEFAULT
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::DEFAULT
    }
}
