//! HeadEnd: where the head of an HTTP/1 message ends (RFC 9112 section 2.2).

use crate::handshake::classes::take_text;
use crate::handshake::head_error::HeadError;

/// Searches for the end of a head in bytes that arrive in pieces, and reads each byte once.
///
/// ```
/// use bareframe::handshake::{HeadEnd, HeadError, Request};
/// let mut end = HeadEnd::new(1024);
/// assert_eq!(end.arrived(b"GET / HTTP/1.1\r\nHost: a\r\n\r"), Ok(false));
///
/// let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x81\x80";
/// assert_eq!(end.arrived(bytes), Ok(true));
/// let (request, head_len) = Request::parse(bytes)?;
/// assert_eq!(bytes[head_len..], [0x81, 0x80]);
///
/// assert_eq!(HeadEnd::new(26).arrived(bytes), Err(HeadError::TooLong(26)));
/// # let _ = request;
/// # Ok::<(), HeadError>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HeadEnd {
    limit: usize,
    // Where the line begins that has not ended yet.
    line: usize,
    // How many bytes were searched.
    seen: usize,
    // The start line was checked.
    is_past_first_line: bool,
}

impl HeadEnd {
    /// Creates the state for a head of at most `limit` bytes, the blank line included.
    #[must_use]
    pub const fn new(limit: usize) -> HeadEnd {
        HeadEnd {
            limit,
            line: 0,
            seen: 0,
            is_past_first_line: false,
        }
    }

    /// Returns `true` if a head can be parsed: its end has arrived, or a byte or a first line that is not allowed in
    /// any head.
    ///
    /// `bytes` is everything that has arrived since the head's first byte. Bytes of an earlier call are not searched
    /// again, so that the work is linear whatever the pieces.
    ///
    /// One empty line before the first line is part of the head (RFC 9112 section 2.2).
    ///
    /// # Errors
    ///
    /// [`HeadError::TooLong`] at the last byte that could have ended the head (RFC 6585 section 5).
    pub fn arrived(&mut self, bytes: &[u8]) -> Result<bool, HeadError> {
        // A client waits for the answer to its head, so the last four bytes are usually the end.
        if bytes.len() <= self.limit && bytes.ends_with(b"\r\n\r\n") {
            return Ok(true);
        }
        let bytes = bytes.get(..self.limit).unwrap_or(bytes);
        while let Some(unseen) = bytes.get(self.seen..) {
            let mut rest = unseen;
            let text = take_text(&mut rest);
            self.seen = self.seen.saturating_add(text.len());
            match rest {
                [] | [b'\r'] => break,
                [b'\r', b'\n', ..] if self.seen != self.line || self.seen == 0 => {
                    if !self.is_past_first_line {
                        if self.seen != 0 && !is_of_http_1(bytes.get(self.line..self.seen).unwrap_or(&[])) {
                            return Ok(true);
                        }
                        self.is_past_first_line = self.seen != 0;
                    }
                    self.seen = self.seen.saturating_add(2);
                    self.line = self.seen;
                }
                // A blank line, or a byte that is not allowed in a line.
                _ => return Ok(true),
            }
        }
        if bytes.len() >= self.limit {
            return Err(HeadError::TooLong(self.limit));
        }
        Ok(false)
    }
}

/// Returns `true` if a first line may be one of HTTP/1: a status line, or a line that ends as a request line does. The
/// parser checks the rest. Other protocols are recognised here, because their peers may wait for an answer without
/// sending the end of a head.
fn is_of_http_1(line: &[u8]) -> bool {
    matches!(
        line,
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', ..]
            | [.., b' ', b'H', b'T', b'T', b'P', b'/', b'1', b'.', _]
    )
}
