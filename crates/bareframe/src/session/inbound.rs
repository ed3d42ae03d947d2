//! Inbound: the reading half of a session.
//!
//! ```text
//! memory: [ looked at | found, lent by the next call | not looked at | free ]
//!                                                    start           end
//! ```

use super::error::ReceiveError;
use super::next::Next;
use super::pending::Pending;
use crate::assemble::{AssembleError, Assembled, Assembler, Gather, Message};
use crate::close::CloseCode;
use crate::close_reason::CloseReason;
use crate::error::ProtocolError;
use crate::extension::{Extended, Extension, InboundExtension, Progress, SealedWindow};
use crate::memory::Memory;
use crate::message::ChunkFlags;
use crate::opcode::MessageKind;
use crate::receiver::{Data, Event, Receiver, ReceiverState};
use crate::role::Role;
use crate::utf8::Utf8Validator;
use core::fmt;
use core::ops::Range;

/// The reading half of a session: what was received, and what was found in it.
///
/// In two tasks it is used by itself: see [`Session::split`](super::Session::split). It never says [`Next::Write`]; what has to be
/// answered is taken by [`Inbound::take_pending`] and carried to the other half.
pub struct Inbound<R, I, X: Extension = ()> {
    pub(super) receiver: Receiver<R>,
    memory: I,
    start: usize,
    end: usize,
    found: Found,
    taken_by: TakenBy,
    /// The message that is being gathered, and how many bytes of it are.
    number: u32,
    gathered: usize,
    extension: X::Inbound,
    window: <X::Inbound as InboundExtension>::Window,
}

/// What is ready and was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    Nothing,
    /// A piece of a message, the last bytes before `start`.
    Data(usize, ChunkFlags),
    /// A piece of a message that an extension wrote to its window.
    Extended(ChunkFlags),
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
            start: 0,
            end: 0,
            found: Found::Nothing,
            taken_by: TakenBy::Nobody,
            number: 0,
            gathered: 0,
            extension,
            window,
        }
    }

    /// Goes on until an event is there, which [`Inbound::event`] lends.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`], the first that counts. Nothing that was received before it is lost.
    pub fn next_event(&mut self) -> Result<Next, ReceiveError> {
        match self.step_event()? {
            Step::Ready | Step::Control => Ok(Next::Ready),
            Step::Wait(next) => Ok(next),
        }
    }

    /// Looks for an event.
    #[inline(always)]
    pub(super) fn step_event(&mut self) -> Result<Step, ReceiveError> {
        match self.found {
            Found::Nothing => {}
            Found::Gathered => {
                self.found = Found::Nothing;
                return Err(ReceiveError::MessageSkipped);
            }
            Found::Data(..) | Found::Extended(_) => return Ok(Step::Ready),
            Found::Ping | Found::Pong | Found::Close => return Ok(Step::Control),
        }
        loop {
            match self.find()? {
                Found::Nothing => return self.wait().map(Step::Wait),
                Found::Data(_, flags) | Found::Extended(flags) => {
                    if flags.is_first() {
                        return Ok(Step::Ready);
                    }
                    match self.taken_by {
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
        match self.found {
            Found::Nothing | Found::Gathered => None,
            Found::Data(..) | Found::Extended(_) => self.take_data().map(Event::Data),
            _ => self.control_event(),
        }
    }

    /// Goes on until a message is whole, which [`Inbound::message`] lends. Control frames are not reported.
    ///
    /// A message that arrived in pieces is gathered in the memory of `assembler`, which is the same for all of its pieces. The
    /// longest message is [`Gather::capacity`], also for one that arrives whole.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`], the first that counts. A message that is too long fails the connection with
    /// [`ProtocolError::MessageTooBig`].
    pub fn next_message<B: Gather>(&mut self, assembler: &mut Assembler<B>) -> Result<Next, ReceiveError> {
        loop {
            match self.step_message(assembler)? {
                Step::Ready => return Ok(Next::Ready),
                Step::Control => {}
                Step::Wait(next) => return Ok(next),
            }
        }
    }

    /// Lends the message that [`Inbound::next_message`] found, once. `assembler` is the one of that call.
    #[inline]
    pub fn message<'m, B: Gather>(&'m mut self, assembler: &'m mut Assembler<B>) -> Option<Message<'m>> {
        match self.found {
            Found::Data(_, flags) | Found::Extended(flags) if flags.is_first() && flags.is_last() => {
                self.take_data().map(Message::from_data)
            }
            Found::Gathered if assembler.is_gathering(self.number, self.gathered) => {
                self.found = Found::Nothing;
                assembler.message()
            }
            _ => None,
        }
    }

    /// Returns what to read into: never empty after [`Next::Read`].
    #[inline]
    pub fn space(&mut self) -> &mut [u8] {
        if self.start == self.end && !self.holds_bytes() {
            (self.start, self.end) = (0, 0);
        }
        self.memory.bytes_mut().get_mut(self.end..).unwrap_or(&mut [])
    }

    /// Reports that so many bytes were read into [`Inbound::space`]; 0 is the end of the stream.
    pub fn read(&mut self, len: usize) {
        if len == 0 {
            self.receiver.receive_eof();
        }
        self.end = self.end.saturating_add(len).min(self.memory.bytes().len());
    }

    /// Returns what was read and not looked at.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        self.memory.bytes().get(self.start..self.end).unwrap_or(&[])
    }

    /// Says that this range of the memory was read before, behind the head of the opening handshake. Returns `false` and changes
    /// nothing if the memory is shorter, or something was read already.
    pub fn begin_with(&mut self, range: Range<usize>) -> bool {
        let is_within = range.start <= range.end && range.end <= self.memory.bytes().len();
        let is_new = self.end == 0 && self.found == Found::Nothing;
        if is_within && is_new {
            (self.start, self.end) = (range.start, range.end);
        }
        is_within && is_new
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
        }
        pending
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

    /// Returns `true` if data may still arrive.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.receiver.state(), ReceiverState::Open(_))
    }

    /// Returns `true` if a call would find something without a read.
    #[must_use]
    #[inline]
    pub fn has_more(&self) -> bool {
        // Once nothing more is received, nothing is found in what is unread.
        self.found != Found::Nothing || self.start < self.end && self.is_open() || self.window.is_at_work()
    }

    /// Looks for a message, and stops at a control frame so that it can be answered.
    #[inline(always)]
    pub(super) fn step_message<B: Gather>(
        &mut self,
        assembler: &mut Assembler<B>,
    ) -> Result<Step, ReceiveError> {
        if self.found == Found::Nothing {
            self.find()?;
        }
        loop {
            match self.found {
                Found::Nothing => return self.wait().map(Step::Wait),
                Found::Data(_, flags) | Found::Extended(flags) if flags.is_first() && flags.is_last() => {
                    if self.data_len() > assembler.capacity() {
                        return Err(self.refuse_message());
                    }
                    return Ok(Step::Ready);
                }
                Found::Data(_, flags) | Found::Extended(flags) => {
                    if self.gather(flags, assembler)? {
                        return Ok(Step::Ready);
                    }
                }
                Found::Gathered => {
                    if assembler.is_gathering(self.number, self.gathered) {
                        return Ok(Step::Ready);
                    }
                    self.found = Found::Nothing;
                    return Err(ReceiveError::MessageSkipped);
                }
                Found::Ping | Found::Pong | Found::Close => {
                    self.found = Found::Nothing;
                    return Ok(Step::Control);
                }
            }
            self.find()?;
        }
    }

    /// Receives until anything is found in the memory.
    #[inline(always)]
    fn find(&mut self) -> Result<Found, ProtocolError> {
        loop {
            if !<X::Inbound as InboundExtension>::Window::NONE
                && let Some(found) = self.extend()?
            {
                self.found = found;
                return Ok(found);
            }
            let mut rest = self
                .memory
                .bytes_mut()
                .get_mut(self.start..self.end)
                .unwrap_or(&mut []);
            let event = self.receiver.receive(&mut rest);
            let left = rest.len();
            let found = match event? {
                Some(Event::Data(data)) => Found::Data(data.payload().len(), data.flags()),
                Some(Event::Ping(_)) => Found::Ping,
                Some(Event::Pong(_)) => Found::Pong,
                Some(Event::Close(_)) => Found::Close,
                None => Found::Nothing,
            };
            self.start = self.end.wrapping_sub(left);
            if let Found::Data(len, flags) = found
                && !<X::Inbound as InboundExtension>::Window::NONE
                && self.begin_extending(len, flags)
            {
                continue;
            }
            self.found = found;
            return Ok(found);
        }
    }

    /// Returns what to do if nothing is found.
    fn wait(&self) -> Result<Next, ReceiveError> {
        match self.receiver.state() {
            ReceiverState::Closed(_) => Ok(Next::Closed),
            ReceiverState::Ended => Err(ReceiveError::AbnormalClosure),
            ReceiverState::Failed(error) => Err(ReceiveError::Protocol(*error)),
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
        if flags.is_first() {
            self.number = self.number.wrapping_add(1).max(1);
            self.gathered = 0;
        } else {
            match self.taken_by {
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
        let Some(data) = self.take_data() else {
            return Ok(false);
        };
        let pushed = assembler
            .push_part(number, data)
            .map(|assembled| matches!(assembled, Assembled::Gathered));
        match pushed {
            Ok(is_whole) => {
                self.gathered = self.gathered.saturating_add(len);
                if is_whole {
                    self.found = Found::Gathered;
                } else {
                    self.taken_by = TakenBy::Message;
                }
                Ok(is_whole)
            }
            Err(AssembleError::TooBig) => Err(self.refuse_message()),
            Err(_) => Err(self.skip(flags)),
        }
    }

    /// Returns how many bytes the piece has that was found.
    #[inline]
    fn data_len(&mut self) -> usize {
        match self.found {
            Found::Data(len, _) => len,
            Found::Extended(_) => self
                .window
                .parts()
                .map_or(0, |(_, progress)| progress.end.saturating_sub(progress.start)),
            _ => 0,
        }
    }

    /// Takes the piece that was found.
    #[inline]
    fn take_data(&mut self) -> Option<Data<'_>> {
        let found = core::mem::replace(&mut self.found, Found::Nothing);
        let (payload, flags) = match found {
            Found::Data(len, flags) => {
                let range = self.start.saturating_sub(len)..self.start;
                (self.memory.bytes_mut().get_mut(range), flags)
            }
            Found::Extended(flags) => {
                let (memory, progress) = self.window.parts()?;
                (memory.get_mut(progress.start..progress.end), flags)
            }
            _ => return None,
        };
        self.taken_by = if flags.is_last() {
            TakenBy::Nobody
        } else {
            TakenBy::Events
        };
        Some(Data::new(payload?, flags))
    }

    #[inline(never)]
    fn control_event(&mut self) -> Option<Event<'_>> {
        match core::mem::replace(&mut self.found, Found::Nothing) {
            Found::Ping => Some(Event::Ping(*self.receiver.ping_payload())),
            Found::Pong => Some(Event::Pong(*self.receiver.control_payload())),
            Found::Close => Some(Event::Close(CloseReason::from_payload(
                *self.receiver.control_payload(),
            ))),
            _ => None,
        }
    }

    /// Skips the message of which a piece was found.
    #[cold]
    fn skip(&mut self, flags: ChunkFlags) -> ReceiveError {
        self.drop_piece(flags);
        ReceiveError::MessageSkipped
    }

    fn drop_piece(&mut self, flags: ChunkFlags) {
        self.found = Found::Nothing;
        self.taken_by = if flags.is_last() {
            TakenBy::Nobody
        } else {
            TakenBy::Skipped
        };
    }

    #[cold]
    fn refuse_message(&mut self) -> ReceiveError {
        self.found = Found::Nothing;
        // Nothing is made of what is left of the message.
        if let Some((_, progress)) = self.window.parts() {
            progress.input = None;
        }
        ReceiveError::Protocol(self.refuse(ProtocolError::MessageTooBig))
    }

    /// Fails the connection because of what was found, unless it has failed since. Returns the error that stays.
    #[cold]
    fn refuse(&mut self, error: ProtocolError) -> ProtocolError {
        match self.receiver.state() {
            ReceiverState::Failed(before) => *before,
            _ => self.receiver.refuse(error),
        }
    }

    /// Returns `true` if what was found or not yet looked at is in the memory.
    #[inline]
    fn holds_bytes(&mut self) -> bool {
        matches!(self.found, Found::Data(..))
            || !<X::Inbound as InboundExtension>::Window::NONE
                && self
                    .window
                    .parts()
                    .is_some_and(|(_, progress)| progress.input.is_some_and(|len| len > 0))
    }

    /// Returns `true` if a Close may be queued: the control frame that was found is taken first, since the Close needs its place.
    #[inline]
    pub(super) const fn may_close(&self) -> bool {
        !matches!(self.found, Found::Ping | Found::Pong)
    }
}

/// What is done only if there is an extension.
impl<R: Role, I: Memory, X: Extension> Inbound<R, I, X> {
    /// Hands a chunk to the extension. Returns `false` if the message does not use it.
    fn begin_extending(&mut self, len: usize, flags: ChunkFlags) -> bool {
        if flags.rsv().is_empty() || !self.extension.rsv().intersects(flags.rsv()) {
            return false;
        }
        let Some((_, progress)) = self.window.parts() else {
            return false;
        };
        progress.input = Some(len);
        progress.is_last = flags.is_last();
        progress.kind = Some(flags.kind());
        if flags.is_first() {
            progress.is_continued = false;
        }
        true
    }

    /// Lets the extension work on the chunk that it was handed; returns `None` if there is none, or nothing came of it.
    #[inline(never)]
    fn extend(&mut self) -> Result<Option<Found>, ProtocolError> {
        loop {
            let Some((window, progress)) = self.window.parts() else {
                return Ok(None);
            };
            let Some(left) = progress.input else {
                return Ok(None);
            };
            let range = self.start.saturating_sub(left)..self.start;
            let input = self.memory.bytes().get(range).unwrap_or(&[]);
            let made = self.extension.receive(window, input, progress.is_last);
            let made = made
                .map_err(ProtocolError::Failed)
                .and_then(|made| progress.advance(window, left, &made));
            match made {
                Ok(Made::Nothing) => {}
                Ok(Made::NoMore) => return Ok(None),
                Ok(Made::Payload(flags)) => return Ok(Some(Found::Extended(flags))),
                Err(error) => {
                    progress.input = None;
                    return Err(self.refuse(error));
                }
            }
        }
    }
}

/// It shows what was received and not what it says.
impl<R: fmt::Debug, I: Memory, X: Extension> fmt::Debug for Inbound<R, I, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("receiver", &self.receiver)
            .field("unread", &self.end.saturating_sub(self.start))
            .field("found", &self.found)
            .finish_non_exhaustive()
    }
}

/// What an extension made of a chunk.
enum Made {
    Nothing,
    /// The chunk is used up.
    NoMore,
    Payload(ChunkFlags),
}

impl Progress {
    /// Checks what the extension says that it made, and the text in it.
    fn advance(&mut self, window: &[u8], left: usize, made: &Extended) -> Result<Made, ProtocolError> {
        const BROKEN: ProtocolError = ProtocolError::Failed(CloseCode::INTERNAL_ERROR);
        let left = left.checked_sub(made.taken).ok_or(BROKEN)?;
        let payload = window.get(made.start..made.end).ok_or(BROKEN)?;
        let is_last = self.is_last && made.is_done;
        if payload.is_empty() && !is_last {
            self.input = Some(left);
            if left > 0 && made.taken > 0 {
                return Ok(Made::Nothing);
            }
            if left > 0 || self.is_last {
                // It makes no progress, so that it would be asked for ever.
                return Err(BROKEN);
            }
            self.input = None;
            return Ok(Made::NoMore);
        }
        if !self.is_continued {
            self.text = Utf8Validator::new();
        }
        let mut flags = ChunkFlags::of_extended(self.kind.unwrap_or(MessageKind::Binary));
        if flags.is_plain_text() {
            let begins_whole = self.text.is_between_characters();
            self.text.push(payload).map_err(|_| ProtocolError::InvalidUtf8)?;
            let ends_whole = self.text.is_between_characters();
            if is_last && !ends_whole {
                return Err(ProtocolError::InvalidUtf8);
            }
            flags = flags.with_whole_characters(begins_whole && ends_whole);
        }
        if self.is_continued {
            flags = flags.without_first();
        }
        if is_last {
            flags = flags.with_last();
        }
        self.is_continued = !is_last;
        self.input = if is_last { None } else { Some(left) };
        (self.start, self.end) = (made.start, made.end);
        Ok(Made::Payload(flags))
    }
}

impl<R: Role, M: Memory, X: Extension> Inbound<R, Option<M>, X> {
    /// Gives the session memory to read into.
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

    /// Takes the memory back, also while a read is pending; `None` if something in it was not taken, or there is none.
    pub fn take_memory(&mut self) -> Option<M> {
        if self.start < self.end || self.holds_bytes() {
            return None;
        }
        (self.start, self.end) = (0, 0);
        self.memory.take()
    }
}
