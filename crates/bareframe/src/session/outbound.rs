//! Outbound: the writing half of a session.

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
mod extended;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;

use super::frame::{Check, Content, Frame};
use super::next::Next;
use super::pending::Pending;
use crate::control::{ControlFrame, ControlPayload};
use crate::error::{BufferTooSmall, ProtocolError, SendError};
use crate::extension::{Extension, OutboundExtension};
use crate::mask::Masker;
use crate::opcode::{MessageKind, Opcode};
use crate::outbox::Outbox;
use crate::receiver::AddReason;
use crate::role::Role;
use crate::sender::Sender;
use crate::utf8::Utf8Validator;
use core::fmt;

/// The writing half of a session: what is queued, and the frame that is being sent.
///
/// In two tasks it is used by itself: see [`Session::split`](super::Session::split).
pub struct Outbound<R, O, X: Extension = ()> {
    sender: Sender<R>,
    outbox: Outbox<O>,
    begun: Begun,
    /// The number of the control frame that was queued last.
    control_number: u32,
    /// The text of the message that is open.
    text: Utf8Validator,
    /// The message that is open has reserved bits, so that its text is not validated.
    has_rsv: bool,
    unflushed: bool,
    stopped: Stopped,
    /// Sending has not stopped and there is no extension, so that payload is sent unchanged.
    is_plain: bool,
    /// The message that is open and that the extension changes.
    extended: Option<MessageKind>,
    /// The frame that was begun goes through the extension, and is not finished.
    is_extending: bool,
    /// A frame that the extension has made of that message was queued.
    is_changed: bool,
    /// Adds to a Close why it is sent. A pointer, so that a program that does not ask for it has neither the code nor the texts.
    reason: AddReason,
    extension: X::Outbound,
}

/// What identifies the frame that was begun last.
#[derive(Debug)]
struct Begun {
    number: u32,
    /// The address and the length of the payload that is left.
    address: usize,
    left: usize,
    masker: Masker,
}

/// Why nothing is written any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stopped {
    No,
    /// The stream takes nothing.
    Refused,
    /// The connection was failed within a frame.
    WithinFrame,
}

impl<R: Role, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Outbound<R, O, X> {
    pub(super) fn new(sender: Sender<R>, queue: O, extension: X::Outbound) -> Outbound<R, O, X> {
        Outbound {
            sender,
            outbox: Outbox::new(queue),
            begun: Begun {
                number: 0,
                address: 0,
                left: 0,
                masker: Masker::NONE,
            },
            control_number: 0,
            text: Utf8Validator::new(),
            has_rsv: false,
            unflushed: false,
            stopped: Stopped::No,
            is_plain: X::Outbound::NONE || extension.rsv().is_empty(),
            extended: None,
            is_extending: false,
            is_changed: false,
            reason: None,
            extension,
        }
    }

    /// Sends until all of the frame is queued or written. What is queued is written by [`Outbound::next_flush`].
    ///
    /// # Errors
    ///
    /// [`SendError`]; nothing has changed, unless it is [`SendError::Extension`].
    #[inline]
    pub fn next_sent(&mut self, frame: &mut Frame<'_>) -> Result<Next, SendError> {
        match self.next_whole_sent(frame) {
            Some(next) => Ok(next),
            None => self.next_sent_rest(frame),
        }
    }

    /// Does the same as [`Outbound::next_sent`], for every kind of frame.
    pub(super) fn next_sent_rest(&mut self, frame: &mut Frame<'_>) -> Result<Next, SendError> {
        if frame.number == 0 {
            if let Some(next) = self.begin(frame)? {
                return Ok(next);
            }
        } else if !self.has_begun(frame) {
            return Err(SendError::OtherFrame);
        }
        if self.is_extending() {
            self.send_extended(frame)
        } else {
            Ok(self.send_rest(frame))
        }
    }

    /// Writes until nothing is queued any more.
    #[must_use]
    #[inline]
    pub fn next_flush(&self) -> Next {
        if !self.outbox.pending().is_empty() {
            Next::Write
        } else if self.unflushed {
            Next::Flush
        } else {
            Next::Ready
        }
    }

    /// Returns what to write: the queued bytes, and after them the payload of `frame` that is written from where it is.
    ///
    /// The second slice is empty unless `frame` is the one that was begun.
    #[must_use]
    #[inline]
    pub fn to_write<'a>(&'a self, frame: &'a Frame<'_>) -> [&'a [u8]; 2] {
        let direct = if self.is_direct(frame) { frame.rest } else { &[] };
        [self.outbox.pending(), direct]
    }

    /// Reports that `len` bytes of [`Outbound::to_write`] were written.
    #[inline(never)]
    pub fn wrote(&mut self, len: usize, frame: &mut Frame<'_>) {
        let queued = self.outbox.pending().len();
        if self.is_direct(frame) {
            let len = len.min(queued.saturating_add(frame.rest.len()));
            self.unflushed |= len > 0;
            let outside = self.outbox.advance(len);
            frame.take(outside);
            self.note(frame);
        } else {
            let len = len.min(queued);
            self.unflushed |= len > 0;
            self.outbox.advance(len);
        }
    }

    /// Reports that the stream was flushed.
    pub const fn flushed(&mut self) {
        self.unflushed = false;
    }

    /// Returns what is queued.
    #[must_use]
    pub fn queued(&self) -> &[u8] {
        self.outbox.pending()
    }

    /// Replaces the memory of the queue, for instance by longer memory to gather more in, and returns the old one. The
    /// queued bytes are moved to the new one.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Frame, Next, Session};
    /// let (_, mut outbound) = Session::new(Connection::server(Config::DEFAULT), [0; 64], vec![0; 131]).split();
    /// assert_eq!(outbound.next_sent(&mut Frame::text("Hello")), Ok(Next::Ready));
    /// assert!(outbound.exchange_queue(vec![0; 6]).is_err());
    /// assert_eq!(outbound.exchange_queue(vec![0; 1000]).map(|old| old.len()), Ok(131));
    /// assert_eq!(outbound.queued(), b"\x81\x05Hello");
    /// ```
    ///
    /// # Errors
    ///
    /// Returns `queue` if it is too short for that.
    pub fn exchange_queue(&mut self, queue: O) -> Result<O, O> {
        self.outbox.exchange(queue)
    }

    /// Returns how long the memory of the queue is, in bytes.
    #[must_use]
    #[inline]
    pub fn queue_len(&self) -> usize {
        self.outbox.memory_len()
    }

    /// Declares that the queue's first `len` bytes are the head of the opening handshake, which is written before any
    /// frame. Returns `false` and changes nothing if the queue is shorter, or something is queued already.
    pub fn begin_with(&mut self, len: usize) -> bool {
        self.outbox.begin_with(len)
    }

    /// Returns how many bytes can be queued. A frame for which there is room, with a header of at most 14 bytes, is queued as a whole
    /// by the call of [`Outbound::next_sent`] that begins it.
    #[must_use]
    pub fn room(&self) -> usize {
        self.outbox.room()
    }

    /// Returns `true` if a [`PreparedFrame`](super::PreparedFrame) can be sent without memory in the queue: by a server that has nothing
    /// queued, since all of the frame is written from where it is.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Frame, MessageKind, Next, PreparedFrame, Rsv, Session};
    /// let prepared = PreparedFrame::new(MessageKind::Text, Rsv::NONE, b"Hello", [0; 7])?;
    /// let mut server = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 0]);
    /// assert!(server.both().1.can_send_prepared());
    /// let mut frame = Frame::prepared(&prepared);
    /// assert_eq!(server.next_sent(&mut frame)?, Next::Write);
    /// assert_eq!(server.to_write(&frame)[1], b"\x81\x05Hello");
    /// # Ok::<(), bareframe::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn can_send_prepared(&self) -> bool {
        R::KEY_LEN == 0
            && self.stopped == Stopped::No
            && self.outbox.is_at_boundary()
            && self.outbox.pending().is_empty()
            && !self.sender.is_closed()
    }

    /// Returns `true` if the caller may write the bytes of a [`PreparedFrame`](super::PreparedFrame) and flush the stream without a call of
    /// this half: nothing is to be written before them, they are sent as they are, and nothing changes by it. If the stream takes only some of
    /// them, [`Outbound::next_sent`] begins the frame, and [`Outbound::wrote`] has how many.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Frame, MessageKind, Next, PreparedFrame, Rsv, Session};
    /// let prepared = PreparedFrame::new(MessageKind::Text, Rsv::NONE, b"Hello", [0; 7])?;
    /// let mut server = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 0]);
    /// let (_, outbound) = server.both();
    /// assert!(outbound.is_passed_by_prepared());
    /// // The stream has taken three bytes of `prepared.bytes()`.
    /// let mut frame = Frame::prepared(&prepared);
    /// assert_eq!(outbound.next_sent(&mut frame)?, Next::Write);
    /// outbound.wrote(3, &mut frame);
    /// assert_eq!(outbound.to_write(&frame)[1], b"ello");
    /// assert!(!outbound.is_passed_by_prepared());
    /// # Ok::<(), bareframe::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn is_passed_by_prepared(&self) -> bool {
        self.can_send_prepared() && !self.sender.is_within_message() && !self.has_extension()
    }

    /// Returns `true` if the frame that was begun last is not finished, so that no other can begin.
    #[must_use]
    pub const fn is_within_frame(&self) -> bool {
        !self.outbox.is_at_boundary()
    }

    /// Queues what the reading half left, as far as there is room for it between frames. The rest stays in `pending`.
    pub fn send_pending(&mut self, pending: &mut Pending) {
        if self.stopped != Stopped::No {
            *pending = Pending::NONE;
            return;
        }
        while self.has_room()
            && let Some(pong) = pending.pong.take()
        {
            self.answer(Opcode::Pong, &pong, !pending.is_close());
        }
        if pending.ping && self.has_room() {
            pending.ping = false;
            if self.sender.check_control(Opcode::Ping).is_ok() {
                let _ = self.queue(Opcode::Ping, &ControlPayload::EMPTY);
                self.extension
                    .note_control(Opcode::Ping, &ControlPayload::EMPTY, false);
            }
        }
        if self.has_room()
            && let Some(code) = pending.close.take()
            && let Ok(mut close) = ControlPayload::from_close(code, "")
        {
            if let (Some(add), Some(error)) = (self.reason, pending.error.take()) {
                add(error, &mut close);
            }
            self.answer(Opcode::Close, &close, false);
        }
    }

    /// Reports that the stream takes no more bytes: what is queued is dropped, and nothing is sent any more. What was received is
    /// still delivered.
    pub fn refused(&mut self) {
        if self.stopped == Stopped::No {
            self.stop(Stopped::Refused);
        }
    }

    /// Fails the connection within a frame, which can't be finished: no Close can follow it (RFC 6455 section 7.1.7).
    ///
    /// Between frames it does nothing, since the Close can be sent.
    pub fn abandon(&mut self) {
        if self.is_within_frame() && self.stopped == Stopped::No {
            self.stop(Stopped::WithinFrame);
        }
    }

    /// Returns the sending half of the extension, for what it has noted.
    #[must_use]
    pub const fn extension(&self) -> &X::Outbound {
        &self.extension
    }

    /// Returns `true` if our Close was queued.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    pub(super) const fn stopped(&self) -> Stopped {
        self.stopped
    }

    /// Returns `true` if a control frame can be queued, or dropped.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.stopped != Stopped::No
            || self.outbox.is_at_boundary() && self.outbox.room() >= ControlFrame::MAX_LEN
    }

    /// Has a Close for an error say why.
    pub(super) const fn set_close_reasons(&mut self) {
        self.reason = Some(add_reason_of);
    }

    /// Returns what adds to a Close why it is sent, if that was asked for.
    #[inline]
    pub(super) const fn reason(&self) -> AddReason {
        self.reason
    }

    /// Queues an answer, for which there must be room. `is_open` is `false` if the reading half has stopped.
    pub(super) fn answer(&mut self, opcode: Opcode, payload: &ControlPayload, is_open: bool) {
        if self.stopped != Stopped::No {
            return;
        }
        if self.sender.may_answer(opcode, is_open) {
            let _ = self.queue(opcode, payload);
            self.extension.note_control(opcode, payload, true);
        }
    }

    /// Queues a control frame that was checked.
    #[inline(never)]
    fn queue(&mut self, opcode: Opcode, payload: &ControlPayload) -> Result<(), SendError> {
        let frame = self.sender.checked_control(opcode, payload);
        self.outbox.control(&frame)
    }

    /// Begins the frame, or returns what to do first if there is no room for it.
    fn begin(&mut self, frame: &mut Frame<'_>) -> Result<Option<Next>, SendError> {
        let is_data = match frame.content {
            Content::Nothing => return Ok(None),
            Content::Data(..) | Content::Unextended(..) | Content::Prepared(..) => true,
            Content::Ping | Content::Pong | Content::Close(_) => false,
        };
        if self.stopped != Stopped::No {
            return Err(SendError::Closed);
        }
        if self.is_within_frame() || is_data && self.is_extending() {
            return Err(SendError::InsideFrame);
        }
        // Room is kept for the longest control frame, so that the next answer can be queued.
        let available = self.outbox.room();
        if available < ControlFrame::MAX_LEN
            && !(matches!(frame.content, Content::Prepared(..)) && self.can_send_prepared())
        {
            if self.outbox.pending().is_empty() {
                return Err(SendError::BufferTooSmall(BufferTooSmall {
                    needed: ControlFrame::MAX_LEN,
                    available,
                }));
            }
            return Ok(Some(Next::Write));
        }
        let masker = match frame.content {
            Content::Nothing => return Ok(None),
            Content::Data(kind, check) | Content::Unextended(kind, check) => {
                self.begin_data(frame, kind, check)?
            }
            Content::Prepared(kind, header_len, parameters) => {
                self.begin_prepared(frame, kind, header_len, parameters)?
            }
            Content::Ping | Content::Pong | Content::Close(_) => {
                self.queue_control(frame)?;
                return Ok(None);
            }
        };
        self.begun.masker = masker;
        self.begin_number(frame);
        Ok(None)
    }

    #[inline]
    fn begin_data(
        &mut self,
        frame: &mut Frame<'_>,
        kind: MessageKind,
        check: Check,
    ) -> Result<Masker, SendError> {
        let text = self.check_text(frame, kind, check)?;
        // Only the first frame of a message has the bits.
        let has_rsv = !frame.fin && (self.has_rsv || !frame.rsv.is_empty());
        if self.begin_extended(frame, kind)? {
            (self.text, self.has_rsv) = (text, has_rsv);
            return Ok(Masker::NONE);
        }
        let outgoing = self
            .sender
            .send(kind, frame.rsv, frame.fin, frame.rest.len() as u64)?;
        self.outbox.begin(&outgoing)?;
        self.extension.note_data();
        (self.text, self.has_rsv) = (text, has_rsv);
        Ok(outgoing.masker())
    }

    /// Returns the validator's state after the frame's text (RFC 6455 section 8.1).
    #[inline]
    fn check_text(
        &self,
        frame: &Frame<'_>,
        kind: MessageKind,
        check: Check,
    ) -> Result<Utf8Validator, SendError> {
        let mut text = self.text;
        if matches!(kind, MessageKind::Binary) || check == Check::Nothing || self.has_rsv {
            return Ok(text);
        }
        if check == Check::Text || !text.is_between_characters() {
            text.push(frame.rest)?;
            if frame.fin {
                text.finish()?;
            }
        }
        Ok(text)
    }

    fn begin_prepared(
        &mut self,
        frame: &mut Frame<'_>,
        kind: MessageKind,
        header_len: u8,
        parameters: u8,
    ) -> Result<Masker, SendError> {
        if !X::Outbound::NONE && self.extended.is_some() {
            return Err(SendError::MessageOpen);
        }
        self.sender.check_whole(kind, frame.rsv)?;
        self.pass_extension(frame.rsv, parameters)?;
        if R::KEY_LEN == 0 {
            self.outbox.begin_encoded(frame.rest.len() as u64)?;
            self.extension.note_data();
            return Ok(Masker::NONE);
        }
        let payload = frame.rest.get(usize::from(header_len)..).unwrap_or(&[]);
        let outgoing = self.sender.send(kind, frame.rsv, true, payload.len() as u64)?;
        self.outbox.begin(&outgoing)?;
        self.extension.note_data();
        frame.rest = payload;
        Ok(outgoing.masker())
    }

    // One function for the three kinds of control frames, because three that return frames by value would be most of
    // the sending code.
    #[inline(never)]
    fn queue_control(&mut self, frame: &mut Frame<'_>) -> Result<(), SendError> {
        let (opcode, code) = match frame.content {
            Content::Ping => (Opcode::Ping, None),
            Content::Pong => (Opcode::Pong, None),
            Content::Close(code) => (Opcode::Close, code),
            Content::Nothing | Content::Data(..) | Content::Unextended(..) | Content::Prepared(..) => {
                return Ok(());
            }
        };
        self.sender.check_control(opcode)?;
        let mut payload = ControlPayload::EMPTY;
        let has_code = code.is_none_or(|code| payload.extend(&code.number().to_be_bytes()));
        if !has_code || !payload.extend(frame.rest) {
            return Err(SendError::OversizedControl);
        }
        self.queue(opcode, &payload)?;
        self.extension.note_control(opcode, &payload, false);
        if opcode == Opcode::Close {
            self.sender.note_close();
        }
        self.control_number = self.next_number();
        frame.number = self.control_number;
        frame.rest = &[];
        Ok(())
    }

    /// Returns `true` if this is the frame that was begun last.
    #[inline]
    fn has_begun(&self, frame: &Frame<'_>) -> bool {
        match frame.content {
            Content::Ping | Content::Pong | Content::Close(_) => frame.number == self.control_number,
            Content::Data(..) | Content::Unextended(..) | Content::Prepared(..) | Content::Nothing => {
                frame.number == self.begun.number
                    && frame.rest.as_ptr().addr() == self.begun.address
                    && frame.rest.len() == self.begun.left
            }
        }
    }

    #[inline]
    fn is_direct(&self, frame: &Frame<'_>) -> bool {
        // The extension's output is queued as whole frames.
        R::KEY_LEN == 0
            && self.is_within_frame()
            && frame.number != 0
            && !frame.rest.is_empty()
            && self.has_begun(frame)
    }

    /// Returns a number that neither the current data frame nor the last control frame has.
    fn next_number(&self) -> u32 {
        let last = self.begun.number.max(self.control_number);
        last.wrapping_add(1).max(1)
    }

    #[inline]
    fn begin_number(&mut self, frame: &mut Frame<'_>) {
        frame.number = self.next_number();
        self.begun.number = frame.number;
        self.note(frame);
    }

    #[inline]
    fn note(&mut self, frame: &Frame<'_>) {
        self.begun.address = frame.rest.as_ptr().addr();
        self.begun.left = frame.rest.len();
    }

    /// Queues as much of the payload as fits; a server's long payload is written from where it is.
    #[inline]
    fn send_rest(&mut self, frame: &mut Frame<'_>) -> Next {
        while !frame.rest.is_empty() && frame.number == self.begun.number {
            if R::KEY_LEN == 0 && frame.rest.len() > self.outbox.room() {
                return Next::Write;
            }
            let queued = self
                .outbox
                .push_masked(R::KEY_LEN > 0, &mut self.begun.masker, frame.rest);
            if queued == 0 {
                return Next::Write;
            }
            frame.take(queued);
            self.note(frame);
        }
        Next::Ready
    }

    fn stop(&mut self, stopped: Stopped) {
        self.stopped = stopped;
        self.is_plain = false;
        self.outbox.clear();
        self.unflushed = false;
        self.is_extending = false;
        self.begun.number = 0;
    }
}

fn add_reason_of(error: ProtocolError, close: &mut ControlPayload) {
    close.extend(error.reason().as_bytes());
}

#[cfg(feature = "defmt")]
impl<R, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> Outbound<R, O, X> {
    pub(crate) const fn sender(&self) -> &Sender<R> {
        &self.sender
    }

    pub(crate) fn queued_len(&self) -> usize {
        self.outbox.pending().len()
    }
}

/// Shows how much is queued, and neither the payload nor the source of masking keys.
impl<R: fmt::Debug, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension> fmt::Debug for Outbound<R, O, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("sender", &self.sender)
            .field("queued", &self.outbox.pending().len())
            .field("begun", &self.begun)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}
