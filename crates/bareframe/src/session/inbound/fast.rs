//! How a large machine looks for a message: one that arrived whole and is short, where the caller looks, and all else in functions.
//!
//! [`Inbound::look`] calls nothing, and its callers call another function only as the last thing that they do. So they keep
//! nothing on the stack, which would take as long as the rest.

use super::{Found, Inbound};
use crate::error::ProtocolError;
use crate::extension::Extension;
use crate::mask::Masker;
use crate::memory::Memory;
use crate::message::{ChunkFlags, fast as message};
use crate::role::Role;
use crate::utf8::{self, InvalidUtf8};

/// What a look at the front of what was read came to.
pub(in crate::session) enum Look {
    /// A whole message is found.
    Found,
    /// It is a whole message, which is left to [`Inbound::receive_long`]: where its payload begins, and how long that is.
    Long(usize, usize, Masker, ChunkFlags),
    /// It is a whole message, unmasked, which is left to [`Inbound::receive_text`].
    Text(ChunkFlags),
    /// It is something else, and nothing has changed.
    Rest,
}

impl<R: Role, I: Memory, X: Extension> Inbound<R, I, X> {
    /// Looks for a message of at most `capacity` bytes that arrived whole in one frame without reserved bits.
    #[inline(always)]
    pub(in crate::session) fn look(&mut self, capacity: usize) -> Look {
        if !matches!(self.found, Found::Nothing) {
            return Look::Rest;
        }
        let end = self.end;
        let Some(mut rest) = self.memory.bytes_mut().get_mut(self.start..end) else {
            return Look::Rest;
        };
        let Some(header) = self.receiver.take_plain_header(&mut rest) else {
            return Look::Rest;
        };
        let at = end.wrapping_sub(rest.len());
        let Some(payload) = rest.get_mut(..header.payload_len) else {
            return Look::Rest;
        };
        let len = payload.len();
        if len > capacity {
            return Look::Rest;
        }
        let flags = ChunkFlags::plain_message(header.first);
        if len > Masker::SHORT && !(flags.is_binary() && !R::RECEIVES_MASKED) {
            if len > message::BLOCK {
                return Look::Rest;
            }
            self.pass(at, len);
            return Look::Long(at, len, header.masker(), flags);
        }
        let masker = R::RECEIVES_MASKED.then_some(header.masker());
        let is_valid = message::unmask_whole(masker, payload, flags);
        self.pass(at, len);
        if !is_valid {
            return Look::Text(flags);
        }
        self.find_whole(flags);
        Look::Found
    }

    /// Receives a long message. Returns `false` if that is left to [`Inbound::receive_text`].
    // It has the position by value, since what was just written takes a while to be read.
    #[inline(always)]
    pub(in crate::session) fn receive_long(
        &mut self,
        at: usize,
        len: usize,
        mut masker: Masker,
        flags: ChunkFlags,
    ) -> bool {
        let Some(payload) = self.memory.bytes_mut().get_mut(at..at.wrapping_add(len)) else {
            return false;
        };
        let is_ascii = if R::RECEIVES_MASKED {
            masker.apply_long_finding_ascii(payload)
        } else {
            utf8::is_ascii(payload)
        };
        // Not `||`: one branch that is nearly always taken.
        let is_valid = is_ascii | flags.is_binary();
        if is_valid {
            self.find_whole(flags);
        }
        is_valid
    }

    /// Validates the text of a message that is unmasked and begins with the first of the last `found_len` bytes before `start`.
    #[inline(always)]
    pub(in crate::session) fn receive_text(&mut self, flags: ChunkFlags) -> Result<(), ProtocolError> {
        if let Some(payload) = self.found_bytes() {
            if let Err(InvalidUtf8 { at }) = message::validate_whole(payload) {
                self.start = self.start.wrapping_sub(self.found_len).wrapping_add(at);
                return Err(self.receiver.refuse(ProtocolError::InvalidUtf8));
            }
            self.find_whole(flags);
        }
        Ok(())
    }

    /// Goes on behind the payload of a whole message, which is within the memory.
    #[inline(always)]
    const fn pass(&mut self, at: usize, len: usize) {
        self.start = at.wrapping_add(len);
        self.found_len = len;
    }

    /// Says that a whole message was found, which is unmasked and, if it is text, validated.
    #[inline(always)]
    const fn find_whole(&mut self, flags: ChunkFlags) {
        self.found = Found::Whole(flags.with_whole_characters(!flags.is_binary()));
    }
}
