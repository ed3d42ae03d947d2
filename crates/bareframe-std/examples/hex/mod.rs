//! Bytes in hexadecimal.

use std::fmt::Write;

/// Accepts `81 05`, `8105`, `0x81, 0x05`, `81:05`, `81-05`, and all of them with line breaks.
pub(crate) fn parse(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for word in text.split([' ', '\t', '\r', '\n', ',', ':', ';', '-']) {
        let digits: Option<Vec<u32>> = word
            .strip_prefix("0x")
            .or_else(|| word.strip_prefix("0X"))
            .unwrap_or(word)
            .chars()
            .map(|c| c.to_digit(16))
            .collect();
        let word = word.escape_debug();
        let digits = digits.ok_or_else(|| format!("`{word}` is not hexadecimal"))?;
        for pair in digits.chunks(2) {
            match pair {
                &[high, low] => bytes.extend(u8::try_from(high << 4 | low)),
                _ => {
                    return Err(format!("`{word}` has half a byte: one is two hexadecimal digits"));
                }
            }
        }
    }
    Ok(bytes)
}

/// Returns `81 05`.
pub(crate) fn show(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        let space = if shown.is_empty() { "" } else { " " };
        // Writing to a String does not fail.
        let _ = write!(shown, "{space}{byte:02x}");
    }
    shown
}
