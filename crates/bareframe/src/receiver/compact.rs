//! Receiving in little flash: every unusual header and every control frame byte by byte.
//!
//! Keep to these rules when you change this file, and compare the figures of `firmware/ci figures`:
//!
//! - One function receives chunks and one receives single bytes. Neither is inlined, so that the event is written once, where the
//!   caller wants it. Only the test for empty input is inlined, since most calls end with it.
//! - Remove the header from the input before anything else, so that payload is always at the front.
//! - Change the state in place, field by field, because a copy of it would be spilled to the stack.

use super::event::Event;
use super::{Completed, Receiver, ReceiverState, Step};
use crate::control::ControlPayload;
use crate::error::ProtocolError;
use crate::mask::Masker;
use crate::message::ChunkFlags;
use crate::role::Role;
use crate::utf8::InvalidUtf8;

/// Does nothing: the limit of [`FastPath`](super::FastPath) does not change.
#[inline(always)]
pub(super) const fn update_fast_path<R>(_: &mut Receiver<R>) {}

/// Receives from any input. Only the test for an empty one, with which most calls end, is inlined.
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

/// Finds a whole message in one frame or a chunk of another message, or reads a byte.
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
    // The slice is always this long.
    let Some(bytes) = input.get_mut(..len) else {
        return (0, Ok(flags));
    };
    let masker = R::RECEIVES_MASKED.then_some(masker);
    (len, receiver.message.receive(masker, bytes, flags))
}

/// An error in text does not say at which byte of the message it is.
// It would take 250 to 290 bytes of flash, a tenth of what receiving takes, and up to 20 instructions a message.
pub(super) const LOCATES_TEXT: bool = false;

/// Refuses text, without its byte.
#[inline(always)]
pub(super) fn refuse_text<R: Role>(receiver: &mut Receiver<R>, _: u64, _: usize) -> ProtocolError {
    receiver.refuse(ProtocolError::InvalidUtf8)
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
