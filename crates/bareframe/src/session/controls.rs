//! Whole messages, and the control frames between them.

use super::inbound::{Inbound, Look, Step};
use super::{Next, ReceiveError, Session};
use crate::assemble::{Assembler, Gather};
use crate::extension::Extension;
use crate::memory::Memory;
use crate::role::Role;

impl<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Session<R, I, O, X> {
    /// Continues until a message is whole, which [`Session::message`] lends, or a control frame is there, which [`Session::event`]
    /// lends; for a caller that shows both. The answer to a control frame is written before, unless the stream can't write now.
    ///
    /// It gathers as [`Session::next_message`] does, and a message may begin with calls of the one and end with calls of the other.
    ///
    /// ```
    /// use bareframe::{Assembler, Config, Connection, Event, Next, Session, SliceBuffer};
    /// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
    /// let mut memory = [0; 64];
    /// let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
    /// // "Hel", a Pong and "lo", with the key 0.
    /// let arrived = b"\x01\x83\0\0\0\0Hel\x8a\x80\0\0\0\0\x80\x82\0\0\0\0lo";
    /// session.space()[..arrived.len()].copy_from_slice(arrived);
    /// session.read(arrived.len());
    ///
    /// assert_eq!(session.next_message_or_control(&mut assembler)?, Next::Ready);
    /// assert!(session.message(&mut assembler).is_none());
    /// assert!(matches!(session.event(), Some(Event::Pong(_))));
    /// assert_eq!(session.next_message_or_control(&mut assembler)?, Next::Ready);
    /// assert_eq!(session.message(&mut assembler).unwrap().as_str(), Some("Hello"));
    /// # Ok::<(), bareframe::ReceiveError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ReceiveError`], after the Close that it causes was written, if it can be.
    pub fn next_message_or_control<B: Gather>(
        &mut self,
        assembler: &mut Assembler<B>,
    ) -> Result<Next, ReceiveError> {
        match self.inbound.look(assembler.capacity()) {
            Look::Found => {
                self.blocked = false;
                Ok(Next::Ready)
            }
            Look::LongText(at, len, masker) => self.next_long_text(at, len, masker),
            Look::LongBinary(at, len, masker) => self.next_long_binary(at, len, masker),
            Look::Text => self.next_text(),
            Look::Rest => {
                let next = match self.inbound.step_message::<true, B>(assembler) {
                    Ok(Step::Ready) => {
                        self.blocked = false;
                        return Ok(Next::Ready);
                    }
                    Ok(Step::Control) => Ok(Next::Ready),
                    Ok(Step::Wait(next)) => Ok(next),
                    Err(error) => Err(error),
                };
                self.settle(next)
            }
        }
    }
}

impl<R: Role, I: Memory, X: Extension> Inbound<R, I, X> {
    /// Continues until a message is whole, which [`Inbound::message`] lends, or a control frame is there, which [`Inbound::event`]
    /// lends; see [`Session::next_message_or_control`]. What has to be answered is taken by [`Inbound::take_pending`].
    ///
    /// # Errors
    ///
    /// [`ReceiveError`], the first that counts. Nothing that was received before it is lost.
    pub fn next_message_or_control<B: Gather>(
        &mut self,
        assembler: &mut Assembler<B>,
    ) -> Result<Next, ReceiveError> {
        match self.look(assembler.capacity()) {
            Look::Found => Ok(Next::Ready),
            Look::LongText(at, len, masker) => self.next_long_text(at, len, masker),
            Look::LongBinary(at, len, masker) => self.next_long_binary(at, len, masker),
            Look::Text => self.next_text(),
            Look::Rest => match self.step_message::<true, B>(assembler)? {
                Step::Ready | Step::Control => Ok(Next::Ready),
                Step::Wait(next) => Ok(next),
            },
        }
    }
}
