//! Memory for heads that grows with them.

use alloc::vec::Vec;
use core::fmt;

/// The least room for a read, and the most, in bytes.
const ROOM_LEN: usize = 1 << 10;
const ROOM_LEN_MAX: usize = 16 << 10;

/// The bytes of an opening handshake, in memory that grows with them: bytes that have arrived and were not taken, or bytes that
/// are written.
///
/// `Debug` shows nothing of the bytes but their number, because there may be cookies among them.
///
/// ```
/// use bareframe::handshake::{HeadBuffer, HeadEnd};
/// use std::io::Read;
/// let mut stream = &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x81\x80"[..];
/// let (mut arrived, mut end) = (HeadBuffer::default(), HeadEnd::new(16 << 10));
/// while !end.arrived(arrived.bytes())? {
///     let len = stream.read(arrived.space())?;
///     assert!(len > 0, "the stream ended within the head");
///     arrived.extend(len);
/// }
/// arrived.take(27);
/// assert_eq!(arrived.bytes(), b"\x81\x80");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct HeadBuffer {
    memory: Vec<u8>,
    begin: usize,
    end: usize,
}

impl HeadBuffer {
    /// Returns the bytes that were not taken.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.memory.get(self.begin..self.end).unwrap_or_default()
    }

    /// Returns the bytes that were not taken, to be changed in place.
    #[must_use]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.memory.get_mut(self.begin..self.end).unwrap_or_default()
    }

    /// Removes bytes from the front, which were parsed or written.
    pub fn take(&mut self, len: usize) {
        self.begin = self.begin.saturating_add(len).min(self.end);
    }

    /// Returns room for a read: 1 KiB, or as many bytes as have arrived, up to 16 KiB.
    pub fn space(&mut self) -> &mut [u8] {
        if self.begin > 0 {
            self.memory.copy_within(self.begin..self.end, 0);
            self.end = self.end.saturating_sub(self.begin);
            self.begin = 0;
        }
        let room = self.end.clamp(ROOM_LEN, ROOM_LEN_MAX);
        self.memory.resize(self.end.saturating_add(room), 0);
        self.memory.get_mut(self.end..).unwrap_or_default()
    }

    /// Adds the first bytes of [`HeadBuffer::space`], into which this many were read.
    pub fn extend(&mut self, len: usize) {
        self.end = self.end.saturating_add(len).min(self.memory.len());
    }
}

impl From<Vec<u8>> for HeadBuffer {
    fn from(memory: Vec<u8>) -> HeadBuffer {
        HeadBuffer {
            begin: 0,
            end: memory.len(),
            memory,
        }
    }
}

impl fmt::Debug for HeadBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes().len())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn room_grows_with_what_has_arrived_up_to_a_limit() {
        let mut buffer = HeadBuffer::default();
        for (room, len) in [
            (1024, 1024),
            (1024, 24),
            (1048, 1048),
            (2096, 0),
            (2096, 2096),
            (4192, 4192),
        ] {
            assert_eq!(buffer.space().len(), room);
            buffer.extend(len);
        }
        assert_eq!(buffer.space().len(), 8384);
        buffer.extend(usize::MAX);
        assert_eq!((buffer.bytes().len(), buffer.space().len()), (16_768, 16_384));
    }

    #[test]
    fn what_is_taken_is_gone_and_the_rest_stays_in_order() {
        let mut buffer = HeadBuffer::from(std::vec![1, 2, 3, 4, 5]);
        buffer.take(2);
        assert_eq!(buffer.bytes(), [3, 4, 5]);
        buffer.space()[..2].copy_from_slice(&[6, 7]);
        buffer.extend(2);
        assert_eq!(buffer.bytes_mut(), [3, 4, 5, 6, 7]);
        assert_eq!(std::format!("{buffer:?}"), "5 bytes");
        buffer.take(usize::MAX);
        assert_eq!(buffer.bytes(), []);
    }
}
