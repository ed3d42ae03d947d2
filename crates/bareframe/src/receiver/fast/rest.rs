//! Receives everything but a whole message in one frame: chunks of messages, headers and control frames, each in one
//! step as far as it has arrived.
//!
//! The functions here return a pair of integers, which is in registers; if they returned an `Event`, every event would
//! go through memory. The short ones, [`receive_rest`] and the path of a short chunk, call other functions only in tail
//! position. So they save no registers on the stack, and a call site of `receive` has little code for them.

use super::super::{Completed, Receiver, ReceiverState};
use super::update_fast_path;
use crate::control::ControlPayload;
use crate::frame::FrameState;
use crate::header::{Rules, SimpleHeader};
use crate::mask::Masker;
use crate::message::ChunkFlags;
use crate::opcode::{FirstByte, Opcode};
use crate::role::Role;
use crate::utf8::InvalidUtf8;

/// The flags of a chunk, or what is complete, in one byte.
#[derive(Clone, Copy)]
pub(super) struct Received {
    // The top bit is set for flags and clear for what is complete.
    bits: u8,
}

impl Received {
    #[inline(always)]
    const fn chunk(flags: ChunkFlags) -> Received {
        Received { bits: flags.bits() }
    }

    #[inline(always)]
    const fn other(completed: Completed) -> Received {
        Received {
            bits: completed as u8,
        }
    }

    /// Returns the flags if it is a chunk.
    #[inline(always)]
    pub(super) const fn as_chunk(self) -> Option<ChunkFlags> {
        ChunkFlags::from_bits(self.bits)
    }

    /// Returns what is complete if it is not a chunk.
    #[inline(always)]
    pub(super) const fn completed(self) -> Completed {
        const MESSAGE: u8 = Completed::Message as u8;
        const PING: u8 = Completed::Ping as u8;
        const PONG: u8 = Completed::Pong as u8;
        const CLOSE: u8 = Completed::Close as u8;
        const FAILED: u8 = Completed::Failed as u8;
        match self.bits {
            MESSAGE => Completed::Message,
            PING => Completed::Ping,
            PONG => Completed::Pong,
            CLOSE => Completed::Close,
            FAILED => Completed::Failed,
            _ => Completed::Nothing,
        }
    }
}

/// Reads bytes from the front, and returns how many, and what they are.
#[inline(never)]
pub(super) fn receive_rest<R: Role>(receiver: &mut Receiver<R>, bytes: &mut [u8]) -> (usize, Received) {
    let Some((len, masker, flags)) = receiver.next_data(bytes.len()) else {
        return receive_other(receiver, bytes);
    };
    match bytes.get_mut(..len) {
        Some(bytes) => receive_chunk(receiver, R::RECEIVES_MASKED.then_some(masker), bytes, flags),
        // There are always this many bytes.
        None => (0, Received::other(Completed::Nothing)),
    }
}

#[inline(always)]
fn receive_chunk<R: Role>(
    receiver: &mut Receiver<R>,
    masker: Option<Masker>,
    bytes: &mut [u8],
    flags: ChunkFlags,
) -> (usize, Received) {
    // A caller that reads byte by byte has many of these.
    if let [byte] = bytes {
        let received = receiver.message.receive_byte(masker, byte, flags);
        return finish_chunk(receiver, 1, received);
    }
    if bytes.len() > Masker::SHORT {
        return receive_long_chunk(receiver, masker, bytes, flags);
    }
    match receiver.message.unmask(masker, bytes, flags) {
        Some(flags) => (bytes.len(), Received::chunk(flags)),
        None => validate_chunk(receiver, bytes, flags),
    }
}

#[inline(never)]
fn receive_long_chunk<R: Role>(
    receiver: &mut Receiver<R>,
    masker: Option<Masker>,
    bytes: &mut [u8],
    flags: ChunkFlags,
) -> (usize, Received) {
    let received = receiver.message.receive_long(masker, bytes, flags);
    finish_chunk(receiver, bytes.len(), received)
}

#[inline(never)]
fn validate_chunk<R: Role>(receiver: &mut Receiver<R>, bytes: &[u8], flags: ChunkFlags) -> (usize, Received) {
    let received = receiver.message.validate(bytes, flags);
    finish_chunk(receiver, bytes.len(), received)
}

/// Returns a chunk of `len` bytes, or fails if its text is not valid.
#[inline(always)]
fn finish_chunk<R: Role>(
    receiver: &mut Receiver<R>,
    len: usize,
    received: Result<ChunkFlags, InvalidUtf8>,
) -> (usize, Received) {
    match received {
        Ok(flags) => (len, Received::chunk(flags)),
        Err(InvalidUtf8 { at }) => {
            refuse_chunk(receiver, len, at);
            (at, Received::other(Completed::Failed))
        }
    }
}

/// Refuses the text of a chunk of `len` bytes, which has been counted, at this of its bytes.
#[cold]
#[inline(never)]
fn refuse_chunk<R: Role>(receiver: &mut Receiver<R>, len: usize, at: usize) {
    let missing = match receiver.state {
        ReceiverState::Open(FrameState::Payload { missing, .. }) => missing,
        _ => 0,
    };
    let before = receiver.message.len_before(receiver.message_limit, missing, len);
    receiver.refuse_text(before, at);
}

/// Reads a control frame or a header that is whole, and otherwise a byte.
#[inline(never)]
fn receive_other<R: Role>(receiver: &mut Receiver<R>, bytes: &mut [u8]) -> (usize, Received) {
    let (taken, completed) = match receiver.state {
        ReceiverState::Open(FrameState::BetweenFrames) => {
            receive_control(receiver, bytes).or_else(|| receive_header(receiver, bytes))
        }
        _ => None,
    }
    .unwrap_or_else(|| {
        let received = receiver.receive_byte(bytes);
        update_fast_path(receiver);
        received
    });
    (taken, Received::other(completed))
}

/// Reads a control frame that is whole at the front of `bytes`.
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
    let place = if opcode == Opcode::Ping && receiver.auto_pong {
        &mut receiver.pong
    } else {
        &mut receiver.control
    };
    place.fill(header.masker(), payload);
    let completed = receiver.end_control(opcode);
    let after = rest.len().wrapping_sub(header.payload_len);
    // The last byte proves what is wrong with a Close.
    let unproved = usize::from(completed == Completed::Failed);
    Some((available.wrapping_sub(after).wrapping_sub(unproved), completed))
}

/// Reads the header of a data frame that is whole at the front of `bytes`.
#[inline(always)]
fn receive_header<R: Role>(receiver: &mut Receiver<R>, bytes: &mut [u8]) -> Option<(usize, Completed)> {
    let limits = receiver.limits();
    let rules = receiver
        .message
        .rules(&limits, receiver.rsv(), Receiver::<R>::MASK_BIT);
    let available = bytes.len();
    let mut rest = bytes;
    let header = SimpleHeader::take(&mut rest, R::RECEIVES_MASKED, |first| limit(&rules, first))?;
    rules.check_end(header.first, header.payload_len as u64).ok()?;
    let completed = receiver.enter_frame(&header.fields());
    update_fast_path(receiver);
    Some((available.wrapping_sub(rest.len()), completed))
}

/// Returns the length in bytes that the payload of a data frame with this first byte must be below for the rules to
/// allow it; `None` if they do not allow the frame.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Config;
    use crate::role::Server;

    /// Returns how many bytes are taken, whether they are the last chunk of a message, and what is complete.
    fn take<const N: usize>(receiver: &mut Receiver<Server>, bytes: &[u8; N]) -> (usize, bool, u8) {
        let mut bytes = *bytes;
        let (len, received) = receive_rest(receiver, &mut bytes);
        let is_last = received.as_chunk().is_some_and(ChunkFlags::is_last);
        (len, is_last, received.completed() as u8)
    }

    /// Byte by byte the events would be the same, but found more slowly.
    #[test]
    fn what_is_whole_is_taken_at_once() {
        let nothing = Completed::Nothing as u8;
        let receiver = &mut Receiver::new(Config::DEFAULT);
        let ping = take(receiver, b"\x89\x82\0\0\0\0hi\x01");
        assert_eq!(ping, (8, false, Completed::Ping as u8));
        assert_eq!(take(receiver, b"\x01\x80\0\0\0\0\x8A"), (6, false, nothing));
        let pong = take(receiver, b"\x8A\x80\0\0\0\0\x80");
        assert_eq!(pong, (6, false, Completed::Pong as u8));
        assert_eq!(take(receiver, b"\x80\x83\0\0\0\0abc"), (6, false, nothing));
        assert_eq!(take(receiver, b"abc\x89"), (3, true, nothing));
    }
}
