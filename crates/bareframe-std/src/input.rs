//! The bytes of the opening handshake that were read and not looked at.
//!
//! ```text
//! bytes: [ taken | arrived | free ]
//!        0       start     end
//! ```

use std::fmt;
use std::io::{self, Read};

pub(crate) struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    /// Creates an empty buffer of this many bytes, but at least one.
    pub(crate) fn new(len: usize) -> Input {
        Input {
            bytes: vec![0; len.max(1)],
            start: 0,
            end: 0,
        }
    }

    pub(crate) fn arrived(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(crate) fn arrived_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// Takes bytes off the front.
    pub(crate) fn take(&mut self, len: usize) {
        self.start += len;
    }

    /// Makes room behind what has arrived where there is none, in a buffer that doubles up to `limit` bytes.
    pub(crate) fn make_room(&mut self, limit: usize) {
        if self.end < self.bytes.len() {
            return;
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        } else if self.bytes.len() < limit {
            self.bytes
                .resize(self.bytes.len().saturating_mul(2).min(limit), 0);
        }
    }

    /// Reads once, behind what has arrived. 0 is the end of the stream, or that there is no room.
    pub(crate) fn fill(&mut self, stream: &mut impl Read) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        loop {
            match stream.read(&mut self.bytes[self.end..]) {
                Ok(len) => {
                    self.end += len;
                    return Ok(len);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // TLS says so that its end was cut off, which is an end as any other here.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) => return Err(error),
            }
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (arrived, len) = (self.end - self.start, self.bytes.len());
        write!(f, "Input({arrived} of {len} bytes)")
    }
}
