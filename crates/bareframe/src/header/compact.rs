//! Reading 64-bit lengths, left out to save flash.

/// Returns `None`: a machine without memory for such a frame can save the flash.
#[inline(always)]
pub(super) const fn payload_len_64(_input: &[u8]) -> Option<usize> {
    None
}

#[cfg(test)]
pub(super) const TAKES_64_BITS: bool = false;
