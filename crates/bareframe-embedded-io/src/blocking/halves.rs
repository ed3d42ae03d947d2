//! A connection in two halves.

use crate::blocking::ready::{Ready, now};
use crate::blocking::writer::Writer;
use crate::error::Error;
use crate::event::Event;
use bareframe::{Assembler, CloseCode, Gather, Message, Reply, Role, Sender};
use embedded_io::{Read, Write};

/// The receiving half of a connection; as [`crate::ReadHalf`].
#[derive(Debug)]
pub struct ReadHalf<'b, S, R>(pub(crate) crate::ReadHalf<'b, Ready<S>, R>);

/// The sending half of a connection; as [`crate::WriteHalf`].
pub struct WriteHalf<'b, S, R: Role>(pub(crate) crate::WriteHalf<'b, Ready<S>, R>);

impl<S, R: Role> ReadHalf<'_, S, R> {
    /// As [`crate::ReadHalf::poll_reply`].
    #[must_use]
    pub fn poll_reply(&mut self) -> Option<Reply> {
        self.0.poll_reply()
    }

    /// As [`crate::WebSocket::fail`].
    pub fn fail(&mut self, code: CloseCode) {
        self.0.fail(code);
    }

    /// Gives the stream.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.0.stream().0
    }
}

impl<S: Read, R: Role> ReadHalf<'_, S, R> {
    /// As [`crate::ReadHalf::read`].
    ///
    /// # Errors
    ///
    /// As [`crate::ReadHalf::read`].
    pub fn read<'m, B: Gather>(
        &'m mut self,
        assembler: &'m mut Assembler<B>,
    ) -> Result<Option<Message<'m>>, Error<S::Error>> {
        now(self.0.read(assembler))
    }

    /// As [`crate::ReadHalf::read_event`].
    ///
    /// # Errors
    ///
    /// As [`crate::ReadHalf::read`].
    pub fn read_event(&mut self) -> Result<Option<Event<'_>>, Error<S::Error>> {
        now(self.0.read_event())
    }
}

impl<'b, S, R: Role> WriteHalf<'b, S, R> {
    /// Gives what sends.
    pub const fn writer(&mut self) -> Writer<'_, 'b, S, Sender<R>> {
        Writer(&mut self.0)
    }
}

impl<S: Write, R: Role> WriteHalf<'_, S, R> {
    /// As [`crate::Writer::reply`].
    ///
    /// # Errors
    ///
    /// As [`crate::Writer::reply`].
    pub fn reply(&mut self, reply: Reply) -> Result<(), Error<S::Error>> {
        now(self.0.reply(reply))
    }
}

impl<S, R: Role> core::fmt::Debug for WriteHalf<'_, S, R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}
