//! A head that arrives over a stream, in memory of the caller's.

use crate::error::{Error, HandshakeError};
use crate::input::MIN_RECEIVE;
use bareframe::handshake::{HeadEnd, HeadError};
use embedded_io_async::Read;

/// The memory for a head, how much of it has arrived, and what was found in it.
#[derive(Debug)]
pub(crate) struct Head<'h, P> {
    pub(crate) memory: &'h mut [u8],
    pub(crate) end: usize,
    pub(crate) parsed: Option<P>,
}

impl<'h, P> Head<'h, P> {
    pub(crate) const fn new(memory: &'h mut [u8], end: usize) -> Head<'h, P> {
        Head {
            memory,
            end,
            parsed: None,
        }
    }

    pub(crate) fn arrived_mut(&mut self) -> &mut [u8] {
        self.memory.get_mut(..self.end).unwrap_or(&mut [])
    }

    pub(crate) fn arrived(&self) -> &[u8] {
        self.memory.get(..self.end).unwrap_or(&[])
    }

    /// Forgets the first `len` bytes, and what was found.
    pub(crate) fn drop_front(&mut self, len: usize) {
        if len <= self.end && self.end <= self.memory.len() {
            self.memory.copy_within(len..self.end, 0);
            self.end = self.end.saturating_sub(len);
        }
        self.parsed = None;
    }

    /// Reads until the head can be parsed. `Err` inside is what is wrong with it.
    ///
    /// It reads so little at once that what comes behind the head always fits [`MIN_RECEIVE`] bytes.
    pub(crate) async fn read<S: Read>(
        &mut self,
        stream: &mut S,
    ) -> Result<Result<(), HeadError>, Error<S::Error>> {
        // Looks at all of it again if a future was dropped.
        let mut found = HeadEnd::new(self.memory.len());
        loop {
            match found.arrived(self.arrived()) {
                Ok(true) => return Ok(Ok(())),
                Ok(false) => {}
                Err(error) => return Ok(Err(error)),
            }
            let most = self.end.saturating_add(MIN_RECEIVE).min(self.memory.len());
            let room = self.memory.get_mut(self.end..most).unwrap_or(&mut []);
            match stream.read(room).await.map_err(Error::Io)? {
                0 => return Err(HandshakeError::Ended.into()),
                len => self.end = self.end.saturating_add(len).min(most),
            }
        }
    }
}
