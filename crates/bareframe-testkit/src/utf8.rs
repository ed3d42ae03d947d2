//! UTF-8 as RFC 3629 section 3 defines it, one byte at a time.

/// Checks at each byte whether the bytes so far can still become UTF-8.
///
/// It keeps the bytes of the unfinished sequence and asks, from the definition, which characters they could still
/// encode. That is slow, and follows the text of the RFC.
///
/// ```
/// use bareframe_testkit::Utf8;
/// let mut utf8 = Utf8::new();
/// assert!(utf8.push(0xE2));
/// assert!(!utf8.is_whole());
/// assert!(!utf8.push(0x28));
/// ```
#[derive(Clone, Default, Debug)]
pub struct Utf8 {
    /// The sequence that is not finished: at most three bytes.
    sequence: Vec<u8>,
}

impl Utf8 {
    /// Begins before the first byte.
    #[must_use]
    pub fn new() -> Utf8 {
        Utf8::default()
    }

    /// Checks one byte. Returns `false` if it can't be part of UTF-8 here.
    pub fn push(&mut self, byte: u8) -> bool {
        self.sequence.push(byte);
        match sequence_len(self.sequence[0]) {
            Some(len) if can_encode(&self.sequence, len) => {
                if self.sequence.len() == len {
                    self.sequence.clear();
                }
                true
            }
            _ => false,
        }
    }

    /// Returns `true` if no sequence is unfinished.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.sequence.is_empty()
    }
}

/// Returns how many bytes a sequence has that begins with this one, if any does by its bit pattern.
fn sequence_len(first: u8) -> Option<usize> {
    match first.leading_ones() {
        0 => Some(1),
        2 => Some(2),
        3 => Some(3),
        4 => Some(4),
        _ => None,
    }
}

/// Returns `true` if a character's encoding in `len` bytes begins with these.
fn can_encode(begin: &[u8], len: usize) -> bool {
    if begin[1..].iter().any(|byte| byte & 0b1100_0000 != 0b1000_0000) {
        return false;
    }
    // The characters that the missing bytes can make, from all bits clear to all bits set.
    let mut low = match len {
        1 => u32::from(begin[0]),
        2 => u32::from(begin[0] & 0b0001_1111),
        3 => u32::from(begin[0] & 0b0000_1111),
        _ => u32::from(begin[0] & 0b0000_0111),
    };
    let mut high = low;
    for at in 1..len {
        let (clear, set) = match begin.get(at) {
            Some(byte) => (byte & 0b0011_1111, byte & 0b0011_1111),
            None => (0b0000_0000, 0b0011_1111),
        };
        low = low << 6 | u32::from(clear);
        high = high << 6 | u32::from(set);
    }
    characters_encoded_in(len)
        .iter()
        .any(|&(first, last)| low <= last && first <= high)
}

/// Returns the characters whose shortest encoding has this many bytes; surrogates are no characters.
fn characters_encoded_in(len: usize) -> &'static [(u32, u32)] {
    match len {
        1 => &[(0x0000, 0x007F)],
        2 => &[(0x0080, 0x07FF)],
        3 => &[(0x0800, 0xD7FF), (0xE000, 0xFFFF)],
        _ => &[(0x1_0000, 0x10_FFFF)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what `std` says of the same question: UTF-8, or the beginning of it.
    fn std_says_it_can_begin_utf8(bytes: &[u8]) -> bool {
        core::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true)
    }

    /// Runs every sequence of at most `len` bytes whose bytes but the last can begin UTF-8.
    fn agrees_with_std_from(utf8: &Utf8, bytes: &mut Vec<u8>, len: usize) {
        for byte in 0..=u8::MAX {
            let mut next = utf8.clone();
            bytes.push(byte);
            let good = next.push(byte);
            assert_eq!(good, std_says_it_can_begin_utf8(bytes), "{bytes:02x?}");
            if good {
                assert_eq!(
                    next.is_whole(),
                    core::str::from_utf8(bytes).is_ok(),
                    "{bytes:02x?}"
                );
                // What is whole begins anew, so that deeper sequences say nothing more.
                if !next.is_whole() && len > 1 {
                    agrees_with_std_from(&next, bytes, len - 1);
                }
            }
            bytes.pop();
        }
    }

    #[test]
    fn s8_1_every_sequence_is_checked_as_std_checks_it() {
        agrees_with_std_from(&Utf8::new(), &mut Vec::new(), 4);
    }

    #[test]
    fn s8_1_every_character_is_taken() {
        let mut utf8 = Utf8::new();
        for character in '\0'..=char::MAX {
            for &byte in character.encode_utf8(&mut [0; 4]).as_bytes() {
                assert!(utf8.push(byte), "{character:?}");
            }
            assert!(utf8.is_whole(), "{character:?}");
        }
    }
}
