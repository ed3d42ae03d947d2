//! The first words of a payload and its last, which may overlap.

#[inline(always)]
pub(super) fn first<const OCTETS: usize, const N: usize>(octets: &[u8]) -> Option<&[[u8; OCTETS]; N]> {
    octets.as_chunks().0.first_chunk()
}

#[inline(always)]
pub(super) fn last<const OCTETS: usize, const N: usize>(octets: &[u8]) -> Option<&[[u8; OCTETS]; N]> {
    first(octets.get(before_last::<OCTETS, N>(octets)?..)?)
}

/// Writes over the first words and the last.
#[inline(always)]
pub(super) fn write<const OCTETS: usize, const N: usize>(
    octets: &mut [u8],
    first: [[u8; OCTETS]; N],
    last: [[u8; OCTETS]; N],
) {
    if let Some(to) = octets.as_chunks_mut().0.first_chunk_mut() {
        *to = first;
    }
    if let Some(before) = before_last::<OCTETS, N>(octets)
        && let Some(octets) = octets.get_mut(before..)
        && let Some(to) = octets.as_chunks_mut().0.first_chunk_mut()
    {
        *to = last;
    }
}

/// By subtraction: of `as_rchunks` compilers make three operations.
#[inline(always)]
fn before_last<const OCTETS: usize, const N: usize>(octets: &[u8]) -> Option<usize> {
    octets.len().checked_sub(size_of::<[[u8; OCTETS]; N]>())
}
