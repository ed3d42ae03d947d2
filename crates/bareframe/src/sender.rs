//! The sending half: creates headers and control frames, and masks payload (RFC 6455 sections 5 and 6.1).

use crate::close::CloseCode;
use crate::control::{ControlFrame, ControlPayload};
use crate::error::{BufferTooSmall, SendError};
use crate::header::{FrameHeader, HeaderBytes};
use crate::mask::Masker;
use crate::opcode::{MessageKind, Opcode, Rsv};
use crate::receiver::{Reply, ReplyFrame};
use crate::role::Role;
use core::marker::PhantomData;

/// The sending half of a connection; a client's holds the source of masking keys.
///
/// Created by [`Connection::split`](crate::Connection::split).
///
/// ```
/// use bareframe::{Config, Connection};
/// let (receiver, mut sender) = Connection::server(Config::DEFAULT).split();
/// let mut out = [0; 16];
/// let len = sender.encode_text("Hello", &mut out)?;
/// assert_eq!(&out[..len], b"\x81\x05Hello");
/// # Ok::<(), bareframe::SendError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sender<R> {
    role: R,
    /// The reserved bits that an extension uses.
    rsv: Rsv,
    /// The message of which a frame without FIN was sent.
    open: Option<MessageKind>,
    closing: Closing,
}

/// Whether our Close was sent, and whether anything may follow it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Closing {
    /// It was not sent.
    No,
    /// It was sent by [`Sender::close`]. The peer's Pings are answered until its Close arrives.
    CloseSent,
    /// It was sent as a reply, to the peer's Close or because of an error, or the peer's Close arrived after it. Nothing
    /// follows.
    Done,
}

/// A frame to be sent: its header, and the masking of its payload.
///
/// For a server `apply` does nothing, so that one loop serves both roles.
///
/// ```
/// use bareframe::{Config, Connection, MaskingKey, MessageKind, Rsv};
/// let key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
/// let mut client = Connection::client(Config::DEFAULT, || key);
/// let mut frame = client.send(MessageKind::Text, Rsv::NONE, true, 5)?;
/// assert_eq!(frame.header(), b"\x81\x85\x37\xfa\x21\x3d");
/// assert!(frame.is_masked());
/// let mut payload = *b"Hello";
/// frame.apply(&mut payload);
/// assert_eq!(payload, *b"\x7f\x9f\x4d\x51\x58");
/// # Ok::<(), bareframe::SendError>(())
/// ```
#[must_use = "a frame that `send` began must be sent: its header, then its payload"]
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Outgoing<R> {
    header: HeaderBytes,
    payload_len: u64,
    masker: Masker,
    role: PhantomData<fn() -> R>,
}

impl<R: Role> Sender<R> {
    pub(crate) const fn new(role: R, rsv: Rsv) -> Sender<R> {
        Sender {
            role,
            rsv,
            open: None,
            closing: Closing::No,
        }
    }

    /// Begins a frame of a message: its first if none is open, else its next; with `fin` its last. The caller
    /// sends the header, then `payload_len` bytes of payload on which `apply` was called (RFC 6455 section 6.1).
    ///
    /// The fragments of a text must be UTF-8 when they are joined, which the caller ensures.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`], [`SendError::WrongKind`], [`SendError::ReservedBits`] or [`SendError::TooLong`];
    /// nothing has changed and no key was drawn.
    #[inline]
    pub fn send(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        fin: bool,
        payload_len: u64,
    ) -> Result<Outgoing<R>, SendError> {
        let opcode = self.next_opcode(kind, rsv)?;
        let header = FrameHeader::new(fin, rsv, opcode, None, payload_len)?;
        let masking_key = self.role.next_key();
        if !fin {
            self.open = Some(kind);
        } else if self.open.is_some() {
            self.open = None;
        }
        Ok(Outgoing {
            header: header.with_key(masking_key).encode(),
            payload_len,
            masker: masking_key.map_or(Masker::NONE, Masker::new),
            role: PhantomData,
        })
    }

    /// Writes a whole message in one frame to the front of `out`, and returns its length in bytes
    /// (RFC 6455 section 6.1).
    ///
    /// A text without reserved bits must be UTF-8, which the caller ensures; [`Sender::encode_text`] takes a `str`.
    ///
    /// # Errors
    ///
    /// As [`Sender::send`]; [`SendError::MessageOpen`] inside a fragmented message; [`SendError::BufferTooSmall`].
    /// Nothing has changed, nothing was written and no key was drawn.
    #[inline]
    pub fn encode(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        payload: &[u8],
        out: &mut [u8],
    ) -> Result<usize, SendError> {
        self.encode_with(kind, rsv, payload, out, |from, to| {
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from;
            }
        })
    }

    /// Does the same as [`Sender::encode`]; `copy` copies a payload that is not masked. It is inlined, so that its use
    /// by a session does not change the code that callers of `encode` get.
    #[inline(always)]
    pub(crate) fn encode_with(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        payload: &[u8],
        out: &mut [u8],
        copy: impl FnOnce(&[u8], &mut [u8]),
    ) -> Result<usize, SendError> {
        self.check_open()?;
        if self.open.is_some() {
            return Err(SendError::MessageOpen);
        }
        if !self.rsv.contains(rsv) {
            return Err(SendError::ReservedBits);
        }
        let header = FrameHeader::new(true, rsv, kind.opcode(), None, payload.len() as u64)?;
        let needed = payload
            .len()
            .saturating_add(header.encoded_len())
            .saturating_add(R::KEY_LEN);
        let available = out.len();
        let too_small = BufferTooSmall { needed, available };
        let out = out.get_mut(..needed).ok_or(too_small)?;
        let masking_key = self.role.next_key();
        let body = header.with_key(masking_key).write(out).ok_or(too_small)?;
        match masking_key.map(Masker::new) {
            Some(mut masker) => {
                masker.apply_copy(payload, body)?;
            }
            None => copy(payload, body),
        }
        Ok(needed)
    }

    /// Writes a whole text message in one frame to the front of `out`, and returns its length in bytes.
    ///
    /// ```
    /// use bareframe::{Config, Connection};
    /// let (_, mut sender) = Connection::server(Config::DEFAULT).split();
    /// let mut out = [0; 16];
    /// let len = sender.encode_text("Hello", &mut out)?;
    /// assert_eq!(&out[..len], b"\x81\x05Hello");
    /// # Ok::<(), bareframe::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Sender::encode`].
    #[inline]
    pub fn encode_text(&mut self, text: &str, out: &mut [u8]) -> Result<usize, SendError> {
        self.encode(MessageKind::Text, Rsv::NONE, text.as_bytes(), out)
    }

    /// Writes a whole binary message in one frame to the front of `out`, and returns its length in bytes.
    ///
    /// ```
    /// use bareframe::{Config, Connection};
    /// let (_, mut sender) = Connection::server(Config::DEFAULT).split();
    /// let mut out = [0; 16];
    /// let len = sender.encode_binary(b"\xff", &mut out)?;
    /// assert_eq!(&out[..len], b"\x82\x01\xff");
    /// # Ok::<(), bareframe::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Sender::encode`].
    #[inline]
    pub fn encode_binary(&mut self, payload: &[u8], out: &mut [u8]) -> Result<usize, SendError> {
        self.encode(MessageKind::Binary, Rsv::NONE, payload, out)
    }

    /// Creates a Ping with at most 125 bytes of payload (RFC 6455 section 5.5.2).
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] or [`SendError::OversizedControl`]; nothing has changed and no key was drawn.
    pub fn ping(&mut self, payload: &[u8]) -> Result<ControlFrame, SendError> {
        self.check_open()?;
        self.control(Opcode::Ping, payload)
    }

    /// Creates a Pong that answers no Ping, or the answer to one if `auto_pong` is off (RFC 6455 section 5.5.3). It may
    /// follow a Close that [`Sender::close`] returned, until the peer's Close arrives.
    ///
    /// # Errors
    ///
    /// As [`Sender::ping`].
    pub fn pong(&mut self, payload: &[u8]) -> Result<ControlFrame, SendError> {
        if self.closing == Closing::Done {
            return Err(SendError::Closed);
        }
        self.control(Opcode::Pong, payload)
    }

    /// Creates our Close, after which nothing can be sent but answers to Pings (RFC 6455 sections 5.5.1 and 5.5.2); the
    /// reason has at most 123 bytes.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`], [`SendError::OversizedControl`] or [`SendError::ReasonWithoutCode`]; nothing has
    /// changed and no key was drawn.
    pub fn close(&mut self, code: Option<CloseCode>, reason: &str) -> Result<ControlFrame, SendError> {
        self.check_open()?;
        let payload = ControlPayload::from_close(code, reason)?;
        self.closing = Closing::CloseSent;
        Ok(ControlFrame::new(Opcode::Close, self.role.next_key(), &payload))
    }

    /// Creates the frame for a reply of the receiving half. Returns `None` for a Close if ours was sent before, and for
    /// a Pong if our Close was sent and either was a reply or the peer's has arrived (RFC 6455 sections 5.5.1 and
    /// 5.5.2).
    #[must_use]
    pub fn reply(&mut self, reply: Reply) -> Option<ControlFrame> {
        match reply.0 {
            ReplyFrame::Pong { payload, is_open } => self.answer(Opcode::Pong, &payload, is_open),
            ReplyFrame::Close(code) => {
                let payload = ControlPayload::from_close(code, "").ok()?;
                self.answer(Opcode::Close, &payload, false)
            }
        }
    }

    /// Creates the frame of a reply; `is_open` is `false` if the receiving half has stopped since.
    #[inline]
    pub(crate) fn answer(
        &mut self,
        opcode: Opcode,
        payload: &ControlPayload,
        is_open: bool,
    ) -> Option<ControlFrame> {
        self.may_answer(opcode, is_open)
            .then(|| ControlFrame::new(opcode, self.role.next_key(), payload))
    }

    /// Returns `true` if a reply may be sent, and notes that it is.
    #[inline]
    pub(crate) fn may_answer(&mut self, opcode: Opcode, is_open: bool) -> bool {
        let may_be_sent = match self.closing {
            Closing::No => true,
            Closing::CloseSent => is_open,
            Closing::Done => false,
        };
        if opcode == Opcode::Close {
            self.closing = Closing::Done;
        }
        may_be_sent
    }

    /// Checks that the caller may send a control frame (RFC 6455 sections 5.5.1 and 5.5.2).
    pub(crate) fn check_control(&self, opcode: Opcode) -> Result<(), SendError> {
        if self.closing == Closing::Done || self.is_closed() && opcode != Opcode::Pong {
            Err(SendError::Closed)
        } else {
            Ok(())
        }
    }

    /// Notes that the caller has sent our Close.
    pub(crate) const fn note_close(&mut self) {
        self.closing = Closing::CloseSent;
    }

    /// Creates a control frame that was checked.
    pub(crate) fn checked_control(&mut self, opcode: Opcode, payload: &ControlPayload) -> ControlFrame {
        ControlFrame::new(opcode, self.role.next_key(), payload)
    }

    /// Returns `true` if our Close was sent.
    ///
    /// ```
    /// use bareframe::{Config, Connection};
    /// let (_, mut sender) = Connection::server(Config::DEFAULT).split();
    /// assert!(!sender.is_closed());
    /// sender.close(None, "")?;
    /// assert!(sender.is_closed());
    /// # Ok::<(), bareframe::SendError>(())
    /// ```
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        !matches!(self.closing, Closing::No)
    }

    fn control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<ControlFrame, SendError> {
        let payload = ControlPayload::new(payload)?;
        Ok(ControlFrame::new(opcode, self.role.next_key(), &payload))
    }

    #[inline]
    fn next_opcode(&self, kind: MessageKind, rsv: Rsv) -> Result<Opcode, SendError> {
        self.check_open()?;
        match self.open {
            Some(open) if open != kind => Err(SendError::WrongKind),
            // `FrameHeader::new` refuses reserved bits on a continuation.
            Some(_) => Ok(Opcode::Continuation),
            None if !self.rsv.contains(rsv) => Err(SendError::ReservedBits),
            None => Ok(kind.opcode()),
        }
    }

    /// Checks that a message may begin in one frame.
    pub(crate) fn check_whole(&self, kind: MessageKind, rsv: Rsv) -> Result<(), SendError> {
        if self.open.is_some() {
            return Err(SendError::MessageOpen);
        }
        self.check(kind, rsv)
    }

    /// Checks a frame's kind and reserved bits as [`Sender::send`] does.
    pub(crate) fn check(&self, kind: MessageKind, rsv: Rsv) -> Result<(), SendError> {
        self.next_opcode(kind, rsv).map(|_| ())
    }

    /// Returns `true` if a message was begun and its last frame was not sent.
    #[inline]
    pub(crate) const fn is_within_message(&self) -> bool {
        self.open.is_some()
    }

    #[inline]
    const fn check_open(&self) -> Result<(), SendError> {
        if self.is_closed() {
            Err(SendError::Closed)
        } else {
            Ok(())
        }
    }
}

impl<R: Role> Outgoing<R> {
    /// Returns the header's bytes, to be sent before the payload: 2 to 14 of them.
    #[must_use]
    #[inline]
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    pub(crate) const fn header_bytes(&self) -> &HeaderBytes {
        &self.header
    }

    #[inline]
    pub(crate) const fn masker(&self) -> Masker {
        self.masker
    }

    #[inline]
    pub(crate) const fn masker_mut(&mut self) -> &mut Masker {
        &mut self.masker
    }

    /// Returns how many bytes of payload the header announces.
    #[must_use]
    #[inline]
    pub const fn payload_len(&self) -> u64 {
        self.payload_len
    }

    /// Returns `true` if the payload must go through `apply` or `apply_copy`: a client's does (RFC 6455 section 5.3).
    #[must_use]
    #[inline]
    pub const fn is_masked(&self) -> bool {
        R::KEY_LEN > 0
    }

    /// Masks the payload's next piece in place, if it must be masked (RFC 6455 section 5.3).
    #[inline]
    pub fn apply(&mut self, piece: &mut [u8]) {
        if self.is_masked() {
            self.masker.apply(piece);
        }
    }

    /// Copies the payload's next piece to the front of `out`, masked if it must be, and returns its length in bytes.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] if `out` is shorter than `piece`; nothing was written.
    #[inline]
    pub fn apply_copy(&mut self, piece: &[u8], out: &mut [u8]) -> Result<usize, BufferTooSmall> {
        let needed = piece.len();
        if self.is_masked() {
            return self.masker.apply_copy(piece, out);
        }
        let available = out.len();
        let out = out
            .get_mut(..needed)
            .ok_or(BufferTooSmall { needed, available })?;
        for (to, from) in out.iter_mut().zip(piece) {
            *to = *from;
        }
        Ok(needed)
    }
}
