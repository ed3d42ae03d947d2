//! Unmasking and validating on 64-bit machines. If the OR of the unmasked bytes has no top bit set, text is ASCII and
//! needs no second pass. Otherwise it is validated in blocks that are still in the nearest cache.

use super::{ChunkFlags, Message};
use crate::limits::Limits;
use crate::mask::Masker;
use crate::opcode::Rsv;
use crate::utf8::{self, InvalidUtf8, Utf8Validator};

/// How many bytes of text are unmasked before they are validated, so that they are still in the nearest cache then.
pub(crate) const BLOCK: usize = 8192;

/// The length of text in bytes from which it is validated after it is unmasked: it takes fewer operations than before, and only the
/// first bytes wait for their store.
const MASKED: usize = 1024;

impl ChunkFlags {
    /// Returns the flags as a byte, which has its top bit set.
    #[inline(always)]
    pub(crate) const fn bits(self) -> u8 {
        self.bits
    }

    /// Returns the flags that [`ChunkFlags::bits`] returns as this byte, or `None` if its top bit is clear.
    #[inline(always)]
    pub(crate) const fn from_bits(bits: u8) -> Option<ChunkFlags> {
        if bits & ChunkFlags::OPEN != 0 {
            Some(ChunkFlags { bits })
        } else {
            None
        }
    }

    /// Returns all bits set for text that no extension changed, and otherwise none.
    ///
    /// It is computed so that a compiler does not see that there are two cases, for which it would branch. What the peer sends next, text or
    /// binary, is hard to predict.
    #[inline(always)]
    const fn plain_text_bits(self) -> u64 {
        // 0 for such text, and otherwise at most 0x71.
        let others = self.bits & (ChunkFlags::TEXT | Rsv::ALL.bits()) ^ ChunkFlags::TEXT;
        let bits = (others as i64).wrapping_sub(1) >> 8;
        bits.cast_unsigned()
    }
}

/// Unmasks the bytes of a message in one frame, if there is a masker, and validates them.
#[inline(always)]
pub(crate) fn receive_whole(
    masker: Option<Masker>,
    bytes: &mut [u8],
    flags: ChunkFlags,
) -> Result<(), InvalidUtf8> {
    let is_text = flags.is_plain_text();
    let Some(mut masker) = masker else {
        if is_text && !utf8::is_ascii(bytes) {
            return validate_whole(bytes);
        }
        return Ok(());
    };
    if bytes.len() > Masker::SHORT {
        if bytes.len() > BLOCK {
            return receive_blocks(&mut Utf8Validator::new(), Some(masker), bytes, flags);
        }
        if is_text & (bytes.len() < MASKED) && utf8::begin_beyond_ascii(masker.key(), bytes) {
            return receive_masked(masker, bytes);
        }
        let is_ascii = masker.apply_finding_ascii(bytes);
        // `&` and not `&&`, so that there is one branch that is nearly never taken instead of two, each of which depends on
        // what the peer sends.
        if is_text & !is_ascii {
            return validate_whole(bytes);
        }
        return Ok(());
    }
    if masker.apply_unless_beyond_ascii(bytes, flags.plain_text_bits()) {
        Ok(())
    } else {
        receive_masked(masker, bytes)
    }
}

/// Validates the text of a whole message, and unmasks each part of it only then: what was just written would take long to be read
/// again in larger vectors.
#[inline(never)]
fn receive_masked(mut masker: Masker, bytes: &mut [u8]) -> Result<(), InvalidUtf8> {
    // The masker need not skip what is unmasked, which is a multiple of the key's length.
    let (unmasked, is_valid) = utf8::unmask_characters(masker.key(), bytes);
    masker.apply(bytes.get_mut(unmasked..).unwrap_or(&mut []));
    if is_valid {
        return Ok(());
    }
    validate(&mut Utf8Validator::new(), bytes, true)
}

/// Validates the text of a whole message, which is unmasked.
#[inline(never)]
pub(crate) fn validate_whole(bytes: &[u8]) -> Result<(), InvalidUtf8> {
    if utf8::are_characters(bytes) {
        return Ok(());
    }
    validate(&mut Utf8Validator::new(), bytes, true)
}

impl Message {
    /// Returns how many bytes and frames the next frames may have.
    #[inline(always)]
    pub(super) const fn limits_left(&self, limits: &Limits) -> (u64, u32) {
        if self.is_open() {
            (self.left, self.fragments_left)
        } else {
            (limits.message(), limits.fragments())
        }
    }

    /// Counts the bytes of the message's only frame.
    #[inline(always)]
    pub(super) const fn count_only_frame(&mut self, payload_len: usize, limits: &Limits) {
        self.left = limits.message().wrapping_sub(payload_len as u64);
    }

    #[inline(always)]
    pub(super) const fn begin_counting(&mut self, limits: &Limits) {
        self.left = limits.message();
        self.fragments_left = limits.fragments();
    }

    /// Keeps the numbers until the next message begins, so that an error in the last chunk can be located.
    #[inline(always)]
    pub(super) const fn end_counting(&mut self, _: &Limits) {}

    /// Returns how many bytes the message has before its current chunk of `len` bytes. The message may have ended with it; of the
    /// frame, `missing` bytes have not arrived.
    pub(crate) const fn len_before(&self, limit: u64, missing: u64, len: usize) -> u64 {
        let declared = limit.wrapping_sub(self.left);
        declared.wrapping_sub(missing).wrapping_sub(len as u64)
    }

    /// Unmasks the bytes of a short chunk, if there is a masker. Returns its flags, or `None` if it is text that must be
    /// validated.
    #[inline(always)]
    pub(crate) fn unmask(
        &self,
        masker: Option<Masker>,
        bytes: &mut [u8],
        flags: ChunkFlags,
    ) -> Option<ChunkFlags> {
        let is_ascii = unmask(masker, bytes, flags);
        self.unless_beyond_ascii(flags, is_ascii)
    }

    /// Unmasks a chunk of one byte, if there is a masker, and validates it as [`Message::receive_long`] does.
    #[inline(always)]
    pub(crate) fn receive_byte(
        &mut self,
        masker: Option<Masker>,
        byte: &mut u8,
        flags: ChunkFlags,
    ) -> Result<ChunkFlags, InvalidUtf8> {
        if let Some(mut masker) = masker {
            *byte = masker.apply_byte(*byte);
        }
        if !flags.is_plain_text() {
            return Ok(flags);
        }
        let begins_whole = self.text.is_between_characters();
        let next = self.text.then(*byte).ok_or(InvalidUtf8 { at: 0 })?;
        advance(&mut self.text, next, 1, flags.is_last())?;
        Ok(self.with_whole_characters(flags, begins_whole))
    }

    /// Unmasks the bytes of a long chunk, if there is a masker, validates them, and adds to its flags whether it is whole
    /// characters.
    ///
    /// If the bytes are not UTF-8, the state of the text does not change.
    #[inline(always)]
    pub(crate) fn receive_long(
        &mut self,
        masker: Option<Masker>,
        bytes: &mut [u8],
        flags: ChunkFlags,
    ) -> Result<ChunkFlags, InvalidUtf8> {
        if bytes.len() > BLOCK {
            let begins_whole = self.text.is_between_characters();
            receive_blocks(&mut self.text, masker, bytes, flags)?;
            return Ok(self.with_whole_characters(flags, begins_whole));
        }
        let is_ascii = match masker {
            Some(mut masker) => masker.apply_long_finding_ascii(bytes),
            None => unmask(None, bytes, flags),
        };
        match self.unless_beyond_ascii(flags, is_ascii) {
            Some(flags) => Ok(flags),
            None => self.validate(bytes, flags),
        }
    }

    /// Returns the flags of a chunk that is valid by itself, or `None` if it is text that must be validated.
    #[inline(always)]
    const fn unless_beyond_ascii(&self, flags: ChunkFlags, is_ascii: bool) -> Option<ChunkFlags> {
        let is_text = flags.is_plain_text();
        // `&` for the same reason as in `receive_whole`.
        if is_text & !(is_ascii & self.text.is_between_characters()) {
            None
        } else {
            Some(flags.with_whole_characters(is_text))
        }
    }

    /// Validates the text of a chunk, which is unmasked, as [`Message::receive_long`] does.
    #[inline(always)]
    pub(crate) fn validate(&mut self, bytes: &[u8], flags: ChunkFlags) -> Result<ChunkFlags, InvalidUtf8> {
        let begins_whole = self.text.is_between_characters();
        validate(&mut self.text, bytes, flags.is_last())?;
        Ok(self.with_whole_characters(flags, begins_whole))
    }

    #[inline(always)]
    const fn with_whole_characters(&self, flags: ChunkFlags, begins_whole: bool) -> ChunkFlags {
        let is_whole = begins_whole && self.text.is_between_characters();
        flags.with_whole_characters(flags.is_plain_text() && is_whole)
    }
}

/// Unmasks bytes, if there is a masker, and returns `true` if they are known to be ASCII. Without a masker it looks at text
/// only, and returns `false` for binary.
#[inline(always)]
fn unmask(masker: Option<Masker>, bytes: &mut [u8], flags: ChunkFlags) -> bool {
    match masker {
        Some(mut masker) => masker.apply_finding_ascii(bytes),
        None => flags.is_plain_text() && utf8::is_ascii(bytes),
    }
}

/// Unmasks many bytes, if there is a masker, and validates them, block by block.
#[inline(never)]
fn receive_blocks(
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
    let Some(mut masker) = masker else {
        if utf8::is_ascii(bytes) && text.is_between_characters() {
            return Ok(());
        }
        return validate(text, bytes, flags.is_last());
    };
    let mut now = *text;
    let mut before: usize = 0;
    let mut rest = bytes;
    while let Some(block) = rest.split_off_mut(..block_len(rest.len()))
        && !block.is_empty()
    {
        let is_ascii = masker.apply_long_finding_ascii(block);
        if !(is_ascii && now.is_between_characters()) {
            now.push(block).map_err(|error| InvalidUtf8 {
                at: before.saturating_add(error.at),
            })?;
        }
        before = before.saturating_add(block.len());
    }
    advance(text, now, before, flags.is_last())
}

/// Returns how many of the bytes that are left, which are more than [`Masker::SHORT`] or none, are in the next block. After it the
/// same is true.
#[inline(always)]
const fn block_len(left: usize) -> usize {
    if left > BLOCK.wrapping_add(Masker::SHORT) {
        BLOCK
    } else {
        left
    }
}

/// Validates text that is unmasked. `last` is set if the text ends with it.
#[inline(never)]
fn validate(text: &mut Utf8Validator, bytes: &[u8], last: bool) -> Result<(), InvalidUtf8> {
    let mut now = *text;
    now.push(bytes)?;
    advance(text, now, bytes.len(), last)
}

/// Advances the text by `len` bytes, or fails if it ends within a character.
#[inline]
fn advance(text: &mut Utf8Validator, now: Utf8Validator, len: usize, last: bool) -> Result<(), InvalidUtf8> {
    if last && !now.is_between_characters() {
        let at = len.saturating_sub(1);
        return Err(InvalidUtf8 { at });
    }
    *text = now;
    Ok(())
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::mask::MaskingKey;
    use std::vec::Vec;

    #[test]
    fn plain_text_has_all_bits_and_nothing_else_has_any() {
        for bits in 0..=u8::MAX {
            let flags = ChunkFlags { bits };
            let expected = if flags.is_plain_text() { u64::MAX } else { 0 };
            assert_eq!(flags.plain_text_bits(), expected, "{bits:#x}");
        }
    }

    #[test]
    fn a_block_fits_the_nearest_cache_and_leaves_no_short_rest() {
        for left in (Masker::SHORT + 1..3 * BLOCK).chain([0]) {
            let len = block_len(left);
            assert!(len <= BLOCK + Masker::SHORT, "{left}");
            let rest = left - len;
            assert!(rest == 0 || rest > Masker::SHORT, "{left}");
            assert!(rest == 0 || len == BLOCK, "{left}");
        }
    }

    /// The lengths are those at which the number of blocks or the length of the last one changes.
    #[test]
    fn s8_1_text_of_several_blocks_is_unmasked_and_validated_to_its_last_byte() {
        let begun = ChunkFlags::WHOLE_TEXT;
        for blocks in 1..4 {
            for more in [
                0,
                1,
                2,
                Masker::SHORT - 1,
                Masker::SHORT,
                Masker::SHORT + 1,
                200,
                BLOCK - 1,
            ] {
                let len = blocks * BLOCK + more;
                let plain: Vec<u8> = (0..len).map(|at| (at * 7 % 128) as u8).collect();
                let masker = Masker::new(MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]));
                let mut bytes = plain.clone();
                masker.clone().apply(&mut bytes);
                assert_eq!(receive_whole(Some(masker), &mut bytes, begun), Ok(()));
                assert_eq!(bytes, plain, "{len}");
                for at in [0, BLOCK - 1, BLOCK, BLOCK + Masker::SHORT, len - 2, len - 1] {
                    let mut bytes = plain.clone();
                    let Some(byte) = bytes.get_mut(at) else { continue };
                    *byte = 0xFF;
                    masker.clone().apply(&mut bytes);
                    let received = receive_whole(Some(masker), &mut bytes, begun);
                    assert_eq!(received, Err(InvalidUtf8 { at }), "{len}");
                }
            }
        }
    }
}
