//! A server's answer without a WebSocket, and the end of the stream after it.

use crate::close::Closing;
use crate::date::http_date;
use crate::deadline::Deadline;
use crate::error::{Error, HandshakeError};
use crate::head::{self, handshake_error};
use crate::options::Options;
use crate::stream::Stream;
use bareframe::handshake::{Answer, HeadBuffer};
use std::time::{Duration, SystemTime};

/// An answer without a WebSocket that is being written. [`Incoming::begin_answer`](crate::Incoming::begin_answer)
/// creates it.
#[derive(Debug)]
pub struct Answering<S> {
    stream: S,
    unsent: HeadBuffer,
    deadline: Deadline,
    closing: Closing,
}

impl<S: Stream> Answering<S> {
    /// Creates the answer, with a `Date` unless its headers have one. Writing it lasts at most `timeout`, and the end
    /// of the stream as long as the options allow.
    pub(crate) fn new(
        stream: S,
        answer: &Answer<'_>,
        content: &[u8],
        timeout: Duration,
        options: Options,
    ) -> Result<Answering<S>, Error> {
        let date = http_date(SystemTime::now());
        let bytes = answer.to_vec(date.as_deref(), content);
        Ok(Answering {
            stream,
            unsent: bytes.map_err(HandshakeError::Head)?.into(),
            deadline: options.deadline(timeout),
            closing: Closing::new(false, &options),
        })
    }

    /// Writes the answer and ends the stream.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; with [`ErrorKind::WouldBlock`](std::io::ErrorKind::WouldBlock) the stream does not block: call
    /// again when it is ready. [`HandshakeError::Timeout`] if the client does not read the answer in time.
    pub fn write(&mut self) -> Result<(), Error> {
        if !self.closing.has_begun() {
            head::write(&mut self.unsent, &mut self.stream, self.deadline).map_err(handshake_error)?;
        }
        match self.closing.end(&mut self.stream, Ok(()), false) {
            Err(error) if error.is_blocked() => Err(error),
            // It does not matter here whether the peer's end was seen.
            _ => Ok(()),
        }
    }

    /// Returns the stream, so that a program can wait until it is ready.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.stream
    }
}
