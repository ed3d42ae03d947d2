//! UTF-8 as RFC 3629 section 3 defines it, one octet at a time.

/// Tells at each octet whether what came so far can still become UTF-8.
///
/// It keeps the octets of the unfinished sequence and asks, from the definition, which characters they could
/// still encode. That is slow, and as near to the RFC's words as code can be.
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
    /// The sequence that is not finished: at most three octets.
    sequence: Vec<u8>,
}

impl Utf8 {
    /// Begins before the first octet.
    #[must_use]
    pub fn new() -> Utf8 {
        Utf8::default()
    }

    /// Takes one octet; `false` if it can't be part of UTF-8 where it stands.
    pub fn push(&mut self, octet: u8) -> bool {
        self.sequence.push(octet);
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

    /// Tells whether no sequence is unfinished.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.sequence.is_empty()
    }
}

/// How many octets a sequence has that begins with this one, if any does by its bit pattern.
fn sequence_len(first: u8) -> Option<usize> {
    match first.leading_ones() {
        0 => Some(1),
        2 => Some(2),
        3 => Some(3),
        4 => Some(4),
        _ => None,
    }
}

/// Whether a character's encoding in `len` octets begins with these.
fn can_encode(begin: &[u8], len: usize) -> bool {
    if begin[1..].iter().any(|octet| octet & 0b1100_0000 != 0b1000_0000) {
        return false;
    }
    // The characters that the missing octets can make, from all bits clear to all bits set.
    let mut low = match len {
        1 => u32::from(begin[0]),
        2 => u32::from(begin[0] & 0b0001_1111),
        3 => u32::from(begin[0] & 0b0000_1111),
        _ => u32::from(begin[0] & 0b0000_0111),
    };
    let mut high = low;
    for at in 1..len {
        let (clear, set) = match begin.get(at) {
            Some(octet) => (octet & 0b0011_1111, octet & 0b0011_1111),
            None => (0b0000_0000, 0b0011_1111),
        };
        low = low << 6 | u32::from(clear);
        high = high << 6 | u32::from(set);
    }
    characters_encoded_in(len)
        .iter()
        .any(|&(first, last)| low <= last && first <= high)
}

/// The characters whose shortest encoding has so many octets; surrogates are no characters.
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

    /// What `std` says of the same question: UTF-8, or the beginning of it.
    fn std_says_it_can_begin_utf8(octets: &[u8]) -> bool {
        core::str::from_utf8(octets).map_or_else(|error| error.error_len().is_none(), |_| true)
    }

    /// Runs every sequence of at most `len` octets whose octets but the last can begin UTF-8.
    fn agrees_with_std_from(utf8: &Utf8, octets: &mut Vec<u8>, len: usize) {
        for octet in 0..=u8::MAX {
            let mut next = utf8.clone();
            octets.push(octet);
            let good = next.push(octet);
            assert_eq!(good, std_says_it_can_begin_utf8(octets), "{octets:02x?}");
            if good {
                assert_eq!(
                    next.is_whole(),
                    core::str::from_utf8(octets).is_ok(),
                    "{octets:02x?}"
                );
                // What is whole begins anew, so that deeper sequences say nothing more.
                if !next.is_whole() && len > 1 {
                    agrees_with_std_from(&next, octets, len - 1);
                }
            }
            octets.pop();
        }
    }

    #[test]
    fn s8_1_every_sequence_is_judged_as_std_judges_it() {
        agrees_with_std_from(&Utf8::new(), &mut Vec::new(), 4);
    }

    #[test]
    fn s8_1_every_character_is_taken() {
        let mut utf8 = Utf8::new();
        for character in '\0'..=char::MAX {
            for &octet in character.encode_utf8(&mut [0; 4]).as_bytes() {
                assert!(utf8.push(octet), "{character:?}");
            }
            assert!(utf8.is_whole(), "{character:?}");
        }
    }
}
