//! How a large machine receives: inlined where it is called, and every header at once if it is whole.

use super::event::{Data, Event};
use super::{Completed, Receiver, ReceiverState};
use crate::control::ControlPayload;
use crate::error::ProtocolError;
use crate::frame::{FrameState, take};
use crate::header::{Rules, SimpleHeader};
use crate::limits::Limits;
use crate::mask::Masker;
use crate::message::{ChunkFlags, fast as message};
use crate::opcode::{FirstByte, Opcode};
use crate::role::Role;
use crate::utf8::InvalidUtf8;

/// The limit that one comparison decides by whether a frame takes the fast path.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct FastPath {
    /// The payload must be shorter than this, in bytes; 0 unless the next byte may begin a message.
    limit: u32,
}

impl FastPath {
    pub(super) const fn new(limits: &Limits) -> FastPath {
        FastPath {
            limit: limits.simple(),
        }
    }

    #[inline(always)]
    pub(super) const fn limit<R>(&self, _: &Receiver<R>) -> usize {
        self.limit as usize
    }
}

/// Allows the fast path if the next byte may begin a message.
// Called where messages of several frames or reads begin and end, and there for the sake of little code.
#[inline(always)]
pub(super) fn update_fast_path<R>(receiver: &mut Receiver<R>) {
    receiver.fast_path.limit = if receiver.is_between_messages() {
        receiver.limits().simple()
    } else {
        0
    };
}

#[inline(always)]
pub(super) fn receive<'i, R: Role>(
    receiver: &mut Receiver<R>,
    input: &mut &'i mut [u8],
) -> Result<Option<Event<'i>>, ProtocolError> {
    let header = receiver.take_header(input);
    if let Some(header) = &header
        && header.payload_len <= input.len()
    {
        return receive_whole(receiver, input, header);
    }
    receiver.receive_next(input, header)
}

/// Receives a message in one frame that is whole: no state changes, since none is left over.
#[inline(always)]
fn receive_whole<'i, R: Role>(
    receiver: &mut Receiver<R>,
    input: &mut &'i mut [u8],
    header: &SimpleHeader,
) -> Result<Option<Event<'i>>, ProtocolError> {
    let flags = ChunkFlags::whole_message(header.first);
    if let Some(bytes) = input.get_mut(..header.payload_len)
        && let Err(InvalidUtf8 { at }) =
            message::receive_whole(header.masking_key.map(Masker::new), bytes, flags)
    {
        take(input, at);
        return Err(receiver.refuse(ProtocolError::InvalidUtf8));
    }
    let payload = input.split_off_mut(..header.payload_len).unwrap_or(&mut []);
    Ok(Some(Event::Data(Data::new(
        payload,
        flags.with_whole_characters(flags.is_plain_text()),
    ))))
}

/// Takes a control frame or a header that is whole, else a byte. Returns how many bytes it took.
#[inline(never)]
pub(super) fn receive_other<R: Role>(receiver: &mut Receiver<R>, bytes: &mut [u8]) -> (usize, Completed) {
    if let ReceiverState::Open(FrameState::BetweenFrames) = receiver.state {
        if let Some(received) = receive_control(receiver, bytes) {
            return received;
        }
        if let Some(received) = receive_header(receiver, bytes) {
            return received;
        }
    }
    let received = receiver.receive_byte(bytes);
    update_fast_path(receiver);
    received
}

/// Takes a control frame that is whole at the front of `bytes`.
#[inline(always)]
fn receive_control<R: Role>(receiver: &mut Receiver<R>, bytes: &mut [u8]) -> Option<(usize, Completed)> {
    const LIMIT: usize = ControlPayload::MAX_LEN.wrapping_add(1);
    let available = bytes.len();
    let mut rest = bytes;
    let header = SimpleHeader::take(&mut rest, R::RECEIVES_MASKED, |first| {
        // FIN, no reserved bits, and Close, Ping or Pong.
        matches!(first.bits(), 0x88..=0x8A).then_some(LIMIT)
    })?;
    let payload = rest.get(..header.payload_len)?;
    let opcode = header.first.opcode();
    // Of a whole Ping only the Pong's copy is needed.
    let place = if opcode == Opcode::Ping && receiver.auto_pong {
        &mut receiver.pong
    } else {
        &mut receiver.control
    };
    place.fill(header.fields().masker(), payload);
    let completed = receiver.end_control(opcode);
    // The last byte proves what is wrong with a Close.
    let behind = rest.len().wrapping_sub(header.payload_len);
    let taken = available.wrapping_sub(behind);
    Some((
        taken.wrapping_sub(usize::from(completed == Completed::Failed)),
        completed,
    ))
}

/// Takes a header of a data frame that is whole at the front of `bytes`.
#[inline(always)]
fn receive_header<R: Role>(receiver: &mut Receiver<R>, bytes: &mut [u8]) -> Option<(usize, Completed)> {
    let rules = receiver.rules();
    let available = bytes.len();
    let mut rest = bytes;
    let header = SimpleHeader::take(&mut rest, R::RECEIVES_MASKED, |first| limit(&rules, first))?;
    rules.check_end(header.first, header.payload_len as u64).ok()?;
    let completed = receiver.enter_frame(&header.fields());
    update_fast_path(receiver);
    Some((available.wrapping_sub(rest.len()), completed))
}

/// Returns what the payload of a data frame with this first byte must be shorter than, in bytes, for the rules to allow
/// its length; `None` if they do not allow the frame.
#[inline(always)]
fn limit(rules: &Rules, first: FirstByte) -> Option<usize> {
    if first.is_control() || rules.fragments_used_up {
        return None;
    }
    rules.check_first(first.bits()).ok()?;
    // A length of 2^63 or more is never allowed (RFC 6455 section 5.2).
    let longest = rules.frame.min(rules.message_left).min(i64::MAX as u64);
    usize::try_from(longest.saturating_add(1)).ok()
}
