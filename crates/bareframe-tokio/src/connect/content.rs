//! The content of a server's answer, up to a limit (RFC 9112 sections 6 and 7).

use crate::head::Received;
use bareframe::handshake::{self, Response};
use tokio::io::AsyncRead;

/// The content that follows a head, as far as it has arrived.
#[derive(Debug)]
pub(crate) struct Content {
    content: handshake::Content,
    limit: usize,
    bytes: Vec<u8>,
}

impl Content {
    /// Begins with what a head says of its content (RFC 9112 section 6.3), of which at most `limit` bytes are kept.
    pub(crate) fn of(response: &Response<'_>, limit: usize) -> Content {
        Content {
            content: handshake::Content::of(response),
            limit,
            bytes: Vec::new(),
        }
    }

    /// Reads until the content is whole, the limit is reached or the stream has ended. Dropped while it waits, it keeps what has
    /// arrived.
    pub(crate) async fn read(&mut self, stream: &mut (impl AsyncRead + Unpin), received: &mut Received) {
        loop {
            let mut rest = received.arrived();
            let before = rest.len();
            let piece = self
                .content
                .next(&mut rest, self.limit.saturating_sub(self.bytes.len()));
            self.bytes.extend_from_slice(piece);
            let (taken, is_empty) = (before - rest.len(), piece.is_empty());
            received.take(taken);
            if self.content.has_ended() || self.bytes.len() >= self.limit {
                return;
            }
            if is_empty {
                match received.read(stream).await {
                    Ok(0) => return self.content.receive_eof(),
                    Err(_) => return,
                    Ok(_) => {}
                }
            }
        }
    }

    /// Returns what has arrived, and `true` if it is whole.
    pub(crate) fn into_parts(self) -> (Vec<u8>, bool) {
        let is_whole = self.content.is_whole();
        (self.bytes, is_whole)
    }
}
