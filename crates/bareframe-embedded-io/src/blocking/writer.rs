//! Sending.

use crate::blocking::ready::{Ready, now};
use crate::error::Error;
use crate::writer::Speaker;
use bareframe::{CloseCode, MessageKind, Rsv};
use core::fmt;
use embedded_io::Write;

/// What sends on a connection while something is lent from it; as [`crate::Writer`].
pub struct Writer<'w, 'b, S, C: Speaker>(pub(crate) &'w mut crate::Writer<'b, Ready<S>, C>);

impl<S: Write, C: Speaker> Writer<'_, '_, S, C> {
    /// As [`crate::Writer::send_text`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::send`].
    pub fn send_text(&mut self, text: &str) -> Result<(), Error<S::Error>> {
        now(self.0.send_text(text))
    }

    /// As [`crate::Writer::send_binary`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::send`].
    pub fn send_binary(&mut self, octets: &[u8]) -> Result<(), Error<S::Error>> {
        now(self.0.send_binary(octets))
    }

    /// As [`crate::Writer::send`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::send`].
    pub fn send(&mut self, kind: MessageKind, payload: &[u8]) -> Result<(), Error<S::Error>> {
        now(self.0.send(kind, payload))
    }

    /// As [`crate::Writer::begin`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::begin`].
    pub fn begin(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        fin: bool,
        payload_len: u64,
    ) -> Result<(), Error<S::Error>> {
        now(self.0.begin(kind, rsv, fin, payload_len))
    }

    /// As [`crate::Writer::write`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::write`].
    pub fn write(&mut self, piece: &[u8]) -> Result<usize, Error<S::Error>> {
        now(self.0.write(piece))
    }

    /// As [`crate::Writer::payload_left`].
    #[must_use]
    pub fn payload_left(&self) -> u64 {
        self.0.payload_left()
    }

    /// As [`crate::Writer::ping`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::ping`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error<S::Error>> {
        now(self.0.ping(payload))
    }

    /// As [`crate::Writer::pong`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::ping`].
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Error<S::Error>> {
        now(self.0.pong(payload))
    }

    /// As [`crate::Writer::send_close`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::ping`].
    pub fn send_close(&mut self, code: Option<CloseCode>, reason: &str) -> Result<(), Error<S::Error>> {
        now(self.0.send_close(code, reason))
    }

    /// As [`crate::Writer::flush`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::flush`].
    pub fn flush(&mut self) -> Result<(), Error<S::Error>> {
        now(self.0.flush())
    }
}

impl<S, C: Speaker> fmt::Debug for Writer<'_, '_, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
