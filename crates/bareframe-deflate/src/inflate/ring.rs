//! Ring: the window, which is history and output at once.

/// Memory that is written round and round, and read back from.
#[derive(Debug)]
pub(crate) struct Ring<'w> {
    /// At least as long as the window; what is written beyond the end of a distance's reach stays out of it.
    pub(crate) bytes: &'w mut [u8],
    /// Where the next byte goes.
    pub(crate) at: usize,
    /// How far back a distance may reach: what was written since the history began, and no more than the window.
    pub(crate) history: usize,
    /// The size of the window.
    pub(crate) window: usize,
    /// How many bytes the message may still have; no call writes as many as a `usize` may hold.
    pub(crate) left: usize,
}

impl Ring<'_> {
    /// Returns how many bytes fit before the end of the memory.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn room(&self) -> usize {
        self.bytes.len().wrapping_sub(self.at)
    }

    /// Notes that this many bytes were written after the last.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn advance(&mut self, len: usize) {
        self.at = self.at.wrapping_add(len);
        self.history = self.history.wrapping_add(len).min(self.window);
        self.left = self.left.saturating_sub(len);
    }

    /// Writes a byte, if there is room.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.at) {
            *place = byte;
            self.advance(1);
        }
    }

    /// Writes as many bytes as there is room for, and returns how many.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn extend(&mut self, bytes: &[u8]) -> usize {
        let len = bytes.len().min(self.room());
        let to = self.bytes.get_mut(self.at..self.at.wrapping_add(len));
        if let (Some(to), Some(from)) = (to, bytes.get(..len)) {
            to.copy_from_slice(from);
        }
        self.advance(len);
        len
    }

    /// Writes again what was written `distance` bytes before, as much of `len` bytes as there is room for, and returns how
    /// many.
    ///
    /// The distance is within the history.
    pub(crate) fn repeat(&mut self, distance: usize, len: usize) -> usize {
        let len = len.min(self.room());
        let mut from = self.at.wrapping_sub(distance);
        if distance > self.at {
            from = from.wrapping_add(self.bytes.len());
        }
        for to in self.at..self.at.wrapping_add(len) {
            let byte = self.bytes.get(from).copied().unwrap_or_default();
            if let Some(place) = self.bytes.get_mut(to) {
                *place = byte;
            }
            from = from.wrapping_add(1);
            if from == self.bytes.len() {
                from = 0;
            }
        }
        self.advance(len);
        len
    }
}
