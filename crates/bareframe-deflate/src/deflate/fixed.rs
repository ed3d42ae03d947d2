//! The fixed codes (RFC 1951 section 3.2.6) with extra bits, as they are written.

use crate::symbols::{DISTANCE_BASES, LENGTHS};

/// Bits to put, the first of them the least significant, and how many.
pub(crate) type Bits = (u64, u32);

/// The header of a block with the fixed codes that is not the last.
pub(crate) const HEADER: Bits = (0b010, 3);

/// The code of the symbol that ends a block.
pub(crate) const END: Bits = (0, 7);

/// Finds the code of a literal.
const fn literal_code(byte: u8) -> Bits {
    let byte = byte as u32;
    let (code, len) = if byte < 144 {
        (byte.wrapping_add(0x30), 8)
    } else {
        (byte.wrapping_add(0x190 - 144), 9)
    };
    let reversed = code.reverse_bits().wrapping_shr(32_u32.wrapping_sub(len));
    (reversed as u64, len)
}

/// Returns the code of a literal: where there is little flash, without a table.
#[cfg(not(target_pointer_width = "64"))]
pub(crate) fn literal(byte: u8) -> Bits {
    literal_code(byte)
}

/// Returns the code of a literal.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
pub(crate) fn literal(byte: u8) -> Bits {
    static CODES: [u16; 256] = literal_codes();
    let code = CODES.get(usize::from(byte)).copied().unwrap_or_default();
    (u64::from(code & 0xFFF), u32::from(code >> 12))
}

/// The codes of all literals; from bit 12 on how many bits.
#[cfg(target_pointer_width = "64")]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler, which would say so"
)]
const fn literal_codes() -> [u16; 256] {
    let mut codes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (bits, count) = literal_code(byte as u8);
        codes[byte] = bits as u16 | (count as u16) << 12;
        byte += 1;
    }
    codes
}

/// Returns the index of the length symbol from 257 on, for a length from 3 to 258.
#[inline(always)]
pub(crate) const fn length_index(len: u32) -> u32 {
    if len == 258 {
        return 28;
    }
    classes(len.wrapping_sub(3), 2)
}

/// Returns the distance symbol, for a distance from 1 to 32,768.
#[inline(always)]
pub(crate) fn distance_index(distance: u32) -> u32 {
    classes(distance.wrapping_sub(1), 1)
}

/// Returns the class of a number, if `1 << log` classes in a row have one size and then each row has twice the size.
#[inline(always)]
const fn classes(number: u32, log: u32) -> u32 {
    let first = 2_u32.wrapping_shl(log);
    if number < first {
        return number;
    }
    let extra = number.ilog2().wrapping_sub(log);
    let within = number.wrapping_shr(extra) & first.wrapping_shr(1).wrapping_sub(1);
    extra.wrapping_add(1).wrapping_shl(log).wrapping_add(within)
}

/// Returns the extra bits of a length.
#[inline(always)]
pub(crate) const fn length_extra(index: u32, len: u32) -> Bits {
    match LENGTHS.as_slice().split_at_checked(index as usize) {
        Some((_, [(base, extra), ..])) => (len.wrapping_sub(*base as u32) as u64, *extra as u32),
        _ => (0, 0),
    }
}

/// Returns the extra bits of a distance.
#[inline(always)]
pub(crate) fn distance_extra(index: u32, distance: u32) -> Bits {
    match DISTANCE_BASES.get(index as usize) {
        Some(&(base, extra)) => (u64::from(distance.wrapping_sub(base.into())), extra.into()),
        None => (0, 0),
    }
}

/// The codes of all lengths with their extra bits, from 3 on; from bit 16 on how many bits.
#[cfg(target_pointer_width = "64")]
static LENGTH_CODES: [u32; 256] = length_codes();

#[cfg(target_pointer_width = "64")]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated by the compiler, which would say so"
)]
const fn length_codes() -> [u32; 256] {
    let mut codes = [0; 256];
    let mut len = 3;
    while len <= 258 {
        let (bits, count) = length_code(len);
        codes[len as usize - 3] = (bits & 0xFFFF) as u32 | count << 16;
        len += 1;
    }
    codes
}

/// Returns the code of a length with its extra bits.
#[inline(always)]
fn length(len: u32) -> Bits {
    #[cfg(target_pointer_width = "64")]
    if let Some(&code) = LENGTH_CODES.get((len.wrapping_sub(3) & 0xFF) as usize) {
        return ((code & 0xFFFF) as u64, code >> 16);
    }
    length_code(len)
}

/// Finds the code of a length with its extra bits.
const fn length_code(len: u32) -> Bits {
    let index = length_index(len);
    let symbol = index.wrapping_add(1);
    let (code, code_len) = if symbol < 24 {
        (symbol, 7)
    } else {
        // 280 to 287 are 8 bits from 0b11000000 on.
        (symbol.wrapping_sub(24).wrapping_add(0xC0), 8)
    };
    let code = code.reverse_bits().wrapping_shr(32_u32.wrapping_sub(code_len));
    join((code as u64, code_len), length_extra(index, len))
}

/// The codes of all distance symbols, from bit 8 on how many extra bits, and from bit 16 on the shortest distance less 1.
#[cfg(target_pointer_width = "64")]
static DISTANCE_CODES: [u32; 32] = distance_codes();

#[cfg(target_pointer_width = "64")]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated by the compiler, which would say so"
)]
const fn distance_codes() -> [u32; 32] {
    let mut codes = [0; 32];
    let mut index = 0;
    while index < 30 {
        let (base, extra) = DISTANCE_BASES[index as usize];
        let code = u32::reverse_bits(index) >> 27;
        codes[index as usize] = code | (extra as u32) << 8 | (base as u32 - 1) << 16;
        index += 1;
    }
    codes
}

/// Returns the code of a distance with its extra bits.
#[inline(always)]
fn distance(distance: u32) -> Bits {
    let index = distance_index(distance);
    #[cfg(target_pointer_width = "64")]
    if let Some(&code) = DISTANCE_CODES.get((index & 31) as usize) {
        let within = distance.wrapping_sub(1).wrapping_sub(code >> 16);
        return (
            u64::from(code & 31 | within.wrapping_shl(5)),
            (code >> 8 & 31).wrapping_add(5),
        );
    }
    let code = index.reverse_bits() >> 27;
    join((code.into(), 5), distance_extra(index, distance))
}

/// Returns the codes of a match, of 12 to 31 bits.
#[inline(always)]
pub(crate) fn pair(len: u32, distance: u32) -> Bits {
    join(length(len), self::distance(distance))
}

/// Puts bits after others.
#[inline(always)]
pub(crate) const fn join(first: Bits, second: Bits) -> Bits {
    (
        first.0 | second.0.wrapping_shl(first.1),
        first.1.wrapping_add(second.1),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc1951_s3_2_5_every_length_and_distance_has_its_symbol() {
        let index_of = |table: &[(u16, u8)], value: u32| {
            let index = table
                .iter()
                .rposition(|&(base, _)| u32::from(base) <= value)
                .unwrap();
            index as u32
        };
        for len in 3..=258 {
            assert_eq!(length_index(len), index_of(&LENGTHS, len), "{len}");
            assert!(length_extra(length_index(len), len).0 < 1 << LENGTHS[length_index(len) as usize].1);
        }
        for distance in 1..=32_768 {
            assert_eq!(
                distance_index(distance),
                index_of(&DISTANCE_BASES, distance),
                "{distance}"
            );
        }
    }
}
