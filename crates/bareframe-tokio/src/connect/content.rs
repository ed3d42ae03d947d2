//! The content of a server's answer, up to a limit (RFC 9112 sections 6 and 7).

use crate::head::Received;
use bareframe::handshake::{Header, Response};
use tokio::io::AsyncRead;

/// The longest line before a chunk, with its extensions.
const CHUNK_LINE: usize = 256;

/// How much of an answer's content is left to come.
#[derive(Debug)]
enum Body {
    /// So many bytes.
    Length(u64),
    /// Chunks; `None` is before the line of one, `Some` within its data.
    Chunked(Option<u64>),
    /// Up to the end of the stream.
    Rest,
    Done,
    /// What can't be told from content.
    Malformed,
}

/// The content that follows a head, as far as it has arrived.
#[derive(Debug)]
pub(crate) struct Content {
    body: Body,
    limit: usize,
    bytes: Vec<u8>,
}

impl Content {
    /// Begins with what a head says of its content (RFC 9112 section 6.3), of which at most `limit` bytes are kept.
    pub(crate) fn of(response: &Response<'_>, limit: usize) -> Content {
        Content {
            body: Body::of(response),
            limit,
            bytes: Vec::new(),
        }
    }

    /// Reads until the content is whole, the limit is reached or the stream has ended. Dropped while it waits, it keeps what has
    /// arrived.
    pub(crate) async fn read(&mut self, stream: &mut (impl AsyncRead + Unpin), received: &mut Received) {
        loop {
            let taken = self.body.take(received.arrived(), self.limit, &mut self.bytes);
            received.take(taken);
            if matches!(self.body, Body::Done | Body::Malformed) || self.bytes.len() >= self.limit {
                return;
            }
            match received.read(stream).await {
                Ok(0) if matches!(self.body, Body::Rest) => self.body = Body::Done,
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// Returns what has arrived, and `true` if it is whole.
    pub(crate) fn into_parts(self) -> (Vec<u8>, bool) {
        (self.bytes, matches!(self.body, Body::Done))
    }
}

impl Body {
    fn of(response: &Response<'_>) -> Body {
        let mut codings = response.headers().filter(|header| header.is("Transfer-Encoding"));
        if matches!(response.status(), 204 | 304) {
            return Body::Done;
        }
        if let Some(coding) = codings.next() {
            let is_chunked = coding.value().eq_ignore_ascii_case(b"chunked") && codings.next().is_none();
            return if is_chunked {
                Body::Chunked(None)
            } else {
                Body::Malformed
            };
        }
        match response.header("Content-Length").map(Header::value_str) {
            None => Body::Rest,
            Some(length) => match length.map(str::parse) {
                Some(Ok(0)) => Body::Done,
                Some(Ok(length)) => Body::Length(length),
                _ => Body::Malformed,
            },
        }
    }

    /// Moves content off the front of what has arrived, and returns how many bytes were taken.
    fn take(&mut self, arrived: &[u8], limit: usize, content: &mut Vec<u8>) -> usize {
        let mut rest = arrived;
        loop {
            let room = limit.saturating_sub(content.len());
            match self {
                Body::Length(left) | Body::Chunked(Some(left)) => {
                    let len = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(room)
                        .min(rest.len());
                    let (front, behind) = rest.split_at(len);
                    content.extend_from_slice(front);
                    rest = behind;
                    *left -= len as u64;
                    match self {
                        Body::Length(0) => *self = Body::Done,
                        // The line end behind a chunk is read with the line of the next.
                        Body::Chunked(Some(0)) => *self = Body::Chunked(None),
                        _ => break,
                    }
                }
                Body::Chunked(None) => {
                    let line = rest.strip_prefix(b"\r\n").unwrap_or(rest);
                    let Some(end) = line.windows(2).position(|end| end == b"\r\n") else {
                        if line.len() > CHUNK_LINE {
                            *self = Body::Malformed;
                        }
                        break;
                    };
                    let digits = line[..end].split(|&byte| byte == b';').next().unwrap_or_default();
                    let digits = std::str::from_utf8(digits).map(str::trim).unwrap_or_default();
                    let length = u64::from_str_radix(digits, 16)
                        .ok()
                        .filter(|_| !digits.starts_with('+'));
                    rest = &line[end + 2..];
                    *self = match length {
                        Some(0) => Body::Done,
                        Some(length) => Body::Chunked(Some(length)),
                        None => Body::Malformed,
                    };
                }
                Body::Rest => {
                    let (front, behind) = rest.split_at(room.min(rest.len()));
                    content.extend_from_slice(front);
                    rest = behind;
                    break;
                }
                Body::Done | Body::Malformed => break,
            }
        }
        arrived.len() - rest.len()
    }
}
