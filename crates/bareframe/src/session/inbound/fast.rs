//! How a large machine looks for a message: one that arrived whole and is short, where the caller looks, and all else in functions.
//!
//! [`Inbound::look`] calls nothing, and its callers call another function only as the last thing that they do. So they keep
//! nothing on the stack, which would take as long as the rest.

mod held;

use super::{Found, Inbound};
use crate::error::ProtocolError;
use crate::extension::Extension;
use crate::mask::Masker;
use crate::memory::Memory;
use crate::message::{ChunkFlags, fast as message};
use crate::opcode::Opcode;
use crate::role::Role;
use crate::utf8::{self, InvalidUtf8};

pub(super) use held::Held;

/// What a look at the front of what was read came to.
pub(in crate::session) enum Look {
    /// A whole message is found.
    Found,
    /// It is a whole text message, which is left to [`Inbound::receive_long_text`]: where its payload begins, and how long that is.
    LongText(usize, usize, Masker),
    /// It is a whole binary message, which is left to [`Inbound::receive_long_binary`].
    LongBinary(usize, usize, Masker),
    /// It is a whole text message, unmasked, which is left to [`Inbound::validate_text`].
    Text,
    /// It is something else, and nothing has changed.
    Rest,
}

/// Returns the flags of the whole message that a look has found.
#[inline(always)]
pub(super) const fn whole(found: Found) -> Option<ChunkFlags> {
    match found {
        Found::Binary => Some(ChunkFlags::WHOLE_BINARY),
        Found::Text => Some(ChunkFlags::WHOLE_TEXT),
        _ => None,
    }
}

impl<R: Role, I: Memory, X: Extension> Inbound<R, I, X> {
    /// Looks for a message of at most `capacity` bytes that arrived whole in one frame without reserved bits.
    #[inline(always)]
    pub(in crate::session) fn look(&mut self, capacity: usize) -> Look {
        if !matches!(self.cursor.found, Found::Nothing) {
            return Look::Rest;
        }
        let end = self.cursor.end;
        let Some(mut rest) = self.memory.bytes_mut().get_mut(self.cursor.start..end) else {
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
        // Of the two opcodes that there can be, only that of text has this bit.
        let is_text = header.first.bits() & Opcode::Text.bits() != 0;
        if len > Masker::SHORT && (is_text || R::RECEIVES_MASKED) {
            if len > message::BLOCK {
                return Look::Rest;
            }
            self.pass(at, len);
            return if is_text {
                Look::LongText(at, len, header.masker())
            } else {
                Look::LongBinary(at, len, header.masker())
            };
        }
        let mut masker = header.masker();
        let is_ascii = if R::RECEIVES_MASKED {
            masker.apply_finding_ascii(payload)
        } else {
            !is_text || utf8::is_ascii(payload)
        };
        self.pass(at, len);
        // Not `&&`: one branch that is nearly never taken.
        if is_text & !is_ascii {
            return Look::Text;
        }
        self.cursor.found = if is_text { Found::Text } else { Found::Binary };
        Look::Found
    }

    /// Receives a long text message. Returns `false` if it is unmasked and left to [`Inbound::validate_text`].
    // It has the position by value, since what was just written takes a while to be read. There is one function for text and one
    // for binary so that they need to keep nothing but the session while they unmask: what they would keep on the stack would take
    // as long as 32 bytes of payload each.
    #[inline(always)]
    pub(in crate::session) fn receive_long_text(&mut self, at: usize, len: usize, masker: Masker) -> bool {
        let is_ascii = self.unmask_long(at, len, masker);
        if is_ascii {
            self.cursor.found = Found::Text;
        }
        is_ascii
    }

    /// Receives a long binary message.
    #[inline(always)]
    pub(in crate::session) fn receive_long_binary(&mut self, at: usize, len: usize, masker: Masker) {
        self.cursor.found = Found::Binary;
        self.unmask_long(at, len, masker);
    }

    /// Unmasks a payload if it is masked, and returns `true` if it is ASCII.
    #[inline(always)]
    fn unmask_long(&mut self, at: usize, len: usize, mut masker: Masker) -> bool {
        let payload = self.memory.bytes_mut().get_mut(at..at.wrapping_add(len));
        payload.is_some_and(|payload| {
            if R::RECEIVES_MASKED {
                masker.apply_long_finding_ascii(payload)
            } else {
                utf8::is_ascii(payload)
            }
        })
    }

    /// Validates a text message, which is the last `found_len` bytes before `start`, and unmasked.
    #[inline(always)]
    pub(in crate::session) fn validate_text(&mut self) -> Result<(), ProtocolError> {
        if let Some(payload) = self.found_bytes() {
            if let Err(InvalidUtf8 { at }) = message::validate_whole(payload) {
                self.cursor.start = self
                    .cursor
                    .start
                    .wrapping_sub(self.cursor.found_len)
                    .wrapping_add(at);
                return Err(self.receiver.refuse_text(0, at));
            }
            self.cursor.found = Found::Text;
        }
        Ok(())
    }

    /// Continues after the payload of a whole message, which is within the memory.
    #[inline(always)]
    const fn pass(&mut self, at: usize, len: usize) {
        self.cursor.start = at.wrapping_add(len);
        self.cursor.found_len = len;
    }
}
