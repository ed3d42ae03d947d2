//! How a small machine receives: in one function, so that what it gives is made where the caller wants it, and with one way
//! for all payload.

use super::{Data, Event, Receiver, Whole};
use crate::error::ProtocolError;
use crate::frame::{len_within, take};
use crate::header::{Beginning, Rules, WholeHeader};
use crate::mask::Masker;
use crate::message::Piece;
use crate::opcode::{FirstOctet, Rsv};
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
                let (here, last) = match missing.checked_sub(input.len() as u64) {
                    Some(left @ 1..) => {
                        *missing = left;
                        masker.pass(input.len());
                        (input.len(), false)
                    }
                    _ => {
                        let here = len_within(*missing, input.len());
                        self.decoder.between_frames();
                        (here, fin)
                    }
                };
                break (here, now, self.message.give(last, &self.bounds));
            }
            if self.is_between_messages()
                && let Some(found) = Beginning::find(input, R::RECEIVES_MASKED, self.bounds.straight)
            {
                let masker = found.masker.unwrap_or(Masker::NONE);
                take(input, found.header_len);
                if found.payload_len <= input.len() {
                    break (found.payload_len, masker, Piece::whole(found.kind).unvalidated());
                }
                self.begin_frame(
                    FirstOctet::of(true, Rsv::NONE, found.kind.opcode()),
                    found.payload_len as u64,
                    masker,
                );
            } else {
                let (taken, whole) = self.receive_header_or_control(input);
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
                    Whole::Close => return Ok(Some(Event::Close(self.control.as_close()))),
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

    /// Gives how many octets are a header's, one at a time.
    #[inline]
    pub(super) fn next_header(
        &mut self,
        rules: &Rules,
        octets: &[u8],
    ) -> (usize, Result<Option<WholeHeader>, ProtocolError>) {
        match octets.first().map(|octet| self.decoder.push(*octet, rules)) {
            Some(Ok(header)) => (1, Ok(header)),
            Some(Err(error)) => (0, Err(error)),
            None => (0, Ok(None)),
        }
    }
}
