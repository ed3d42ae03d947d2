//! The content of a server's answer, up to a limit (RFC 9112 sections 6 and 7).

use crate::deadline::Deadline;
use crate::head;
use crate::stream::Stream;
use bareframe::handshake::{HeadBuffer, KeptContent};
use std::io::{self, ErrorKind};

/// Reads until the end of a content, its limit or the deadline.
///
/// # Errors
///
/// `WouldBlock` if the stream does not block; call again.
pub(crate) fn read(
    content: &mut KeptContent,
    stream: &mut impl Stream,
    received: &mut HeadBuffer,
    deadline: Deadline,
) -> io::Result<()> {
    while !content.take_from(received) {
        match head::read(stream, received, deadline) {
            Ok(0) => content.receive_eof(),
            Ok(_) => continue,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(error),
            Err(_) => {}
        }
        break;
    }
    Ok(())
}
