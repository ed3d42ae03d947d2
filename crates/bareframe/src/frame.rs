//! Octets to frames: a decoder that can stop and go on at every octet (RFC 6455 section 5.2).

use crate::close::CloseCode;
use crate::error::ProtocolError;
use crate::header::{FrameHeader, Next, PartialHeader, Rules, WholeHeader};
use crate::mask::Masker;
use crate::opcode::FirstOctet;

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
    BetweenFrames,
    /// The fields of [`PartialHeader`], side by side so that they fit beside the tag.
    Header {
        payload_len: u64,
        key: u32,
        first: u8,
        second: u8,
        next: Next,
    },
    /// The fields of [`Payload`] in the same way.
    Payload {
        missing: u64,
        masker: Masker,
        first: FirstOctet,
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
    pub(crate) first: FirstOctet,
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

impl FrameDecoder {
    /// Begins between frames.
    #[must_use]
    #[inline]
    pub const fn new() -> FrameDecoder {
        FrameDecoder {
            state: State::BetweenFrames,
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
        match &mut self.state {
            State::BetweenFrames | State::Header { .. } => {
                let (taken, header) = self.header(&rules, input);
                take(input, taken);
                if let Ok(Some(header)) = &header {
                    if header.payload_len() == 0 {
                        self.between_frames();
                    } else {
                        self.go_on(Payload::of(header));
                    }
                }
                Ok(header?.map(FrameEvent::Header))
            }
            State::Payload { missing, masker, .. } => {
                let payload = take(input, len_within(*missing, input.len()));
                if payload.is_empty() {
                    return Ok(None);
                }
                *missing = missing.wrapping_sub(payload.len() as u64);
                if *masker != Masker::NONE {
                    masker.apply(payload);
                }
                let last = *missing == 0;
                if last {
                    self.between_frames();
                }
                Ok(Some(FrameEvent::Payload { payload, last }))
            }
            State::Stopped(Stop::Failed(error)) => Err(*error),
            State::Stopped(Stop::Closed(_) | Stop::Ended) => {
                take(input, usize::MAX);
                Ok(None)
            }
        }
    }

    /// Tells whether the next octet is a frame's first (RFC 6455 section 5.2).
    #[must_use]
    #[inline]
    pub const fn is_between_frames(&self) -> bool {
        matches!(self.state, State::BetweenFrames)
    }

    /// Why nothing more is decoded, if so.
    #[inline]
    pub(crate) const fn stopped(&self) -> Option<Stop> {
        match self.state {
            State::Stopped(stop) => Some(stop),
            _ => None,
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
                first,
            } if !first.is_control() => Some((missing, masker, first.fin())),
            _ => None,
        }
    }

    /// What of a control frame's payload is missing, how it is unmasked, and which frame it is; `None` if no such payload is
    /// next.
    #[inline]
    pub(crate) const fn control(&mut self) -> Option<(&mut u64, &mut Masker, FirstOctet)> {
        match &mut self.state {
            State::Payload {
                missing,
                masker,
                first,
            } if first.is_control() => Some((missing, masker, *first)),
            _ => None,
        }
    }

    #[inline]
    pub(crate) const fn between_frames(&mut self) {
        self.state = State::BetweenFrames;
    }

    /// Gives how many octets are the header's, all of them if it is not whole. If it is, its payload is to follow.
    pub(crate) fn header(
        &mut self,
        rules: &Rules,
        octets: &[u8],
    ) -> (usize, Result<Option<FrameHeader>, ProtocolError>) {
        // On a small machine its flash is worth more than its time.
        if self.is_between_frames()
            && cfg!(target_pointer_width = "64")
            && let Ok(Some(header)) = FrameHeader::judge(octets, rules)
        {
            return (header.encoded_len(), Ok(Some(header)));
        }
        let mut taken: usize = 0;
        for &octet in octets {
            match self.push(octet, rules) {
                Ok(None) => taken = taken.wrapping_add(1),
                Ok(Some(header)) => return (taken.wrapping_add(1), Ok(Some(header.fields()))),
                Err(error) => {
                    self.stop(Stop::Failed(error));
                    return (taken, Err(error));
                }
            }
        }
        (taken, Ok(None))
    }

    /// Takes a header's next octet.
    #[inline]
    pub(crate) fn push(&mut self, octet: u8, rules: &Rules) -> Result<Option<WholeHeader>, ProtocolError> {
        if let State::Header {
            payload_len,
            key,
            first,
            second,
            next,
        } = &mut self.state
        {
            let first = *first;
            return PartialHeader {
                payload_len,
                key,
                first,
                second,
                next,
            }
            .push(octet, rules);
        }
        rules.judge_first(octet)?;
        self.state = State::Header {
            payload_len: 0,
            key: PartialHeader::NO_KEY,
            first: octet,
            second: 0,
            next: Next::Second,
        };
        Ok(None)
    }

    /// This payload is to follow.
    #[inline]
    pub(crate) const fn go_on(&mut self, payload: Payload) {
        self.state = State::Payload {
            missing: payload.missing,
            masker: payload.masker,
            first: payload.first,
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
            first: FirstOctet::of(header.fin(), header.rsv(), header.opcode()),
        }
    }
}

/// How many of `available` octets belong to a payload of which so many are missing.
#[inline]
pub(crate) fn len_within(missing: u64, available: usize) -> usize {
    usize::try_from(missing).map_or(available, |missing| missing.min(available))
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
