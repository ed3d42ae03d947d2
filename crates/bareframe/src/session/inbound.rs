//! Inbound: the reading half of a session.
//!
//! ```text
//! memory: [ looked at | found, lent by the next call | not looked at | free ]
//!                                                    start           end
//! ```

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
mod extended;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;
mod lease;
mod refusal;

use super::error::ReceiveError;
use super::next::Next;
use super::pending::Pending;
use crate::assemble::{AssembleError, Assembled, Assembler, Gather, Message};
use crate::close::CloseCode;
use crate::close_reason::CloseReason;
use crate::connection::State;
use crate::error::ProtocolError;
use crate::extension::{Extension, InboundExtension, SealedWindow};
use crate::mask::Masker;
use crate::memory::Memory;
use crate::message::ChunkFlags;
use crate::opcode::Opcode;
use crate::receiver::{Data, Event, Receiver, ReceiverState};
use crate::role::Role;
use crate::violation::Violation;
#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
use compact as leaf;
use core::fmt;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
use fast as leaf;

pub(super) use leaf::Look;

/// What was looked for is there.
// A constant: it is returned as one value in a register, as what a function returns that is called last.
pub(super) const READY: Result<Next, ReceiveError> = Ok(Next::Ready);

/// The reading half of a session: what was received, and what was found in it.
///
/// In two tasks it is used by itself: see [`Session::split`](super::Session::split). It writes nothing: what has to be answered is
/// taken by [`Inbound::take_pending`] and carried to the other half.
pub struct Inbound<R, I, X: Extension = ()> {
    pub(super) receiver: Receiver<R>,
    memory: I,
    cursor: Cursor,
    /// The message that is being gathered, and how many bytes of it are; or how many bytes it has at least that was too long for
    /// the memory.
    number: u32,
    gathered: usize,
    held: leaf::Held,
    extension: X::Inbound,
    window: <X::Inbound as InboundExtension>::Window,
}

/// Where in the memory a session is, and what it found there. One struct, so that what each message changes is in one place.
struct Cursor {
    start: usize,
    end: usize,
    /// How long the piece is that was found in the memory: the last bytes before `start`. Once a message was too long for the
    /// memory that it is gathered in, the length of that memory.
    found_len: usize,
    found: Found,
    taken_by: TakenBy,
}

/// What is ready and was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    Nothing,
    /// A whole binary message in the memory, without reserved bits.
    // One byte says all that there is to say of this and the next.
    #[allow(dead_code, reason = "only a large machine finds these by themselves")]
    Binary,
    /// A whole text message in the memory, without reserved bits and validated.
    #[allow(dead_code, reason = "only a large machine finds these by themselves")]
    Text,
    /// A piece in the memory.
    Data(ChunkFlags),
    /// A piece of a message that an extension wrote to its window.
    Extended(ChunkFlags),
    /// Nothing, but an extension has a chunk of which it may make more.
    Extending,
    /// A message in the gather memory.
    Gathered,
    // The receiver has the payload of these.
    Ping,
    Pong,
    Close,
}

/// In which way the first pieces of the message that is open were taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum TakenBy {
    Nobody,
    Events,
    Message,
    /// Its other pieces are dropped.
    Skipped,
}

/// What came of looking for a message.
pub(super) enum Step {
    Ready,
    /// A control frame was received, which may have to be answered.
    Control,
    Wait(Next),
}

impl<R: Role, I: Memory, X: Extension> Inbound<R, I, X> {
    pub(super) const fn new(
        receiver: Receiver<R>,
        memory: I,
        extension: X::Inbound,
        window: <X::Inbound as InboundExtension>::Window,
    ) -> Inbound<R, I, X> {
        Inbound {
            receiver,
            memory,
            cursor: Cursor {
                start: 0,
                end: 0,
                found: Found::Nothing,
                found_len: 0,
                taken_by: TakenBy::Nobody,
            },
            number: 0,
            gathered: 0,
            held: leaf::Held::NONE,
            extension,
            window,
        }
    }

    /// Continues until an event is there, which [`Inbound::event`] lends.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`], the first that counts. Nothing that was received before it is lost.
    pub fn next_event(&mut self) -> Result<Next, ReceiveError> {
        match self.look(usize::MAX) {
            Look::Found => READY,
            Look::LongText(at, len, masker) => self.next_long_text(at, len, masker),
            Look::LongBinary(at, len, masker) => self.next_long_binary(at, len, masker),
            Look::Text => self.next_text(),
            Look::Rest => self.next_event_rest(),
        }
    }

    #[inline(never)]
    fn next_event_rest(&mut self) -> Result<Next, ReceiveError> {
        match self.step_event()? {
            Step::Ready | Step::Control => Ok(Next::Ready),
            Step::Wait(next) => Ok(next),
        }
    }

    #[inline(never)]
    pub(super) fn next_long_text(
        &mut self,
        at: usize,
        len: usize,
        masker: Masker,
    ) -> Result<Next, ReceiveError> {
        if self.receive_long_text(at, len, masker) {
            READY
        } else {
            self.next_text()
        }
    }

    #[inline(never)]
    pub(super) fn next_long_binary(
        &mut self,
        at: usize,
        len: usize,
        masker: Masker,
    ) -> Result<Next, ReceiveError> {
        self.receive_long_binary(at, len, masker);
        READY
    }

    #[inline(never)]
    pub(super) fn next_text(&mut self) -> Result<Next, ReceiveError> {
        self.validate_text()?;
        Ok(Next::Ready)
    }

    /// Looks for an event.
    #[inline(always)]
    pub(super) fn step_event(&mut self) -> Result<Step, ReceiveError> {
        match self.cursor.found {
            Found::Nothing | Found::Extending => {}
            Found::Gathered => {
                self.cursor.found = Found::Nothing;
                return Err(ReceiveError::MessageSkipped);
            }
            Found::Binary | Found::Text | Found::Data(_) | Found::Extended(_) => return Ok(Step::Ready),
            Found::Ping | Found::Pong | Found::Close => return Ok(Step::Control),
        }
        if self.held.is_awaited() {
            return self.wait().map(Step::Wait);
        }
        loop {
            match self.find()? {
                Found::Nothing => return self.wait().map(Step::Wait),
                Found::Data(flags) | Found::Extended(flags) => {
                    if flags.is_first() {
                        return Ok(Step::Ready);
                    }
                    match self.cursor.taken_by {
                        TakenBy::Message => return Err(self.skip(flags)),
                        TakenBy::Skipped => self.drop_piece(flags),
                        TakenBy::Nobody | TakenBy::Events => return Ok(Step::Ready),
                    }
                }
                _ => return Ok(Step::Control),
            }
        }
    }

    /// Lends what [`Inbound::next_event`] found, once.
    #[inline]
    pub fn event(&mut self) -> Option<Event<'_>> {
        // In one arm, so that the compiler keeps it in registers.
        if let Some(flags) = leaf::whole(self.cursor.found) {
            self.take_whole(flags).map(Event::Data)
        } else {
            self.event_rest()
        }
    }

    #[inline(never)]
    fn event_rest(&mut self) -> Option<Event<'_>> {
        match self.cursor.found {
            Found::Nothing | Found::Extending | Found::Gathered => None,
            Found::Binary | Found::Text | Found::Data(_) | Found::Extended(_) => {
                self.take_data().map(Event::Data)
            }
            Found::Ping | Found::Pong | Found::Close => self.control_event(),
        }
    }

    /// Continues until a message is whole, which [`Inbound::message`] lends. Control frames are not reported; [`Next::Write`] says that
    /// one was received which has to be answered, by what [`Inbound::take_pending`] returns.
    ///
    /// A message that arrived in pieces is gathered in the memory of `assembler`, which is the same for all of its pieces. The
    /// longest message is [`Gather::capacity`], also for one that arrives whole.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`], the first that counts. A message that is too long fails the connection with
    /// [`ProtocolError::MessageTooBig`].
    pub fn next_message<B: Gather>(&mut self, assembler: &mut Assembler<B>) -> Result<Next, ReceiveError> {
        match self.look(assembler.capacity()) {
            Look::Found => READY,
            Look::LongText(at, len, masker) => self.next_long_text(at, len, masker),
            Look::LongBinary(at, len, masker) => self.next_long_binary(at, len, masker),
            Look::Text => self.next_text(),
            Look::Rest => self.next_message_rest(assembler),
        }
    }

    #[inline(never)]
    fn next_message_rest<B: Gather>(&mut self, assembler: &mut Assembler<B>) -> Result<Next, ReceiveError> {
        loop {
            match self.step_message::<false, B>(assembler)? {
                Step::Ready => return Ok(Next::Ready),
                // Taken now, or only the latest Ping would be answered.
                Step::Control if self.receiver.has_reply() => return Ok(Next::Write),
                Step::Control => {}
                Step::Wait(next) => return Ok(next),
            }
        }
    }

    /// Lends the message that [`Inbound::next_message`] found, once. `assembler` is the one of that call.
    #[inline]
    pub fn message<'m, B: Gather>(&'m mut self, assembler: &'m mut Assembler<B>) -> Option<Message<'m>> {
        // In an arm each, so that `Message::as_str` needs no second look at what it is.
        match leaf::whole(self.cursor.found) {
            Some(ChunkFlags::WHOLE_TEXT) => self.take_whole(ChunkFlags::WHOLE_TEXT).map(Message::from_data),
            Some(_) => self.take_whole(ChunkFlags::WHOLE_BINARY).map(Message::from_data),
            None => {
                let mut flags = ChunkFlags::WHOLE_BINARY;
                let payload = self.message_rest(assembler, &mut flags)?;
                Some(Message::from_parts(payload, flags))
            }
        }
    }

    // It returns a message in two parts: if it wrote a `Message`, so would the arms above, and would wait when the single byte that was
    // written last is copied as part of a word.
    #[inline(never)]
    fn message_rest<'m, B: Gather>(
        &'m mut self,
        assembler: &'m mut Assembler<B>,
        flags: &mut ChunkFlags,
    ) -> Option<&'m mut [u8]> {
        let message = match self.cursor.found {
            Found::Binary | Found::Text => self.take_data().map(Message::from_data),
            Found::Data(flags) | Found::Extended(flags) if flags.is_first() && flags.is_last() => {
                self.take_data().map(Message::from_data)
            }
            Found::Gathered if assembler.is_gathering(self.number, self.gathered) => {
                self.cursor.found = Found::Nothing;
                assembler.message()
            }
            _ => None,
        };
        let (payload, of_message) = message?.into_parts();
        *flags = of_message;
        Some(payload)
    }

    /// Returns what to read into: never empty after [`Next::Read`].
    #[inline]
    pub fn space(&mut self) -> &mut [u8] {
        if self.cursor.start == self.cursor.end && !self.holds_bytes() {
            (self.cursor.start, self.cursor.end) = (0, 0);
        }
        self.memory
            .bytes_mut()
            .get_mut(self.cursor.end..)
            .unwrap_or(&mut [])
    }

    /// Reports that this many bytes were read into [`Inbound::space`]; 0 is the end of the stream.
    pub fn read(&mut self, len: usize) {
        if len == 0 {
            self.receiver.receive_eof();
        }
        self.cursor.end = self.cursor.end.saturating_add(len).min(self.memory.bytes().len());
        self.held.set_awaited(false);
    }

    /// Returns what the other half has to send, once.
    #[must_use]
    pub fn take_pending(&mut self) -> Pending {
        let mut pending = Pending::NONE;
        if let Some(pong) = self.receiver.next_pong() {
            pending.pong = Some(*pong);
        }
        if self.may_close()
            && let Some(close) = self.receiver.take_close()
        {
            pending.close = Some(close);
            pending.error = self.receiver.error();
        }
        pending
    }

    /// Returns `true` if [`Inbound::take_pending`] may have something to send.
    #[must_use]
    #[inline]
    pub fn has_pending(&self) -> bool {
        self.receiver.has_reply()
    }

    /// Returns `true` if [`Inbound::message`] will lend a message from the memory of the assembler, where it was gathered.
    #[must_use]
    #[inline]
    pub fn is_gathered(&self) -> bool {
        self.cursor.found == Found::Gathered
    }

    /// Fails the connection on behalf of the caller; the Close that says so is pending (RFC 6455 section 7.1.7).
    ///
    /// It does nothing if the connection has failed, or the peer's Close arrived, before.
    pub fn fail(&mut self, code: CloseCode) {
        self.receiver.fail(code);
    }

    /// Returns what the peer's Close said, once it was received (RFC 6455 sections 7.1.5 and 7.1.6).
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.receiver.close_reason()
    }

    /// Returns why the connection has failed, with the numbers that belong to it; `None` if it has not failed.
    #[must_use]
    pub fn violation(&self) -> Option<Violation> {
        let violation = self.receiver.violation()?;
        if violation != ProtocolError::MessageTooBig || violation.value().is_some() || self.gathered == 0 {
            return Some(violation);
        }
        let limit = self.cursor.found_len as u64;
        Some(Violation::above(violation.error(), self.gathered as u64, limit))
    }

    /// Returns the receiving half of the extension, for what it has noted.
    #[must_use]
    pub const fn extension(&self) -> &X::Inbound {
        &self.extension
    }

    /// Returns `true` if data may still arrive.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.receiver.state(), ReceiverState::Open(_))
    }

    /// Returns how far the closing of the connection is, if the other half has sent our Close or not.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Session, State};
    /// let (inbound, _) = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]).split();
    /// assert_eq!((inbound.state(false), inbound.state(true)), (State::Open, State::CloseSent));
    /// ```
    #[must_use]
    pub const fn state(&self, is_close_sent: bool) -> State {
        State::of(self.receiver.state(), is_close_sent)
    }

    /// Returns `true` if a call would find something without a read.
    #[must_use]
    #[inline]
    pub fn has_more(&self) -> bool {
        // Once nothing more is received, nothing is found in what is unread.
        self.cursor.found != Found::Nothing
            || self.cursor.start < self.cursor.end && self.is_open() && !self.held.is_awaited()
            || self.window.is_at_work()
    }

    /// Returns `true` if nothing is unread or found, and nothing is to be answered.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.cursor.start == self.cursor.end
            && self.cursor.found == Found::Nothing
            && !self.window.is_at_work()
            && self.is_open()
            && !self.has_pending()
    }

    /// Returns `true` if something may be found although nothing is written.
    #[inline]
    pub(super) fn can_continue(&self) -> bool {
        self.is_open() || self.has_more()
    }

    /// Looks for a message, and stops at a control frame so that it can be answered. It then is the event that was found, if `REPORT`
    /// says so; else it is dropped.
    #[inline(always)]
    pub(super) fn step_message<const REPORT: bool, B: Gather>(
        &mut self,
        assembler: &mut Assembler<B>,
    ) -> Result<Step, ReceiveError> {
        loop {
            // The one call, since it becomes part of this function.
            if matches!(self.cursor.found, Found::Nothing | Found::Extending) {
                if self.awaits_rest(assembler.capacity()) {
                    return self.wait().map(Step::Wait);
                }
                self.find()?;
            }
            match self.cursor.found {
                Found::Nothing | Found::Extending => return self.wait().map(Step::Wait),
                Found::Binary | Found::Text => {
                    let len = self.cursor.found_len;
                    if len > assembler.capacity() {
                        return Err(self.refuse_message(len, assembler.capacity()));
                    }
                    return Ok(Step::Ready);
                }
                Found::Data(flags) | Found::Extended(flags) if flags.is_first() && flags.is_last() => {
                    let len = self.data_len();
                    if len > assembler.capacity() {
                        return Err(self.refuse_message(len, assembler.capacity()));
                    }
                    return Ok(Step::Ready);
                }
                Found::Data(flags) | Found::Extended(flags) => {
                    if self.gather(flags, assembler)? {
                        return Ok(Step::Ready);
                    }
                    // Nothing is left to look at.
                    if self.cursor.start == self.cursor.end && !self.window.is_at_work() {
                        return self.wait().map(Step::Wait);
                    }
                }
                Found::Gathered => {
                    if assembler.is_gathering(self.number, self.gathered) {
                        return Ok(Step::Ready);
                    }
                    self.cursor.found = Found::Nothing;
                    return Err(ReceiveError::MessageSkipped);
                }
                Found::Ping | Found::Pong | Found::Close => {
                    if !REPORT {
                        self.cursor.found = Found::Nothing;
                    }
                    return Ok(Step::Control);
                }
            }
        }
    }

    /// Receives until anything is found in the memory.
    #[inline(always)]
    fn find(&mut self) -> Result<Found, ProtocolError> {
        loop {
            if !<X::Inbound as InboundExtension>::Window::NONE {
                self.cursor.found = Found::Nothing;
                if let Some(found) = self.extend()? {
                    self.cursor.found = found;
                    return Ok(found);
                }
            }
            let mut rest = self
                .memory
                .bytes_mut()
                .get_mut(self.cursor.start..self.cursor.end)
                .unwrap_or(&mut []);
            let event = self.receiver.receive(&mut rest);
            let left = rest.len();
            let (found, len) = match event? {
                Some(Event::Data(data)) => (Found::Data(data.flags()), data.payload().len()),
                Some(Event::Ping(_)) => (Found::Ping, 0),
                Some(Event::Pong(_)) => (Found::Pong, 0),
                Some(Event::Close(_)) => (Found::Close, 0),
                None => (Found::Nothing, 0),
            };
            #[cfg(feature = "alloc")]
            self.extension.note_fragments(self.receiver.fragments());
            match found {
                Found::Ping => self.extension.note_control(Opcode::Ping),
                Found::Pong => self.extension.note_control(Opcode::Pong),
                Found::Close => self.extension.note_control(Opcode::Close),
                Found::Data(flags) if flags.is_last() => self.extension.note_message(),
                _ => {}
            }
            self.cursor.start = self.cursor.end.wrapping_sub(left);
            self.cursor.found_len = len;
            if let Found::Data(flags) = found
                && !<X::Inbound as InboundExtension>::Window::NONE
                && self.begin_extending(len, flags)
            {
                continue;
            }
            self.cursor.found = found;
            return Ok(found);
        }
    }

    /// Returns what to do if nothing is found.
    fn wait(&self) -> Result<Next, ReceiveError> {
        match self.receiver.state() {
            ReceiverState::Closed(_) => Ok(Next::Closed),
            ReceiverState::Ended => Err(ReceiveError::AbnormalClosure),
            ReceiverState::Failed(error, _) => Err(ReceiveError::Protocol(*error)),
            ReceiverState::Open(_) if self.memory.bytes().is_empty() => Ok(Next::Memory),
            ReceiverState::Open(_) => Ok(Next::Read),
        }
    }

    /// Adds a piece that was found to the message that is gathered. Returns `true` if the message is whole.
    #[inline(never)]
    fn gather<B: Gather>(
        &mut self,
        flags: ChunkFlags,
        assembler: &mut Assembler<B>,
    ) -> Result<bool, ReceiveError> {
        if let Some(is_whole) = self.hold(flags, assembler)? {
            return Ok(is_whole);
        }
        if flags.is_first() {
            self.number = self.number.wrapping_add(1).max(1);
            self.gathered = 0;
        } else {
            match self.cursor.taken_by {
                TakenBy::Skipped => {
                    self.drop_piece(flags);
                    return Ok(false);
                }
                TakenBy::Message if assembler.is_gathering(self.number, self.gathered) => {}
                _ => return Err(self.skip(flags)),
            }
        }
        let number = self.number;
        let len = self.data_len();
        let gathered = self.gathered.saturating_add(len);
        if gathered > assembler.capacity() {
            return Err(self.refuse_message(gathered, assembler.capacity()));
        }
        let Some(data) = self.take_data() else {
            return Ok(false);
        };
        let pushed = assembler
            .push_part(number, data)
            .map(|assembled| matches!(assembled, Assembled::Gathered));
        match pushed {
            Ok(is_whole) => {
                self.gathered = gathered;
                if is_whole {
                    self.cursor.found = Found::Gathered;
                } else {
                    self.cursor.taken_by = TakenBy::Message;
                }
                Ok(is_whole)
            }
            Err(AssembleError::TooBig(_)) => Err(self.refuse_message(gathered, assembler.capacity())),
            Err(_) => Err(self.skip(flags)),
        }
    }

    /// Returns how many bytes the piece has that was found.
    #[inline]
    fn data_len(&mut self) -> usize {
        match self.cursor.found {
            Found::Binary | Found::Text | Found::Data(_) => self.cursor.found_len,
            Found::Extended(_) => self
                .window
                .parts()
                .map_or(0, |(_, progress)| progress.end.saturating_sub(progress.start)),
            _ => 0,
        }
    }

    /// Returns the whole message that was found in the memory, which has these flags. No piece of a message was taken
    /// before, and none is afterwards.
    #[inline(always)]
    fn take_whole(&mut self, flags: ChunkFlags) -> Option<Data<'_>> {
        self.cursor.found = Found::Nothing;
        Some(Data::new(self.found_bytes()?, flags))
    }

    /// Returns the piece that was found in the memory.
    #[inline(always)]
    fn found_bytes(&mut self) -> Option<&mut [u8]> {
        // If it could wrap, the range would end before it begins, and there would be nothing.
        let range = self.cursor.start.wrapping_sub(self.cursor.found_len)..self.cursor.start;
        self.memory.bytes_mut().get_mut(range)
    }

    /// Returns the piece that was found.
    fn take_data(&mut self) -> Option<Data<'_>> {
        let found = self.cursor.found;
        self.cursor.found = self.found_next();
        let flags = match found {
            Found::Binary => ChunkFlags::WHOLE_BINARY,
            Found::Text => ChunkFlags::WHOLE_TEXT,
            Found::Data(flags) | Found::Extended(flags) => flags,
            _ => return None,
        };
        self.cursor.taken_by = if flags.is_last() {
            TakenBy::Nobody
        } else {
            TakenBy::Events
        };
        let payload = if let Found::Extended(_) = found {
            let (memory, progress) = self.window.parts()?;
            memory.get_mut(progress.start..progress.end)
        } else {
            self.found_bytes()
        };
        Some(Data::new(payload?, flags))
    }

    /// Returns what is found once a piece was taken.
    #[inline]
    fn found_next(&mut self) -> Found {
        if !<X::Inbound as InboundExtension>::Window::NONE
            && let Some((_, progress)) = self.window.parts()
            && progress.input.is_some()
        {
            Found::Extending
        } else {
            Found::Nothing
        }
    }

    #[inline(never)]
    fn control_event(&mut self) -> Option<Event<'_>> {
        match core::mem::replace(&mut self.cursor.found, Found::Nothing) {
            Found::Ping => Some(Event::Ping(*self.receiver.ping_payload())),
            Found::Pong => Some(Event::Pong(*self.receiver.control_payload())),
            Found::Close => Some(Event::Close(CloseReason::from_payload(
                *self.receiver.control_payload(),
            ))),
            _ => None,
        }
    }

    /// Returns `true` if what was found or not yet looked at is in the memory.
    #[inline]
    fn holds_bytes(&mut self) -> bool {
        self.lends_bytes() || self.held.len() > 0 && self.is_open()
    }

    /// Returns `true` if what was found is in the memory.
    #[inline]
    fn lends_bytes(&mut self) -> bool {
        matches!(self.cursor.found, Found::Binary | Found::Text | Found::Data(_))
            || !<X::Inbound as InboundExtension>::Window::NONE
                && self
                    .window
                    .parts()
                    .is_some_and(|(_, progress)| progress.input.is_some_and(|len| len > 0))
    }

    /// Returns `true` if a Close may be queued: the control frame that was found is taken first, since the Close needs its place.
    #[inline]
    pub(super) const fn may_close(&self) -> bool {
        !matches!(self.cursor.found, Found::Ping | Found::Pong)
    }
}

#[cfg(feature = "defmt")]
impl<R, I: Memory, X: Extension> Inbound<R, I, X> {
    pub(crate) const fn receiver(&self) -> &Receiver<R> {
        &self.receiver
    }

    pub(crate) const fn unread_len(&self) -> usize {
        self.cursor.end.saturating_sub(self.cursor.start)
    }
}

/// It shows what was received and not what it says.
impl<R: fmt::Debug, I: Memory, X: Extension> fmt::Debug for Inbound<R, I, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("receiver", &self.receiver)
            .field("unread", &self.cursor.end.saturating_sub(self.cursor.start))
            .field("found", &self.cursor.found)
            .finish_non_exhaustive()
    }
}
