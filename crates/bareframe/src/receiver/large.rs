//! How a large machine receives: each case has a path of its own, in registers where it can be.

use super::{Data, Event, Receiver, Whole};
use crate::control::{ControlPayload, WholeControl};
use crate::error::ProtocolError;
use crate::frame::{Payload, len_within, take};
use crate::header::{Beginning, Rules, WholeHeader};
use crate::mask::Masker;
use crate::message::Piece;
use crate::message::large::receive_payload;
use crate::opcode::{FirstOctet, MessageKind, Opcode, Rsv};
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
            if let Some(found) = Beginning::find(input, R::RECEIVES_MASKED, self.bounds.straight) {
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
                What::Close => return Ok(Some(Event::Close(self.control.as_close()))),
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
    #[inline(never)]
    fn begin(&mut self, kind: MessageKind, masker: Masker, payload_len: usize) {
        self.message.begin(kind, payload_len);
        self.decoder.go_on(Payload {
            missing: payload_len as u64,
            masker,
            first: FirstOctet::of(true, Rsv::NONE, kind.opcode()),
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

    /// Gives how many octets are a header's, all of them if it is not whole.
    #[inline]
    pub(super) fn next_header(
        &mut self,
        rules: &Rules,
        octets: &[u8],
    ) -> (usize, Result<Option<WholeHeader>, ProtocolError>) {
        let (taken, header) = self.decoder.header(rules, octets);
        (
            taken,
            header.map(|header| header.map(|header| header.as_it_came())),
        )
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
