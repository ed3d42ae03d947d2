//! UTF-8 validation that fails at the first byte that can't be part of a text (RFC 6455 section 8.1).

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
use compact::Next;
use core::fmt;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
use fast::Next;

#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
pub(crate) use fast::{are_characters, begin_beyond_ascii, is_ascii, unmask_characters};

/// Validates text that arrives in pieces of any size (RFC 6455 section 8.1, RFC 3629 section 4).
///
/// ```
/// use bareframe::Utf8Validator;
/// let mut text = Utf8Validator::new();
/// assert_eq!(text.push(b"na\xc3"), Ok(()));
/// assert_eq!(text.push(b"\xafve"), Ok(()));
/// assert_eq!(text.finish(), Ok(()));
/// assert_eq!(text.push(b"ab\xff").unwrap_err().at, 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Utf8Validator {
    next: Next,
}

impl Utf8Validator {
    /// Creates a validator for a new text.
    #[must_use]
    #[inline]
    pub const fn new() -> Utf8Validator {
        Utf8Validator { next: Next::FIRST }
    }

    /// Validates the next piece of the text.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidUtf8`] with the position of the first byte that can't be part of UTF-8. The validator has not changed
    /// then.
    #[inline]
    pub fn push(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        #[cfg(test)]
        count::add(piece.len());
        self.next.push(piece)
    }

    /// Checks that the text ends with a whole character.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidUtf8`] if the last character is not finished.
    #[inline]
    pub const fn finish(&self) -> Result<(), InvalidUtf8> {
        if self.is_between_characters() {
            Ok(())
        } else {
            Err(InvalidUtf8 { at: 0 })
        }
    }

    /// Returns `true` if the last character is finished.
    #[must_use]
    #[inline]
    pub(crate) const fn is_between_characters(&self) -> bool {
        matches!(self.next, Next::FIRST)
    }
}

/// Bytes that are not UTF-8.
///
/// ```
/// use bareframe::Utf8Validator;
/// let mut text = Utf8Validator::new();
/// assert_eq!(text.push(b"\xed\xa0").unwrap_err().at, 1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct InvalidUtf8 {
    /// The position of the first wrong byte in the piece that was pushed, from 0; it is 0 for an unfinished end.
    pub at: usize,
}

impl fmt::Display for InvalidUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid UTF-8 at byte {}", self.at)
    }
}

impl core::error::Error for InvalidUtf8 {}

/// Converts bytes to text as `core::str::from_utf8` does, by the fastest validation that this machine has.
pub(crate) fn from_utf8(bytes: &[u8]) -> Option<&str> {
    let mut text = Utf8Validator::new();
    if cfg!(feature = "simd") && (text.push(bytes).is_err() || text.finish().is_err()) {
        return None;
    }
    passed(bytes)
}

/// Converts bytes to text that was validated before.
#[inline]
pub(crate) const fn passed(bytes: &[u8]) -> Option<&str> {
    #[cfg(feature = "simd")]
    // SAFETY: every caller knows that exactly these bytes are UTF-8, since a validator passed them from the first byte of a
    // character to the last byte of one, or a kernel found that they are ASCII or whole characters, and they have been
    // borrowed since.
    return Some(unsafe { core::str::from_utf8_unchecked(bytes) });
    #[cfg(not(feature = "simd"))]
    match core::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(_) => None,
    }
}

/// How many bytes this thread has validated, so that tests can check that none are validated twice.
#[cfg(test)]
pub(crate) mod count {
    extern crate std;
    use core::cell::Cell;

    std::thread_local! {
        static VALIDATED: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn add(len: usize) {
        VALIDATED.set(VALIDATED.get().wrapping_add(len));
    }

    #[cfg(feature = "simd")]
    pub(crate) fn validated() -> usize {
        VALIDATED.get()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// Returns the position of the first wrong byte according to std, or whether the end is unfinished.
    fn expected(bytes: &[u8]) -> Result<bool, usize> {
        match core::str::from_utf8(bytes) {
            Ok(_) => Ok(false),
            Err(error) => match error.error_len() {
                None => Ok(true),
                Some(1) => {
                    // If the error is one byte long, that byte is wrong, or the one after it.
                    let at = error.valid_up_to();
                    let alone = core::str::from_utf8(&bytes[at..=at]).unwrap_err();
                    Err(at + usize::from(alone.error_len().is_none()))
                }
                Some(len) => Err(error.valid_up_to() + len),
            },
        }
    }

    fn seen(bytes: &[u8], cut: usize) -> Result<bool, usize> {
        let mut validator = Utf8Validator::new();
        let (one, two) = bytes.split_at(cut);
        validator.push(one).map_err(|error| error.at)?;
        validator.push(two).map_err(|error| error.at + cut)?;
        Ok(validator.finish().is_err())
    }

    fn check_every_split(bytes: &[u8]) {
        for cut in 0..=bytes.len() {
            assert_eq!(seen(bytes, cut), expected(bytes), "{bytes:02x?} cut at {cut}");
        }
    }

    #[test]
    fn s8_1_every_sequence_of_one_and_two_bytes() {
        for a in 0..=u8::MAX {
            check_every_split(&[a]);
            for b in 0..=u8::MAX {
                check_every_split(&[a, b]);
            }
        }
    }

    #[test]
    fn s8_1_sequences_at_the_bounds() {
        const BOUNDS: [u8; 14] = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xF4, 0xFF,
        ];
        for a in 0xC0..=u8::MAX {
            for b in BOUNDS {
                for c in BOUNDS {
                    for d in BOUNDS {
                        check_every_split(&[a, b, c, d]);
                    }
                }
            }
        }
    }

    #[test]
    fn s8_1_a_wrong_byte_is_found_wherever_it_is_in_long_text() {
        let text: Vec<u8> = "aé語😀".bytes().cycle().take(300).collect();
        for len in 0..text.len() {
            assert_eq!(seen(&text[..len], len / 2), expected(&text[..len]));
            let mut broken = text.clone();
            broken[len] = 0xFF;
            assert_eq!(seen(&broken, 0), expected(&broken));
            assert_eq!(seen(&broken, 150), expected(&broken));
        }
    }

    #[test]
    fn s8_1_bytes_are_text_if_they_are_valid_to_their_end() {
        for bytes in [&b""[..], b"na\xC3\xAFve", b"na\xC3", b"na\xC3ve", b"\xFF"] {
            assert_eq!(from_utf8(bytes).is_some(), core::str::from_utf8(bytes).is_ok());
        }
    }

    #[test]
    fn a_failed_push_changes_nothing() {
        let mut validator = Utf8Validator::new();
        validator.push(b"\xE2\x82").unwrap();
        let before = validator;
        assert_eq!(validator.push(b"\xACab\xC0"), Err(InvalidUtf8 { at: 3 }));
        assert_eq!(validator, before);
        assert_eq!(validator.push(b"\xAC"), Ok(()));
    }
}
