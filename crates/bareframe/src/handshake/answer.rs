//! Answers that do not switch protocols (RFC 6455 section 4.2.2, RFC 9110 section 15).

use crate::handshake::encode::{EncodeError, Writer, check_headers, check_room};
use crate::handshake::status::Status;

/// An answer that does not switch protocols. The connection closes after it.
///
/// ```
/// use bareframe::handshake::{Answer, Status};
/// let page = "<h1>Hello</h1>";
/// let answer = Answer::new(Status::OK)
///     .with_content_length(Some(14))
///     .with_headers(&[("Content-Type", "text/html")]);
/// let mut out = [0; 256];
/// let len = answer.encode(&mut out)?;
/// assert_eq!(
///     out[..len],
///     *b"HTTP/1.1 200 OK\r\n\
///        Connection: close\r\n\
///        Content-Length: 14\r\n\
///        Content-Type: text/html\r\n\r\n",
/// );
/// // The page follows.
/// # let _ = page;
/// # Ok::<(), bareframe::handshake::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Answer<'a> {
    status: Status,
    content_length: Option<u64>,
    text: &'a str,
    headers: &'a [(&'a str, &'a str)],
}

impl<'a> Answer<'a> {
    /// Creates an answer without content and without more headers: 405 has `Allow: GET`, 426 has `Upgrade` and
    /// `Sec-WebSocket-Version: 13`.
    #[inline(always)]
    #[must_use]
    pub const fn new(status: Status) -> Answer<'a> {
        Answer {
            status,
            content_length: Some(0),
            text: "",
            headers: &[],
        }
    }

    /// Sets how many bytes of content follow the head, or `None` if the end of the connection ends them.
    #[inline(always)]
    #[must_use]
    pub const fn with_content_length(mut self, content_length: Option<u64>) -> Answer<'a> {
        self.content_length = content_length;
        self
    }

    /// Sets a line of text as the content. [`Answer::encode`] writes it after the head, or leaves it out if there is no
    /// room.
    ///
    /// ```
    /// use bareframe::handshake::{Answer, Status};
    /// let answer = Answer::new(Status::FORBIDDEN).with_text("members only");
    /// let mut out = [0; 256];
    /// let len = answer.encode(&mut out)?;
    /// assert_eq!(
    ///     out[..len],
    ///     *b"HTTP/1.1 403 Forbidden\r\n\
    ///        Connection: close\r\n\
    ///        Content-Type: text/plain; charset=utf-8\r\n\
    ///        Content-Length: 13\r\n\r\n\
    ///        members only\n",
    /// );
    /// let len = answer.encode(&mut [0; 80])?;
    /// assert!(len < 80);
    /// # Ok::<(), bareframe::handshake::EncodeError>(())
    /// ```
    #[inline(always)]
    #[must_use]
    pub const fn with_text(mut self, text: &'a str) -> Answer<'a> {
        self.text = text;
        self
    }

    /// Sets more headers, as names and values.
    #[inline(always)]
    #[must_use]
    pub const fn with_headers(mut self, headers: &'a [(&'a str, &'a str)]) -> Answer<'a> {
        self.headers = headers;
        self
    }

    /// Returns the status.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Returns the headers that are added.
    #[must_use]
    pub const fn headers(&self) -> &'a [(&'a str, &'a str)] {
        self.headers
    }

    /// Writes the head, and the text if there is one, to `out`, and returns their length in bytes.
    ///
    /// # Errors
    ///
    /// A header that must not be added, content for a status that has none, or [`EncodeError::BufferTooSmall`]. Nothing is
    /// written then.
    // Inlined, so that the compiler knows the answer's parts where it is created.
    #[inline(always)]
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let content_length = self.content_length.unwrap_or(0);
        let has_length = self.content_length.is_some();
        if !self.text.is_empty()
            && self.status.has_content()
            && let Ok(len) = encode_text(self.status, self.text, self.headers, out)
        {
            return Ok(len);
        }
        encode_answer(self.status, has_length, content_length, self.headers, out)
    }

    /// Returns the head that [`Answer::encode`] writes, with `content` after it. The `date` is added as the header `Date` unless
    /// the answer's headers have one (RFC 9110 section 6.6.1).
    ///
    /// ```
    /// use bareframe::handshake::{Answer, Status};
    /// let answer = Answer::new(Status::OK).with_content_length(Some(2));
    /// let bytes = answer.to_vec(Some("Sun, 06 Nov 1994 08:49:37 GMT"), b"hi")?;
    /// assert!(bytes.ends_with(b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nhi"));
    /// # Ok::<(), bareframe::handshake::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Answer::encode`], but never [`EncodeError::BufferTooSmall`].
    #[cfg(feature = "alloc")]
    pub fn to_vec(&self, date: Option<&str>, content: &[u8]) -> Result<alloc::vec::Vec<u8>, EncodeError> {
        let mut headers = self.headers.to_vec();
        let has_date = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Date"));
        headers.extend(date.filter(|_| !has_date).map(|date| ("Date", date)));
        let answer = self.with_headers(&headers);
        let mut bytes = crate::handshake::encode::to_vec(|out| answer.encode(out))?;
        bytes.extend_from_slice(content);
        Ok(bytes)
    }
}

/// Does the same as [`Answer::encode`], with the parts as parameters: the compiler removes the code for those that an
/// image never sets.
fn encode_answer(
    status: Status,
    has_length: bool,
    content_length: u64,
    headers: &[(&str, &str)],
    out: &mut [u8],
) -> Result<usize, EncodeError> {
    check_headers(headers)?;
    // A 304 may have the length that a 200 would have (RFC 9110 section 8.6).
    if !status.has_content() && status != Status::NOT_MODIFIED && content_length != 0 {
        return Err(EncodeError::ContentNotAllowed);
    }
    // A 204 must have no length, and that of a 304 is not known to be 0 (RFC 9110 section 8.6).
    let has_length =
        has_length && !(content_length == 0 && matches!(status, Status::NO_CONTENT | Status::NOT_MODIFIED));
    let write = |room: &mut [u8]| {
        let mut writer = Writer::new(room);
        write_head(&mut writer, status);
        match (has_length, content_length) {
            (false, _) => {}
            // Most answers have no content, for which no digits have to be computed.
            (true, 0) => writer.put(b"Content-Length: 0\r\n"),
            (true, content_length) => {
                writer.put(b"Content-Length: ");
                writer.number(content_length);
                writer.put(b"\r\n");
            }
        }
        writer.headers(headers);
        writer.put(b"\r\n");
        writer.len()
    };
    check_room(write(&mut []), out)?;
    Ok(write(out))
}

/// Writes an answer with its content.
fn encode_text(
    status: Status,
    text: &str,
    headers: &[(&str, &str)],
    out: &mut [u8],
) -> Result<usize, EncodeError> {
    check_headers(headers)?;
    let write = |room: &mut [u8]| {
        let mut writer = Writer::new(room);
        write_head(&mut writer, status);
        writer.put(b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: ");
        writer.number(u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_add(1));
        writer.put(b"\r\n");
        writer.headers(headers);
        writer.put(b"\r\n");
        writer.put(text.as_bytes());
        writer.put(b"\n");
        writer.len()
    };
    check_room(write(&mut []), out)?;
    Ok(write(out))
}

fn write_head(writer: &mut Writer<'_>, status: Status) {
    writer.put(b"HTTP/1.1 ");
    writer.put(&status.digits());
    writer.put(b" ");
    writer.put(status.reason().as_bytes());
    if status == Status::METHOD_NOT_ALLOWED {
        writer.put(b"\r\nAllow: GET");
    }
    writer.put(match status {
        Status::UPGRADE_REQUIRED => {
            b"\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
        }
        _ => b"\r\nConnection: close\r\n",
    });
}
