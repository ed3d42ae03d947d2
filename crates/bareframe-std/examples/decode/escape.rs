//! Escapes a peer's text, so that it can be shown on a terminal.

/// Returns the text with everything escaped that controls a terminal or is invisible: control characters, direction
/// marks, other format characters and combining ones. Quotes and backslashes stay, so that JSON can be read.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => escaped.push(c),
            c => escaped.extend(c.escape_debug()),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        let controls = ('\0'..' ').chain('\x7f'..'\u{a0}');
        let marks = "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{feff}".chars();
        let directions = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        for c in controls.chain(marks).chain(directions) {
            let escaped = escape(&c.to_string());
            assert!(escaped.starts_with('\\') && escaped.is_ascii(), "{escaped}");
            assert!(escaped.bytes().all(|byte| byte.is_ascii_graphic()), "{escaped}");
        }
    }

    #[test]
    fn what_is_read_stays() {
        let text = r#"{"é": 'ü €', "path": "C:\\😀"}"#;
        assert_eq!(escape(text), text);
    }
}
