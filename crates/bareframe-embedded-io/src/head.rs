//! A head that arrives over a stream, in the caller's memory.

use crate::error::{Error, HandshakeError};
use bareframe::handshake::{HeadEnd, HeadError};
use embedded_io_async::Read;

/// The shortest receive buffer, in bytes, for a connection that the handshakes of this crate begin: they read fewer
/// bytes than this after a head.
pub const MIN_RECEIVE: usize = 64;

/// The memory for a head, how much of it has arrived, and what was found in it.
#[derive(Debug)]
pub(crate) struct Head<M, P> {
    pub(crate) memory: M,
    pub(crate) end: usize,
    pub(crate) parsed: Option<P>,
    found: HeadEnd,
}

impl<M: AsRef<[u8]> + AsMut<[u8]>, P> Head<M, P> {
    pub(crate) fn new(memory: M) -> Head<M, P> {
        let found = HeadEnd::new(memory.as_ref().len());
        Head {
            memory,
            end: 0,
            parsed: None,
            found,
        }
    }

    pub(crate) fn arrived_mut(&mut self) -> &mut [u8] {
        self.memory.as_mut().get_mut(..self.end).unwrap_or(&mut [])
    }

    pub(crate) fn arrived(&self) -> &[u8] {
        self.memory.as_ref().get(..self.end).unwrap_or(&[])
    }

    /// Removes the first `len` bytes, and what was found in them.
    pub(crate) fn drop_front(&mut self, len: usize) {
        let memory = self.memory.as_mut();
        if len <= self.end && self.end <= memory.len() {
            memory.copy_within(len..self.end, 0);
            self.end = self.end.saturating_sub(len);
        }
        self.found = HeadEnd::new(memory.len());
        self.parsed = None;
    }

    /// Reads until the head can be parsed. The inner `Err` is what is wrong with it.
    ///
    /// It reads so little at once that the bytes after the head always fit into [`MIN_RECEIVE`] bytes.
    pub(crate) async fn read<S: Read>(
        &mut self,
        stream: &mut S,
    ) -> Result<Result<(), HeadError>, Error<S::Error>> {
        loop {
            let arrived = self.memory.as_ref().get(..self.end).unwrap_or(&[]);
            match self.found.arrived(arrived) {
                Ok(true) => return Ok(Ok(())),
                Ok(false) => {}
                Err(error) => return Ok(Err(error)),
            }
            let memory = self.memory.as_mut();
            let most = self.end.saturating_add(MIN_RECEIVE).min(memory.len());
            let room = memory.get_mut(self.end..most).unwrap_or(&mut []);
            match stream.read(room).await.map_err(Error::Io)? {
                0 => return Err(HandshakeError::Ended.into()),
                len => self.end = self.end.saturating_add(len).min(most),
            }
        }
    }
}
