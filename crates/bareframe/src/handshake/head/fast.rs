//! Parsing header lines inline.

use super::{HeadError, Header};

#[inline(always)]
pub(in super::super) fn header_line<'h>(lines: &mut &'h [u8]) -> Result<Header<'h>, HeadError> {
    super::parse_header_line(lines)
}
