//! The first byte of a frame: opcodes and reserved bits (RFC 6455 section 5.2).

use core::fmt;
use core::ops::BitOr;

/// The kind of a frame; reserved opcodes can't be represented (RFC 6455 section 5.2).
///
/// ```
/// use bareframe::Opcode;
/// assert_eq!(Opcode::from_bits(0x9), Some(Opcode::Ping));
/// assert_eq!(Opcode::from_bits(0x3), None);
/// assert!(Opcode::Ping.is_control());
/// assert_eq!(Opcode::Text.bits(), 0x1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Opcode {
    /// `0x0`: the next fragment of the message that is open.
    Continuation = 0x0,
    /// `0x1`: a text message, or its first fragment.
    Text = 0x1,
    /// `0x2`: a binary message, or its first fragment.
    Binary = 0x2,
    /// `0x8`: the closing handshake (section 5.5.1).
    Close = 0x8,
    /// `0x9`: asks for a Pong (section 5.5.2).
    Ping = 0x9,
    /// `0xA`: answers a Ping, or is sent unasked as a heartbeat (section 5.5.3).
    Pong = 0xA,
}

/// A number that is no opcode, because it is reserved or above `0xF`.
///
/// ```
/// use bareframe::Opcode;
/// let refused = Opcode::try_from(0xB).unwrap_err();
/// assert_eq!(refused.bits(), 0xB);
/// assert_eq!(refused.to_string(), "0xb is not an opcode");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ReservedOpcode(u8);

/// The kind of a data message (RFC 6455 section 5.6).
///
/// ```
/// use bareframe::{MessageKind, Opcode};
/// assert_eq!(MessageKind::Text.opcode(), Opcode::Text);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Arbitrary bytes.
    Binary,
}

/// A set of the three reserved bits of a frame header, which extensions give a meaning (RFC 6455 section 5.2).
///
/// ```
/// use bareframe::Rsv;
/// let both = Rsv::RSV1 | Rsv::RSV3;
/// assert!(both.contains(Rsv::RSV1));
/// assert!(!both.contains(Rsv::RSV2));
/// assert!(Rsv::NONE.is_empty());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rsv(u8);

/// The first byte of a header that the rules allow, so that its opcode is never reserved.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct FirstByte(u8);

impl FirstByte {
    const FIN: u8 = 0x80;

    #[inline]
    pub(crate) const fn new(byte: u8) -> FirstByte {
        FirstByte(byte)
    }

    #[inline]
    pub(crate) const fn of(fin: bool, rsv: Rsv, opcode: Opcode) -> FirstByte {
        let fin = if fin { FirstByte::FIN } else { 0 };
        FirstByte(fin | rsv.bits() | opcode.bits())
    }

    #[inline]
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    #[inline]
    pub(crate) const fn fin(self) -> bool {
        self.0 & FirstByte::FIN != 0
    }

    /// Returns `true` for a text or binary frame with FIN and without reserved bits that are in `decisive`.
    #[inline(always)]
    pub(crate) const fn begins_whole_message(self, decisive: u8) -> bool {
        matches!((self.0 & decisive) ^ FirstByte::FIN, 0x1 | 0x2)
    }

    #[inline]
    pub(crate) const fn is_control(self) -> bool {
        self.0 & 0x08 != 0
    }

    #[inline]
    pub(crate) const fn is_continuation(self) -> bool {
        self.0 & 0x0F == 0
    }

    #[inline]
    pub(crate) const fn opcode(self) -> Opcode {
        match Opcode::from_bits(self.0 & 0x0F) {
            Some(opcode) => opcode,
            None => Opcode::Continuation,
        }
    }
}

impl Opcode {
    /// Returns the opcode of these four bits, or `None` if it is reserved or above `0xF`.
    #[must_use]
    #[inline]
    pub const fn from_bits(bits: u8) -> Option<Opcode> {
        Some(match bits {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            _ => return None,
        })
    }

    /// Returns the four bits of this opcode.
    #[must_use]
    #[inline]
    pub const fn bits(self) -> u8 {
        self as u8
    }

    /// Returns `true` for Close, Ping and Pong (RFC 6455 section 5.5).
    #[must_use]
    #[inline]
    pub const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

impl From<Opcode> for u8 {
    fn from(opcode: Opcode) -> u8 {
        opcode.bits()
    }
}

impl TryFrom<u8> for Opcode {
    type Error = ReservedOpcode;

    fn try_from(bits: u8) -> Result<Opcode, ReservedOpcode> {
        Opcode::from_bits(bits).ok_or(ReservedOpcode(bits))
    }
}

impl From<MessageKind> for Opcode {
    fn from(kind: MessageKind) -> Opcode {
        kind.opcode()
    }
}

impl ReservedOpcode {
    /// Returns the number.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl fmt::Display for ReservedOpcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x} is not an opcode", self.0)
    }
}

impl core::error::Error for ReservedOpcode {}

impl MessageKind {
    /// Returns the opcode of a message's first frame.
    #[must_use]
    #[inline]
    pub const fn opcode(self) -> Opcode {
        match self {
            MessageKind::Text => Opcode::Text,
            MessageKind::Binary => Opcode::Binary,
        }
    }
}

impl Rsv {
    /// No reserved bit: what a connection without extensions sends and accepts.
    pub const NONE: Rsv = Rsv(0);
    /// The first reserved bit.
    pub const RSV1: Rsv = Rsv(0x40);
    /// The second reserved bit.
    pub const RSV2: Rsv = Rsv(0x20);
    /// The third reserved bit.
    pub const RSV3: Rsv = Rsv(0x10);
    /// All three reserved bits.
    pub const ALL: Rsv = Rsv(0x70);

    /// Returns the reserved bits of a frame's first byte.
    #[must_use]
    #[inline]
    pub const fn from_first_byte(byte: u8) -> Rsv {
        Rsv(byte & Rsv::ALL.0)
    }

    /// Returns the bits as they are in a frame's first byte: `0x40`, `0x20` and `0x10`.
    #[must_use]
    #[inline]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Returns `true` if no bit is set.
    #[must_use]
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns `true` if some bit is set here and in `other`.
    #[must_use]
    #[inline]
    pub const fn intersects(self, other: Rsv) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns `true` if every bit of `other` is set here too.
    #[must_use]
    #[inline]
    pub const fn contains(self, other: Rsv) -> bool {
        other.0 & !self.0 == 0
    }
}

impl BitOr for Rsv {
    type Output = Rsv;

    fn bitor(self, other: Rsv) -> Rsv {
        Rsv(self.0 | other.0)
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Opcode::Continuation => "continuation",
            Opcode::Text => "text",
            Opcode::Binary => "binary",
            Opcode::Close => "close",
            Opcode::Ping => "ping",
            Opcode::Pong => "pong",
        })
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.opcode().fmt(f)
    }
}

impl fmt::Debug for Rsv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rsv({self})")
    }
}

/// Shows the bits in the order of the header: `100` is RSV1 alone.
impl fmt::Display for Rsv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03b}", self.0 >> 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_2_ten_opcodes_are_reserved() {
        let reserved = (0..=u8::MAX)
            .filter(|&bits| Opcode::from_bits(bits).is_none())
            .count();
        assert_eq!(reserved, 250);
    }

    #[test]
    fn s5_2_opcode_bits_round_trip() {
        for opcode in (0..=0xF).filter_map(Opcode::from_bits) {
            assert_eq!(Opcode::from_bits(opcode.bits()), Some(opcode));
            assert_eq!(Opcode::try_from(u8::from(opcode)), Ok(opcode));
        }
    }

    #[test]
    fn s5_5_control_opcodes_have_the_top_bit() {
        for bits in 0..=0xF {
            if let Some(opcode) = Opcode::from_bits(bits) {
                assert_eq!(opcode.is_control(), bits >= 8);
            }
        }
    }
}
