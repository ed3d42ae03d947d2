//! How a small machine receives: in little flash, and every unusual header and every control frame byte by byte.

use super::event::Event;
use super::{Completed, Receiver, ReceiverState, Step};
use crate::control::ControlPayload;
use crate::error::ProtocolError;
use crate::mask::Masker;
use crate::message::ChunkFlags;
use crate::role::Role;
use crate::utf8::InvalidUtf8;

/// Does nothing, see [`FastPath`](super::FastPath).
#[inline(always)]
pub(super) const fn update_fast_path<R>(_: &mut Receiver<R>) {}

/// Only the comparison that ends most calls is inlined.
#[inline(always)]
pub(super) fn receive<'i, R: Role>(
    receiver: &mut Receiver<R>,
    input: &mut &'i mut [u8],
) -> Result<Option<Event<'i>>, ProtocolError> {
    if input.is_empty()
        && let ReceiverState::Open(_) = receiver.state
    {
        return Ok(None);
    }
    receive_apart(receiver, input)
}

#[inline(never)]
fn receive_apart<'i, R: Role>(
    receiver: &mut Receiver<R>,
    input: &mut &'i mut [u8],
) -> Result<Option<Event<'i>>, ProtocolError> {
    receiver.receive_next(input)
}

/// A chunk of payload that is next in the input: its length, what unmasks it, and its flags.
pub(super) type Chunk = (usize, Masker, ChunkFlags);

/// Finds a whole message in one frame, or a chunk of another, or takes a byte.
#[inline(always)]
pub(super) fn step<R: Role>(receiver: &mut Receiver<R>, input: &mut &mut [u8]) -> Step {
    if let Some(chunk) = receiver.next_data(input.len()) {
        return Step::Chunk(chunk);
    }
    if !receiver.is_between_messages() {
        return step_byte(receiver, input);
    }
    let Some(header) = receiver.take_header(input) else {
        return step_byte(receiver, input);
    };
    if header.payload_len > input.len() {
        return match receiver.enter_only_frame(&header, input.len()) {
            Some(chunk) => Step::Chunk(chunk),
            None => Step::Taken(0, Completed::Nothing),
        };
    }
    let flags = ChunkFlags::whole_message(header.first);
    Step::Chunk((header.payload_len, header.masker(), flags))
}

#[inline(always)]
fn step_byte<R: Role>(receiver: &mut Receiver<R>, input: &[u8]) -> Step {
    let (taken, completed) = receiver.receive_byte(input);
    Step::Taken(taken, completed)
}

/// Unmasks and validates a chunk, and returns its length and flags.
#[inline(always)]
pub(super) fn finish<R: Role>(
    receiver: &mut Receiver<R>,
    input: &mut [u8],
    (len, masker, flags): Chunk,
) -> (usize, Result<ChunkFlags, InvalidUtf8>) {
    // There are always this many bytes.
    let Some(bytes) = input.get_mut(..len) else {
        return (0, Ok(flags));
    };
    let masker = R::RECEIVES_MASKED.then_some(masker);
    (len, receiver.message.receive(masker, bytes, flags))
}

#[inline(always)]
pub(super) fn end_message<R: Role>(receiver: &mut Receiver<R>) -> ChunkFlags {
    receiver.end_message()
}

/// Returns the payload of a Ping that has arrived.
#[inline(always)]
pub(super) const fn ping_payload<R>(receiver: &Receiver<R>) -> &ControlPayload {
    &receiver.control
}
