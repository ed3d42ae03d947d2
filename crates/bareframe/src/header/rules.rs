//! Which headers are allowed next, checked byte by byte (RFC 6455 sections 5.1, 5.2, 5.4 and 5.5).

use super::{CONTROL_MAX, FIN, LENGTH_16, LENGTH_64, MASK};
use crate::error::ProtocolError;
use crate::opcode::{FirstByte, Opcode, Rsv};

/// The headers that are allowed next; [`FrameHeader::parse`](crate::FrameHeader::parse) checks any prefix of one.
///
/// A `Connection` computes them for each frame. The constants are for those who use
/// [`FrameDecoder`](crate::FrameDecoder) alone.
///
/// ```
/// use bareframe::{FrameHeader, ProtocolError, Rsv, Rules};
/// let compressed = [0xC1];
/// let refused = FrameHeader::parse(&compressed, Rules::FROM_CLIENT);
/// assert_eq!(refused, Err(ProtocolError::ReservedBits));
/// let allowed = FrameHeader::parse(&compressed, Rules::FROM_CLIENT.with_rsv(Rsv::RSV1));
/// assert_eq!(allowed, Ok(None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rules {
    /// The longest data payload in bytes, inclusive.
    pub(crate) frame: u64,
    /// How many bytes the message may still have, inclusive.
    pub(crate) message_left: u64,
    /// Bit n stands for opcode n.
    pub(crate) opcodes: u16,
    /// The reserved bits that a text or binary frame may have.
    pub(crate) rsv: Rsv,
    pub(crate) mask: MaskBit,
    /// The message has reached the limit on its number of frames.
    pub(crate) fragments_used_up: bool,
    /// The open message is text and ends within a character.
    pub(crate) unfinished_text: bool,
}

/// Whether the MASK bit must be set (RFC 6455 section 5.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum MaskBit {
    Set,
    Clear,
    Either,
}

impl Rules {
    const ALL_OPCODES: u16 = 0b0000_0111_0000_0111;

    /// What a client may send: masked, no reserved bits, any length.
    pub const FROM_CLIENT: Rules = Rules {
        mask: MaskBit::Set,
        ..Rules::ANY
    };

    /// What a server may send: not masked, no reserved bits, any length.
    pub const FROM_SERVER: Rules = Rules {
        mask: MaskBit::Clear,
        ..Rules::ANY
    };

    /// Masked or not, no reserved bits, any length: for those who look at both directions.
    pub const ANY: Rules = Rules {
        frame: u64::MAX,
        message_left: u64::MAX,
        opcodes: Rules::ALL_OPCODES,
        rsv: Rsv::NONE,
        mask: MaskBit::Either,
        fragments_used_up: false,
        unfinished_text: false,
    };

    /// Returns the same rules with these reserved bits allowed on text and binary frames.
    #[must_use]
    pub const fn with_rsv(self, rsv: Rsv) -> Rules {
        Rules { rsv, ..self }
    }

    /// Returns the same rules with data payloads of at most this many bytes.
    #[must_use]
    pub const fn with_max_payload(self, bytes: u64) -> Rules {
        Rules { frame: bytes, ..self }
    }

    /// Returns the same rules for a frame inside an open message, or between messages, where other data opcodes are
    /// allowed (RFC 6455 section 5.4). The constants allow all of them.
    ///
    /// ```
    /// use bareframe::{FrameHeader, ProtocolError, Rules};
    /// let between = Rules::FROM_CLIENT.with_message_open(false);
    /// assert_eq!(FrameHeader::parse(&[0x80], between), Err(ProtocolError::UnexpectedContinuation));
    /// let inside = Rules::FROM_CLIENT.with_message_open(true);
    /// assert_eq!(FrameHeader::parse(&[0x81], inside), Err(ProtocolError::InterleavedMessage));
    /// ```
    #[must_use]
    pub const fn with_message_open(self, open: bool) -> Rules {
        const INSIDE: u16 = Rules::opcodes(&[Opcode::Continuation]);
        const BETWEEN: u16 = Rules::opcodes(&[Opcode::Text, Opcode::Binary]);
        Rules {
            opcodes: if open { INSIDE } else { BETWEEN },
            ..self
        }
    }

    /// Returns the set of these data opcodes and all control opcodes.
    const fn opcodes(data: &[Opcode]) -> u16 {
        let mut set = 1 << Opcode::Close.bits() | 1 << Opcode::Ping.bits() | 1 << Opcode::Pong.bits();
        let mut rest = data;
        while let Some((opcode, after)) = rest.split_first() {
            set |= 1 << opcode.bits();
            rest = after;
        }
        set
    }

    /// Checks RSV, opcode, FIN of a control frame and the order of fragments (RFC 6455 sections 5.2, 5.4 and 5.5).
    #[inline]
    pub(crate) const fn check_first(&self, byte: u8) -> Result<(), ProtocolError> {
        const DATA: u16 = 1 << Opcode::Text.bits() | 1 << Opcode::Binary.bits();
        let bit: u16 = 1 << (byte & 0x0F);
        let rsv = Rsv::from_first_byte(byte);
        if !rsv.is_empty() && (bit & DATA == 0 || !self.rsv.contains(rsv)) {
            return Err(ProtocolError::ReservedBits);
        }
        if bit & self.opcodes != 0 {
            return if FirstByte::new(byte).is_control() && byte & FIN == 0 {
                Err(ProtocolError::FragmentedControl)
            } else {
                Ok(())
            };
        }
        // Every control frame is in the set.
        Err(match byte & 0x0F {
            0x0 => ProtocolError::UnexpectedContinuation,
            0x1 | 0x2 => ProtocolError::InterleavedMessage,
            _ => ProtocolError::ReservedOpcode,
        })
    }

    /// Checks MASK and the length of a control frame (RFC 6455 sections 5.1 and 5.5).
    #[inline]
    pub(crate) const fn check_second(&self, first: FirstByte, byte: u8) -> Result<(), ProtocolError> {
        let masked = byte & MASK != 0;
        match self.mask {
            MaskBit::Set if !masked => return Err(ProtocolError::UnmaskedFrame),
            MaskBit::Clear if masked => return Err(ProtocolError::MaskedFrame),
            _ => {}
        }
        if first.is_control() && byte & !MASK > CONTROL_MAX {
            return Err(ProtocolError::OversizedControl);
        }
        Ok(())
    }

    /// Checks minimal form and the limits on frame, message and number of fragments (RFC 6455 sections 5.2 and 10.4).
    #[inline]
    pub(crate) const fn check_length(
        &self,
        first: FirstByte,
        length: u8,
        payload_len: u64,
    ) -> Result<(), ProtocolError> {
        let minimal = match length {
            LENGTH_16 => payload_len >= LENGTH_16 as u64,
            LENGTH_64 => payload_len > u16::MAX as u64,
            _ => true,
        };
        if !minimal {
            return Err(ProtocolError::NonMinimalLength);
        }
        if first.is_control() {
            return Ok(());
        }
        if payload_len > self.frame {
            return Err(ProtocolError::FrameTooBig);
        }
        if payload_len > self.message_left {
            return Err(ProtocolError::MessageTooBig);
        }
        if self.fragments_used_up {
            return Err(ProtocolError::TooManyFragments);
        }
        Ok(())
    }

    /// Checks that a text does not end within a character (RFC 6455 section 8.1).
    #[inline]
    pub(crate) const fn check_end(&self, first: FirstByte, payload_len: u64) -> Result<(), ProtocolError> {
        if self.unfinished_text && first.fin() && payload_len == 0 && !first.is_control() {
            return Err(ProtocolError::InvalidUtf8);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sets are computed at compile time; this test runs the function.
    #[test]
    fn s5_2_the_set_of_all_opcodes() {
        use Opcode::{Binary, Continuation, Text};
        assert_eq!(Rules::opcodes(&[Continuation, Text, Binary]), Rules::ALL_OPCODES);
        assert_eq!(Rules::opcodes(&[]), Rules::ALL_OPCODES & 0xFF00);
    }
}
