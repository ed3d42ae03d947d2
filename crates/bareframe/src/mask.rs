//! Masking: every byte from a client is XORed with one of the four bytes of its frame's key (RFC 6455 section 5.3).

#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
mod compact;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
mod fast;

use crate::error::BufferTooSmall;
#[cfg(any(bareframe_compact, not(target_pointer_width = "64")))]
use compact as leaf;
use core::fmt;
#[cfg(not(any(bareframe_compact, not(target_pointer_width = "64"))))]
use fast as leaf;

/// The four bytes that a client draws for each frame, in the order of the wire (RFC 6455 section 5.3).
///
/// ```
/// use bareframe::{Masker, MaskingKey};
/// let mut payload = *b"igohn";
/// Masker::new(MaskingKey::new([1, 2, 3, 4])).apply(&mut payload);
/// assert_eq!(&payload, b"hello");
/// assert_eq!(<[u8; 4]>::from(MaskingKey::from([1, 2, 3, 4])), [1, 2, 3, 4]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaskingKey([u8; 4]);

impl MaskingKey {
    /// Creates a key from its four bytes.
    #[must_use]
    #[inline]
    pub const fn new(bytes: [u8; 4]) -> MaskingKey {
        MaskingKey(bytes)
    }

    /// Returns the four bytes.
    #[must_use]
    #[inline]
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0
    }
}

impl From<[u8; 4]> for MaskingKey {
    #[inline]
    fn from(bytes: [u8; 4]) -> MaskingKey {
        MaskingKey::new(bytes)
    }
}

impl From<MaskingKey> for [u8; 4] {
    #[inline]
    fn from(key: MaskingKey) -> [u8; 4] {
        key.to_bytes()
    }
}

impl fmt::Debug for MaskingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MaskingKey({self})")
    }
}

/// Writes the bytes in hexadecimal: `37 fa 21 3d`.
impl fmt::Display for MaskingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{a:02x} {b:02x} {c:02x} {d:02x}")
    }
}

/// A source of masking keys for a client. It needs strong entropy: each frame has a fresh key, which neither the peer nor a
/// script that sends through the client can predict (RFC 6455 sections 5.3 and 10.3).
///
/// Every `FnMut() -> MaskingKey` implements this trait.
///
/// ```
/// use bareframe::{Config, Connection, MaskingKey};
/// let from_your_generator = || MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
/// let client = Connection::client(Config::DEFAULT, from_your_generator);
/// # let _ = client;
/// ```
pub trait MaskingKeys {
    /// Draws a key for the next frame.
    fn next_key(&mut self) -> MaskingKey;
}

impl<F: FnMut() -> MaskingKey> MaskingKeys for F {
    #[inline]
    fn next_key(&mut self) -> MaskingKey {
        self()
    }
}

/// Masks or unmasks one payload, in pieces of any size (RFC 6455 section 5.3).
///
/// ```
/// use bareframe::{Masker, MaskingKey};
/// let mut masker = Masker::new(MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]));
/// let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let (one, two) = payload.split_at_mut(3);
/// masker.apply(one);
/// masker.apply(two);
/// assert_eq!(&payload, b"Hello");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Masker {
    // The key's bytes in memory order, rotated so that the first is for the next byte.
    key: u32,
}

impl Masker {
    /// A masker that changes nothing.
    pub(crate) const NONE: Masker = Masker { key: 0 };

    /// Creates a masker for the payload of a frame with this key.
    #[must_use]
    #[inline]
    pub const fn new(key: MaskingKey) -> Masker {
        Masker {
            key: u32::from_ne_bytes(key.0),
        }
    }

    /// Masks or unmasks the next piece of the payload in place.
    #[inline]
    pub fn apply(&mut self, piece: &mut [u8]) {
        leaf::xor(self.key, piece);
        self.skip(piece.len());
    }

    /// Masks or unmasks the next piece of the payload into the front of `out`, and returns the piece's length in bytes.
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] if `out` is shorter than `piece`; nothing is written then.
    // Inlined, because a call would put the key into memory, and every short payload would wait for that store.
    #[inline(always)]
    pub fn apply_copy(&mut self, piece: &[u8], out: &mut [u8]) -> Result<usize, BufferTooSmall> {
        let needed = piece.len();
        let available = out.len();
        let out = out
            .get_mut(..needed)
            .ok_or(BufferTooSmall { needed, available })?;
        leaf::xor_copy(self.key, piece, out);
        self.skip(needed);
        Ok(needed)
    }

    /// Masks or unmasks the next byte of the payload.
    #[inline]
    pub(crate) const fn apply_byte(&mut self, byte: u8) -> u8 {
        let [first, ..] = self.key.to_ne_bytes();
        self.skip(1);
        byte ^ first
    }

    /// Skips the next bytes of the payload, which a copy of this masker has masked or unmasked.
    #[inline(always)]
    pub(crate) const fn skip(&mut self, len: usize) {
        self.key = turn(self.key, len);
    }
}

/// Returns the key for the byte that is `len` bytes further on.
#[inline(always)]
const fn turn(key: u32, len: usize) -> u32 {
    let [low, ..] = len.to_le_bytes();
    let bits = ((low & 3) as u32) << 3;
    if cfg!(target_endian = "little") {
        key.rotate_right(bits)
    } else {
        key.rotate_left(bits)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// The rule of the RFC: byte i of the payload is XORed with byte i modulo 4 of the key.
    fn naive(key: [u8; 4], phase: usize, bytes: &[u8]) -> Vec<u8> {
        bytes
            .iter()
            .zip(key.iter().cycle().skip(phase))
            .map(|(byte, key)| byte ^ key)
            .collect()
    }

    fn payload(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 7 + i / 256) as u8).collect()
    }

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    #[test]
    fn s5_3_every_length_phase_and_alignment_in_place() {
        for len in 0..=600 {
            for phase in 0..4 {
                for align in 0..8 {
                    let mut memory = payload(align + len + 1);
                    let expected = naive(KEY, phase, &memory[align..align + len]);
                    let mut masker = Masker::new(MaskingKey::new(KEY));
                    masker.apply(&mut [0; 3][..phase]);
                    masker.apply(&mut memory[align..align + len]);
                    assert_eq!(memory[align..align + len], expected);
                    assert_eq!(memory[align + len], payload(align + len + 1)[align + len]);
                }
            }
        }
    }

    #[test]
    fn s5_3_every_length_to_4200_in_place_and_copied() {
        for len in 0..=4200 {
            let (from, phase) = (payload(len), len % 4);
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
                let mut memory = payload(len);
                let (one, two) = memory.split_at_mut(cut);
                masker.apply(one);
                masker.apply(two);
                assert_eq!(memory, naive(KEY, 0, &payload(len)));
            }
        }
    }

    #[test]
    fn s5_3_single_bytes_and_skipped_ones_are_in_phase_with_pieces() {
        let from = payload(9);
        for skipped in 0..9 {
            let mut masker = Masker::new(MaskingKey::new(KEY));
            masker.skip(skipped);
            let rest = from[skipped..].iter().map(|byte| masker.apply_byte(*byte));
            assert!(rest.eq(naive(KEY, skipped, &from[skipped..])));
        }
    }

    #[test]
    fn a_copy_that_does_not_fit_writes_nothing_and_keeps_the_phase() {
        let mut masker = Masker::new(MaskingKey::new(KEY));
        let before = masker;
        let mut out = [0xEE; 4];
        let refused = masker.apply_copy(b"Hello", &mut out);
        assert_eq!(
            refused,
            Err(BufferTooSmall {
                needed: 5,
                available: 4
            })
        );
        assert_eq!((masker, out), (before, [0xEE; 4]));
    }
}
