//! How much of a frame has been decoded. Decoding can stop at every byte.

use crate::error::ProtocolError;
use crate::header::{FrameHeader, NextByte, PartialHeader, Rules};
use crate::mask::Masker;
use crate::opcode::FirstByte;

/// The part of a frame that the next byte belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum FrameState {
    BetweenFrames,
    /// The fields of [`PartialHeader`], side by side so that they fit beside the tag.
    Header {
        payload_len: u64,
        key: u32,
        first: FirstByte,
        second: u8,
        next: NextByte,
    },
    /// At least one byte of the payload is missing.
    Payload {
        missing: u64,
        /// [`Masker::NONE`] if the payload is not masked.
        masker: Masker,
        first: FirstByte,
    },
}

/// The next bytes of a payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PayloadChunk {
    pub(crate) len: usize,
    /// [`Masker::NONE`] if the payload is not masked.
    pub(crate) masker: Masker,
    pub(crate) first: FirstByte,
    /// The frame ends with these bytes.
    pub(crate) ends_frame: bool,
}

impl FrameState {
    /// Returns `true` if the next byte belongs to the payload of a text, binary or continuation frame.
    #[inline(always)]
    pub(crate) const fn is_in_data(&self) -> bool {
        matches!(self, FrameState::Payload { first, .. } if !first.is_control())
    }

    /// Adds the next byte of a header, and returns the header if it was the last. The caller then enters its payload.
    ///
    /// After an error the state must not be used.
    #[inline]
    pub(crate) fn push(&mut self, byte: u8, rules: &Rules) -> Result<Option<FrameHeader>, ProtocolError> {
        if let FrameState::Header {
            payload_len,
            key,
            first,
            second,
            next,
        } = self
        {
            let first = *first;
            return PartialHeader {
                payload_len,
                key,
                first,
                second,
                next,
            }
            .push(byte, rules);
        }
        rules.check_first(byte)?;
        *self = FrameState::Header {
            payload_len: 0,
            key: PartialHeader::NO_KEY,
            first: FirstByte::new(byte),
            second: 0,
            next: NextByte::Second,
        };
        Ok(None)
    }

    /// Returns the length that a header declares of which the last byte was refused; 0 outside of a header.
    #[inline]
    pub(crate) const fn declared_len(&self) -> u64 {
        match self {
            FrameState::Header { payload_len, .. } => *payload_len,
            _ => 0,
        }
    }

    /// Returns the state after a header: in its payload, or between frames if it has none.
    #[inline(always)]
    pub(crate) fn after(header: &FrameHeader) -> FrameState {
        if header.payload_len() == 0 {
            return FrameState::BetweenFrames;
        }
        FrameState::Payload {
            missing: header.payload_len(),
            masker: header.masker(),
            first: header.first(),
        }
    }

    /// Unmasks the next byte of a payload. Returns it with the frame's first byte if the frame ends with it; `None`
    /// outside of a payload.
    #[inline(always)]
    pub(crate) fn push_payload(&mut self, byte: u8) -> Option<(u8, Option<FirstByte>)> {
        let FrameState::Payload {
            missing,
            masker,
            first,
        } = self
        else {
            return None;
        };
        let byte = masker.apply_byte(byte);
        *missing = missing.wrapping_sub(1);
        if *missing > 0 {
            return Some((byte, None));
        }
        let first = *first;
        *self = FrameState::BetweenFrames;
        Some((byte, Some(first)))
    }

    /// Counts as many of `available` bytes as belong to the payload, and returns what they are; `None` outside of a
    /// payload.
    #[inline(always)]
    pub(crate) fn next_payload(&mut self, available: usize) -> Option<PayloadChunk> {
        let FrameState::Payload {
            missing,
            masker,
            first,
        } = self
        else {
            return None;
        };
        let chunk = PayloadChunk {
            len: available,
            masker: *masker,
            first: *first,
            ends_frame: false,
        };
        match usize::try_from(*missing) {
            Ok(len) if len <= available => {
                *self = FrameState::BetweenFrames;
                Some(PayloadChunk {
                    len,
                    ends_frame: true,
                    ..chunk
                })
            }
            _ => {
                *missing = missing.wrapping_sub(available as u64);
                masker.skip(available);
                Some(chunk)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_at_most_16_bytes() {
        assert!(size_of::<FrameState>() <= 16);
    }
}
