//! Fast: symbols looked up in tables, several without going through the state of a block.

use super::bits::{BitBuffer, Source, low_8};
use super::canonical::{Code, Decoded};
use super::copies::{SPARE, repeat, repeat_from_end, repeat_with_space};
use super::lengths::Codes;
use super::ring::Ring;
use super::table::{Entry, FIXED, Tables};
use super::{Decode, Progress, Size};
use crate::symbols::{DISTANCES, MAX_MATCH};

/// Decodes by tables, in at most 8 KiB beside the window: for servers.
///
/// ```
/// use bareframe_deflate::{Fast, Inflater};
/// assert!(size_of::<Inflater<Fast>>() <= 8192);
/// ```
#[derive(Clone, Debug)]
pub struct Fast(Tables);

impl Fast {
    /// How many bytes the memory of a window has more than [`WindowBits::size`](crate::WindowBits::size) so that matches are copied
    /// fast even when the window is full.
    ///
    /// ```
    /// use bareframe_deflate::{Fast, Inflater, Step, WindowBits};
    /// let mut window = vec![0; WindowBits::MAX.size() + Fast::SPARE];
    /// let mut inflater = Inflater::<Fast>::new(WindowBits::MAX);
    /// assert_eq!(inflater.inflate(&mut window, &mut &[0x00][..], true), Ok(Step::MessageEnd));
    /// ```
    pub const SPARE: usize = SPARE;
}

impl Default for Fast {
    fn default() -> Fast {
        Fast(Tables::EMPTY)
    }
}

impl Size for Fast {}

impl Decode for Fast {
    fn build_code_lengths(&mut self, code: &Code<DISTANCES>) {
        self.0.build_code_lengths(code);
    }

    fn code_length(&self, code: &Code<DISTANCES>, buffer: &BitBuffer) -> Decoded {
        match self.0.code_length(buffer.bits()) {
            (symbol, len) if len > 0 && u32::from(len) <= buffer.count() => Decoded::Symbol(symbol, len),
            _ => code.decode(buffer),
        }
    }

    fn run_code_lengths(&self, codes: &mut Codes, buffer: &mut BitBuffer, source: &mut Source<'_>) {
        codes.read_by_table(&self.0, buffer, source);
    }

    fn build(&mut self, codes: &Codes) {
        self.0.build(codes);
    }

    fn run(
        &self,
        is_fixed: bool,
        buffer: &mut BitBuffer,
        source: &mut Source<'_>,
        ring: &mut Ring<'_>,
    ) -> Progress {
        if is_fixed {
            run::<true>(&FIXED, buffer, source, ring)
        } else {
            run::<false>(&self.0, buffer, source, ring)
        }
    }
}

/// Decodes symbols as long as each is whole, has an entry in the tables, and its bytes fit into memory, history and limit; the
/// rest is not touched.
// As a function of its own it has registers for all that it works with, whatever its caller does.
#[inline(never)]
fn run<const IS_FIXED: bool>(
    tables: &Tables,
    buffer: &mut BitBuffer,
    source: &mut Source<'_>,
    ring: &mut Ring<'_>,
) -> Progress {
    buffer.fill(source);
    let begin = ring.at;
    let mut place = Place {
        input: source.rest(),
        next: 0,
        bits: buffer.bits(),
        count: buffer.count(),
        at: begin,
        // What is before it was not written since the history began.
        first: begin.wrapping_sub(ring.history),
    };
    let mut progress = Progress::Stopped;
    if usize::BITS >= 64
        && let Some(last) = spacious(ring)
    {
        (place, progress) = run_with_space::<IS_FIXED>(tables, ring.bytes, ring.window, place, last);
    }
    if progress == Progress::Stopped {
        let bound = begin.saturating_add(ring.left).min(ring.bytes.len());
        (place, progress) = run_to::<IS_FIXED>(tables, ring.bytes, ring.window, place, bound);
    }
    buffer.set(place.bits, place.count);
    source.advance(place.next);
    ring.advance(place.at.wrapping_sub(begin));
    progress
}

/// Where a loop is; by value, so that all of it is in registers.
#[derive(Clone, Copy)]
struct Place<'i> {
    input: &'i [u8],
    /// How many bytes of the input were taken.
    next: usize,
    bits: usize,
    count: u32,
    at: usize,
    first: usize,
}

impl Place<'_> {
    /// Returns the next bytes of the input, if there is a word of them.
    #[inline(always)]
    fn word(&self) -> Option<usize> {
        let word = self.input.get(self.next..)?.first_chunk()?;
        Some(usize::from_le_bytes(*word))
    }

    #[inline(always)]
    fn consume(&mut self, len: u32) {
        self.bits = self.bits.wrapping_shr(len);
        self.count = self.count.wrapping_sub(len);
    }

    /// Returns how far back a distance may reach.
    #[inline(always)]
    fn reach(&self, window: usize) -> usize {
        self.at.wrapping_sub(self.first).min(window)
    }

    /// Writes a literal, if there is memory for it.
    #[inline(always)]
    fn push<const IS_FIXED: bool>(&mut self, bytes: &mut [u8], entry: Entry) {
        if let Some(place) = bytes.get_mut(self.at) {
            *place = entry.literal();
            self.at = self.at.wrapping_add(1);
            if IS_FIXED {
                // Known from the bits, so that the next code need not wait for the table.
                let is_long = LONG_LITERALS.wrapping_shr(low_5(self.bits)) & 1;
                self.bits = self.bits.wrapping_shr(8).wrapping_shr(is_long);
                self.count = self.count.wrapping_sub(8).wrapping_sub(is_long);
            } else {
                self.consume(entry.total());
            }
        }
    }
}

/// One bit for each beginning of a fixed literal: the code has 9 bits in place of 8.
const LONG_LITERALS: u32 = long_literals();

const fn long_literals() -> u32 {
    let (mut long, mut front) = (0, 0_u32);
    while front < 32 {
        // These codes are 0b1_1001_0000 to 0b1_1111_1111.
        if front.reverse_bits() >> 27 >= 0b1_1001 {
            long |= 1_u32.wrapping_shl(front);
        }
        front = front.wrapping_add(1);
    }
    long
}

/// Returns the least significant 5 bits.
#[allow(clippy::cast_possible_truncation, reason = "the others are to be dropped")]
#[inline(always)]
const fn low_5(bits: usize) -> u32 {
    (bits & 31) as u32
}

/// Literals that are written between two looks at whether there is space.
const LITERALS: usize = 3;

/// Returns the last place at which literals and a match may be written with [`SPARE`] bytes after them that no distance reaches and
/// that are within the memory; `None` if there is none.
fn spacious(ring: &Ring<'_>) -> Option<usize> {
    let len = ring.bytes.len();
    let mut end = ring.at.saturating_add(ring.left).saturating_add(SPARE).min(len);
    if ring.window.wrapping_add(SPARE) > len {
        end = end.min(ring.at.saturating_add(len.saturating_sub(ring.history)));
    }
    let last = end.checked_sub(LITERALS + MAX_MATCH + SPARE)?;
    (last >= ring.at).then_some(last)
}

/// Decodes symbols up to the last place at which there is space, without a look at each whether it fits.
#[inline(always)]
fn run_with_space<'i, const IS_FIXED: bool>(
    tables: &Tables,
    bytes: &mut [u8],
    window: usize,
    mut place: Place<'i>,
    last: usize,
) -> (Place<'i>, Progress) {
    let (literals, distances) = tables.lookups();
    while place.at <= last
        && let Some(word) = place.word()
    {
        refill_by_word(&mut place, word);
        let mut entry = literals.entry(place.bits);
        // With what is left of the bits after two literals, a length and a distance are whole.
        if entry.is_literal() {
            place.push::<IS_FIXED>(bytes, entry);
            entry = literals.entry(place.bits);
            if entry.is_literal() {
                place.push::<IS_FIXED>(bytes, entry);
                entry = literals.entry(place.bits);
                if entry.is_literal() {
                    place.push::<IS_FIXED>(bytes, entry);
                    continue;
                }
            }
        }
        if entry.is_exceptional() {
            if entry.ends_block() {
                place.consume(entry.total());
                return (place, Progress::EndOfBlock);
            }
            break;
        }
        let len = entry.value(place.bits);
        let bits = place.bits.wrapping_shr(entry.total());
        let far = distances.entry(bits);
        let distance = far.value(bits);
        if far.is_exceptional() || distance > place.reach(window) {
            break;
        }
        let is_written = if let Some(from) = place.at.checked_sub(distance) {
            repeat_with_space(bytes, place.at, from, len)
        } else {
            repeat_from_end(bytes, place.at, distance, len)
        };
        if !is_written {
            break;
        }
        place.consume(entry.total().wrapping_add(far.total()));
        place.at = place.at.wrapping_add(len);
    }
    (place, Progress::Stopped)
}

/// Decodes symbols as long as what they mean ends at `bound` at most.
#[inline(always)]
fn run_to<'i, const IS_FIXED: bool>(
    tables: &Tables,
    bytes: &mut [u8],
    window: usize,
    mut place: Place<'i>,
    bound: usize,
) -> (Place<'i>, Progress) {
    let (literals, distances) = tables.lookups();
    loop {
        refill(&mut place);
        let entry = literals.entry(place.bits);
        if entry.total() > place.count {
            break;
        }
        if entry.is_literal() {
            if place.at >= bound {
                break;
            }
            place.push::<IS_FIXED>(bytes, entry);
            continue;
        }
        if entry.is_exceptional() {
            if entry.ends_block() {
                place.consume(entry.total());
                return (place, Progress::EndOfBlock);
            }
            break;
        }
        let len = entry.value(place.bits);
        let mut ahead = place;
        ahead.consume(entry.total());
        if usize::BITS < 64 {
            refill(&mut ahead);
        }
        let far = distances.entry(ahead.bits);
        let distance = far.value(ahead.bits);
        let is_written = !far.is_exceptional()
            && far.total() <= ahead.count
            && distance <= ahead.reach(window)
            && len <= bound.wrapping_sub(ahead.at)
            && repeat(bytes, ahead.at, distance, len);
        if !is_written {
            break;
        }
        ahead.consume(far.total());
        ahead.at = ahead.at.wrapping_add(len);
        place = ahead;
    }
    (place, Progress::Stopped)
}

/// Fills the bits from a word in front of the rest.
#[inline(always)]
fn refill_by_word(place: &mut Place<'_>, word: usize) {
    // A whole word has no effect where bits are already: they are the same.
    place.bits |= word.wrapping_shl(place.count);
    let taken = (usize::BITS - 1).wrapping_sub(place.count) >> 3;
    place.next = place.next.wrapping_add(taken as usize);
    place.count |= usize::BITS - 8;
}

/// Fills the bits from the front of the rest, with a word if there is one.
#[inline(always)]
fn refill(place: &mut Place<'_>) {
    if let Some(word) = place.word() {
        refill_by_word(place, word);
    } else if let Some(last) = place.input.last_chunk() {
        // Of the last word, what is left.
        const MOST: usize = size_of::<usize>() - 1;
        let left = u32::from(low_8(place.input.len().wrapping_sub(place.next).min(MOST)));
        let before = (usize::BITS - 8).wrapping_sub(left.wrapping_mul(8));
        let word = usize::from_le_bytes(*last).wrapping_shr(8).wrapping_shr(before);
        place.bits |= word.wrapping_shl(place.count);
        let taken = left.min((usize::BITS - 1).wrapping_sub(place.count) >> 3);
        place.next = place.next.wrapping_add(taken as usize);
        place.count = place.count.wrapping_add(taken.wrapping_mul(8));
    } else {
        while place.count < usize::BITS - 8
            && let Some(&byte) = place.input.get(place.next)
        {
            place.bits |= usize::from(byte).wrapping_shl(place.count);
            place.count = place.count.wrapping_add(8);
            place.next = place.next.wrapping_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written after a match is never what a distance may reach, nor outside of the memory.
    #[test]
    fn space_is_where_no_distance_reaches() {
        for len in [256, 280, 287, 288, 289, 300, 511, 512, 600] {
            for window in [256, 512] {
                for history in (0..=window).step_by(7).chain([window]) {
                    for (at, left) in (0..len)
                        .step_by(5)
                        .flat_map(|at| [(at, 1000), (at, 270), (at, 3)])
                    {
                        let mut bytes = [0; 600];
                        let ring = Ring {
                            bytes: &mut bytes[..len],
                            at,
                            history,
                            window,
                            left,
                        };
                        if window > len || history > window || history > len {
                            continue;
                        }
                        let Some(last) = spacious(&ring) else { continue };
                        assert!(last >= at);
                        let end = last + LITERALS + MAX_MATCH;
                        assert!(end <= at + left && end + SPARE <= len);
                        // What is at `end + SPARE - 1` was written this many bytes before `end`, one round ago.
                        let distance = len - (SPARE - 1);
                        let reach = (history + end - at).min(window);
                        assert!(distance > reach, "{len} {window} {history} {at} {left}");
                    }
                }
            }
        }
    }
}
