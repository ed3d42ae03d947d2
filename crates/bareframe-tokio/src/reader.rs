//! Reading: into memory that a connection has only while something arrives, and with a keepalive.

use crate::counters::{Controls, Counters};
use crate::error::Error;
use crate::message::Message;
use crate::options::Options;
use crate::pool;
use crate::session::Inbound;
use crate::shutdown::ShutdownGuard;
use crate::timer::Timer;
use bareframe::{Assembler, Keepalive, KeepaliveStep, Role, State};
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

/// So many reads at most are made by one poll, so that other tasks and the limits of time have their turn.
pub(crate) const READS: usize = 64;

/// So many short reads in a row do without the longer memory.
const SHORT_READS: u8 = 16;

/// What reads from a stream into a session's memory.
#[derive(Debug)]
pub(crate) struct Reader {
    /// How long the memory is, and how long while reads fill it.
    least: usize,
    most: usize,
    /// The longer memory is used for as many reads as this, or more if they fill the shorter one.
    long_reads: u8,
    keepalive: Option<Box<Alive>>,
    shutdown: Option<Box<ShutdownGuard>>,
    close_timeout: Duration,
    /// How long the stream may take for our Close once nothing else is waited for.
    answer_timeout: Option<Duration>,
    timer: Timer,
    /// What was received, but for control frames.
    pub(crate) counters: Counters,
}

/// A keepalive with its clock and its timer.
#[derive(Debug)]
struct Alive {
    keepalive: Keepalive,
    /// Its time is counted from here.
    start: Instant,
    timer: Timer,
}

/// What came of waiting for the peer.
pub(crate) enum Waited {
    /// Something may have been read, or the end.
    Read,
    /// The keepalive asks for a Ping.
    PingIsDue,
    /// The program shuts down, and our Close is to be queued.
    CloseIsDue,
}

impl Reader {
    pub(crate) fn new(options: &Options) -> Reader {
        let least = options.read_buffer().max(1);
        Reader {
            least,
            most: options.read_buffer_max().max(least),
            long_reads: 0,
            keepalive: options
                .keepalive()
                .map(|keepalive| Box::new(Alive::new(keepalive))),
            shutdown: None,
            close_timeout: options.close_timeout(),
            answer_timeout: options.answer_timeout(),
            timer: Timer::STOPPED,
            counters: Counters::default(),
        }
    }

    /// Has it look at a shutdown too.
    pub(crate) fn set_shutdown(&mut self, guard: ShutdownGuard) {
        self.shutdown = Some(Box::new(guard));
    }

    /// Notes that the Close of a shutdown was queued.
    pub(crate) fn shutdown_queued(&mut self) {
        if let Some(guard) = &mut self.shutdown {
            guard.queued(self.close_timeout);
        }
    }

    /// Lets the session have memory to read into.
    pub(crate) fn lease<R: Role>(&self, inbound: &mut Inbound<R>) {
        let len = if self.long_reads > 0 {
            self.most
        } else {
            self.least
        };
        let _ = inbound.put_memory(pool::take(len));
    }

    /// Frees the memory that is not needed while the peer is waited for: all, unless a message has begun to arrive, and then most.
    pub(crate) fn shrink<R: Role>(inbound: &mut Inbound<R>, assembler: &mut Assembler<Vec<u8>>) {
        /// How long the memory may be for what is held of a message.
        const ROOM: usize = 512;
        drop(assembler.take_message());
        if let Some(memory) = inbound.take_memory() {
            return pool::put(memory);
        }
        let len = inbound.memory_len();
        let held = len.saturating_sub(inbound.space().len());
        if len > held.saturating_mul(4).saturating_add(ROOM) {
            let shorter = vec![0; held.saturating_mul(2).saturating_add(ROOM / 2)];
            if let Ok(Some(memory)) = inbound.exchange_memory(Some(shorter)) {
                pool::put(memory);
            }
        }
    }

    /// Reads once; or waits for the stream, or for the keepalive and a shutdown unless the peer is waited for with another limit.
    pub(crate) fn poll_read<S: AsyncRead + Unpin, R: Role>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        inbound: &mut Inbound<R>,
        has_limit: bool,
    ) -> Poll<Result<Waited, Error>> {
        let shutdown = self.shutdown.as_mut().filter(|_| !has_limit);
        if let Some(guard) = shutdown
            && let Poll::Ready(due) = guard.poll_between_reads(cx)
        {
            return Poll::Ready(due.map(|()| Waited::CloseIsDue));
        }
        if self.long_reads > 0 && inbound.memory_len() == self.least && self.least < self.most {
            let longer = pool::take(self.most);
            match inbound.exchange_memory(Some(longer)) {
                Ok(memory) | Err(memory) => pool::put(memory.unwrap_or_default()),
            }
        }
        let memory_len = inbound.memory_len();
        let mut space = ReadBuf::new(inbound.space());
        match Pin::new(stream).poll_read(cx, &mut space) {
            Poll::Ready(Ok(())) => {
                let len = space.filled().len();
                let is_filled = space.remaining() == 0;
                self.note(len, is_filled && len.saturating_mul(2) >= memory_len);
                inbound.read(len);
                Poll::Ready(Ok(Waited::Read))
            }
            Poll::Ready(Err(error)) => match error.kind() {
                ErrorKind::Interrupted => Poll::Ready(Ok(Waited::Read)),
                // TLS says so that its end was cut off, which is an end as any other here.
                ErrorKind::UnexpectedEof => {
                    inbound.read(0);
                    Poll::Ready(Ok(Waited::Read))
                }
                _ => Poll::Ready(Err(Error::Io(error))),
            },
            Poll::Pending => {
                let shutdown = self.shutdown.as_mut().filter(|_| !has_limit);
                if let Some(guard) = shutdown
                    && let Poll::Ready(due) = guard.poll(cx)
                {
                    return Poll::Ready(due.map(|()| Waited::CloseIsDue));
                }
                match self.keepalive.as_mut().filter(|_| !has_limit) {
                    Some(alive) => alive.poll(cx),
                    None => Poll::Pending,
                }
            }
        }
    }

    /// Counts a message that is returned.
    pub(crate) fn note_taken(&mut self, message: Option<Message>) -> Option<Message> {
        if let Some(message @ (Message::Text(_) | Message::Binary(_))) = &message {
            self.counters.add_payload(message.payload().len(), true);
        }
        message
    }

    /// Returns what was received.
    pub(crate) fn received<R: Role>(&self, inbound: &Inbound<R>) -> Counters {
        let close = inbound.close_reason();
        self.counters.with_controls(Controls {
            closes: close.is_some().into(),
            close_code: close.and_then(|reason| reason.code()),
            ..inbound.extension().controls()
        })
    }

    /// Returns `Ready` if the stream has not taken our Close in time, while nothing else is waited for.
    pub(crate) fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(timeout) = self.answer_timeout else {
            return Poll::Pending;
        };
        self.timer.start(timeout);
        self.timer.poll(cx)
    }

    /// Ends the time for an answer.
    #[inline]
    pub(crate) fn done(&mut self) {
        self.timer.stop();
    }

    /// Notes how much a read returned.
    fn note(&mut self, len: usize, is_filled: bool) {
        self.counters.add_bytes(len);
        if is_filled || len > self.least {
            self.long_reads = SHORT_READS;
        } else {
            self.long_reads = self.long_reads.saturating_sub(1);
        }
        // Without a keepalive nobody looks at a clock.
        if let Some(alive) = &mut self.keepalive {
            alive.keepalive.received(alive.start.elapsed());
        }
    }
}

impl Alive {
    fn new(keepalive: Keepalive) -> Alive {
        Alive {
            keepalive,
            start: Instant::now(),
            timer: Timer::STOPPED,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Waited, Error>> {
        loop {
            // After our Close the peer may still be dead.
            match self.keepalive.step(self.start.elapsed(), State::Open) {
                KeepaliveStep::Wait(at) => self.wait_until(at),
                KeepaliveStep::Ping => return Poll::Ready(Ok(Waited::PingIsDue)),
                KeepaliveStep::Dead => return Poll::Ready(Err(Error::KeepaliveTimeout)),
                KeepaliveStep::Stopped => return Poll::Pending,
            }
            if self.timer.poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn wait_until(&mut self, at: Duration) {
        // A timer that ends too early is set anew then, rather than with every read.
        if let Some(at) = self.start.checked_add(at)
            && !self.timer.ends_by(at)
        {
            self.timer.set(at);
        }
    }
}
