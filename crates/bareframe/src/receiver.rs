//! The receiving half: bytes in, events out (RFC 6455 sections 5, 6.2 and 7).

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
mod event;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;
mod reply;

pub use event::{Data, EndOfStream, Event};
pub use reply::Reply;
pub(crate) use reply::ReplyFrame;

use crate::close::CloseCode;
use crate::close_reason::CloseReason;
use crate::control::ControlPayload;
use crate::error::ProtocolError;
use crate::frame::{FrameState, PayloadChunk, take};
use crate::header::{FrameHeader, MaskBit, SimpleHeader};
use crate::limits::{Config, Limits};
use crate::mask::Masker;
use crate::message::{ChunkFlags, Message};
use crate::opcode::{Opcode, Rsv};
use crate::role::Role;
use crate::utf8::InvalidUtf8;
use crate::violation::Violation;
use core::marker::PhantomData;
use reply::ReplyFlags;

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
use compact as leaf;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
use fast as leaf;

/// The receiving half of a connection. It has no part of the key source, so that it can be moved to another thread.
///
/// Created by [`Connection::split`](crate::Connection::split). It returns what has to be answered as a [`Reply`], which
/// the caller passes to the [`Sender`](crate::Sender).
///
/// ```
/// use bareframe::{Config, Connection, Event};
/// let (mut receiver, mut sender) = Connection::server(Config::DEFAULT).split();
/// let mut bytes = *b"\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let Ok(Some(Event::Ping(payload))) = receiver.receive(&mut &mut bytes[..]) else { panic!() };
/// assert_eq!(&payload[..], b"Hello");
/// let reply = receiver.poll_reply().unwrap();
/// assert_eq!(&sender.reply(reply).unwrap()[..], b"\x8a\x05Hello");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Receiver<R> {
    state: ReceiverState,
    message: Message,
    // Next to the fast path's limit, these take eight bytes less than a `Limits` would.
    frame_limit: u64,
    message_limit: u64,
    fragment_limit: u32,
    fast_path: FastPath,
    /// The bits of a first byte that decide what a frame is: all but the reserved bits that an extension uses.
    // The extension's bits are not stored instead, because the fast path would invert them for each frame.
    decisive_bits: u8,
    auto_pong: bool,
    /// The payload of the control frame that is arriving in pieces, or of the last that is not in `pong`.
    control: ControlPayload,
    /// The payload of the latest Ping, which its Pong repeats.
    pong: ControlPayload,
    pending: ReplyFlags,
    role: PhantomData<fn() -> R>,
}

/// Adds to a Close why it is sent, if anything does.
pub(crate) type AddReason = Option<fn(ProtocolError, &mut ControlPayload)>;

/// The limit for the one comparison that decides whether a frame takes the fast path.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct FastPath {
    /// The length in bytes that the payload must be below. On a 64-bit machine it is 0 unless the next byte may begin a
    /// message.
    limit: u32,
}

/// What [`leaf::step`] found at the front of the input.
enum Step {
    /// A chunk of a message.
    Chunk(leaf::Chunk),
    /// This many bytes of headers and control frames, which are to be removed.
    Taken(usize, Completed),
}

/// What is complete with the last byte of a header or of a control frame.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Completed {
    /// No event, because more bytes are needed or none are received any more.
    Nothing,
    /// A message, whose last frame has no payload.
    Message,
    Ping,
    Pong,
    Close,
    /// No event, because of an error, which the state has.
    Failed,
}

/// Whether more is received, and the part of a frame that comes next.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum ReceiverState {
    Open(FrameState),
    /// The peer or a layer above failed the connection; with the number that belongs to the error, or 0: the length that the
    /// header at fault declares, or how many bytes a text has up to and with the one that is wrong.
    Failed(ProtocolError, Number),
    /// The peer's Close arrived, with this code.
    Closed(Option<CloseCode>),
    /// The stream ended without a Close.
    Ended,
}

/// A number in halves, whose alignment lets it fit beside the tag of the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Number {
    high: u32,
    low: u32,
}

impl Number {
    const fn new(number: u64) -> Number {
        Number {
            high: (number >> 32) as u32,
            low: (number & 0xFFFF_FFFF) as u32,
        }
    }

    const fn value(self) -> u64 {
        (self.high as u64) << 32 | self.low as u64
    }
}

impl<R: Role> Receiver<R> {
    const MASK_BIT: MaskBit = if R::RECEIVES_MASKED {
        MaskBit::Set
    } else {
        MaskBit::Clear
    };

    #[inline(always)]
    pub(crate) const fn new(config: Config) -> Receiver<R> {
        Receiver {
            state: ReceiverState::Open(FrameState::BetweenFrames),
            message: Message::none(&config.limits()),
            frame_limit: config.limits().frame(),
            message_limit: config.limits().message(),
            fragment_limit: config.limits().fragments(),
            fast_path: FastPath::new(&config.limits()),
            decisive_bits: !config.rsv().bits(),
            auto_pong: config.auto_pong(),
            control: ControlPayload::EMPTY,
            pong: ControlPayload::EMPTY,
            pending: ReplyFlags::NONE,
            role: PhantomData,
        }
    }

    /// Reads bytes from the front of `input` and returns the next event, which may borrow from them; `None` when it has
    /// taken all of them (RFC 6455 section 6.2).
    ///
    /// Payload is unmasked in place. After the peer's Close, and after the end of the stream, every byte
    /// is taken and nothing is delivered.
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`] at the byte that proves it, where `input` then begins. Every later call takes
    /// nothing and returns the same error.
    #[inline(always)]
    pub fn receive<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, ProtocolError> {
        leaf::receive(self, input)
    }

    /// Informs the engine that the stream has ended, and returns how.
    ///
    /// As far as this half knows, the end is clean if the peer's Close arrived and its answer was returned as a
    /// [`Reply`].
    pub fn receive_eof(&mut self) -> EndOfStream {
        match self.state {
            ReceiverState::Closed(_) if !self.pending.contains(ReplyFlags::CLOSE) => {
                return EndOfStream::Clean;
            }
            ReceiverState::Open(_) => {
                self.stop(ReceiverState::Ended);
                self.pending.remove(ReplyFlags::PONG);
            }
            _ => {}
        }
        EndOfStream::Abnormal
    }

    /// Fails the connection on behalf of a layer above: `receive` returns [`ProtocolError::Failed`] from now on,
    /// and a Close with this code is pending (RFC 6455 section 7.1.7).
    ///
    /// It does nothing if the connection has failed, or the peer's Close arrived, before.
    pub fn fail(&mut self, code: CloseCode) {
        if matches!(self.state, ReceiverState::Open(_)) {
            self.refuse(ProtocolError::Failed(code));
        }
    }

    /// Returns the next reply to the peer: the Pong to its latest Ping, then a Close. Each is returned once.
    #[must_use]
    #[inline]
    pub fn poll_reply(&mut self) -> Option<Reply> {
        let is_open = self.is_open();
        match self.next_reply()? {
            (Opcode::Close, payload) => Some(Reply(ReplyFrame::Close(payload.check_close().ok()?))),
            (_, payload) => {
                let payload = *payload;
                Some(Reply(ReplyFrame::Pong { payload, is_open }))
            }
        }
    }

    /// Returns why the connection has failed, with the numbers that belong to it; `None` if it has not failed.
    #[must_use]
    pub fn violation(&self) -> Option<Violation> {
        let ReceiverState::Failed(error, number) = self.state else {
            return None;
        };
        Some(match (error, number.value()) {
            (ProtocolError::FrameTooBig, declared) => Violation::above(error, declared, self.frame_limit),
            // Without a header at fault, a layer above has another limit.
            (ProtocolError::MessageTooBig, declared @ 1..) => {
                let before = self.message.declared(self.message_limit);
                Violation::above(error, before.saturating_add(declared), self.message_limit)
            }
            (ProtocolError::TooManyFragments, _) => {
                let limit = u64::from(self.fragment_limit);
                Violation::above(error, limit.saturating_add(1), limit)
            }
            (ProtocolError::InvalidUtf8, 1..) => Violation::at(error, number.value().saturating_sub(1)),
            // The header of an empty last frame proves that the text before it lacks the rest of a character.
            (ProtocolError::InvalidUtf8, _) if leaf::LOCATES_TEXT => {
                Violation::at(error, self.message.declared(self.message_limit).saturating_sub(1))
            }
            // The payload of the Close is kept.
            (ProtocolError::InvalidCloseReason, _) => {
                Violation::at(error, self.control.invalid_reason_at() as u64)
            }
            (ProtocolError::InvalidCloseCode, _) => {
                let code = self.control.close_number().unwrap_or_default();
                Violation::of(error, u64::from(code))
            }
            _ => error.into(),
        })
    }

    /// Returns `true` until an error, the peer's Close or the end of the stream.
    #[inline]
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, ReceiverState::Open(_))
    }

    /// Returns the control frame that is pending, once.
    #[inline]
    pub(crate) fn next_reply(&mut self) -> Option<(Opcode, &ControlPayload)> {
        if self.pending == ReplyFlags::NONE {
            None
        } else if self.pending.contains(ReplyFlags::PONG) {
            self.pending.remove(ReplyFlags::PONG);
            Some((Opcode::Pong, &self.pong))
        } else {
            self.next_close(None)
        }
    }

    /// Returns `true` if a reply is pending.
    #[inline(always)]
    pub(crate) const fn has_reply(&self) -> bool {
        !self.pending.is_none()
    }

    /// Returns the payload of the Pong that is pending, once.
    #[inline]
    pub(crate) fn next_pong(&mut self) -> Option<&ControlPayload> {
        if !self.pending.contains(ReplyFlags::PONG) {
            return None;
        }
        self.pending.remove(ReplyFlags::PONG);
        Some(&self.pong)
    }

    /// Returns the Close that is pending, once. It is built in `pong`, since no Ping is received any more, and
    /// `control` keeps the payload of the peer's Close.
    // Cold, because it is called after every event and has something to return once in a connection's life.
    #[cold]
    #[inline(never)]
    pub(crate) fn next_close(&mut self, reason: AddReason) -> Option<(Opcode, &ControlPayload)> {
        let code = self.take_close()?;
        // Built in place, because a payload that is returned by value would be copied twice.
        self.pong.clear();
        if let Some(code) = code {
            self.pong.extend(&code.number().to_be_bytes());
        }
        if let (Some(add), ReceiverState::Failed(error, _)) = (reason, &self.state) {
            add(*error, &mut self.pong);
        }
        Some((Opcode::Close, &self.pong))
    }

    /// Returns the code of the Close that is pending, once.
    pub(crate) fn take_close(&mut self) -> Option<Option<CloseCode>> {
        if !self.pending.contains(ReplyFlags::CLOSE) {
            return None;
        }
        self.pending.remove(ReplyFlags::CLOSE);
        match self.state {
            ReceiverState::Failed(error, _) => Some(Some(error.close_code())),
            ReceiverState::Closed(code) => Some(code),
            ReceiverState::Open(_) | ReceiverState::Ended => None,
        }
    }

    /// Returns what the peer's Close said, or `None` before it was received.
    pub(crate) fn close_reason(&self) -> Option<CloseReason> {
        match self.state {
            ReceiverState::Closed(_) => Some(CloseReason::from_payload(self.control)),
            _ => None,
        }
    }

    /// Returns the payload of the Ping that was received last, until more is received.
    pub(crate) const fn ping_payload(&self) -> &ControlPayload {
        leaf::ping_payload(self)
    }

    /// Returns the payload of the Pong or the Close that was received last, until more is received.
    pub(crate) const fn control_payload(&self) -> &ControlPayload {
        &self.control
    }

    /// Returns why the connection has failed.
    #[inline]
    pub(crate) const fn error(&self) -> Option<ProtocolError> {
        match self.state {
            ReceiverState::Failed(error, _) => Some(error),
            _ => None,
        }
    }

    #[inline]
    pub(crate) const fn state(&self) -> &ReceiverState {
        &self.state
    }

    /// Removes the header of a message in one frame from the front, if it is simple and the limits allow it.
    #[inline(always)]
    fn take_header(&self, input: &mut &mut [u8]) -> Option<SimpleHeader> {
        SimpleHeader::take(input, R::RECEIVES_MASKED, |first| {
            if first.begins_whole_message(self.decisive_bits) {
                Some(self.fast_path.limit())
            } else {
                None
            }
        })
    }

    /// Receives from input that is not empty until there is an event or no more input. All machines have this loop.
    #[inline(always)]
    fn receive_next<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, ProtocolError> {
        let chunk = loop {
            match leaf::step(self, input) {
                Step::Chunk(chunk) => break chunk,
                Step::Taken(len, completed) => {
                    take(input, len);
                    if completed != Completed::Nothing {
                        return self.event(completed);
                    }
                }
            }
            if input.is_empty() {
                return self.end_of_input();
            }
        };
        match leaf::finish(self, input, chunk) {
            (len, Ok(flags)) => Ok(Some(Event::Data(Data::new(take(input, len), flags)))),
            (_, Err(InvalidUtf8 { at })) => {
                take(input, at);
                Err(self.refuse(ProtocolError::InvalidUtf8))
            }
        }
    }

    /// Returns the event for what is complete.
    #[inline(always)]
    fn event<'i>(&mut self, completed: Completed) -> Result<Option<Event<'i>>, ProtocolError> {
        // Each arm returns its event, so that it is written where the caller wants it and not copied.
        match completed {
            Completed::Message => {
                let flags = leaf::end_message(self);
                Ok(Some(Event::Data(Data::new(&mut [], flags))))
            }
            Completed::Ping => {
                if self.auto_pong {
                    self.pending.insert(ReplyFlags::PONG);
                }
                Ok(Some(Event::Ping(*leaf::ping_payload(self))))
            }
            Completed::Pong => Ok(Some(Event::Pong(self.control))),
            Completed::Close => Ok(Some(Event::Close(CloseReason::from_payload(self.control)))),
            Completed::Nothing | Completed::Failed => self.end_of_input(),
        }
    }

    /// Returns the result of `receive` when no more input can be taken.
    #[inline(always)]
    const fn end_of_input<T>(&self) -> Result<Option<T>, ProtocolError> {
        match self.state {
            ReceiverState::Failed(error, _) => Err(error),
            _ => Ok(None),
        }
    }

    /// Ends a message with a frame that has no payload, and returns the flags of the empty chunk.
    #[inline(always)]
    fn end_message(&mut self) -> ChunkFlags {
        let flags = self.message.end(&self.limits());
        leaf::update_fast_path(self);
        flags
    }

    /// Begins a message in one frame, of whose payload only `taken` bytes are taken now, and returns the flags of that
    /// chunk if it is not empty.
    #[inline(always)]
    fn enter_only_frame(
        &mut self,
        header: &SimpleHeader,
        taken: usize,
    ) -> Option<(usize, Masker, ChunkFlags)> {
        let mut masker = header.masker();
        masker.skip(taken);
        self.state = ReceiverState::Open(FrameState::Payload {
            missing: header.payload_len.wrapping_sub(taken) as u64,
            masker,
            first: header.first,
        });
        let limits = self.limits();
        self.message
            .enter_only_frame(header.first, header.payload_len, &limits);
        leaf::update_fast_path(self);
        if taken == 0 {
            return None;
        }
        let flags = self.message.next_chunk(false, &self.limits());
        Some((taken, header.masker(), flags))
    }

    /// Counts the next bytes of a data payload, and returns their number, what unmasks them, and their flags.
    #[inline(always)]
    fn next_data(&mut self, available: usize) -> Option<(usize, Masker, ChunkFlags)> {
        let ReceiverState::Open(frame) = &mut self.state else {
            return None;
        };
        if !frame.is_in_data() {
            return None;
        }
        let PayloadChunk {
            len,
            masker,
            first,
            ends_frame,
        } = frame.next_payload(available)?;
        let flags = self.message.next_chunk(ends_frame && first.fin(), &self.limits());
        if ends_frame {
            leaf::update_fast_path(self);
        }
        Some((len, masker, flags))
    }

    /// Reads the next byte of a header or of a control frame's payload. Returns how many bytes it took: all of them if
    /// nothing more is received.
    #[inline(never)]
    fn receive_byte(&mut self, bytes: &[u8]) -> (usize, Completed) {
        let (limits, rsv) = (self.limits(), self.rsv());
        let ReceiverState::Open(frame) = &mut self.state else {
            return match self.state {
                ReceiverState::Failed(..) => (0, Completed::Failed),
                _ => (bytes.len(), Completed::Nothing),
            };
        };
        // There is always a byte, since `receive` returns at once if the input is empty.
        let byte = bytes.first().copied().unwrap_or_default();
        let first = if let Some((byte, ended)) = frame.push_payload(byte) {
            self.control.push(byte);
            let Some(first) = ended else {
                return (1, Completed::Nothing);
            };
            first
        } else {
            let rules = self.message.rules(&limits, rsv, Self::MASK_BIT);
            let header = match frame.push(byte, &rules) {
                Ok(Some(header)) => header,
                Ok(None) => return (1, Completed::Nothing),
                Err(error) => {
                    self.refuse(error);
                    return (0, Completed::Failed);
                }
            };
            let completed = self.enter_frame(&header);
            if !header.first().is_control() || header.payload_len() > 0 {
                return (1, completed);
            }
            header.first()
        };
        let completed = self.end_control(first.opcode());
        if completed == Completed::Ping {
            self.pong = self.control;
        }
        // A violation in a Close is proved by its last byte, which is not taken.
        (usize::from(completed != Completed::Failed), completed)
    }

    /// Begins a frame that the rules allowed.
    #[inline]
    fn enter_frame(&mut self, header: &FrameHeader) -> Completed {
        self.state = ReceiverState::Open(FrameState::after(header));
        if header.first().is_control() {
            self.control.clear();
            return Completed::Nothing;
        }
        let limits = self.limits();
        self.message.enter_frame(header, &limits);
        if header.payload_len() == 0 && header.fin() {
            Completed::Message
        } else {
            Completed::Nothing
        }
    }

    /// Ends a control frame. The payload of a Close may be a violation.
    #[inline]
    fn end_control(&mut self, opcode: Opcode) -> Completed {
        match opcode {
            Opcode::Ping => Completed::Ping,
            Opcode::Pong => Completed::Pong,
            _ => match self.control.check_close() {
                Ok(code) => {
                    self.stop(ReceiverState::Closed(code));
                    self.pending.insert(ReplyFlags::CLOSE);
                    Completed::Close
                }
                Err(error) => {
                    self.refuse(error);
                    Completed::Failed
                }
            },
        }
    }

    /// Stores an error that the next byte proves, and returns it.
    #[cold]
    #[inline(never)]
    pub(crate) fn refuse(&mut self, error: ProtocolError) -> ProtocolError {
        let declared = match &self.state {
            ReceiverState::Open(frame) => frame.declared_len(),
            _ => 0,
        };
        self.refuse_with(error, declared)
    }

    /// Stores an error with the number that belongs to it.
    #[inline(always)]
    fn refuse_with(&mut self, error: ProtocolError, number: u64) -> ProtocolError {
        self.stop(ReceiverState::Failed(error, Number::new(number)));
        self.pending.insert(ReplyFlags::CLOSE);
        error
    }

    /// Refuses the text of a chunk at this of its bytes, before which the message has `before` bytes in other chunks.
    #[inline(always)]
    pub(crate) fn refuse_text(&mut self, before: u64, at: usize) -> ProtocolError {
        leaf::refuse_text(self, before, at)
    }

    #[inline]
    fn stop(&mut self, state: ReceiverState) {
        self.state = state;
        leaf::update_fast_path(self);
    }
}

impl<R> Receiver<R> {
    #[inline(always)]
    const fn limits(&self) -> Limits {
        Limits::UNLIMITED
            .with_frame(self.frame_limit)
            .with_message(self.message_limit)
            .with_fragments(self.fragment_limit)
    }

    /// Returns how many frames were received that did not end their message; the number wraps around.
    #[cfg(feature = "alloc")]
    pub(crate) const fn fragments(&self) -> u16 {
        self.message.fragments()
    }

    /// Returns the reserved bits that an extension uses.
    #[inline(always)]
    const fn rsv(&self) -> Rsv {
        Rsv::from_first_byte(!self.decisive_bits)
    }

    /// Returns `true` if the next byte may begin a message.
    #[inline(always)]
    const fn is_between_messages(&self) -> bool {
        // `&` and not `&&`, because one comparison of two bytes is less code than two branches.
        matches!(self.state, ReceiverState::Open(FrameState::BetweenFrames)) & !self.message.is_open()
    }
}

impl FastPath {
    const fn new(limits: &Limits) -> FastPath {
        FastPath {
            limit: limits.simple(),
        }
    }

    #[inline(always)]
    const fn limit(&self) -> usize {
        self.limit as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Server;

    #[test]
    fn state_is_at_most_16_bytes() {
        assert!(size_of::<ReceiverState>() <= 16);
    }

    /// The other path finds the same events, but more slowly.
    #[test]
    fn a_message_in_one_frame_takes_the_fast_path() {
        let mut receiver = Receiver::<Server>::new(Config::DEFAULT);
        let takes_it = |receiver: &Receiver<Server>| {
            let mut bytes = *b"\x81\x82\0\0\0\0hi";
            receiver.take_header(&mut &mut bytes[..]).is_some()
        };
        assert!(takes_it(&receiver));
        // After a fragmented message it takes the fast path again.
        let mut bytes = *b"\x01\x81\0\0\0\0a\x80\x81\0\0\0\0b";
        let mut input = &mut bytes[..];
        for _ in 0..2 {
            assert!(matches!(receiver.receive(&mut input), Ok(Some(Event::Data(_)))));
        }
        assert!(takes_it(&receiver));
    }

    /// Receives as many events as this.
    fn receive_all(receiver: &mut Receiver<Server>, mut input: &mut [u8], events: usize) {
        for _ in 0..events {
            assert!(matches!(receiver.receive(&mut input), Ok(Some(Event::Data(_)))));
        }
        assert!(input.is_empty());
    }

    const TWO_FRAGMENTS: [u8; 14] = *b"\x01\x81\0\0\0\0a\x80\x81\0\0\0\0b";

    #[test]
    fn s10_4_each_message_has_the_whole_of_its_limits() {
        let limits = Limits::UNLIMITED.with_message(2).with_fragments(2);
        let mut receiver = Receiver::<Server>::new(Config::DEFAULT.with_limits(limits));
        for _ in 0..3 {
            receive_all(&mut receiver, &mut TWO_FRAGMENTS.clone(), 2);
        }
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn fragments_are_the_frames_that_did_not_end_their_message() {
        let mut receiver = Receiver::<Server>::new(Config::DEFAULT);
        assert_eq!(receiver.fragments(), 0);
        for messages in 1..4 {
            receive_all(&mut receiver, &mut b"\x01\x81\0\0\0\0a".clone(), 1);
            receive_all(&mut receiver, &mut b"\0\x81\0\0\0\0b\x80\x81\0\0\0\0c".clone(), 2);
            assert_eq!(receiver.fragments(), 2 * messages);
            receive_all(&mut receiver, &mut b"\x81\x81\0\0\0\0a".clone(), 1);
            assert_eq!(receiver.fragments(), 2 * messages);
        }
    }

    #[test]
    fn an_unfinished_character_is_located_where_text_is() {
        let mut receiver = Receiver::<Server>::new(Config::DEFAULT);
        receive_all(&mut receiver, &mut b"\x01\x82\0\0\0\0a\xc3".clone(), 1);
        let mut bytes = *b"\x80\x80\0\0\0\0";
        assert_eq!(
            receiver.receive(&mut &mut bytes[..]).err(),
            Some(ProtocolError::InvalidUtf8)
        );
        let byte = receiver.violation().and_then(|violation| violation.byte());
        assert_eq!(byte, leaf::LOCATES_TEXT.then_some(1));
    }
}
