//! MemoryTooSmall: why a deflater can't be created.

use core::fmt;

/// A memory of a deflater is too small.
///
/// ```
/// use bareframe_deflate::{Deflater, WindowBits};
/// let error = Deflater::greedy(WindowBits::MIN, [0; 511], [0; 64]).unwrap_err();
/// assert_eq!(error.to_string(), "the buffer of a deflater has 511 elements and needs 512");
/// assert_eq!((error.memory(), error.len(), error.needed()), ("buffer", 511, 512));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MemoryTooSmall {
    memory: &'static str,
    len: usize,
    needed: usize,
}

impl MemoryTooSmall {
    /// Checks that a memory is as long as it needs to be.
    pub(crate) fn check(memory: &'static str, len: usize, needed: usize) -> Result<(), MemoryTooSmall> {
        if len < needed {
            return Err(MemoryTooSmall { memory, len, needed });
        }
        Ok(())
    }

    /// Returns which one it is: `window`, `buffer`, `heads`, `links` or `tokens`.
    #[must_use]
    pub const fn memory(&self) -> &'static str {
        self.memory
    }

    /// Returns how many elements it has.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "it is the length of something else")]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns how many elements it needs.
    #[must_use]
    pub const fn needed(&self) -> usize {
        self.needed
    }
}

impl fmt::Display for MemoryTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MemoryTooSmall { memory, len, needed } = self;
        write!(
            f,
            "the {memory} of a deflater has {len} elements and needs {needed}"
        )
    }
}

impl core::error::Error for MemoryTooSmall {}
