//! How a small machine receives: in one function, so that what it gives is made where the caller wants it, and with one way
//! for all payload.

use super::{Data, Event, Receiver, Whole};
use crate::close_reason::CloseReason;
use crate::error::ProtocolError;
use crate::frame::{Payload, Stop, take};
use crate::header::Beginning;
use crate::mask::Masker;
use crate::message::Piece;
use crate::role::Role;
use crate::utf8::InvalidUtf8;

impl<R: Role> Receiver<R> {
    /// Goes on with the payload that is open, or with a message that is found at the front; its octets then lie in front of
    /// all. Else with a header or a control frame.
    #[inline(never)]
    pub(super) fn receive_next<'i>(
        &mut self,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, ProtocolError> {
        let (len, masker, mut piece) = loop {
            if let Some((missing, masker, fin)) = self.decoder.data() {
                let now = *masker;
                let (here, last) = match usize::try_from(*missing) {
                    Ok(here) if here <= input.len() => {
                        self.decoder.between_frames();
                        (here, fin)
                    }
                    _ => {
                        *missing = missing.wrapping_sub(input.len() as u64);
                        masker.skip(input.len());
                        (input.len(), false)
                    }
                };
                break (here, now, self.message.give(last, &self.bounds));
            }
            if self.is_between_messages()
                && let Some(found) = Beginning::take(input, R::RECEIVES_MASKED, self.bounds.straight)
            {
                let masker = found.masker.unwrap_or(Masker::NONE);
                let here = input.len();
                if found.payload_len <= here {
                    break (found.payload_len, masker, Piece::whole_frame(found.first));
                }
                self.message.begin(found.first);
                let mut behind = masker;
                behind.skip(here);
                self.decoder.go_on(Payload {
                    missing: found.payload_len.wrapping_sub(here) as u64,
                    masker: behind,
                    first: found.first,
                });
                if here > 0 {
                    break (here, masker, self.message.give(false, &self.bounds));
                }
            } else {
                let (taken, whole) = self.receive_octet(input);
                take(input, taken);
                match whole {
                    Whole::Nothing => {}
                    Whole::Message => {
                        let piece = self.message.end(&self.bounds);
                        return Ok(Some(Event::Data(Data {
                            payload: &mut [],
                            piece,
                        })));
                    }
                    Whole::Ping => return Ok(Some(self.ping())),
                    Whole::Pong => return Ok(Some(Event::Pong(self.control))),
                    Whole::Close => return Ok(Some(Event::Close(CloseReason::from_payload(self.control)))),
                    Whole::Failed => return self.failure(),
                }
            }
            if input.is_empty() {
                return Ok(None);
            }
        };
        // There are so many.
        let Some(octets) = input.get_mut(..len) else {
            return Ok(None);
        };
        let masker = R::RECEIVES_MASKED.then_some(masker);
        if let Err(InvalidUtf8 { at }) = self.message.receive(masker, octets, &mut piece) {
            take(input, at);
            return Err(self.refuse(ProtocolError::InvalidUtf8));
        }
        let payload = take(input, len);
        Ok(Some(Event::Data(Data { payload, piece })))
    }

    /// Takes the next octet of a header or of a control frame's payload. Gives how many octets it took, all of them if nothing
    /// more is received.
    #[inline(never)]
    fn receive_octet(&mut self, octets: &[u8]) -> (usize, Whole) {
        if self.decoder.is_stopped() {
            return match self.stopped() {
                Some(Stop::Failed(_)) => (0, Whole::Failed),
                _ => (octets.len(), Whole::Nothing),
            };
        }
        let Some(&octet) = octets.first() else {
            return (0, Whole::Nothing);
        };
        if let Some((missing, masker, _)) = self.decoder.control() {
            *missing = missing.wrapping_sub(1);
            let octet = masker.apply_byte(octet);
            self.control.push(octet);
        } else {
            let rules = self.rules();
            match self.decoder.push(octet, &rules) {
                Ok(Some(header)) => {
                    let masker = header.masking_key.map_or(Masker::NONE, Masker::new);
                    let whole = self.begin_frame(header.first, header.payload_len, masker);
                    if !header.first.is_control() {
                        return (1, whole);
                    }
                }
                Ok(None) => return (1, Whole::Nothing),
                Err(error) => return (0, self.refused(error)),
            }
        }
        if let Some((0, _, first)) = self.decoder.control() {
            let whole = self.end_control(first.opcode());
            // The last octet proves what is wrong with it.
            return (if matches!(whole, Whole::Failed) { 0 } else { 1 }, whole);
        }
        (1, Whole::Nothing)
    }
}
