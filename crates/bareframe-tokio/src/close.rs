//! The closing handshake, to its end (RFC 6455 section 7).

use crate::error::Error;
use crate::options::Options;
use crate::reader::READS;
use crate::timer::Timer;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Whether the peer's end of the stream was seen: what was sent last has arrived then (RFC 6455 section 7.1.1).
///
/// [`WebSocket::close`](crate::WebSocket::close) returns it once the closing handshake is done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum StreamEnd {
    /// The peer has ended the stream.
    Seen,
    /// It did not within [`Options::close_timeout`](crate::Options::close_timeout), or the stream has failed.
    NotSeen,
}

/// How a connection ends (RFC 6455 section 7.1.1).
#[derive(Debug)]
pub(crate) struct Closing {
    /// The peer, which is the server, ends the stream first.
    after_peer: bool,
    timeout: Duration,
    timer: Timer,
    step: Step,
    /// Why the closing handshake failed, until the stream has ended.
    failure: Option<Box<Error>>,
    /// A call has returned why nothing more is received.
    pub(crate) is_reported: bool,
    /// A stream of messages has returned its last.
    pub(crate) has_ended: bool,
}

/// How far the end is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// Our Close may have to be queued.
    Open,
    /// It was, or can't be.
    Handshake,
    /// Our direction is to be ended before the peer's.
    ShutdownFirst,
    /// The peer's is to be read to its end.
    Drain,
    /// Our direction is to be ended after the peer's.
    ShutdownLast(StreamEnd),
    Ended(StreamEnd),
    TimedOut,
}

impl Closing {
    pub(crate) const fn new(is_client: bool, options: &Options) -> Closing {
        Closing {
            after_peer: is_client,
            timeout: options.close_timeout(),
            timer: Timer::STOPPED,
            step: Step::Open,
            failure: None,
            is_reported: false,
            has_ended: false,
        }
    }

    /// Begins to close; the time is that of the first call.
    pub(crate) fn begin(&mut self) {
        self.timer.start(self.timeout);
    }

    /// Returns `true` if our Close may have to be queued.
    pub(crate) const fn is_to_be_queued(&self) -> bool {
        matches!(self.step, Step::Open)
    }

    /// Notes that our Close was queued, or that none can be.
    pub(crate) const fn queued(&mut self) {
        self.step = Step::Handshake;
    }

    /// Returns `true` until the closing handshake is done.
    pub(crate) const fn is_within_handshake(&self) -> bool {
        matches!(self.step, Step::Open | Step::Handshake)
    }

    /// Notes what came of the closing handshake; `is_clean` if both Close frames passed.
    pub(crate) fn note(&mut self, result: Result<(), Error>, is_clean: bool) {
        self.is_reported |= result.is_err();
        self.failure = result.err().map(Box::new);
        self.step = match self.after_peer && is_clean {
            true => Step::Drain,
            false => Step::ShutdownFirst,
        };
    }

    /// Returns `Ready` once the time for the closing handshake is over. The stream is then for its owner to drop.
    pub(crate) fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        ready!(self.timer.poll(cx));
        self.is_reported = true;
        self.step = Step::TimedOut;
        Poll::Ready(Error::CloseTimeout)
    }

    /// Ends the stream, before or after the peer does, and drops what still arrives: a stream that is closed with bytes unread is
    /// reset, and the peer may never see the last that was sent. Then returns how the closing handshake ended.
    pub(crate) fn poll_end<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<Result<StreamEnd, Error>> {
        let end = match self.poll_steps(cx, stream) {
            Poll::Ready(end) => end,
            Poll::Pending => {
                ready!(self.timer.poll(cx));
                match self.step {
                    Step::ShutdownLast(end) => end,
                    _ => StreamEnd::NotSeen,
                }
            }
        };
        if self.step == Step::TimedOut {
            return Poll::Ready(Err(Error::CloseTimeout));
        }
        self.step = Step::Ended(end);
        self.timer.stop();
        Poll::Ready(self.failure.take().map_or(Ok(end), |error| Err(*error)))
    }

    fn poll_steps<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<StreamEnd> {
        loop {
            match self.step {
                Step::Open | Step::Handshake | Step::ShutdownFirst => {
                    match ready!(Pin::new(&mut *stream).poll_shutdown(cx)) {
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        // A second time the system may refuse it.
                        _ => self.step = Step::Drain,
                    }
                }
                Step::Drain => {
                    let end = ready!(poll_drop_all(cx, stream));
                    self.step = match self.after_peer {
                        true => Step::ShutdownLast(end),
                        false => Step::Ended(end),
                    };
                }
                Step::ShutdownLast(end) => match ready!(Pin::new(&mut *stream).poll_shutdown(cx)) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    _ => self.step = Step::Ended(end),
                },
                Step::Ended(end) => return Poll::Ready(end),
                Step::TimedOut => return Poll::Ready(StreamEnd::NotSeen),
            }
        }
    }
}

/// Reads to the peer's end.
fn poll_drop_all<S: AsyncRead + Unpin>(cx: &mut Context<'_>, stream: &mut S) -> Poll<StreamEnd> {
    let mut dropped = [0; 1024];
    for _ in 0..READS {
        let mut dropped = ReadBuf::new(&mut dropped);
        match ready!(Pin::new(&mut *stream).poll_read(cx, &mut dropped)) {
            Ok(()) if dropped.filled().is_empty() => return Poll::Ready(StreamEnd::Seen),
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Poll::Ready(StreamEnd::NotSeen),
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}
