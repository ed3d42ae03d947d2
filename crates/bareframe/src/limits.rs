//! What one connection accepts: limits on what a peer may send, and extension bits (RFC 6455 section 10.4).

use crate::opcode::Rsv;

/// How much a peer may send; each limit is inclusive and checked when a frame's header arrives.
///
/// The engine's memory has a fixed size whatever the limits are. They bound what the layers above receive.
///
/// ```
/// use bareframe::Limits;
/// const LIMITS: Limits = Limits::DEFAULT.with_frame(1024).with_message(4096).with_fragments(16);
/// assert_eq!((LIMITS.frame(), LIMITS.message(), LIMITS.fragments()), (1024, 4096, 16));
/// assert_eq!(Limits::DEFAULT.message(), 16 << 20);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    frame: u64,
    message: u64,
    fragments: u32,
}

/// How a connection behaves.
///
/// ```
/// use bareframe::{Config, Connection, Limits, Rsv};
/// const CONFIG: Config = Config::DEFAULT
///     .with_limits(Limits::DEFAULT.with_message(4096))
///     .with_rsv(Rsv::RSV1)
///     .with_auto_pong(false);
/// assert_eq!(CONFIG.limits().message(), 4096);
/// assert_eq!((CONFIG.rsv(), CONFIG.auto_pong()), (Rsv::RSV1, false));
/// let server = Connection::server(CONFIG);
/// # let _ = server;
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    limits: Limits,
    rsv: Rsv,
    auto_pong: bool,
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

    /// Returns these limits with another one for the payload of a data frame, in bytes.
    #[must_use]
    #[inline]
    pub const fn with_frame(mut self, len: u64) -> Limits {
        self.frame = len;
        self
    }

    /// Returns these limits with another one for the payload of a message, in bytes: the sum over its frames.
    #[must_use]
    #[inline]
    pub const fn with_message(mut self, len: u64) -> Limits {
        self.message = len;
        self
    }

    /// Returns these limits with another one for the number of a message's frames, empty ones included; `u32::MAX` is
    /// no limit.
    #[must_use]
    #[inline]
    pub const fn with_fragments(mut self, count: u32) -> Limits {
        self.fragments = count;
        self
    }

    /// Returns the length of the longest payload of a data frame, in bytes.
    #[must_use]
    #[inline]
    pub const fn frame(&self) -> u64 {
        self.frame
    }

    /// Returns the length of the longest payload of a message, in bytes.
    #[must_use]
    #[inline]
    pub const fn message(&self) -> u64 {
        self.message
    }

    /// Returns the largest number of a message's frames; `u32::MAX` is no limit.
    #[must_use]
    #[inline]
    pub const fn fragments(&self) -> u32 {
        self.fragments
    }

    /// Returns the length in bytes that the payload of a message in one frame must be below to be within all limits; at
    /// most 4 GiB, so that it fits into 32 bits.
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

    /// Returns this configuration with these limits on what the peer may send.
    #[must_use]
    #[inline]
    pub const fn with_limits(mut self, limits: Limits) -> Config {
        self.limits = limits;
        self
    }

    /// Returns this configuration with the reserved bits that an extension uses on the first frame of a data message,
    /// in both directions.
    #[must_use]
    #[inline]
    pub const fn with_rsv(mut self, rsv: Rsv) -> Config {
        self.rsv = rsv;
        self
    }

    /// Returns this configuration with the engine answering each Ping, or with the caller answering by `pong`.
    #[must_use]
    #[inline]
    pub const fn with_auto_pong(mut self, auto_pong: bool) -> Config {
        self.auto_pong = auto_pong;
        self
    }

    /// Returns the limits on what the peer may send.
    #[must_use]
    #[inline]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Returns the reserved bits that an extension uses.
    #[must_use]
    #[inline]
    pub const fn rsv(&self) -> Rsv {
        self.rsv
    }

    /// Returns `true` if the engine answers each Ping.
    #[must_use]
    #[inline]
    pub const fn auto_pong(&self) -> bool {
        self.auto_pong
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// With a smaller number the events would be the same, but found more slowly.
    #[test]
    fn all_messages_within_the_limits_are_simple() {
        const MOST: u64 = u32::MAX as u64;
        let simple = |frame, message| Limits::DEFAULT.with_frame(frame).with_message(message).simple();
        assert_eq!(simple(3, 5), 4);
        assert_eq!(simple(5, 3), 4);
        assert_eq!(simple(0, 5), 1);
        assert_eq!(simple(MOST - 2, u64::MAX), u32::MAX - 1);
        assert_eq!(simple(MOST - 1, u64::MAX), u32::MAX);
        assert_eq!(simple(MOST, MOST), u32::MAX);
        assert_eq!(simple(u64::MAX, u64::MAX), u32::MAX);
        assert_eq!(Limits::UNLIMITED.with_fragments(0).simple(), 0);
    }
}
