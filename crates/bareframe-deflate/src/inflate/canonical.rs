//! Code: a canonical Huffman code (RFC 1951 section 3.2.2) in the least memory, decoded bit by bit; and the fixed one.

use super::bits::{BitBuffer, low_16};
use crate::symbols::{DISTANCES, LITERALS, MAX_CODE_LEN};
use core::ops::Range;

/// A code of at most `N` symbols.
#[derive(Clone, Debug)]
pub(crate) struct Code<const N: usize> {
    /// How many symbols have a code of each length; those without one count as length 0.
    counts: [u16; MAX_CODE_LEN + 1],
    /// The symbols in the order of their codes.
    symbols: [u16; N],
    /// The length of the longest code.
    longest: u8,
}

/// Code lengths, two a byte.
#[derive(Clone, Debug)]
pub(crate) struct Lengths([u8; (LITERALS + DISTANCES).div_ceil(2)]);

/// What the bits at hand decode to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decoded {
    /// A symbol and the length of its code in bits.
    Symbol(u16, u8),
    /// Nothing yet: the code is longer than the bits at hand.
    NeedsBits,
    /// No symbol has a code that begins with this many bits of these.
    Unassigned(u8),
}

impl<const N: usize> Code<N> {
    pub(crate) const EMPTY: Code<N> = Code {
        counts: [0; MAX_CODE_LEN + 1],
        symbols: [0; N],
        longest: 0,
    };

    /// Begins a new code without symbols.
    pub(crate) fn clear(&mut self) {
        self.counts = [0; MAX_CODE_LEN + 1];
        self.longest = 0;
    }

    /// Counts a symbol with a code of this length, before [`assign`](Code::assign).
    pub(crate) fn count(&mut self, len: u8) {
        if let Some(count) = self.counts.get_mut(usize::from(len)) {
            *count = count.wrapping_add(1);
            self.longest = self.longest.max(len);
        }
    }

    /// Orders the symbols that have a code, of which the lengths were counted: the first has that of `range`'s start.
    pub(crate) fn assign(&mut self, lengths: &Lengths, range: Range<u16>) {
        assign(&self.counts, &mut self.symbols, lengths, range);
    }

    /// Returns the length of the longest code, and 1 if there is none.
    pub(crate) fn longest(&self) -> u8 {
        self.longest.max(1)
    }

    /// Returns how many symbols have a code of each length from 1 on.
    pub(crate) fn counts(&self) -> impl Iterator<Item = u16> {
        self.counts.into_iter().skip(1)
    }

    /// Returns the symbols in the order of their codes; there may be more than codes.
    pub(crate) fn symbols(&self) -> &[u16] {
        &self.symbols
    }

    /// Returns `true` if there is one symbol, with a code of one bit.
    pub(crate) fn is_one_bit(&self) -> bool {
        self.longest == 1 && self.counts.get(1) == Some(&1)
    }

    /// Decodes the symbol at the front of the bits.
    pub(crate) fn decode(&self, buffer: &BitBuffer) -> Decoded {
        decode(&self.counts, &self.symbols, self.longest(), buffer)
    }
}

// For codes of all sizes there is one function each, so that it is in an image once.

/// Orders the symbols of a code.
fn assign(counts: &[u16; MAX_CODE_LEN + 1], symbols: &mut [u16], lengths: &Lengths, range: Range<u16>) {
    let mut next = [0_u16; MAX_CODE_LEN + 1];
    let mut sum = 0_u16;
    for (next, count) in next.iter_mut().zip(counts).skip(1) {
        *next = sum;
        sum = sum.wrapping_add(*count);
    }
    let mut at = range.start;
    while at < range.end {
        // Most symbols have no code.
        if at & 1 == 0 && lengths.pair(at) == 0 {
            at = at.wrapping_add(2);
            continue;
        }
        let len = lengths.of(at);
        if let Some(next) = next.get_mut(usize::from(len)).filter(|_| len > 0) {
            if let Some(place) = symbols.get_mut(usize::from(*next)) {
                *place = at.wrapping_sub(range.start);
            }
            *next = next.wrapping_add(1);
        }
        at = at.wrapping_add(1);
    }
}

/// Decodes a symbol of the code with these counts, of which the longest has this many bits.
fn decode(counts: &[u16; MAX_CODE_LEN + 1], symbols: &[u16], longest: u8, buffer: &BitBuffer) -> Decoded {
    let mut bits = buffer.bits();
    // A code is sent from its most significant bit on.
    let (mut code, mut first, mut index) = (0_usize, 0_usize, 0_usize);
    for (len, &count) in (1..=longest).zip(counts.iter().skip(1)) {
        if u32::from(len) > buffer.count() {
            return Decoded::NeedsBits;
        }
        let count = usize::from(count);
        code |= bits & 1;
        bits >>= 1;
        let behind_first = code.wrapping_sub(first);
        if behind_first < count {
            let symbol = symbols.get(index.wrapping_add(behind_first));
            return symbol.map_or(Decoded::Unassigned(len), |&symbol| Decoded::Symbol(symbol, len));
        }
        index = index.wrapping_add(count);
        first = first.wrapping_add(count) << 1;
        code <<= 1;
    }
    // An incomplete code has one symbol of one bit, or none: the first bit tells that there is no symbol.
    Decoded::Unassigned(longest)
}

impl Lengths {
    pub(crate) const EMPTY: Lengths = Lengths([0; (LITERALS + DISTANCES).div_ceil(2)]);

    pub(crate) fn of(&self, symbol: u16) -> u8 {
        let pair = self.pair(symbol);
        if symbol & 1 == 0 { pair & 15 } else { pair >> 4 }
    }

    /// Sets a length that was 0.
    pub(crate) fn set(&mut self, symbol: u16, len: u8) {
        if let Some(pair) = self.0.get_mut(usize::from(symbol >> 1)) {
            *pair |= if symbol & 1 == 0 { len } else { len << 4 };
        }
    }

    fn pair(&self, symbol: u16) -> u8 {
        self.0.get(usize::from(symbol >> 1)).copied().unwrap_or_default()
    }
}

/// Decodes a literal or length symbol of the fixed code (RFC 1951 section 3.2.6); 286 and 287 are symbols too.
pub(crate) fn fixed_literal(buffer: &BitBuffer) -> Decoded {
    // The nine bits in front, the first of them the most significant.
    let front = reversed(buffer.bits(), 9);
    let (symbol, len) = match front {
        0..0b0_0110_0000 => ((front >> 2).wrapping_add(256), 7),
        0b0_0110_0000..0b1_1000_0000 => ((front >> 1).wrapping_sub(0x30), 8),
        0b1_1000_0000..0b1_1001_0000 => ((front >> 1).wrapping_sub(0xC0).wrapping_add(280), 8),
        _ => (front.wrapping_sub(0x190).wrapping_add(144), 9),
    };
    if u32::from(len) > buffer.count() {
        return Decoded::NeedsBits;
    }
    Decoded::Symbol(low_16(symbol), len)
}

/// Decodes a distance symbol of the fixed code; 30 and 31 are symbols too.
pub(crate) fn fixed_distance(buffer: &BitBuffer) -> Decoded {
    if buffer.count() < 5 {
        return Decoded::NeedsBits;
    }
    Decoded::Symbol(low_16(reversed(buffer.bits(), 5)), 5)
}

/// Returns the lowest `len` bits of `bits` in reverse order; `len` is not zero.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn reversed(bits: usize, len: u32) -> usize {
    bits.reverse_bits().wrapping_shr(usize::BITS.wrapping_sub(len))
}
