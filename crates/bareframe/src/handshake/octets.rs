//! Classes of octets, and octets taken off the front.

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
pub(super) use compact::{is_token, take_text, take_token};
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
pub(super) use fast::{is_token, take_text, take_token};

/// Octets that may stand in one place.
#[derive(Clone, Copy)]
pub(super) struct Class(u8);

/// The classes of every ASCII octet. One table for all: a look into it is cheaper than comparisons, and smaller.
static CLASSES: [u8; 128] = {
    let mut table = [0; 128];
    let mut rest: &mut [u8] = &mut table;
    let mut octet: u8 = 0;
    while let Some((classes, behind)) = rest.split_first_mut() {
        *classes = classes_of(octet);
        octet = octet.wrapping_add(1);
        rest = behind;
    }
    table
};

impl Class {
    /// A header's value (RFC 9110 section 5.5).
    pub(super) const TEXT: Class = Class(1);
    /// A token (RFC 9110 section 5.6.2).
    pub(super) const TOKEN: Class = Class(1 << 1);
    /// A host with a port or without, as far as its octets tell (RFC 3986 section 3.2).
    pub(super) const HOST: Class = Class(1 << 2);
    /// A scheme (RFC 3986 section 3.1).
    pub(super) const SCHEME: Class = Class(1 << 3);
    /// Base64 without padding (RFC 4648 section 4).
    pub(super) const BASE64: Class = Class(1 << 4);
    /// Visible ASCII.
    pub(super) const VISIBLE: Class = Class(1 << 5);
    /// Space and tab.
    pub(super) const WHITE: Class = Class(1 << 6);
    /// White space and commas, which stand between the elements of a list.
    pub(super) const BETWEEN: Class = Class(1 << 7);

    pub(super) fn has(self, octet: u8) -> bool {
        let classes = CLASSES.get(usize::from(octet));
        // Of the octets above ASCII, each may stand in a value and none elsewhere.
        classes.unwrap_or(&Class::TEXT.0) & self.0 != 0
    }

    /// Tells whether there are octets, all of this class.
    pub(super) fn has_all(self, octets: &[u8]) -> bool {
        let mut rest = octets;
        self.take(&mut rest);
        rest.is_empty() && !octets.is_empty()
    }

    /// Takes octets of this class off the front, as many as there are.
    pub(super) fn take<'o>(self, rest: &mut &'o [u8]) -> &'o [u8] {
        take_before(rest, |octet| !self.has(octet))
    }
}

/// Takes the octets before the first that `ends` off the front.
pub(super) fn take_before<'o>(rest: &mut &'o [u8], ends: impl Fn(u8) -> bool) -> &'o [u8] {
    let end = rest.iter().position(|&octet| ends(octet));
    split_off(rest, end.unwrap_or(rest.len()))
}

/// Takes octets off the front, and gives as many.
fn split_off<'o>(rest: &mut &'o [u8], len: usize) -> &'o [u8] {
    let (front, behind) = rest.split_at_checked(len).unwrap_or((rest, &[]));
    *rest = behind;
    front
}

/// Takes these octets off the front as far as they stand there, and tells whether all do.
pub(super) fn skip(wanted: &[u8], rest: &mut &[u8]) -> bool {
    for wanted in wanted {
        match rest.split_first() {
            Some((octet, behind)) if octet == wanted => *rest = behind,
            _ => return false,
        }
    }
    true
}

/// Returns `true` if a name or value is this one, which has letters and hyphens only, in any case.
pub(super) fn is_token_in_any_case(token: &[u8], spelt: &[u8]) -> bool {
    // What differs from a letter in this bit is the same letter; from a hyphen, a carriage return, which no value has.
    let mut pairs = token.iter().zip(spelt);
    token.len() == spelt.len() && pairs.all(|(octet, spelt)| octet | 0x20 == spelt | 0x20)
}

const fn classes_of(octet: u8) -> u8 {
    let white = matches!(octet, b' ' | b'\t');
    let visible = octet.is_ascii_graphic();
    let alphanumeric = octet.is_ascii_alphanumeric();
    let token = matches!(octet, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~');
    let host = matches!(
        octet,
        b'!' | b'$'..=b'.' | b':' | b';' | b'=' | b'[' | b']' | b'_' | b'~'
    );
    let mut classes = 0;
    if white || visible {
        classes |= Class::TEXT.0;
    }
    if alphanumeric || token {
        classes |= Class::TOKEN.0;
    }
    if alphanumeric || host {
        classes |= Class::HOST.0;
    }
    if alphanumeric || matches!(octet, b'+' | b'-' | b'.') {
        classes |= Class::SCHEME.0;
    }
    if alphanumeric || matches!(octet, b'+' | b'/') {
        classes |= Class::BASE64.0;
    }
    if visible {
        classes |= Class::VISIBLE.0;
    }
    if white {
        classes |= Class::WHITE.0;
    }
    if white || octet == b',' {
        classes |= Class::BETWEEN.0;
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_6_2_octets_of_a_token() {
        let separators = b"\"(),/:;<=>?@[\\]{} \t";
        for octet in 0..=u8::MAX {
            let token = octet.is_ascii() && !octet.is_ascii_control() && !separators.contains(&octet);
            assert_eq!(Class::TOKEN.has(octet), token, "{octet:#x}");
        }
    }

    /// Puts every octet at every place among octets that belong: only one that does not is an end.
    fn ends_at(take: for<'o> fn(&mut &'o [u8]) -> &'o [u8], belongs: impl Fn(u8) -> bool, around: &[u8]) {
        for (len, &around) in (0..40).flat_map(|len| around.iter().map(move |around| (len, around))) {
            for (at, octet) in (0..len).flat_map(|at| (0..=u8::MAX).map(move |octet| (at, octet))) {
                let mut octets = [around; 40];
                octets[at] = octet;
                let end = if belongs(octet) { len } else { at };
                let mut rest = &octets[..len];
                assert_eq!((take(&mut rest), rest), octets[..len].split_at(end));
            }
        }
    }

    #[test]
    fn s5_5_text_ends_at_the_first_control_octet() {
        ends_at(
            take_text,
            |octet| !octet.is_ascii_control() || octet == b'\t',
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
    fn s5_6_2_a_token_ends_at_the_first_octet_that_is_not_of_it() {
        ends_at(take_token, |octet| Class::TOKEN.has(octet), b"aZ-0_");
    }

    /// The table is made by the compiler; here its rule runs.
    #[test]
    fn the_table_is_what_its_rule_says() {
        for octet in 0..128 {
            let classes = classes_of(octet);
            for class in [
                Class::TEXT,
                Class::TOKEN,
                Class::HOST,
                Class::SCHEME,
                Class::BASE64,
                Class::VISIBLE,
                Class::WHITE,
                Class::BETWEEN,
            ] {
                assert_eq!(class.has(octet), classes & class.0 != 0, "{octet:#x}");
            }
        }
    }
}
