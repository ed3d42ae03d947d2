//! Masking: every octet from a client is XORed with one of the four octets of its frame's key (RFC 6455 section 5.3).

#[cfg(all(
    feature = "simd",
    not(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128"))
))]
mod aligned;
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
mod avx2;
#[cfg(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128"))]
mod blocks;
#[cfg(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128"))]
mod ends;
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
mod lane;
#[cfg(not(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128")))]
mod words;
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
mod x86_64;

use crate::error::BufferTooSmall;
use core::fmt;

#[cfg(all(
    feature = "simd",
    not(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128"))
))]
use aligned as loops;
#[cfg(all(
    any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128"),
    not(all(feature = "simd", target_arch = "x86_64"))
))]
use blocks as loops;
#[cfg(not(any(
    feature = "simd",
    target_feature = "sse2",
    target_feature = "neon",
    target_feature = "simd128"
)))]
use words as loops;
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
use x86_64 as loops;

/// The four octets that a client draws for each frame, in the order of the wire (RFC 6455 section 5.3).
///
/// ```
/// use bareframe::{Masker, MaskingKey};
/// let mut payload = *b"igohn";
/// Masker::new(MaskingKey::new([1, 2, 3, 4])).apply(&mut payload);
/// assert_eq!(&payload, b"hello".map(|octet| octet).as_slice());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaskingKey([u8; 4]);

/// Where a client gets its masking keys from: a strong source of entropy, a fresh key for every frame, none
/// that a peer or a script above could predict (RFC 6455 sections 5.3 and 10.3).
///
/// Any `FnMut() -> MaskingKey` is one.
///
/// ```
/// use bareframe::{Config, Connection, MaskingKey};
/// let from_your_generator = || MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
/// let client = Connection::client(Config::DEFAULT, from_your_generator);
/// # let _ = client;
/// ```
pub trait MaskingKeys {
    /// Draws a key that was never used before.
    fn next_key(&mut self) -> MaskingKey;
}

/// Masks one payload, or unmasks it, in pieces of any size (RFC 6455 section 5.3).
///
/// ```
/// use bareframe::{Masker, MaskingKey};
/// let mut masker = Masker::new(MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]));
/// let mut octets = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let (one, two) = octets.split_at_mut(3);
/// masker.apply(one);
/// masker.apply(two);
/// assert_eq!(&octets, b"Hello");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Masker {
    // The key's octets in memory order, turned so that the first is for the next octet.
    key: u32,
}

impl MaskingKey {
    /// Makes a key of its four octets.
    #[must_use]
    #[inline]
    pub const fn new(octets: [u8; 4]) -> MaskingKey {
        MaskingKey(octets)
    }

    /// Gives the four octets.
    #[must_use]
    #[inline]
    pub const fn octets(self) -> [u8; 4] {
        self.0
    }
}

impl<F: FnMut() -> MaskingKey> MaskingKeys for F {
    #[inline]
    fn next_key(&mut self) -> MaskingKey {
        self()
    }
}

impl Masker {
    /// Changes nothing.
    pub(crate) const NONE: Masker = Masker { key: 0 };

    /// Begins a payload.
    #[must_use]
    #[inline]
    pub const fn new(key: MaskingKey) -> Masker {
        Masker {
            key: u32::from_ne_bytes(key.0),
        }
    }

    /// Masks the payload's next byte, or unmasks it.
    #[inline]
    pub(crate) const fn apply_byte(&mut self, byte: u8) -> u8 {
        let [first, ..] = self.key.to_ne_bytes();
        self.key = turn(self.key, 1);
        byte ^ first
    }

    /// Skips this many bytes, which a copy of this masks.
    #[inline]
    pub(crate) const fn skip(&mut self, len: usize) {
        self.key = turn(self.key, len);
    }

    /// Masks the payload's next piece, or unmasks it, where it lies.
    #[inline]
    pub fn apply(&mut self, piece: &mut [u8]) {
        loops::xor(self.key, piece);
        self.key = turn(self.key, piece.len());
    }

    /// Masks the payload's next piece, or unmasks it, into the front of `out`, and gives its length in octets.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] if `out` is shorter than `piece`; nothing was written.
    // A call would have the key in memory, for which every short payload would wait.
    #[inline(always)]
    pub fn apply_copy(&mut self, piece: &[u8], out: &mut [u8]) -> Result<usize, BufferTooSmall> {
        let needed = piece.len();
        let out = out.get_mut(..needed).ok_or(BufferTooSmall { needed })?;
        loops::xor_copy(self.key, piece, out);
        self.key = turn(self.key, needed);
        Ok(needed)
    }

    /// As [`Masker::apply`]; tells whether every octet that it wrote is ASCII.
    // A call would have the straight path keep the frame's length in memory, for which the next frame would wait.
    #[inline(always)]
    pub(crate) fn apply_finding_ascii(&mut self, piece: &mut [u8]) -> bool {
        let ascii = loops::xor(self.key, piece);
        self.key = turn(self.key, piece.len());
        ascii
    }
}

/// Turns a key past this many octets.
#[inline(always)]
const fn turn(key: u32, octets: usize) -> u32 {
    let [low, ..] = octets.to_le_bytes();
    let bits = ((low & 3) as u32) << 3;
    if cfg!(target_endian = "little") {
        key.rotate_right(bits)
    } else {
        key.rotate_left(bits)
    }
}

impl fmt::Debug for MaskingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MaskingKey({self})")
    }
}

/// The octets in hexadecimal: `37 fa 21 3d`.
impl fmt::Display for MaskingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{a:02x} {b:02x} {c:02x} {d:02x}")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// The rule itself: octet i of the payload with octet i modulo 4 of the key.
    fn naive(key: [u8; 4], phase: usize, octets: &[u8]) -> Vec<u8> {
        octets
            .iter()
            .zip(key.iter().cycle().skip(phase))
            .map(|(octet, key)| octet ^ key)
            .collect()
    }

    fn octets(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 7 + i / 256) as u8).collect()
    }

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    #[test]
    fn s5_3_every_length_phase_and_alignment_in_place() {
        for len in 0..=600 {
            for phase in 0..4 {
                for align in 0..8 {
                    let mut memory = octets(align + len + 1);
                    let expected = naive(KEY, phase, &memory[align..align + len]);
                    let mut masker = Masker::new(MaskingKey::new(KEY));
                    masker.apply(&mut [0; 3][..phase]);
                    masker.apply(&mut memory[align..align + len]);
                    assert_eq!(memory[align..align + len], expected);
                    assert_eq!(memory[align + len], octets(align + len + 1)[align + len]);
                }
            }
        }
    }

    #[test]
    fn s5_3_every_length_to_4200_in_place_and_copied() {
        for len in 0..=4200 {
            let (from, phase) = (octets(len), len % 4);
            let expected = naive(KEY, phase, &from);
            let mut masker = Masker::new(MaskingKey::new(KEY));
            masker.apply(&mut [0; 3][..phase]);
            let (mut copying, mut to) = (masker, std::vec![0xEE; len + 2]);
            assert_eq!(copying.apply_copy(&from, &mut to), Ok(len));
            assert_eq!(to[..len], expected);
            assert_eq!(to[len..], [0xEE, 0xEE]);
            let mut here = from;
            masker.apply(&mut here);
            assert_eq!(here, expected);
            assert_eq!(masker, copying);
        }
    }

    #[test]
    fn s5_3_masking_in_two_pieces_is_masking_whole() {
        for len in 0..100 {
            for cut in 0..=len {
                let mut masker = Masker::new(MaskingKey::new(KEY));
                let mut memory = octets(len);
                let (one, two) = memory.split_at_mut(cut);
                masker.apply(one);
                masker.apply(two);
                assert_eq!(memory, naive(KEY, 0, &octets(len)));
            }
        }
    }

    #[cfg(target_pointer_width = "64")]
    #[test]
    fn one_octet_above_ascii_is_found_wherever_it_stands() {
        for len in (1..140).chain(250..262) {
            for (at, ascii, above) in (0..len).flat_map(|at| [(at, b'a', 0xC3), (at, 0, 0x80)]) {
                let mut memory = std::vec![ascii; len];
                memory[at] = above;
                let mut masker = Masker::new(MaskingKey::new(KEY));
                masker.apply(&mut memory);
                let found = Masker::new(MaskingKey::new(KEY)).apply_finding_ascii(&mut memory);
                assert!(!found, "{at} of {len}");
            }
            let mut memory = naive(KEY, 0, &std::vec![b'a'; len]);
            let found = Masker::new(MaskingKey::new(KEY)).apply_finding_ascii(&mut memory);
            // A loop that does not look may say no.
            let looks = cfg!(any(
                target_feature = "sse2",
                target_feature = "neon",
                target_feature = "simd128"
            ));
            assert_eq!(found, looks, "{len}");
        }
    }

    #[test]
    fn a_copy_that_does_not_fit_writes_nothing_and_keeps_the_phase() {
        let mut masker = Masker::new(MaskingKey::new(KEY));
        let before = masker;
        let mut out = [0xEE; 4];
        let refused = masker.apply_copy(b"Hello", &mut out);
        assert_eq!(refused, Err(BufferTooSmall { needed: 5 }));
        assert_eq!((masker, out), (before, [0xEE; 4]));
    }
}
