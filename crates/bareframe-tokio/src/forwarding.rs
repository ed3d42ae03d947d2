//! Forwarding a broadcast: nearly every message is one write, without the session.

use crate::broadcast::{BroadcastError, SharedMessage};
use crate::counters::WholeMessages;
use crate::error::Error;
use crate::sending::Sending;
use crate::writer::{Kept, Outgoing};
use bareframe::Role;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;

/// What forwards: a whole connection, or its writing half.
pub(crate) trait Forwards {
    /// Adds messages that were sent to what is counted.
    fn count(&mut self, whole: &WholeMessages);
}

/// A forward as long as it lasts. It counts by itself and adds that up when it ends, so that a message to thousands of connections touches
/// little memory of each.
pub(crate) struct Forwarding<'c, C: Forwards> {
    pub(crate) connection: &'c mut C,
    pub(crate) whole: WholeMessages,
    /// The message that was taken from the broadcast, and not by the connection.
    pub(crate) taken: Option<SharedMessage>,
    /// Nothing is to be sent before the next message, and only this forward can change that.
    pub(crate) is_quiet: bool,
}

impl<'c, C: Forwards> Forwarding<'c, C> {
    pub(crate) fn new(connection: &'c mut C) -> Forwarding<'c, C> {
        Forwarding {
            connection,
            whole: WholeMessages::default(),
            taken: None,
            is_quiet: false,
        }
    }
}

impl<C: Forwards> Drop for Forwarding<'_, C> {
    fn drop(&mut self) {
        self.connection.count(&self.whole);
    }
}

/// Writes a message past the session, and flushes. Returns what the stream said of the write unless that was all.
#[inline]
pub(crate) fn poll_past<S: AsyncWrite + Unpin>(
    cx: &mut Context<'_>,
    stream: &mut S,
    message: &SharedMessage,
    whole: &mut WholeMessages,
) -> Result<(), Poll<std::io::Result<usize>>> {
    let bytes = message.plain();
    let written = Pin::new(&mut *stream).poll_write(cx, bytes);
    match written {
        Poll::Ready(Ok(len)) if len == bytes.len() && len > 0 => {}
        written => return Err(written),
    }
    match Pin::new(stream).poll_flush(cx) {
        Poll::Ready(Ok(())) => {
            whole.add(bytes.len(), message.payload().len());
            Ok(())
        }
        // The session asks for the flush, and has the error.
        _ => Err(Poll::Ready(Ok(bytes.len()))),
    }
}

impl<S: AsyncWrite + Unpin, R: Role> Sending<'_, S, R> {
    /// Has the session send what is left of a message of which the stream has taken some bytes. Returns the message if it took none.
    #[cold]
    pub(crate) fn begin_shared(
        &mut self,
        message: SharedMessage,
        written: Poll<std::io::Result<usize>>,
    ) -> Result<Option<SharedMessage>, Error> {
        let len = match written {
            Poll::Ready(Ok(len)) => len,
            Poll::Ready(Err(error)) if error.kind() != ErrorKind::Interrupted => {
                self.outbound.refused();
                self.writer.fail(&error);
                return Err(Error::Io(error));
            }
            _ => 0,
        };
        if len == 0 {
            return Ok(Some(message));
        }
        let compression = self.writer.compression;
        let mut frame = message.frame(&compression).map_err(Error::Send)?;
        self.outbound.next_sent(&mut frame).map_err(Error::Send)?;
        self.outbound.wrote(len, &mut frame);
        self.writer.counters.add_bytes(len);
        self.writer.counters.add_payload(message.payload().len(), true);
        if frame.left() > 0 {
            let unsent = frame.unsent();
            let message = Outgoing::Shared(message);
            self.writer.kept = Some(Kept { message, unsent });
        }
        Ok(None)
    }
}

/// Returns what comes of a forward when there are no more messages.
pub(crate) fn ended(error: BroadcastError) -> Result<(), Error> {
    match error {
        BroadcastError::Ended => Ok(()),
        BroadcastError::TooSlow => Err(Error::TooSlow),
    }
}
