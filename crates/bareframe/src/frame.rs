//! Octets to frames: a decoder that can stop and go on at every octet (RFC 6455 section 5.2).

use crate::close::CloseCode;
use crate::error::ProtocolError;
use crate::header::{FrameHeader, Refusal, Rules};
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
pub struct FrameDecoder {
    state: State,
}

/// What a [`FrameDecoder`] found.
#[derive(PartialEq, Eq, Debug)]
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
enum State {
    /// The first octets of a header; none between frames.
    Header {
        len: u8,
        octets: [u8; FrameHeader::MAX_LEN],
    },
    /// The fields of [`Payload`], side by side so that they fit beside the tag.
    Payload {
        missing: u64,
        masker: Masker,
        masked: bool,
        opcode: Opcode,
        fin: bool,
    },
    /// Nothing more is decoded.
    Stopped(Stop),
}

/// The payload that is being decoded, of which at least one octet is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Payload {
    pub(crate) missing: u64,
    pub(crate) masker: Option<Masker>,
    pub(crate) opcode: Opcode,
    pub(crate) fin: bool,
}

/// Why nothing more is decoded. The receiver has no latch of its own beside this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
    const BETWEEN_FRAMES: State = State::Header {
        len: 0,
        octets: [0; FrameHeader::MAX_LEN],
    };

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
            Part::Header => Ok(self.header(&rules, input)?.map(FrameEvent::Header)),
            Part::Payload(current) => {
                let here = current.len_within(input.len());
                let piece = take(input, here);
                if piece.is_empty() {
                    return Ok(None);
                }
                let last = self.unmask(piece);
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
        matches!(self.state, State::Header { len: 0, .. })
    }

    #[inline]
    pub(crate) fn part(&self) -> Part {
        match self.state {
            State::Header { .. } => Part::Header,
            State::Payload {
                missing,
                masker,
                masked,
                opcode,
                fin,
            } => Part::Payload(Payload {
                missing,
                masker: if masked { Some(masker) } else { None },
                opcode,
                fin,
            }),
            State::Stopped(stop) => Part::Nothing(stop),
        }
    }

    /// Takes octets of the header, all of them if it is not whole.
    pub(crate) fn header(
        &mut self,
        rules: &Rules,
        input: &mut &mut [u8],
    ) -> Result<Option<FrameHeader>, ProtocolError> {
        let State::Header { len, octets } = &mut self.state else {
            return Ok(None);
        };
        let before = usize::from(*len);
        let mut gathered = *octets;
        let candidate = if before == 0 {
            &**input
        } else {
            let free = gathered.get_mut(before..).unwrap_or(&mut []);
            let mut end = before;
            for (to, from) in free.iter_mut().zip(input.iter()) {
                *to = *from;
                end = end.wrapping_add(1);
            }
            gathered.get(..end).unwrap_or(&[])
        };
        match FrameHeader::judge(candidate, rules) {
            Err(Refusal { error, at }) => {
                take(input, at.wrapping_sub(before));
                self.stop(Stop::Failed(error));
                Err(error)
            }
            Ok(Some((header, header_len))) => {
                take(input, header_len.wrapping_sub(before));
                self.begin(&header);
                Ok(Some(header))
            }
            Ok(None) => {
                for (to, from) in octets.iter_mut().zip(candidate) {
                    *to = *from;
                }
                // A header that is not whole is shorter than MAX_LEN.
                *len = u8::try_from(candidate.len()).unwrap_or(0);
                take(input, usize::MAX);
                Ok(None)
            }
        }
    }

    #[inline]
    fn begin(&mut self, header: &FrameHeader) {
        let payload = Payload {
            missing: header.payload_len(),
            masker: header.masking_key().map(Masker::new),
            opcode: header.opcode(),
            fin: header.fin(),
        };
        self.go_on(payload.after(0));
    }

    /// Unmasks the payload's next octets and tells whether the frame ends with them.
    #[inline]
    pub(crate) fn unmask(&mut self, piece: &mut [u8]) -> bool {
        if let Part::Payload(mut payload) = self.part() {
            if let Some(masker) = &mut payload.masker {
                masker.apply(piece);
            }
            self.go_on(payload.after(piece.len()));
        }
        self.is_between_frames()
    }

    /// The octets before the payload `rest` were decoded; `None` if the frame ended with them.
    #[inline]
    pub(crate) fn go_on(&mut self, rest: Option<Payload>) {
        self.state = match rest {
            Some(payload) => State::Payload {
                missing: payload.missing,
                masker: payload.masker.unwrap_or(Masker::NONE),
                masked: payload.masker.is_some(),
                opcode: payload.opcode,
                fin: payload.fin,
            },
            None => FrameDecoder::BETWEEN_FRAMES,
        };
    }

    /// Decodes nothing from now on.
    #[inline]
    pub(crate) fn stop(&mut self, stop: Stop) {
        self.state = State::Stopped(stop);
    }
}

impl Payload {
    /// How many of `available` octets belong to this payload.
    #[inline]
    pub(crate) fn len_within(&self, available: usize) -> usize {
        usize::try_from(self.missing).map_or(available, |missing| missing.min(available))
    }

    /// What is left of the payload after this many octets more, or `None` if nothing is.
    #[inline]
    pub(crate) fn after(&self, octets: usize) -> Option<Payload> {
        let missing = self.missing.saturating_sub(octets as u64);
        (missing > 0).then_some(Payload { missing, ..*self })
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
