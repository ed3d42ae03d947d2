//! UTF-8, octet by octet or in bulk, failing at the first octet that can't be part of it (RFC 6455 section 8.1).

#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
mod avx512;
#[cfg(not(target_pointer_width = "64"))]
mod small;

#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
use crate::cpu::moves_octets;
use core::fmt;
#[cfg(not(target_pointer_width = "64"))]
use small::Next;

/// Checks text that arrives in pieces of any size (RFC 6455 section 8.1, RFC 3629 section 4).
///
/// ```
/// use bareframe::{InvalidUtf8, Utf8Validator};
/// let mut text = Utf8Validator::new();
/// assert_eq!(text.push(b"na\xc3"), Ok(()));
/// assert_eq!(text.push(b"\xafve"), Ok(()));
/// assert_eq!(text.finish(), Ok(()));
/// assert_eq!(text.push(b"ab\xff"), Err(InvalidUtf8 { at: 2 }));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Utf8Validator {
    next: Next,
}

/// Octets that are not UTF-8.
///
/// ```
/// use bareframe::{InvalidUtf8, Utf8Validator};
/// let mut text = Utf8Validator::new();
/// assert_eq!(text.push(b"\xed\xa0"), Err(InvalidUtf8 { at: 1 }));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InvalidUtf8 {
    /// Where the octet stands in the piece that was pushed, from 0; for an unfinished end it is 0.
    pub at: usize,
}

/// What the next octet may be.
#[cfg(target_pointer_width = "64")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Next {
    /// The first octet of a character.
    #[default]
    First,
    /// The last of a character.
    Last,
    /// The last but one.
    LastButOne,
    /// The last but two.
    LastButTwo,
    /// After E0: from A0 on, or the form would be overlong.
    AfterE0,
    /// After ED: to 9F, or it would be a surrogate.
    AfterEd,
    /// After F0: from 90 on, or the form would be overlong.
    AfterF0,
    /// After F4: to 8F, or it would be above U+10FFFF.
    AfterF4,
}

impl Utf8Validator {
    /// Begins a text.
    #[must_use]
    #[inline]
    pub const fn new() -> Utf8Validator {
        Utf8Validator { next: Next::First }
    }

    /// Checks the text's next piece.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] with the place of the first octet that can't be part of UTF-8; the state is as before.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub fn push(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        self.next = self.next.after(piece)?;
        Ok(())
    }

    /// Goes on by one octet; gives `None` if it can't be part of UTF-8 here.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    pub(crate) fn then(self, octet: u8) -> Option<Utf8Validator> {
        self.next.then(octet).map(|next| Utf8Validator { next })
    }

    /// Checks that the text ends with a whole character.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] if a character is unfinished.
    #[inline]
    pub const fn finish(&self) -> Result<(), InvalidUtf8> {
        if self.is_between_characters() {
            Ok(())
        } else {
            Err(InvalidUtf8 { at: 0 })
        }
    }

    /// Tells whether no character is unfinished.
    #[must_use]
    #[inline]
    pub(crate) const fn is_between_characters(&self) -> bool {
        matches!(self.next, Next::First)
    }
}

#[cfg(target_pointer_width = "64")]
impl Next {
    /// One octet more; `None` if it can't be part of UTF-8 here.
    #[inline(always)]
    const fn then(self, octet: u8) -> Option<Next> {
        let (low, high, then) = match self {
            Next::First => return Next::after_first(octet),
            Next::Last => (0x80, 0xBF, Next::First),
            Next::LastButOne => (0x80, 0xBF, Next::Last),
            Next::LastButTwo => (0x80, 0xBF, Next::LastButOne),
            Next::AfterE0 => (0xA0, 0xBF, Next::Last),
            Next::AfterEd => (0x80, 0x9F, Next::Last),
            Next::AfterF0 => (0x90, 0xBF, Next::LastButOne),
            Next::AfterF4 => (0x80, 0x8F, Next::LastButOne),
        };
        if low <= octet && octet <= high {
            Some(then)
        } else {
            None
        }
    }

    #[inline(always)]
    const fn after_first(octet: u8) -> Option<Next> {
        Some(match octet {
            0x00..=0x7F => Next::First,
            0xC2..=0xDF => Next::Last,
            0xE0 => Next::AfterE0,
            0xED => Next::AfterEd,
            0xE1..=0xEF => Next::LastButOne,
            0xF0 => Next::AfterF0,
            0xF4 => Next::AfterF4,
            0xF1..=0xF3 => Next::LastButTwo,
            _ => return None,
        })
    }

    /// Many octets more, one by one.
    #[inline]
    fn after_each(mut self, octets: &[u8], skipped: usize) -> Result<Next, InvalidUtf8> {
        for (at, &octet) in octets.iter().enumerate() {
            self = self.then(octet).ok_or(InvalidUtf8 {
                at: at.wrapping_add(skipped),
            })?;
        }
        Ok(self)
    }

    /// Many octets more, in bulk between the unfinished characters at both ends.
    #[inline]
    fn after(mut self, octets: &[u8]) -> Result<Next, InvalidUtf8> {
        let mut rest = octets;
        let mut skipped = 0;
        while self != Next::First {
            let Some((&octet, behind)) = rest.split_first() else {
                return Ok(self);
            };
            self = self.then(octet).ok_or(InvalidUtf8 { at: skipped })?;
            skipped = skipped.wrapping_add(1);
            rest = behind;
        }
        let valid = valid_up_to(rest);
        let tail = rest.get(valid..).unwrap_or(&[]);
        self.after_each(tail, skipped.wrapping_add(valid))
    }
}

/// How many octets at the front are whole characters; what is behind them is unfinished or wrong.
#[cfg(target_pointer_width = "64")]
#[inline]
fn valid_up_to(octets: &[u8]) -> usize {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    if let Some(valid) = simd::valid_up_to(octets) {
        return valid;
    }
    match core::str::from_utf8(octets) {
        Ok(text) => text.len(),
        Err(error) => error.valid_up_to(),
    }
}

/// Tells whether the octets are whole characters, if there is a kernel for any length; without one it says no.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
pub(crate) fn are_characters(octets: &[u8]) -> bool {
    #[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
    if octets.len() >= SHORTEST && moves_octets() {
        // SAFETY: the processor has every feature that the kernel enables, or `moves_octets` would have said no.
        return unsafe { avx512::are_characters(octets) };
    }
    let _ = octets;
    false
}

/// Tells whether no octet has its top bit set.
#[cfg(target_pointer_width = "64")]
#[inline]
pub(crate) fn is_ascii(octets: &[u8]) -> bool {
    #[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
    if octets.len() >= LONG {
        return is_long_ascii(octets);
    }
    is_ascii_in_words(octets)
}

/// The shortest text, in octets, for which the kernel is asked.
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
const SHORTEST: usize = 4;

/// From this length on, in octets, asking for the processor's vectors pays.
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
const LONG: usize = 256;

#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
#[inline(never)]
fn is_long_ascii(octets: &[u8]) -> bool {
    if moves_octets() {
        // SAFETY: the processor has every feature that the kernel enables, or `moves_octets` would have said no.
        unsafe { avx512::is_ascii(octets) }
    } else {
        is_ascii_in_words(octets)
    }
}

/// In words, and the last that is not whole together with the one before.
#[cfg(target_pointer_width = "64")]
#[inline]
fn is_ascii_in_words(octets: &[u8]) -> bool {
    const WORD: usize = size_of::<usize>();
    let (words, tail) = octets.as_chunks::<WORD>();
    let mut seen = 0;
    for word in words {
        seen |= usize::from_ne_bytes(*word);
    }
    match octets.last_chunk::<WORD>() {
        Some(word) => seen |= usize::from_ne_bytes(*word),
        None => {
            for octet in tail {
                seen |= usize::from(*octet);
            }
        }
    }
    seen & (usize::MAX / 0xFF * 0x80) == 0
}

/// As `core::str::from_utf8`, by the fastest check that there is.
pub(crate) fn from_utf8(octets: &[u8]) -> Option<&str> {
    let mut text = Utf8Validator::new();
    if cfg!(feature = "simd") && (text.push(octets).is_err() || text.finish().is_err()) {
        return None;
    }
    passed(octets)
}

/// The text of octets that a [`Utf8Validator`] has just passed from first to last, with nothing unfinished.
#[inline]
pub(crate) const fn passed(octets: &[u8]) -> Option<&str> {
    #[cfg(feature = "simd")]
    // SAFETY: every caller has the validator's word for exactly these octets, which are borrowed since.
    return Some(unsafe { core::str::from_utf8_unchecked(octets) });
    #[cfg(not(feature = "simd"))]
    match core::str::from_utf8(octets) {
        Ok(text) => Some(text),
        Err(_) => None,
    }
}

/// As [`passed`].
#[inline]
pub(crate) const fn passed_mut(octets: &mut [u8]) -> Option<&mut str> {
    #[cfg(feature = "simd")]
    // SAFETY: as in `passed`; from here on the octets are a `str`, which keeps them UTF-8.
    return Some(unsafe { core::str::from_utf8_unchecked_mut(octets) });
    #[cfg(not(feature = "simd"))]
    match core::str::from_utf8_mut(octets) {
        Ok(text) => Some(text),
        Err(_) => None,
    }
}

/// The kernel of `avx512`, or simdutf8's, chosen at run time without std.
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
mod simd {
    use crate::cpu::{Vectors, vectors};

    /// The shortest piece, in octets, for which the vector check wins.
    const DISPATCH: usize = 32;

    /// `None` if the kernels are not for this piece, or if there is a fault, which they can't place.
    #[inline]
    pub(super) fn valid_up_to(octets: &[u8]) -> Option<usize> {
        let whole = octets.get(..octets.len().wrapping_sub(unfinished(octets)))?;
        (super::are_characters(whole) || are_characters_by_avx2(whole)).then_some(whole.len())
    }

    /// Tells whether the octets are whole characters; of short ones, and without AVX2, it says no.
    #[inline]
    pub(super) fn are_characters_by_avx2(octets: &[u8]) -> bool {
        if octets.len() < DISPATCH || vectors() == Vectors::Baseline {
            return false;
        }
        // SAFETY: the processor has AVX2, or `vectors` would have given `Baseline`.
        let checked = unsafe { simdutf8::basic::imp::x86::avx2::validate_utf8(octets) };
        checked.is_ok()
    }

    /// How many octets at the end begin a character that is not finished.
    #[inline]
    pub(super) fn unfinished(octets: &[u8]) -> usize {
        match octets {
            [.., 0xC0..=0xFF] => 1,
            [.., 0xE0..=0xFF, _] => 2,
            [.., 0xF0..=0xFF, _, _] => 3,
            _ => 0,
        }
    }
}

impl fmt::Display for InvalidUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the octet at {} can't be part of UTF-8", self.at)
    }
}

impl core::error::Error for InvalidUtf8 {}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// Where the first wrong octet is by std's account: `Err` of the place, or whether the end is unfinished.
    fn expected(octets: &[u8]) -> Result<bool, usize> {
        match core::str::from_utf8(octets) {
            Ok(_) => Ok(false),
            Err(error) => match error.error_len() {
                None => Ok(true),
                Some(1) => {
                    // One octet long is a fault of that octet, or of the one that should continue it.
                    let at = error.valid_up_to();
                    let alone = core::str::from_utf8(&octets[at..=at]).unwrap_err();
                    Err(at + usize::from(alone.error_len().is_none()))
                }
                Some(len) => Err(error.valid_up_to() + len),
            },
        }
    }

    fn seen(octets: &[u8], cut: usize) -> Result<bool, usize> {
        let mut validator = Utf8Validator::new();
        let (one, two) = octets.split_at(cut);
        validator.push(one).map_err(|error| error.at)?;
        validator.push(two).map_err(|error| error.at + cut)?;
        Ok(validator.finish().is_err())
    }

    fn check_every_split(octets: &[u8]) {
        for cut in 0..=octets.len() {
            assert_eq!(seen(octets, cut), expected(octets), "{octets:02x?} cut at {cut}");
        }
    }

    #[test]
    fn s8_1_every_sequence_of_one_and_two_octets() {
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
    fn s8_1_a_fault_is_placed_wherever_it_stands_in_long_text() {
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
    fn s8_1_text_is_given_if_it_is_valid_to_its_end() {
        for octets in [&b""[..], b"na\xC3\xAFve", b"na\xC3", b"na\xC3ve", b"\xFF"] {
            assert_eq!(from_utf8(octets).is_some(), core::str::from_utf8(octets).is_ok());
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

    /// What is not found here is found by a slower way.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn s8_1_what_is_asked_first_is_right() {
        for (len, at) in (1..40)
            .chain([255, 256, 257, 600])
            .flat_map(|len| (0..len).map(move |at| (len, at)))
        {
            let mut octets = std::vec![b'a'; len];
            assert!(is_ascii(&octets));
            octets[at] = 0x80;
            assert!(!is_ascii(&octets) && !are_characters(&octets));
            assert_eq!(valid_up_to(&octets), at);
        }
        for len in 0..300 {
            let octets: Vec<u8> = "é".bytes().cycle().take(len).collect();
            assert_eq!(valid_up_to(&octets), len / 2 * 2);
            #[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
            assert_eq!(
                are_characters(&octets),
                moves_octets() && len >= SHORTEST && len % 2 == 0
            );
        }
    }

    /// As above; each kernel passes text from its shortest on.
    #[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
    #[test]
    fn s8_1_what_this_processor_has_a_kernel_for_passes_it() {
        let _unchanged = crate::cpu::tests::UNCHANGED.lock();
        let avx2 = if std::is_x86_feature_detected!("avx2") {
            32
        } else {
            usize::MAX
        };
        let shortest = if moves_octets() { SHORTEST } else { avx2 };
        for len in 0..300 {
            let octets: Vec<u8> = "é".bytes().cycle().take(len).collect();
            let whole = len / 2 * 2;
            assert_eq!(simd::valid_up_to(&octets), (whole >= shortest).then_some(whole));
            assert_eq!(
                simd::are_characters_by_avx2(&octets),
                len >= avx2 && whole == len,
                "{len}"
            );
        }
    }

    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    #[test]
    fn s8_1_an_end_that_may_go_on_is_left_to_the_next_piece() {
        for whole in ["", "a", "é", "語", "😀"] {
            assert_eq!(simd::unfinished(whole.as_bytes()), 0);
            for unfinished in 1..whole.len() {
                let octets = [b"ab", &whole.as_bytes()[..unfinished]].concat();
                assert_eq!(simd::unfinished(&octets), unfinished, "{octets:02x?}");
            }
        }
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn s8_1_one_octet_is_judged_as_a_piece_of_one() {
        for before in [
            &b""[..],
            b"\xC3",
            b"\xE0",
            b"\xE8",
            b"\xE8\xAA",
            b"\xED",
            b"\xF0",
            b"\xF1",
            b"\xF4",
        ] {
            for octet in 0..=u8::MAX {
                let mut text = Utf8Validator::new();
                text.push(before).unwrap();
                let then = text.then(octet);
                assert_eq!(
                    then,
                    text.push(&[octet]).ok().map(|()| text),
                    "{octet:#x} behind {before:02x?}"
                );
            }
        }
    }
}
