//! Output: bits that go out as bytes, as far as there is room.

/// Where the compressed bytes of one call go.
#[derive(Debug)]
pub(crate) struct Output<'o> {
    bytes: &'o mut [u8],
    len: usize,
    /// Bits that are not written yet, the first of them the least significant; above `count` all are zero.
    bits: u64,
    count: u32,
}

/// What an [`Output`] could not write for want of room; less than a word.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Pending {
    bits: u64,
    count: u32,
}

impl<'o> Output<'o> {
    /// How many bits may be put at once.
    pub(crate) const MAX_PUT: u32 = 48;

    pub(crate) fn new(pending: Pending, bytes: &'o mut [u8]) -> Output<'o> {
        let Pending { bits, count } = pending;
        Output {
            bytes,
            len: 0,
            bits,
            count,
        }
    }

    /// Returns what is left for the next output, and how many bytes were written.
    pub(crate) fn finish(mut self) -> (Pending, usize) {
        self.drain();
        let Output { bits, count, len, .. } = self;
        (Pending { bits, count }, len)
    }

    /// Returns the same output for a loop, of which the caller keeps nothing in memory, until [`set`](Output::set).
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn by_value(&mut self) -> Output<'_> {
        Output {
            bytes: &mut *self.bytes,
            len: self.len,
            bits: self.bits,
            count: self.count,
        }
    }

    /// Returns how far an output has come.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn place(&self) -> (usize, u64, u32) {
        (self.len, self.bits, self.count)
    }

    /// Continues where an output of the same bytes has come to.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn set(&mut self, (len, bits, count): (usize, u64, u32)) {
        (self.len, self.bits, self.count) = (len, bits, count);
    }

    /// Returns how many bits wait to be written.
    pub(crate) fn pending(&self) -> u32 {
        self.count
    }

    /// Puts at most [`MAX_PUT`](Output::MAX_PUT) bits, for which [`has_room`](Output::has_room) said that there is room.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn put(&mut self, bits: u64, count: u32) {
        self.bits |= bits.wrapping_shl(self.count);
        self.count = self.count.wrapping_add(count);
    }

    /// Reserves room for `count` bits; returns `false` if there is none.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn has_room(&mut self, count: u32) -> bool {
        if self.count <= u64::BITS.wrapping_sub(1).wrapping_sub(count) {
            return true;
        }
        // Where there is little flash, `drain` has to be enough.
        if cfg!(target_pointer_width = "64")
            && let Some(place) = self
                .bytes
                .get_mut(self.len..)
                .and_then(|ahead| ahead.first_chunk_mut())
        {
            *place = self.bits.to_le_bytes();
            self.len = self.len.wrapping_add((self.count >> 3) as usize);
            self.bits = self.bits.wrapping_shr(self.count & !7);
            self.count &= 7;
            return true;
        }
        self.drain();
        self.count <= u64::BITS.wrapping_sub(1).wrapping_sub(count)
    }

    /// Fills the byte at hand with zeros.
    pub(crate) fn align(&mut self) {
        self.count = self.count.wrapping_add(7) & !7;
    }

    /// Writes as many whole bytes as there is room for.
    #[cold]
    pub(crate) fn drain(&mut self) {
        while self.count >= 8
            && let Some(place) = self.bytes.get_mut(self.len)
        {
            [*place, ..] = self.bits.to_le_bytes();
            self.len = self.len.wrapping_add(1);
            self.bits >>= 8;
            self.count = self.count.wrapping_sub(8);
        }
    }

    /// Writes as many bytes as there is room for, after all bits, and returns how many.
    pub(crate) fn extend(&mut self, bytes: &[u8]) -> usize {
        self.drain();
        if self.count > 0 {
            return 0;
        }
        let Some(ahead) = self.bytes.get_mut(self.len..) else {
            return 0;
        };
        let len = bytes.len().min(ahead.len());
        if let (Some(to), Some(from)) = (ahead.get_mut(..len), bytes.get(..len)) {
            to.copy_from_slice(from);
        }
        self.len = self.len.wrapping_add(len);
        len
    }
}
