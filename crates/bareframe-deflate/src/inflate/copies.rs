//! Copies: writes again what a match refers to.

/// How many bytes after a match may be overwritten by [`repeat_with_space`].
pub(super) const SPARE: usize = 32;

/// Writes at `at` again what is from `from` on, which is before it, and up to [`SPARE`] bytes more; returns `false` and writes
/// nothing if there is no memory for that.
#[inline(always)]
pub(super) fn repeat_with_space(bytes: &mut [u8], at: usize, from: usize, len: usize) -> bool {
    let Some(end) = at.checked_add(len.wrapping_add(SPARE)) else {
        return false;
    };
    let Some(bytes) = bytes.get_mut(from..end) else {
        return false;
    };
    let distance = at.wrapping_sub(from);
    let Some((source, to)) = bytes.split_at_mut_checked(distance) else {
        return false;
    };
    let mut copied = 32;
    if let (Some(source), Some(to)) = (source.first_chunk::<32>(), to.first_chunk_mut::<32>()) {
        *to = *source;
    } else if let (Some(source), Some(to)) = (source.first_chunk::<16>(), to.first_chunk_mut::<16>()) {
        *to = *source;
        copied = 16;
    } else {
        repeat_near(
            bytes.get_mut(..distance.wrapping_add(len)).unwrap_or_default(),
            distance,
        );
        return true;
    }
    while copied < len {
        copy_chunk(bytes, copied, distance);
        copied = copied.wrapping_add(16);
    }
    true
}

/// Writes 16 bytes again that are before where they go.
#[inline(always)]
fn copy_chunk(bytes: &mut [u8], from: usize, distance: usize) {
    let chunk = bytes
        .get(from..)
        .and_then(|from| from.first_chunk::<16>().copied());
    let to = bytes.get_mut(from.wrapping_add(distance)..);
    if let (Some(chunk), Some(to)) = (chunk, to.and_then(|to| to.first_chunk_mut::<16>())) {
        *to = chunk;
    }
}
/// Writes at `at` again what was written `distance` bytes before; returns `false` and writes nothing if that is not in
/// one piece.
#[inline(always)]
pub(super) fn repeat(bytes: &mut [u8], at: usize, distance: usize, len: usize) -> bool {
    let Some((written, ahead)) = bytes.split_at_mut_checked(at) else {
        return false;
    };
    let Some(from) = written.len().checked_sub(distance) else {
        return repeat_from_end(bytes, at, distance, len);
    };
    let Some(to) = ahead.get_mut(..len) else {
        return false;
    };
    match written.get(from..from.wrapping_add(len)) {
        Some(source) => copy(source, to),
        None => {
            let both = bytes.get_mut(from..at.wrapping_add(len));
            repeat_near(both.unwrap_or_default(), distance);
        }
    }
    true
}

/// Copies a match; both slices are equally long, and at least 3 bytes.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8]) {
    if from.len() >= 16 {
        copy_in_chunks::<16>(from, to);
    } else if from.len() >= 8 {
        copy_ends::<8>(from, to);
    } else if from.len() >= 4 {
        copy_ends::<4>(from, to);
    } else {
        for (from, to) in from.iter().zip(to) {
            *to = *from;
        }
    }
}

/// Copies the first and the last `N` bytes, which is all where there are at most two times as many.
#[inline(always)]
fn copy_ends<const N: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(from), Some(to)) = (from.first_chunk::<N>(), to.first_chunk_mut::<N>()) {
        *to = *from;
    }
    if let (Some(from), Some(to)) = (from.last_chunk::<N>(), to.last_chunk_mut::<N>()) {
        *to = *from;
    }
}

#[inline(always)]
fn copy_in_chunks<const N: usize>(from: &[u8], to: &mut [u8]) {
    for (from, to) in from.chunks_exact(N).zip(to.chunks_exact_mut(N)) {
        to.copy_from_slice(from);
    }
    if let (Some(from), Some(to)) = (from.last_chunk::<N>(), to.last_chunk_mut::<N>()) {
        *to = *from;
    }
}

/// Repeats the first bytes, `distance` of them, up to the end.
fn repeat_near(both: &mut [u8], distance: usize) {
    if distance == 1
        && let Some((&mut first, rest)) = both.split_first_mut()
    {
        rest.fill(first);
        return;
    }
    // What is there doubles with each turn.
    let mut there = distance;
    while let Some((written, ahead)) = both.split_at_mut_checked(there)
        && !ahead.is_empty()
    {
        let len = written.len().min(ahead.len());
        if let (Some(from), Some(to)) = (written.get(..len), ahead.get_mut(..len)) {
            to.copy_from_slice(from);
        }
        there = there.wrapping_add(len);
    }
}

/// The same where a match begins before the memory's end, if it is in one piece there and does not overlap.
pub(super) fn repeat_from_end(bytes: &mut [u8], at: usize, distance: usize, len: usize) -> bool {
    let from = at.wrapping_add(bytes.len()).wrapping_sub(distance);
    let Some((front, back)) = bytes.split_at_mut_checked(from) else {
        return false;
    };
    let to = front.get_mut(at..).and_then(|to| to.get_mut(..len));
    match (to, back.get(..len)) {
        (Some(to), Some(from)) => {
            copy(from, to);
            true
        }
        _ => false,
    }
}
