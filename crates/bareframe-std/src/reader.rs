//! Reading into memory that grows with what arrives and is freed again, with a keepalive.

use crate::deadline::{Deadline, invalid};
use crate::error::{Error, is_temporary};
use crate::extension::StdInbound;
use crate::options::Options;
use crate::stream::Stream;
use bareframe::{Assembler, Keepalive, KeepaliveStep, Role, State};
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The factor by which the memory grows while reads fill it.
const GROWTH: usize = 8;

/// How long the last read waits before a peer counts as dead.
const LAST_LOOK: Duration = Duration::from_millis(1);

/// How many bytes are read at once. More would save few calls, and would not be in the nearest cache.
const AT_ONCE: usize = 16 << 10;

/// Reads from a stream into a session's memory.
#[derive(Debug)]
pub(crate) struct Reader {
    /// How long the memory is while nothing arrives, and at most.
    least: usize,
    most: usize,
    /// How long it was before it was freed last.
    grown: usize,
    /// The last read filled it.
    is_filled: bool,
    keepalive: Option<Keepalive>,
    /// A time of the keepalive is zero.
    is_invalid: bool,
    /// How many writes the stream had accepted when a Ping could not be sent, because it waits for a frame of ours.
    waits_since: Option<usize>,
    clock: fn() -> Instant,
    /// The keepalive's time is counted from here.
    start: Instant,
}

/// The result of waiting for the peer.
pub(crate) enum Waited {
    /// Something may have been read, or the end.
    Read,
    /// The keepalive asks for a Ping.
    PingIsDue,
}

impl Reader {
    pub(crate) fn new(options: &Options) -> Reader {
        let least = options.read_buffer().max(1);
        Reader {
            least,
            most: options.read_buffer_max().max(least),
            grown: least,
            is_filled: false,
            keepalive: options.keepalive(),
            is_invalid: options.has_invalid_keepalive(),
            waits_since: None,
            clock: options.clock(),
            start: (options.clock())(),
        }
    }

    /// Reports how many writes the stream has accepted, and whether a Ping waits for the end of a frame of ours. Meanwhile a
    /// peer that accepts more of the frame is alive.
    pub(crate) fn wrote(&mut self, accepted: &AtomicUsize, ping_waits: bool) {
        let (clock, start) = (self.clock, self.start);
        if let Some(keepalive) = &mut self.keepalive {
            let accepted = accepted.load(Ordering::Relaxed);
            if self.waits_since.is_some_and(|before| before != accepted) {
                keepalive.received(clock().saturating_duration_since(start));
            }
            self.waits_since = ping_waits.then_some(accepted);
        }
    }

    /// Reads once, into memory of the length that suits what arrived before.
    pub(crate) fn read<S: Stream, R: Role>(
        &mut self,
        stream: &mut S,
        inbound: &mut StdInbound<R>,
        assembler: &mut Assembler<Vec<u8>>,
        deadline: Deadline,
    ) -> Result<Waited, Error> {
        let step = self.step(deadline)?;
        let until = match step {
            Some(KeepaliveStep::Ping) => return Ok(Waited::PingIsDue),
            // Bytes that have arrived already count, even if the caller reads late.
            Some(KeepaliveStep::Dead) => Deadline::after(LAST_LOOK),
            Some(KeepaliveStep::Wait(at)) => deadline.at_most_by(at.saturating_sub(self.now()), self.clock),
            _ => deadline,
        };
        // While the peer is silent, no memory is kept for its last message.
        drop(assembler.take_message());
        self.fit(inbound);
        let memory_len = inbound.memory_len();
        let space = inbound.space();
        let most = space.len().min(AT_ONCE.max(self.least));
        let is_limited = most < space.len();
        let space = space.get_mut(..most).unwrap_or(&mut []);
        let read = stream.read_by(space, until);
        match read {
            Ok(len) => {
                if len < space.len() {
                    self.is_filled = false;
                } else if is_limited || len.saturating_mul(2) >= memory_len {
                    // Less than that may have been all that a message lacked.
                    self.is_filled = true;
                }
                inbound.read(len);
                // Without a keepalive the clock is not read, which takes longer than the rest of a short read.
                if let Some(keepalive) = &mut self.keepalive {
                    keepalive.received((self.clock)().saturating_duration_since(self.start));
                }
                Ok(Waited::Read)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(Waited::Read),
            // TLS says so that its end was cut off, which is an end as any other here.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                inbound.read(0);
                Ok(Waited::Read)
            }
            Err(error) if step == Some(KeepaliveStep::Dead) && is_temporary(&error) => {
                Err(Error::KeepaliveTimeout)
            }
            // The keepalive decides again; a timeout of TCP is an error.
            Err(error)
                if error.kind() == ErrorKind::TimedOut
                    && is_temporary(&error)
                    && self.keepalive.is_some()
                    && deadline.is_none() =>
            {
                Ok(Waited::Read)
            }
            Err(error) => {
                // While nothing arrives, the memory is as short as before.
                self.is_filled = false;
                self.fit(inbound);
                Err(Error::Io(error))
            }
        }
    }

    /// Sets the length of the memory for the next read.
    fn fit<R: Role>(&mut self, inbound: &mut StdInbound<R>) {
        let len = inbound.memory_len();
        let kept = len.saturating_sub(inbound.space().len());
        let (held, missing) = inbound.held();
        let in_use = held
            .saturating_add(missing)
            .max(kept.saturating_mul(GROWTH))
            .max(AT_ONCE);
        let wanted = if self.is_filled {
            let grown = len.saturating_mul(GROWTH).max(self.grown);
            grown.min(AT_ONCE).max(len).min(self.most)
        } else if kept > 0 && in_use >= len.saturating_div(2) {
            // More of a message is on its way. The session lengthens the memory for one that it holds.
            len
        } else {
            self.grown = self.grown.max(len).min(self.most);
            self.least
        };
        if wanted > len {
            inbound.lengthen_memory(wanted);
        } else if wanted < len {
            // If the unread bytes would not fit, the memory stays as it is.
            let _ = inbound.exchange_memory(vec![0; wanted]);
        }
    }

    /// Asks the keepalive what to do, unless a deadline limits the wait for the peer. The peer may also be dead after
    /// our Close.
    fn step(&mut self, deadline: Deadline) -> io::Result<Option<KeepaliveStep>> {
        let Some(keepalive) = self.keepalive.as_mut().filter(|_| deadline.is_none()) else {
            return Ok(None);
        };
        if self.is_invalid {
            return Err(invalid());
        }
        let now = (self.clock)().saturating_duration_since(self.start);
        Ok(Some(keepalive.step(now, State::Open)))
    }

    fn now(&self) -> Duration {
        (self.clock)().saturating_duration_since(self.start)
    }
}
