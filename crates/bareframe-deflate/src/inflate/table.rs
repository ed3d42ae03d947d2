//! Tables: what the next bits mean, looked up at once.

use super::bits::low_8;
use super::canonical::Code;
use super::lengths::Codes;
use crate::symbols::{DISTANCE_BASES, DISTANCES, END_OF_BLOCK, FIRST_LENGTH, LENGTHS};

/// How many bits are looked up; a code that is longer has no entry.
pub(crate) const LITERAL_BITS: u32 = 10;
pub(crate) const DISTANCE_BITS: u32 = 8;

/// The longest code of a code length.
const CODE_LENGTH_BITS: u32 = 7;

/// The tables of a block's two codes.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    literals: [Entry; 1 << LITERAL_BITS],
    distances: [Entry; 1 << DISTANCE_BITS],
    /// How many bits of the tables are in use.
    literal_mask: usize,
    distance_mask: usize,
    /// The symbols of the code length code, and in the three least significant bits how long their codes are.
    code_lengths: [u8; 1 << CODE_LENGTH_BITS],
}

/// What a code means.
///
/// From the least significant bit: how many bits it takes with its extra bits (6 bits), how many without (from bit 8), the
/// two flags, and from bit 16 on the literal or the least value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry(u32);

const EXCEPTIONAL: u32 = 1 << 14;
const LITERAL: u32 = 1 << 15;

/// The tables of the fixed codes.
pub(crate) static FIXED: Tables = Tables::fixed();

impl Tables {
    pub(crate) const EMPTY: Tables = Tables {
        literals: [Entry::NONE; 1 << LITERAL_BITS],
        distances: [Entry::NONE; 1 << DISTANCE_BITS],
        literal_mask: (1 << LITERAL_BITS) - 1,
        distance_mask: (1 << DISTANCE_BITS) - 1,
        code_lengths: [0; 1 << CODE_LENGTH_BITS],
    };

    /// Fills the table for code lengths.
    pub(crate) fn build_code_lengths(&mut self, code: &Code<DISTANCES>) {
        fill(
            &mut self.code_lengths,
            CODE_LENGTH_BITS,
            code,
            0,
            |symbol, len| low_8(usize::from(symbol) << 3 | (len & 7) as usize),
        );
    }

    /// Returns the symbol of a code length and how long its code is.
    #[inline(always)]
    pub(crate) fn code_length(&self, bits: usize) -> (u16, u8) {
        let entry = self.code_lengths.get(bits & ((1 << CODE_LENGTH_BITS) - 1));
        let entry = entry.copied().unwrap_or_default();
        (u16::from(entry >> 3), entry & 7)
    }

    /// Fills the tables from codes.
    pub(crate) fn build(&mut self, codes: &Codes) {
        let literal_bits = u32::from(codes.literals.longest()).min(LITERAL_BITS);
        let distance_bits = u32::from(codes.distances.longest()).min(DISTANCE_BITS);
        self.literal_mask = fill(
            &mut self.literals,
            literal_bits,
            &codes.literals,
            Entry::NONE,
            Entry::of_literal,
        );
        self.distance_mask = fill(
            &mut self.distances,
            distance_bits,
            &codes.distances,
            Entry::NONE,
            Entry::of_distance,
        );
    }

    #[inline(always)]
    pub(crate) fn literal(&self, bits: usize) -> Entry {
        let entry = self
            .literals
            .get(bits & self.literal_mask & ((1 << LITERAL_BITS) - 1));
        entry.copied().unwrap_or(Entry::NONE)
    }

    #[inline(always)]
    pub(crate) fn distance(&self, bits: usize) -> Entry {
        let entry = self
            .distances
            .get(bits & self.distance_mask & ((1 << DISTANCE_BITS) - 1));
        entry.copied().unwrap_or(Entry::NONE)
    }

    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "evaluated by the compiler, which would say so"
    )]
    const fn fixed() -> Tables {
        let mut tables = Tables::EMPTY;
        let mut bits = 0;
        while bits < 1 << LITERAL_BITS {
            let front = (bits as u16).reverse_bits() >> 7;
            let (symbol, len) = match front {
                0..0x60 => (256 + (front >> 2), 7),
                0x60..0x180 => ((front >> 1) - 0x30, 8),
                0x180..0x190 => (280 + (front >> 1) - 0xC0, 8),
                _ => (144 + front - 0x190, 9),
            };
            tables.literals[bits] = Entry::of_literal(symbol, len);
            bits += 1;
        }
        bits = 0;
        while bits < 1 << DISTANCE_BITS {
            let symbol = (bits as u16).reverse_bits() >> 11;
            tables.distances[bits] = Entry::of_distance(symbol, 5);
            bits += 1;
        }
        tables
    }
}

impl Entry {
    /// A code that is too long for the table, that ends the block, or that means nothing.
    const NONE: Entry = Entry(EXCEPTIONAL);

    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "the index is looked at before"
    )]
    const fn of_literal(symbol: u16, len: u32) -> Entry {
        if symbol < END_OF_BLOCK {
            return Entry((symbol as u32) << 16 | LITERAL | len << 8 | len);
        }
        let index = symbol.wrapping_sub(FIRST_LENGTH) as usize;
        if index >= LENGTHS.len() {
            return Entry::NONE;
        }
        Entry::with_extra(LENGTHS[index], len)
    }

    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "the index is looked at before"
    )]
    const fn of_distance(symbol: u16, len: u32) -> Entry {
        if symbol as usize >= DISTANCE_BASES.len() {
            return Entry::NONE;
        }
        Entry::with_extra(DISTANCE_BASES[symbol as usize], len)
    }

    const fn with_extra((base, extra): (u16, u8), len: u32) -> Entry {
        Entry((base as u32) << 16 | len.wrapping_shl(8) | len.wrapping_add(extra as u32))
    }

    #[inline(always)]
    pub(crate) const fn is_literal(self) -> bool {
        self.0 & LITERAL != 0
    }

    #[inline(always)]
    pub(crate) const fn is_exceptional(self) -> bool {
        self.0 & EXCEPTIONAL != 0
    }

    #[inline(always)]
    pub(crate) const fn literal(self) -> u8 {
        (self.0 >> 16 & 0xFF) as u8
    }

    /// Returns how many bits the code and its extra bits have.
    #[inline(always)]
    pub(crate) const fn total(self) -> u32 {
        self.0 & 0x3F
    }

    /// Returns the length or the distance, with the extra bits that are after the code.
    #[inline(always)]
    pub(crate) const fn value(self, bits: usize) -> usize {
        let with_extra = bits & !usize::MAX.wrapping_shl(self.total());
        ((self.0 >> 16) as usize).wrapping_add(with_extra.wrapping_shr(self.0 >> 8))
    }
}

/// Fills the entries for this many bits from a code, and returns what is to be looked up of bits.
fn fill<E: Copy, const N: usize>(
    table: &mut [E],
    bits: u32,
    code: &Code<N>,
    none: E,
    entry: impl Fn(u16, u32) -> E,
) -> usize {
    let used = 1_usize.wrapping_shl(bits);
    if let Some(first) = table.first_mut() {
        *first = none;
    }
    let mut symbols = code.symbols().iter();
    let mut filled = 1_usize;
    let mut next = 0_u32;
    for (len, count) in (1_u32..).zip(code.counts()) {
        if filled == used {
            break;
        }
        // Each entry is there once more for one bit more; those that no code has got yet are filled by longer ones.
        if let Some((first, second)) = table.split_at_mut_checked(filled)
            && let Some(second) = second.get_mut(..filled)
        {
            second.copy_from_slice(first);
        }
        filled = filled.wrapping_mul(2);
        next <<= 1;
        for &symbol in symbols.by_ref().take(count.into()) {
            let index = next.reverse_bits().wrapping_shr(u32::BITS.wrapping_sub(len));
            if let Some(place) = table.get_mut(index as usize) {
                *place = entry(symbol, len);
            }
            next = next.wrapping_add(1);
        }
    }
    used.wrapping_sub(1)
}
