//! What is shown of the content of a refusal.

use core::fmt::{self, Write};

/// The longest line that is shown, in characters.
const SHOWN_LEN: usize = 200;

/// The first line of a content that is text, with `: ` before it, escaped so that a terminal obeys nothing in it, and at most 200
/// characters of it. Of anything else nothing is shown; the first line of an HTML page says nothing.
///
/// ```
/// use bareframe::handshake::FirstLine;
/// assert_eq!(FirstLine(b"members only\n").to_string(), ": members only");
/// assert_eq!(FirstLine(b"<html>").to_string(), "");
/// assert_eq!(FirstLine("\u{202e}x".as_bytes()).to_string(), ": \\u{202e}x");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FirstLine<'c>(pub &'c [u8]);

impl fmt::Display for FirstLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.0.split(|byte| byte.is_ascii_control()).next();
        let line = line.and_then(|line| str::from_utf8(line).ok()).unwrap_or("");
        if line.is_empty() || line.starts_with('<') {
            return Ok(());
        }
        f.write_str(": ")?;
        line.chars()
            .take(SHOWN_LEN)
            .flat_map(char::escape_debug)
            .try_for_each(|shown| f.write_char(shown))
    }
}
