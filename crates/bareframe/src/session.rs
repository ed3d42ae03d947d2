//! The loop around the engine, without I/O. It owns the received and the queued bytes, and returns what to do next.

mod controls;
mod error;
mod frame;
mod inbound;
mod next;
mod outbound;
mod pending;
mod prepared;

pub use error::ReceiveError;
pub use frame::{Frame, UnsentFrame};
pub use inbound::Inbound;
pub use next::Next;
pub use outbound::Outbound;
pub use pending::Pending;
pub use prepared::PreparedFrame;

use crate::assemble::{Assembler, Gather, Message};
use crate::close::CloseCode;
use crate::close_reason::CloseReason;
use crate::connection::{Connection, State};
use crate::error::SendError;
use crate::extension::{Extension, InboundExtension};
use crate::mask::Masker;
use crate::memory::Memory;
use crate::opcode::Opcode;
use crate::receiver::{Event, ReceiverState};
use crate::role::Role;
use crate::violation::Violation;
use core::fmt;
use core::ops::Range;
use inbound::{Look, READY, Step};
use outbound::Stopped;

/// A connection with its receive buffer and its queue: the loop around the engine, without I/O.
///
/// A caller calls one of the `next_*` methods, performs what [`Next`] says, and calls again. `I` is the memory that is
/// read into, and `O` the queue of what is to be written, which holds at least the longest control frame,
/// [`ControlFrame::MAX_LEN`](crate::ControlFrame::MAX_LEN) bytes.
///
/// This is a complete loop over a blocking stream, an echo server. It handles short writes, a stream that refuses to
/// write while there is something to read, and errors, which are returned after their Close was written.
///
/// ```
/// use bareframe::{Assembler, Config, Connection, Frame, Next, SendError, Server, Session, SliceBuffer};
/// use std::io::{self, Read, Write};
///
/// type Echo = Session<Server, [u8; 4096], [u8; 512]>;
///
/// /// Performs what the session says.
/// fn perform(stream: &mut (impl Read + Write), session: &mut Echo, next: Next, frame: &mut Frame<'_>) -> io::Result<()> {
///     let done = match next {
///         Next::Write => {
///             let [queued, payload] = session.to_write(frame);
///             stream.write(if queued.is_empty() { payload } else { queued })
///         }
///         Next::Flush => stream.flush().map(|()| 0),
///         Next::Read => stream.read(session.space()),
///         Next::Memory | Next::Ready | Next::Closed => return Ok(()),
///     };
///     match done {
///         // The session says the same again.
///         Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
///         done => session.performed(next, done, frame),
///     }
/// }
///
/// fn echo(stream: &mut (impl Read + Write)) -> Result<(), Box<dyn std::error::Error>> {
///     let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 4096], [0; 512]);
///     let mut memory = [0; 4096];
///     let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
///     loop {
///         match session.next_message(&mut assembler)? {
///             Next::Ready => {}
///             Next::Closed => return Ok(()),
///             next => {
///                 perform(stream, &mut session, next, &mut Frame::NONE.clone())?;
///                 continue;
///             }
///         }
///         let Some(message) = session.message(&mut assembler) else { continue };
///         let (unsent, payload) = (Frame::from(&message).unsent(), message.payload().to_vec());
///         let mut frame = unsent.frame(&payload);
///         loop {
///             match session.next_sent(&mut frame) {
///                 Ok(Next::Ready) => break,
///                 Ok(next) => perform(stream, &mut session, next, &mut frame)?,
///                 // The stream was refused, or the peer has closed: reading says how it ends.
///                 Err(SendError::Closed) => break,
///                 Err(error) => return Err(error.into()),
///             }
///         }
///     }
/// }
/// # struct Wire(io::Cursor<Vec<u8>>, Vec<u8>);
/// # impl Read for Wire { fn read(&mut self, to: &mut [u8]) -> io::Result<usize> { let len = to.len().min(3); self.0.read(&mut to[..len]) } }
/// # impl Write for Wire {
/// #     fn write(&mut self, from: &[u8]) -> io::Result<usize> { let len = from.len().min(2); self.1.write(&from[..len]) }
/// #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
/// # }
/// # let input = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x80\0\0\0\0";
/// # let mut wire = Wire(io::Cursor::new(input.to_vec()), Vec::new());
/// # echo(&mut wire).unwrap();
/// # assert_eq!(wire.1, b"\x81\x05Hello\x88\x00");
/// ```
pub struct Session<R, I, O, X: Extension = ()> {
    inbound: Inbound<R, I, X>,
    outbound: Outbound<R, O, X>,
    /// The stream can't write now, and is not tried again in this pass.
    blocked: bool,
}

impl<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>> Session<R, I, O> {
    /// Creates a session that reads into `memory` and queues in `queue`.
    #[must_use]
    pub fn new(connection: Connection<R>, memory: I, queue: O) -> Session<R, I, O> {
        Session::with_extension(connection, memory, queue, (), (), ())
    }
}

impl<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Session<R, I, O, X> {
    /// Creates a session with an extension that the opening handshake agreed on. The configuration of `connection` allows its
    /// reserved bits.
    #[must_use]
    pub fn with_extension(
        connection: Connection<R>,
        memory: I,
        queue: O,
        inbound: X::Inbound,
        window: <X::Inbound as InboundExtension>::Window,
        outbound: X::Outbound,
    ) -> Session<R, I, O, X> {
        let (receiver, sender) = connection.split();
        Session {
            inbound: Inbound::new(receiver, memory, inbound, window),
            outbound: Outbound::new(sender, queue, outbound),
            blocked: false,
        }
    }

    /// Has a Close for a violation say why, by [`ProtocolError::reason`](crate::ProtocolError::reason). Without it the Close has only
    /// the code, and a program for a microcontroller does not contain the texts.
    #[must_use]
    pub fn with_close_reasons(mut self) -> Session<R, I, O, X> {
        self.outbound.set_close_reasons();
        self
    }

    /// Returns what [`Session::next_event`] and [`Session::next_message`] would both return if nothing was read that they have not
    /// looked at and nothing is to be answered, and otherwise `None`. So it is around each wait for the peer, where this takes less
    /// time than a call of them.
    ///
    /// With an extension it is always `None`.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Frame, Next, Session};
    /// let mut server = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
    /// assert_eq!(server.next_if_idle(), Some(Next::Read));
    /// server.next_sent(&mut Frame::text("Hello"))?;
    /// assert_eq!(server.next_if_idle(), Some(Next::Write));
    /// server.wrote(7, &mut Frame::NONE.clone());
    /// assert_eq!(server.next_if_idle(), Some(Next::Flush));
    /// server.flushed();
    /// server.space()[0] = 0x81;
    /// server.read(1);
    /// assert_eq!(server.next_if_idle(), None);
    /// # Ok::<(), bareframe::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn next_if_idle(&self) -> Option<Next> {
        if self.blocked || !self.inbound.is_idle() || self.outbound.has_extension() {
            return None;
        }
        Some(match self.outbound.next_flush() {
            Next::Ready if self.inbound.memory_len() == 0 => Next::Memory,
            Next::Ready => Next::Read,
            next => next,
        })
    }

    /// Receives until there is an event, which [`Session::event`] lends.
    ///
    /// The answer to a Ping or a Close is written before its event is ready, unless the stream can't write now.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`], after the Close that it causes was written, if it can be.
    pub fn next_event(&mut self) -> Result<Next, ReceiveError> {
        match self.inbound.look(usize::MAX) {
            Look::Found => {
                self.blocked = false;
                READY
            }
            Look::LongText(at, len, masker) => self.next_long_text(at, len, masker),
            Look::LongBinary(at, len, masker) => self.next_long_binary(at, len, masker),
            Look::Text => self.next_text(),
            Look::Rest => self.next_event_rest(),
        }
    }

    #[inline(never)]
    fn next_event_rest(&mut self) -> Result<Next, ReceiveError> {
        let next = match self.inbound.step_event() {
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

    /// Lends what [`Session::next_event`] found, once.
    #[inline]
    pub fn event(&mut self) -> Option<Event<'_>> {
        self.inbound.event()
    }

    /// Receives until a message is whole, which [`Session::message`] lends; see [`Inbound::next_message`]. Control
    /// frames are answered and not reported; [`Session::close_reason`] returns what the peer's Close said.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`], after the Close that it causes was written, if it can be.
    pub fn next_message<B: Gather>(&mut self, assembler: &mut Assembler<B>) -> Result<Next, ReceiveError> {
        match self.inbound.look(assembler.capacity()) {
            Look::Found => {
                self.blocked = false;
                READY
            }
            Look::LongText(at, len, masker) => self.next_long_text(at, len, masker),
            Look::LongBinary(at, len, masker) => self.next_long_binary(at, len, masker),
            Look::Text => self.next_text(),
            Look::Rest => self.next_message_rest(assembler),
        }
    }

    #[inline(never)]
    fn next_long_text(&mut self, at: usize, len: usize, masker: Masker) -> Result<Next, ReceiveError> {
        if self.inbound.receive_long_text(at, len, masker) {
            self.blocked = false;
            READY
        } else {
            self.next_text()
        }
    }

    #[inline(never)]
    fn next_long_binary(&mut self, at: usize, len: usize, masker: Masker) -> Result<Next, ReceiveError> {
        // Before the message is unmasked, so that no register has to be saved for it meanwhile.
        self.blocked = false;
        self.inbound.receive_long_binary(at, len, masker);
        READY
    }

    #[inline(never)]
    fn next_text(&mut self) -> Result<Next, ReceiveError> {
        match self.inbound.validate_text() {
            Ok(()) => {
                self.blocked = false;
                READY
            }
            Err(error) => self.settle(Err(error.into())),
        }
    }

    #[inline(never)]
    fn next_message_rest<B: Gather>(&mut self, assembler: &mut Assembler<B>) -> Result<Next, ReceiveError> {
        loop {
            // A reply that had no room before a write may have some now. If it stayed, the next Ping would replace it.
            self.queue_replies();
            let next = match self.inbound.step_message::<false, B>(assembler) {
                Ok(Step::Ready) => {
                    self.blocked = false;
                    return Ok(Next::Ready);
                }
                Ok(Step::Control) => {
                    self.queue_replies();
                    // Without room for the answer, only the latest Ping would be answered.
                    if self.inbound.receiver.has_reply()
                        && !self.blocked
                        && !self.outbound.queued().is_empty()
                    {
                        return Ok(Next::Write);
                    }
                    continue;
                }
                Ok(Step::Wait(next)) => Ok(next),
                Err(error) => Err(error),
            };
            return self.settle(next);
        }
    }

    /// Lends the message that [`Session::next_message`] found, once. `assembler` is the one of that call.
    #[inline]
    pub fn message<'m, B: Gather>(&'m mut self, assembler: &'m mut Assembler<B>) -> Option<Message<'m>> {
        self.inbound.message(assembler)
    }

    /// Sends until all of the frame is queued or written; what is queued is written by [`Session::next_flush`].
    ///
    /// # Errors
    ///
    /// [`SendError`]; nothing has changed, unless it is [`SendError::Extension`], which fails the connection.
    #[inline]
    pub fn next_sent(&mut self, frame: &mut Frame<'_>) -> Result<Next, SendError> {
        if !self.inbound.receiver.has_reply()
            && !self.has_failed()
            && let Some(next) = self.outbound.next_whole_sent(frame)
        {
            return Ok(next);
        }
        self.next_sent_rest(frame)
    }

    #[inline(never)]
    fn next_sent_rest(&mut self, frame: &mut Frame<'_>) -> Result<Next, SendError> {
        if !frame.is_begun() {
            self.queue_replies();
            if self.has_failed() {
                return Err(SendError::Closed);
            }
        }
        let next = self.outbound.next_sent_rest(frame);
        if let Err(SendError::Extension(code)) = next {
            self.inbound.fail(code);
        }
        next
    }

    /// Writes until nothing is queued any more, answers included.
    pub fn next_flush(&mut self) -> Next {
        self.queue_replies();
        self.outbound.next_flush()
    }

    /// Returns what to write; see [`Outbound::to_write`].
    #[must_use]
    #[inline]
    pub fn to_write<'a>(&'a self, frame: &'a Frame<'_>) -> [&'a [u8]; 2] {
        self.outbound.to_write(frame)
    }

    /// Reports that `len` bytes of [`Session::to_write`] were written.
    #[inline]
    pub fn wrote(&mut self, len: usize, frame: &mut Frame<'_>) {
        self.outbound.wrote(len, frame);
    }

    /// Reports that the stream was flushed.
    #[inline]
    pub const fn flushed(&mut self) {
        self.outbound.flushed();
    }

    /// Reports the result of what `next` says: how many bytes were read or written, or the stream's error.
    ///
    /// After a failed or empty write the stream counts as [refused](Session::refused), because what was received before
    /// must be delivered first. Report an error that means that the stream can't do it yet by [`Session::blocked`]
    /// instead.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Frame, Next, Session};
    /// use std::io::{Read, Write};
    /// # let (mut input, mut output) = (&b"\x81\x80\x01\x02\x03\x04"[..], Vec::new());
    /// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
    /// let mut frame = Frame::binary(&[7; 1000]);
    /// loop {
    ///     let next = match session.next_sent(&mut frame)? {
    ///         Next::Ready => session.next_event()?,
    ///         next => next,
    ///     };
    ///     let done = match next {
    ///         Next::Read => input.read(session.space()),
    ///         Next::Write => output.write(&session.to_write(&frame).concat()),
    ///         Next::Flush => output.flush().map(|()| 0),
    ///         Next::Ready | Next::Closed | Next::Memory => break,
    ///     };
    ///     session.performed(next, done, &mut frame)?;
    /// }
    /// assert_eq!(output.len(), 1004);
    /// assert!(session.event().is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The stream's error, if it failed to read.
    pub fn performed<E>(
        &mut self,
        next: Next,
        done: Result<usize, E>,
        frame: &mut Frame<'_>,
    ) -> Result<(), E> {
        match (next, done) {
            (Next::Read, done) => self.read(done?),
            (Next::Write, Ok(len @ 1..)) => self.wrote(len, frame),
            (Next::Flush, Ok(_)) => self.flushed(),
            (Next::Write | Next::Flush, _) => self.refused(),
            (Next::Memory | Next::Ready | Next::Closed, _) => {}
        }
        Ok(())
    }

    /// Returns what is queued.
    #[must_use]
    pub fn queued(&self) -> &[u8] {
        self.outbound.queued()
    }

    /// Returns what to read into: never empty after [`Next::Read`].
    #[inline]
    pub fn space(&mut self) -> &mut [u8] {
        self.inbound.space()
    }

    /// Reports that `len` bytes were read into [`Session::space`]; 0 is the end of the stream.
    #[inline]
    pub fn read(&mut self, len: usize) {
        self.inbound.read(len);
    }

    /// Reports that the stream can't do now what `next` says. Returns `true` if the caller is to call again, since
    /// there is something else to do, and `false` if it has to wait for the stream.
    ///
    /// It holds for one pass: until a call returns something other than [`Next::Write`] and [`Next::Flush`]. So reading
    /// continues while queued bytes can't be written, and each pass tries to write again.
    #[must_use = "it says whether to wait"]
    pub fn blocked(&mut self, next: Next) -> bool {
        self.blocked = match next {
            Next::Write | Next::Flush => self.inbound.can_continue(),
            _ => false,
        };
        self.blocked
    }

    /// Reports that the stream takes no more bytes: what is queued is dropped, and nothing is sent any more. What was received is
    /// still delivered, the peer's Close too.
    pub fn refused(&mut self) {
        self.outbound.refused();
    }

    /// Fails the connection on behalf of the caller (RFC 6455 section 7.1.7): a Close with this code is written by the
    /// next call of [`Session::next_flush`] or before the error is returned. Within a frame of ours no Close can be
    /// sent, and nothing more is.
    ///
    /// If the connection has failed before, or the peer's Close arrived, it only drops the frame that is not finished.
    pub fn fail(&mut self, code: CloseCode) {
        self.inbound.fail(code);
        self.outbound.abandon();
    }

    /// Returns why the connection has failed, with the numbers that belong to it; `None` if it has not failed.
    #[must_use]
    pub fn violation(&self) -> Option<Violation> {
        self.inbound.violation()
    }

    /// Returns how far the closing of the connection is.
    #[must_use]
    pub fn state(&self) -> State {
        self.inbound.state(self.outbound.is_closed())
    }

    /// Returns what the peer's Close said, once it was received (RFC 6455 sections 7.1.5 and 7.1.6).
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.inbound.close_reason()
    }

    /// Returns `true` if a call would return something without a read.
    #[must_use]
    #[inline]
    pub fn has_more(&self) -> bool {
        self.inbound.has_more()
    }

    /// Returns the bytes that were read and not processed.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        self.inbound.unread()
    }

    /// Declares that the bytes read so far begin with a head of this length; see [`Inbound::begin_after`].
    pub fn begin_after(&mut self, head_len: usize) -> bool {
        self.inbound.begin_after(head_len)
    }

    /// Declares that this range of the memory was read before; see [`Inbound::begin_with`].
    pub fn begin_with(&mut self, range: Range<usize>) -> bool {
        self.inbound.begin_with(range)
    }

    /// Declares that the queue's first `len` bytes are the head of the opening handshake, which the next call that
    /// writes sends; see [`Outbound::begin_with`].
    ///
    /// ```
    /// use bareframe::{Config, Connection, Frame, Next, Session};
    /// let head = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"; // and what else must be in it
    /// let mut queue = [0; 200];
    /// queue[..head.len()].copy_from_slice(head);
    /// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], queue);
    /// assert!(session.begin_with_queued(head.len()));
    /// assert_eq!(session.next_flush(), Next::Write);
    /// assert_eq!(session.queued(), head);
    /// ```
    pub fn begin_with_queued(&mut self, len: usize) -> bool {
        self.outbound.begin_with(len)
    }

    /// Returns both halves, so that a frame can be sent while an event is lent.
    pub const fn both(&mut self) -> (&mut Inbound<R, I, X>, &mut Outbound<R, O, X>) {
        (&mut self.inbound, &mut self.outbound)
    }

    /// Splits the session into its halves, for two tasks. The caller passes what the reading half has to answer to the
    /// writing half as [`Pending`].
    #[must_use]
    pub fn split(mut self) -> (Inbound<R, I, X>, Outbound<R, O, X>) {
        self.queue_replies();
        (self.inbound, self.outbound)
    }

    /// Decides what the caller has to do before it gets the result of the reading half.
    #[inline(never)]
    fn settle(&mut self, next: Result<Next, ReceiveError>) -> Result<Next, ReceiveError> {
        if matches!(next, Err(ReceiveError::MessageSkipped)) {
            self.blocked = false;
            return next;
        }
        self.queue_replies();
        let write = self.outbound.next_flush();
        if write != Next::Ready && !self.blocked {
            return Ok(write);
        }
        self.blocked = false;
        match next {
            Ok(Next::Closed) => match self.outbound.stopped() {
                Stopped::Refused => Ok(Next::Closed),
                Stopped::WithinFrame => Err(ReceiveError::AbnormalClosure),
                Stopped::No if self.outbound.is_within_frame() => Err(ReceiveError::UnfinishedFrame),
                // The Close is still queued.
                Stopped::No if write != Next::Ready => Ok(write),
                Stopped::No => Ok(Next::Closed),
            },
            Err(_) if write != Next::Ready && !self.outbound.is_within_frame() => Ok(write),
            next => next,
        }
    }

    /// Returns `true` if the connection has failed, or its stream has ended.
    #[inline]
    fn has_failed(&self) -> bool {
        matches!(
            self.inbound.receiver.state(),
            ReceiverState::Failed(..) | ReceiverState::Ended
        )
    }

    /// Queues what has to be answered, as far as there is room between frames.
    #[inline]
    fn queue_replies(&mut self) {
        if self.inbound.receiver.has_reply() {
            self.queue_pending_replies();
        }
    }

    #[inline(never)]
    fn queue_pending_replies(&mut self) {
        let is_open = self.inbound.is_open();
        while self.outbound.has_room() {
            if let Some(pong) = self.inbound.receiver.next_pong() {
                self.outbound.answer(Opcode::Pong, pong, is_open);
            } else if self.inbound.may_close()
                && let Some((opcode, payload)) = self.inbound.receiver.next_close(self.outbound.reason())
            {
                self.outbound.answer(opcode, payload, false);
            } else {
                return;
            }
        }
    }
}

impl<R, I, O, X: Extension> Session<R, I, O, X> {
    /// Returns both halves, to look at.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Session};
    /// let session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
    /// let (inbound, outbound) = session.halves();
    /// assert!(inbound.is_open() && outbound.queued().is_empty());
    /// ```
    #[must_use]
    pub const fn halves(&self) -> (&Inbound<R, I, X>, &Outbound<R, O, X>) {
        (&self.inbound, &self.outbound)
    }
}

impl<R: fmt::Debug, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> fmt::Debug
    for Session<R, I, O, X>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("inbound", &self.inbound)
            .field("outbound", &self.outbound)
            .finish_non_exhaustive()
    }
}

impl<R: Role, M: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Session<R, Option<M>, O, X> {
    /// Provides memory to read into; see [`Inbound::put_memory`].
    ///
    /// # Errors
    ///
    /// Returns the memory if the session has some already.
    pub fn put_memory(&mut self, memory: M) -> Result<(), M> {
        self.inbound.put_memory(memory)
    }

    /// Returns the memory to the caller; see [`Inbound::take_memory`].
    pub fn take_memory(&mut self) -> Option<M> {
        self.inbound.take_memory()
    }
}

#[cfg(test)]
#[cfg(feature = "simd")]
mod tests {
    extern crate std;
    use super::*;
    use crate::assemble::SliceBuffer;
    use crate::limits::Config;
    use crate::utf8::count::validated;
    use std::string::String;
    use std::vec::Vec;

    /// Returns a text message in frames of a client with the key 0.
    fn frames(pieces: &[&str]) -> Vec<u8> {
        let mut wire = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            let fin = if at + 1 == pieces.len() { 0x80 } else { 0 };
            wire.push(fin | u8::from(at == 0));
            match u8::try_from(piece.len()) {
                Ok(len @ 0..126) => wire.push(0x80 | len),
                _ => {
                    wire.push(0x80 | 126);
                    wire.extend(u16::try_from(piece.len()).unwrap().to_be_bytes());
                }
            }
            wire.extend([0; 4]);
            wire.extend(piece.bytes());
        }
        wire
    }

    fn session(wire: &[u8]) -> Session<crate::role::Server, [u8; 20_000], [u8; 131]> {
        let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 20_000], [0; 131]);
        session.space()[..wire.len()].copy_from_slice(wire);
        session.read(wire.len());
        session
    }

    #[test]
    fn s8_1_text_that_a_session_lends_is_not_validated_again() {
        let ascii = "all human beings are born free ".repeat(300);
        let mixed = "Mọi người sinh ra đều được tự do ".repeat(200);
        for text in [&ascii, &mixed] {
            for len in (0..300).chain([1024, 9000]) {
                let end = (0..=len).rev().find(|&end| text.is_char_boundary(end)).unwrap();
                let text = &text[..end];
                let wire = frames(&[text]);
                let before = validated();
                let mut read = session(&wire);
                assert_eq!(read.next_event(), Ok(Next::Ready));
                // Text that is not ASCII was validated, and counted.
                let once = validated();
                assert!(once > before || text.is_ascii());
                let Some(Event::Data(data)) = read.event() else {
                    panic!()
                };
                assert_eq!(data.as_str(), Some(text));
                assert_eq!(data.into_str(), Some(text));
                assert_eq!(validated(), once);

                let mut read = session(&wire);
                let mut memory = [0; 20_000];
                let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
                assert_eq!(read.next_message(&mut assembler), Ok(Next::Ready));
                let once = validated();
                let message = read.message(&mut assembler).unwrap();
                assert_eq!(message.as_str(), Some(text));
                assert_eq!(message.into_str(), Some(text));
                assert_eq!(validated(), once);
            }
        }
    }

    #[test]
    fn s8_1_pieces_of_text_that_a_session_lends_are_not_validated_again() {
        let pieces = ["Mọi người ", "sinh ra đều", " được tự do"];
        let mut read = session(&frames(&pieces));
        let mut joined = String::new();
        for _ in pieces {
            assert_eq!(read.next_event(), Ok(Next::Ready));
            let once = validated();
            let Some(Event::Data(data)) = read.event() else {
                panic!()
            };
            joined += data.into_str().unwrap();
            assert_eq!(validated(), once);
        }
        assert_eq!(joined, pieces.concat());
    }
}
