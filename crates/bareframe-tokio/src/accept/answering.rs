//! A server's answer without a WebSocket, and the end of the stream after it.

use crate::accept::date::http_date;
use crate::accept::server_stream::ServerStream;
use crate::close::Closing;
use crate::error::Error;
use crate::handshake_error::HandshakeError;
use crate::head::encode;
use crate::options::Options;
use bareframe::handshake::Answer;
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
    unsent: Unsent,
    closing: Closing,
}

/// Bytes that are to be written, as far as the stream takes them.
pub(crate) struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Answering<S> {
    /// Creates the answer, with a `Date` unless its headers have one.
    pub(crate) fn new(
        stream: ServerStream<S>,
        answer: &Answer<'_>,
        content: &[u8],
        options: &Options,
    ) -> Result<Answering<S>, Error> {
        let mut headers = answer.headers().to_vec();
        let has_date = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Date"));
        let date = http_date(SystemTime::now()).filter(|_| !has_date);
        headers.extend(date.as_deref().map(|date| ("Date", date)));
        let answer = answer.with_headers(&headers);
        let mut bytes = encode(|out| answer.encode(out)).map_err(HandshakeError::Head)?;
        bytes.extend_from_slice(content);
        Ok(Answering {
            stream,
            unsent: Unsent::new(bytes),
            closing: Closing::new(false, options),
        })
    }

    /// Writes the answer and ends the stream.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.unsent.poll_write(cx, &mut self.stream))?;
        self.closing.begin();
        // It does not matter here whether the peer's end is seen.
        self.closing.poll_end(cx, &mut self.stream).map(|_| Ok(()))
    }

    /// Writes the answer by the deadline, and ends the stream.
    pub(crate) async fn write(mut self, deadline: Option<Instant>) -> Result<(), Error> {
        let written = by(deadline, poll_fn(|cx| self.poll(cx))).await;
        match written {
            // All of it was written.
            None if self.unsent.left().is_empty() => Ok(()),
            None => Err(HandshakeError::Timeout.into()),
            Some(written) => written,
        }
    }
}

impl Unsent {
    pub(crate) const fn new(bytes: Vec<u8>) -> Unsent {
        Unsent { bytes, sent: 0 }
    }

    fn left(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// Writes what is left.
    pub(crate) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<Result<(), Error>> {
        loop {
            let done = match self.left() {
                [] => ready!(Pin::new(&mut *stream).poll_flush(cx)).map(|()| None),
                left => ready!(Pin::new(&mut *stream).poll_write(cx, left)).map(Some),
            };
            match done {
                Ok(None) => return Poll::Ready(Ok(())),
                Ok(Some(0)) => return Poll::Ready(Err(Error::Io(ErrorKind::WriteZero.into()))),
                Ok(Some(len)) => self.sent = self.sent.saturating_add(len),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(Error::Io(error))),
            }
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
