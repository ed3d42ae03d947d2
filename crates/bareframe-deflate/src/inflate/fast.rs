//! Fast: symbols looked up in tables, several without going through the state of a block.

use super::bits::{BitBuffer, Source};
use super::canonical::{Code, Decoded};
use super::lengths::Codes;
use super::ring::Ring;
use super::table::{FIXED, Tables};
use super::{Decode, Size};
use crate::symbols::DISTANCES;

/// Decodes by tables, in at most 8 KiB beside the window: for servers.
///
/// ```
/// use bareframe_deflate::{Fast, Inflater};
/// assert!(size_of::<Inflater<Fast>>() <= 8192);
/// ```
#[derive(Clone, Debug)]
pub struct Fast(Tables);

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

    fn build(&mut self, codes: &Codes) {
        self.0.build(codes);
    }

    /// Decodes symbols as long as each is whole, has an entry in the tables, and its bytes fit into memory, history and
    /// limit; the rest is not touched.
    fn run(&self, is_fixed: bool, buffer: &mut BitBuffer, source: &mut Source<'_>, ring: &mut Ring<'_>) {
        buffer.fill(source);
        let tables = if is_fixed { &FIXED } else { &self.0 };
        let (begin, history, window) = (ring.at, ring.history, ring.window);
        let bound = begin.saturating_add(ring.left).min(ring.bytes.len());
        let bytes = &mut *ring.bytes;
        let mut at = begin;
        let mut rest = source.rest();
        let mut bits = buffer.bits();
        let mut count = buffer.count();
        loop {
            refill(&mut bits, &mut count, &mut rest);
            let mut entry = tables.literal(bits);
            if entry.is_literal() {
                if entry.total() > count || at >= bound {
                    break;
                }
                let Some(place) = bytes.get_mut(at) else { break };
                *place = entry.literal();
                at = at.wrapping_add(1);
                bits = bits.wrapping_shr(entry.total());
                count = count.wrapping_sub(entry.total());
                // What is left in the buffer is enough for more of them.
                for _ in 0..2 {
                    entry = tables.literal(bits);
                    if !entry.is_literal() || entry.total() > count || at >= bound {
                        break;
                    }
                    let Some(place) = bytes.get_mut(at) else { break };
                    *place = entry.literal();
                    at = at.wrapping_add(1);
                    bits = bits.wrapping_shr(entry.total());
                    count = count.wrapping_sub(entry.total());
                }
                continue;
            }
            if entry.is_exceptional() || entry.total() > count {
                break;
            }
            let len = entry.value(bits);
            let (bits_before, count_before, rest_before) = (bits, count, rest);
            bits = bits.wrapping_shr(entry.total());
            count = count.wrapping_sub(entry.total());
            if usize::BITS < 64 {
                refill(&mut bits, &mut count, &mut rest);
            }
            let entry = tables.distance(bits);
            let distance = entry.value(bits);
            let reach = history.wrapping_add(at.wrapping_sub(begin)).min(window);
            let copied = !entry.is_exceptional()
                && entry.total() <= count
                && distance <= reach
                && len <= bound.wrapping_sub(at)
                && repeat(bytes, at, distance, len);
            if !copied {
                (bits, count, rest) = (bits_before, count_before, rest_before);
                break;
            }
            bits = bits.wrapping_shr(entry.total());
            count = count.wrapping_sub(entry.total());
            at = at.wrapping_add(len);
        }
        buffer.set(bits, count);
        source.advance_to(rest);
        ring.advance(at.wrapping_sub(begin));
    }
}

/// Fills the bits from the front of `rest`, with a word if there is one.
#[inline(always)]
fn refill(bits: &mut usize, count: &mut u32, rest: &mut &[u8]) {
    // A whole word has no effect where bits are already: they are the same.
    if let Some(word) = rest.first_chunk() {
        *bits |= usize::from_le_bytes(*word).wrapping_shl(*count);
        let taken = (usize::BITS - 1).wrapping_sub(*count) >> 3;
        *rest = rest.get(taken as usize..).unwrap_or_default();
        *count |= usize::BITS - 8;
    } else {
        refill_by_bytes(bits, count, rest);
    }
}

fn refill_by_bytes(bits: &mut usize, count: &mut u32, rest: &mut &[u8]) {
    while *count < usize::BITS - 8 {
        let Some((&byte, behind)) = rest.split_first() else {
            return;
        };
        *bits |= usize::from(byte).wrapping_shl(*count);
        *count = count.wrapping_add(8);
        *rest = behind;
    }
}

/// Writes at `at` again what was written `distance` bytes before; returns `false` and writes nothing if that is not in
/// one piece.
#[inline(always)]
fn repeat(bytes: &mut [u8], at: usize, distance: usize, len: usize) -> bool {
    let Some((written, ahead)) = bytes.split_at_mut_checked(at) else {
        return false;
    };
    let Some(from) = written.len().checked_sub(distance) else {
        return repeat_from_end(bytes, at, distance, len);
    };
    let Some(to) = ahead.get_mut(..len) else {
        return false;
    };
    match written.get(from..from.wrapping_add(len)) {
        Some(source) => copy(source, to),
        None => repeat_overlapping(bytes, at, distance, len),
    }
    true
}

/// Copies a match; both slices are equally long, and at least 3 bytes.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8]) {
    if from.len() >= 16 {
        copy_in_chunks::<16>(from, to);
    } else if from.len() >= 8 {
        copy_ends::<8>(from, to);
    } else if from.len() >= 4 {
        copy_ends::<4>(from, to);
    } else {
        for (from, to) in from.iter().zip(to) {
            *to = *from;
        }
    }
}

/// Copies the first and the last `N` bytes, which is all where there are at most two times as many.
#[inline(always)]
fn copy_ends<const N: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(from), Some(to)) = (from.first_chunk::<N>(), to.first_chunk_mut::<N>()) {
        *to = *from;
    }
    if let (Some(from), Some(to)) = (from.last_chunk::<N>(), to.last_chunk_mut::<N>()) {
        *to = *from;
    }
}

#[inline(always)]
fn copy_in_chunks<const N: usize>(from: &[u8], to: &mut [u8]) {
    for (from, to) in from.chunks_exact(N).zip(to.chunks_exact_mut(N)) {
        to.copy_from_slice(from);
    }
    if let (Some(from), Some(to)) = (from.last_chunk::<N>(), to.last_chunk_mut::<N>()) {
        *to = *from;
    }
}

/// The same where a match is longer than its distance: it repeats itself.
fn repeat_overlapping(bytes: &mut [u8], at: usize, distance: usize, len: usize) {
    let from = at.wrapping_sub(distance);
    let Some(both) = bytes.get_mut(from..at.wrapping_add(len)) else {
        return;
    };
    if distance == 1
        && let Some((&mut first, rest)) = both.split_first_mut()
    {
        rest.fill(first);
        return;
    }
    // What is there doubles with each turn.
    let mut there = distance;
    while let Some((written, ahead)) = both.split_at_mut_checked(there)
        && !ahead.is_empty()
    {
        let len = written.len().min(ahead.len());
        if let (Some(from), Some(to)) = (written.get(..len), ahead.get_mut(..len)) {
            to.copy_from_slice(from);
        }
        there = there.wrapping_add(len);
    }
}

/// The same where a match begins before the memory's end, if it is in one piece there and does not overlap.
#[cold]
fn repeat_from_end(bytes: &mut [u8], at: usize, distance: usize, len: usize) -> bool {
    let from = at.wrapping_add(bytes.len()).wrapping_sub(distance);
    let Some((front, back)) = bytes.split_at_mut_checked(from) else {
        return false;
    };
    let to = front.get_mut(at..).and_then(|to| to.get_mut(..len));
    match (to, back.get(..len)) {
        (Some(to), Some(from)) => {
            to.copy_from_slice(from);
            true
        }
        _ => false,
    }
}
