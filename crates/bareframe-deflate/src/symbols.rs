//! The alphabets of DEFLATE (RFC 1951 section 3.2.5) and its fixed codes (section 3.2.6).

/// The symbol that ends a block.
pub(crate) const END_OF_BLOCK: u16 = 256;

/// The symbol of the shortest length.
pub(crate) const FIRST_LENGTH: u16 = 257;

/// How many literal and length symbols there are that have a meaning: 286 and 287 have none.
pub(crate) const LITERALS: usize = 286;

/// How many distance symbols there are that have a meaning: 30 and 31 have none.
pub(crate) const DISTANCES: usize = 30;

/// The longest code in bits.
pub(crate) const MAX_CODE_LEN: usize = 15;

/// The longest match in bytes.
pub(crate) const MAX_MATCH: usize = 258;

/// The shortest length of each symbol from 257 on, and how many extra bits are added to it.
pub(crate) const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// The shortest distance of each symbol, and how many extra bits are added to it.
pub(crate) const DISTANCE_BASES: [(u16, u8); DISTANCES] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12_289, 12),
    (16_385, 13),
    (24_577, 13),
];

/// Returns the shortest length of a length symbol, of which 257 has the index 0, and how many extra bits are added to it.
#[cfg(target_pointer_width = "64")]
pub(crate) fn length(index: u16) -> Option<(u16, u8)> {
    LENGTHS.get(usize::from(index)).copied()
}

/// Returns the shortest distance of a symbol, and how many extra bits are added to it.
#[cfg(target_pointer_width = "64")]
pub(crate) fn distance(symbol: u16) -> Option<(u16, u8)> {
    DISTANCE_BASES.get(usize::from(symbol)).copied()
}

// Where there is little flash, what the tables hold is calculated.

/// Returns the shortest length of a length symbol, of which 257 has the index 0, and how many extra bits are added to it.
#[cfg(not(target_pointer_width = "64"))]
pub(crate) fn length(index: u16) -> Option<(u16, u8)> {
    match index {
        0..28 => Some(base(index, 2, 3)),
        28 => Some((258, 0)),
        _ => None,
    }
}

/// Returns the shortest distance of a symbol, and how many extra bits are added to it.
#[cfg(not(target_pointer_width = "64"))]
pub(crate) fn distance(symbol: u16) -> Option<(u16, u8)> {
    (symbol < 30).then(|| base(symbol, 1, 1))
}

/// Returns the least number of a class, and how many extra bits are added to it: from `least` on `2 << log` classes are of one
/// number, and then each `1 << log` have one bit more.
#[cfg(any(test, not(target_pointer_width = "64")))]
fn base(index: u16, log: u32, least: u16) -> (u16, u8) {
    let row = index.wrapping_shr(log);
    let Some(extra) = row.checked_sub(1) else {
        return (index.wrapping_add(least), 0);
    };
    let one = 1_u16.wrapping_shl(log);
    let within = index & one.wrapping_sub(1);
    let number = one.wrapping_add(within).wrapping_shl(extra.into());
    (number.wrapping_add(least), (extra & 0xFF) as u8)
}

/// The symbols of the code length code in the order in which their lengths are sent (RFC 1951 section 3.2.7).
pub(crate) const CODE_LENGTH_ORDER: [u8; 19] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc1951_s3_2_5_the_tables_can_be_calculated() {
        for (index, &entry) in (0..).zip(&LENGTHS) {
            assert_eq!(length(index), Some(entry));
            assert!(index == 28 || base(index, 2, 3) == entry, "{index}");
        }
        for (symbol, &entry) in (0..).zip(&DISTANCE_BASES) {
            assert_eq!(distance(symbol), Some(entry));
            assert_eq!(base(symbol, 1, 1), entry);
        }
        assert_eq!((length(29), distance(30)), (None, None));
    }
}
