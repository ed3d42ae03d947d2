//! Recognises other protocols by their first byte, none of which is allowed as a frame's first byte.

/// The protocol of the bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Protocol {
    /// None of the others, which means frames.
    WebSocket,
    /// HTTP/1.
    Http,
    Http2,
    Tls,
}

const HTTP_1: [&[u8]; 10] = [
    b"GET ",
    b"HTTP/1.",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"PATCH ",
    b"DELETE ",
    b"OPTIONS ",
    b"CONNECT ",
    b"TRACE ",
];
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Returns what begins with these bytes, or `None` if more of them are needed.
pub(crate) fn recognise(bytes: &[u8]) -> Option<Protocol> {
    if HTTP_1.iter().any(|start| bytes.starts_with(start)) {
        return Some(Protocol::Http);
    }
    if bytes.starts_with(HTTP_2) {
        return Some(Protocol::Http2);
    }
    if is_tls_record(bytes) {
        return Some(Protocol::Tls);
    }
    let may_be_http = HTTP_1
        .iter()
        .chain([&HTTP_2])
        .any(|start| start.starts_with(bytes));
    let may_be_tls = matches!(bytes, [] | [0x14..=0x17] | [0x14..=0x17, 3]);
    (!may_be_http && !may_be_tls).then_some(Protocol::WebSocket)
}

/// Returns `true` if a record of TLS begins here (RFC 8446 section 5.1).
pub(crate) fn is_tls_record(bytes: &[u8]) -> bool {
    matches!(bytes, [0x14..=0x17, 3, 0..=4, ..])
}

/// Returns the name of this type of record.
pub(crate) fn tls_record(content_type: u8) -> &'static str {
    match content_type {
        0x14 => "change of cipher",
        0x15 => "alert",
        0x16 => "handshake",
        _ => "application data",
    }
}

/// Looks for the blank line after a head, at each byte once. Lines may end without a carriage return, as in what is
/// pasted.
#[derive(Default)]
pub(crate) struct HeadEnd {
    /// Where the line begins that has not ended yet.
    line: usize,
    /// How many bytes were searched.
    seen: usize,
}

impl HeadEnd {
    /// Returns the length of the head if its end has arrived. The bytes are all since its first.
    pub(crate) fn arrived(&mut self, bytes: &[u8]) -> Option<usize> {
        while let Some(len) = bytes[self.seen..].iter().position(|byte| *byte == b'\n') {
            let end = self.seen + len;
            let is_blank = matches!(&bytes[self.line..end], b"" | b"\r");
            self.seen = end + 1;
            self.line = self.seen;
            if is_blank {
                return Some(self.seen);
            }
        }
        self.seen = bytes.len();
        None
    }
}

/// Returns how long the content after this head is; `None` if it continues to the end (RFC 9112 section 6.3).
pub(crate) fn content_len(head: &str) -> Option<u64> {
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    if matches!(status, Some("204" | "304")) || status.is_some_and(|status| status.starts_with('1')) {
        return Some(0);
    }
    let declared = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    declared.or(match status {
        Some(_) => None,
        None => Some(0),
    })
}
