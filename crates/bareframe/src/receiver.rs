//! The receiving half: octets in, events out (RFC 6455 sections 5, 6.2 and 7).

#[cfg(target_pointer_width = "64")]
mod large;
#[cfg(not(target_pointer_width = "64"))]
mod small;

use crate::close::CloseCode;
use crate::close_reason::CloseReason;
use crate::control::ControlPayload;
use crate::error::ProtocolError;
use crate::frame::{FrameDecoder, Payload, Stop};
use crate::header::{Mask, Rules};
use crate::limits::{Bounds, Config};
use crate::mask::Masker;
use crate::message::{Message, Piece, SMALL};
use crate::opcode::{FirstOctet, MessageKind, Opcode, Rsv};
use crate::role::Role;
use crate::utf8;
use core::marker::PhantomData;

/// The receiving half of a connection; it holds no part of the key source, so that it can go to another thread.
///
/// Made by [`Connection::split`](crate::Connection::split). What it owes the peer it gives as a [`Reply`], which
/// the caller carries to the [`Sender`](crate::Sender).
///
/// ```
/// use bareframe::{Config, Connection, Event};
/// let (mut receiver, mut sender) = Connection::server(Config::DEFAULT).split();
/// let mut octets = *b"\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let Ok(Some(Event::Ping(payload))) = receiver.receive(&mut &mut octets[..]) else { panic!() };
/// assert_eq!(&payload[..], b"Hello");
/// let reply = receiver.poll_reply().unwrap();
/// assert_eq!(&sender.reply(reply).unwrap()[..], b"\x8a\x05Hello");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Receiver<R> {
    decoder: FrameDecoder,
    message: Message,
    bounds: Bounds,
    /// The reserved bits that an extension uses.
    rsv: Rsv,
    auto_pong: bool,
    /// The control frame that is arriving.
    control: ControlPayload,
    /// The payload of the Pong that is owed, if one is.
    pong: ControlPayload,
    debts: Debts,
    role: PhantomData<fn() -> R>,
}

/// What the peer said.
#[derive(PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event<'i> {
    /// The next piece of a text or binary message.
    Data(Data<'i>),
    /// A Ping; the engine owes its Pong, if the configuration does not say otherwise (RFC 6455 section 5.5.2).
    Ping(ControlPayload),
    /// A Pong (RFC 6455 section 5.5.3).
    Pong(ControlPayload),
    /// The peer's Close; nothing more is delivered after it (RFC 6455 section 5.5.1).
    Close(CloseReason),
}

/// What is whole with the last octet of a header or of a control frame's payload.
#[derive(Clone, Copy)]
enum Whole {
    /// No event: all input is taken, or the octets of a header or of a control frame that is not whole.
    Nothing,
    /// The message ends with a header, which all octets taken belong to.
    Message,
    Ping,
    Pong,
    Close,
    /// No event: as the decoder says.
    Failed,
}

/// A piece of a message, lent from the input: at least one octet, unless it is the message's last.
///
/// ```
/// use bareframe::{Config, Connection, Event, MessageKind};
/// let mut server = Connection::server(Config::DEFAULT);
/// let mut octets = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let Ok(Some(Event::Data(data))) = server.receive(&mut &mut octets[..]) else { panic!() };
/// assert_eq!((data.kind(), data.first(), data.last()), (MessageKind::Text, true, true));
/// assert!(data.rsv().is_empty());
/// assert_eq!(data.payload(), b"Hello");
/// assert_eq!(data.as_str(), Some("Hello"));
/// assert_eq!(data.into_str().unwrap(), "Hello");
/// ```
#[derive(PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Data<'i> {
    payload: &'i mut [u8],
    piece: Piece,
}

/// What the receiving half owes the peer, for [`Sender::reply`](crate::Sender::reply) to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Reply(pub(crate) Owed);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Owed {
    Pong(ControlPayload),
    Close(Option<CloseCode>),
}

/// What is owed to the peer, a bit each, so that one question tells whether anything is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Debts(u8);

/// How the stream ended (RFC 6455 section 7.1.4).
///
/// ```
/// use bareframe::{Closure, Config, Connection};
/// let mut server = Connection::server(Config::DEFAULT);
/// assert_eq!(server.receive_eof(), Closure::Abnormal);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Closure {
    /// Both Close frames passed.
    Clean,
    /// The closing handshake was not finished; the status code of the API is 1006.
    Abnormal,
}

impl<R: Role> Receiver<R> {
    #[inline(always)]
    pub(crate) const fn new(config: Config) -> Receiver<R> {
        let bounds = Bounds::new(&config.limits);
        Receiver {
            decoder: FrameDecoder::new(),
            message: Message::none(&bounds),
            bounds,
            rsv: config.rsv,
            auto_pong: config.auto_pong,
            control: ControlPayload::EMPTY,
            pong: ControlPayload::EMPTY,
            debts: Debts::NONE,
            role: PhantomData,
        }
    }

    /// Takes octets from the front of `input` and gives the next event, which may lend from them; `None` when
    /// it has taken all of them (RFC 6455 section 6.2).
    ///
    /// Payload is unmasked where it lies. After the peer's Close, and after the end of the stream, every octet
    /// is taken and nothing is given.
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`] at the octet that proves it, where `input` then begins. Every later call takes
    /// nothing and gives the same error.
    #[inline(always)]
    pub fn receive<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, ProtocolError> {
        if SMALL && input.is_empty() && !self.decoder.is_stopped() {
            return Ok(None);
        }
        self.receive_next(input)
    }

    /// Tells the engine that the stream has ended, and gives how.
    ///
    /// By this half alone the end is clean if the peer's Close arrived and its answer was taken as a [`Reply`].
    pub fn receive_eof(&mut self) -> Closure {
        match self.stopped() {
            Some(Stop::Closed(_)) if !self.debts.have(Debts::CLOSE) => Closure::Clean,
            Some(_) => Closure::Abnormal,
            None => {
                self.stop(Stop::Ended);
                self.debts.pay(Debts::PONG);
                Closure::Abnormal
            }
        }
    }

    /// Fails the connection on behalf of a layer above: `receive` gives [`ProtocolError::Failed`] from now on,
    /// and a Close with this code is owed (RFC 6455 section 7.1.7).
    ///
    /// It does nothing if the connection has failed, or the peer's Close arrived, before.
    pub fn fail(&mut self, code: CloseCode) {
        if self.stopped().is_none() {
            self.refuse(ProtocolError::Failed(code));
        }
    }

    /// Gives what is owed to the peer, once: the Pong to its latest Ping, then a Close.
    #[must_use]
    #[inline]
    pub fn poll_reply(&mut self) -> Option<Reply> {
        match self.poll_owed()? {
            (Opcode::Close, payload) => Some(Reply(Owed::Close(payload.judge_close().ok()?))),
            (_, payload) => Some(Reply(Owed::Pong(*payload))),
        }
    }

    /// The control frame that is owed, once.
    #[inline]
    pub(crate) fn poll_owed(&mut self) -> Option<(Opcode, &ControlPayload)> {
        if self.debts == Debts::NONE {
            None
        } else if self.debts.have(Debts::PONG) {
            self.debts.pay(Debts::PONG);
            Some((Opcode::Pong, &self.pong))
        } else {
            self.take_close()
        }
    }

    /// No control frame arrives any more, so that its place is free for the Close.
    // Once in a connection's life, and asked for after every event.
    #[cold]
    #[inline(never)]
    fn take_close(&mut self) -> Option<(Opcode, &ControlPayload)> {
        self.debts.pay(Debts::CLOSE);
        let code = match self.stopped()? {
            Stop::Failed(error) => Some(error.close_code()),
            Stop::Closed(code) => code,
            Stop::Ended => return None,
        };
        self.control = ControlPayload::from_close(code, "").ok()?;
        Some((Opcode::Close, &self.control))
    }

    /// Why nothing more is received, if so.
    #[inline]
    pub(crate) const fn stopped(&self) -> Option<Stop> {
        self.decoder.stopped()
    }

    /// No frame is open, and no message.
    #[inline]
    const fn is_between_messages(&self) -> bool {
        self.decoder.is_between_frames() && !self.message.is_open()
    }

    /// Allows the straight path or closes it. A small machine asks the state when it wants to know.
    #[inline]
    const fn go_straight(&mut self, may: bool) {
        if !SMALL {
            self.bounds.go_straight(may);
        }
    }

    /// What the next frame may be.
    #[inline]
    const fn rules(&self) -> Rules {
        let mask = if R::RECEIVES_MASKED {
            Mask::Set
        } else {
            Mask::Clear
        };
        self.message.rules(&self.bounds, self.rsv, mask)
    }

    /// A frame begins that the rules allowed.
    fn begin_frame(&mut self, first: FirstOctet, payload_len: u64, masker: Masker) -> Whole {
        self.decoder.go_on(Payload {
            missing: payload_len,
            masker,
            first,
        });
        if first.is_control() {
            self.control.clear();
            return Whole::Nothing;
        }
        self.message.begin_frame(first, payload_len);
        if payload_len > 0 {
            return Whole::Nothing;
        }
        self.decoder.between_frames();
        if first.fin() {
            Whole::Message
        } else {
            Whole::Nothing
        }
    }

    /// A control frame is whole; its payload may be wrong if it is a Close.
    #[inline]
    fn end_control(&mut self, opcode: Opcode) -> Whole {
        let whole = Whole::control(opcode);
        if matches!(whole, Whole::Close) {
            match self.control.judge_close() {
                Ok(code) => {
                    self.stop(Stop::Closed(code));
                    self.debts.owe(Debts::CLOSE);
                }
                Err(error) => return self.refused(error),
            }
        } else {
            self.decoder.between_frames();
        }
        whole
    }

    /// The event of a Ping that is whole.
    #[inline]
    fn ping<'i>(&mut self) -> Event<'i> {
        if self.auto_pong {
            self.debts.owe(Debts::PONG);
            if !SMALL {
                return Event::Ping(self.pong);
            }
            self.pong = self.control;
        }
        Event::Ping(self.control)
    }

    /// Latches an error that the next octet proves.
    #[cold]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn refuse(&mut self, error: ProtocolError) -> ProtocolError {
        self.stop(Stop::Failed(error));
        self.debts.owe(Debts::CLOSE);
        error
    }

    #[cold]
    fn refused(&mut self, error: ProtocolError) -> Whole {
        self.refuse(error);
        Whole::Failed
    }

    /// The error that is latched.
    #[cold]
    fn failure<T>(&self) -> Result<Option<T>, ProtocolError> {
        match self.stopped() {
            Some(Stop::Failed(error)) => Err(error),
            _ => Ok(None),
        }
    }

    #[inline]
    fn stop(&mut self, stop: Stop) {
        self.decoder.stop(stop);
        self.go_straight(false);
    }
}

impl Debts {
    const NONE: Debts = Debts(0);
    const PONG: Debts = Debts(1);
    const CLOSE: Debts = Debts(2);

    #[inline]
    const fn have(self, debt: Debts) -> bool {
        self.0 & debt.0 != 0
    }

    #[inline]
    const fn owe(&mut self, debt: Debts) {
        self.0 |= debt.0;
    }

    #[inline]
    const fn pay(&mut self, debt: Debts) {
        self.0 &= !debt.0;
    }
}

impl Whole {
    #[inline]
    const fn control(opcode: Opcode) -> Whole {
        match opcode {
            Opcode::Ping => Whole::Ping,
            Opcode::Pong => Whole::Pong,
            _ => Whole::Close,
        }
    }
}

impl<'i> Data<'i> {
    /// Gives the kind of the message.
    #[must_use]
    #[inline]
    pub const fn kind(&self) -> MessageKind {
        self.piece.kind()
    }

    /// Gives the reserved bits of the message's first frame (RFC 6455 section 5.2).
    #[must_use]
    #[inline]
    pub const fn rsv(&self) -> Rsv {
        self.piece.rsv()
    }

    /// Tells whether this is the message's first piece.
    #[must_use]
    #[inline]
    pub const fn first(&self) -> bool {
        self.piece.first()
    }

    /// Tells whether the message ends with this piece.
    #[must_use]
    #[inline]
    pub const fn last(&self) -> bool {
        self.piece.last()
    }

    /// Gives the octets, unmasked.
    #[must_use]
    #[inline]
    pub const fn payload(&self) -> &[u8] {
        self.payload
    }

    /// Gives the octets for as long as the input is lent.
    #[must_use]
    #[inline]
    pub fn into_payload(self) -> &'i mut [u8] {
        self.payload
    }

    /// Gives the text, or `None` if the piece is binary, was changed by an extension, or is cut within a character.
    ///
    /// A piece that is a whole text message always gives it.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        // Set only if the validator passed the payload from the first octet of a character to the last of one;
        // nothing has had access to change it since.
        if self.piece.whole_characters() {
            utf8::passed(self.payload)
        } else {
            None
        }
    }

    /// As [`Data::as_str`], for as long as the input is lent.
    #[must_use]
    #[inline]
    pub fn into_str(self) -> Option<&'i mut str> {
        if self.piece.whole_characters() {
            utf8::passed_mut(self.payload)
        } else {
            None
        }
    }

    /// The validator passed the payload, from the first octet of a character to the last of one.
    pub(crate) const fn is_whole_characters(&self) -> bool {
        self.piece.whole_characters()
    }
}

impl Reply {
    /// Tells whether this is the answer to a Close, or to an error, after which nothing is sent.
    #[must_use]
    pub const fn is_close(&self) -> bool {
        matches!(self.0, Owed::Close(_))
    }
}
