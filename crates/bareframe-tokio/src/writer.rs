//! What writing knows beside the stream and the queue.

use crate::broadcast::SharedMessage;
use crate::counters::Counters;
use crate::error::{Error, copy};
use crate::extension::Compression;
use crate::message::Message;
use crate::options::Options;
use crate::pool;
use crate::session::Outbound;
use crate::timer::Timer;
use bareframe::{Frame, Next, Role, UnsentFrame};
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// How long the queue is at least while something is sent, in bytes.
const LEAST: usize = 4 << 10;

/// How long it must be able to become.
const MIN: usize = 256;

/// The queue becomes this many times as long.
const GROWTH: usize = 4;

/// Payload of this many bytes is written from where it is rather than gathered.
const GATHERED: usize = 8 << 10;

/// Room for a frame's header and for an answer after it.
const BESIDE: usize = 145;

/// Who polls what writes. Each may be a task of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    Reader,
    Writer,
}

/// The limits of writing a session's queue to a stream, who waits for it, and how it failed.
#[derive(Debug)]
pub(crate) struct Writer {
    /// At most this many bytes are queued before a call that sends waits.
    most: usize,
    timeout: Option<Duration>,
    /// The limit of the call that sends.
    timer: Timer,
    /// The message that was taken and is not queued as a whole.
    pub(crate) kept: Option<Kept>,
    /// Why the stream takes nothing any more.
    failure: Option<io::Error>,
    waiting: [Option<Waker>; 2],
    /// How messages are compressed that many send.
    pub(crate) compression: Compression,
    /// What was sent, but for control frames.
    pub(crate) counters: Counters,
}

/// A message that was taken, and how much of it is left.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) message: Outgoing,
    pub(crate) unsent: UnsentFrame,
}

/// A message that is sent by this connection alone or by many.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Own(Message),
    Shared(SharedMessage),
}

impl Outgoing {
    /// Returns what its frame was made of.
    pub(crate) fn payload(&self, compression: &Compression) -> &[u8] {
        match self {
            Outgoing::Own(message) => message.payload(),
            Outgoing::Shared(message) => message.bytes(compression),
        }
    }
}

/// Wakes the tasks of both halves: a stream knows only the last that asked.
struct Both([Waker; 2]);

impl Wake for Both {
    fn wake(self: Arc<Both>) {
        for waker in &self.0 {
            waker.wake_by_ref();
        }
    }
}

impl Writer {
    pub(crate) fn new(options: &Options, compression: Compression) -> Writer {
        Writer {
            most: options.write_buffer().max(MIN),
            timeout: options.write_timeout(),
            timer: Timer::STOPPED,
            kept: None,
            failure: None,
            waiting: [None, None],
            compression,
            counters: Counters::default(),
        }
    }

    /// Returns what was sent.
    pub(crate) fn sent<R: Role>(&self, outbound: &Outbound<R>) -> Counters {
        let observed = outbound.extension();
        self.counters
            .with_frames(observed.data_frames(), observed.controls())
    }

    /// Has a queue to send with.
    #[inline]
    pub(crate) fn lease<R: Role>(&self, outbound: &mut Outbound<R>) {
        if outbound.queue_len() == 0 {
            let _ = outbound.exchange_queue(pool::take(LEAST.min(self.most)));
        }
    }

    /// Returns `true` if a message that many send may be sent at once, without a queue.
    #[inline]
    pub(crate) fn may_send_shared<R: Role>(&self, outbound: &Outbound<R>) -> bool {
        self.kept.is_none() && outbound.can_send_prepared()
    }

    /// Returns `true` if a message that many send may be written without the session, and nobody else waits for the stream.
    #[inline]
    pub(crate) fn may_pass<R: Role>(&self, outbound: &Outbound<R>) -> bool {
        self.kept.is_none() && matches!(self.waiting, [None, None]) && outbound.is_passed_by_prepared()
    }

    /// Has a queue that is too short for what many send, which so is written from where it is.
    #[inline]
    pub(crate) fn lease_short<R: Role>(outbound: &mut Outbound<R>) {
        if outbound.queue_len() == 0 {
            let _ = outbound.exchange_queue(pool::take(MIN));
        }
    }

    /// Returns the queue to the pool if nothing is in it.
    #[inline]
    pub(crate) fn shrink<R: Role>(outbound: &mut Outbound<R>) {
        if outbound.queue_len() > 0
            && outbound.queued().is_empty()
            && let Ok(queue) = outbound.exchange_queue(Vec::new())
        {
            pool::put(queue);
        }
    }

    /// Has the queue take more of what is gathered in it, if it may. Returns `true` if it can take more now.
    pub(crate) fn grow<R: Role>(&self, outbound: &mut Outbound<R>, frame: &Frame<'_>) -> bool {
        // What is written from where it is needs no room.
        if !outbound.to_write(frame)[1].is_empty() {
            return false;
        }
        let len = outbound.queue_len();
        // What an extension makes of a message is one frame if it fits.
        let left = match outbound.has_extension() {
            true => frame.left(),
            false => frame.left().min(GATHERED),
        };
        let needed = outbound
            .queued()
            .len()
            .saturating_add(left)
            .saturating_add(BESIDE);
        let mut longer = len.max(LEAST.min(self.most));
        while longer < needed && longer < self.most {
            longer = longer.saturating_mul(GROWTH).min(self.most);
        }
        if longer <= len {
            return false;
        }
        match outbound.exchange_queue(pool::take(longer)) {
            Ok(queue) | Err(queue) => pool::put(queue),
        }
        outbound.queue_len() > len
    }

    /// Has a frame find room in the queue rather than be written by itself, if it is short.
    #[inline]
    pub(crate) fn make_room<R: Role>(&self, outbound: &mut Outbound<R>, frame: &Frame<'_>) {
        let needed = frame.left().saturating_add(BESIDE);
        let is_gathered = frame.left() <= GATHERED || outbound.has_extension();
        if outbound.room() < needed && is_gathered && !frame.is_begun() {
            self.grow(outbound, frame);
        }
    }

    /// Notes that a message was taken.
    #[inline]
    pub(crate) fn note_message(&mut self, message: &Message) {
        if matches!(message, Message::Text(_) | Message::Binary(_)) {
            self.counters.add_payload(message.payload().len(), true);
        }
    }

    /// Keeps what is left of a frame that was begun and that its caller can't send again.
    pub(crate) fn keep<R: Role>(outbound: &mut Outbound<R>, frame: &mut Frame<'_>) {
        let mut len = outbound.queued().len().saturating_add(frame.left()).max(LEAST);
        loop {
            let kept = outbound.exchange_queue(vec![0; len]);
            debug_assert!(kept.is_ok(), "there is room for all of it");
            // What an extension makes of it may be longer, and more may be in its memory.
            if outbound.next_sent(frame) != Ok(Next::Write) {
                break;
            }
            len = len.saturating_mul(2);
        }
    }

    /// Has room for our Close, whatever is queued.
    pub(crate) fn make_room_for_close<R: Role>(outbound: &mut Outbound<R>) {
        if outbound.room() < BESIDE {
            let len = outbound.queued().len().saturating_add(LEAST);
            let _ = outbound.exchange_queue(vec![0; len]);
        }
    }

    /// Returns `true` if another frame may be queued.
    #[inline]
    pub(crate) fn has_room<R: Role>(&self, outbound: &mut Outbound<R>) -> bool {
        let is_below = outbound.queued().len() < self.most;
        is_below && (outbound.room() >= BESIDE || self.grow(outbound, &Frame::NONE))
    }

    /// Begins an operation that has a limit.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.timer.stop();
    }

    /// Returns what an operation returns, or `error` if it has to wait and its time is over.
    #[inline]
    pub(crate) fn limit<T>(
        &mut self,
        cx: &mut Context<'_>,
        done: Poll<Result<T, Error>>,
        error: Error,
    ) -> Poll<Result<T, Error>> {
        match (done, self.timeout) {
            (Poll::Pending, Some(timeout)) => {
                self.timer.start(timeout);
                match self.timer.poll(cx) {
                    Poll::Ready(()) => {
                        self.timer.stop();
                        Poll::Ready(Err(error))
                    }
                    Poll::Pending => Poll::Pending,
                }
            }
            (done, _) => done,
        }
    }

    /// Keeps why the stream takes nothing any more.
    pub(crate) fn fail(&mut self, error: &io::Error) {
        self.failure = Some(copy(error));
        self.kept = None;
    }

    /// Returns the error with which the stream refused a write, if it did.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.as_ref().map(|error| Error::Io(copy(error)))
    }

    /// Returns what to wake instead of this task alone.
    #[inline]
    pub(crate) fn both(&self, by: By, cx: &Context<'_>) -> Option<Waker> {
        let other = self.waiting[by.other()].as_ref()?;
        let differ = !other.will_wake(cx.waker());
        differ.then(|| Waker::from(Arc::new(Both([other.clone(), cx.waker().clone()]))))
    }

    /// Notes that this task waits until the stream takes something.
    pub(crate) fn wait(&mut self, by: By, cx: &Context<'_>) {
        match &mut self.waiting[by as usize] {
            Some(waiting) => waiting.clone_from(cx.waker()),
            waiting => *waiting = Some(cx.waker().clone()),
        }
    }

    /// Wakes the task that reads, if it waits.
    pub(crate) fn wake_reader(&mut self) {
        if let Some(reader) = self.waiting[By::Reader as usize].take() {
            reader.wake();
        }
    }

    /// Wakes whoever else waits, as the stream has taken something.
    #[inline]
    pub(crate) fn wake_other(&mut self, by: By, cx: &Context<'_>) {
        self.waiting[by as usize] = None;
        if let Some(other) = self.waiting[by.other()].take()
            && !other.will_wake(cx.waker())
        {
            other.wake();
        }
    }
}

impl By {
    const fn other(self) -> usize {
        match self {
            By::Reader => By::Writer as usize,
            By::Writer => By::Reader as usize,
        }
    }
}
