//! Heads that arrive over a stream, and heads that are written.

use bareframe::handshake::EncodeError;
use std::fmt;
use std::io::{self, ErrorKind};
use tokio::io::{AsyncRead, AsyncReadExt};

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

    /// Reads once, after the bytes that have arrived; 0 is the end of the stream. Dropped while it waits, it has read nothing.
    pub(crate) async fn read(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        self.bytes.drain(..std::mem::take(&mut self.taken));
        self.bytes.reserve(self.bytes.len().clamp(READ_LEN, READ_LEN_MAX));
        match stream.read_buf(&mut self.bytes).await {
            // TLS reports so that its end was cut off, which counts as an end like any other.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
            read => read,
        }
    }
}

/// Shows nothing of the bytes, which must not be in logs.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.arrived().len())
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
