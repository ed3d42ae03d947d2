//! Moving pending bytes fast.

use core::ops::Range;

/// Moves these bytes of the buffer, which are within it, to its front.
pub(super) fn move_to_front(buffer: &mut [u8], moved: Range<usize>) {
    buffer.copy_within(moved, 0);
}
