//! Heads that arrive over a stream.

use bareframe::handshake::HeadBuffer;
use std::io::{self, ErrorKind};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Reads once, after the bytes that have arrived; 0 is the end of the stream. Dropped while it waits, it has read nothing.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    received: &mut HeadBuffer,
) -> io::Result<usize> {
    match stream.read(received.space()).await {
        // TLS reports so that its end was cut off, which counts as an end like any other.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
        read => {
            received.extend(*read.as_ref().unwrap_or(&0));
            read
        }
    }
}
