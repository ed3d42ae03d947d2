//! Closing a whole connection.

use crate::close::StreamEnd;
use crate::error::Error;
use crate::message::close_frame;
use crate::read::Wanted;
use crate::websocket::WebSocket;
use crate::writer::{By, Writer};
use bareframe::{CloseCode, Role, SendError, State};
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> WebSocket<S, R> {
    /// Closes the connection: sends our Close if none was sent, waits for the peer's and drops the data that still arrives, and ends
    /// the stream (RFC 6455 section 7.1). To have the data, call [`WebSocket::send_close`] and then [`WebSocket::read`] until `None`.
    ///
    /// It is called as well when `read` has returned `None` or an error, to end the stream in good order. A server ends it first, and
    /// waits for the client to do so too, so that what was sent last is not lost; a client waits for the server. All of it lasts no
    /// longer than [`Options::close_timeout`](crate::Options::close_timeout). A reason of more than 123 bytes is cut at a character.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the next call continues, within the time of the first.
    ///
    /// # Errors
    ///
    /// [`Error::CloseTimeout`] if the peer's Close does not come in time, whereupon the connection is to be dropped; what
    /// [`WebSocket::read`] returns.
    pub async fn close(
        &mut self,
        code: impl Into<Option<CloseCode>>,
        reason: &str,
    ) -> Result<StreamEnd, Error> {
        let code = code.into();
        poll_fn(|cx| self.poll_close(cx, code, reason)).await
    }

    /// Polls for what [`WebSocket::close`] returns. The first call begins to close; what code and reason later ones have does not matter.
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
            let is_clean = result.is_ok() && self.session.state() == State::Closed;
            self.closing.note(result, is_clean);
        }
        self.closing.poll_end(cx, &mut self.stream)
    }

    fn poll_handshake(
        &mut self,
        cx: &mut Context<'_>,
        code: Option<CloseCode>,
        reason: &str,
    ) -> Poll<Result<(), Error>> {
        if self.closing.is_reported {
            // All that is left is to have the peer told.
            return Poll::Ready(match ready!(self.poll_all_flushed(cx, By::Reader)) {
                Err(Error::Io(_)) => Ok(()),
                flushed => flushed,
            });
        }
        loop {
            if self.closing.is_to_be_queued() {
                self.queue_close(cx, code, reason)?;
            }
            let ended = self.poll_until(cx, Wanted::End);
            // What was in front of our Close has left meanwhile.
            let may_queue = self.closing.is_to_be_queued() && self.writer.kept.is_none();
            if ended.is_ready() || !may_queue {
                return ended.map_ok(|_| ());
            }
        }
    }

    /// Queues our Close after a message that was taken, as soon as that is queued.
    fn queue_close(
        &mut self,
        cx: &mut Context<'_>,
        code: Option<CloseCode>,
        reason: &str,
    ) -> Result<(), Error> {
        match self.poll_queue_close(cx, code, reason) {
            Poll::Pending => return Ok(()),
            Poll::Ready(Ok(())) => self.closing.queued(),
            Poll::Ready(Err(_)) => {
                // No Close can follow a frame that is not finished (RFC 6455 section 7.1.7).
                self.session.fail(CloseCode::GOING_AWAY);
                self.closing.queued();
                return Err(Error::UnfinishedFrame);
            }
        }
        Ok(())
    }

    /// Queues our Close, unless the connection is closing. It waits until a message that was taken is queued, and is refused within a
    /// frame of the caller's.
    pub(crate) fn poll_queue_close(
        &mut self,
        cx: &mut Context<'_>,
        code: Option<CloseCode>,
        reason: &str,
    ) -> Poll<Result<(), SendError>> {
        if self.session.state() != State::Open {
            return Poll::Ready(Ok(()));
        }
        // If the stream refuses it, what was received says how the connection ends.
        let _ = ready!(self.sending(By::Reader).poll_kept(cx));
        let (_, outbound) = self.session.both();
        Writer::make_room_for_close(outbound);
        Poll::Ready(match self.session.next_sent(&mut close_frame(code, reason)) {
            Ok(_) | Err(SendError::Closed) => Ok(()),
            Err(error) => Err(error),
        })
    }
}
