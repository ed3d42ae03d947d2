//! A frame header as bytes, by value.

use core::fmt;
use core::ops::Deref;

/// A header as bytes: 2 to 14 of them.
///
/// ```
/// use bareframe::{FrameHeader, MaskingKey, Opcode, Rsv};
/// let key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
/// let header = FrameHeader::new(true, Rsv::NONE, Opcode::Text, Some(key), 5)?;
/// assert_eq!(&header.encode()[..], b"\x81\x85\x37\xfa\x21\x3d");
/// # Ok::<(), bareframe::SendError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HeaderBytes {
    // As wide as the pair of registers that `FrameHeader::encode` builds it in. The last byte is the header's length,
    // and those between the header and it are zero.
    bytes: [u8; 16],
}

impl HeaderBytes {
    /// Creates a header of `len` bytes, the first in the lowest byte of `front`.
    #[inline]
    pub(super) const fn new(front: u64, back: u64, len: u64) -> HeaderBytes {
        let back = back | len << 56;
        HeaderBytes {
            bytes: ((back as u128) << 64 | front as u128).to_le_bytes(),
        }
    }

    /// Returns the length in bytes, at most [`FrameHeader::MAX_LEN`](crate::FrameHeader::MAX_LEN).
    #[inline]
    const fn byte_count(&self) -> usize {
        let [.., len] = self.bytes;
        // The length fits into four bits. The mask shows the compiler that it is below 16.
        (len & 0xF) as usize
    }
}

impl Deref for HeaderBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.byte_count()).unwrap_or(&[])
    }
}

impl AsRef<[u8]> for HeaderBytes {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for HeaderBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeaderBytes({:02x?})", &**self)
    }
}
