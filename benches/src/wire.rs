//! Payloads and frames, encoded here so that no contender encodes for another.

/// The key of every masked frame here.
pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The first byte of a whole text frame.
pub const TEXT: u8 = 0x81;
/// The first byte of a whole binary frame.
pub const BINARY: u8 = 0x82;
/// The first byte of a whole binary frame with RSV1.
pub const MARKED: u8 = 0xC2;
/// The first byte of a Ping.
pub const PING: u8 = 0x89;
/// The first byte of a Pong.
pub const PONG: u8 = 0x8A;

/// What a browser asks, in 13 header lines.
pub const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Connection: Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\n\
    Origin: https://server.example.com\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en;q=0.9,vi;q=0.8\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

/// Who sends a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// A client, which masks.
    Client,
    /// A server, which does not.
    Server,
}

/// Appends one frame to `wire`.
pub fn frame(wire: &mut Vec<u8>, first: u8, from: From, payload: &[u8]) {
    let mask = if from == From::Client { 0x80 } else { 0 };
    wire.push(first);
    match payload.len() {
        len @ 0..126 => wire.push(mask | len as u8),
        len @ 126..=0xFFFF => {
            wire.push(mask | 126);
            wire.extend((len as u16).to_be_bytes());
        }
        len => {
            wire.push(mask | 127);
            wire.extend((len as u64).to_be_bytes());
        }
    }
    match from {
        From::Client => {
            wire.extend(KEY);
            wire.extend(
                payload
                    .iter()
                    .zip(KEY.iter().cycle())
                    .map(|(byte, key)| byte ^ key),
            );
        }
        From::Server => wire.extend(payload),
    }
}

/// A kind of payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A binary message with all 256 bytes.
    Binary,
    /// A text in ASCII.
    Ascii,
    /// A text in Vietnamese, mostly ASCII.
    Vietnamese,
    /// A text in Chinese, three bytes a character.
    Chinese,
    /// A text in Cyrillic, two bytes a character.
    Cyrillic,
    /// A text of ASCII with an emoji now and then.
    Emoji,
}

impl Payload {
    /// The texts that are not ASCII.
    pub const BEYOND_ASCII: [Payload; 4] = [
        Payload::Vietnamese,
        Payload::Chinese,
        Payload::Cyrillic,
        Payload::Emoji,
    ];

    /// Its name in a table.
    pub const fn name(self) -> &'static str {
        match self {
            Payload::Binary => "binary",
            Payload::Ascii => "ASCII",
            Payload::Vietnamese => "Vietnamese",
            Payload::Chinese => "Chinese",
            Payload::Cyrillic => "Cyrillic",
            Payload::Emoji => "emoji mixed",
        }
    }

    /// Returns the first byte of its frame.
    pub const fn first_byte(self) -> u8 {
        match self {
            Payload::Binary => BINARY,
            _ => TEXT,
        }
    }

    /// Creates `len` bytes of it; a text ends with a whole character, padded with full stops.
    pub fn bytes(self, len: usize) -> Vec<u8> {
        let text = match self {
            Payload::Binary => return (0..len).map(|i| (i * 7 + i / 256) as u8).collect(),
            Payload::Ascii => "The quick brown fox jumps over the lazy dog. ",
            Payload::Vietnamese => {
                "Mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi. "
            }
            Payload::Chinese => {
                "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。"
            }
            Payload::Cyrillic => "Все люди рождаются свободными и равными в своём достоинстве и правах. ",
            Payload::Emoji => "See you at eight 🎉 bring 🍕 and the others 👋🏽 will follow 🚲 soon. ",
        };
        let mut bytes = String::with_capacity(len);
        for character in text.chars().cycle() {
            if bytes.len() + character.len_utf8() > len {
                break;
            }
            bytes.push(character);
        }
        while bytes.len() < len {
            bytes.push('.');
        }
        bytes.into_bytes()
    }
}

/// A buffer is filled in pieces of this many bytes, because a copy of a whole buffer may bypass the nearest cache, and
/// the time would then be that of the memory.
pub const PIECE: usize = 1024;

/// A stream of frames, and what a consumer sees of it.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many frames.
    pub frames: usize,
    /// Payload bytes of the longest frame.
    pub longest: usize,
    /// Who sends it.
    pub from: From,
    /// What [`look`] returns for all of its payloads.
    pub expected: u64,
}

impl Stream {
    /// The same frame again and again.
    pub fn repeated(first: u8, from: From, payload: &[u8], frames: usize) -> Stream {
        let mut bytes = Vec::new();
        for _ in 0..frames {
            frame(&mut bytes, first, from, payload);
        }
        Stream {
            bytes,
            frames,
            longest: payload.len(),
            from,
            expected: frames as u64 * look(payload),
        }
    }

    /// Creates a stream of this many Pings and one binary message, for peers that do not report Pings.
    pub fn pings(payload: &[u8], pings: usize) -> Stream {
        let mut stream = Stream::repeated(PING, From::Client, payload, pings);
        frame(&mut stream.bytes, BINARY, From::Client, b".");
        stream.frames += 1;
        stream.longest = payload.len().max(1);
        stream.expected = pings as u64 * (payload.len() as u64 + 2);
        stream
    }

    /// Fills a buffer with the stream.
    pub fn fill(&self, buffer: &mut [u8]) {
        for (to, from) in buffer.chunks_mut(PIECE).zip(self.bytes.chunks(PIECE)) {
            to.copy_from_slice(from);
        }
    }
}

/// What a consumer does with a payload: it reads the length and the first byte.
#[inline(always)]
pub fn look(payload: &[u8]) -> u64 {
    payload.len() as u64 + u64::from(payload.first().copied().unwrap_or(0))
}
