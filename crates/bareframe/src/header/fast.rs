//! Reading 64-bit lengths without a loop.

use super::{FrameHeader, SimpleHeader};

impl SimpleHeader {
    /// Returns the same as a header.
    #[inline(always)]
    pub(crate) const fn fields(&self) -> FrameHeader {
        FrameHeader {
            payload_len: self.payload_len as u64,
            masking_key: self.masking_key,
            first: self.first,
        }
    }
}

/// Returns the 64-bit length of the header at the front of `input` if it is there in minimal form.
#[inline(always)]
pub(super) fn payload_len_64(input: &[u8]) -> Option<usize> {
    let &[_, _, a, b, c, d, e, f, g, h] = input.first_chunk()?;
    let len = usize::try_from(u64::from_be_bytes([a, b, c, d, e, f, g, h])).ok()?;
    Some(len).filter(|&len| len >= 0x1_0000)
}

#[cfg(test)]
pub(super) const TAKES_64_BITS: bool = true;
