//! Sending, by a whole connection and by its writing half.

use crate::broadcast::{SharedMessage, Subscription};
use crate::counters::WholeMessages;
use crate::error::Error;
use crate::forwarding::{Forwarding, Forwards, ended, poll_past};
use crate::message::Message;
use crate::websocket::WebSocket;
use crate::writer::{By, Writer};
use bareframe::{CloseCode, Frame, Next, Role, SendError, State};
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

/// The methods that send. They use `begin`, `poll_room`, `start`, `poll_sent` and `poll_flushed`.
macro_rules! sending_methods {
    () => {
        /// Sends a message: it was written, with all that was fed before, when this returns. The payload is owned, and copied only
        /// where it is gathered with others or masked; [`Message`] is made of a `&str`, a `String`, a `Vec<u8>` and the like.
        ///
        /// # Cancel safety
        ///
        /// It first waits for room. If the future is dropped meanwhile, nothing was sent. Then the message is taken: if the future is
        /// dropped, the next call of any method that reads or writes sends what is left of it.
        ///
        /// # Errors
        ///
        /// [`Error::WriteTimeout`], [`Error::Send`] and [`Error::Io`]: nothing of it was taken, or the connection is gone.
        /// [`Error::Unflushed`] if it was taken and the time is over; it is not sent again.
        #[inline]
        pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
            self.feed(message).await?;
            poll_fn(|cx| self.poll_flushed(cx)).await
        }

        /// Queues a message, which leaves in one write with what is fed or sent after it: with the next call that sends, flushes, or
        /// waits for the peer. It waits while [`Options::write_buffer`](crate::Options::write_buffer) bytes are queued. If the
        /// connection is dropped before it was written, it is lost.
        ///
        /// # Cancel safety
        ///
        /// If the future is dropped, nothing was sent.
        ///
        /// # Errors
        ///
        /// [`Error::WriteTimeout`], [`Error::Send`] and [`Error::Io`]: nothing of it was taken, or the connection is gone.
        #[inline]
        pub async fn feed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
            let message = message.into();
            self.begin();
            poll_fn(|cx| self.poll_room(cx)).await?;
            self.start(message)
        }

        /// Writes all that was fed, and what an earlier call could not write.
        ///
        /// # Cancel safety
        ///
        /// If the future is dropped, the next call continues.
        ///
        /// # Errors
        ///
        /// [`Error::Unflushed`] or [`Error::Io`].
        pub async fn flush(&mut self) -> Result<(), Error> {
            self.begin();
            poll_fn(|cx| self.poll_flushed(cx)).await
        }

        /// Sends a frame whose payload is borrowed, such as a fragment of a message or one of a
        /// [`PreparedFrame`](crate::PreparedFrame): it was written when this returns. After [`Error::WriteTimeout`], a call with the
        /// same frame continues.
        ///
        /// ```
        /// use bareframe_tokio::{Error, Frame, Options, WebSocket};
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Error> {
        /// let (stream, mut peer) = tokio::io::duplex(64);
        /// let mut server = WebSocket::server(stream, &Options::DEFAULT);
        /// server.send_frame(&mut Frame::text("Hel").fragment(false)).await?;
        /// server.ping("").await?;
        /// server.send_frame(&mut Frame::text("lo")).await?;
        /// # let mut sent = [0; 11];
        /// # tokio::io::AsyncReadExt::read_exact(&mut peer, &mut sent).await?;
        /// # assert_eq!(&sent, b"\x01\x03Hel\x89\x00\x80\x02lo");
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Cancel safety
        ///
        /// If the future is dropped, a call with the same frame sends the rest. If the frame is dropped before it was sent, the
        /// connection can't continue, and only `fail` is left.
        ///
        /// # Errors
        ///
        /// [`Error::WriteTimeout`], [`Error::Send`] or [`Error::Io`]; [`Error::Unflushed`] if all of it is queued.
        pub async fn send_frame(&mut self, frame: &mut Frame<'_>) -> Result<(), Error> {
            self.begin();
            poll_fn(|cx| self.poll_sent(cx, frame)).await?;
            poll_fn(|cx| self.poll_flushed(cx)).await
        }

        /// Queues a frame whose payload is borrowed. It leaves in one write with what is fed or sent after it: with the next call that
        /// sends, flushes, or waits for the peer. What does not fit the write buffer is written before.
        ///
        /// ```
        /// use bareframe_tokio::{Error, Frame, Options, WebSocket};
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Error> {
        /// let (stream, mut peer) = tokio::io::duplex(64);
        /// let mut server = WebSocket::server(stream, &Options::DEFAULT);
        /// server.feed_frame(&mut Frame::text("Hel").fragment(false)).await?;
        /// server.feed_frame(&mut Frame::text("lo")).await?;
        /// server.flush().await?;
        /// # let mut sent = [0; 9];
        /// # tokio::io::AsyncReadExt::read_exact(&mut peer, &mut sent).await?;
        /// # assert_eq!(&sent, b"\x01\x03Hel\x80\x02lo");
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Cancel safety
        ///
        /// As `send_frame`.
        ///
        /// # Errors
        ///
        /// [`Error::WriteTimeout`], [`Error::Send`] or [`Error::Io`]. After the first, a call with the same frame continues.
        pub async fn feed_frame(&mut self, frame: &mut Frame<'_>) -> Result<(), Error> {
            self.begin();
            poll_fn(|cx| self.poll_sent(cx, frame)).await
        }

        /// Sends a message that many connections send: it was written, with all that was fed before, when this returns. A server
        /// writes it from where it is.
        ///
        /// # Cancel safety
        ///
        /// As `send`.
        ///
        /// # Errors
        ///
        /// As `send`.
        pub async fn send_shared(&mut self, message: &SharedMessage) -> Result<(), Error> {
            self.begin();
            poll_fn(|cx| self.poll_room_for_shared(cx)).await?;
            let mut taken = Some(message.clone());
            poll_fn(|cx| self.poll_shared_flushed(cx, &mut taken)).await
        }

        /// Sends all that a broadcast has for this connection, until the broadcast ends. If that has more than this queue's bound for it
        /// ([`Overflow::Close`](crate::Overflow::Close)), a Close with 1013 is sent as far as the stream takes it, and
        /// [`Error::TooSlow`] returned: what is left is to drop the connection, or `close`.
        ///
        /// # Cancel safety
        ///
        /// If the future is dropped, no message is lost: the next call of any method that reads or writes sends what is left of the
        /// one that was taken from the queue.
        ///
        /// # Errors
        ///
        /// [`Error::TooSlow`]; what `send` returns.
        pub async fn forward(&mut self, messages: &mut Subscription) -> Result<(), Error> {
            let mut forwarding = Forwarding::new(self);
            let forwarded = loop {
                forwarding.connection.begin();
                let is_taken = match poll_fn(|cx| Self::poll_quiet(&mut forwarding, cx, messages)).await {
                    Ok(is_taken) => is_taken,
                    Err(forwarded) => break forwarded,
                };
                let Forwarding {
                    connection, taken, ..
                } = &mut forwarding;
                if !is_taken {
                    // While no message is there, nothing is held to send it with.
                    let room = poll_fn(|cx| {
                        ready!(messages.poll_any(cx));
                        match connection.poll_room_for_shared(cx) {
                            Poll::Pending => messages.poll_too_slow(cx).map(|()| Err(Error::TooSlow)),
                            room => room,
                        }
                    });
                    if let Err(error) = room.await {
                        break Err(error);
                    }
                    match messages.recv().await {
                        Ok(message) => *taken = Some(message),
                        Err(error) => break ended(error),
                    }
                }
                // The first poll takes the message, before anything is waited for.
                let flushed = poll_fn(|cx| match connection.poll_shared_flushed(cx, taken) {
                    Poll::Pending => messages.poll_too_slow(cx).map(|()| Err(Error::TooSlow)),
                    flushed => flushed,
                });
                if let Err(error) = flushed.await {
                    break Err(error);
                }
            };
            drop(forwarding);
            if matches!(forwarded, Err(Error::TooSlow)) {
                poll_fn(|cx| {
                    if let Poll::Ready(Ok(())) = self.poll_room(cx) {
                        let _ = self.start(Message::close(Some(CloseCode::TRY_AGAIN_LATER), ""));
                        let _ = self.poll_flushed(cx);
                    }
                    Poll::Ready(())
                })
                .await;
            }
            forwarded
        }

        /// Sends a text message (RFC 6455 section 5.6).
        ///
        /// # Cancel safety
        ///
        /// As `send`.
        ///
        /// # Errors
        ///
        /// As `send`.
        pub async fn send_text(&mut self, text: impl Into<crate::Utf8Bytes>) -> Result<(), Error> {
            self.send(Message::Text(text.into())).await
        }

        /// Sends a binary message (RFC 6455 section 5.6).
        ///
        /// # Cancel safety
        ///
        /// As `send`.
        ///
        /// # Errors
        ///
        /// As `send`.
        pub async fn send_binary(&mut self, payload: impl Into<bytes::Bytes>) -> Result<(), Error> {
            self.send(Message::Binary(payload.into())).await
        }

        /// Sends a Ping with at most 125 bytes of payload (RFC 6455 section 5.5.2).
        ///
        /// # Cancel safety
        ///
        /// As `send`.
        ///
        /// # Errors
        ///
        /// As `send`.
        pub async fn ping(&mut self, payload: impl Into<bytes::Bytes>) -> Result<(), Error> {
            self.send(Message::Ping(payload.into())).await
        }

        /// Sends a Pong that no Ping asked for, or the answer where
        /// [`Config::with_auto_pong`](crate::Config::with_auto_pong) is off (RFC 6455 section 5.5.3).
        ///
        /// # Cancel safety
        ///
        /// As `send`.
        ///
        /// # Errors
        ///
        /// As `send`.
        pub async fn pong(&mut self, payload: impl Into<bytes::Bytes>) -> Result<(), Error> {
            self.send(Message::Pong(payload.into())).await
        }

        /// Sends our Close, after which nothing can be sent; what the peer still sends is received until its own (RFC 6455 section
        /// 7.1.2). `close` does the rest as well. A reason of more than 123 bytes is cut at a character.
        ///
        /// # Cancel safety
        ///
        /// As `send`.
        ///
        /// # Errors
        ///
        /// As `send`.
        pub async fn send_close(
            &mut self,
            code: impl Into<Option<CloseCode>>,
            reason: &str,
        ) -> Result<(), Error> {
            self.send(Message::close(code.into(), reason)).await
        }

        /// Polls until a message may be given to `start_send`: fewer than
        /// [`Options::write_buffer`](crate::Options::write_buffer) bytes are queued.
        ///
        /// # Errors
        ///
        /// [`Error::WriteTimeout`], [`Error::Send`] or [`Error::Io`].
        pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
            let room = self.poll_room(cx);
            if room.is_ready() {
                self.begin();
            }
            room
        }

        /// Queues a message, after `poll_ready` has returned `Ready`. Without, more memory than was asked for may be used, or a
        /// message that is not written yet refused with [`SendError::InsideFrame`].
        ///
        /// # Errors
        ///
        /// [`Error::Send`] or [`Error::Io`]; nothing of it was taken.
        pub fn start_send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
            self.start(message.into())
        }

        /// Polls until all that was queued is written.
        ///
        /// # Errors
        ///
        /// [`Error::Unflushed`] or [`Error::Io`].
        pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
            let flushed = self.poll_flushed(cx);
            if flushed.is_ready() {
                self.begin();
            }
            flushed
        }
    };
}

pub(crate) use sending_methods;

/// A send waits for room and then takes its message; what it has taken, any later call sends.
impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> WebSocket<S, R> {
    sending_methods!();

    /// Fails the connection on behalf of a layer above: nothing more is received, and the peer is told in a Close (RFC 6455 section
    /// 7.1.7), after a message that was taken and is not written yet. Within a frame whose [`Frame`] was given up no Close can be sent.
    ///
    /// # Cancel safety
    ///
    /// The connection has failed once the future was polled; if it is dropped, the Close waits for the next call.
    ///
    /// # Errors
    ///
    /// [`Error::Unflushed`] or [`Error::Io`].
    pub async fn fail(&mut self, code: CloseCode) -> Result<(), Error> {
        self.closing.is_reported = true;
        match self.writer.kept {
            Some(_) => self.session.both().0.fail(code),
            None => self.session.fail(code),
        }
        let flushed = self.flush().await;
        self.note_ended(None);
        flushed
    }

    fn begin(&mut self) {
        self.writer.begin();
    }

    /// Queues what has to be answered, which goes before what is sent.
    fn queue_answers(&mut self) -> Result<(), Error> {
        self.writer.lease(self.session.both().1);
        let _ = self.session.next_flush();
        match self.session.state() {
            State::Failed => {
                let closed = Error::Send(SendError::Closed);
                Err(self.writer.failure().unwrap_or(closed))
            }
            _ => Ok(()),
        }
    }

    fn poll_room_for_shared(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let (inbound, outbound) = self.session.both();
        // Most often there is nothing to be sent before it, and then no queue is needed.
        if !inbound.has_pending() && self.writer.may_send_shared(outbound) {
            return Poll::Ready(Ok(()));
        }
        Writer::lease_short(outbound);
        self.poll_room(cx)
    }

    /// Sends messages as they come while nothing is to be sent before them. Returns `true` if one was taken and not sent as a whole, `false`
    /// if none was because something is to be sent before, and otherwise what comes of the forward.
    fn poll_quiet(
        forwarding: &mut Forwarding<'_, Self>,
        cx: &mut Context<'_>,
        messages: &mut Subscription,
    ) -> Poll<Result<bool, Result<(), Error>>> {
        let this = &mut *forwarding.connection;
        if !forwarding.is_quiet {
            let (inbound, outbound) = this.session.both();
            if inbound.has_pending() || !this.writer.may_pass(outbound) {
                return Poll::Ready(Ok(false));
            }
            forwarding.is_quiet = true;
        }
        loop {
            let message = ready!(messages.poll_recv(cx)).map_err(ended)?;
            if let Err(written) = poll_past(cx, &mut this.stream, &message, &mut forwarding.whole) {
                forwarding.is_quiet = false;
                let begun = this.sending(By::Writer).begin_shared(message, written);
                forwarding.taken = begun.map_err(Err)?;
                return Poll::Ready(Ok(true));
            }
        }
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.queue_answers()?;
        let room = self.sending(By::Writer).poll_room(cx);
        self.writer.limit(cx, room, Error::WriteTimeout)
    }

    fn start(&mut self, message: Message) -> Result<(), Error> {
        self.sending(By::Writer).start(message)
    }

    fn poll_sent(&mut self, cx: &mut Context<'_>, frame: &mut Frame<'_>) -> Poll<Result<(), Error>> {
        if !frame.is_begun() {
            self.queue_answers()?;
        }
        self.sending(By::Writer).poll_sent(cx, frame)
    }

    /// Sends a message after [`WebSocket::poll_room_for_shared`], and writes all that is queued.
    fn poll_shared_flushed(
        &mut self,
        cx: &mut Context<'_>,
        taken: &mut Option<SharedMessage>,
    ) -> Poll<Result<(), Error>> {
        if let Some(message) = taken.take() {
            let sent = self.sending(By::Writer).poll_shared(cx, message);
            ready!(self.writer.limit(cx, sent, Error::Unflushed))?;
        }
        self.poll_flushed(cx)
    }

    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let flushed = self.poll_all_flushed(cx, By::Writer);
        self.writer.limit(cx, flushed, Error::Unflushed)
    }

    pub(crate) fn poll_all_flushed(&mut self, cx: &mut Context<'_>, by: By) -> Poll<Result<(), Error>> {
        loop {
            let (inbound, outbound) = self.session.both();
            let has_kept = self.writer.kept.is_some();
            if has_kept || inbound.has_pending() {
                self.writer.lease(outbound);
            }
            // The answers that had no room before are queued by it.
            if self.session.next_flush() == Next::Ready && !has_kept {
                Writer::shrink(self.session.both().1);
                return Poll::Ready(Ok(()));
            }
            ready!(self.sending(by).poll_flush(cx))?;
        }
    }
}

impl<S, R> Forwards for WebSocket<S, R> {
    fn count(&mut self, whole: &WholeMessages) {
        self.writer.counters.add_whole(whole);
    }
}
