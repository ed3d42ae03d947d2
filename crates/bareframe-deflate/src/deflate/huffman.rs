//! Code lengths that make a text of symbols short (RFC 1951 section 3.2.2), and the codes that follow from them.

use crate::symbols::MAX_CODE_LEN;

/// The most symbols of a code.
const SYMBOLS: usize = 286;

/// A code as it is written, the first bit the least significant; from bit 16 on its length.
pub(crate) type Code = u32;

/// Sets the length of each symbol's code, at most `longest`, by how often the symbols occur; 0 where one does not.
///
/// If only one symbol occurs, it has a code of one bit.
pub(crate) fn find_lengths(frequencies: &[u16], longest: usize, lengths: &mut [u8]) {
    lengths.fill(0);
    let mut weights = [0_u32; SYMBOLS];
    let mut symbols = [0_u16; SYMBOLS];
    let used = sort(frequencies, &mut symbols);
    let (Some(symbols), Some(weights)) = (symbols.get(..used), weights.get_mut(..used)) else {
        return;
    };
    for (weight, &symbol) in weights.iter_mut().zip(symbols) {
        *weight = frequencies
            .get(usize::from(symbol))
            .copied()
            .unwrap_or_default()
            .into();
    }
    let counts = match used {
        0 => return,
        1 => {
            let mut counts = [0; MAX_CODE_LEN + 1];
            if let Some(one) = counts.get_mut(1) {
                *one = 1;
            }
            counts
        }
        _ => {
            join_lightest(weights);
            count_depths(weights, longest)
        }
    };
    // The rarest symbols have the longest codes.
    let mut symbols = symbols.iter();
    for (len, &count) in (0_u8..16).zip(&counts).rev() {
        for &symbol in symbols.by_ref().take(count.into()) {
            if let Some(place) = lengths.get_mut(usize::from(symbol)) {
                *place = len;
            }
        }
    }
}

/// Sorts the symbols that occur, the rarest first, and returns how many there are.
fn sort(frequencies: &[u16], sorted: &mut [u16; SYMBOLS]) -> usize {
    let mut by_low = [0_u16; SYMBOLS];
    let used = (0_u16..)
        .zip(frequencies)
        .filter(|&(_, &frequency)| frequency > 0)
        .map(|(symbol, _)| symbol);
    let len = sort_by_byte(frequencies, used, 0, &mut by_low);
    sort_by_byte(frequencies, by_low.into_iter().take(len), 8, sorted)
}

/// Sorts symbols by one byte of their frequencies, and keeps the order of those where it is equal.
fn sort_by_byte(
    frequencies: &[u16],
    symbols: impl Iterator<Item = u16> + Clone,
    shift: u32,
    sorted: &mut [u16; SYMBOLS],
) -> usize {
    let byte = |symbol: u16| {
        let frequency = frequencies.get(usize::from(symbol)).copied().unwrap_or_default();
        usize::from(frequency.wrapping_shr(shift) & 0xFF)
    };
    let mut places = [0_u16; 256];
    for symbol in symbols.clone() {
        if let Some(count) = places.get_mut(byte(symbol)) {
            *count = count.wrapping_add(1);
        }
    }
    let mut sum = 0_u16;
    for place in &mut places {
        let count = core::mem::replace(place, sum);
        sum = sum.wrapping_add(count);
    }
    for symbol in symbols {
        if let Some(place) = places.get_mut(byte(symbol)) {
            if let Some(sorted) = sorted.get_mut(usize::from(*place)) {
                *sorted = symbol;
            }
            *place = place.wrapping_add(1);
        }
    }
    sum.into()
}

/// Joins the two lightest nodes until there is one; each weight becomes the index of the node that its node was joined to.
///
/// The weights are in ascending order. This is how A. Moffat and J. Katajainen build the tree in place: the node that two others
/// are joined to takes the place of a leaf that is joined already.
fn join_lightest(weights: &mut [u32]) {
    let at = |weights: &[u32], index: usize| weights.get(index).copied().unwrap_or(u32::MAX);
    let last = weights.len().wrapping_sub(1);
    let (mut leaf, mut node) = (0_usize, 0_usize);
    for next in 0..last {
        let mut sum = 0_u32;
        for _ in 0..2 {
            let is_node = node < next && (leaf > last || at(weights, node) < at(weights, leaf));
            if is_node {
                sum = sum.saturating_add(at(weights, node));
                if let Some(weight) = weights.get_mut(node) {
                    *weight = u32::try_from(next).unwrap_or_default();
                }
                node = node.wrapping_add(1);
            } else {
                sum = sum.saturating_add(at(weights, leaf));
                leaf = leaf.wrapping_add(1);
            }
        }
        if let Some(weight) = weights.get_mut(next) {
            *weight = sum;
        }
    }
}

/// Returns how many leaves have each depth, after [`join_lightest`], with none deeper than `longest`.
fn count_depths(nodes: &mut [u32], longest: usize) -> [u16; MAX_CODE_LEN + 1] {
    let mut counts = [0_u16; MAX_CODE_LEN + 1];
    let mut add = |depth: usize, change: i16| {
        if let Some(count) = counts.get_mut(depth.min(longest)) {
            *count = count.wrapping_add_signed(change);
        }
    };
    // The root is the last but one; what a node was joined to has a higher index.
    let inner = nodes.len().saturating_sub(1);
    add(1, 2);
    if let Some(root) = inner.checked_sub(1).and_then(|root| nodes.get_mut(root)) {
        *root = 0;
    }
    for index in (0..inner.saturating_sub(1)).rev() {
        let parent = nodes.get(index).copied().unwrap_or_default();
        let depth = nodes
            .get(parent as usize)
            .copied()
            .unwrap_or_default()
            .wrapping_add(1);
        if let Some(node) = nodes.get_mut(index) {
            *node = depth;
        }
        // A leaf becomes a node with two leaves.
        add(depth as usize, -1);
        add((depth as usize).wrapping_add(1), 2);
    }
    shorten(&mut counts, longest);
    counts
}

/// Creates a code of the counts, of which those of `longest` are too many.
fn shorten(counts: &mut [u16; MAX_CODE_LEN + 1], longest: usize) {
    let all = 1_u32 << MAX_CODE_LEN;
    let (mut taken, mut least, mut space) = (0_u32, 0, all);
    for (len, &count) in counts.iter().enumerate() {
        if len > 0 {
            taken = taken.saturating_add(space.saturating_mul(count.into()));
        }
        if len == longest {
            least = space;
        }
        space >>= 1;
    }
    while taken > all {
        // One of the longest goes below one that is shorter, which becomes one longer: the two share its space.
        let Some(len) = (1..longest)
            .rev()
            .find(|&len| counts.get(len).is_some_and(|&count| count > 0))
        else {
            return;
        };
        let mut add = |len: usize, change: i16| {
            if let Some(count) = counts.get_mut(len) {
                *count = count.wrapping_add_signed(change);
            }
        };
        add(len, -1);
        add(len.wrapping_add(1), 2);
        add(longest, -1);
        taken = taken.saturating_sub(least);
    }
}

/// Sets the codes that follow from lengths.
pub(crate) fn assign(lengths: &[u8], codes: &mut [Code]) {
    let mut next = [0_u32; MAX_CODE_LEN + 2];
    for &len in lengths.iter().filter(|&&len| len > 0) {
        if let Some(count) = next.get_mut(usize::from(len).wrapping_add(1)) {
            *count = count.wrapping_add(1);
        }
    }
    let mut code = 0_u32;
    for next in &mut next {
        code = code.wrapping_add(*next) << 1;
        *next = code;
    }
    for (place, &len) in codes.iter_mut().zip(lengths) {
        let Some(next) = next.get_mut(usize::from(len)).filter(|_| len > 0) else {
            *place = 0;
            continue;
        };
        let reversed = next
            .reverse_bits()
            .wrapping_shr(u32::BITS.wrapping_sub(len.into()));
        *place = reversed | u32::from(len) << 16;
        *next = next.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths_of(frequencies: &[u16], longest: usize) -> Vec<u8> {
        let mut lengths = vec![9; frequencies.len()];
        find_lengths(frequencies, longest, &mut lengths);
        lengths
    }

    extern crate std;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn rfc1951_s3_2_2_codes_are_complete_and_no_longer_than_allowed() {
        let mut state = 1_u64;
        for round in 0..2000 {
            let frequencies: Vec<u16> = (0..[19, 30, 286][round % 3])
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let bits = (state >> 33) % 16;
                    if round % 2 == 0 && state >> 60 < 8 {
                        0
                    } else {
                        (state >> 40) as u16 >> bits
                    }
                })
                .collect();
            for longest in [7, 9, 15] {
                if frequencies.len() > 1 << longest {
                    continue;
                }
                let lengths = lengths_of(&frequencies, longest);
                let used = frequencies.iter().filter(|&&frequency| frequency > 0).count();
                let space: u32 = lengths
                    .iter()
                    .filter(|&&len| len > 0)
                    .map(|&len| 1 << (15 - len))
                    .sum();
                assert!(lengths.iter().all(|&len| usize::from(len) <= longest));
                assert_eq!(lengths.iter().filter(|&&len| len > 0).count(), used);
                if used > 1 {
                    assert_eq!(space, 1 << 15, "{frequencies:?} {lengths:?}");
                }
            }
        }
    }

    #[test]
    fn rfc1951_s3_2_2_what_occurs_often_is_short() {
        assert_eq!(lengths_of(&[1, 1, 2, 4, 8], 15), [4, 4, 3, 2, 1]);
        assert_eq!(lengths_of(&[0, 7, 0], 15), [0, 1, 0]);
        assert_eq!(lengths_of(&[5, 5, 5, 5], 15), [2, 2, 2, 2]);
        let fibonacci = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55];
        assert_eq!(*lengths_of(&fibonacci, 7).iter().max().unwrap(), 7);
    }

    #[test]
    fn rfc1951_s3_2_2_the_example() {
        let mut codes = [0; 8];
        assign(&[3, 3, 3, 3, 3, 2, 4, 4], &mut codes);
        let expected = ["010", "011", "100", "101", "110", "00", "1110", "1111"];
        for (code, expected) in codes.iter().zip(expected) {
            let len = code >> 16;
            let bits: Vec<u8> = (0..len).map(|at| b'0' + (code >> at & 1) as u8).collect();
            assert_eq!(bits, expected.as_bytes());
        }
    }
}
