//! Decodes bytes to frames, and can stop at every byte (RFC 6455 section 5.2).

mod state;

pub(crate) use state::{FrameState, PayloadChunk};

use crate::error::ProtocolError;
use crate::header::{FrameHeader, Rules};
use crate::mask::Masker;

/// Decodes frames from bytes that arrive in pieces of any size; payload is unmasked in place and lent.
///
/// It checks one frame at a time against its [`Rules`], and knows nothing of messages; a
/// [`Connection`](crate::Connection) does.
///
/// ```
/// use bareframe::{FrameDecoder, FrameEvent, Rules};
/// let mut bytes = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let (mut decoder, mut input) = (FrameDecoder::new(Rules::FROM_CLIENT), &mut bytes[..]);
/// let Some(FrameEvent::Header(header)) = decoder.decode(&mut input)? else { panic!() };
/// assert_eq!(header.payload_len(), 5);
/// let Some(FrameEvent::Payload { payload, last }) = decoder.decode(&mut input)? else { panic!() };
/// assert_eq!((&*payload, last), (&b"Hello"[..], true));
/// assert_eq!(decoder.decode(&mut input)?, None);
/// # Ok::<(), bareframe::ProtocolError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameDecoder {
    rules: Rules,
    state: DecoderState,
}

#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum DecoderState {
    Open(FrameState),
    Failed(ProtocolError),
}

/// What a [`FrameDecoder`] found.
#[derive(PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FrameEvent<'i> {
    /// A header; if its payload is empty, this is the whole frame.
    Header(FrameHeader),
    /// The next bytes of the payload, unmasked: at least one.
    Payload {
        /// The bytes.
        payload: &'i mut [u8],
        /// Whether the frame ends with them.
        last: bool,
    },
}

impl FrameDecoder {
    /// Creates a decoder that is between frames and checks headers against `rules`.
    #[must_use]
    #[inline]
    pub const fn new(rules: Rules) -> FrameDecoder {
        FrameDecoder {
            rules,
            state: DecoderState::Open(FrameState::BetweenFrames),
        }
    }

    /// Changes the rules for the headers to come, and returns `true`; within a header it changes nothing and returns
    /// `false`.
    ///
    /// ```
    /// use bareframe::{FrameDecoder, FrameEvent, ProtocolError, Rules};
    /// let between = Rules::FROM_SERVER.with_message_open(false);
    /// let mut decoder = FrameDecoder::new(between);
    /// // The first fragment of a text, without payload, and the first byte of a frame that interrupts it.
    /// let mut bytes = *b"\x01\x00\x81";
    /// let mut input = &mut bytes[..];
    /// let Some(FrameEvent::Header(_)) = decoder.decode(&mut input)? else { panic!() };
    /// assert!(decoder.set_rules(between.with_message_open(true)));
    /// assert_eq!(decoder.decode(&mut input), Err(ProtocolError::InterleavedMessage));
    /// # Ok::<(), ProtocolError>(())
    /// ```
    #[must_use = "within a header the rules do not change"]
    pub fn set_rules(&mut self, rules: Rules) -> bool {
        let may_change = !matches!(self.state, DecoderState::Open(FrameState::Header { .. }));
        if may_change {
            self.rules = rules;
        }
        may_change
    }

    /// Reads bytes from the front of `input` and returns the next header or piece of payload; `None` when it has taken
    /// all of them.
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`] at the byte that proves it, where `input` then begins. Every later call takes
    /// nothing and returns the same error.
    pub fn decode<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<FrameEvent<'i>>, ProtocolError> {
        let state = match &mut self.state {
            DecoderState::Open(state) => state,
            DecoderState::Failed(error) => return Err(*error),
        };
        while let Some(&mut byte) = input.first_mut() {
            if let Some(chunk) = state.next_payload(input.len()) {
                let payload = take(input, chunk.len);
                let mut masker = chunk.masker;
                if masker != Masker::NONE {
                    masker.apply(payload);
                }
                let last = chunk.ends_frame;
                return Ok(Some(FrameEvent::Payload { payload, last }));
            }
            let header = match state.push(byte, &self.rules) {
                Ok(header) => header,
                Err(error) => {
                    self.state = DecoderState::Failed(error);
                    return Err(error);
                }
            };
            take(input, 1);
            if let Some(header) = header {
                *state = FrameState::after(&header);
                return Ok(Some(FrameEvent::Header(header)));
            }
        }
        Ok(None)
    }

    /// Returns `true` if the next byte is the first of a frame (RFC 6455 section 5.2).
    #[must_use]
    #[inline]
    pub const fn is_between_frames(&self) -> bool {
        matches!(self.state, DecoderState::Open(FrameState::BetweenFrames))
    }
}

/// Removes and returns the first `len` bytes of `input`, or all of it if it is shorter.
#[inline]
pub(crate) fn take<'i>(input: &mut &'i mut [u8], len: usize) -> &'i mut [u8] {
    let all = core::mem::take(input);
    let here = len.min(all.len());
    match all.split_at_mut_checked(here) {
        Some((front, rest)) => {
            *input = rest;
            front
        }
        None => &mut [],
    }
}
