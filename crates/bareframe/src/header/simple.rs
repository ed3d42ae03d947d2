//! A fast check for simple headers, which nearly every frame has.

use super::{LENGTH_16, LENGTH_64, MASK, leaf};
use crate::mask::{Masker, MaskingKey};
use crate::opcode::FirstByte;

/// A header that has arrived whole, whose length has the minimal form, and whose MASK bit is right for the role.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SimpleHeader {
    pub(crate) first: FirstByte,
    pub(crate) masking_key: Option<MaskingKey>,
    pub(crate) payload_len: usize,
}

impl SimpleHeader {
    /// Removes such a header from the front of `input`, or removes nothing and returns `None`.
    ///
    /// `limit` returns the length in bytes that the payload of a frame with this first byte must be below, and `None`
    /// if such frames are to be left. Every header that is left is parsed by [`PartialHeader`](super::PartialHeader).
    #[inline(always)]
    pub(crate) fn take(
        input: &mut &mut [u8],
        masked: bool,
        limit: impl FnOnce(FirstByte) -> Option<usize>,
    ) -> Option<SimpleHeader> {
        let &[first, second] = input.first_chunk()?;
        let first = FirstByte::new(first);
        let limit = limit(first)?;
        let (length_end, payload_len) = match second ^ (if masked { MASK } else { 0 }) {
            short @ 0..LENGTH_16 => (2_usize, usize::from(short)),
            LENGTH_16 => {
                let &[_, _, high, low] = input.first_chunk()?;
                let len = u16::from_be_bytes([high, low]);
                (
                    4,
                    usize::from(Some(len).filter(|&len| len >= u16::from(LENGTH_16))?),
                )
            }
            LENGTH_64 => (10, leaf::payload_len_64(input)?),
            _ => return None,
        };
        if payload_len >= limit {
            return None;
        }
        let masking_key = if masked {
            let header = input.split_off_mut(..length_end.wrapping_add(4))?;
            Some(MaskingKey::new(*header.last_chunk()?))
        } else {
            input.split_off_mut(..length_end)?;
            None
        };
        Some(SimpleHeader {
            first,
            masking_key,
            payload_len,
        })
    }

    /// Returns what unmasks the payload: [`Masker::NONE`] if it is not masked.
    #[inline(always)]
    pub(crate) fn masker(&self) -> Masker {
        self.masking_key.map_or(Masker::NONE, Masker::new)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    /// A header that is left is parsed by the other parser.
    #[test]
    fn simple_headers_are_taken_and_no_others() {
        let taken = |bytes: &[u8], masked, limit| {
            let mut bytes = bytes.to_vec();
            let len = bytes.len();
            let mut input = &mut bytes[..];
            let taken = SimpleHeader::take(&mut input, masked, |_| limit);
            let header_len = len - input.len();
            assert!(taken.is_some() || header_len == 0);
            taken.map(|taken| {
                (
                    taken.first.bits(),
                    taken.masking_key,
                    header_len,
                    taken.payload_len,
                )
            })
        };
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let all = Some(usize::MAX);
        for (length, len, header_len, is_minimal) in [
            (&b"\x00"[..], 0, 2, true),
            (b"\x7d", 125, 2, true),
            (b"\x7e\x00\x7d", 125, 4, false),
            (b"\x7e\x00\x7e", 126, 4, true),
            (b"\x7e\xff\xff", 65_535, 4, true),
            (b"\x7f\0\0\0\0\0\0\xff\xff", 65_535, 10, false),
            (b"\x7f\0\0\0\0\0\x01\0\0", 65_536, 10, leaf::TAKES_64_BITS),
            (
                b"\x7f\0\0\0\0\x7f\xff\xff\xfe",
                0x7FFF_FFFE,
                10,
                leaf::TAKES_64_BITS,
            ),
            (b"\x7f\0\0\0\0\x80\0\0\0", 0x8000_0000, 10, leaf::TAKES_64_BITS),
        ] {
            let plain = [&[0x81], length].concat();
            let mut masked = [&plain[..], &key].concat();
            masked[1] |= MASK;
            let expected = is_minimal.then_some((0x81, None, header_len, len));
            assert_eq!(taken(&plain, false, all), expected);
            assert_eq!(taken(&plain, true, all), None);
            assert_eq!(taken(&masked, false, all), None);
            let expected = is_minimal.then_some((0x81, Some(MaskingKey::new(key)), header_len + 4, len));
            assert_eq!(taken(&masked, true, all), expected);
            assert_eq!(taken(&masked[..masked.len() - 1], true, all), None);
            assert_eq!(taken(&masked, true, Some(len)), None);
            assert_eq!(taken(&masked, true, Some(len + 1)), expected);
            assert_eq!(taken(&masked, true, None), None);
        }
    }

    #[test]
    fn the_first_byte_decides_which_headers_are_wanted() {
        for first in 0..=u8::MAX {
            let mut bytes = [first, 0];
            let wanted = |first: FirstByte| (first.bits() == 0x82).then_some(1);
            let taken = SimpleHeader::take(&mut &mut bytes[..], false, wanted);
            assert_eq!(taken.is_some(), first == 0x82);
        }
    }
}
