//! Receiving.

use crate::error::Error;
use crate::message::Message;
use crate::reader::{READS, Reader, Waited};
use crate::sender::MessageSender;
use crate::sending::Sending;
use crate::websocket::WebSocket;
use crate::writer::{By, Writer};
use bareframe::{CloseCode, Event, Frame, Message as MessageRef, Next, ReceiveError, Role};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

/// What was received, and what sends while it is lent.
pub type WithSender<'s, T, S, R> = (T, MessageSender<'s, S, R>);

/// What a call looks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    Message,
    MessageOrControl,
    Event,
    /// The end; what comes before is dropped.
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> WebSocket<S, R> {
    /// Reads until a message is whole and lends it; `None` when the connection has ended cleanly.
    ///
    /// A message that came in one read is lent from there; others are gathered in memory that grows with what has arrived, never
    /// with what was declared. Pings and the peer's Close are answered.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost: the next call continues.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Protocol`], [`Error::AbnormalClosure`], or [`Error::KeepaliveTimeout`];
    /// [`Error::MessageSkipped`], once, for a message of which [`WebSocket::read_event`] took a part;
    /// [`Error::UnfinishedFrame`] while a frame of ours is not finished and the peer has closed.
    #[inline]
    pub async fn read(&mut self) -> Result<Option<MessageRef<'_>>, Error> {
        let is_ready = poll_fn(|cx| self.poll_until(cx, Wanted::Message)).await?;
        Ok(match is_ready {
            true => self
                .reader
                .counters
                .message(self.session.message(&mut self.assembler)),
            false => None,
        })
    }

    /// As [`WebSocket::read`], and returns what sends while the message is lent.
    ///
    /// ```
    /// use bareframe_tokio::{Error, Options, WebSocket};
    /// use tokio::io::{AsyncRead, AsyncWrite};
    /// async fn echo(stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), Error> {
    ///     let mut server = WebSocket::server(stream, &Options::DEFAULT);
    ///     while let Some((message, mut sender)) = server.read_with_sender().await? {
    ///         sender.send(&message).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocket::read`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub async fn read_with_sender(&mut self) -> Result<Option<WithSender<'_, MessageRef<'_>, S, R>>, Error> {
        if !poll_fn(|cx| self.poll_until(cx, Wanted::Message)).await? {
            return Ok(None);
        }
        let (inbound, outbound) = self.session.both();
        let sender = MessageSender::new(&mut self.stream, outbound, &mut self.writer);
        let message = inbound.message(&mut self.assembler);
        let message = self.reader.counters.message(message);
        Ok(message.map(|message| (message, sender)))
    }

    /// Reads the next event: a piece of a message as it arrives, or a control frame; `None` when the connection has ended cleanly. It
    /// needs no memory for messages, however long they are.
    ///
    /// ```
    /// use bareframe_tokio::{Event, Options, WebSocket};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), bareframe_tokio::Error> {
    /// let arrived = b"\x01\x82\0\0\0\0He\x80\x83\0\0\0\0llo";
    /// let mut server = WebSocket::server(tokio::io::empty(), &Options::DEFAULT).with_leftover(arrived);
    /// let Some(Event::Data(piece)) = server.read_event().await? else { panic!() };
    /// assert_eq!((piece.payload(), piece.is_first(), piece.is_last()), (&b"He"[..], true, false));
    /// let Some(Event::Data(piece)) = server.read_event().await? else { panic!() };
    /// assert_eq!((piece.payload(), piece.is_first(), piece.is_last()), (&b"llo"[..], false, true));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost: the next call continues.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`]; [`Error::MessageSkipped`], once, for a message of which [`WebSocket::read`] took a part before
    /// it was dropped or returned an error.
    pub async fn read_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        let is_ready = poll_fn(|cx| self.poll_until(cx, Wanted::Event)).await?;
        Ok(match is_ready {
            true => self.reader.counters.event(self.session.event()),
            false => None,
        })
    }

    /// As [`WebSocket::read_event`], and returns what sends while the piece is lent.
    ///
    /// ```
    /// use bareframe_tokio::{Error, Event, Options, WebSocket};
    /// use tokio::io::{AsyncRead, AsyncWrite};
    /// async fn echo(stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), Error> {
    ///     let mut server = WebSocket::server(stream, &Options::DEFAULT);
    ///     while let Some((event, mut sender)) = server.read_event_with_sender().await? {
    ///         if let Event::Data(piece) = event {
    ///             sender.send(&piece).await?;
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocket::read_event`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read_event`].
    pub async fn read_event_with_sender(&mut self) -> Result<Option<WithSender<'_, Event<'_>, S, R>>, Error> {
        if !poll_fn(|cx| self.poll_until(cx, Wanted::Event)).await? {
            return Ok(None);
        }
        let (inbound, outbound) = self.session.both();
        let sender = MessageSender::new(&mut self.stream, outbound, &mut self.writer);
        let event = self.reader.counters.event(inbound.event());
        Ok(event.map(|event| (event, sender)))
    }

    /// Polls for what [`WebSocket::read`] returns. With the functions that poll for sending, one task does both at once: while it
    /// reads, reading continues although writing is pending.
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
                .message(self.session.message(&mut self.assembler)),
            false => None,
        }))
    }

    /// Polls for what [`WebSocket::read_event`] returns.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read_event`].
    pub fn poll_next_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event<'_>>, Error>> {
        let is_ready = ready!(self.poll_until(cx, Wanted::Event))?;
        Poll::Ready(Ok(match is_ready {
            true => self.reader.counters.event(self.session.event()),
            false => None,
        }))
    }

    /// Polls for the next message or control frame, in memory of its own.
    pub(crate) fn poll_next_owned(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        if !ready!(self.poll_until(cx, Wanted::MessageOrControl))? {
            return Poll::Ready(Ok(None));
        }
        let (inbound, _) = self.session.both();
        let message = Message::take(inbound, &mut self.assembler);
        Poll::Ready(Ok(self.reader.note_taken(message)))
    }

    /// Performs what the session says until what is wanted is there; returns `false` when the connection has ended, and tells that.
    #[inline]
    pub(crate) fn poll_until(&mut self, cx: &mut Context<'_>, wanted: Wanted) -> Poll<Result<bool, Error>> {
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
        self.writer.lease(self.session.both().1);
        // What an earlier call has taken continues; if it can't, it hides nothing that arrives.
        if self.writer.kept.is_some() {
            let _ = self.sending(By::Reader).poll_kept(cx);
        }
        let mut reads = 0;
        loop {
            let next = match (self.session.next_if_idle(), wanted) {
                (Some(next), _) => Ok(next),
                (_, Wanted::Message) => self.session.next_message(&mut self.assembler),
                (_, Wanted::MessageOrControl) => self.session.next_message_or_control(&mut self.assembler),
                (_, Wanted::Event | Wanted::End) => self.session.next_event(),
            };
            match next {
                Ok(Next::Ready) if wanted == Wanted::End => {
                    let _ = self.reader.counters.event(self.session.event());
                }
                Ok(Next::Ready) => return Poll::Ready(Ok(true)),
                Ok(Next::Closed) => {
                    self.reader.done();
                    return Poll::Ready(Ok(false));
                }
                Ok(Next::Memory) => self.reader.lease(self.session.both().0),
                Ok(Next::Read) if reads == READS => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(Next::Read) => {
                    reads += 1;
                    ready!(self.poll_read(cx, wanted == Wanted::End))?;
                }
                Ok(next) => {
                    let done = self.sending(By::Reader).poll_perform(cx, next);
                    if done.is_pending() && !self.session.blocked(next) {
                        ready!(self.reader.poll_late(cx));
                        self.refuse();
                    }
                }
                Err(ReceiveError::MessageSkipped) if wanted == Wanted::End => {}
                // The rest of it waits for the stream.
                Err(ReceiveError::UnfinishedFrame) if self.writer.kept.is_some() => return Poll::Pending,
                Err(error) => {
                    self.reader.done();
                    let is_last = matches!(error, ReceiveError::AbnormalClosure | ReceiveError::Protocol(_));
                    self.closing.is_reported |= is_last && wanted != Wanted::End;
                    return Poll::Ready(Err(match error {
                        // Why the stream was refused says more than that it ended.
                        ReceiveError::AbnormalClosure => {
                            self.writer.failure().unwrap_or(Error::AbnormalClosure)
                        }
                        error => Error::received(error, self.session.violation()),
                    }));
                }
            }
        }
    }

    /// Reads once. While the peer is waited for, nothing is held that is not needed.
    fn poll_read(&mut self, cx: &mut Context<'_>, has_limit: bool) -> Poll<Result<(), Error>> {
        let (inbound, outbound) = self.session.both();
        match self.reader.poll_read(cx, &mut self.stream, inbound, has_limit) {
            Poll::Ready(Ok(Waited::Read)) => Poll::Ready(Ok(())),
            Poll::Ready(Ok(Waited::PingIsDue)) => {
                // Within a frame that is not finished none can be sent, and none after our Close.
                let _ = outbound.next_sent(&mut Frame::ping(&[]));
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(Waited::CloseIsDue)) => self.poll_going_away(cx),
            Poll::Ready(Err(error @ Error::Io(_))) => {
                Poll::Ready(Err(self.writer.failure().unwrap_or(error)))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                Reader::shrink(inbound, &mut self.assembler);
                Writer::shrink(outbound);
                Poll::Pending
            }
        }
    }

    /// Queues our Close because the program shuts down. Within a frame of the caller's that is for a later call.
    fn poll_going_away(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match ready!(self.poll_queue_close(cx, Some(CloseCode::GOING_AWAY), "")) {
            Ok(()) => {
                self.reader.shutdown_queued();
                Poll::Ready(Ok(()))
            }
            Err(_) => Poll::Pending,
        }
    }

    /// Treats a stream that is too slow as one that refuses to write.
    fn refuse(&mut self) {
        self.session.refused();
        self.writer.fail(&ErrorKind::TimedOut.into());
    }

    pub(crate) fn sending(&mut self, by: By) -> Sending<'_, S, R> {
        let (_, outbound) = self.session.both();
        Sending {
            stream: &mut self.stream,
            outbound,
            writer: &mut self.writer,
            by,
        }
    }
}
