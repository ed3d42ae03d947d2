//! Lists of extensions, on one line and on several: parsed as by a naive parser, and written back.

#![no_main]

use arbitrary::Arbitrary;
use bareframe::handshake::{Extension, Extensions, Request};
use libfuzzer_sys::fuzz_target;

/// An extension as the naive reader keeps it: a name, and parameters with their values.
type Kept = (String, Vec<(String, Option<String>)>);

#[derive(Arbitrary, Debug)]
struct Input {
    /// The values of one header line each.
    lines: Vec<Vec<Part>>,
}

#[derive(Arbitrary, Debug)]
enum Part {
    Word(u8),
    Byte(u8),
    Many(u8, u8),
}

const WORDS: [&str; 16] = [
    "permessage-deflate",
    "client_max_window_bits",
    "a",
    "10",
    ";",
    "; ",
    ", ",
    ",",
    "=",
    " = ",
    "\"",
    "\\",
    " ",
    "\t",
    "\"10\"",
    "\"1\\0\"",
];

fuzz_target!(|input: Input| {
    let lines: Vec<Vec<u8>> = input.lines.iter().map(|line| value(line)).collect();
    let due = read_naively(&lines.join(&b','));
    // No element is no offer in a request, and no list elsewhere.
    let due_in_request = due.clone();
    let due = due.filter(|list| !list.is_empty());

    if let Ok(list) = core::str::from_utf8(&lines.join(&b',')) {
        let ours = Extensions::parse(list);
        assert_eq!(ours.clone().map(|list| list.map(kept).collect()), due, "{list:?}");
        if let Some(ours) = ours {
            let written: Vec<String> = ours.map(|extension| extension.to_string()).collect();
            let written = written.join(", ");
            let again = Extensions::parse(&written).expect("what was read can be written");
            assert_eq!(Some(again.map(kept).collect()), due);
        }
    }
    if lines.is_empty() {
        return;
    }
    let mut head = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        .to_vec();
    for line in &lines {
        head.extend(b"Sec-WebSocket-Extensions: ");
        head.extend(line);
        head.extend(b"\r\nX-Between: lines\r\n");
    }
    head.extend(b"\r\n");
    let (request, len) = Request::parse(&head).expect("a value has no control bytes");
    assert_eq!(len, head.len());
    let offered = request
        .upgrade()
        .ok()
        .flatten()
        .map(|upgrade| upgrade.extensions().map(kept).collect());
    assert_eq!(offered, due_in_request, "{}", head.escape_ascii());
});

/// Returns a header's value: no control bytes but tabs.
fn value(line: &[Part]) -> Vec<u8> {
    let mut value = Vec::new();
    for part in line {
        match *part {
            Part::Word(word) => value.extend(WORDS[usize::from(word) % 16].bytes()),
            Part::Byte(byte) if byte == b'\t' || byte >= b' ' && byte != 0x7F => value.push(byte),
            Part::Byte(_) => {}
            Part::Many(word, times) => {
                value.extend(WORDS[usize::from(word) % 16].repeat(times.into()).bytes())
            }
        }
    }
    value
}

fn kept(extension: Extension<'_>) -> Kept {
    let params = extension.params().map(|param| {
        let value = param.value().map(|value| value.bytes().map(char::from).collect());
        (param.name().to_owned(), value)
    });
    (extension.name().to_owned(), params.collect())
}

/// Reads a list by cutting it apart. No token has a comma, a semicolon or an equals sign, and a value is one even in
/// quotes, so that every such byte separates.
fn read_naively(list: &[u8]) -> Option<Vec<Kept>> {
    let elements = list.split(|&byte| byte == b',').map(trim);
    elements
        .filter(|element| !element.is_empty())
        .map(read_one)
        .collect()
}

fn read_one(element: &[u8]) -> Option<Kept> {
    let mut parts = element.split(|&byte| byte == b';').map(trim);
    let name = token(parts.next()?)?;
    let params = parts.map(|param| {
        let mut sides = param.splitn(2, |&byte| byte == b'=').map(trim);
        let name = token(sides.next()?)?;
        let value = match sides.next() {
            None => None,
            Some(value) => Some(match value.strip_prefix(b"\"") {
                None => token(value)?,
                Some(quoted) => token(&unescaped(quoted.strip_suffix(b"\"")?)?)?,
            }),
        };
        Some((name, value))
    });
    Some((name, params.collect::<Option<_>>()?))
}

/// Returns what is in quotes, without each backslash before another byte.
fn unescaped(quoted: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = quoted.iter();
    let mut text = Vec::new();
    while let Some(&byte) = bytes.next() {
        text.push(if byte == b'\\' { *bytes.next()? } else { byte });
    }
    Some(text)
}

fn token(bytes: &[u8]) -> Option<String> {
    let separators = b"()<>@,;:\\\"/[]?={} \t";
    let is_token = |byte: &u8| byte.is_ascii_graphic() && !separators.contains(byte);
    let text = String::from_utf8(bytes.to_vec()).ok()?;
    (!bytes.is_empty() && bytes.iter().all(is_token)).then_some(text)
}

fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}
