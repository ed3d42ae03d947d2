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

/// The symbols of the code length code in the order in which their lengths are sent (RFC 1951 section 3.2.7).
pub(crate) const CODE_LENGTH_ORDER: [u8; 19] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
