//! Sending: what a session has to write goes to the stream.

use crate::broadcast::SharedMessage;
use crate::error::Error;
use crate::message::Message;
use crate::session::Outbound;
use crate::writer::{By, Kept, Outgoing, Writer};
use bareframe::{Frame, Next, Role, SendError};
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

/// A stream and the writing half of a session, for as long as one call lasts.
pub(crate) struct Sending<'s, S, R> {
    pub(crate) stream: &'s mut S,
    pub(crate) outbound: &'s mut Outbound<R>,
    pub(crate) writer: &'s mut Writer,
    pub(crate) by: By,
}

impl<S, R> Sending<'_, S, R> {
    pub(crate) const fn reborrow(&mut self) -> Sending<'_, S, R> {
        Sending {
            stream: self.stream,
            outbound: self.outbound,
            writer: self.writer,
            by: self.by,
        }
    }
}

impl<S: AsyncWrite + Unpin, R: Role> Sending<'_, S, R> {
    /// Waits until another message may be taken: there is room in the queue, and the one before is in it.
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.writer.lease(self.outbound);
        loop {
            ready!(self.poll_kept(cx))?;
            if self.outbound.is_within_frame()
                || self.outbound.is_closed()
                || self.writer.has_room(self.outbound)
            {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_write(cx, &mut Frame::NONE.clone()))?;
        }
    }

    /// Begins to send a message, after [`Sending::poll_room`].
    pub(crate) fn start(&mut self, message: Message) -> Result<(), Error> {
        if self.outbound.is_closed() {
            // Without room the session would not say so yet.
            return Err(self.refusal(SendError::Closed));
        }
        self.writer.lease(self.outbound);
        let mut frame = message.frame();
        self.writer.make_room(self.outbound, &frame);
        loop {
            match self.outbound.next_sent(&mut frame) {
                Ok(Next::Ready) => {
                    self.writer.note_message(&message);
                    return Ok(());
                }
                Ok(_) if self.writer.grow(self.outbound, &frame) => {}
                Ok(_) => {
                    let unsent = frame.unsent();
                    self.writer.note_message(&message);
                    let message = Outgoing::Own(message);
                    self.writer.kept = Some(Kept { message, unsent });
                    return Ok(());
                }
                Err(error) => return Err(self.refusal(error)),
            }
        }
    }

    /// Sends a message that many send, after [`Sending::poll_room`], and does not keep it unless it has to wait.
    pub(crate) fn poll_shared(
        &mut self,
        cx: &mut Context<'_>,
        message: SharedMessage,
    ) -> Poll<Result<(), Error>> {
        if self.outbound.is_closed() {
            return Poll::Ready(Err(self.refusal(SendError::Closed)));
        }
        let compression = self.writer.compression;
        let mut frame = message.frame(&compression).map_err(Error::Send)?;
        let sent = self.poll_queued(cx, &mut frame, false);
        if !matches!(sent, Poll::Ready(Err(_))) {
            self.writer.counters.add_payload(message.payload().len(), true);
        }
        if sent.is_pending() {
            let unsent = frame.unsent();
            let message = Outgoing::Shared(message);
            self.writer.kept = Some(Kept { message, unsent });
        }
        sent
    }

    /// Queues or writes all that is left of the message that was taken.
    #[inline]
    pub(crate) fn poll_kept(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.writer.kept.take() {
            None => Poll::Ready(Ok(())),
            Some(kept) => self.poll_taken(cx, kept),
        }
    }

    fn poll_taken(&mut self, cx: &mut Context<'_>, kept: Kept) -> Poll<Result<(), Error>> {
        self.writer.lease(self.outbound);
        let Kept { message, unsent } = kept;
        let compression = self.writer.compression;
        let mut frame = unsent.frame(message.payload(&compression));
        let done = self.poll_queued(cx, &mut frame, false);
        if done.is_pending() {
            let unsent = frame.unsent();
            self.writer.kept = Some(Kept { message, unsent });
        }
        done
    }

    /// Queues or writes all of a frame, after what was taken before, within the limit of the operation.
    pub(crate) fn poll_sent(
        &mut self,
        cx: &mut Context<'_>,
        frame: &mut Frame<'_>,
    ) -> Poll<Result<(), Error>> {
        let sent = self.poll_frame(cx, frame);
        self.writer.limit(cx, sent, Error::WriteTimeout)
    }

    /// Writes all that was taken and all that is queued, within the limit of the operation.
    pub(crate) fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let flushed = self.poll_flush(cx);
        self.writer.limit(cx, flushed, Error::Unflushed)
    }

    /// Queues or writes all of a frame, after what was taken before.
    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        frame: &mut Frame<'_>,
    ) -> Poll<Result<(), Error>> {
        self.writer.lease(self.outbound);
        if !frame.is_begun() {
            ready!(self.poll_kept(cx))?;
            self.writer.make_room(self.outbound, frame);
        }
        self.poll_queued(cx, frame, true)
    }

    /// Queues or writes all of a frame, and counts it when it begins if it is new.
    fn poll_queued(
        &mut self,
        cx: &mut Context<'_>,
        frame: &mut Frame<'_>,
        is_new: bool,
    ) -> Poll<Result<(), Error>> {
        loop {
            let was_begun = frame.is_begun();
            let len = frame.payload_len();
            let next = self.outbound.next_sent(frame);
            if is_new && !was_begun && frame.is_begun() && frame.kind().is_some() {
                self.writer.counters.add_payload(len, frame.is_last());
            }
            match next {
                Ok(Next::Ready) => return Poll::Ready(Ok(())),
                Ok(_) if frame.is_begun() && self.writer.grow(self.outbound, frame) => {}
                Ok(_) => ready!(self.poll_write(cx, frame))?,
                Err(error) => return Poll::Ready(Err(self.refusal(error))),
            }
        }
    }

    /// Writes all that was taken and all that is queued.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_kept(cx))?;
        loop {
            match self.outbound.next_flush() {
                Next::Ready => {
                    Writer::shrink(self.outbound);
                    return Poll::Ready(Ok(()));
                }
                next => ready!(self.poll_perform(cx, next))?,
            }
        }
    }

    /// Writes once, and flushes if nothing is queued any more.
    pub(crate) fn poll_perform(&mut self, cx: &mut Context<'_>, next: Next) -> Poll<Result<(), Error>> {
        if next == Next::Write {
            ready!(self.poll_write(cx, &mut Frame::NONE.clone()))?;
            if self.outbound.next_flush() != Next::Flush {
                return Poll::Ready(Ok(()));
            }
        }
        let both = self.writer.both(self.by, cx);
        let waker = both.as_ref().unwrap_or(cx.waker());
        let flushed = Pin::new(&mut *self.stream).poll_flush(&mut Context::from_waker(waker));
        if ready!(self.note(cx, flushed))?.is_some() {
            self.outbound.flushed();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, frame: &mut Frame<'_>) -> Poll<Result<(), Error>> {
        let both = self.writer.both(self.by, cx);
        let context = &mut Context::from_waker(both.as_ref().unwrap_or(cx.waker()));
        let [queued, payload] = self.outbound.to_write(frame);
        let stream = Pin::new(&mut *self.stream);
        let written = if queued.is_empty() {
            stream.poll_write(context, payload)
        } else if payload.is_empty() || !stream.is_write_vectored() {
            stream.poll_write(context, queued)
        } else {
            stream.poll_write_vectored(context, &[IoSlice::new(queued), IoSlice::new(payload)])
        };
        let written = written.map(|written| match written {
            Ok(0) => Err(ErrorKind::WriteZero.into()),
            written => written,
        });
        if let Some(len) = ready!(self.note(cx, written))? {
            self.writer.counters.add_bytes(len);
            self.outbound.wrote(len, frame);
        }
        Poll::Ready(Ok(()))
    }

    /// Notes what the stream did; `None` if it is to be asked again.
    fn note<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<Result<Option<T>, Error>> {
        match done {
            Poll::Pending => {
                self.writer.wait(self.by, cx);
                Poll::Pending
            }
            Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => Poll::Ready(Ok(None)),
            Poll::Ready(done) => {
                self.writer.wake_other(self.by, cx);
                if let Err(error) = &done {
                    self.outbound.refused();
                    self.writer.fail(error);
                }
                Poll::Ready(done.map(Some).map_err(Error::Io))
            }
        }
    }

    fn refusal(&self, error: SendError) -> Error {
        match (error, self.writer.failure()) {
            (SendError::Closed, Some(failure)) => failure,
            (error, _) => Error::Send(error),
        }
    }
}
