//! Memory that was read into before, that is exchanged for another, or that is there only while it is needed.

use super::{Found, Inbound};
use crate::extension::Extension;
use crate::frame::FrameState;
use crate::memory::Memory;
use crate::receiver::ReceiverState;
use crate::role::Role;
use core::ops::Range;

impl<R: Role, I: Memory, X: Extension> Inbound<R, I, X> {
    /// Returns what was read and not looked at.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        self.memory
            .bytes()
            .get(self.cursor.start..self.cursor.end)
            .unwrap_or(&[])
    }

    /// Says that what was read begins with this many bytes of the head of the opening handshake, and that the frames follow it.
    /// Returns `false` and changes nothing if fewer were read, or some of it was looked at already.
    ///
    /// ```
    /// use bareframe::handshake::Request;
    /// use bareframe::{Config, Connection, Event, Next, Session};
    /// let arrived = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x89\x80\0\0\0\0";
    /// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
    /// session.space()[..arrived.len()].copy_from_slice(arrived);
    /// session.read(arrived.len());
    ///
    /// let (_, head_len) = Request::parse(session.unread())?;
    /// assert!(session.begin_after(head_len));
    /// assert_eq!(session.next_event(), Ok(Next::Write));
    /// # Ok::<(), bareframe::handshake::HeadError>(())
    /// ```
    pub fn begin_after(&mut self, head_len: usize) -> bool {
        let may_begin = self.cursor.start == 0 && head_len <= self.cursor.end;
        if may_begin {
            self.cursor.start = head_len;
        }
        may_begin
    }

    /// Says that this range of the memory was read before, after the head of the opening handshake. Returns `false` and changes
    /// nothing if the memory is shorter, or something was read already.
    pub fn begin_with(&mut self, range: Range<usize>) -> bool {
        let is_within = range.start <= range.end && range.end <= self.memory.bytes().len();
        let is_new = self.cursor.end == 0 && self.cursor.found == Found::Nothing;
        if is_within && is_new {
            (self.cursor.start, self.cursor.end) = (range.start, range.end);
        }
        is_within && is_new
    }

    /// Exchanges the memory for another, such as a longer one while more arrives than fits, and returns the old one. What was
    /// read and not looked at, and what is held, is moved to the front of the new one.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Next, Session};
    /// let (mut short, mut long) = ([0; 4], [0; 16]);
    /// let (mut inbound, _) = Session::new(Connection::server(Config::DEFAULT), &mut short[..], [0; 131]).split();
    /// assert_eq!(inbound.space().len(), 4);
    /// inbound.read(4);
    /// assert!(inbound.exchange_memory(&mut []).is_err());
    /// assert_eq!(inbound.exchange_memory(&mut long[..]).map(|old| old.len()), Ok(4));
    /// assert_eq!(inbound.space().len(), 12);
    /// ```
    ///
    /// # Errors
    ///
    /// Returns `memory` if it is too short for that, or while something that was found in the old one was not taken.
    pub fn exchange_memory(&mut self, mut memory: I) -> Result<I, I> {
        if self.lends_bytes() {
            return Err(memory);
        }
        let held = self.held.len();
        let kept = self.cursor.start.saturating_sub(held)..self.cursor.end;
        let kept = self.memory.bytes().get(kept).unwrap_or(&[]);
        let len = kept.len();
        if (held > 0 || self.held.is_awaited()) && memory.bytes().len() <= len {
            return Err(memory);
        }
        let Some(front) = memory.bytes_mut().get_mut(..len) else {
            return Err(memory);
        };
        front.copy_from_slice(kept);
        (self.cursor.start, self.cursor.end) = (held.min(len), len);
        Ok(core::mem::replace(&mut self.memory, memory))
    }

    /// Lengthens the memory to this many bytes, with everything in it where it is. Returns `false` and changes nothing if the memory
    /// can't grow; a `Vec<u8>` can.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Session};
    /// # #[cfg(feature = "alloc")] {
    /// let mut session = Session::new(Connection::server(Config::DEFAULT), vec![0; 8], [0; 131]);
    /// assert!(session.both().0.lengthen_memory(16));
    /// assert_eq!(session.space().len(), 16);
    /// # }
    /// assert!(!Session::new(Connection::server(Config::DEFAULT), [0; 8], [0; 131]).both().0.lengthen_memory(16));
    /// ```
    pub fn lengthen_memory(&mut self, len: usize) -> bool {
        self.memory.lengthen(len)
    }

    /// Has a message of at most this many bytes, in one frame, stay in the memory while it arrives in pieces, and lent from there: the
    /// memory grows with it and nothing is copied. Its text is not validated again. Others are gathered by the [`Assembler`](crate::Assembler), and
    /// so are all if the memory can't grow (it can if it is a `Vec<u8>`) and is too short, and on small machines. A binary message
    /// that fits into the memory as it is stays [unread](Inbound::unread) until it is whole, also for [`Inbound::next_event`].
    ///
    /// ```
    /// use bareframe::{Assembler, Config, Connection, Next, Session};
    /// # #[cfg(feature = "alloc")] {
    /// let mut session = Session::new(Connection::server(Config::DEFAULT), vec![0; 8], [0; 131]);
    /// session.both().0.hold_up_to(64 << 10);
    /// let mut assembler = Assembler::new(Vec::new());
    /// for arrived in [&b"\x81\x8A\0\0\0\0He"[..], b"llo,", b" you"] {
    ///     session.space()[..arrived.len()].copy_from_slice(arrived);
    ///     session.read(arrived.len());
    ///     let _ = session.next_message(&mut assembler)?;
    /// }
    /// assert_eq!(session.message(&mut assembler).unwrap().as_str(), Some("Hello, you"));
    /// # }
    /// # Ok::<(), bareframe::ReceiveError>(())
    /// ```
    pub const fn hold_up_to(&mut self, len: usize) {
        self.held.set_most(len);
    }

    /// Returns how many bytes of the message that is held have arrived, and how many are missing; zeros if none is held.
    ///
    /// ```
    /// use bareframe::{Assembler, Config, Connection, Next, Session};
    /// # #[cfg(all(feature = "alloc", target_pointer_width = "64", not(bareframe_compact)))] {
    /// let mut session = Session::new(Connection::server(Config::DEFAULT), vec![0; 8], [0; 131]);
    /// session.both().0.hold_up_to(64 << 10);
    /// session.space().copy_from_slice(b"\x81\x8A\0\0\0\0He");
    /// session.read(8);
    /// assert_eq!(session.next_message(&mut Assembler::new(Vec::new())), Ok(Next::Read));
    /// assert_eq!(session.both().0.held(), (2, 8));
    /// # }
    /// ```
    #[must_use]
    pub fn held(&self) -> (usize, usize) {
        match (self.held.len(), self.receiver.state()) {
            (1.., ReceiverState::Open(FrameState::Payload { missing, .. })) => {
                (self.held.len(), usize::try_from(*missing).unwrap_or(usize::MAX))
            }
            _ => (0, 0),
        }
    }

    /// Returns how long the memory is, in bytes.
    #[must_use]
    pub fn memory_len(&self) -> usize {
        self.memory.bytes().len()
    }
}

impl<R: Role, M: Memory, X: Extension> Inbound<R, Option<M>, X> {
    /// Provides memory to read into.
    ///
    /// # Errors
    ///
    /// Returns the memory if the session has some.
    pub fn put_memory(&mut self, memory: M) -> Result<(), M> {
        if self.memory.is_some() {
            return Err(memory);
        }
        self.memory = Some(memory);
        Ok(())
    }

    /// Returns the memory to the caller, also while a read is pending; `None` if something in it was not taken, or
    /// there is none.
    pub fn take_memory(&mut self) -> Option<M> {
        // Nothing after an error is looked at.
        let has_failed = matches!(self.receiver.state(), ReceiverState::Failed(..));
        if self.cursor.start < self.cursor.end && !has_failed || self.holds_bytes() {
            return None;
        }
        (self.cursor.start, self.cursor.end) = (0, 0);
        self.memory.take()
    }
}
