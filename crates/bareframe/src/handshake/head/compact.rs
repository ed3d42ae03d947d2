//! A small machine parses header lines in one function.

use super::{HeadError, Header};

pub(in super::super) fn header_line<'h>(lines: &mut &'h [u8]) -> Result<Header<'h>, HeadError> {
    super::parse_header_line(lines)
}
