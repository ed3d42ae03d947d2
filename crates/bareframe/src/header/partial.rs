//! A header that arrives in pieces. This parser alone decides which violation a byte proves (RFC 6455 section 5.2).

use super::{FrameHeader, LENGTH_16, LENGTH_64, MASK, Rules};
use crate::error::ProtocolError;
use crate::mask::MaskingKey;
use crate::opcode::FirstByte;

/// The first bytes of a header, which the rules allow: at least one, and not all. The fields are borrowed from a
/// decoder.
#[derive(Debug)]
pub(crate) struct PartialHeader<'d> {
    /// The part of the length that has arrived. Before the end of the length, a bit is set above that part: once it is
    /// in the highest byte, one more byte is missing.
    pub(crate) payload_len: &'d mut u64,
    /// The part of the key that has arrived, in the order of the wire, below a bit of the same meaning.
    pub(crate) key: &'d mut u32,
    pub(crate) first: FirstByte,
    /// The second byte of the header; 0 if it has not arrived.
    pub(crate) second: &'d mut u8,
    pub(crate) next: &'d mut NextByte,
}

/// What the next byte of a header belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum NextByte {
    Second,
    Length,
    Key,
}

impl PartialHeader<'_> {
    /// The length before any of eight bytes has arrived, and before any of two.
    const NO_LENGTH_64: u64 = 1;
    const NO_LENGTH_16: u64 = 1 << 48;
    pub(crate) const NO_KEY: u32 = 1;

    /// Adds the next byte, and returns the header if it was the last.
    ///
    /// After an error the partial header must not be used.
    #[inline(always)]
    pub(crate) fn push(self, byte: u8, rules: &Rules) -> Result<Option<FrameHeader>, ProtocolError> {
        let PartialHeader {
            payload_len,
            key,
            first,
            second,
            next,
        } = self;
        let whole = match *next {
            NextByte::Second => {
                rules.check_second(first, byte)?;
                *second = byte;
                *next = NextByte::Length;
                let length = byte & !MASK;
                *payload_len = match length {
                    LENGTH_16 => PartialHeader::NO_LENGTH_16,
                    LENGTH_64 => PartialHeader::NO_LENGTH_64,
                    _ => length.into(),
                };
                length < LENGTH_16
            }
            NextByte::Length => {
                if *payload_len == PartialHeader::NO_LENGTH_64 && byte & 0x80 != 0 {
                    return Err(ProtocolError::LengthTopBit);
                }
                let whole = *payload_len >> 56 != 0;
                *payload_len = *payload_len << 8 | u64::from(byte);
                whole
            }
            NextByte::Key => {
                let whole = *key >> 24 != 0;
                *key = *key << 8 | u32::from(byte);
                whole
            }
        };
        if !whole {
            return Ok(None);
        }
        let masked = matches!(next, NextByte::Key);
        if !masked {
            rules.check_length(first, *second & !MASK, *payload_len)?;
            if *second & MASK != 0 {
                *next = NextByte::Key;
                return Ok(None);
            }
        }
        rules.check_end(first, *payload_len)?;
        Ok(Some(FrameHeader {
            payload_len: *payload_len,
            masking_key: masked.then_some(MaskingKey::new(key.to_be_bytes())),
            first,
        }))
    }
}
