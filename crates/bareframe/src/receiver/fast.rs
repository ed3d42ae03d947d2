//! Receiving on 64-bit machines: a whole message in one frame is received inline, and everything else by a function.
//!
//! A small frame takes about 70 instructions, and most of its time goes into branches that are taken and into stores that
//! the next frame waits for. Keep to these rules when you change this file or `rest.rs`, and compare the counts of
//! `ci.sh instructions`:
//!
//! - Pass the input to functions by value. With the address of the caller's `input`, the input would be in memory, and each
//!   frame would wait for the store of the one before.
//! - Return a pair of integers, which is in registers. If a function returned an `Event`, every event, which has 130 bytes,
//!   would go through memory. Create the event where `receive` returns it.
//! - In `receive_rest` and in the path of a short chunk, call other functions only in tail position, so that no registers have
//!   to be saved.
//! - Pass the fields of the header by value to functions. If one got the header's address, all of it would go through memory.
//! - Distinguish classes of length by halving, mark rare code as `#[cold]`, and test several conditions with one comparison:
//!   one byte says whether any reply is pending, and one subtraction finds the end of a payload.
//! - Combine two conditions with `&` if each depends on what the peer sends: `&&` would be two branches that are hard to
//!   predict. Look at the machine code whether the compiler has kept it: where it sees that a value is one of two, it may branch, so
//!   that such a value is better computed from bits (`ChunkFlags::plain_text_bits`).

mod rest;

use super::event::{Data, Event};
use super::{Receiver, Step};
use crate::control::ControlPayload;
use crate::error::ProtocolError;
use crate::frame::take;
use crate::header::SimpleHeader;
use crate::mask::MaskingKey;
use crate::message::{ChunkFlags, fast as message};
use crate::opcode::FirstByte;
use crate::role::Role;
use crate::utf8::InvalidUtf8;
use rest::receive_rest;

/// Allows the fast path if the next byte may begin a message. It is called where that may have changed.
#[inline(always)]
pub(super) fn update_fast_path<R>(receiver: &mut Receiver<R>) {
    receiver.fast_path.limit = if receiver.is_between_messages() {
        receiver.limits().simple()
    } else {
        0
    };
}

impl<R: Role> Receiver<R> {
    /// Removes the header of a message in one frame without reserved bits from the front, if it is simple and the
    /// limits allow it.
    #[inline(always)]
    pub(crate) fn take_plain_header(&self, input: &mut &mut [u8]) -> Option<SimpleHeader> {
        SimpleHeader::take(input, R::RECEIVES_MASKED, |first| {
            first
                .begins_whole_message(u8::MAX)
                .then_some(self.fast_path.limit())
        })
    }
}

#[inline(always)]
pub(super) fn receive<'i, R: Role>(
    receiver: &mut Receiver<R>,
    input: &mut &'i mut [u8],
) -> Result<Option<Event<'i>>, ProtocolError> {
    if let Some(header) = receiver.take_header(input) {
        if header.payload_len <= input.len() {
            return receive_whole(receiver, input, &header);
        }
        enter_only_frame(receiver, header.first, header.masking_key, header.payload_len);
    }
    if input.is_empty() {
        return receiver.end_of_input();
    }
    receiver.receive_next(input)
}

/// Receives a message in one frame that has arrived whole. No state changes, since nothing of the frame is left over.
#[inline(always)]
fn receive_whole<'i, R: Role>(
    receiver: &mut Receiver<R>,
    input: &mut &'i mut [u8],
    header: &SimpleHeader,
) -> Result<Option<Event<'i>>, ProtocolError> {
    let flags = ChunkFlags::whole_message(header.first);
    let masker = R::RECEIVES_MASKED.then_some(header.masker());
    if let Some(bytes) = input.get_mut(..header.payload_len)
        && let Err(InvalidUtf8 { at }) = message::receive_whole(masker, bytes, flags)
    {
        take(input, at);
        return Err(receiver.refuse_text(0, at));
    }
    let payload = input.split_off_mut(..header.payload_len).unwrap_or(&mut []);
    let flags = flags.with_whole_characters(flags.is_plain_text());
    Ok(Some(Event::Data(Data::new(payload, flags))))
}

// `cold` places it after the code for whole frames, since it is rarer. It takes the fields by value, because with the
// address of a header all of the header would go through memory.
#[cold]
#[inline(never)]
fn enter_only_frame<R: Role>(
    receiver: &mut Receiver<R>,
    first: FirstByte,
    masking_key: Option<MaskingKey>,
    payload_len: usize,
) {
    let header = SimpleHeader {
        first,
        masking_key,
        payload_len,
    };
    receiver.enter_only_frame(&header, 0);
}

/// A chunk at the front of the input, unmasked and validated: its length in bytes, and its flags.
pub(super) type Chunk = (usize, ChunkFlags);

#[inline(always)]
pub(super) fn step<R: Role>(receiver: &mut Receiver<R>, input: &mut &mut [u8]) -> Step {
    let (len, received) = receive_rest(receiver, input);
    match received.as_chunk() {
        Some(flags) => Step::Chunk((len, flags)),
        None => Step::Taken(len, received.completed()),
    }
}

/// Returns the length of a chunk and its flags.
#[inline(always)]
pub(super) const fn finish<R>(
    _: &mut Receiver<R>,
    _: &mut [u8],
    (len, flags): Chunk,
) -> (usize, Result<ChunkFlags, InvalidUtf8>) {
    (len, Ok(flags))
}

/// An error in text says at which byte of the message it is.
pub(super) const LOCATES_TEXT: bool = true;

/// Refuses text at this byte of a chunk, before which the message has `before` bytes.
#[cold]
#[inline(never)]
pub(super) fn refuse_text<R: Role>(receiver: &mut Receiver<R>, before: u64, at: usize) -> ProtocolError {
    let len = before.saturating_add(at as u64).saturating_add(1);
    receiver.refuse_with(ProtocolError::InvalidUtf8, len)
}

/// Ends a message with a frame that has no payload. This is rare, and the result is returned in a register.
#[inline(never)]
pub(super) fn end_message<R: Role>(receiver: &mut Receiver<R>) -> ChunkFlags {
    receiver.end_message()
}

/// Returns the payload of a Ping that has arrived, which is that of its Pong if there is one.
#[inline(always)]
pub(super) const fn ping_payload<R>(receiver: &Receiver<R>) -> &ControlPayload {
    if receiver.auto_pong {
        &receiver.pong
    } else {
        &receiver.control
    }
}
