//! Masking with any kind of vector, without a loop over the bytes that are left over.
//!
//! - A short payload is masked as its first N and its last N vectors, which may overlap. Load both before either is stored, so
//!   that no byte is masked twice. There is no loop, whatever the length within a class.
//! - Split a long payload where a vector is aligned in memory, because a store that crosses a cache line takes twice as long.
//! - Mark everything as `#[inline(always)]` and use no closures, for the reason that [`Vector`] states.

use super::turn;
use super::vector::Vector;

/// XORs N to 2 N vectors of bytes with the key, and returns `true` if it wrote every byte and all are ASCII.
#[inline(always)]
pub(super) fn xor<V: Vector<LEN>, const LEN: usize, const N: usize>(
    vector: V,
    key: u32,
    bytes: &mut [u8],
) -> bool {
    let Some((head, tail)) = masked_ends::<V, LEN, N>(vector, key, bytes) else {
        return false;
    };
    store_ends(vector, &head, &tail, bytes);
    vector.above_ascii(joined(vector, &head, &tail)) == 0
}

/// Does the same as [`xor`], but if a byte would not be ASCII and all bits of `refused` are set, it writes nothing and returns
/// `false`. Otherwise it returns `true`. Of `refused`, all bits are set or none.
#[inline(always)]
pub(super) fn xor_unless<V: Vector<LEN>, const LEN: usize, const N: usize>(
    vector: V,
    key: u32,
    bytes: &mut [u8],
    refused: u64,
) -> bool {
    let Some((head, tail)) = masked_ends::<V, LEN, N>(vector, key, bytes) else {
        return false;
    };
    if vector.above_ascii(joined(vector, &head, &tail)) & refused != 0 {
        return false;
    }
    store_ends(vector, &head, &tail, bytes);
    true
}

/// Returns the OR of the vectors.
#[inline(always)]
fn joined<V: Vector<LEN>, const LEN: usize, const N: usize>(
    vector: V,
    head: &[V::Register; N],
    tail: &[V::Register; N],
) -> V::Register {
    let mut seen = vector.splat(0);
    for (head, tail) in head.iter().zip(tail) {
        seen = vector.or(seen, vector.or(*head, *tail));
    }
    seen
}

/// Writes N to 2 N vectors of bytes, XORed with the key, to `out`, which is as long as `from`.
#[inline(always)]
pub(super) fn xor_copy<V: Vector<LEN>, const LEN: usize, const N: usize>(
    vector: V,
    key: u32,
    from: &[u8],
    out: &mut [u8],
) {
    if let Some((head, tail)) = masked_ends::<V, LEN, N>(vector, key, from) {
        store_ends(vector, &head, &tail, out);
    }
}

/// XORs at least one vector of bytes with the key, and returns `true` if it wrote every byte and all are ASCII.
///
/// Its loop handles N vectors in each iteration, which are aligned in memory, because a store that crosses a cache line
/// takes twice as long.
#[inline(always)]
pub(super) fn xor_long<V: Vector<LEN>, const LEN: usize, const N: usize>(
    vector: V,
    key: u32,
    bytes: &mut [u8],
) -> bool {
    let Some((head, tail)) = masked_ends::<V, LEN, 1>(vector, key, bytes) else {
        return false;
    };
    let ([first], [last]) = (head, tail);
    let mut seen = vector.or(first, last);
    let unaligned = bytes.as_ptr().align_offset(LEN);
    if let Some(aligned) = bytes.get_mut(unaligned..) {
        let key = vector.splat(turn(key, unaligned));
        let (groups, rest) = aligned.as_chunks_mut().0.as_chunks_mut::<N>();
        for group in groups {
            for bytes in group {
                let masked = vector.xor(vector.load(bytes), key);
                seen = vector.or(seen, masked);
                vector.store(masked, bytes);
            }
        }
        // In pairs first, because compilers unroll a loop over fewer than N vectors into a slower one.
        let (pairs, rest) = rest.as_chunks_mut::<2>();
        for pair in pairs {
            for bytes in pair {
                let masked = vector.xor(vector.load(bytes), key);
                seen = vector.or(seen, masked);
                vector.store(masked, bytes);
            }
        }
        for bytes in rest {
            let masked = vector.xor(vector.load(bytes), key);
            seen = vector.or(seen, masked);
            vector.store(masked, bytes);
        }
    }
    store_ends(vector, &head, &tail, bytes);
    vector.above_ascii(seen) == 0
}

/// Writes at least one vector of bytes, XORed with the key, to `out`, which is as long as `from`. The loop is as in
/// [`xor_long`], over vectors that are aligned in `out`.
#[inline(always)]
pub(super) fn xor_copy_long<V: Vector<LEN>, const LEN: usize, const N: usize>(
    vector: V,
    key: u32,
    from: &[u8],
    out: &mut [u8],
) {
    xor_copy::<V, LEN, 1>(vector, key, from, out);
    let unaligned = out.as_ptr().align_offset(LEN);
    if let (Some(from), Some(out)) = (from.get(unaligned..), out.get_mut(unaligned..)) {
        let key = vector.splat(turn(key, unaligned));
        let (groups, rest) = from.as_chunks().0.as_chunks::<N>();
        let (out_groups, out_rest) = out.as_chunks_mut().0.as_chunks_mut::<N>();
        for (out, from) in out_groups.iter_mut().zip(groups) {
            for (out, from) in out.iter_mut().zip(from) {
                vector.store(vector.xor(vector.load(from), key), out);
            }
        }
        for (out, from) in out_rest.iter_mut().zip(rest) {
            vector.store(vector.xor(vector.load(from), key), out);
        }
    }
}

/// Some vectors at the front of a payload, and as many at its end.
type Ends<R, const N: usize> = ([R; N], [R; N]);

/// Returns the first N vectors and the last N, XORed with the key; `None` if there are fewer than N.
#[inline(always)]
fn masked_ends<V: Vector<LEN>, const LEN: usize, const N: usize>(
    vector: V,
    key: u32,
    bytes: &[u8],
) -> Option<Ends<V::Register, N>> {
    let first = bytes.as_chunks().0.first_chunk::<N>()?;
    let last = bytes.get(before_last::<LEN, N>(bytes)?..)?;
    let last = last.as_chunks().0.first_chunk::<N>()?;
    let tail_key = vector.splat(turn(key, bytes.len()));
    let key = vector.splat(key);
    let (mut head, mut tail) = ([key; N], [tail_key; N]);
    // In one loop, because with two the compiler would compute the tail's key only after the head was read.
    for ((head, first), (tail, last)) in head.iter_mut().zip(first).zip(tail.iter_mut().zip(last)) {
        *head = vector.xor(vector.load(first), key);
        *tail = vector.xor(vector.load(last), tail_key);
    }
    Some((head, tail))
}

/// Writes over the first N vectors and the last N.
#[inline(always)]
fn store_ends<V: Vector<LEN>, const LEN: usize, const N: usize>(
    vector: V,
    head: &[V::Register; N],
    tail: &[V::Register; N],
    bytes: &mut [u8],
) {
    if let Some(first) = bytes.as_chunks_mut().0.first_chunk_mut::<N>() {
        for (bytes, head) in first.iter_mut().zip(head) {
            vector.store(*head, bytes);
        }
    }
    if let Some(before) = before_last::<LEN, N>(bytes)
        && let Some(last) = bytes.get_mut(before..)
        && let Some(last) = last.as_chunks_mut().0.first_chunk_mut::<N>()
    {
        for (bytes, tail) in last.iter_mut().zip(tail) {
            vector.store(*tail, bytes);
        }
    }
}

/// Returns how many bytes are before the last N vectors.
// One subtraction, where `as_rchunks` would be compiled to three operations.
#[inline(always)]
fn before_last<const LEN: usize, const N: usize>(bytes: &[u8]) -> Option<usize> {
    bytes.len().checked_sub(size_of::<[[u8; LEN]; N]>())
}
