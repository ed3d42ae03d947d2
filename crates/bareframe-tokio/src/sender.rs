//! Sending while what was received is lent.

use crate::error::Error;
use crate::sending::Sending;
use crate::session::Outbound;
use crate::writer::{By, Writer};
use bareframe::{Frame, Role};
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;

/// What sends on a connection while a message that it received is lent.
///
/// [`WebSocket::read_with_sender`](crate::WebSocket::read_with_sender) lends it. A frame is made of what is sent: a `&str` is a text message,
/// a `&[u8]` a binary one, a message or a piece that was received is passed on, and [`Frame`] has the others. Nothing is copied,
/// unless it is gathered.
///
/// ```
/// use bareframe_tokio::{Error, Options, WebSocket};
/// use tokio::io::{AsyncRead, AsyncWrite};
/// async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), Error> {
///     let mut server = WebSocket::server(stream, &Options::DEFAULT);
///     while let Some((message, mut sender)) = server.read_with_sender().await? {
///         // Both leave in one write.
///         sender.feed("You said:").await?;
///         sender.send(&message).await?;
///     }
///     Ok(())
/// }
/// ```
pub struct MessageSender<'s, S, R> {
    sending: Sending<'s, S, R>,
}

/// A frame that is being sent. If it is dropped, what is left of it is copied, and the next call sends it.
struct Unsent<'a, 'f, S, R: Role> {
    sending: Sending<'a, S, R>,
    frame: Frame<'f>,
    /// All of it is queued or written.
    is_done: bool,
}

impl<'s, S: AsyncWrite + Unpin, R: Role> MessageSender<'s, S, R> {
    pub(crate) fn new(
        stream: &'s mut S,
        outbound: &'s mut Outbound<R>,
        writer: &'s mut Writer,
    ) -> MessageSender<'s, S, R> {
        MessageSender {
            sending: Sending {
                stream,
                outbound,
                writer,
                by: By::Writer,
            },
        }
    }

    /// Sends a frame: it was written, with all that was fed before, when this returns.
    ///
    /// # Cancel safety
    ///
    /// It first waits for room. If the future is dropped meanwhile, nothing was sent. If it is dropped later, the rest of the payload is
    /// copied, and the next call of any method that reads or writes sends it.
    ///
    /// # Errors
    ///
    /// [`Error::WriteTimeout`], [`Error::Send`] and [`Error::Io`]: nothing of it was taken, or the connection is gone.
    /// [`Error::Unflushed`] if it was taken and the time is over; it is not sent again.
    pub async fn send<'f>(&mut self, frame: impl Into<Frame<'f>>) -> Result<(), Error> {
        self.feed(frame).await?;
        poll_fn(|cx| self.sending.poll_flushed(cx)).await
    }

    /// Sends a frame as far as the stream takes it: after [`Error::WriteTimeout`], or if the future is dropped, a call with the same
    /// frame continues.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, a call with the same frame sends the rest. If the frame is dropped before it was sent, only
    /// [`WebSocket::fail`](crate::WebSocket::fail) is left; [`MessageSender::send`] is for those who may not come back.
    ///
    /// # Errors
    ///
    /// [`Error::WriteTimeout`], [`Error::Send`] or [`Error::Io`]; [`Error::Unflushed`] if all of it is queued.
    pub async fn send_frame(&mut self, frame: &mut Frame<'_>) -> Result<(), Error> {
        self.sending.writer.begin();
        poll_fn(|cx| self.sending.poll_sent(cx, frame)).await?;
        poll_fn(|cx| self.sending.poll_flushed(cx)).await
    }

    /// Queues a frame, which leaves in one write with what is fed or sent after it: with the next call that sends, flushes, or
    /// waits for the peer. What does not fit the write buffer is written before.
    ///
    /// # Cancel safety
    ///
    /// As [`MessageSender::send`].
    ///
    /// # Errors
    ///
    /// As [`MessageSender::send`].
    pub async fn feed<'f>(&mut self, frame: impl Into<Frame<'f>>) -> Result<(), Error> {
        self.sending.writer.begin();
        let mut unsent = Unsent {
            sending: self.sending.reborrow(),
            frame: frame.into(),
            is_done: false,
        };
        poll_fn(|cx| unsent.poll(cx)).await
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
        self.sending.writer.begin();
        poll_fn(|cx| self.sending.poll_flushed(cx)).await
    }
}

impl<S: AsyncWrite + Unpin, R: Role> Unsent<'_, '_, S, R> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let sent = self.sending.poll_sent(cx, &mut self.frame);
        self.is_done = matches!(sent, Poll::Ready(Ok(())));
        match sent {
            Poll::Ready(Err(Error::WriteTimeout)) if self.frame.is_begun() => {
                Poll::Ready(Err(Error::Unflushed))
            }
            sent => sent,
        }
    }
}

impl<S, R: Role> Drop for Unsent<'_, '_, S, R> {
    fn drop(&mut self) {
        if self.frame.is_begun() && !self.is_done {
            Writer::keep(self.sending.outbound, &mut self.frame);
        }
    }
}

impl<S: fmt::Debug, R: Role + fmt::Debug> fmt::Debug for MessageSender<'_, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageSender")
            .field("stream", &self.sending.stream)
            .field("outbound", &self.sending.outbound)
            .finish_non_exhaustive()
    }
}
