//! How a large machine receives: a whole message in one frame where `receive` is called, and all else in a function.

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

/// Allows the fast path if the next byte may begin a message. Called where this may have changed.
#[inline(always)]
pub(super) fn update_fast_path<R>(receiver: &mut Receiver<R>) {
    receiver.fast_path.limit = if receiver.is_between_messages() {
        receiver.limits().simple()
    } else {
        0
    };
}

impl<R: Role> Receiver<R> {
    /// Takes the header of a message in one frame without reserved bits, if it is simple and the limits allow it.
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

/// Receives a message in one frame that is whole. No state changes, since nothing of the frame is left over.
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
        return Err(receiver.refuse(ProtocolError::InvalidUtf8));
    }
    let payload = input.split_off_mut(..header.payload_len).unwrap_or(&mut []);
    let flags = flags.with_whole_characters(flags.is_plain_text());
    Ok(Some(Event::Data(Data::new(payload, flags))))
}

// Rare beside frames that arrive whole, which `cold` keeps ahead of it in the machine code. It has the fields by value: with
// the address of a header, all that is done with it would be in memory.
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

/// Ends a message with a frame that has no payload. Rare, and returned in a register.
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
