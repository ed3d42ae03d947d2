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
use crate::header::{FrameHeader, MaskBit, Rules, SimpleHeader};
use crate::limits::{Config, Limits};
use crate::mask::Masker;
use crate::message::{ChunkFlags, Message};
use crate::opcode::{Opcode, Rsv};
use crate::role::Role;
use crate::utf8::InvalidUtf8;
use core::marker::PhantomData;
use reply::Pending;

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
use compact as leaf;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
use fast as leaf;

/// The receiving half of a connection; it holds no part of the key source, so that it can go to another thread.
///
/// Created by [`Connection::split`](crate::Connection::split). What is to be answered it returns as a [`Reply`], which
/// the caller carries to the [`Sender`](crate::Sender).
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
    // Side by side with the fast path's, these limits take eight bytes less than as `Limits`.
    frame_limit: u64,
    message_limit: u64,
    fragment_limit: u32,
    fast_path: leaf::FastPath,
    /// The reserved bits that an extension uses.
    rsv: Rsv,
    auto_pong: bool,
    /// The payload of the control frame that is arriving.
    control: ControlPayload,
    /// The payload of the pending Pong, if one is.
    pong: ControlPayload,
    pending: Pending,
    role: PhantomData<fn() -> R>,
}

/// Whether anything more is received, and where in a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum ReceiverState {
    Open(FrameState),
    /// The peer or a layer above failed the connection.
    Failed(ProtocolError),
    /// The peer's Close arrived, with this code.
    Closed(Option<CloseCode>),
    /// The stream ended without one.
    Ended,
}

/// What is complete with the last byte of a header or of a control frame's payload.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Completed {
    /// No event: more bytes are needed, or none are received any more.
    Nothing,
    /// A message, by a header without payload.
    Message,
    Ping,
    Pong,
    Close,
    /// No event: the state has the error.
    Failed,
}

impl<R: Role> Receiver<R> {
    #[inline(always)]
    pub(crate) const fn new(config: Config) -> Receiver<R> {
        Receiver {
            state: ReceiverState::Open(FrameState::BetweenFrames),
            message: Message::none(&config.limits),
            frame_limit: config.limits.frame,
            message_limit: config.limits.message,
            fragment_limit: config.limits.fragments,
            fast_path: leaf::FastPath::new(&config.limits),
            rsv: config.rsv,
            auto_pong: config.auto_pong,
            control: ControlPayload::EMPTY,
            pong: ControlPayload::EMPTY,
            pending: Pending::NONE,
            role: PhantomData,
        }
    }

    /// Takes bytes from the front of `input` and returns the next event, which may lend from them; `None` when
    /// it has taken all of them (RFC 6455 section 6.2).
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
    /// By this half alone the end is clean if the peer's Close arrived and its answer was taken as a [`Reply`].
    pub fn receive_eof(&mut self) -> EndOfStream {
        match self.state {
            ReceiverState::Closed(_) if !self.pending.contains(Pending::CLOSE) => return EndOfStream::Clean,
            ReceiverState::Open(_) => {
                self.stop(ReceiverState::Ended);
                self.pending.remove(Pending::PONG);
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

    /// Returns what is to be answered to the peer, once: the Pong to its latest Ping, then a Close.
    #[must_use]
    #[inline]
    pub fn poll_reply(&mut self) -> Option<Reply> {
        match self.next_reply()? {
            (Opcode::Close, payload) => Some(Reply(ReplyFrame::Close(payload.check_close().ok()?))),
            (_, payload) => Some(Reply(ReplyFrame::Pong(*payload))),
        }
    }

    /// Returns the control frame that is pending, once.
    #[inline]
    pub(crate) fn next_reply(&mut self) -> Option<(Opcode, &ControlPayload)> {
        if self.pending == Pending::NONE {
            None
        } else if self.pending.contains(Pending::PONG) {
            self.pending.remove(Pending::PONG);
            Some((Opcode::Pong, &self.pong))
        } else {
            self.next_close()
        }
    }

    /// Returns the Close that is pending, in the place of the control frames, of which none arrives any more.
    // Once in a connection's life, and polled for after every event.
    #[cold]
    #[inline(never)]
    fn next_close(&mut self) -> Option<(Opcode, &ControlPayload)> {
        self.pending.remove(Pending::CLOSE);
        let code = match self.state {
            ReceiverState::Failed(error) => Some(error.close_code()),
            ReceiverState::Closed(code) => code,
            ReceiverState::Open(_) | ReceiverState::Ended => return None,
        };
        self.control = ControlPayload::from_close(code, "").ok()?;
        Some((Opcode::Close, &self.control))
    }

    #[inline]
    pub(crate) const fn state(&self) -> &ReceiverState {
        &self.state
    }

    /// Takes the header of a message in one frame, if it is simple and the limits allow it.
    #[inline(always)]
    fn take_header(&self, input: &mut &mut [u8]) -> Option<SimpleHeader> {
        SimpleHeader::take(input, R::RECEIVES_MASKED, |first| {
            if first.begins_whole_message() {
                Some(self.fast_path.limit(self))
            } else {
                None
            }
        })
    }

    /// Receives until there is an event or no more input: the one loop of all machines. `header` is what
    /// [`Receiver::take_header`] has just taken.
    #[inline(always)]
    fn receive_next<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        header: Option<SimpleHeader>,
    ) -> Result<Option<Event<'i>>, ProtocolError> {
        let mut whole = None;
        if let Some(header) = header {
            if header.payload_len <= input.len() {
                let flags = ChunkFlags::whole_message(header.first);
                whole = Some((header.payload_len, header.fields().masker(), flags));
            } else {
                self.enter_only_frame(header.fields());
            }
        }
        let (len, masker, flags) = match whole {
            Some(chunk) => chunk,
            None => loop {
                if input.is_empty() {
                    return self.end_of_input();
                }
                if let Some(chunk) = self.next_data(input.len()) {
                    break chunk;
                }
                let (taken, completed) = leaf::receive_other(self, input);
                take(input, taken);
                if completed != Completed::Nothing {
                    return self.complete(completed);
                }
            },
        };
        // The input has at least `len` bytes.
        let Some(bytes) = input.get_mut(..len) else {
            return Ok(None);
        };
        match self
            .message
            .receive(R::RECEIVES_MASKED.then_some(masker), bytes, flags)
        {
            Ok(flags) => Ok(Some(Event::Data(Data::new(take(input, len), flags)))),
            Err(InvalidUtf8 { at }) => {
                take(input, at);
                Err(self.refuse(ProtocolError::InvalidUtf8))
            }
        }
    }

    /// Returns the event of what is complete.
    #[inline(always)]
    fn complete<'i>(&mut self, completed: Completed) -> Result<Option<Event<'i>>, ProtocolError> {
        // Each event is returned by itself, so that it is written where the caller wants it and not copied.
        match completed {
            Completed::Nothing | Completed::Failed => self.end_of_input(),
            Completed::Message => {
                let flags = self.end_message();
                Ok(Some(Event::Data(Data::new(&mut [], flags))))
            }
            Completed::Ping if self.auto_pong => {
                self.pending.insert(Pending::PONG);
                Ok(Some(Event::Ping(self.pong)))
            }
            Completed::Ping => Ok(Some(Event::Ping(self.control))),
            Completed::Pong => Ok(Some(Event::Pong(self.control))),
            Completed::Close => Ok(Some(Event::Close(CloseReason::from_payload(self.control)))),
        }
    }

    /// Ends a message with a frame that has no payload, and returns the flags of the empty chunk.
    // An event that is returned from a call would have to be in memory, and with it all others.
    #[inline(never)]
    fn end_message(&mut self) -> ChunkFlags {
        let flags = self.message.end(&self.limits());
        leaf::update_fast_path(self);
        flags
    }

    /// Begins a message in one frame of which not all has arrived.
    // Rare beside frames that arrive whole, which `cold` keeps ahead of it in the machine code.
    #[cold]
    #[inline(never)]
    fn enter_only_frame(&mut self, header: FrameHeader) {
        if let ReceiverState::Open(frame) = &mut self.state {
            frame.enter_payload(&header);
        }
        self.message.enter_only_frame(header.first());
        leaf::update_fast_path(self);
    }

    /// Counts the next bytes of a data payload, and returns their number, how they are unmasked, and what they are.
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

    /// Takes the next byte of a header or of a control frame's payload. Returns how many it took: all of them if nothing
    /// more is received.
    #[inline(never)]
    fn receive_byte(&mut self, bytes: &[u8]) -> (usize, Completed) {
        let chunk = match &mut self.state {
            ReceiverState::Open(frame) => frame.next_payload(1),
            ReceiverState::Failed(_) => return (0, Completed::Failed),
            ReceiverState::Closed(_) | ReceiverState::Ended => return (bytes.len(), Completed::Nothing),
        };
        let Some(&byte) = bytes.first() else {
            return (0, Completed::Nothing);
        };
        let first = if let Some(mut chunk) = chunk {
            self.control.push(chunk.masker.apply_byte(byte));
            if !chunk.ends_frame {
                return (1, Completed::Nothing);
            }
            chunk.first
        } else {
            match self.push_header(byte) {
                Ok(None) => return (1, Completed::Nothing),
                Ok(Some(header)) => {
                    let completed = self.enter_frame(&header);
                    if !header.first().is_control() || header.payload_len() > 0 {
                        return (1, completed);
                    }
                    header.first()
                }
                Err(error) => return (0, self.fail_with(error)),
            }
        };
        let completed = self.end_control(first.opcode());
        if completed == Completed::Ping {
            self.pong = self.control;
        }
        // The last byte proves what is wrong with a Close.
        (usize::from(completed != Completed::Failed), completed)
    }

    #[inline(always)]
    fn push_header(&mut self, byte: u8) -> Result<Option<FrameHeader>, ProtocolError> {
        let rules = self.rules();
        match &mut self.state {
            ReceiverState::Open(frame) => frame.push(byte, &rules),
            _ => Ok(None),
        }
    }

    /// Begins a frame that the rules allowed.
    #[inline]
    fn enter_frame(&mut self, header: &FrameHeader) -> Completed {
        if let ReceiverState::Open(frame) = &mut self.state {
            frame.enter_payload(header);
        }
        if header.first().is_control() {
            self.control.clear();
            return Completed::Nothing;
        }
        self.message.enter_frame(header);
        if header.payload_len() == 0 && header.fin() {
            Completed::Message
        } else {
            Completed::Nothing
        }
    }

    /// Ends a control frame, the payload of which may be wrong if it is a Close.
    #[inline]
    fn end_control(&mut self, opcode: Opcode) -> Completed {
        match opcode {
            Opcode::Ping => Completed::Ping,
            Opcode::Pong => Completed::Pong,
            _ => match self.control.check_close() {
                Ok(code) => {
                    self.stop(ReceiverState::Closed(code));
                    self.pending.insert(Pending::CLOSE);
                    Completed::Close
                }
                Err(error) => self.fail_with(error),
            },
        }
    }

    /// Returns what the next frame may be.
    #[inline]
    const fn rules(&self) -> Rules {
        let mask = if R::RECEIVES_MASKED {
            MaskBit::Set
        } else {
            MaskBit::Clear
        };
        self.message.rules(&self.limits(), self.rsv, mask)
    }

    /// Returns what `receive` does when nothing is left to take.
    #[inline(always)]
    const fn end_of_input<T>(&self) -> Result<Option<T>, ProtocolError> {
        match self.state {
            ReceiverState::Failed(error) => Err(error),
            _ => Ok(None),
        }
    }

    /// Latches an error that the next byte proves.
    #[cold]
    #[inline(never)]
    fn refuse(&mut self, error: ProtocolError) -> ProtocolError {
        self.stop(ReceiverState::Failed(error));
        self.pending.insert(Pending::CLOSE);
        error
    }

    #[cold]
    fn fail_with(&mut self, error: ProtocolError) -> Completed {
        self.refuse(error);
        Completed::Failed
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
        Limits {
            frame: self.frame_limit,
            message: self.message_limit,
            fragments: self.fragment_limit,
        }
    }

    /// Returns `true` if the next byte may begin a message.
    #[inline(always)]
    const fn is_between_messages(&self) -> bool {
        matches!(self.state, ReceiverState::Open(FrameState::BetweenFrames)) && !self.message.is_open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_at_most_16_bytes() {
        assert!(size_of::<ReceiverState>() <= 16);
    }
}
