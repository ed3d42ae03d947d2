//! A server's answer without a WebSocket, and the end of the stream after it.

use crate::accept::date::http_date;
use crate::accept::server_stream::ServerStream;
use crate::close::Closing;
use crate::error::Error;
use crate::handshake_error::HandshakeError;
use crate::options::Options;
use bareframe::handshake::{Answer, HeadBuffer};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

/// An answer without a WebSocket that is being written.
pub(crate) struct Answering<S> {
    stream: ServerStream<S>,
    unsent: HeadBuffer,
    closing: Closing,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Answering<S> {
    /// Creates the answer, with a `Date` unless its headers have one.
    pub(crate) fn new(
        stream: ServerStream<S>,
        answer: &Answer<'_>,
        content: &[u8],
        options: &Options,
    ) -> Result<Answering<S>, Error> {
        let date = http_date(SystemTime::now());
        let bytes = answer.to_vec(date.as_deref(), content);
        Ok(Answering {
            stream,
            unsent: bytes.map_err(HandshakeError::Head)?.into(),
            closing: Closing::new(false, options),
        })
    }

    /// Writes the answer and ends the stream.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(poll_write(&mut self.unsent, cx, &mut self.stream))?;
        self.closing.begin();
        // It does not matter here whether the peer's end is seen.
        self.closing.poll_end(cx, &mut self.stream).map(|_| Ok(()))
    }

    /// Writes the answer by the deadline, and ends the stream.
    pub(crate) async fn write(mut self, deadline: Option<Instant>) -> Result<(), Error> {
        let written = by(deadline, poll_fn(|cx| self.poll(cx))).await;
        match written {
            // All of it was written.
            None if self.unsent.bytes().is_empty() => Ok(()),
            None => Err(HandshakeError::Timeout.into()),
            Some(written) => written,
        }
    }
}

/// Writes what is left of a head.
pub(crate) fn poll_write<S: AsyncWrite + Unpin>(
    unsent: &mut HeadBuffer,
    cx: &mut Context<'_>,
    stream: &mut S,
) -> Poll<Result<(), Error>> {
    loop {
        let done = match unsent.bytes() {
            [] => ready!(Pin::new(&mut *stream).poll_flush(cx)).map(|()| None),
            left => ready!(Pin::new(&mut *stream).poll_write(cx, left)).map(Some),
        };
        match done {
            Ok(None) => return Poll::Ready(Ok(())),
            Ok(Some(0)) => return Poll::Ready(Err(Error::Io(ErrorKind::WriteZero.into()))),
            Ok(Some(len)) => unsent.take(len),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(Error::Io(error))),
        }
    }
}

/// Waits for a future until the deadline, which no clock can tell if it is `None`.
pub(crate) async fn by<F: Future>(deadline: Option<Instant>, future: F) -> Option<F::Output> {
    match deadline {
        Some(deadline) => timeout_at(deadline, future).await.ok(),
        None => Some(future.await),
    }
}
