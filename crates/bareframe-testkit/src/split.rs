//! Ways of cutting an input, each given as the lengths of its pieces in bytes.

use crate::Random;

/// In one piece.
///
/// ```
/// use bareframe_testkit::split;
/// assert_eq!(split::whole(3), [3]);
/// ```
#[must_use]
pub fn whole(len: usize) -> Vec<usize> {
    vec![len]
}

/// In pieces of `size` bytes, the last of which may be shorter.
///
/// ```
/// use bareframe_testkit::split;
/// assert_eq!(split::in_pieces_of(3, 8), [3, 3, 2]);
/// ```
///
/// # Panics
///
/// If `size` is zero.
#[must_use]
pub fn in_pieces_of(size: usize, len: usize) -> Vec<usize> {
    (0..len).step_by(size).map(|at| size.min(len - at)).collect()
}

/// In two pieces, at every position; at both ends too, where one of them is empty.
///
/// ```
/// use bareframe_testkit::split;
/// let ways: Vec<_> = split::every_split(2).collect();
/// assert_eq!(ways, [[0, 2], [1, 1], [2, 0]]);
/// ```
pub fn every_split(len: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..=len).map(move |at| vec![at, len - at])
}

/// In random pieces of at most `longest` bytes; some are empty.
///
/// ```
/// use bareframe_testkit::{Random, split};
/// let pieces = split::at_random(9, 4, &mut Random::new(1));
/// assert_eq!(pieces.iter().sum::<usize>(), 9);
/// ```
///
/// # Panics
///
/// If `longest` is zero.
#[must_use]
pub fn at_random(len: usize, longest: usize, random: &mut Random) -> Vec<usize> {
    assert!(longest > 0, "empty pieces alone make no input");
    let mut pieces = Vec::new();
    let mut left = len;
    while left > 0 {
        let piece = random.below(longest + 1).min(left);
        pieces.push(piece);
        left -= piece;
    }
    pieces
}

/// As a ring buffer lends its content: each read brings at most `read` bytes, in two pieces where they wrap.
///
/// ```
/// use bareframe_testkit::split;
/// assert_eq!(split::in_ring(8, 3, 9), [3, 3, 2, 1]);
/// ```
///
/// # Panics
///
/// If `capacity` or `read` is zero, or a read does not fit.
#[must_use]
pub fn in_ring(capacity: usize, read: usize, len: usize) -> Vec<usize> {
    assert!(0 < read && read <= capacity, "a read must fit");
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < len {
        let before_wrap = capacity - at % capacity;
        let read = read.min(len - at);
        pieces.push(read.min(before_wrap));
        if read > before_wrap {
            pieces.push(read - before_wrap);
        }
        at += read;
    }
    pieces
}

/// Every way above: whole, byte by byte, every split, rings, and random ways that follow from `seed`.
///
/// The bytes cut grow with the square of `len`, since every split is among them.
///
/// ```
/// use bareframe_testkit::split;
/// assert!(split::every_way(5, 0).all(|pieces| pieces.iter().sum::<usize>() == 5));
/// ```
pub fn every_way(len: usize, seed: u64) -> impl Iterator<Item = Vec<usize>> {
    let mut random = Random::new(seed);
    let sizes = [1, 2, 3, 7, 64]
        .into_iter()
        .map(move |size| in_pieces_of(size, len));
    let rings = [(5, 3), (16, 16), (64, 23)].map(|(capacity, read)| in_ring(capacity, read, len));
    let random_ways: Vec<_> = [2, 5, 17, 80]
        .into_iter()
        .map(|longest| at_random(len, longest, &mut random))
        .collect();
    std::iter::once(whole(len))
        .chain(sizes)
        .chain(every_split(len))
        .chain(rings)
        .chain(random_ways)
}

/// Cuts an input into pieces of these lengths.
///
/// ```
/// use bareframe_testkit::split;
/// assert_eq!(split::cut(&[1, 2, 3], &[1, 2]), [vec![1], vec![2, 3]]);
/// ```
///
/// # Panics
///
/// If the lengths do not add up to that of the input.
#[must_use]
pub fn cut(input: &[u8], pieces: &[usize]) -> Vec<Vec<u8>> {
    assert_eq!(pieces.iter().sum::<usize>(), input.len(), "{pieces:?}");
    let mut rest = input;
    let mut cut = Vec::new();
    for &len in pieces {
        let (piece, after) = rest.split_at(len);
        cut.push(piece.to_vec());
        rest = after;
    }
    cut
}

/// Runs `run` with the input cut in [every way](every_way).
///
/// ```
/// use bareframe_testkit::split;
/// split::for_each_way(&[1, 2, 3], 0, |pieces| assert_eq!(pieces.concat(), [1, 2, 3]));
/// ```
pub fn for_each_way(input: &[u8], seed: u64, mut run: impl FnMut(Vec<Vec<u8>>)) {
    for pieces in every_way(input.len(), seed) {
        run(cut(input, &pieces));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_adds_up() {
        for len in [0, 1, 2, 3, 64, 65, 200] {
            for pieces in every_way(len, 3) {
                assert_eq!(pieces.iter().sum::<usize>(), len, "{pieces:?}");
            }
        }
    }

    #[test]
    fn every_way_has_the_whole_each_byte_and_each_split() {
        let ways: Vec<_> = every_way(4, 0).collect();
        for way in [vec![4], vec![1, 1, 1, 1], vec![1, 3], vec![2, 2], vec![3, 1]] {
            assert!(ways.contains(&way), "{way:?}");
        }
    }

    #[test]
    fn a_ring_cuts_where_it_wraps() {
        assert_eq!(in_ring(5, 3, 12), [3, 2, 1, 3, 1, 2]);
        assert_eq!(in_ring(4, 4, 8), [4, 4]);
        assert_eq!(in_ring(4, 4, 0), []);
    }

    #[test]
    fn random_ways_differ_by_seed_and_have_empty_pieces() {
        let pieces = |seed| at_random(100, 5, &mut Random::new(seed));
        assert_ne!(pieces(0), pieces(1));
        assert!(pieces(0).contains(&0));
    }
}
