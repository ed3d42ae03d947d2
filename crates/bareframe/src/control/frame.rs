//! A whole control frame as bytes (RFC 6455 section 5.5).

use super::{ControlPayload, leaf};
use crate::mask::{Masker, MaskingKey};
use crate::opcode::Opcode;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;

const FIN: u8 = 0x80;
const MASK: u8 = 0x80;

/// A whole control frame as bytes, ready to be sent: 2 to 131 of them (RFC 6455 section 5.5).
///
/// ```
/// use bareframe::{Config, Connection};
/// let mut server = Connection::server(Config::DEFAULT);
/// let frame = server.ping(b"Hello")?;
/// assert_eq!(&frame[..], b"\x89\x05Hello");
/// # Ok::<(), bareframe::SendError>(())
/// ```
#[derive(Clone, Copy)]
pub struct ControlFrame {
    // A header and a payload; the bytes after `len` have no meaning.
    bytes: [u8; ControlFrame::ROOM],
    // At most MAX_LEN.
    len: u8,
}

impl ControlFrame {
    /// The longest control frame in bytes: a masked header of 6 and a payload of 125.
    pub const MAX_LEN: usize = 131;

    const ROOM: usize = ControlFrame::MAX_LEN + 1;

    /// Creates the frame.
    #[inline(always)]
    pub(crate) fn new(
        opcode: Opcode,
        masking_key: Option<MaskingKey>,
        payload: &ControlPayload,
    ) -> ControlFrame {
        let len = payload.payload_len();
        let mut frame = ControlFrame {
            bytes: [0; ControlFrame::ROOM],
            len: len.wrapping_add(if masking_key.is_some() { 6 } else { 2 }),
        };
        let Some((front, after)) = frame.bytes.split_first_chunk_mut() else {
            return frame;
        };
        let Some(key) = masking_key else {
            *front = [FIN | opcode.bits(), len];
            if let Some(to) = after.first_chunk_mut() {
                *to = leaf::padded(payload);
            }
            return frame;
        };
        *front = [FIN | opcode.bits(), MASK | len];
        if let Some((front, after)) = after.split_first_chunk_mut() {
            *front = key.to_bytes();
            if let Some(to) = after.first_chunk_mut() {
                *to = leaf::padded(payload);
                Masker::new(key).apply(to);
            }
        }
        frame
    }
}

impl Deref for ControlFrame {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&[])
    }
}

impl AsRef<[u8]> for ControlFrame {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for ControlFrame {
    fn eq(&self, other: &ControlFrame) -> bool {
        **self == **other
    }
}

impl Eq for ControlFrame {}

/// Hashes the bytes, as `[u8]` does.
impl Hash for ControlFrame {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for ControlFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlFrame({:02x?})", &**self)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use core::hash::BuildHasher;

    #[test]
    fn equal_frames_have_the_hash_of_their_bytes() {
        let hasher = std::hash::RandomState::new();
        for payload in [&b""[..], b"a", b"ab"] {
            let payload = ControlPayload::new(payload).unwrap();
            let frame = ControlFrame::new(Opcode::Ping, None, &payload);
            assert_eq!(hasher.hash_one(frame), hasher.hash_one(&frame[..]));
        }
    }

    #[test]
    fn a_frame_is_no_larger_than_it_must_be() {
        assert_eq!(size_of::<ControlFrame>(), ControlFrame::ROOM + 1);
    }
}
