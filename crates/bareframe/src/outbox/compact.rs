//! Moving pending bytes in little flash.

use core::cell::Cell;
use core::ops::Range;

/// Moves these bytes of the buffer to its front.
///
/// The code of `copy_within` is four times that of an outbox, since it can move bytes in both directions.
pub(super) fn move_to_front(buffer: &mut [u8], moved: Range<usize>) {
    let cells = Cell::from_mut(buffer).as_slice_of_cells();
    let moved = cells.get(moved).unwrap_or(&[]);
    for (to, from) in cells.iter().zip(moved) {
        to.set(from.get());
    }
}
