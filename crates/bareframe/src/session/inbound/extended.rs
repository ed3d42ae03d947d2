//! What the reading half does only if there is an extension.

use super::{Found, Inbound};
use crate::close::CloseCode;
use crate::error::ProtocolError;
use crate::extension::{Extended, Extension, InboundExtension, Progress, SealedWindow};
use crate::memory::Memory;
use crate::message::ChunkFlags;
use crate::opcode::MessageKind;
use crate::role::Role;
use crate::utf8::{InvalidUtf8, Utf8Validator};

impl<R: Role, I: Memory, X: Extension> Inbound<R, I, X> {
    /// Hands a chunk to the extension. Returns `false` if the message does not use it.
    pub(super) fn begin_extending(&mut self, len: usize, flags: ChunkFlags) -> bool {
        if flags.rsv().is_empty() || !self.extension.rsv().intersects(flags.rsv()) {
            return false;
        }
        if flags.is_first() {
            self.extension.begin(&mut self.window);
        }
        let Some((_, progress)) = self.window.parts() else {
            return false;
        };
        progress.input = Some(len);
        progress.is_last = flags.is_last();
        progress.kind = Some(flags.kind());
        if flags.is_first() {
            progress.is_continued = false;
        }
        true
    }

    /// Lets the extension work on the chunk that it was handed; returns `None` if there is none, or nothing came of it.
    #[inline(never)]
    pub(super) fn extend(&mut self) -> Result<Option<Found>, ProtocolError> {
        loop {
            let Some((window, progress)) = self.window.parts() else {
                return Ok(None);
            };
            let Some(left) = progress.input else {
                if core::mem::take(&mut progress.is_over) {
                    self.extension.end(&mut self.window);
                }
                return Ok(None);
            };
            let range = self.cursor.start.saturating_sub(left)..self.cursor.start;
            let input = self.memory.bytes().get(range).unwrap_or(&[]);
            let made = self.extension.receive(window, input, progress.is_last);
            let made = made
                .map_err(failed)
                .and_then(|made| progress.advance(window, left, &made));
            match made {
                Ok(Made::Nothing) => {}
                Ok(Made::NoMore) => return Ok(None),
                Ok(Made::Payload(flags)) => return Ok(Some(Found::Extended(flags))),
                Err(error) => {
                    progress.input = None;
                    let before = progress.text_len;
                    self.extension.end(&mut self.window);
                    // The extension's limit is not that of the memory for a message.
                    self.gathered = 0;
                    return Err(self.refuse_by(|receiver| match error {
                        Fault::Text(InvalidUtf8 { at }) => receiver.refuse_text(before, at),
                        Fault::Other(error) => receiver.refuse(error),
                    }));
                }
            }
        }
    }
}

/// Returns the error for a message that an extension refuses with this code.
const fn failed(code: CloseCode) -> Fault {
    Fault::Other(match code {
        CloseCode::MESSAGE_TOO_BIG => ProtocolError::MessageTooBig,
        code => ProtocolError::Extension(code),
    })
}

/// What is wrong with a message.
enum Fault {
    /// A byte of the text that was named last.
    Text(InvalidUtf8),
    Other(ProtocolError),
}

impl From<InvalidUtf8> for Fault {
    fn from(error: InvalidUtf8) -> Fault {
        Fault::Text(error)
    }
}

/// What an extension made of a chunk.
enum Made {
    Nothing,
    /// The chunk is used up.
    NoMore,
    Payload(ChunkFlags),
}

impl Progress {
    /// Checks what the extension says that it made, and the text in it.
    fn advance(&mut self, window: &[u8], left: usize, made: &Extended) -> Result<Made, Fault> {
        const BROKEN: Fault = Fault::Other(ProtocolError::Extension(CloseCode::INTERNAL_ERROR));
        let left = left.checked_sub(made.taken).ok_or(BROKEN)?;
        let payload = window.get(made.start..made.end).ok_or(BROKEN)?;
        let is_last = self.is_last && made.is_done;
        if payload.is_empty() && !is_last {
            self.input = Some(left);
            if left > 0 && made.taken > 0 {
                return Ok(Made::Nothing);
            }
            if left > 0 || self.is_last {
                // It makes no progress, so that it would be asked for ever.
                return Err(BROKEN);
            }
            self.input = None;
            return Ok(Made::NoMore);
        }
        if !self.is_continued {
            (self.text, self.text_len) = (Utf8Validator::new(), 0);
        }
        let mut flags = ChunkFlags::of_extended(self.kind.unwrap_or(MessageKind::Binary));
        if flags.is_plain_text() {
            let begins_whole = self.text.is_between_characters();
            self.text.push(payload)?;
            let ends_whole = self.text.is_between_characters();
            if is_last && !ends_whole {
                // The last byte, also if it is in the range before.
                let at = payload.len().saturating_sub(1);
                self.text_len = self.text_len.saturating_sub(u64::from(payload.is_empty()));
                return Err(Fault::Text(InvalidUtf8 { at }));
            }
            self.text_len = self.text_len.saturating_add(payload.len() as u64);
            flags = flags.with_whole_characters(begins_whole && ends_whole);
        }
        if self.is_continued {
            flags = flags.without_first();
        }
        if is_last {
            flags = flags.with_last();
        }
        self.is_continued = !is_last;
        self.is_over = is_last;
        self.input = if is_last { None } else { Some(left) };
        (self.start, self.end) = (made.start, made.end);
        Ok(Made::Payload(flags))
    }
}
