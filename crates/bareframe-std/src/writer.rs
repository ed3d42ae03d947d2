//! Writing: what a session has to write goes to the stream, and a stream that refuses it is remembered.

use crate::deadline::Deadline;
use crate::error::{Error, copy, is_temporary};
use crate::options::Options;
use crate::stream::Stream;
use bareframe::{Frame, Next, Outbound, Role, SendError};
use std::io::{self, ErrorKind, IoSlice};
use std::time::{Duration, Instant};

/// How long the queue is while nothing is gathered in it, in bytes.
const LEAST: usize = 512;

/// What writes a session's queue to a stream.
#[derive(Debug)]
pub(crate) struct Writer {
    most: usize,
    timeout: Option<Duration>,
    answer_timeout: Option<Duration>,
    clock: fn() -> Instant,
    /// Why the stream takes nothing any more.
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

    /// Returns when a call that begins now has to be over.
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

    /// Returns the error with which the stream refused a write, if it did.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.as_ref().map(|error| Error::Io(copy(error)))
    }

    /// Queues or writes all of a frame. While it is only gathered, nothing is written that fits the queue.
    pub(crate) fn send<S: Stream, R: Role>(
        &mut self,
        stream: &mut S,
        outbound: &mut Outbound<R, Vec<u8>>,
        frame: &mut Frame<'_>,
        is_gathered: bool,
        deadline: Deadline,
    ) -> Result<(), Error> {
        // What was kept of a long frame leaves first, or a stream that takes little would have more and more kept.
        while outbound.queued().len() > self.most && !frame.is_begun() {
            self.write(stream, outbound, &mut Frame::NONE.clone(), deadline)?;
        }
        loop {
            match outbound.next_sent(frame) {
                Ok(Next::Ready) => return Ok(()),
                Ok(_) if (is_gathered || frame.is_begun()) && self.grow(outbound, frame) => {}
                Ok(_) => self.write(stream, outbound, frame, deadline)?,
                Err(SendError::Closed) => {
                    return Err(self.failure().unwrap_or(Error::Send(SendError::Closed)));
                }
                Err(error) => return Err(Error::Send(error)),
            }
        }
    }

    /// Queues our Close, for which room is made.
    pub(crate) fn queue_close<R: Role>(
        &self,
        outbound: &mut Outbound<R, Vec<u8>>,
        mut frame: Frame<'_>,
    ) -> Result<(), Error> {
        let len = outbound.queued().len().saturating_add(LEAST);
        if len > outbound.queue_len() {
            let _ = outbound.exchange_queue(vec![0; len]);
        }
        match outbound.next_sent(&mut frame) {
            // The stream was refused; what was received says how the connection ends.
            Ok(_) | Err(SendError::Closed) => Ok(()),
            Err(error) => Err(Error::Send(error)),
        }
    }

    /// Keeps what is left of a frame that was begun.
    pub(crate) fn keep<R: Role>(&self, outbound: &mut Outbound<R, Vec<u8>>, frame: &mut Frame<'_>) {
        let len = outbound.queued().len().saturating_add(frame.left());
        let kept = outbound.exchange_queue(vec![0; len.max(LEAST)]);
        debug_assert!(kept.is_ok(), "there is room for all of it");
        let _ = outbound.next_sent(frame);
    }

    /// Writes all that is queued.
    pub(crate) fn flush<S: Stream, R: Role>(
        &mut self,
        stream: &mut S,
        outbound: &mut Outbound<R, Vec<u8>>,
        deadline: Deadline,
    ) -> Result<(), Error> {
        loop {
            match outbound.next_flush() {
                Next::Ready => return Ok(()),
                next => self.perform(next, stream, outbound, deadline)?,
            }
        }
    }

    /// Writes or flushes once.
    pub(crate) fn perform<S: Stream, R: Role>(
        &mut self,
        next: Next,
        stream: &mut S,
        outbound: &mut Outbound<R, Vec<u8>>,
        deadline: Deadline,
    ) -> Result<(), Error> {
        if next == Next::Write {
            return self.write(stream, outbound, &mut Frame::NONE.clone(), deadline);
        }
        match stream.flush_by(deadline) {
            Ok(()) => {
                outbound.flushed();
                Ok(())
            }
            Err(error) => self.refuse(outbound, error),
        }
    }

    fn write<S: Stream, R: Role>(
        &mut self,
        stream: &mut S,
        outbound: &mut Outbound<R, Vec<u8>>,
        frame: &mut Frame<'_>,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let [queued, payload] = outbound.to_write(frame);
        let slices = [IoSlice::new(queued), IoSlice::new(payload)];
        let written = match payload {
            [] => stream.write_by(&slices[..1], deadline),
            _ => stream.write_by(&slices, deadline),
        };
        match written {
            Ok(0) => self.refuse(outbound, ErrorKind::WriteZero.into()),
            Ok(len) => {
                outbound.wrote(len, frame);
                // What was kept of a long frame is gone.
                if outbound.queue_len() > self.most {
                    Writer::give_back(outbound);
                }
                Ok(())
            }
            Err(error) => self.refuse(outbound, error),
        }
    }

    /// Returns an error of the stream; if it lasts, nothing is written any more.
    fn refuse<R: Role>(
        &mut self,
        outbound: &mut Outbound<R, Vec<u8>>,
        error: io::Error,
    ) -> Result<(), Error> {
        if error.kind() == ErrorKind::Interrupted {
            return Ok(());
        }
        if !is_temporary(&error) {
            outbound.refused();
            self.failure = Some(copy(&error));
        }
        Err(Error::Io(error))
    }

    /// Has the queue take more of what is gathered in it, if it may. Returns `true` if it can take more now.
    fn grow<R: Role>(&self, outbound: &mut Outbound<R, Vec<u8>>, frame: &Frame<'_>) -> bool {
        /// Room for the frame's header and for an answer behind it.
        const BESIDE: usize = 145;
        // What is written from where it is needs no room.
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

    /// Gives back what the queue grew by, if nothing is in it.
    pub(crate) fn give_back<R: Role>(outbound: &mut Outbound<R, Vec<u8>>) {
        if outbound.queue_len() > LEAST && outbound.queued().is_empty() {
            let _ = outbound.exchange_queue(Writer::queue());
        }
    }
}
