//! Bytes as people paste them: hexadecimal in any form, string literals, arrays, and heads of HTTP.

use crate::hex;
use crate::protocol::{self, Protocol};

/// Returns the bytes that the text stands for, if it is no dump.
pub(crate) fn parse(text: &str) -> Result<Vec<u8>, String> {
    if protocol::recognise(text.trim_start().as_bytes()) == Some(Protocol::Http) {
        return Ok(text.trim_start().into());
    }
    if text.contains("\\x") {
        return parse_literals(text);
    }
    let text = without_comments(text);
    match between(&text, '{', '}')
        .or_else(|| between(&text, '[', ']'))
        .or_else(|| between(&text, '<', '>'))
    {
        Some(list) => parse_list(list),
        None => hex::parse(&text)
            .map_err(|error| format!("{error}; --raw FILE reads a file, --help says what is taken")),
    }
}

/// Parses string literals of C, Python, Rust or a shell, or `\x81\x05` without quotes. What is outside of the quotes is not
/// looked at.
fn parse_literals(text: &str) -> Result<Vec<u8>, String> {
    let quoted = text.contains(['"', '\'']);
    let mut bytes = Vec::new();
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (_, None) if quoted => {}
            (c, None) if c.is_whitespace() || c == ',' => {}
            ('\\', _) => bytes.push(parse_escape(&mut chars)?),
            (c, _) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    Ok(bytes)
}

/// Parses what is after a backslash.
fn parse_escape(chars: &mut std::str::Chars<'_>) -> Result<u8, String> {
    match chars.next() {
        Some('x') => {
            let digits = chars.as_str();
            let byte = digits.get(..2).and_then(|digits| hex::parse(digits).ok());
            let Some(&[byte]) = byte.as_deref() else {
                return Err(r"two hexadecimal digits must follow each \x".to_owned());
            };
            *chars = digits[2..].chars();
            Ok(byte)
        }
        Some('n') => Ok(b'\n'),
        Some('r') => Ok(b'\r'),
        Some('t') => Ok(b'\t'),
        Some('a') => Ok(7),
        Some('b') => Ok(8),
        Some('v') => Ok(11),
        Some('f') => Ok(12),
        Some('0') => Ok(0),
        Some(c @ ('\\' | '"' | '\'')) => Ok(c as u8),
        Some(c) => Err(format!(r"\{} is not known; \x81 is a byte", c.escape_debug())),
        None => Err(r"nothing follows the last backslash; \x81 is a byte".to_owned()),
    }
}

/// Parses the elements of an array.
fn parse_list(list: &str) -> Result<Vec<u8>, String> {
    let list = list.strip_prefix("Buffer ").unwrap_or(list);
    if !list.contains(',') {
        return hex::parse(list);
    }
    let elements: Vec<&str> = list
        .split(',')
        .map(|element| element.trim().trim_end_matches("u8").trim_end_matches('_'))
        .filter(|element| !element.is_empty())
        .collect();
    // As in `{81, 05, 6c}`, which no language would read so.
    let is_pair =
        |element: &&str| element.len() == 2 && element.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_hex =
        |element: &&str| element.starts_with('0') || element.bytes().any(|digit| digit.is_ascii_alphabetic());
    if elements.iter().all(is_pair) && elements.iter().any(is_hex) {
        return hex::parse(&elements.join(" "));
    }
    elements.into_iter().map(parse_element).collect()
}

fn parse_element(element: &str) -> Result<u8, String> {
    let hex = element.strip_prefix("0x").or_else(|| element.strip_prefix("0X"));
    let byte = match (hex, element.as_bytes()) {
        (Some(digits), _) => u8::from_str_radix(digits, 16).ok(),
        (None, &[b'\'', character, b'\'']) => Some(character),
        (None, _) => element.parse().ok(),
    };
    byte.ok_or_else(|| format!("`{}` in the array is no byte", element.escape_debug()))
}

fn between(text: &str, open: char, close: char) -> Option<&str> {
    let (_, after) = text.split_once(open)?;
    Some(after.split_once(close)?.0)
}

fn without_comments(text: &str) -> String {
    let mut kept = String::new();
    for (index, part) in text.split("/*").enumerate() {
        kept += match index {
            0 => part,
            _ => part.split_once("*/").map_or("", |(_, after)| after),
        };
    }
    let lines = kept.lines().map(|line| line.split("//").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[track_caller]
    fn hello(text: &str) {
        assert_eq!(parse(text).as_deref(), Ok(&b"\x81\x05Hello"[..]), "{text}");
    }

    #[test]
    fn hexadecimal() {
        hello("81 05 48 65 6c 6c 6f");
        hello("810548656c6c6f");
        hello("0x81 0x05 0x48 0x65 0x6c 0x6c 0x6f");
        hello("0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F,");
        hello("0x810548656c6c6f");
        hello("0X81,0X05,0X48656C6C6F");
        hello("81,05,48,65,6c,6c,6f");
        hello("81:05:48:65:6c:6c:6f");
        hello("81-05-48-65-6C-6C-6F");
        hello("8105 4865\r\n6c6c\n\n6f\n");
        hello("-- 81 05 48 65 6c 6c 6f");
        hello("81 05 // FIN, text\n48 65 6c 6c 6f");
        hello("81 05 /* FIN,\ntext */ 48 65 6c 6c 6f");
    }

    #[test]
    fn string_literals() {
        hello(r"\x81\x05\x48\x65\x6c\x6c\x6f");
        hello(r"\x81\x05Hello");
        hello("\\x81\\x05\\x48\n\\x65, \\x6c\\x6c\\x6f");
        hello(r#""\x81\x05Hello""#);
        hello(r#"const char frame[] = "\x81\x05" "Hello";"#);
        hello("b'\\x81\\x05Hello'");
        hello("$'\\x81\\x05Hello'");
        assert_eq!(
            parse(r#"b"\x81\x08\n\r\t\0\\\"' ""#).as_deref(),
            Ok(&b"\x81\x08\n\r\t\0\\\"' "[..])
        );
    }

    #[test]
    fn arrays() {
        hello("{0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}");
        hello("unsigned char frame[] = {\n  0x81, 0x05, 'H', 'e', 'l', 'l', 'o'\n};\nunsigned int len = 7;");
        hello("uint8_t frame[7] = { 0x81, // FIN, text\n 5, /* bytes */ 0x48, 0x65, 0x6c, 0x6c, 0x6f, };");
        hello("[129, 5, 72, 101, 108, 108, 111]");
        hello("Uint8Array(7) [\n  129,   5, 72, 101,\n  108, 108, 111\n]");
        hello("[0x81_u8, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]");
        hello("<Buffer 81 05 48 65 6c 6c 6f>");
        hello("{81, 05, 48, 65, 6c, 6c, 6f}");
    }

    #[test]
    fn a_head_of_http_as_it_is() {
        let head = "GET /\\x HTTP/1.1\nHost: a\n";
        assert_eq!(parse(&format!("\n{head}")).as_deref(), Ok(head.as_bytes()));
    }

    #[test]
    fn what_is_none_is_said() {
        for (text, says) in [
            ("8", "half a byte"),
            ("81 5", "half a byte"),
            ("8g", "`8g` is not hexadecimal"),
            ("+1", "`+1` is not hexadecimal"),
            ("é", "`é` is not hexadecimal"),
            ("capture.pcap", "--raw FILE"),
            ("\u{1b}[1m", r"\u{1b}"),
            (r"\x8", "two hexadecimal digits"),
            (r"\x81\q", r"\q is not known"),
            (r"\x81\", "nothing follows"),
            ("[129, 256]", "`256`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(says), "{error}");
            assert!(!error.contains('\u{1b}'), "{error}");
        }
    }
}
