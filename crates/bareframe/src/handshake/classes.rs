//! Classes of bytes, and removing bytes of one class from the front.

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
pub(super) use compact::{is_token, take_text, take_token};
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
pub(super) use fast::{is_token, take_text, take_token};

/// A class of bytes, which are those that are allowed in one part of a head.
#[derive(Clone, Copy)]
pub(super) struct Class(u8);

/// The classes of every ASCII byte. There is one table for all classes, because a look-up is faster and smaller than
/// comparisons.
static CLASSES: [u8; 128] = {
    let mut table = [0; 128];
    let mut rest: &mut [u8] = &mut table;
    let mut byte: u8 = 0;
    while let Some((classes, after)) = rest.split_first_mut() {
        *classes = classes_of(byte);
        byte = byte.wrapping_add(1);
        rest = after;
    }
    table
};

impl Class {
    /// A header's value (RFC 9110 section 5.5).
    pub(super) const TEXT: Class = Class(1);
    /// A token (RFC 9110 section 5.6.2).
    pub(super) const TOKEN: Class = Class(1 << 1);
    /// A registered name, except for percent-encoded bytes (RFC 3986 section 3.2.2).
    pub(super) const NAME: Class = Class(1 << 2);
    /// A path and a query, except for percent-encoded bytes (RFC 3986 sections 3.3 and 3.4).
    pub(super) const PATH: Class = Class(1 << 3);
    /// Base64 without padding (RFC 4648 section 4).
    pub(super) const BASE64: Class = Class(1 << 4);
    /// Space and tab.
    pub(super) const WHITE: Class = Class(1 << 5);
    /// White space and commas, which are between the elements of a list.
    pub(super) const BETWEEN: Class = Class(1 << 6);

    pub(super) fn has(self, byte: u8) -> bool {
        let classes = CLASSES.get(usize::from(byte));
        // All bytes above ASCII are allowed in a value, and nowhere else.
        classes.unwrap_or(&Class::TEXT.0) & self.0 != 0
    }

    /// Returns `true` if `bytes` is not empty and all of it is of this class.
    pub(super) fn has_all(self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        self.take(&mut rest);
        rest.is_empty() && !bytes.is_empty()
    }

    /// Removes and returns the bytes of this class at the front.
    pub(super) fn take<'b>(self, rest: &mut &'b [u8]) -> &'b [u8] {
        take_before(rest, |byte| !self.has(byte))
    }
}

/// Removes and returns the bytes before the first for which `ends` returns `true`.
pub(super) fn take_before<'b>(rest: &mut &'b [u8], ends: impl Fn(u8) -> bool) -> &'b [u8] {
    let end = rest.iter().position(|&byte| ends(byte));
    split_off(rest, end.unwrap_or(rest.len()))
}

/// Removes and returns the first `len` bytes.
fn split_off<'b>(rest: &mut &'b [u8], len: usize) -> &'b [u8] {
    let (front, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
    *rest = after;
    front
}

/// Removes as many of these bytes as are at the front, and returns `true` if all are.
pub(super) fn skip(wanted: &[u8], rest: &mut &[u8]) -> bool {
    for wanted in wanted {
        match rest.split_first() {
            Some((byte, after)) if byte == wanted => *rest = after,
            _ => return false,
        }
    }
    true
}

/// Returns `true` if a name or value is `spelt`, which consists of letters and hyphens, in any case.
pub(super) fn is_token_in_any_case(token: &[u8], spelt: &[u8]) -> bool {
    // A byte that differs from a letter in this bit is the same letter. A byte that differs from a hyphen in it is a
    // carriage return, which no value has.
    let mut pairs = token.iter().zip(spelt);
    token.len() == spelt.len() && pairs.all(|(byte, spelt)| byte | 0x20 == spelt | 0x20)
}

const fn classes_of(byte: u8) -> u8 {
    let white = matches!(byte, b' ' | b'\t');
    let visible = byte.is_ascii_graphic();
    let alphanumeric = byte.is_ascii_alphanumeric();
    let token = matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~');
    // Unreserved characters and sub-delimiters.
    let name = alphanumeric || matches!(byte, b'!' | b'$' | b'&'..=b'.' | b';' | b'=' | b'_' | b'~');
    let path = name || matches!(byte, b':' | b'@' | b'/' | b'?');
    let mut classes = 0;
    if white || visible {
        classes |= Class::TEXT.0;
    }
    if alphanumeric || token {
        classes |= Class::TOKEN.0;
    }
    if name {
        classes |= Class::NAME.0;
    }
    if path {
        classes |= Class::PATH.0;
    }
    if alphanumeric || matches!(byte, b'+' | b'/') {
        classes |= Class::BASE64.0;
    }
    if white {
        classes |= Class::WHITE.0;
    }
    if white || byte == b',' {
        classes |= Class::BETWEEN.0;
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_6_2_bytes_of_a_token() {
        let separators = b"\"(),/:;<=>?@[\\]{} \t";
        for byte in 0..=u8::MAX {
            let token = byte.is_ascii() && !byte.is_ascii_control() && !separators.contains(&byte);
            assert_eq!(Class::TOKEN.has(byte), token, "{byte:#x}");
        }
    }

    /// Puts every byte at every position among bytes of the class, and checks that it ends them exactly if it is not of
    /// the class.
    fn ends_at(take: for<'b> fn(&mut &'b [u8]) -> &'b [u8], belongs: impl Fn(u8) -> bool, around: &[u8]) {
        for (len, &around) in (0..40).flat_map(|len| around.iter().map(move |around| (len, around))) {
            for (at, byte) in (0..len).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
                let mut bytes = [around; 40];
                bytes[at] = byte;
                let end = if belongs(byte) { len } else { at };
                let mut rest = &bytes[..len];
                assert_eq!((take(&mut rest), rest), bytes[..len].split_at(end));
            }
        }
    }

    #[test]
    fn s5_5_text_ends_at_the_first_control_byte() {
        ends_at(
            take_text,
            |byte| !byte.is_ascii_control() || byte == b'\t',
            b"a\t \x80\xFF",
        );
    }

    #[test]
    fn s4_1_a_token_is_compared_in_any_case() {
        for (token, is) in [
            (&b"Upgrade"[..], true),
            (b"uPGRADE", true),
            (b"upgrad", false),
            (b"upgradf", false),
        ] {
            assert_eq!(is_token(token, b"Upgrade"), is);
        }
    }

    #[test]
    fn s5_6_2_a_token_ends_at_the_first_byte_that_is_not_of_it() {
        ends_at(take_token, |byte| Class::TOKEN.has(byte), b"aZ-0_");
    }

    /// The table is computed at compile time; this test runs the function.
    #[test]
    fn the_table_is_what_its_rule_says() {
        for byte in 0..128 {
            let classes = classes_of(byte);
            for class in [
                Class::TEXT,
                Class::TOKEN,
                Class::NAME,
                Class::PATH,
                Class::BASE64,
                Class::WHITE,
                Class::BETWEEN,
            ] {
                assert_eq!(class.has(byte), classes & class.0 != 0, "{byte:#x}");
            }
        }
    }
}
