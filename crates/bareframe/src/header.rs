//! The frame header: at most 14 bytes in front of every payload (RFC 6455 section 5.2).
//!
//! ```text
//!  0               1               2 … 3            or 2 … 9          then 4 more if MASK is set
//! +-+-+-+-+-------+-+-------------+------------------------------+---------------+
//! |F|R|R|R| opcode|M| Payload len | 126: 16 bits; 127: 64 bits   |  Masking-key  |
//! |I|S|S|S|  (4)  |A|     (7)     |        of length             |               |
//! |N|V|V|V|       |S|             |                              |               |
//! | |1|2|3|       |K|             |                              |               |
//! +-+-+-+-+-------+-+-------------+------------------------------+---------------+
//! ```

mod bytes;
#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;
mod partial;
mod rules;
mod simple;

pub use bytes::HeaderBytes;
pub(crate) use partial::{NextByte, PartialHeader};
pub(crate) use rules::MaskBit;
pub use rules::Rules;
pub(crate) use simple::SimpleHeader;

use crate::error::{ProtocolError, SendError};
use crate::mask::{Masker, MaskingKey};
use crate::opcode::{FirstByte, Opcode, Rsv};
use core::fmt;

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
use compact as leaf;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
use fast as leaf;

const FIN: u8 = 0x80;
const MASK: u8 = 0x80;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;
/// The longest control payload in bytes (RFC 6455 section 5.5).
const CONTROL_MAX: u8 = 125;

/// The header of one frame. It is always legal: a control frame is unfragmented and short, and a length is below 2^63.
///
/// ```
/// use bareframe::{FrameHeader, Opcode, Rules};
/// let (header, taken) = FrameHeader::parse(b"\x81\x05Hello", Rules::FROM_SERVER)?.unwrap();
/// assert_eq!((header.opcode(), header.payload_len(), taken), (Opcode::Text, 5, 2));
/// assert_eq!(&header.encode()[..], b"\x81\x05");
/// # Ok::<(), bareframe::ProtocolError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameHeader {
    payload_len: u64,
    masking_key: Option<MaskingKey>,
    first: FirstByte,
}

/// A length as a header has it, in as few bytes as possible (RFC 6455 section 5.2).
enum Length {
    /// In the second byte of the header.
    Short(u8),
    Two(u16),
    Eight(u64),
}

impl FrameHeader {
    /// The longest header in bytes.
    pub const MAX_LEN: usize = 14;

    /// Creates a header; `payload_len` is in bytes.
    ///
    /// # Errors
    ///
    /// [`SendError::FragmentedControl`] and [`SendError::OversizedControl`] (RFC 6455 section 5.5),
    /// [`SendError::ReservedBits`] for one on a control frame or a continuation, [`SendError::TooLong`] from
    /// 2^63 bytes on (section 5.2).
    #[inline]
    pub const fn new(
        fin: bool,
        rsv: Rsv,
        opcode: Opcode,
        masking_key: Option<MaskingKey>,
        payload_len: u64,
    ) -> Result<FrameHeader, SendError> {
        if opcode.is_control() {
            if !fin {
                return Err(SendError::FragmentedControl);
            }
            if payload_len > CONTROL_MAX as u64 {
                return Err(SendError::OversizedControl);
            }
        }
        if !rsv.is_empty() && !matches!(opcode, Opcode::Text | Opcode::Binary) {
            return Err(SendError::ReservedBits);
        }
        if payload_len > i64::MAX as u64 {
            return Err(SendError::TooLong);
        }
        Ok(FrameHeader {
            payload_len,
            masking_key,
            first: FirstByte::of(fin, rsv, opcode),
        })
    }

    /// Returns the same header with this key, or without one.
    #[inline]
    pub(crate) const fn with_key(self, masking_key: Option<MaskingKey>) -> FrameHeader {
        FrameHeader { masking_key, ..self }
    }

    /// Returns `true` if this frame is the last of its message (RFC 6455 section 5.2).
    #[must_use]
    #[inline]
    pub const fn fin(&self) -> bool {
        self.first.fin()
    }

    /// Returns the reserved bits.
    #[must_use]
    #[inline]
    pub const fn rsv(&self) -> Rsv {
        Rsv::from_first_byte(self.first.bits())
    }

    /// Returns the opcode.
    #[must_use]
    #[inline]
    pub const fn opcode(&self) -> Opcode {
        self.first.opcode()
    }

    /// Returns the masking key, or `None` if the MASK bit is clear.
    #[must_use]
    #[inline]
    pub const fn masking_key(&self) -> Option<MaskingKey> {
        self.masking_key
    }

    /// Returns the length in bytes of the payload that follows.
    #[must_use]
    #[inline]
    pub const fn payload_len(&self) -> u64 {
        self.payload_len
    }

    /// Returns the first byte, of which FIN, RSV and opcode are parts.
    #[inline]
    pub(crate) const fn first(&self) -> FirstByte {
        self.first
    }

    /// Returns what unmasks the payload: [`Masker::NONE`] if it is not masked.
    #[inline(always)]
    pub(crate) fn masker(&self) -> Masker {
        self.masking_key.map_or(Masker::NONE, Masker::new)
    }

    /// Parses the header at the front of `bytes` and returns it with its length in bytes; `None` if `bytes` is a prefix
    /// of one that may still be legal.
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`] as soon as the bytes prove a violation of `rules` (RFC 6455 section 5.2).
    pub fn parse(bytes: &[u8], rules: Rules) -> Result<Option<(FrameHeader, usize)>, ProtocolError> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        rules.check_first(first)?;
        let (mut payload_len, mut key) = (0, PartialHeader::NO_KEY);
        let (mut second, mut next) = (0, NextByte::Second);
        for &byte in rest {
            let partial = PartialHeader {
                payload_len: &mut payload_len,
                key: &mut key,
                first: FirstByte::new(first),
                second: &mut second,
                next: &mut next,
            };
            if let Some(header) = partial.push(byte, &rules)? {
                // A header that is allowed has as many bytes as it would be encoded in.
                return Ok(Some((header, header.encoded_len())));
            }
        }
        Ok(None)
    }

    /// Returns how many bytes the longest header has without a key in front of a payload that is shorter than this.
    pub(crate) const fn longest(payload_len: usize) -> usize {
        match payload_len {
            0..=126 => 2,
            127..=65_536 => 4,
            _ => 10,
        }
    }

    /// Returns how many bytes [`FrameHeader::encode`] returns.
    #[inline]
    pub(crate) const fn encoded_len(&self) -> usize {
        let length_end = match self.length() {
            Length::Short(_) => 2_usize,
            Length::Two(_) => 4,
            Length::Eight(_) => 10,
        };
        length_end.wrapping_add(if self.masking_key.is_some() { 4 } else { 0 })
    }

    /// Encodes the header, the length in as few bytes as possible (RFC 6455 section 5.2).
    #[must_use]
    #[inline]
    pub const fn encode(&self) -> HeaderBytes {
        // Built in registers, the first byte lowest, because a load of several bytes waits for stores of single ones.
        let (mask, key, key_len) = match self.masking_key {
            Some(key) => (MASK as u64, u32::from_le_bytes(key.to_bytes()) as u64, 4_u64),
            None => (0, 0, 0),
        };
        let front = self.first.bits() as u64 | mask << 8;
        let (front, back, len) = match self.length() {
            Length::Short(len) => (front | (len as u64) << 8 | key << 16, 0, 2),
            Length::Two(len) => {
                let front = front | (LENGTH_16 as u64) << 8 | (len.swap_bytes() as u64) << 16;
                (front | key << 32, 0, 4)
            }
            Length::Eight(len) => {
                let len = len.swap_bytes();
                let front = front | (LENGTH_64 as u64) << 8 | len << 16;
                (front, len >> 48 | key << 16, 10_u64)
            }
        };
        HeaderBytes::new(front, back, len.wrapping_add(key_len))
    }

    /// Writes the bytes that [`FrameHeader::encode`] returns to the front of `out`, and returns the rest for the
    /// payload; `None` if there is no room for them.
    #[inline(always)]
    pub(crate) fn write<'o>(&self, out: &'o mut [u8]) -> Option<&'o mut [u8]> {
        let mask = if self.masking_key.is_some() { MASK } else { 0 };
        let first = self.first.bits();
        let after = match self.length() {
            Length::Short(len) => {
                let (front, after) = out.split_first_chunk_mut()?;
                *front = [first, mask | len];
                after
            }
            Length::Two(len) => {
                let (front, after) = out.split_first_chunk_mut()?;
                let [high, low] = len.to_be_bytes();
                *front = [first, mask | LENGTH_16, high, low];
                after
            }
            Length::Eight(len) => {
                let (front, after) = out.split_first_chunk_mut()?;
                *front = [first, mask | LENGTH_64];
                let (length, after) = after.split_first_chunk_mut()?;
                *length = len.to_be_bytes();
                after
            }
        };
        let Some(key) = self.masking_key else {
            return Some(after);
        };
        let (front, after) = after.split_first_chunk_mut()?;
        *front = key.to_bytes();
        Some(after)
    }

    #[inline]
    const fn length(&self) -> Length {
        let [.., high, low] = self.payload_len.to_be_bytes();
        if self.payload_len < LENGTH_16 as u64 {
            Length::Short(low)
        } else if self.payload_len <= u16::MAX as u64 {
            Length::Two(u16::from_be_bytes([high, low]))
        } else {
            Length::Eight(self.payload_len)
        }
    }
}

impl fmt::Debug for FrameHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameHeader")
            .field("payload_len", &self.payload_len)
            .field("masking_key", &self.masking_key)
            .field("opcode", &self.opcode())
            .field("rsv", &self.rsv())
            .field("fin", &self.fin())
            .finish()
    }
}

/// Shows the fields in words: `FIN, text, masked 37 fa 21 3d, 5 bytes`.
impl fmt::Display for FrameHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fin() {
            f.write_str("FIN, ")?;
        }
        if !self.rsv().is_empty() {
            write!(f, "RSV {}, ", self.rsv())?;
        }
        write!(f, "{}, ", self.opcode())?;
        if let Some(key) = self.masking_key {
            write!(f, "masked {key}, ")?;
        }
        match self.payload_len {
            1 => f.write_str("1 byte"),
            len => write!(f, "{len} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use ProtocolError as E;
    use std::string::ToString;

    fn parse(bytes: &[u8], rules: Rules) -> Result<Option<(FrameHeader, usize)>, ProtocolError> {
        FrameHeader::parse(bytes, rules)
    }

    #[track_caller]
    fn refused(bytes: &[u8], rules: Rules, error: ProtocolError, at: usize) {
        for len in 0..=bytes.len() {
            let expected = if len > at { Err(error) } else { Ok(None) };
            assert_eq!(parse(&bytes[..len], rules), expected, "{len} of {bytes:02x?}");
        }
    }

    #[track_caller]
    fn accepted(bytes: &[u8], rules: Rules, text: &str) {
        for len in 0..bytes.len() {
            assert_eq!(parse(&bytes[..len], rules), Ok(None), "{len} of {bytes:02x?}");
        }
        let (header, taken) = parse(bytes, rules).unwrap().unwrap();
        assert_eq!((taken, header.to_string().as_str()), (bytes.len(), text));
        assert_eq!(&header.encode()[..], bytes);
    }

    #[test]
    fn s5_2_no_header_of_a_shorter_payload_is_longer() {
        for len in [0_u64, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537, 1 << 20] {
            let shorter = (0..len).rev().take(2).map(|len| {
                let header = FrameHeader::new(true, Rsv::NONE, Opcode::Binary, None, len);
                header.unwrap().encoded_len()
            });
            let longest = shorter.max().unwrap_or(2);
            assert_eq!(FrameHeader::longest(len as usize), longest, "{len}");
        }
    }

    #[test]
    fn s5_7_headers_of_the_examples() {
        accepted(b"\x81\x05", Rules::FROM_SERVER, "FIN, text, 5 bytes");
        accepted(
            b"\x81\x85\x37\xfa\x21\x3d",
            Rules::FROM_CLIENT,
            "FIN, text, masked 37 fa 21 3d, 5 bytes",
        );
        accepted(b"\x01\x03", Rules::FROM_SERVER, "text, 3 bytes");
        accepted(b"\x80\x02", Rules::FROM_SERVER, "FIN, continuation, 2 bytes");
        accepted(b"\x89\x05", Rules::FROM_SERVER, "FIN, ping, 5 bytes");
        accepted(
            b"\x8a\x85\x37\xfa\x21\x3d",
            Rules::FROM_CLIENT,
            "FIN, pong, masked 37 fa 21 3d, 5 bytes",
        );
        accepted(b"\x82\x7e\x01\x00", Rules::FROM_SERVER, "FIN, binary, 256 bytes");
        accepted(
            b"\x82\x7f\0\0\0\0\0\x01\0\0",
            Rules::FROM_SERVER,
            "FIN, binary, 65536 bytes",
        );
    }

    #[test]
    fn s5_2_lengths_at_the_bounds_of_each_form() {
        accepted(b"\x82\x7d", Rules::ANY, "FIN, binary, 125 bytes");
        accepted(b"\x82\x7e\x00\x7e", Rules::ANY, "FIN, binary, 126 bytes");
        accepted(b"\x82\x7e\xff\xff", Rules::ANY, "FIN, binary, 65535 bytes");
        accepted(
            b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
            Rules::ANY,
            "FIN, binary, 9223372036854775807 bytes",
        );
    }

    #[test]
    fn s5_2_lengths_must_be_minimal() {
        refused(b"\x82\x7e\x00\x7d", Rules::ANY, E::NonMinimalLength, 3);
        refused(b"\x82\x7e\x00\x00", Rules::ANY, E::NonMinimalLength, 3);
        refused(
            b"\x82\x7f\0\0\0\0\0\0\xff\xff",
            Rules::ANY,
            E::NonMinimalLength,
            9,
        );
        refused(b"\x82\x7f\0\0\0\0\0\0\0\0", Rules::ANY, E::NonMinimalLength, 9);
    }

    #[test]
    fn s5_2_the_top_bit_of_a_length_must_be_clear() {
        refused(b"\x82\x7f\x80\0\0\0\0\0\0\0", Rules::ANY, E::LengthTopBit, 2);
        refused(
            b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            Rules::ANY,
            E::LengthTopBit,
            2,
        );
    }

    #[test]
    fn s5_2_reserved_opcodes_and_bits() {
        for bits in [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] {
            refused(&[0x80 | bits, 0], Rules::ANY, E::ReservedOpcode, 0);
            refused(&[bits, 0], Rules::ANY, E::ReservedOpcode, 0);
        }
        for bit in [0x10, 0x20, 0x40] {
            refused(&[0x81 | bit, 0], Rules::ANY, E::ReservedBits, 0);
            refused(
                &[0x83 | bit, 0],
                Rules::ANY.with_rsv(Rsv::ALL),
                E::ReservedBits,
                0,
            );
            refused(
                &[0x09 | bit, 0],
                Rules::ANY.with_rsv(Rsv::ALL),
                E::ReservedBits,
                0,
            );
            refused(
                &[0x80 | bit, 0],
                Rules::ANY.with_rsv(Rsv::ALL),
                E::ReservedBits,
                0,
            );
        }
        accepted(
            b"\xc2\x00",
            Rules::ANY.with_rsv(Rsv::RSV1),
            "FIN, RSV 100, binary, 0 bytes",
        );
        refused(b"\xe2\x00", Rules::ANY.with_rsv(Rsv::RSV1), E::ReservedBits, 0);
    }

    #[test]
    fn s5_5_control_frames_must_not_be_fragmented_or_long() {
        for opcode in [8, 9, 0xA] {
            refused(&[opcode, 0], Rules::ANY, E::FragmentedControl, 0);
            refused(&[0x80 | opcode, 126, 0, 126], Rules::ANY, E::OversizedControl, 1);
            refused(&[0x80 | opcode, 127], Rules::ANY, E::OversizedControl, 1);
        }
    }

    #[test]
    fn s5_1_a_client_masks_and_a_server_does_not() {
        refused(b"\x81\x05", Rules::FROM_CLIENT, E::UnmaskedFrame, 1);
        refused(b"\x81\x85", Rules::FROM_SERVER, E::MaskedFrame, 1);
        refused(b"\x89\x7e", Rules::FROM_CLIENT, E::UnmaskedFrame, 1);
    }

    #[test]
    fn s10_4_limits_are_inclusive() {
        let rules = Rules::FROM_SERVER.with_max_payload(126);
        accepted(b"\x82\x7e\x00\x7e", rules, "FIN, binary, 126 bytes");
        refused(b"\x82\x7e\x00\x7f", rules, E::FrameTooBig, 3);
        refused(b"\x82\x06", rules.with_max_payload(5), E::FrameTooBig, 1);
        refused(
            b"\x82\x7e\x00\x05",
            rules.with_max_payload(0),
            E::NonMinimalLength,
            3,
        );
        accepted(b"\x89\x06", rules.with_max_payload(5), "FIN, ping, 6 bytes");
    }

    #[test]
    fn illegal_headers_can_not_be_made() {
        let new = |fin, rsv, opcode, len| FrameHeader::new(fin, rsv, opcode, None, len).unwrap_err();
        assert_eq!(
            new(false, Rsv::NONE, Opcode::Ping, 0),
            SendError::FragmentedControl
        );
        assert_eq!(
            new(true, Rsv::NONE, Opcode::Close, 126),
            SendError::OversizedControl
        );
        assert_eq!(
            new(true, Rsv::RSV1, Opcode::Continuation, 0),
            SendError::ReservedBits
        );
        assert_eq!(new(true, Rsv::NONE, Opcode::Binary, 1 << 63), SendError::TooLong);
    }

    #[test]
    fn s5_2_a_header_is_written_as_it_is_encoded() {
        let key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
        for fin in [false, true] {
            for key in [None, Some(key)] {
                for len in [0, 1, 125, 126, 65_535, 65_536, i64::MAX as u64] {
                    let header = FrameHeader::new(fin, Rsv::NONE, Opcode::Binary, key, len).unwrap();
                    let encoded = header.encode();
                    assert_eq!(encoded.len(), header.encoded_len());
                    for room in 0..16 {
                        let mut out = [0xEE; 16];
                        let rest = header.write(&mut out[..room]).map(|rest| rest.len());
                        assert_eq!(rest, room.checked_sub(encoded.len()));
                        if rest.is_some() {
                            assert_eq!(out[..encoded.len()], *encoded);
                            assert!(out[encoded.len()..].iter().all(|&byte| byte == 0xEE));
                        }
                    }
                }
            }
        }
    }
}
