//! Greedy: each match that is found is taken, and written with the fixed codes.

use super::fixed;
use super::history::History;
use super::memory::MemoryTooSmall;
use super::output::Output;
use super::{Encode, Level, Run};

/// Chooses the first match that it finds, and writes fixed codes: for microcontrollers with little memory, and fast
/// with more.
///
/// [`Deflater::greedy`](crate::Deflater::greedy) creates a deflater with it.
#[derive(Clone, Debug)]
pub struct Greedy<B, H> {
    /// Two windows.
    buffer: B,
    /// Where the last four bytes of each hash are, or 0.
    heads: H,
    /// How much of a hash is dropped.
    shift: u32,
    block: Block,
    /// The last block did not shrink: the next is stored.
    is_dense: bool,
}

#[derive(Clone, Debug)]
enum Block {
    None,
    /// With the fixed codes; at `check` it has to be shorter than what is after `begin`.
    Fixed {
        begin: usize,
        check: usize,
        bits: u64,
    },
    /// Copied as it is, this many bytes more.
    Stored {
        left: usize,
    },
}

/// How many bytes of a block are looked at for whether it shrinks, at first and at most.
const FIRST_CHECK: usize = 64;
const CHECK: usize = 1024;

/// How many bytes of a stored block are looked at together for whether they would shrink.
const PIECE: usize = 128;

impl<B: AsMut<[u8]>, H: AsMut<[u16]>> Greedy<B, H> {
    /// Creates the level if the memory is large enough.
    pub(crate) fn new(window: usize, mut buffer: B, mut heads: H) -> Result<Greedy<B, H>, MemoryTooSmall> {
        MemoryTooSmall::check("buffer", buffer.as_mut().len(), window.wrapping_mul(2))?;
        let shift = hash_shift(heads.as_mut())?;
        heads.as_mut().fill(0);
        Ok(Greedy {
            buffer,
            heads,
            shift,
            block: Block::None,
            is_dense: false,
        })
    }
}

impl<B: AsMut<[u8]>, H: AsMut<[u16]>> Level for Greedy<B, H> {}

impl<B: AsMut<[u8]>, H: AsMut<[u16]>> Encode for Greedy<B, H> {
    fn buffer(&mut self) -> &mut [u8] {
        self.buffer.as_mut()
    }

    fn begin(&mut self, _: &History) {
        self.block = Block::None;
        self.is_dense = false;
    }

    fn history_kept(&self, window: usize) -> usize {
        // The fewer stored blocks, the less they add; what they hold is rarely referred to.
        if self.is_dense { window >> 1 } else { window }
    }

    fn slide(&mut self, by: usize) {
        let by = u16::try_from(by).unwrap_or(u16::MAX);
        for head in self.heads.as_mut() {
            *head = head.saturating_sub(by);
        }
        let by = usize::from(by);
        if let Block::Fixed { begin, check, .. } = &mut self.block {
            *begin = begin.saturating_sub(by);
            *check = check.saturating_sub(by);
        }
    }

    fn clear(&mut self) {
        self.buffer.as_mut().fill(0);
        self.heads.as_mut().fill(0);
    }

    fn run(&mut self, history: &mut History, output: &mut Output<'_>, is_last: bool) -> Run {
        loop {
            let ahead = history.ahead();
            match self.block {
                Block::None | Block::Fixed { .. } if !is_last && ahead < history.enough_ahead() => {
                    return Run::NeedsInput;
                }
                // A stored block of what happens to be there would be short, and end before it is seen whether text shrinks again.
                Block::None if self.is_dense && !is_last && !history.is_full() => return Run::NeedsInput,
                Block::None if ahead == 0 => return Run::Finished,
                Block::None => {
                    if !output.has_room(Output::MAX_PUT) {
                        return Run::OutputFull;
                    }
                    if self.is_dense {
                        self.begin_stored(history, output);
                    } else {
                        output.put(fixed::HEADER.0, fixed::HEADER.1);
                        self.block = Block::Fixed {
                            begin: history.at,
                            check: history.at.wrapping_add(FIRST_CHECK),
                            bits: 0,
                        };
                    }
                }
                Block::Fixed { begin, check, bits } => {
                    let stop = if is_last {
                        history.end
                    } else {
                        history.end.wrapping_sub(history.enough_ahead()).wrapping_add(1)
                    };
                    let (added, is_full) = self.write_tokens(history, output, stop.min(check));
                    let bits = bits.wrapping_add(added);
                    self.block = Block::Fixed { begin, check, bits };
                    if is_full || !output.has_room(Output::MAX_PUT) {
                        return Run::OutputFull;
                    }
                    let len = history.at.wrapping_sub(begin);
                    if history.at >= check {
                        self.is_dense = bits > (len as u64).wrapping_mul(8);
                        let check = history.at.wrapping_add(len.wrapping_mul(2).min(CHECK));
                        self.block = Block::Fixed {
                            begin: history.at,
                            check,
                            bits: 0,
                        };
                    }
                    if self.is_dense || history.ahead() == 0 && is_last {
                        output.put(fixed::END.0, fixed::END.1);
                        self.block = Block::None;
                    }
                }
                Block::Stored { left: 0 } => self.block = Block::None,
                Block::Stored { left } => {
                    let bytes = self.buffer.as_mut().get(history.at..).unwrap_or_default();
                    let len = output.extend(bytes.get(..left).unwrap_or(bytes));
                    if len == 0 {
                        return Run::OutputFull;
                    }
                    history.at = history.at.wrapping_add(len);
                    self.block = Block::Stored {
                        left: left.saturating_sub(len),
                    };
                }
            }
        }
    }
}

impl<B: AsMut<[u8]>, H: AsMut<[u16]>> Greedy<B, H> {
    /// Begins a stored block of what is ahead, up to where it begins to shrink.
    fn begin_stored(&mut self, history: &History, output: &mut Output<'_>) {
        let heads = self.heads.as_mut();
        let bytes = self.buffer.as_mut().get(..history.end).unwrap_or_default();
        let most = history.ahead().min(usize::from(u16::MAX));
        let reach = Reach::of(history);
        let mut len = 0_usize;
        while len < most {
            let begin = history.at.wrapping_add(len);
            let piece = most.wrapping_sub(len).min(PIECE);
            let places = begin..begin.wrapping_add(piece);
            if len > 0 && is_compressible(heads, self.shift, bytes, reach, places.clone()) {
                self.is_dense = false;
                break;
            }
            for at in places {
                let Some(front) = front(bytes, at) else { break };
                if let Some(head) = heads.get_mut(hash(front, self.shift)) {
                    *head = low_16(at);
                }
            }
            len = len.wrapping_add(piece);
        }
        output.put(0b000, 3);
        output.align();
        let written = u64::from(low_16(len));
        output.put(written | (written ^ 0xFFFF) << 16, 32);
        self.block = Block::Stored { left: len };
    }

    /// Writes literals and matches for what is before `stop`, as far as there is room; returns how many bits, and whether
    /// there is no room.
    // As a function of its own it has registers for all that it works with.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    fn write_tokens(&mut self, history: &mut History, output: &mut Output<'_>, stop: usize) -> (u64, bool) {
        let heads = self.heads.as_mut();
        let memory = &*self.buffer.as_mut();
        let bytes = memory.get(..history.end).unwrap_or_default();
        // What is in a loop's own variables need not be read again after each write.
        let whole_output = output;
        let mut output = whole_output.by_value();
        let (shift, reach) = (self.shift, Reach::of(history));
        let mut at = history.at;
        let mut bits = 0_u64;
        let mut is_full = false;
        while at < stop {
            // A match is at most 31 bits.
            if !output.has_room_after_writing(31) {
                is_full = true;
                break;
            }
            let found = match front(bytes, at) {
                Some(front) => find(heads, shift, memory, bytes.len(), reach, at, front),
                None => None,
            };
            let (len, token) = match found {
                Some((len, distance)) => {
                    insert(heads, shift, bytes, at.wrapping_add(1));
                    insert(heads, shift, bytes, at.wrapping_add(len).wrapping_sub(1));
                    (len, fixed::pair(low_32(len), low_32(distance)))
                }
                None => (1, fixed::literal(bytes.get(at).copied().unwrap_or_default())),
            };
            output.put(token.0, token.1);
            bits = bits.wrapping_add(token.1.into());
            at = at.wrapping_add(len);
        }
        let place = output.place();
        whole_output.set(place);
        history.at = at;
        (bits, is_full)
    }
}

/// Returns how much of a hash is dropped so that it is the index of a head.
pub(super) fn hash_shift(heads: &[u16]) -> Result<u32, MemoryTooSmall> {
    MemoryTooSmall::check("heads", heads.len(), 2)?;
    let log = heads.len().checked_ilog2().unwrap_or_default();
    Ok(u32::BITS.wrapping_sub(log.min(16)))
}

/// Returns `true` if one of eight places has a match before, of those that it looks at.
fn is_compressible(
    heads: &[u16],
    shift: u32,
    bytes: &[u8],
    reach: Reach,
    places: core::ops::Range<usize>,
) -> bool {
    let looks = places.len().div_ceil(4);
    let is_match = |&at: &usize| {
        let front = front(bytes, at);
        let before = front.and_then(|front| heads.get(hash(front, shift)));
        let before = usize::from(before.copied().unwrap_or_default());
        reach.has(before, at) && self::front(bytes, before) == front
    };
    places.step_by(4).filter(is_match).count().wrapping_mul(8) >= looks
}

/// Returns the four bytes that are hashed.
#[inline(always)]
fn front(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|front| u32::from_le_bytes(*front))
}

#[inline(always)]
fn hash(front: u32, shift: u32) -> usize {
    front.wrapping_mul(0x9E37_79B1).wrapping_shr(shift) as usize
}

/// How far back a match may be.
#[derive(Clone, Copy)]
struct Reach {
    begin: usize,
    window: usize,
}

impl Reach {
    fn of(history: &History) -> Reach {
        Reach {
            begin: history.begin,
            window: history.window,
        }
    }

    /// Returns `true` if a match of what is at `before` may be written at `at`.
    #[inline(always)]
    fn has(self, before: usize, at: usize) -> bool {
        before >= self.begin && at.wrapping_sub(before).wrapping_sub(1) < self.window
    }
}

/// Returns length and distance of the match at hand, and notes where these bytes are.
#[inline(always)]
fn find(
    heads: &mut [u16],
    shift: u32,
    memory: &[u8],
    end: usize,
    reach: Reach,
    at: usize,
    front: u32,
) -> Option<(usize, usize)> {
    let head = heads.get_mut(hash(front, shift))?;
    let before = usize::from(core::mem::replace(head, low_16(at)));
    if !reach.has(before, at) || self::front(memory, before) != Some(front) {
        return None;
    }
    let len = common_len(memory, before, at, end);
    Some((len, at.wrapping_sub(before)))
}

/// Notes where these bytes are, which are within a match.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn insert(heads: &mut [u16], shift: u32, bytes: &[u8], at: usize) {
    // Two places of a match are enough: more would take more time than they would save bytes.
    if let Some(front) = front(bytes, at)
        && let Some(head) = heads.get_mut(hash(front, shift))
    {
        *head = low_16(at);
    }
}

/// Returns how many bytes before `end` are equal from two places on, of which four are; at most 258.
#[inline(always)]
pub(super) fn common_len(memory: &[u8], before: usize, at: usize, end: usize) -> usize {
    let most = end.wrapping_sub(at).min(crate::symbols::MAX_MATCH);
    let equal = equal_len(
        memory.get(at..).unwrap_or_default(),
        memory.get(before..).unwrap_or_default(),
        most,
    );
    equal.min(most)
}

/// Returns how many bytes in front are equal, which may be more than `most`: where there is little flash, one after the other.
#[cfg(not(target_pointer_width = "64"))]
fn equal_len(ahead: &[u8], behind: &[u8], most: usize) -> usize {
    let pairs = ahead.iter().take(most).zip(behind);
    pairs.take_while(|(one, other)| one == other).count()
}

/// Returns how many bytes in front are equal, which may be more than `most`.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn equal_len(ahead: &[u8], behind: &[u8], most: usize) -> usize {
    let mut len = 0_usize;
    let (ahead_chunks, ahead_rest) = ahead.as_chunks::<16>();
    let (behind_chunks, behind_rest) = behind.as_chunks::<16>();
    for (one, other) in ahead_chunks.iter().zip(behind_chunks) {
        let differ = u128::from_le_bytes(*one) ^ u128::from_le_bytes(*other);
        if differ != 0 {
            return len.wrapping_add((differ.trailing_zeros() >> 3) as usize);
        }
        len = len.wrapping_add(16);
        if len >= most {
            return len;
        }
    }
    // Only `ahead` is that close to the end of the memory.
    let behind_rest = behind.get(len..).unwrap_or(behind_rest);
    let pairs = ahead_rest.iter().zip(behind_rest);
    len.wrapping_add(pairs.take_while(|(one, other)| one == other).count())
}

/// Returns the number of a place, all of which are below 65,536.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "a place is smaller")]
pub(super) const fn low_16(place: usize) -> u16 {
    place as u16
}

/// Returns a length or a distance.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "both are smaller")]
pub(super) const fn low_32(number: usize) -> u32 {
    number as u32
}
