//! Chains: where the bytes at hand were before, the nearest place first.

use super::greedy::{common_len, hash_shift, low_16};
use super::history::History;
use super::memory::MemoryTooSmall;

/// Places by the hash of the four bytes there, linked from one to the one before.
#[derive(Clone, Debug)]
pub(crate) struct Chains<H, C> {
    /// The last place of each hash, or 0.
    heads: H,
    /// For each place of a window the one before it with the same hash, or 0.
    links: C,
    /// How much of a hash is dropped.
    shift: u32,
    /// The window's size without one, and by how much places have moved.
    mask: usize,
    moved: usize,
    /// The places before this are linked.
    linked: usize,
}

/// A match of at least four bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Match {
    pub(crate) len: usize,
    pub(crate) distance: usize,
}

/// How many places are looked at for a match.
const DEPTH: usize = 128;

/// A match that is good enough to look no further.
const NICE: usize = 130;

impl<H: AsMut<[u16]>, C: AsMut<[u16]>> Chains<H, C> {
    /// Creates chains if the memory is large enough.
    pub(crate) fn new(window: usize, mut heads: H, mut links: C) -> Result<Chains<H, C>, MemoryTooSmall> {
        let shift = hash_shift(heads.as_mut())?;
        MemoryTooSmall::check("links", links.as_mut().len(), window)?;
        heads.as_mut().fill(0);
        links.as_mut().fill(0);
        Ok(Chains {
            heads,
            links,
            shift,
            mask: window.wrapping_sub(1),
            moved: 0,
            linked: 0,
        })
    }

    /// Begins a message at this place; what is after it was given up.
    pub(crate) fn begin(&mut self, at: usize) {
        self.linked = self.linked.min(at);
    }

    pub(crate) fn slide(&mut self, by: usize) {
        let places = low_16(by.min(usize::from(u16::MAX)));
        for place in self.heads.as_mut().iter_mut().chain(self.links.as_mut()) {
            *place = place.saturating_sub(places);
        }
        self.moved = self.moved.wrapping_add(by);
        self.linked = self.linked.saturating_sub(by);
    }

    pub(crate) fn clear(&mut self) {
        self.heads.as_mut().fill(0);
        self.links.as_mut().fill(0);
        self.linked = 0;
    }

    /// Links the places before `end`, as far as there are four bytes.
    fn link(&mut self, bytes: &[u8], end: usize) {
        let (heads, links) = (self.heads.as_mut(), self.links.as_mut());
        while self.linked < end {
            let at = self.linked;
            let Some(front) = bytes.get(at..).and_then(|ahead| ahead.first_chunk()) else {
                return;
            };
            let hash = u32::from_le_bytes(*front)
                .wrapping_mul(0x9E37_79B1)
                .wrapping_shr(self.shift);
            let link = links.get_mut(at.wrapping_add(self.moved) & self.mask);
            if let (Some(head), Some(link)) = (heads.get_mut(hash as usize), link) {
                *link = core::mem::replace(head, low_16(at));
            }
            self.linked = at.wrapping_add(1);
        }
    }

    /// Returns the longest match at `at` that is longer than `than` bytes, the nearest of these.
    pub(crate) fn find(&mut self, bytes: &[u8], history: &History, at: usize, than: usize) -> Option<Match> {
        self.link(bytes, at.wrapping_add(1));
        if self.linked <= at {
            return None;
        }
        let links = self.links.as_mut();
        let mut longest = than.max(3);
        let mut found = None;
        let mut place = at;
        let mut depth = if than >= 16 { DEPTH / 4 } else { DEPTH };
        // The last four bytes that a longer match has to have.
        let mut wanted = word(bytes, at.wrapping_add(longest).wrapping_sub(3));
        while depth > 0 && wanted.is_some() {
            depth = depth.wrapping_sub(1);
            let link = links.get(place.wrapping_add(self.moved) & self.mask);
            let before = usize::from(link.copied().unwrap_or_default());
            let distance = at.wrapping_sub(before);
            // What does not go back was given up or is another place's by now.
            if before >= place || before < history.begin || distance > history.window {
                break;
            }
            place = before;
            if word(bytes, before.wrapping_add(longest).wrapping_sub(3)) != wanted {
                continue;
            }
            let len = common_len(bytes, before, at, bytes.len());
            if len > longest {
                longest = len;
                found = Some(Match { len, distance });
                if len >= NICE {
                    break;
                }
                wanted = word(bytes, at.wrapping_add(longest).wrapping_sub(3));
            }
        }
        found
    }
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|word| u32::from_le_bytes(*word))
}
