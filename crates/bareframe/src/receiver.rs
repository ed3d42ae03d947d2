//! The receiving half: octets in, events out (RFC 6455 sections 5, 6.2 and 7).

use crate::close::{CloseCode, CloseReason};
use crate::control::{ControlPayload, WholeControl};
use crate::error::ProtocolError;
use crate::frame::{FrameDecoder, Part, Payload, Stop, take};
use crate::header::{Beginning, Mask};
use crate::limits::{Bounds, Config};
use crate::mask::Masker;
use crate::message::{Message, Piece, SMALL, receive_payload};
use crate::opcode::{MessageKind, Opcode, Rsv};
use crate::role::Role;
use crate::utf8::{self, InvalidUtf8};
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
    pong_owed: bool,
    close_owed: bool,
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

/// What became of the octets at the front of the input that the straight path does not take. It goes through memory, and
/// nothing of it is read wider than it was written: that would make every piece wait.
#[derive(Clone, Copy)]
struct Received {
    /// How many octets are taken.
    taken: usize,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    /// All input is taken, or the octets of a header or of a control frame that is not whole.
    Nothing,
    /// All octets taken are this piece.
    Data(Piece),
    /// The message ends with a header, which all octets taken belong to.
    End(Piece),
    // A control frame is whole.
    Ping,
    Pong,
    Close,
    /// As the decoder says.
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
            pong_owed: false,
            close_owed: false,
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
        loop {
            // A vain search costs a small machine more than the question.
            if (!SMALL || self.bounds.straight > 0)
                && let Some(found) = Beginning::find(input, R::RECEIVES_MASKED, self.bounds.straight)
            {
                if let Some(frame_len) = found.frame_len(input.len()) {
                    return self.receive_whole(input, found, frame_len);
                }
                take(input, found.header_len);
                self.begin(
                    found.kind,
                    found.masker.unwrap_or(Masker::NONE),
                    found.payload_len,
                );
            }
            if !SMALL
                && let [octet] = &mut **input
                && let Some(piece) = self.receive_octet(octet)
            {
                let payload = core::mem::take(input);
                return Ok(Some(Event::Data(Data { payload, piece })));
            }
            if input.is_empty() && !self.decoder.is_stopped() {
                return Ok(None);
            }
            let Received { taken, what } = self.receive_any(input);
            let octets = take(input, taken);
            let (payload, piece) = match what {
                What::Nothing if input.is_empty() => return Ok(None),
                What::Nothing => continue,
                What::Data(piece) => (octets, piece),
                What::End(piece) => (&mut [][..], piece),
                What::Ping => return Ok(Some(self.ping())),
                What::Pong => return Ok(Some(Event::Pong(self.control))),
                What::Close => return Ok(Some(Event::Close(self.control.as_close()))),
                What::Failed => return self.failure(),
            };
            return Ok(Some(Event::Data(Data { payload, piece })));
        }
    }

    /// Tells the engine that the stream has ended, and gives how.
    ///
    /// By this half alone the end is clean if the peer's Close arrived and its answer was taken as a [`Reply`].
    pub fn receive_eof(&mut self) -> Closure {
        match self.stopped() {
            Some(Stop::Closed(_)) if !self.close_owed => Closure::Clean,
            Some(_) => Closure::Abnormal,
            None => {
                self.stop(Stop::Ended);
                self.pong_owed = false;
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
        if core::mem::take(&mut self.pong_owed) {
            Some((Opcode::Pong, &self.pong))
        } else if self.close_owed {
            self.take_close()
        } else {
            None
        }
    }

    /// No control frame arrives any more, so that its place is free for the Close.
    #[inline(never)]
    fn take_close(&mut self) -> Option<(Opcode, &ControlPayload)> {
        self.close_owed = false;
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
        match self.decoder.part() {
            Part::Nothing(stop) => Some(stop),
            _ => None,
        }
    }

    /// The straight path: no state is changed, since none is left over.
    #[inline]
    fn receive_whole<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        found: Beginning,
        frame_len: usize,
    ) -> Result<Option<Event<'i>>, ProtocolError> {
        if let Some(payload) = input.get_mut(found.header_len..frame_len)
            && let Err(InvalidUtf8 { at }) = receive_payload(found.kind, found.masker, payload)
        {
            take(input, at.saturating_add(found.header_len));
            return Err(self.refuse(ProtocolError::InvalidUtf8));
        }
        let frame = take(input, frame_len);
        Ok(Some(Event::Data(Data {
            payload: frame.get_mut(found.header_len..).unwrap_or(&mut []),
            piece: Piece::whole(found.kind),
        })))
    }

    /// A message begins of which all is to follow but the header.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn begin(&mut self, kind: MessageKind, masker: Masker, payload_len: usize) {
        self.message.begin(kind, payload_len);
        self.decoder.go_on(Payload {
            missing: payload_len as u64,
            masker,
            opcode: kind.opcode(),
            fin: true,
        });
        self.bounds.go_straight(false);
    }

    /// One octet of a payload that goes on, as those get it who read octet by octet. No more than one, so that all it needs
    /// is in registers.
    #[inline(never)]
    fn receive_octet(&mut self, octet: &mut u8) -> Option<Piece> {
        let (missing, masker, _) = self.decoder.data()?;
        if *missing < 2 {
            return None;
        }
        let piece = self.message.receive_octet(masker, octet)?;
        *missing = missing.wrapping_sub(1);
        Some(piece)
    }

    /// Every other case: cut anywhere, fragmented, control, unusual or wrong.
    // On a small machine what goes through memory costs more than a call saves.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    fn receive_any(&mut self, octets: &mut [u8]) -> Received {
        // Not worth its flash on a small machine.
        if !SMALL
            && self.decoder.is_between_frames()
            && let Some(found) = WholeControl::find(octets, R::RECEIVES_MASKED)
        {
            self.place_of(found.opcode).gather(found.key, found.payload);
            return Received {
                taken: found.frame_len,
                what: What::control(found.opcode),
            };
        }
        if self.decoder.data().is_some() {
            self.receive_data(octets)
        } else {
            self.receive_header_or_control(octets)
        }
    }

    /// Takes the data payload's next octets.
    #[inline(always)]
    fn receive_data(&mut self, octets: &mut [u8]) -> Received {
        let Some((missing, masker, fin)) = self.decoder.data() else {
            return Received::NOTHING;
        };
        let here = usize::try_from(*missing).map_or(octets.len(), |missing| missing.min(octets.len()));
        let Some(octets) = octets.get_mut(..here) else {
            return Received::NOTHING;
        };
        if octets.is_empty() {
            return Received::NOTHING;
        }
        *missing = missing.wrapping_sub(here as u64);
        let ends = *missing == 0;
        let piece = match self.message.receive(masker, octets, ends && fin, &self.bounds) {
            Ok(piece) => piece,
            Err(InvalidUtf8 { at }) => return self.refused(at, ProtocolError::InvalidUtf8),
        };
        if ends {
            self.decoder.between_frames();
            self.bounds.go_straight(!self.message.is_open());
        }
        Received {
            taken: here,
            what: What::Data(piece),
        }
    }

    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn receive_header_or_control(&mut self, octets: &[u8]) -> Received {
        let received = match self.decoder.part() {
            Part::Payload(current) => self.receive_control(current, octets),
            Part::Header => self.receive_header(octets),
            Part::Nothing(Stop::Failed(_)) => Received {
                taken: 0,
                what: What::Failed,
            },
            Part::Nothing(Stop::Closed(_) | Stop::Ended) => Received {
                taken: octets.len(),
                what: What::Nothing,
            },
        };
        let between = self.decoder.is_between_frames() && !self.message.is_open();
        self.bounds.go_straight(between);
        received
    }

    fn receive_header(&mut self, octets: &[u8]) -> Received {
        let mask = if R::RECEIVES_MASKED {
            Mask::Set
        } else {
            Mask::Clear
        };
        let rules = self.message.rules(&self.bounds, self.rsv, mask);
        let (taken, header) = self.decoder.header(&rules, octets);
        let header = match header {
            Ok(Some(header)) => header,
            Ok(None) => {
                return Received {
                    taken,
                    what: What::Nothing,
                };
            }
            Err(error) => return self.refused(taken, error),
        };
        let payload = Payload::of(&header);
        self.decoder.go_on(payload);
        let what = if header.opcode().is_control() {
            self.control.clear();
            if payload.missing == 0 {
                let received = self.receive_control(payload, &[]);
                return Received { taken, ..received };
            }
            What::Nothing
        } else {
            self.message.begin_frame(&header);
            if payload.missing == 0 && payload.fin {
                What::End(self.message.end(&self.bounds))
            } else {
                What::Nothing
            }
        };
        Received { taken, what }
    }

    fn receive_control(&mut self, mut current: Payload, octets: &[u8]) -> Received {
        let taken = current.len_within(octets.len());
        let octets = octets.get(..taken).unwrap_or(&[]);
        self.control.extend_unmasked(&mut current.masker, octets);
        current.pass(taken);
        self.decoder.go_on(current);
        let what = if current.missing > 0 {
            What::Nothing
        } else {
            What::control(current.opcode)
        };
        if current.missing == 0 && current.opcode == Opcode::Close {
            match self.control.judge_close() {
                Ok(code) => {
                    self.stop(Stop::Closed(code));
                    self.close_owed = true;
                }
                Err(error) => return self.refused(taken.saturating_sub(1), error),
            }
        }
        if matches!(what, What::Ping) && self.auto_pong {
            self.pong = self.control;
        }
        Received { taken, what }
    }

    /// The event of a Ping that is whole.
    #[inline]
    fn ping<'i>(&mut self) -> Event<'i> {
        if self.auto_pong {
            self.pong_owed = true;
            Event::Ping(self.pong)
        } else {
            Event::Ping(self.control)
        }
    }

    /// Where the payload of a control frame that is whole is kept: that of a Ping is the one of its Pong.
    #[inline]
    fn place_of(&mut self, opcode: Opcode) -> &mut ControlPayload {
        if opcode == Opcode::Ping && self.auto_pong {
            &mut self.pong
        } else {
            &mut self.control
        }
    }

    /// Latches an error that the next octet proves.
    #[cold]
    fn refuse(&mut self, error: ProtocolError) -> ProtocolError {
        self.stop(Stop::Failed(error));
        self.close_owed = true;
        error
    }

    /// As [`Receiver::refuse`], with this many octets before the one that proves it.
    #[cold]
    fn refused(&mut self, taken: usize, error: ProtocolError) -> Received {
        self.refuse(error);
        Received {
            taken,
            what: What::Failed,
        }
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
        self.bounds.go_straight(false);
    }
}

impl Received {
    const NOTHING: Received = Received {
        taken: 0,
        what: What::Nothing,
    };
}

impl What {
    #[inline]
    const fn control(opcode: Opcode) -> What {
        match opcode {
            Opcode::Ping => What::Ping,
            Opcode::Pong => What::Pong,
            _ => What::Close,
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
