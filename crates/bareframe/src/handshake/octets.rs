//! Classes of octets, and octets taken off the front.

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

/// Takes the octets before the first control octet that is not a tab off the front.
pub(super) fn take_text<'o>(rest: &mut &'o [u8]) -> &'o [u8] {
    if cfg!(target_pointer_width = "64") {
        take_words(rest, controls, Class::TEXT)
    } else {
        Class::TEXT.take(rest)
    }
}

/// Takes the octets of a token off the front, if there are any.
pub(super) fn take_token<'o>(rest: &mut &'o [u8]) -> &'o [u8] {
    if cfg!(target_pointer_width = "64") {
        take_words(rest, not_letters, Class::TOKEN)
    } else {
        Class::TOKEN.take(rest)
    }
}

/// Takes octets of a class off the front, a word at a time: `suspects` marks those of a word's
/// octets that must be asked about with their top bit, and of these the first exactly.
fn take_words<'o>(octets: &mut &'o [u8], suspects: impl Fn(usize) -> usize, class: Class) -> &'o [u8] {
    let mut rest = *octets;
    loop {
        while let Some((word, behind)) = rest.split_first_chunk() {
            let suspects = suspects(usize::from_le_bytes(*word));
            if suspects != 0 {
                let before = usize::try_from(suspects.trailing_zeros() >> 3).unwrap_or(0);
                rest = rest.get(before..).unwrap_or(rest);
                break;
            }
            rest = behind;
        }
        match rest {
            [octet, behind @ ..] if class.has(*octet) => rest = behind,
            _ => break,
        }
    }
    let front = octets
        .get(..octets.len().wrapping_sub(rest.len()))
        .unwrap_or(octets);
    *octets = rest;
    front
}

/// An octet in every place of a word.
const fn each(octet: u8) -> usize {
    (usize::MAX / 0xFF).wrapping_mul(octet as usize)
}

/// Marks the control octets of a little-endian word, and maybe octets behind the first.
const fn controls(word: usize) -> usize {
    // A subtraction borrows from the octet behind only where it marks its own.
    let below_space = word.wrapping_sub(each(b' ')) & !word;
    let delete = word ^ each(0x7F);
    let is_delete = delete.wrapping_sub(each(1)) & !delete;
    (below_space | is_delete) & each(0x80)
}

/// Marks the octets of a word that are neither an ASCII letter nor a hyphen.
const fn not_letters(word: usize) -> usize {
    // No sum carries: the octets of both summands are below 0x80.
    let lower = (word | each(0x20)) & each(0x7F);
    let from_a = lower.wrapping_add(each(0x80 - b'a'));
    let above_z = lower.wrapping_add(each(0x7F - b'z'));
    let hyphen = word ^ each(b'-');
    let not_hyphen = (hyphen & each(0x7F)).wrapping_add(each(0x7F)) | hyphen;
    (!from_a | above_z | word) & not_hyphen & each(0x80)
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
    fn s5_6_2_a_token_ends_at_the_first_octet_that_is_not_of_it() {
        ends_at(take_token, |octet| Class::TOKEN.has(octet), b"aZ-0_");
    }

    /// What is marked for nothing is read right, and slowly.
    #[test]
    fn words_mark_what_is_to_be_asked_about_and_nothing_before_it() {
        const WORD: usize = size_of::<usize>();
        for (at, octet) in (0..WORD).flat_map(|at| (0..=u8::MAX).map(move |octet| (at, octet))) {
            let mut word = [b'a'; WORD];
            word[at] = octet;
            let word = usize::from_le_bytes(word);
            let mark = 0x80 << (8 * at);
            let to_here = usize::MAX >> (8 * (WORD - 1 - at));
            let is_letter = octet.is_ascii_alphabetic() || octet == b'-';
            assert_eq!(
                controls(word) & to_here,
                if octet.is_ascii_control() { mark } else { 0 }
            );
            assert_eq!(not_letters(word) & to_here, if is_letter { 0 } else { mark });
        }
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
