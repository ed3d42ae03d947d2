//! Heads that arrive over a stream, and heads that are written.

use crate::deadline::Deadline;
use crate::error::{Error, HandshakeError};
use crate::stream::Stream;
use bareframe::handshake::{HeadBuffer, HeadEnd, HeadError};
use std::io::{self, ErrorKind, IoSlice};

/// Reads once, after the bytes that have arrived; 0 is the end of the stream.
pub(crate) fn read(
    stream: &mut impl Stream,
    received: &mut HeadBuffer,
    deadline: Deadline,
) -> io::Result<usize> {
    loop {
        match stream.read_by(received.space(), deadline) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // TLS reports so that its end was cut off, which counts as an end like any other.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
            read => {
                received.extend(*read.as_ref().unwrap_or(&0));
                return read;
            }
        }
    }
}

/// Reads until a head can be parsed, or is too long.
///
/// # Errors
///
/// [`Error::Io`] with `WouldBlock` if the stream does not block; call again.
pub(crate) fn read_head(
    stream: &mut impl Stream,
    received: &mut HeadBuffer,
    end: &mut HeadEnd,
    deadline: Deadline,
) -> Result<Result<(), HeadError>, Error> {
    loop {
        match end.arrived(received.bytes()) {
            Ok(true) => return Ok(Ok(())),
            Ok(false) => {}
            Err(error) => return Ok(Err(error)),
        }
        match read(stream, received, deadline) {
            Ok(0) => return Err(HandshakeError::Ended.into()),
            Ok(_) => {}
            Err(error) => return Err(handshake_error(error)),
        }
    }
}

/// Writes what is left of a head.
///
/// # Errors
///
/// Returns the stream's error; after `WouldBlock` call again.
pub(crate) fn write(unsent: &mut HeadBuffer, stream: &mut impl Stream, deadline: Deadline) -> io::Result<()> {
    loop {
        let done = match unsent.bytes() {
            [] => stream.flush_by(deadline).map(|()| None),
            left => stream.write_by(&[IoSlice::new(left)], deadline).map(Some),
        };
        match done {
            Ok(None) => return Ok(()),
            Ok(Some(0)) => return Err(ErrorKind::WriteZero.into()),
            Ok(Some(len)) => unsent.take(len),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Converts an error of the stream during the handshake, where a deadline is that of the handshake.
pub(crate) fn handshake_error(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::TimedOut => HandshakeError::Timeout.into(),
        _ => Error::Io(error),
    }
}
