//! Decides which calls of a stream have which faults.

use crate::{Fault, Random, StreamCall};
use std::time::Duration;

/// The faults of the calls on one end of a stream: drawn from a seed, or read from bytes.
///
/// Once the bytes are used up, no call has a fault. So a tool that shrinks or mutates bytes shrinks or mutates the
/// schedule.
///
/// ```
/// use bareframe_testkit::{Schedule, StreamCall};
/// let mut schedule = Schedule::from_bytes(&[]);
/// assert!((0..100).all(|_| schedule.next(StreamCall::Read).is_none()));
/// let mut schedule = Schedule::from_seed(1);
/// assert!((0..1000).any(|_| schedule.next(StreamCall::Read).is_some()));
/// ```
#[derive(Clone, Debug)]
pub struct Schedule {
    source: Source,
    /// How many of 256 calls have a fault.
    rate: u8,
}

/// A fault that a schedule has drawn for a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScheduledFault {
    /// The fault.
    pub fault: Fault,
    /// How strong it is, for [`ScheduledFault::len`] and [`ScheduledFault::time`].
    pub amount: u8,
}

#[derive(Clone, Debug)]
enum Source {
    Seed(Random),
    Bytes { bytes: Vec<u8>, taken: usize },
}

/// How often of all faults each is drawn for a call.
type Weights = &'static [(Fault, u8)];

const OF_READ_AND_WRITE: Weights = &[
    (Fault::Short, 60),
    (Fault::Interrupted, 14),
    (Fault::WouldBlock, 20),
    (Fault::TimedOut, 12),
    (Fault::TimePasses, 14),
    (Fault::Reset, 2),
    (Fault::BrokenPipe, 2),
    (Fault::End, 2),
];

const OF_FLUSH: Weights = &[
    (Fault::Interrupted, 14),
    (Fault::WouldBlock, 14),
    (Fault::TimedOut, 14),
    (Fault::TimePasses, 14),
    (Fault::Reset, 2),
    (Fault::BrokenPipe, 2),
];

/// A stream is shut down once, so that what is rare elsewhere is not.
const OF_SHUTDOWN: Weights = &[
    (Fault::Interrupted, 1),
    (Fault::WouldBlock, 1),
    (Fault::TimedOut, 1),
    (Fault::TimePasses, 2),
    (Fault::Reset, 1),
    (Fault::BrokenPipe, 1),
];

impl Schedule {
    /// Creates a schedule in which no call meets a fault.
    #[must_use]
    pub const fn calm() -> Schedule {
        Schedule {
            source: Source::Bytes {
                bytes: Vec::new(),
                taken: 0,
            },
            rate: 0,
        }
    }

    /// Creates a schedule that follows from a seed, in which few calls meet a fault or many.
    #[must_use]
    pub fn from_seed(seed: u64) -> Schedule {
        let mut random = Random::new(seed);
        let rate = [16, 48, 96, 160][random.below(4)];
        Schedule {
            source: Source::Seed(random),
            rate,
        }
    }

    /// Creates a schedule that follows from bytes, up to three for a call: whether it meets a fault (from 128 on), which, and how
    /// strong it is.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Schedule {
        let bytes = bytes.to_vec();
        Schedule {
            source: Source::Bytes { bytes, taken: 0 },
            rate: 128,
        }
    }

    /// Returns what the next call meets.
    pub fn next(&mut self, call: StreamCall) -> Option<ScheduledFault> {
        if u16::from(self.source.byte()) + u16::from(self.rate) < 256 {
            return None;
        }
        let weights = match call {
            StreamCall::Read | StreamCall::Write => OF_READ_AND_WRITE,
            StreamCall::Flush => OF_FLUSH,
            StreamCall::Shutdown => OF_SHUTDOWN,
        };
        let total: u8 = weights.iter().map(|(_, weight)| weight).sum();
        let mut drawn = self.source.byte() % total;
        for &(fault, weight) in weights {
            if drawn < weight {
                let amount = self.source.byte();
                return Some(ScheduledFault { fault, amount });
            }
            drawn -= weight;
        }
        None
    }
}

impl ScheduledFault {
    /// Returns how many of `len` bytes are moved: at least one of them.
    ///
    /// ```
    /// use bareframe_testkit::{Fault, ScheduledFault};
    /// let short = ScheduledFault { fault: Fault::Short, amount: 7 };
    /// assert_eq!((short.len(100), short.len(3), short.len(0)), (8, 2, 0));
    /// ```
    #[must_use]
    pub fn len(self, len: usize) -> usize {
        match len {
            0 => 0,
            _ => 1 + usize::from(self.amount) % len,
        }
    }

    /// Returns how much time passes: 1 ms to 8 s, each doubling as often as any other.
    #[must_use]
    pub fn time(self) -> Duration {
        Duration::from_millis(1 << (self.amount % 14))
    }
}

impl Source {
    fn byte(&mut self) -> u8 {
        match self {
            Source::Seed(random) => random.below(256) as u8,
            Source::Bytes { bytes, taken } => {
                let byte = bytes.get(*taken).copied().unwrap_or(0);
                *taken += 1;
                byte
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_every_call_is_drawn_and_no_other() {
        for call in StreamCall::ALL {
            let mut seen = Vec::new();
            for seed in 0..100 {
                let mut schedule = Schedule::from_seed(seed);
                seen.extend(
                    (0..100)
                        .filter_map(|_| schedule.next(call))
                        .map(|drawn| drawn.fault),
                );
            }
            for fault in Fault::ALL {
                assert_eq!(
                    seen.contains(&fault),
                    call.faults().contains(&fault),
                    "{call:?} {fault:?}"
                );
            }
        }
    }

    #[test]
    fn a_short_call_moves_at_least_one_byte_and_at_most_all() {
        for amount in 0..=255 {
            let fault = Fault::Short;
            for len in 1..300 {
                let moved = ScheduledFault { fault, amount }.len(len);
                assert!((1..=len).contains(&moved));
            }
        }
    }
}
