//! Version: the version of HTTP that a message is written in.

use core::fmt;

/// A version of HTTP (RFC 9110 section 2.5).
///
/// ```
/// use bareframe::handshake::{Request, Version};
/// let (request, _) = Request::parse(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")?;
/// assert_eq!(request.version(), Version::HTTP_11);
/// assert_eq!((request.version().major(), request.version().minor()), (1, 1));
/// assert!(Version::HTTP_10 < Version::HTTP_11);
/// assert_eq!(Version::HTTP_2.to_string(), "HTTP/2.0");
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Version {
    major: u8,
    minor: u8,
}

impl Version {
    /// HTTP/1.0, which has no upgrades.
    pub const HTTP_10: Version = Version::http_1(0);
    /// HTTP/1.1.
    pub const HTTP_11: Version = Version::http_1(1);
    /// HTTP/2, where a WebSocket begins with an extended CONNECT (RFC 8441).
    pub const HTTP_2: Version = Version { major: 2, minor: 0 };
    /// HTTP/3, where a WebSocket begins with an extended CONNECT (RFC 9220).
    pub const HTTP_3: Version = Version { major: 3, minor: 0 };

    /// Returns the version of HTTP/1 with this second digit.
    pub(super) const fn http_1(minor: u8) -> Version {
        Version { major: 1, minor }
    }

    /// Returns the first digit.
    #[must_use]
    pub const fn major(self) -> u8 {
        self.major
    }

    /// Returns the second digit.
    #[must_use]
    pub const fn minor(self) -> u8 {
        self.minor
    }
}

impl Default for Version {
    fn default() -> Version {
        Version::HTTP_11
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP/{}.{}", self.major, self.minor)
    }
}
