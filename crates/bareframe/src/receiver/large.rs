//! How a large machine receives: each case has a path of its own, in registers where it can be.

use super::{Data, Event, Receiver, Whole};
use crate::close_reason::CloseReason;
use crate::control::{ControlPayload, WholeControl};
use crate::error::ProtocolError;
use crate::frame::{Payload, Stop, len_within, take};
use crate::header::Beginning;
use crate::mask::Masker;
use crate::message::Piece;
use crate::message::large::receive_payload;
use crate::opcode::{FirstOctet, Opcode};
use crate::role::Role;
use crate::utf8::InvalidUtf8;

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

impl<R: Role> Receiver<R> {
    #[inline(always)]
    pub(super) fn receive_next<'i>(
        &mut self,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, ProtocolError> {
        loop {
            if let Some(found) = Beginning::take(input, R::RECEIVES_MASKED, self.bounds.straight) {
                if found.payload_len <= input.len() {
                    return self.receive_whole(input, found);
                }
                self.begin(
                    found.first,
                    found.masker.unwrap_or(Masker::NONE),
                    found.payload_len,
                );
            }
            if let [octet] = &mut **input
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
                What::Close => return Ok(Some(Event::Close(CloseReason::from_payload(self.control)))),
                What::Failed => return self.failure(),
            };
            return Ok(Some(Event::Data(Data { payload, piece })));
        }
    }

    /// The straight path: no state is changed, since none is left over.
    #[inline]
    fn receive_whole<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        found: Beginning,
    ) -> Result<Option<Event<'i>>, ProtocolError> {
        let piece = Piece::whole_frame(found.first);
        if let Some(payload) = input.get_mut(..found.payload_len)
            && let Err(InvalidUtf8 { at }) = receive_payload(piece, found.masker, payload)
        {
            take(input, at);
            return Err(self.refuse(ProtocolError::InvalidUtf8));
        }
        Ok(Some(Event::Data(Data {
            payload: input.split_off_mut(..found.payload_len).unwrap_or(&mut []),
            piece: piece.and(piece.is_plain_text()),
        })))
    }

    /// A message begins of which all is to follow but the header.
    // Rare beside frames that came whole, which so stand first in the machine code.
    #[cold]
    #[inline(never)]
    fn begin(&mut self, first: FirstOctet, masker: Masker, payload_len: usize) {
        self.message.begin(first);
        self.decoder.go_on(Payload {
            missing: payload_len as u64,
            masker,
            first,
        });
        self.go_straight(false);
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
    #[inline(never)]
    fn receive_any(&mut self, octets: &mut [u8]) -> Received {
        if self.decoder.is_between_frames()
            && let Some(found) = WholeControl::find(octets, R::RECEIVES_MASKED)
        {
            self.place_of(found.opcode).gather(found.key, found.payload);
            return Received {
                taken: found.frame_len,
                what: self.what(Whole::control(found.opcode)),
            };
        }
        if self.decoder.data().is_some() {
            self.receive_data(octets)
        } else {
            let (taken, whole) = self.receive_header_or_control(octets);
            Received {
                taken,
                what: self.what(whole),
            }
        }
    }

    #[inline]
    fn what(&mut self, whole: Whole) -> What {
        match whole {
            Whole::Nothing => What::Nothing,
            Whole::Message => What::End(self.message.end(&self.bounds)),
            Whole::Ping => What::Ping,
            Whole::Pong => What::Pong,
            Whole::Close => What::Close,
            Whole::Failed => What::Failed,
        }
    }

    /// Takes the data payload's next octets.
    #[inline(always)]
    fn receive_data(&mut self, octets: &mut [u8]) -> Received {
        let Some((missing, masker, fin)) = self.decoder.data() else {
            return Received::NOTHING;
        };
        let here = len_within(*missing, octets.len());
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
            Err(InvalidUtf8 { at }) => {
                self.refuse(ProtocolError::InvalidUtf8);
                return Received {
                    taken: at,
                    what: What::Failed,
                };
            }
        };
        if ends {
            self.decoder.between_frames();
            self.go_straight(!self.message.is_open());
        }
        Received {
            taken: here,
            what: What::Data(piece),
        }
    }

    fn receive_header_or_control(&mut self, octets: &[u8]) -> (usize, Whole) {
        match self.stopped() {
            Some(Stop::Failed(_)) => return (0, Whole::Failed),
            Some(Stop::Closed(_) | Stop::Ended) => return (octets.len(), Whole::Nothing),
            None => {}
        }
        let mut received = (0, Whole::Nothing);
        if self.decoder.control().is_none() {
            received = self.receive_header(octets);
        }
        if self.decoder.control().is_some() {
            let (before, _) = received;
            received = self.receive_control(octets, before);
        }
        self.go_straight(self.is_between_messages());
        received
    }

    fn receive_header(&mut self, octets: &[u8]) -> (usize, Whole) {
        let (taken, header) = self.decoder.header(&self.rules(), octets);
        match header {
            Ok(Some(header)) => {
                let Payload {
                    missing,
                    masker,
                    first,
                } = Payload::of(&header);
                (taken, self.begin_frame(first, missing, masker))
            }
            Ok(None) => (taken, Whole::Nothing),
            Err(error) => (taken, self.refused(error)),
        }
    }

    /// Takes the octets of a control frame's payload that are behind so many.
    fn receive_control(&mut self, octets: &[u8], before: usize) -> (usize, Whole) {
        let Some((missing, masker, first)) = self.decoder.control() else {
            return (before, Whole::Nothing);
        };
        let octets = octets.get(before..).unwrap_or(&[]);
        let here = len_within(*missing, octets.len());
        self.control
            .extend_unmasked(masker, octets.get(..here).unwrap_or(&[]));
        *missing = missing.wrapping_sub(here as u64);
        let taken = before.wrapping_add(here);
        if *missing > 0 {
            return (taken, Whole::Nothing);
        }
        let whole = self.end_control(first.opcode());
        if matches!(whole, Whole::Ping) {
            self.pong = self.control;
        }
        // The last octet proves what is wrong with a Close.
        let proved = matches!(whole, Whole::Failed);
        (taken.wrapping_sub(usize::from(proved)), whole)
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
}

impl Received {
    const NOTHING: Received = Received {
        taken: 0,
        what: What::Nothing,
    };
}
