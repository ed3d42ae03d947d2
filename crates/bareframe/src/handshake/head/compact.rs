//! Parsing header lines in one function, to save flash.

use super::{HeadError, Header};

pub(in super::super) fn header_line<'h>(lines: &mut &'h [u8]) -> Result<Header<'h>, HeadError> {
    super::parse_header_line(lines)
}
