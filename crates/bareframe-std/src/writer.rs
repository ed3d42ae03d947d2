//! The state of writing besides the stream and the queue: its limits, and its error.

use crate::deadline::Deadline;
use crate::error::{Error, copy};
use crate::extension::StdOutbound;
use crate::options::Options;
use bareframe::{Frame, Role};
use std::io;
use std::time::{Duration, Instant};

/// How long the queue is while nothing is gathered in it, in bytes.
pub(crate) const LEAST: usize = 512;

/// The limits of writing a session's queue to a stream, and how it failed.
#[derive(Debug)]
pub(crate) struct Writer {
    /// The longest queue of gathered frames, in bytes.
    pub(crate) most: usize,
    timeout: Option<Duration>,
    answer_timeout: Option<Duration>,
    clock: fn() -> Instant,
    /// Why the stream accepts nothing any more.
    failure: Option<io::Error>,
}

impl Writer {
    pub(crate) fn new(options: &Options) -> Writer {
        Writer {
            most: options.write_buffer().max(LEAST),
            timeout: options.write_timeout(),
            answer_timeout: options.answer_timeout(),
            clock: options.clock(),
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
            Some(timeout) => Deadline::after_by(timeout, self.clock),
            None => Deadline::NONE,
        }
    }

    /// Returns the earlier of this deadline and one for an answer that is written from now on.
    pub(crate) fn earlier(&self, deadline: Deadline) -> Deadline {
        match self.answer_timeout {
            Some(timeout) => deadline.at_most_by(timeout, self.clock),
            None => deadline,
        }
    }

    /// Stores why the stream accepts nothing any more.
    pub(crate) fn fail(&mut self, error: &io::Error) {
        self.failure = Some(copy(error));
    }

    /// Returns the error with which the stream refused a write, if it did.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.as_ref().map(|error| Error::Io(copy(error)))
    }

    /// Lengthens the queue for gathered frames, within the limit. Returns `true` if it is longer now.
    pub(crate) fn grow<R: Role>(&self, outbound: &mut StdOutbound<R>, frame: &Frame<'_>) -> bool {
        /// Room for the frame's header and for an answer after it.
        const BESIDE: usize = 145;
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

    /// Frees what the queue grew by, if it is empty.
    pub(crate) fn shrink<R: Role>(outbound: &mut StdOutbound<R>) {
        if outbound.queue_len() > LEAST && outbound.queued().is_empty() {
            let _ = outbound.exchange_queue(Writer::queue());
        }
    }
}
