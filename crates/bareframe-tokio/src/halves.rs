//! A connection in two halves, for two tasks.

use crate::broadcast::{SharedMessage, Subscription};
use crate::close::{Closing, StreamEnd};
use crate::counters::{Counters, WholeMessages};
use crate::error::Error;
use crate::forwarding::{Forwarding, Forwards, ended, poll_past};
use crate::handoff::{Handoff, Slot};
use crate::message::{Message, close_frame};
use crate::read::Wanted;
use crate::reader::{READS, Reader, Waited};
use crate::send::sending_methods;
use crate::sending::Sending;
use crate::session::{Inbound, Outbound};
use crate::shared_stream::SharedStream;
use crate::trace::{Ended, Trace};
use crate::websocket::WebSocket;
use crate::writer::{By, Writer};
use bareframe::{
    Assembler, CloseCode, CloseReason, Event, Frame, Message as MessageRef, Next, Pending, ReceiveError,
    Role, SendError,
};
use std::fmt;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite};

/// The receiving half of a connection, for one task. [`WebSocket::split`] creates it.
///
/// Pings and the peer's Close are answered by the calls that read, through the sending half. While that is within a frame, the
/// answer is left there and follows the frame; this half never waits for it.
pub struct ReadHalf<S, R> {
    stream: SharedStream<S>,
    inbound: Inbound<R>,
    assembler: Assembler<Vec<u8>>,
    reader: Reader,
    pub(crate) closing: Closing,
    trace: Trace,
    shared: Arc<Shared<S, R>>,
}

/// The sending half of a connection, for one task. [`WebSocket::split`] creates it.
pub struct WriteHalf<S, R> {
    shared: Arc<Shared<S, R>>,
}

type Shared<S, R> = Handoff<Mutex<Part<S, R>>>;

/// What sends, for whoever holds it.
struct Part<S, R> {
    stream: SharedStream<S>,
    outbound: Outbound<R>,
    writer: Writer,
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> WebSocket<S, R> {
    /// Returns the two halves, for two tasks. They are `Send` if the stream is. Over any stream both directions continue at once; no
    /// lock is held while a task waits.
    ///
    /// ```
    /// use bareframe_tokio::{Error, Options, WebSocket};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Error> {
    /// let (of_client, of_server) = tokio::io::duplex(64);
    /// let (mut reader, mut writer) = WebSocket::server(of_server, &Options::DEFAULT).split();
    /// let clock = tokio::spawn(async move { writer.send("tick").await });
    /// let client = tokio::spawn(async move {
    ///     let mut socket = WebSocket::client(of_client, &Options::DEFAULT)?;
    ///     socket.send("one").await?;
    ///     assert_eq!(socket.read().await?.unwrap().as_str(), Some("tick"));
    ///     socket.close(None, "").await
    /// });
    /// let mut messages = 0;
    /// while let Some(_message) = reader.read().await? {
    ///     messages += 1;
    /// }
    /// reader.close(None, "").await?;
    /// assert_eq!(messages, 1);
    /// # clock.await.unwrap()?;
    /// # client.await.unwrap()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn split(self) -> (ReadHalf<S, R>, WriteHalf<S, R>) {
        let (stream, sending) = SharedStream::pair(self.stream);
        let (inbound, outbound) = self.session.split();
        let part = Part {
            stream: sending,
            outbound,
            writer: self.writer,
        };
        let shared = Arc::new(Handoff::new(Mutex::new(part), Mutex::new(Pending::NONE)));
        let read_half = ReadHalf {
            stream,
            inbound,
            assembler: self.assembler,
            reader: self.reader,
            closing: self.closing,
            trace: self.trace,
            shared: Arc::clone(&shared),
        };
        (read_half, WriteHalf { shared })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> ReadHalf<S, R> {
    /// As [`WebSocket::read`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost: the next call continues.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub async fn read(&mut self) -> Result<Option<MessageRef<'_>>, Error> {
        let is_ready = poll_fn(|cx| self.poll_until(cx, Wanted::Message)).await?;
        Ok(match is_ready {
            true => self
                .reader
                .counters
                .message(self.inbound.message(&mut self.assembler)),
            false => None,
        })
    }

    /// As [`WebSocket::read_event`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost: the next call continues.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read_event`].
    pub async fn read_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        let is_ready = poll_fn(|cx| self.poll_until(cx, Wanted::Event)).await?;
        Ok(match is_ready {
            true => self.reader.counters.event(self.inbound.event()),
            false => None,
        })
    }

    /// Polls for what [`ReadHalf::read`] returns.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub fn poll_next_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<MessageRef<'_>>, Error>> {
        let is_ready = ready!(self.poll_until(cx, Wanted::Message))?;
        Poll::Ready(Ok(match is_ready {
            true => self
                .reader
                .counters
                .message(self.inbound.message(&mut self.assembler)),
            false => None,
        }))
    }

    /// Polls for what [`ReadHalf::read_event`] returns.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read_event`].
    pub fn poll_next_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event<'_>>, Error>> {
        let is_ready = ready!(self.poll_until(cx, Wanted::Event))?;
        Poll::Ready(Ok(match is_ready {
            true => self.reader.counters.event(self.inbound.event()),
            false => None,
        }))
    }

    pub(crate) fn poll_next_owned(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        if !ready!(self.poll_until(cx, Wanted::MessageOrControl))? {
            return Poll::Ready(Ok(None));
        }
        let message = Message::take(&mut self.inbound, &mut self.assembler);
        Poll::Ready(Ok(self.reader.note_taken(message)))
    }

    /// Fails the connection as [`WebSocket::fail`] does. A Close that can't be sent within a frame of the other half follows it.
    ///
    /// # Cancel safety
    ///
    /// The connection has failed once the future was polled; if it is dropped, the Close waits for the next call of either half.
    ///
    /// # Errors
    ///
    /// [`Error::Unflushed`] or [`Error::Io`].
    pub async fn fail(&mut self, code: CloseCode) -> Result<(), Error> {
        self.closing.is_reported = true;
        self.inbound.fail(code);
        self.leave(Pending::NONE);
        let answered = poll_fn(|cx| match self.settle(cx) {
            Some(Poll::Pending) => self.reader.poll_late(cx).map(|()| Err(Error::Unflushed)),
            _ => Poll::Ready(self.failure().map_or(Ok(()), Err)),
        });
        let answered = answered.await;
        self.reader.done();
        self.note_ended(None);
        answered
    }

    /// Closes the connection as [`WebSocket::close`] does, within the same time, also while the other half is within a frame.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the next call continues, within the time of the first.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::close`].
    pub async fn close(
        &mut self,
        code: impl Into<Option<CloseCode>>,
        reason: &str,
    ) -> Result<StreamEnd, Error> {
        let code = code.into();
        poll_fn(|cx| self.poll_close(cx, code, reason)).await
    }

    /// Polls for what [`ReadHalf::close`] returns. The first call begins to close; what code and reason later ones have does not matter.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::close`].
    pub fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        code: Option<CloseCode>,
        reason: &str,
    ) -> Poll<Result<StreamEnd, Error>> {
        if self.closing.is_within_handshake() {
            self.closing.begin();
            let Poll::Ready(result) = self.poll_handshake(cx, code, reason) else {
                return self.closing.poll_late(cx).map(|error| {
                    self.note_ended(Some(&error));
                    Err(error)
                });
            };
            let is_clean = result.is_ok() && self.inbound.close_reason().is_some();
            self.closing.note(result, is_clean);
        }
        self.closing.poll_end(cx, &mut self.stream)
    }

    /// Returns what the peer's Close said, once it was received (RFC 6455 sections 7.1.5 and 7.1.6).
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.inbound.close_reason()
    }

    /// Returns what was received.
    #[must_use]
    pub fn received(&self) -> Counters {
        self.reader.received(&self.inbound)
    }

    /// Returns the span of the connection, as [`WebSocket::span`].
    #[cfg(feature = "tracing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
    #[must_use]
    pub const fn span(&self) -> &tracing::Span {
        self.trace.span()
    }

    /// Tells how the connection has ended.
    fn note_ended(&mut self, error: Option<&Error>) {
        if self.trace.is_wanted() {
            let received = self.received();
            let (sent, is_answer) = self.shared.with(|part| {
                let is_answer = part.outbound.extension().is_answer();
                (part.writer.sent(&part.outbound), is_answer)
            });
            let ended = Ended {
                received,
                sent,
                is_answer,
            };
            self.trace.ended(error, &ended);
        }
    }

    /// Receives until what is wanted is there, and leaves the answers to the other half; returns `false` when the connection has
    /// ended, and tells that.
    #[inline]
    fn poll_until(&mut self, cx: &mut Context<'_>, wanted: Wanted) -> Poll<Result<bool, Error>> {
        let done = self.poll_wanted(cx, wanted);
        match &done {
            Poll::Pending | Poll::Ready(Ok(true)) => {}
            Poll::Ready(Ok(false)) => self.note_ended(None),
            Poll::Ready(Err(error)) if error.is_last() => self.note_ended(Some(error)),
            Poll::Ready(Err(_)) => {}
        }
        done
    }

    fn poll_wanted(&mut self, cx: &mut Context<'_>, wanted: Wanted) -> Poll<Result<bool, Error>> {
        let mut reads = 0;
        loop {
            let next = match wanted {
                Wanted::Message => self.inbound.next_message(&mut self.assembler),
                Wanted::MessageOrControl => self.inbound.next_message_or_control(&mut self.assembler),
                Wanted::Event | Wanted::End => self.inbound.next_event(),
            };
            if self.inbound.has_pending() {
                self.leave(Pending::NONE);
                let _ = self.settle(cx);
            }
            match next {
                Ok(Next::Ready) if wanted == Wanted::End => {
                    let _ = self.reader.counters.event(self.inbound.event());
                }
                Ok(Next::Ready) => return Poll::Ready(Ok(true)),
                Ok(Next::Closed) => {
                    // The answer to the peer's Close, if it could not be written before.
                    if self.settle(cx) == Some(Poll::Pending) {
                        ready!(self.reader.poll_late(cx));
                        self.refuse();
                    }
                    self.reader.done();
                    return Poll::Ready(Ok(false));
                }
                Ok(Next::Memory) => self.reader.lease(&mut self.inbound),
                Ok(Next::Read) if reads == READS => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(Next::Read) => {
                    reads += 1;
                    ready!(self.poll_read(cx, wanted == Wanted::End))?;
                }
                // It was left to the other half.
                Ok(Next::Write | Next::Flush) => {}
                Err(ReceiveError::MessageSkipped) if wanted == Wanted::End => {}
                // A call has returned it before.
                Err(_) if wanted == Wanted::End && self.closing.is_reported => return Poll::Ready(Ok(false)),
                Err(error) => {
                    self.closing.is_reported |= !self.inbound.is_open() && wanted != Wanted::End;
                    return Poll::Ready(Err(match error {
                        ReceiveError::AbnormalClosure => self.failure().unwrap_or(Error::AbnormalClosure),
                        error => Error::received(error, self.inbound.violation()),
                    }));
                }
            }
        }
    }

    /// Reads once, after what could not be written before is tried again.
    fn poll_read(&mut self, cx: &mut Context<'_>, has_limit: bool) -> Poll<Result<(), Error>> {
        let settled = self.settle(cx);
        let read = self
            .reader
            .poll_read(cx, &mut self.stream, &mut self.inbound, has_limit);
        match read {
            Poll::Ready(Ok(Waited::Read)) => Poll::Ready(Ok(())),
            Poll::Ready(Ok(Waited::PingIsDue)) => {
                self.leave(Pending::PING);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(Waited::CloseIsDue)) => {
                match self.is_close_queued(cx, Some(CloseCode::GOING_AWAY), "") {
                    true => {
                        self.reader.shutdown_queued();
                        Poll::Ready(Ok(()))
                    }
                    // The other half is within a frame, whose end wakes this task.
                    false => Poll::Pending,
                }
            }
            Poll::Ready(Err(error @ Error::Io(_))) => Poll::Ready(Err(self.failure().unwrap_or(error))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                Reader::shrink(&mut self.inbound, &mut self.assembler);
                if settled.is_none() {
                    // The other half was in a poll, which has ended soon; then this task waits for the stream itself.
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            }
        }
    }

    fn poll_handshake(
        &mut self,
        cx: &mut Context<'_>,
        code: Option<CloseCode>,
        reason: &str,
    ) -> Poll<Result<(), Error>> {
        if self.closing.is_to_be_queued() && self.is_close_queued(cx, code, reason) {
            self.closing.queued();
        }
        let ended = ready!(self.poll_until(cx, Wanted::End));
        // The answer to the peer's Close goes before the stream ends, after a frame of the other half.
        let has_other = Arc::strong_count(&self.shared) > 1;
        let shared = &self.shared;
        let waker = cx.waker();
        let answered = shared.hold(
            |part, slot| {
                let cx = &mut Context::from_waker(waker);
                let done = ready!(part.answer(cx, slot, By::Reader));
                if !done && has_other {
                    part.writer.wait(By::Reader, cx);
                    return Poll::Pending;
                }
                Poll::Ready(())
            },
            |part, slot| part.answer(&mut Context::from_waker(waker), slot, By::Reader),
        );
        ready!(answered);
        Poll::Ready(ended.map(drop))
    }

    /// Queues our Close after the frame that the other half is within, as soon as that is queued. Returns `true` once it is, or can't be.
    fn is_close_queued(&self, cx: &Context<'_>, code: Option<CloseCode>, reason: &str) -> bool {
        let waker = cx.waker();
        !self.inbound.is_open()
            || self.shared.hold(
                |part, slot| {
                    let cx = &mut Context::from_waker(waker);
                    part.queue_close(cx, slot, &mut close_frame(code, reason))
                },
                |part, slot| part.answer(&mut Context::from_waker(waker), slot, By::Reader),
            )
    }

    /// Leaves what has to be sent to the other half.
    fn leave(&mut self, pending: Pending) {
        let mut left = self.inbound.take_pending();
        left.merge(pending);
        self.shared.leave(left);
    }

    /// Sends what is queued and what was left; `None` if the other half does that now.
    fn settle(&self, cx: &Context<'_>) -> Option<Poll<bool>> {
        let waker = cx.waker();
        let answer = |part: &mut Part<S, R>, slot: &Slot<'_, Mutex<Pending>>| {
            part.answer(&mut Context::from_waker(waker), slot, By::Reader)
        };
        self.shared.settle(answer)
    }

    /// Treats a stream that is too slow as one that refuses to write.
    fn refuse(&self) {
        self.shared.look(|part| {
            part.outbound.refused();
            part.writer.fail(&ErrorKind::TimedOut.into());
        });
    }

    fn failure(&self) -> Option<Error> {
        self.shared.look(|part| part.writer.failure())?
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> WriteHalf<S, R> {
    sending_methods!();

    /// Returns what was sent, also by the reading half: its answers to Pings and to the peer's Close.
    #[must_use]
    pub fn sent(&self) -> Counters {
        self.shared.with(|part| part.writer.sent(&part.outbound))
    }

    fn begin(&mut self) {
        self.hold(&Context::from_waker(Waker::noop()), |part, _| part.writer.begin());
    }

    fn poll_room(&mut self, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        self.hold(cx, |part, cx| {
            let room = part.sending(By::Writer).poll_room(cx);
            part.writer.limit(cx, room, Error::WriteTimeout)
        })
    }

    fn poll_room_for_shared(&mut self, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        self.hold(cx, |part, cx| {
            if part.writer.may_send_shared(&part.outbound) {
                return Poll::Ready(Ok(()));
            }
            Writer::lease_short(&mut part.outbound);
            let room = part.sending(By::Writer).poll_room(cx);
            part.writer.limit(cx, room, Error::WriteTimeout)
        })
    }

    /// As that of a whole connection; but between two messages the reading half may have something sent.
    fn poll_quiet(
        forwarding: &mut Forwarding<'_, Self>,
        cx: &mut Context<'_>,
        messages: &mut Subscription,
    ) -> Poll<Result<bool, Result<(), Error>>> {
        // Whoever reads waits for the stream itself.
        let nobody = &Context::from_waker(Waker::noop());
        let Forwarding {
            connection,
            whole,
            taken,
            ..
        } = forwarding;
        while connection.hold(nobody, |part, _| part.writer.may_pass(&part.outbound)) {
            let message = ready!(messages.poll_recv(cx)).map_err(ended)?;
            let is_sent = connection.hold(cx, |part, cx| {
                if !part.writer.may_pass(&part.outbound) {
                    *taken = Some(message);
                    return Ok(false);
                }
                match poll_past(cx, &mut part.stream, &message, whole) {
                    Ok(()) => Ok(true),
                    Err(written) => {
                        *taken = part.sending(By::Writer).begin_shared(message, written)?;
                        Ok(false)
                    }
                }
            });
            if !is_sent.map_err(Err)? {
                return Poll::Ready(Ok(true));
            }
        }
        Poll::Ready(Ok(false))
    }

    fn start(&mut self, message: Message) -> Result<(), Error> {
        // Whoever reads waits for the stream itself.
        let cx = &Context::from_waker(Waker::noop());
        self.hold(cx, |part, _| part.sending(By::Writer).start(message))
    }

    fn poll_sent(&mut self, cx: &Context<'_>, frame: &mut Frame<'_>) -> Poll<Result<(), Error>> {
        self.hold(cx, |part, cx| part.sending(By::Writer).poll_sent(cx, frame))
    }

    /// Sends a message after [`WriteHalf::poll_room_for_shared`], and writes all that is queued.
    fn poll_shared_flushed(
        &mut self,
        cx: &Context<'_>,
        taken: &mut Option<SharedMessage>,
    ) -> Poll<Result<(), Error>> {
        let taken = taken.take();
        self.hold(cx, |part, cx| {
            if let Some(message) = taken {
                let sent = part.sending(By::Writer).poll_shared(cx, message);
                ready!(part.writer.limit(cx, sent, Error::Unflushed))?;
            }
            part.sending(By::Writer).poll_flushed(cx)
        })
    }

    fn poll_flushed(&mut self, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        self.hold(cx, |part, cx| part.sending(By::Writer).poll_flushed(cx))
    }

    /// Runs after what the reading half has left, and then sends what that has left since.
    fn hold<T>(&mut self, cx: &Context<'_>, act: impl FnOnce(&mut Part<S, R>, &mut Context<'_>) -> T) -> T {
        let waker = cx.waker();
        self.shared.hold(
            |part, slot| {
                part.queue_left(slot);
                act(part, &mut Context::from_waker(waker))
            },
            |part, slot| part.answer(&mut Context::from_waker(waker), slot, By::Writer),
        )
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> Part<S, R> {
    fn sending(&mut self, by: By) -> Sending<'_, SharedStream<S>, R> {
        Sending {
            stream: &mut self.stream,
            outbound: &mut self.outbound,
            writer: &mut self.writer,
            by,
        }
    }

    /// Queues what was left, between frames and as far as there is room.
    fn queue_left(&mut self, slot: &Slot<'_, Mutex<Pending>>) {
        slot.update(|pending| {
            if !pending.is_empty() {
                self.writer.lease(&mut self.outbound);
                self.outbound.send_pending(pending);
            }
        });
    }

    /// Writes what is queued and what was left. Returns `true` if nothing is left, and `false` within a frame of the other half.
    fn answer(&mut self, cx: &mut Context<'_>, slot: &Slot<'_, Mutex<Pending>>, by: By) -> Poll<bool> {
        loop {
            self.queue_left(slot);
            // If the stream refuses it, what was received says how the connection ends.
            let _ = ready!(self.sending(by).poll_kept(cx));
            if self.outbound.is_within_frame() {
                return Poll::Ready(false);
            }
            self.queue_left(slot);
            let _ = ready!(self.sending(by).poll_flush(cx));
            if slot.is_empty() {
                return Poll::Ready(true);
            }
        }
    }

    /// Queues our Close after what was left; returns `false` while the other half is within a frame.
    fn queue_close(
        &mut self,
        cx: &mut Context<'_>,
        slot: &Slot<'_, Mutex<Pending>>,
        frame: &mut Frame<'_>,
    ) -> bool {
        let is_kept = self.sending(By::Reader).poll_kept(cx).is_pending();
        if is_kept || self.outbound.is_within_frame() {
            self.writer.wait(By::Reader, cx);
            return false;
        }
        Writer::make_room_for_close(&mut self.outbound);
        self.queue_left(slot);
        Writer::make_room_for_close(&mut self.outbound);
        match self.outbound.next_sent(frame) {
            // The stream was refused; what was received says how the connection ends.
            Ok(_) | Err(SendError::Closed) => true,
            Err(_) => false,
        }
    }
}

impl<S, R> Forwards for WriteHalf<S, R> {
    fn count(&mut self, whole: &WholeMessages) {
        self.shared.with(|part| part.writer.counters.add_whole(whole));
    }
}

/// Whoever closes does not wait any longer for a frame that nobody ends.
impl<S, R> Drop for WriteHalf<S, R> {
    fn drop(&mut self) {
        self.shared.look(|part| part.writer.wake_reader());
    }
}

impl<S: fmt::Debug, R: Role + fmt::Debug> fmt::Debug for ReadHalf<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf")
            .field("inbound", &self.inbound)
            .finish_non_exhaustive()
    }
}

impl<S, R> fmt::Debug for WriteHalf<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}
