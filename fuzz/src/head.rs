//! Heads, from words that occur in heads and bytes that should not, and what another parser makes of them.

use arbitrary::Arbitrary;

/// A head, or something like one.
#[derive(Arbitrary, Debug)]
pub struct Head<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Part<'a> {
    Word(u8),
    Byte(u8),
    Bytes(&'a [u8]),
    /// The same word many times, for lists, lines and lengths.
    Many(u8, u8),
}

/// What a parser kept of a head.
#[derive(PartialEq, Eq, Debug)]
pub struct Kept {
    /// The method and the target, or the status and the reason.
    pub start_line: (String, Vec<u8>),
    /// The second digit of the version.
    pub minor_version: u8,
    /// Names and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// How many bytes the head has.
    pub len: usize,
}

const WORDS: [&str; 64] = [
    "GET / HTTP/1.1\r\n",
    "GET /chat?room=1 HTTP/1.1\r\n",
    "GET http://example.com/a HTTP/1.1\r\n",
    "POST / HTTP/1.1\r\n",
    "GET",
    " ",
    "/",
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/1.9\r\n",
    "HTTP/2.0\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n",
    "HTTP/1.1 101 \r\n",
    "HTTP/1.1 101\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 ",
    "Host: example.com\r\n",
    "host:a:80\r\n",
    "Host: \r\n",
    "Upgrade: websocket\r\n",
    "Upgrade: h2c, WebSocket\r\n",
    "Connection: Upgrade\r\n",
    "connection: keep-alive, upgrade\r\n",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    "Sec-WebSocket-Key: short\r\n",
    "Sec-WebSocket-Version: 13\r\n",
    "Sec-WebSocket-Version: 8\r\n",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    "Sec-WebSocket-Accept: ",
    "Sec-WebSocket-Protocol: chat\r\n",
    "Sec-WebSocket-Protocol: chat, superchat\r\n",
    "Sec-WebSocket-Protocol: ",
    "Sec-WebSocket-Extensions: permessage-deflate\r\n",
    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10, x; a=\"b\"\r\n",
    "Sec-WebSocket-Extensions: ",
    "Origin: https://example.com\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Cookie: a=b; c=d\r\n",
    "X",
    ":",
    ": ",
    " :",
    "\t",
    "\r\n",
    "\r",
    "\n",
    "\n\n",
    "\r\n\r\n",
    "\r\n ",
    "\r\n\t",
    "\0",
    "\u{7F}",
    "é",
    "\"",
    "\\",
    ",",
    ";",
    "=",
    "#",
    "?",
    "A value of some length, with words in it\r\n",
];

impl Head<'_> {
    /// Returns the bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in &self.parts {
            match *part {
                Part::Word(word) => bytes.extend(word_of(word)),
                Part::Byte(byte) => bytes.push(byte),
                Part::Bytes(part) => bytes.extend(part),
                Part::Many(word, times) => {
                    (0..times).for_each(|_| bytes.extend(word_of(word)));
                }
            }
        }
        bytes
    }
}

fn word_of(number: u8) -> &'static [u8] {
    WORDS[usize::from(number) % WORDS.len()].as_bytes()
}

/// Returns what httparse keeps of a head, or why it keeps nothing.
///
/// It knows HTTP/1.0 and HTTP/1.1 only, while section 4.2.1 asks for "HTTP/1.1 or higher": it is shown a later
/// version as 1.1, and the digit is put back.
pub fn kept_by_httparse(bytes: &[u8], is_request: bool) -> Result<Kept, httparse::Error> {
    let mut shown = bytes.to_vec();
    let minor_version = version_digit(bytes, is_request);
    if let Some(at) = minor_version
        && matches!(shown[at], b'2'..=b'9')
    {
        shown[at] = b'1';
    }
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
    let mut headers = vec![httparse::EMPTY_HEADER; lines + 1];
    let (start_line, len) = if is_request {
        let mut request = httparse::Request::new(&mut headers);
        let status = request.parse(&shown)?;
        let line = (
            request.method.unwrap_or("").to_owned(),
            request.path.unwrap_or("").into(),
        );
        (line, status)
    } else {
        let mut response = httparse::Response::new(&mut headers);
        let status = response.parse(&shown)?;
        let reason = response.reason.unwrap_or("").into();
        ((response.code.unwrap_or(0).to_string(), reason), status)
    };
    let httparse::Status::Complete(len) = len else {
        return Err(httparse::Error::Token);
    };
    let headers = headers.iter().take_while(|header| !header.name.is_empty());
    Ok(Kept {
        start_line,
        minor_version: minor_version.map_or(0, |at| bytes[at] & 0xF),
        headers: headers
            .map(|header| (header.name.to_owned(), header.value.to_vec()))
            .collect(),
        len,
    })
}

/// Returns the position of the second digit of the version in a well-formed start line.
///
/// A request's may come after one empty line (RFC 9112 section 2.2).
fn version_digit(bytes: &[u8], is_request: bool) -> Option<usize> {
    let line_start = match bytes {
        [b'\r', b'\n', ..] if is_request => 2,
        _ => 0,
    };
    let line = bytes.get(line_start..)?;
    let line_len = line.iter().position(|&byte| byte == b'\r')?;
    let line = &line[..line_len];
    let at = match is_request {
        true => line.len().checked_sub(1)?,
        false => 7,
    };
    let before = line.get(at.checked_sub(7)?..at)?;
    (before == b"HTTP/1." && line.get(at)?.is_ascii_digit()).then_some(line_start + at)
}
