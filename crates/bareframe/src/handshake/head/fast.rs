//! A large machine parses header lines where they are asked for.

use super::{HeadError, Header};

#[inline(always)]
pub(in super::super) fn header_line<'h>(lines: &mut &'h [u8]) -> Result<Header<'h>, HeadError> {
    super::parse_header_line(lines)
}
