//! The content of a response, which a refusal has (RFC 9112 sections 6 and 7).

use super::head::Header;
use super::response::Response;

/// The longest line before a chunk, with its extensions.
const CHUNK_LINE: usize = 256;

/// Finds the content of a response in the bytes after its head. It keeps nothing of either.
///
/// ```
/// use bareframe::handshake::{Content, Response};
/// let arrived = b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnot \r\n3\r\nyou\r\n0\r\n\r\n";
/// let (response, head_len) = Response::parse(arrived)?;
/// let mut content = Content::of(&response);
/// let mut rest = &arrived[head_len..];
/// assert_eq!(content.next(&mut rest, 100), b"not ");
/// assert_eq!(content.next(&mut rest, 100), b"you");
/// assert!(content.next(&mut rest, 100).is_empty() && content.is_whole());
/// # Ok::<(), bareframe::handshake::HeadError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Content(State);

/// How much of the content is still to come.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum State {
    /// This many bytes.
    Length(u64),
    /// Before the line of a chunk.
    ChunkLine,
    /// This many bytes of a chunk.
    Chunk(u64),
    /// Up to the end of the stream.
    Rest,
    Whole,
    Malformed,
}

impl Content {
    /// Begins the content that a head announces (RFC 9112 section 6.3).
    #[must_use]
    pub fn of(response: &Response<'_>) -> Content {
        let mut codings = response.headers().filter(|header| header.is("Transfer-Encoding"));
        if matches!(response.status(), 204 | 304) {
            return Content(State::Whole);
        }
        Content(match codings.next() {
            Some(coding) if coding.value().eq_ignore_ascii_case(b"chunked") && codings.next().is_none() => {
                State::ChunkLine
            }
            Some(_) => State::Malformed,
            None => match response.header("Content-Length").map(Header::value_str) {
                None => State::Rest,
                Some(len) => match len.map(str::parse) {
                    Some(Ok(len)) => State::of_length(len),
                    _ => State::Malformed,
                },
            },
        })
    }

    /// Removes bytes from the front of `arrived`, and returns the next piece of the content: at most `limit` bytes, and none if more
    /// has to arrive first, or if the content is whole or malformed.
    pub fn next<'b>(&mut self, arrived: &mut &'b [u8], limit: usize) -> &'b [u8] {
        if self.0 == State::ChunkLine {
            self.take_line(arrived);
        }
        let left = match self.0 {
            State::Length(left) | State::Chunk(left) => usize::try_from(left).unwrap_or(usize::MAX),
            State::Rest => usize::MAX,
            State::ChunkLine | State::Whole | State::Malformed => return &[],
        };
        let Some((piece, rest)) = arrived.split_at_checked(left.min(limit).min(arrived.len())) else {
            return &[];
        };
        *arrived = rest;
        let len = piece.len() as u64;
        match self.0 {
            State::Length(left) => self.0 = State::of_length(left.saturating_sub(len)),
            // The line end after a chunk is removed with the line of the next.
            State::Chunk(left) if left <= len => self.0 = State::ChunkLine,
            State::Chunk(left) => self.0 = State::Chunk(left.saturating_sub(len)),
            _ => {}
        }
        piece
    }

    /// Removes the line before a chunk, if all of it has arrived.
    fn take_line(&mut self, arrived: &mut &[u8]) {
        let line = arrived.strip_prefix(b"\r\n").unwrap_or(arrived);
        let Some(end) = line.windows(2).position(|end| end == b"\r\n") else {
            if line.len() > CHUNK_LINE {
                self.0 = State::Malformed;
            }
            return;
        };
        let (line, rest) = line.split_at_checked(end).unwrap_or((line, &[]));
        *arrived = rest.get(2..).unwrap_or(&[]);
        let digits = line.split(|&byte| byte == b';').next().unwrap_or(&[]);
        let digits = core::str::from_utf8(digits).map_or("", str::trim);
        self.0 = match u64::from_str_radix(digits, 16) {
            Ok(0) => State::Whole,
            Ok(len) if !digits.starts_with('+') => State::Chunk(len),
            _ => State::Malformed,
        };
    }

    /// Reports the end of the stream, where some content ends.
    pub const fn receive_eof(&mut self) {
        if matches!(self.0, State::Rest) {
            self.0 = State::Whole;
        }
    }

    /// Returns `true` if all of the content was returned.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(self.0, State::Whole)
    }

    /// Returns `true` if nothing more can be returned: it is whole or malformed.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        matches!(self.0, State::Whole | State::Malformed)
    }
}

impl State {
    const fn of_length(len: u64) -> State {
        match len {
            0 => State::Whole,
            len => State::Length(len),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{Content, Response};
    use std::vec::Vec;

    /// Returns the content of a response whose body comes in pieces of this length, and whether it is whole.
    fn content(head: &str, body: &[u8], piece: usize, limit: usize) -> (Vec<u8>, bool) {
        let head = std::format!("HTTP/1.1 403 Forbidden\r\n{head}\r\n");
        let (response, _) = Response::parse(head.as_bytes()).unwrap();
        let (mut content, mut found) = (Content::of(&response), Vec::new());
        let mut arrived = Vec::new();
        for bytes in body.chunks(piece) {
            arrived.extend_from_slice(bytes);
            let mut rest = &arrived[..];
            loop {
                let next = content.next(&mut rest, limit - found.len());
                found.extend_from_slice(next);
                if next.is_empty() {
                    break;
                }
            }
            arrived = rest.to_vec();
        }
        content.receive_eof();
        (found, content.is_whole())
    }

    #[test]
    fn rfc9112_s6_content_is_found_however_it_is_cut() {
        let chunked = "Transfer-Encoding: Chunked\r\n";
        let len = "Content-Length: 7\r\n";
        let cases: [(&str, &[u8], &[u8], bool); 11] = [
            (len, b"not you", b"not you", true),
            (len, b"not you, and more", b"not you", true),
            (len, b"not", b"not", false),
            ("Content-Length: 0\r\n", b"x", b"", true),
            ("Content-Length: x\r\n", b"x", b"", false),
            ("", b"not you", b"not you", true),
            (
                chunked,
                b"4\r\nnot \r\n3;a=b\r\nyou\r\n0\r\n\r\n",
                b"not you",
                true,
            ),
            (chunked, b"4\r\nnot \r\n+3\r\nyou\r\n0\r\n\r\n", b"not ", false),
            (chunked, b"4\r\nnot \r\n", b"not ", false),
            (chunked, b"zz\r\nnot \r\n", b"", false),
            ("Transfer-Encoding: gzip, chunked\r\n", b"x", b"", false),
        ];
        for (head, body, expected, is_whole) in cases {
            for piece in 1..=body.len() {
                let found = content(head, body, piece, 100);
                assert_eq!(found, (expected.to_vec(), is_whole), "{head} by {piece}");
                let limited = content(head, body, piece, 3);
                assert_eq!(limited.0, expected[..expected.len().min(3)], "{head} by {piece}");
            }
        }
        let line = [b'1'; 300];
        assert_eq!(content(chunked, &line, 1, 100), (Vec::new(), false));
    }
}
