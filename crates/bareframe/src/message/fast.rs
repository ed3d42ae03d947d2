//! How a large machine unmasks and validates: text that is ASCII needs no second pass, and long text is validated
//! while it is in the nearest cache.

use super::{ChunkFlags, Message};
use crate::mask::Masker;
use crate::utf8::{self, InvalidUtf8, Utf8Validator};

/// Up to these lengths, in bytes, a whole message and a chunk of one are unmasked where `receive` is called: nearly all
/// are so short, and the code is there at every call site.
const SHORT_WHOLE: usize = 128;
const SHORT_CHUNK: usize = 128;

/// How many bytes of text are unmasked before they are validated: they are still in the nearest cache then.
const BLOCK: usize = 8192;

/// Unmasks the bytes of a message in one frame, if there is a masker, and validates them.
#[inline(always)]
pub(crate) fn receive_whole(
    masker: Option<Masker>,
    bytes: &mut [u8],
    flags: ChunkFlags,
) -> Result<(), InvalidUtf8> {
    if bytes.len() > SHORT_WHOLE {
        return receive_long(&mut Utf8Validator::new(), masker, bytes, flags);
    }
    let is_ascii = match masker {
        Some(mut masker) => masker.apply_finding_ascii(bytes),
        None => flags.is_plain_text() && utf8::is_ascii(bytes),
    };
    if flags.is_plain_text() && !is_ascii {
        return validate_whole(bytes);
    }
    Ok(())
}

/// Validates the text of a whole message, which is unmasked.
#[inline(never)]
fn validate_whole(bytes: &[u8]) -> Result<(), InvalidUtf8> {
    validate(&mut Utf8Validator::new(), bytes, true)
}

impl Message {
    /// Unmasks the bytes of a chunk, if there is a masker, validates them, and adds to its flags whether it is whole
    /// characters.
    ///
    /// If the bytes are not UTF-8, the text is as before.
    #[inline(always)]
    pub(crate) fn receive(
        &mut self,
        masker: Option<Masker>,
        bytes: &mut [u8],
        flags: ChunkFlags,
    ) -> Result<ChunkFlags, InvalidUtf8> {
        let begins_whole = self.text.is_between_characters();
        if bytes.len() > SHORT_CHUNK {
            receive_long(&mut self.text, masker, bytes, flags)?;
        } else {
            let is_ascii = unmask(masker, bytes);
            if flags.is_plain_text() && !(is_ascii && begins_whole) {
                validate(&mut self.text, bytes, flags.is_last())?;
            }
        }
        let is_whole = flags.is_plain_text() && begins_whole && self.text.is_between_characters();
        Ok(flags.with_whole_characters(is_whole))
    }
}

/// Unmasks the bytes of a long chunk, if there is a masker, and validates them.
#[inline(never)]
fn receive_long(
    text: &mut Utf8Validator,
    masker: Option<Masker>,
    bytes: &mut [u8],
    flags: ChunkFlags,
) -> Result<(), InvalidUtf8> {
    if !flags.is_plain_text() {
        if let Some(mut masker) = masker {
            masker.apply(bytes);
        }
        return Ok(());
    }
    if let Some(masker) = masker
        && bytes.len() > BLOCK
    {
        return receive_blocks(text, masker, bytes, flags.is_last());
    }
    if unmask(masker, bytes) && text.is_between_characters() {
        return Ok(());
    }
    validate(text, bytes, flags.is_last())
}

/// Unmasks bytes, if there is a masker, and returns `true` if they are ASCII.
#[inline(always)]
fn unmask(masker: Option<Masker>, bytes: &mut [u8]) -> bool {
    match masker {
        Some(mut masker) => masker.apply_finding_ascii(bytes),
        None => utf8::is_ascii(bytes),
    }
}

/// Unmasks and validates text block by block. `last` if the text ends with it.
#[inline(never)]
fn receive_blocks(
    text: &mut Utf8Validator,
    mut masker: Masker,
    bytes: &mut [u8],
    last: bool,
) -> Result<(), InvalidUtf8> {
    let mut now = *text;
    let mut before: usize = 0;
    for block in bytes.chunks_mut(BLOCK) {
        let is_ascii = masker.apply_finding_ascii(block);
        if !(is_ascii && now.is_between_characters()) {
            now.push(block).map_err(|error| InvalidUtf8 {
                at: before.saturating_add(error.at),
            })?;
        }
        before = before.saturating_add(block.len());
    }
    advance(text, now, before, last)
}

/// Validates text that is unmasked. `last` if the text ends with it.
#[inline(never)]
fn validate(text: &mut Utf8Validator, bytes: &[u8], last: bool) -> Result<(), InvalidUtf8> {
    if text.is_between_characters() && utf8::are_characters(bytes) {
        return Ok(());
    }
    let mut now = *text;
    now.push(bytes)?;
    advance(text, now, bytes.len(), last)
}

/// Goes on with the text behind `len` bytes, or fails if it ends within a character.
#[inline]
fn advance(text: &mut Utf8Validator, now: Utf8Validator, len: usize, last: bool) -> Result<(), InvalidUtf8> {
    if last && !now.is_between_characters() {
        let at = len.saturating_sub(1);
        return Err(InvalidUtf8 { at });
    }
    *text = now;
    Ok(())
}
