//! The content of a server's answer, up to a limit (RFC 9112 sections 6 and 7).

use crate::deadline::Deadline;
use crate::head::Received;
use crate::stream::Stream;
use bareframe::handshake::{self, Response};
use std::io::{self, ErrorKind};

/// The content that follows a head, as far as it has arrived.
#[derive(Debug)]
pub(crate) struct Content {
    content: handshake::Content,
    limit: usize,
    bytes: Vec<u8>,
}

impl Content {
    /// Begins the content that a head announces (RFC 9112 section 6.3), of which at most `limit` bytes are kept.
    pub(crate) fn of(response: &Response<'_>, limit: usize) -> Content {
        Content {
            content: handshake::Content::of(response),
            limit,
            bytes: Vec::new(),
        }
    }

    /// Reads until the end of the content or the deadline. Returns the content, and `true` if it is whole.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if the stream does not block; call again.
    pub(crate) fn read(
        &mut self,
        stream: &mut impl Stream,
        received: &mut Received,
        deadline: Deadline,
    ) -> io::Result<(Vec<u8>, bool)> {
        loop {
            let mut rest = received.arrived();
            let before = rest.len();
            let piece = self.content.next(&mut rest, self.limit - self.bytes.len());
            self.bytes.extend_from_slice(piece);
            let (taken, is_empty) = (before - rest.len(), piece.is_empty());
            received.take(taken);
            if self.content.has_ended() || self.bytes.len() >= self.limit {
                break;
            }
            if !is_empty {
                continue;
            }
            match received.read(stream, deadline) {
                Ok(0) => {
                    self.content.receive_eof();
                    break;
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(error),
                Err(_) => break,
            }
        }
        Ok((std::mem::take(&mut self.bytes), self.content.is_whole()))
    }
}
