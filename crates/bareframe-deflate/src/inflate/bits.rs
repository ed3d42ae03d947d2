//! Source, the compressed bytes of a call, and BitBuffer, the bits of them that are being decoded.

use super::error::Fault;

/// The compressed bytes of one call.
#[derive(Debug)]
pub(crate) struct Source<'i> {
    bytes: &'i [u8],
    /// How many of them were taken.
    taken: usize,
}

/// Why the decoder stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// All input was taken.
    NeedsInput,
    /// There is no room before the end of the memory.
    NeedsRoom,
    /// The input is wrong.
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

/// Bits that were taken from the source and not decoded yet: the first of them is the least significant.
#[derive(Clone, Debug)]
pub(crate) struct BitBuffer {
    // Above `count` all are zero.
    bits: usize,
    count: u32,
    /// How many bits of the source's next byte were decoded already; only while there are no bits here.
    skip: u32,
}

impl<'i> Source<'i> {
    pub(crate) fn new(bytes: &'i [u8]) -> Source<'i> {
        Source { bytes, taken: 0 }
    }

    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn rest(&self) -> &'i [u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// Removes this many bytes, which are there.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn advance(&mut self, len: usize) {
        self.taken = self.taken.wrapping_add(len);
    }

    #[cfg_attr(target_pointer_width = "64", inline)]
    fn unread(&mut self, len: usize) {
        self.taken = self.taken.saturating_sub(len);
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.taken).copied()?;
        self.taken = self.taken.wrapping_add(1);
        Some(byte)
    }
}

impl BitBuffer {
    pub(crate) const EMPTY: BitBuffer = BitBuffer {
        bits: 0,
        count: 0,
        skip: 0,
    };

    pub(crate) fn bits(&self) -> usize {
        self.bits
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Replaces what is buffered; bits above `count` are ignored.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn set(&mut self, bits: usize, count: u32) {
        self.count = count.min(usize::BITS);
        self.bits = bits & ones(self.count);
    }

    /// Reads as many bytes as there is room for.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn fill(&mut self, source: &mut Source<'_>) {
        if usize::BITS >= 64
            && self.skip == 0
            && let Some(word) = source.rest().first_chunk()
        {
            let taken = (usize::BITS - 1).wrapping_sub(self.count) >> 3;
            let bits = usize::from_le_bytes(*word).wrapping_shl(self.count);
            source.advance(taken as usize);
            self.set(self.bits | bits, self.count | (usize::BITS - 8));
        } else {
            self.fill_by_bytes(source);
        }
    }

    fn fill_by_bytes(&mut self, source: &mut Source<'_>) {
        while self.count < usize::BITS.wrapping_sub(8) {
            let Some(byte) = source.next() else { return };
            let skip = core::mem::take(&mut self.skip);
            self.bits |= usize::from(byte).wrapping_shr(skip).wrapping_shl(self.count);
            self.count = self.count.wrapping_add(8).wrapping_sub(skip);
        }
    }

    /// Removes `len` bits, which are there; they are less than a word.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn consume(&mut self, len: u32) {
        self.bits = self.bits.wrapping_shr(len);
        self.count = self.count.wrapping_sub(len);
    }

    /// Fills the buffer, removes `len` bits and returns them, or returns [`Stop::NeedsInput`] if there are fewer.
    #[inline(always)]
    pub(crate) fn take(&mut self, len: u32, source: &mut Source<'_>) -> Result<usize, Stop> {
        // A number or nothing is returned in registers, which takes less flash at each call.
        self.take_some(len, source).ok_or(Stop::NeedsInput)
    }

    #[cfg_attr(target_pointer_width = "64", inline)]
    fn take_some(&mut self, len: u32, source: &mut Source<'_>) -> Option<usize> {
        self.fill(source);
        if self.count < len {
            return None;
        }
        let bits = self.bits & !usize::MAX.wrapping_shl(len);
        self.consume(len);
        Some(bits)
    }

    /// Removes what is left of a byte that was begun.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn align(&mut self) {
        self.consume(self.count & 7);
    }

    /// Returns all bits to the source, which keeps the byte that was begun.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn unread(&mut self, source: &mut Source<'_>) {
        if self.count > 0 {
            let bytes = self.count.wrapping_add(7) >> 3;
            source.unread(bytes as usize);
            self.skip = bytes.wrapping_mul(8).wrapping_sub(self.count);
            (self.bits, self.count) = (0, 0);
        }
    }

    /// Returns all bits to the source, with the last one that was decoded, whose byte is next.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn unread_last(&mut self, source: &mut Source<'_>) {
        source.unread((self.count >> 3) as usize);
        source.unread(1);
        (self.bits, self.count, self.skip) = (0, 0, 0);
    }

    /// Drops all bits, those of a byte that was begun too.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn clear(&mut self) {
        *self = BitBuffer::EMPTY;
    }
}

/// Returns the least significant 16 bits.
#[allow(clippy::cast_possible_truncation, reason = "the others are to be dropped")]
pub(crate) const fn low_16(bits: usize) -> u16 {
    bits as u16
}

/// Returns the least significant 8 bits.
#[allow(clippy::cast_possible_truncation, reason = "the others are to be dropped")]
pub(crate) const fn low_8(bits: usize) -> u8 {
    bits as u8
}

fn ones(len: u32) -> usize {
    match usize::MAX.checked_shl(len) {
        Some(zeros) => !zeros,
        None => usize::MAX,
    }
}
