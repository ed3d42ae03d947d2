//! Octets to frames: a decoder that can stop and go on at every octet (RFC 6455 section 5.2).

use crate::close::CloseCode;
use crate::error::ProtocolError;
use crate::header::{FrameHeader, PartialHeader, Rules};
use crate::mask::Masker;
use crate::opcode::Opcode;

/// Decodes frames from octets that arrive in pieces of any size; payload is unmasked in place and lent out.
///
/// It judges one frame at a time by the [`Rules`] it is given, and knows nothing of messages; a
/// [`Connection`](crate::Connection) does. It has at most 24 octets of state.
///
/// ```
/// use bareframe::{FrameDecoder, FrameEvent, Rules};
/// let mut octets = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let (mut decoder, mut input) = (FrameDecoder::new(), &mut octets[..]);
/// let Some(FrameEvent::Header(header)) = decoder.decode(Rules::FROM_CLIENT, &mut input)? else { panic!() };
/// assert_eq!(header.payload_len(), 5);
/// let Some(FrameEvent::Payload { payload, last }) = decoder.decode(Rules::FROM_CLIENT, &mut input)? else { panic!() };
/// assert_eq!((&*payload, last), (&b"Hello"[..], true));
/// assert_eq!(decoder.decode(Rules::FROM_CLIENT, &mut input)?, None);
/// # Ok::<(), bareframe::ProtocolError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameDecoder {
    state: State,
}

/// What a [`FrameDecoder`] found.
#[derive(PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FrameEvent<'i> {
    /// A header; if its payload has no octets, this is the whole frame.
    Header(FrameHeader),
    /// The next octets of the payload, unmasked: at least one.
    Payload {
        /// The octets.
        payload: &'i mut [u8],
        /// Whether the frame ends with them.
        last: bool,
    },
}

#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum State {
    /// None of it has come between frames.
    Header(PartialHeader),
    /// The fields of [`Payload`], side by side so that they fit beside the tag.
    Payload {
        missing: u64,
        masker: Masker,
        opcode: Opcode,
        fin: bool,
    },
    /// Nothing more is decoded.
    Stopped(Stop),
}

/// The payload that is being decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Payload {
    pub(crate) missing: u64,
    /// [`Masker::NONE`] if the payload is not masked.
    pub(crate) masker: Masker,
    pub(crate) opcode: Opcode,
    pub(crate) fin: bool,
}

/// Why nothing more is decoded. The receiver has no latch of its own beside this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Stop {
    /// The peer or a layer above failed the connection.
    Failed(ProtocolError),
    /// The peer's Close arrived, with this code.
    Closed(Option<CloseCode>),
    /// The stream ended without one.
    Ended,
}

/// What the octets to come belong to.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Header,
    Payload(Payload),
    Nothing(Stop),
}

impl FrameDecoder {
    const BETWEEN_FRAMES: State = State::Header(PartialHeader::NONE);

    /// Begins between frames.
    #[must_use]
    #[inline]
    pub const fn new() -> FrameDecoder {
        FrameDecoder {
            state: FrameDecoder::BETWEEN_FRAMES,
        }
    }

    /// Takes octets from the front of `input` and gives the next header or piece of payload; `None` when it has
    /// taken all of them.
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`] at the octet that proves it, where `input` then begins. Every later call takes
    /// nothing and gives the same error.
    pub fn decode<'i>(
        &mut self,
        rules: Rules,
        input: &mut &'i mut [u8],
    ) -> Result<Option<FrameEvent<'i>>, ProtocolError> {
        match self.part() {
            Part::Header => {
                let (taken, header) = self.header(&rules, input);
                take(input, taken);
                if let Ok(Some(header)) = &header {
                    self.go_on(Payload::of(header));
                }
                Ok(header?.map(FrameEvent::Header))
            }
            Part::Payload(mut payload) => {
                let piece = take(input, payload.len_within(input.len()));
                if piece.is_empty() {
                    return Ok(None);
                }
                payload.pass(piece.len());
                if payload.masker != Masker::NONE {
                    payload.masker.apply(piece);
                }
                self.go_on(payload);
                let last = payload.missing == 0;
                Ok(Some(FrameEvent::Payload { payload: piece, last }))
            }
            Part::Nothing(Stop::Failed(error)) => Err(error),
            Part::Nothing(Stop::Closed(_) | Stop::Ended) => {
                take(input, usize::MAX);
                Ok(None)
            }
        }
    }

    /// Tells whether the next octet is a frame's first (RFC 6455 section 5.2).
    #[must_use]
    #[inline]
    pub const fn is_between_frames(&self) -> bool {
        matches!(&self.state, State::Header(partial) if partial.is_empty())
    }

    #[inline]
    pub(crate) const fn part(&self) -> Part {
        match self.state {
            State::Header(_) => Part::Header,
            State::Payload {
                missing,
                masker,
                opcode,
                fin,
            } => Part::Payload(Payload {
                missing,
                masker,
                opcode,
                fin,
            }),
            State::Stopped(stop) => Part::Nothing(stop),
        }
    }

    /// Tells whether nothing more is decoded.
    #[inline]
    pub(crate) const fn is_stopped(&self) -> bool {
        matches!(self.state, State::Stopped(_))
    }

    /// What of a data frame's payload is missing, how it is unmasked, and whether the frame has FIN; `None` if no octet of
    /// such a payload is next.
    #[inline]
    pub(crate) const fn data(&mut self) -> Option<(&mut u64, &mut Masker, bool)> {
        match &mut self.state {
            State::Payload {
                missing,
                masker,
                opcode,
                fin,
            } if !opcode.is_control() => Some((missing, masker, *fin)),
            _ => None,
        }
    }

    #[inline]
    pub(crate) const fn between_frames(&mut self) {
        self.state = FrameDecoder::BETWEEN_FRAMES;
    }

    /// Gives how many octets are the header's, all of them if it is not whole. If it is, its payload is to follow.
    pub(crate) fn header(
        &mut self,
        rules: &Rules,
        octets: &[u8],
    ) -> (usize, Result<Option<FrameHeader>, ProtocolError>) {
        let State::Header(partial) = &mut self.state else {
            return (0, Ok(None));
        };
        // On a small machine its flash is worth more than its time.
        if partial.is_empty()
            && cfg!(target_pointer_width = "64")
            && let Ok(Some(header)) = FrameHeader::judge(octets, rules)
        {
            return (header.encoded_len(), Ok(Some(header)));
        }
        let mut taken: usize = 0;
        for &octet in octets {
            match partial.push(octet, rules) {
                Ok(None) => taken = taken.wrapping_add(1),
                Ok(header) => return (taken.wrapping_add(1), Ok(header)),
                Err(error) => {
                    self.stop(Stop::Failed(error));
                    return (taken, Err(error));
                }
            }
        }
        (taken, Ok(None))
    }

    /// This payload is to follow, or the next header if nothing of it is missing.
    #[inline]
    pub(crate) const fn go_on(&mut self, payload: Payload) {
        self.state = if payload.missing == 0 {
            FrameDecoder::BETWEEN_FRAMES
        } else {
            State::Payload {
                missing: payload.missing,
                masker: payload.masker,
                opcode: payload.opcode,
                fin: payload.fin,
            }
        };
    }

    /// Decodes nothing from now on.
    #[inline]
    pub(crate) fn stop(&mut self, stop: Stop) {
        self.state = State::Stopped(stop);
    }
}

impl Payload {
    #[inline]
    pub(crate) fn of(header: &FrameHeader) -> Payload {
        Payload {
            missing: header.payload_len(),
            masker: header.masking_key().map_or(Masker::NONE, Masker::new),
            opcode: header.opcode(),
            fin: header.fin(),
        }
    }

    /// How many of `available` octets belong to this payload.
    #[inline]
    pub(crate) fn len_within(&self, available: usize) -> usize {
        usize::try_from(self.missing).map_or(available, |missing| missing.min(available))
    }

    /// The payload's next octets were decoded, this many: no more than are missing.
    #[inline]
    pub(crate) const fn pass(&mut self, octets: usize) {
        self.missing = self.missing.wrapping_sub(octets as u64);
    }
}

/// Takes this many octets off the front of `input`, or all that there are.
#[inline]
pub(crate) fn take<'i>(input: &mut &'i mut [u8], octets: usize) -> &'i mut [u8] {
    let all = core::mem::take(input);
    let here = octets.min(all.len());
    match all.split_at_mut_checked(here) {
        Some((front, rest)) => {
            *input = rest;
            front
        }
        None => &mut [],
    }
}

impl Default for FrameDecoder {
    fn default() -> FrameDecoder {
        FrameDecoder::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_at_most_24_octets() {
        assert!(size_of::<FrameDecoder>() <= 24);
    }
}
