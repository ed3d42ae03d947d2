//! The faults of a stream, and how often each occurred.

use std::fmt;

/// A call on a stream.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StreamCall {
    /// `read`.
    Read,
    /// `write` and `write_vectored`.
    Write,
    /// `flush`.
    Flush,
    /// `shutdown`.
    Shutdown,
}

/// What happens to a call on a stream.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fault {
    /// Fewer bytes than could be are read or written.
    Short,
    /// The error `Interrupted`, once.
    Interrupted,
    /// The error `WouldBlock`, once.
    WouldBlock,
    /// The error `TimedOut`, once, after the stream's timeout if it has one.
    TimedOut,
    /// Time passes before the call does its work. If it is longer than the stream's timeout, the call fails instead.
    TimePasses,
    /// The error `ConnectionReset`: the connection is closed for both ends, and bytes in flight still arrive.
    Reset,
    /// The error `BrokenPipe`: this direction is closed, and the other continues.
    BrokenPipe,
    /// 0 bytes from now on: the end of what can be read, or no more can be written.
    End,
}

/// How often each call was made, and met each fault.
///
/// ```
/// use bareframe_testkit::{Fault, FaultCounts, StreamCall};
/// let mut counts = FaultCounts::new();
/// counts.note_call(StreamCall::Read);
/// counts.note(StreamCall::Read, Fault::Short);
/// counts.add(&counts.clone());
/// assert_eq!(counts.calls(StreamCall::Read), 2);
/// assert_eq!(counts.count(StreamCall::Read, Fault::Short), 2);
/// assert_eq!(counts.least(&StreamCall::ALL), 0);
/// println!("{counts}");
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FaultCounts {
    calls: [u64; 4],
    met: [[u64; 8]; 4],
}

impl StreamCall {
    /// Every call.
    pub const ALL: [StreamCall; 4] = [
        StreamCall::Read,
        StreamCall::Write,
        StreamCall::Flush,
        StreamCall::Shutdown,
    ];

    /// Returns the faults that this call can meet: `flush` and `shutdown` move no bytes that could be too few or at an end.
    #[must_use]
    pub const fn faults(self) -> &'static [Fault] {
        match self {
            StreamCall::Read | StreamCall::Write => &Fault::ALL,
            StreamCall::Flush | StreamCall::Shutdown => &[
                Fault::Interrupted,
                Fault::WouldBlock,
                Fault::TimedOut,
                Fault::TimePasses,
                Fault::Reset,
                Fault::BrokenPipe,
            ],
        }
    }
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 8] = [
        Fault::Short,
        Fault::Interrupted,
        Fault::WouldBlock,
        Fault::TimedOut,
        Fault::TimePasses,
        Fault::Reset,
        Fault::BrokenPipe,
        Fault::End,
    ];

    /// Returns `true` if every later call of the same kind fails too.
    ///
    /// ```
    /// use bareframe_testkit::Fault;
    /// assert!(Fault::Reset.is_lasting());
    /// assert!(!Fault::TimedOut.is_lasting());
    /// ```
    #[must_use]
    pub const fn is_lasting(self) -> bool {
        matches!(self, Fault::Reset | Fault::BrokenPipe | Fault::End)
    }
}

impl FaultCounts {
    /// Creates counts of 0.
    #[must_use]
    pub const fn new() -> FaultCounts {
        FaultCounts {
            calls: [0; 4],
            met: [[0; 8]; 4],
        }
    }

    /// Counts a call.
    pub const fn note_call(&mut self, call: StreamCall) {
        self.calls[call as usize] += 1;
    }

    /// Counts a fault that a call met.
    pub const fn note(&mut self, call: StreamCall, fault: Fault) {
        self.met[call as usize][fault as usize] += 1;
    }

    /// Adds other counts.
    pub fn add(&mut self, other: &FaultCounts) {
        for (sum, more) in self.calls.iter_mut().zip(other.calls) {
            *sum += more;
        }
        for (sum, more) in self
            .met
            .as_flattened_mut()
            .iter_mut()
            .zip(other.met.as_flattened())
        {
            *sum += more;
        }
    }

    /// Returns how often this call was made.
    #[must_use]
    pub const fn calls(&self, call: StreamCall) -> u64 {
        self.calls[call as usize]
    }

    /// Returns how often this call met this fault.
    #[must_use]
    pub const fn count(&self, call: StreamCall, fault: Fault) -> u64 {
        self.met[call as usize][fault as usize]
    }

    /// Returns the least of all counts of one of these calls and a fault that it can meet.
    #[must_use]
    pub fn least(&self, calls: &[StreamCall]) -> u64 {
        let counts = calls
            .iter()
            .flat_map(|&call| call.faults().iter().map(move |&fault| self.count(call, fault)));
        counts.min().unwrap_or(0)
    }
}

/// A table with a line for each call.
impl fmt::Display for FaultCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<9}{:>10}", "", "calls")?;
        for fault in Fault::ALL {
            write!(f, "{:>12}", format!("{fault:?}"))?;
        }
        for call in StreamCall::ALL {
            write!(f, "\n{:<9}{:>10}", format!("{call:?}"), self.calls(call))?;
            for fault in Fault::ALL {
                match call.faults().contains(&fault) {
                    true => write!(f, "{:>12}", self.count(call, fault))?,
                    false => write!(f, "{:>12}", "-")?,
                }
            }
        }
        Ok(())
    }
}
