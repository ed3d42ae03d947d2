//! The content of a response, kept up to a limit.

use crate::handshake::content::Content;
use crate::handshake::head_buffer::HeadBuffer;
use crate::handshake::response::Response;
use alloc::vec::Vec;

/// The content of a response as far as it has arrived, up to a limit.
///
/// ```
/// use bareframe::handshake::{HeadBuffer, KeptContent, Response};
/// let mut arrived = HeadBuffer::from(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nnot you".to_vec());
/// let (response, head_len) = Response::parse(arrived.bytes())?;
/// let mut content = KeptContent::of(&response, 100);
/// arrived.take(head_len);
/// while !content.take_from(&mut arrived) {
///     // Read more into `arrived.space()`; call `receive_eof` at the end of the stream.
/// }
/// assert_eq!(content.into_parts(), (b"not you".to_vec(), true));
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptContent {
    content: Content,
    limit: usize,
    bytes: Vec<u8>,
}

impl KeptContent {
    /// Creates the content that a head announces (RFC 9112 section 6.3), of which at most `limit` bytes are kept.
    #[must_use]
    pub fn of(response: &Response<'_>, limit: usize) -> KeptContent {
        KeptContent {
            content: Content::of(response),
            limit,
            bytes: Vec::new(),
        }
    }

    /// Takes what has arrived of the content. Returns `true` if there is nothing to wait for: the content has ended, or is as
    /// long as the limit.
    pub fn take_from(&mut self, arrived: &mut HeadBuffer) -> bool {
        loop {
            let mut rest = arrived.bytes();
            let before = rest.len();
            let room = self.limit.saturating_sub(self.bytes.len());
            let piece = self.content.next(&mut rest, room);
            self.bytes.extend_from_slice(piece);
            let (taken, is_empty) = (before.saturating_sub(rest.len()), piece.is_empty());
            arrived.take(taken);
            if self.content.has_ended() || self.bytes.len() >= self.limit {
                return true;
            }
            if is_empty {
                return false;
            }
        }
    }

    /// Ends the content with the stream.
    pub const fn receive_eof(&mut self) {
        self.content.receive_eof();
    }

    /// Returns the content, and `true` if it is whole.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, bool) {
        let is_whole = self.content.is_whole();
        (self.bytes, is_whole)
    }
}
