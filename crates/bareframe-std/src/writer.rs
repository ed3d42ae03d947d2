//! The state of writing besides the stream and the queue: its limits, and its error.

use crate::deadline::Deadline;
use crate::error::{Error, Stored};
use crate::extension::StdOutbound;
use crate::options::Options;
use bareframe::{Frame, Role};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long the queue is while nothing is gathered in it, in bytes.
pub(crate) const LEAST: usize = 512;

/// The longest payload in bytes that is gathered with others where they must be written together. A longer one is written from where it
/// is, which costs less than to copy it.
const GATHERED: usize = 8 << 10;

/// Room for a frame's header and for an answer after it.
const BESIDE: usize = 145;

/// How many bytes of a payload are written at once if there is a keepalive. A write to a stream that blocks ends with its last byte,
/// and only then is known that the peer is alive.
const AT_ONCE: usize = 16 << 10;

/// How long a stream is waited for that did not accept an answer in time and nothing since.
const MOMENT: Duration = Duration::from_millis(1);

/// The limits of writing a session's queue to a stream, and how it failed.
#[derive(Debug)]
pub(crate) struct Writer {
    /// The longest queue of gathered frames, in bytes.
    pub(crate) most: usize,
    /// How many bytes of a payload are written at once.
    at_once: usize,
    timeout: Option<Duration>,
    answer_timeout: Option<Duration>,
    close_timeout: Duration,
    clock: fn() -> Instant,
    /// How many writes the stream has accepted.
    accepted: Arc<AtomicUsize>,
    /// How many it had accepted when it did not accept an answer in time.
    stuck_at: Option<usize>,
    /// Why the stream accepts nothing any more.
    failure: Option<Stored>,
}

impl Writer {
    pub(crate) fn new(options: &Options) -> Writer {
        Writer {
            most: options.write_buffer().max(LEAST),
            at_once: options.keepalive().map_or(usize::MAX, |_| AT_ONCE),
            timeout: options.write_timeout(),
            answer_timeout: options.answer_timeout(),
            close_timeout: options.close_timeout(),
            clock: options.clock(),
            accepted: Arc::default(),
            stuck_at: None,
            failure: None,
        }
    }

    /// Returns the queue for a session.
    pub(crate) fn queue() -> Vec<u8> {
        vec![0; LEAST]
    }

    /// Returns the deadline of a call that begins now.
    pub(crate) fn deadline(&self) -> Deadline {
        match self.timeout {
            Some(timeout) => Deadline::limit(timeout, self.clock),
            None => Deadline::NONE,
        }
    }

    /// Returns the earlier of this deadline and one for an answer that is written from now on.
    pub(crate) fn earlier(&self, deadline: Deadline) -> Deadline {
        // Otherwise each Ping of a peer that never reads would hold the reader that long.
        let is_stuck = self.stuck_at == Some(self.accepted.load(Ordering::Relaxed));
        match self.answer_timeout {
            _ if is_stuck && deadline.is_none() => Deadline::after_by(MOMENT, self.clock),
            Some(Duration::ZERO) => Deadline::limit(Duration::ZERO, self.clock),
            Some(timeout) => deadline.at_most_by(timeout, self.clock),
            None if deadline.is_none() => {
                Deadline::after_by(self.close_timeout.max(MOMENT), self.clock).with_own()
            }
            None => deadline,
        }
    }

    /// Stores that the stream did not accept an answer in time.
    pub(crate) fn set_stuck(&mut self) {
        self.stuck_at = Some(self.accepted.load(Ordering::Relaxed));
    }

    /// Returns how much of this payload is to be written at once.
    pub(crate) fn part<'p>(&self, payload: &'p [u8]) -> &'p [u8] {
        payload.get(..self.at_once).unwrap_or(payload)
    }

    /// Counts a write that the stream accepted.
    pub(crate) fn count(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many writes the stream has accepted, to be read from another thread too.
    pub(crate) const fn accepted(&self) -> &Arc<AtomicUsize> {
        &self.accepted
    }

    /// Stores why the stream accepts nothing any more, and returns it.
    pub(crate) fn fail(&mut self, error: io::Error) -> io::Error {
        self.failure.insert(Stored::new(error)).to_error()
    }

    /// Returns the error with which the stream refused a write, if it did.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.as_ref().map(|error| Error::Io(error.to_error()))
    }

    /// Lengthens the queue for gathered frames, within the limit. Returns `true` if it is longer now.
    pub(crate) fn grow<R: Role>(&self, outbound: &mut StdOutbound<R>, frame: &Frame<'_>) -> bool {
        // Payload that is written from where it is needs no room.
        if !outbound.to_write(frame)[1].is_empty() {
            return false;
        }
        let needed = outbound
            .queued()
            .len()
            .saturating_mul(2)
            .saturating_add(frame.left())
            .saturating_add(BESIDE);
        let len = needed.min(self.most);
        len > outbound.queue_len() && outbound.exchange_queue(vec![0; len]).is_ok()
    }

    /// Has a frame that was not begun find room in the queue, if it is gathered and short, or if an extension makes one frame of what
    /// fits there. Otherwise its payload would be written from where it is, and with it what was gathered before.
    pub(crate) fn make_room<R: Role>(
        &self,
        outbound: &mut StdOutbound<R>,
        frame: &Frame<'_>,
        is_gathered: bool,
    ) {
        let is_queued = outbound.has_extension() || is_gathered && frame.left() <= GATHERED;
        if is_queued && !frame.is_begun() && outbound.room() < frame.left().saturating_add(BESIDE) {
            self.grow(outbound, frame);
        }
    }

    /// Frees what the queue grew by, if it is empty.
    pub(crate) fn shrink<R: Role>(outbound: &mut StdOutbound<R>) {
        if outbound.queue_len() > LEAST && outbound.queued().is_empty() {
            let _ = outbound.exchange_queue(Writer::queue());
        }
    }
}
