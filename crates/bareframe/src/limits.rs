//! What one connection accepts: limits on what a peer may send, and extension bits (RFC 6455 section 10.4).

use crate::opcode::Rsv;

/// How much a peer may send; each limit is inclusive and judged when a frame's header arrives.
///
/// A limit bounds no memory of the engine, which is fixed; it bounds what the layers above are handed.
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
    /// The longest payload of one data frame, in octets.
    pub frame: u64,
    /// The longest payload of one message, in octets: the sum over its fragments.
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

/// The limits as they are asked for while receiving.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Bounds {
    pub(crate) frame: u64,
    pub(crate) message: u64,
    pub(crate) fragments: u32,
    /// A message in one frame that is shorter than this takes the straight path, in octets: it is within the limits.
    /// On a machine of 64 bits negative, so that none is, while a frame or a message is open and when nothing more is received.
    pub(crate) straight: i32,
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
}

impl Bounds {
    pub(crate) const fn new(limits: &Limits) -> Bounds {
        let longest = if limits.frame < limits.message {
            limits.frame
        } else {
            limits.message
        };
        let straight = match longest.saturating_add(1).to_le_bytes() {
            _ if limits.fragments == 0 => 0,
            [a, b, c, d @ 0..0x80, 0, 0, 0, 0] => i32::from_le_bytes([a, b, c, d]),
            _ => i32::MAX,
        };
        Bounds {
            frame: limits.frame,
            message: limits.message,
            fragments: limits.fragments,
            straight,
        }
    }

    /// Allows the straight path or closes it.
    #[inline]
    pub(crate) const fn go_straight(&mut self, may: bool) {
        let bound = self.straight.wrapping_abs();
        self.straight = if may { bound } else { bound.wrapping_neg() };
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
