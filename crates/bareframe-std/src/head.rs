//! Heads that arrive over a stream, and heads that are written.

use crate::deadline::Deadline;
use crate::error::{Error, HandshakeError};
use crate::stream::Stream;
use bareframe::handshake::{EncodeError, HeadEnd, HeadError};
use std::fmt;
use std::io::{self, ErrorKind, IoSlice};

/// The least that is read at once, and the most while more arrives.
const READ_LEN: usize = 1 << 10;
const READ_LEN_MAX: usize = 16 << 10;

/// The bytes of the opening handshake that have arrived, and those after it, in memory that grows with them.
#[derive(Default)]
pub(crate) struct Received {
    bytes: Vec<u8>,
    taken: usize,
}

impl Received {
    /// Returns what has arrived and was not taken.
    pub(crate) fn arrived(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    /// Returns the same to be changed in place.
    pub(crate) fn arrived_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.taken..).unwrap_or_default()
    }

    /// Removes bytes from the front.
    pub(crate) fn take(&mut self, len: usize) {
        self.taken = self.taken.saturating_add(len).min(self.bytes.len());
    }

    /// Reads once, after the bytes that have arrived; 0 is the end of the stream.
    pub(crate) fn read(&mut self, stream: &mut impl Stream, deadline: Deadline) -> io::Result<usize> {
        self.bytes.drain(..std::mem::take(&mut self.taken));
        let arrived = self.bytes.len();
        self.bytes
            .resize(arrived + arrived.clamp(READ_LEN, READ_LEN_MAX), 0);
        let read = loop {
            match stream.read_by(&mut self.bytes[arrived..], deadline) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // TLS reports so that its end was cut off, which counts as an end like any other.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break Ok(0),
                read => break read,
            }
        };
        let len = *read.as_ref().unwrap_or(&0);
        self.bytes.truncate(arrived + len);
        read
    }
}

/// Shows nothing of the bytes, which must not be in logs.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.arrived().len())
    }
}

/// Reads until a head can be parsed, or is too long.
///
/// # Errors
///
/// [`Error::Io`] with `WouldBlock` if the stream does not block; call again.
pub(crate) fn read_head(
    stream: &mut impl Stream,
    received: &mut Received,
    end: &mut HeadEnd,
    deadline: Deadline,
) -> Result<Result<(), HeadError>, Error> {
    loop {
        match end.arrived(received.arrived()) {
            Ok(true) => return Ok(Ok(())),
            Ok(false) => {}
            Err(error) => return Ok(Err(error)),
        }
        match received.read(stream, deadline) {
            Ok(0) => return Err(HandshakeError::Ended.into()),
            Ok(_) => {}
            Err(error) => return Err(handshake_error(error)),
        }
    }
}

/// Bytes that are to be written, as far as the stream takes them.
pub(crate) struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
}

impl Unsent {
    pub(crate) const fn new(bytes: Vec<u8>) -> Unsent {
        Unsent { bytes, sent: 0 }
    }

    /// Returns what was not written.
    pub(crate) fn left(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// Writes what is left.
    ///
    /// # Errors
    ///
    /// Returns the stream's error; after `WouldBlock` call again.
    pub(crate) fn write(&mut self, stream: &mut impl Stream, deadline: Deadline) -> io::Result<()> {
        loop {
            let done = match self.left() {
                [] => stream.flush_by(deadline).map(|()| None),
                left => stream.write_by(&[IoSlice::new(left)], deadline).map(Some),
            };
            match done {
                Ok(None) => return Ok(()),
                Ok(Some(0)) => return Err(ErrorKind::WriteZero.into()),
                Ok(Some(len)) => self.sent = self.sent.saturating_add(len),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl fmt::Debug for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.left().len())
    }
}

/// Converts an error of the stream during the handshake, where a deadline is that of the handshake.
pub(crate) fn handshake_error(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::TimedOut => HandshakeError::Timeout.into(),
        _ => Error::Io(error),
    }
}

/// Writes a head to memory of its length.
pub(crate) fn encode(
    write: impl Fn(&mut [u8]) -> Result<usize, EncodeError>,
) -> Result<Vec<u8>, EncodeError> {
    let mut out = vec![0; 1024];
    loop {
        match write(&mut out) {
            Ok(len) => {
                out.truncate(len);
                return Ok(out);
            }
            Err(EncodeError::BufferTooSmall(error)) => out.resize(error.needed, 0),
            Err(error) => return Err(error),
        }
    }
}
