//! WindowBits: the size of an LZ77 window.

use core::fmt;

/// The base-2 logarithm of the size of an LZ77 window in bytes: 8 to 15 (RFC 7692 section 7.1.2).
///
/// ```
/// use bareframe_deflate::WindowBits;
/// assert_eq!(WindowBits::new(9).unwrap().size(), 512);
/// assert_eq!(WindowBits::new(7), None);
/// assert_eq!(WindowBits::MAX.bits(), 15);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(u8);

impl WindowBits {
    /// A window of 256 bytes.
    pub const MIN: WindowBits = WindowBits(8);

    /// A window of 32,768 bytes, which is also used if nothing was negotiated.
    pub const MAX: WindowBits = WindowBits(15);

    /// Creates window bits, or returns `None` unless `bits` is in the range 8 to 15.
    #[must_use]
    pub const fn new(bits: u8) -> Option<WindowBits> {
        match bits {
            8..=15 => Some(WindowBits(bits)),
            _ => None,
        }
    }

    /// Returns the logarithm, from 8 to 15.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Returns the size of the window in bytes, from 256 to 32,768.
    #[must_use]
    pub const fn size(self) -> usize {
        1_usize.wrapping_shl(self.0 as u32)
    }
}

impl fmt::Debug for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WindowBits({})", self.0)
    }
}

/// The logarithm in decimal, as it is negotiated.
impl fmt::Display for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl TryFrom<u8> for WindowBits {
    type Error = InvalidWindowBits;

    fn try_from(bits: u8) -> Result<WindowBits, InvalidWindowBits> {
        WindowBits::new(bits).ok_or(InvalidWindowBits(bits))
    }
}

impl From<WindowBits> for u8 {
    fn from(bits: WindowBits) -> u8 {
        bits.0
    }
}

/// A number that is not in the range 8 to 15 (RFC 7692 section 7.1.2).
///
/// ```
/// use bareframe_deflate::WindowBits;
/// let error = WindowBits::try_from(16).unwrap_err();
/// assert_eq!(error.to_string(), "16 window bits are not in the range 8 to 15");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct InvalidWindowBits(u8);

impl fmt::Display for InvalidWindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} window bits are not in the range 8 to 15", self.0)
    }
}

impl core::error::Error for InvalidWindowBits {}
