//! Heads that a hostile peer may send.

/// The names that the handshake looks at, and one that it does not.
const NAMES: [&str; 12] = [
    "Host",
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "Content-Length",
    "Transfer-Encoding",
    "Origin",
    "X-Other",
];

/// Values that have nothing to do in a header, or much too much.
fn values() -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = [
        &b""[..],
        b" ",
        b"\t\t",
        b",",
        b",,,;=",
        b"\"",
        b"a=\"",
        b"a;b=\"\\",
        b"a;b=\"\\\"",
        b";",
        b"=",
        b"a;;b",
        b"\0",
        b"a\0b",
        b"\x7f",
        b"\x80\xff\xfe",
        b"\xf0\x9f",
        "é語😀".as_bytes(),
        b"folded\r\n line",
        b"bare\nline feed",
        b"bare\rcarriage return",
        b"websocket",
        b"Upgrade",
        b"13",
        b"0",
        b"-1",
        b"18446744073709551616",
        b"dGhlIHNhbXBsZSBub25jZQ==",
        b"dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==",
        b"================",
    ]
    .map(<[u8]>::to_vec)
    .into();
    for word in [&b"a"[..], b"a,", b"a;", b"a=b;", b", ", b"\"", b"\\", b"\xff"] {
        values.push(word.repeat(20_000));
    }
    values
}

/// Returns a head with this start line, in which each header in turn has each of these values, once and twice, and one
/// of thousands of headers.
fn heads(start_line: &[u8], lawful: &[(&str, &str)]) -> Vec<Vec<u8>> {
    let line = |name: &str, value: &[u8]| [name.as_bytes(), b": ", value, b"\r\n"].concat();
    let others = |but: &str| -> Vec<u8> {
        let lawful = lawful.iter().filter(|(name, _)| *name != but);
        lawful
            .flat_map(|(name, value)| line(name, value.as_bytes()))
            .collect()
    };
    let mut heads = Vec::new();
    for name in NAMES {
        for value in values() {
            let hostile = line(name, &value);
            heads.push([start_line, &others(name), &hostile, b"\r\n"].concat());
            heads.push([start_line, &hostile, &others(""), &hostile, b"\r\n"].concat());
        }
        heads.push([start_line, &others(""), &line(name, b"x").repeat(5000), b"\r\n"].concat());
    }
    heads.push([start_line, &b"n".repeat(50_000), b": v\r\n\r\n"].concat());
    heads.push([start_line, b": v\r\n\r\n"].concat());
    heads
}

/// Requests for a WebSocket with something hostile in them.
pub(crate) fn requests() -> Vec<Vec<u8>> {
    let lawful = [
        ("Host", "example.com"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
    ];
    let mut requests = heads(b"GET /chat HTTP/1.1\r\n", &lawful);
    for start_line in [
        [b"GET /", &b"x".repeat(50_000)[..], b" HTTP/1.1\r\n"].concat(),
        [&b"G".repeat(50_000)[..], b" / HTTP/1.1\r\n"].concat(),
        b"GET ://:/:://?? HTTP/1.1\r\n".to_vec(),
        b"GET ?# HTTP/1.9\r\n".to_vec(),
    ] {
        requests.push([&start_line, &b"Upgrade: websocket\r\nHost: a\r\n\r\n"[..]].concat());
    }
    requests
}

/// Responses that switch protocols with something hostile in them.
pub(crate) fn responses() -> Vec<Vec<u8>> {
    let lawful = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ];
    let mut responses = heads(b"HTTP/1.1 101 Switching Protocols\r\n", &lawful);
    responses.push([b"HTTP/1.1 101 ", &b"\xff".repeat(50_000)[..], b"\r\n\r\n"].concat());
    responses
}
