//! Reading a head a word at a time.

use super::Class;

/// Removes and returns the bytes before the first control character that is not a tab.
pub(in super::super) fn take_text<'o>(rest: &mut &'o [u8]) -> &'o [u8] {
    take_words(rest, controls, Class::TEXT)
}

/// Removes and returns the bytes of a token at the front, if there are any.
pub(in super::super) fn take_token<'o>(rest: &mut &'o [u8]) -> &'o [u8] {
    take_words(rest, not_letters, Class::TOKEN)
}

/// Returns `true` if a name or value is `spelt`, which consists of letters and hyphens, in any case.
pub(in super::super) fn is_token(token: &[u8], spelt: &[u8]) -> bool {
    // Most peers spell tokens as the RFC does, and one comparison is enough for those.
    token == spelt || super::is_token_in_any_case(token, spelt)
}

/// Removes and returns the bytes of a class at the front, a word at a time. `suspects` sets the top bit of the bytes of
/// a word that have to be looked up. It may set others after the first of them, but none before it.
fn take_words<'o>(bytes: &mut &'o [u8], suspects: impl Fn(usize) -> usize, class: Class) -> &'o [u8] {
    let mut rest = *bytes;
    loop {
        while let Some((word, after)) = rest.split_first_chunk() {
            let suspects = suspects(usize::from_le_bytes(*word));
            if suspects != 0 {
                let before = usize::try_from(suspects.trailing_zeros() >> 3).unwrap_or(0);
                rest = rest.get(before..).unwrap_or(rest);
                break;
            }
            rest = after;
        }
        match rest {
            [byte, after @ ..] if class.has(*byte) => rest = after,
            _ => break,
        }
    }
    let front = bytes.get(..bytes.len().wrapping_sub(rest.len())).unwrap_or(bytes);
    *bytes = rest;
    front
}

/// Returns a word in which every byte is `byte`.
const fn each(byte: u8) -> usize {
    (usize::MAX / 0xFF).wrapping_mul(byte as usize)
}

/// Marks the control characters of a little-endian word, and possibly bytes after the first of them.
const fn controls(word: usize) -> usize {
    // A byte of the difference borrows from the next one only if it is itself marked.
    let below_space = word.wrapping_sub(each(b' ')) & !word;
    let delete = word ^ each(0x7F);
    let is_delete = delete.wrapping_sub(each(1)) & !delete;
    (below_space | is_delete) & each(0x80)
}

/// Marks the bytes of a word that are neither an ASCII letter nor a hyphen.
const fn not_letters(word: usize) -> usize {
    // No sum of two bytes carries, since all are below 0x80.
    let lower = (word | each(0x20)) & each(0x7F);
    let from_a = lower.wrapping_add(each(0x80 - b'a'));
    let above_z = lower.wrapping_add(each(0x7F - b'z'));
    let hyphen = word ^ each(b'-');
    let not_hyphen = (hyphen & each(0x7F)).wrapping_add(each(0x7F)) | hyphen;
    (!from_a | above_z | word) & not_hyphen & each(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A byte that is marked without need is looked up, and read correctly.
    #[test]
    fn words_mark_what_must_be_looked_up_and_nothing_before_it() {
        const WORD: usize = size_of::<usize>();
        for (at, byte) in (0..WORD).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
            let mut word = [b'a'; WORD];
            word[at] = byte;
            let word = usize::from_le_bytes(word);
            let mark = 0x80 << (8 * at);
            let to_here = usize::MAX >> (8 * (WORD - 1 - at));
            let is_letter = byte.is_ascii_alphabetic() || byte == b'-';
            assert_eq!(
                controls(word) & to_here,
                if byte.is_ascii_control() { mark } else { 0 }
            );
            assert_eq!(not_letters(word) & to_here, if is_letter { 0 } else { mark });
        }
    }
}
