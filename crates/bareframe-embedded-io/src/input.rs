//! The octets of the last read that were not looked at yet.
//!
//! ```text
//! memory: [ taken by the engine | arrived | free ]
//!         0                   start     end
//! ```

use crate::error::Error;
use core::ops::Range;
use embedded_io_async::Read;

/// The shortest receive buffer, in octets, that takes whatever frames come with a head.
pub const MIN_RECEIVE: usize = 64;

#[derive(Debug)]
pub(crate) struct Input<'b> {
    memory: &'b mut [u8],
    start: usize,
    end: usize,
}

impl<'b> Input<'b> {
    pub(crate) const fn new(memory: &'b mut [u8]) -> Input<'b> {
        Input {
            memory,
            start: 0,
            end: 0,
        }
    }

    /// These octets of the memory have arrived.
    pub(crate) const fn set_arrived(&mut self, arrived: Range<usize>) {
        (self.start, self.end) = (arrived.start, arrived.end);
    }

    /// Where what has arrived ends.
    pub(crate) const fn end(&self) -> usize {
        self.end
    }

    pub(crate) fn arrived(&mut self) -> &mut [u8] {
        self.range(self.start..self.end)
    }

    /// Octets that lie where [`Input::end`] has shown, until the next read.
    pub(crate) fn range(&mut self, range: Range<usize>) -> &mut [u8] {
        self.memory.get_mut(range).unwrap_or(&mut [])
    }

    /// All but the last `left` of the octets that have arrived were taken.
    pub(crate) const fn keep_last(&mut self, left: usize) {
        self.start = self.end.saturating_sub(left);
    }

    /// Reads once, when all that has arrived was taken. Gives false at the end of the stream.
    pub(crate) async fn fill<S: Read>(&mut self, stream: &mut S) -> Result<bool, Error<S::Error>> {
        (self.start, self.end) = (0, 0);
        self.end = stream.read(self.memory).await.map_err(Error::Io)?;
        Ok(self.end > 0)
    }
}
