//! The end of a stream in good order (RFC 6455 section 7.1.1).

use crate::deadline::Deadline;
use crate::error::is_temporary;
use crate::stream::Stream;
use std::io::ErrorKind;
use std::net::Shutdown;

/// Ends a stream, before or after the peer does, and drops what still arrives: a stream that is closed with
/// octets unread is reset, and the peer may never see the last that was sent.
///
/// Nothing that fails here can be mended.
pub(crate) fn end_stream(stream: &mut impl Stream, after_peer: bool, deadline: Deadline) {
    if after_peer || stream.shutdown(Shutdown::Write).is_ok() {
        drop_all(stream, deadline);
    }
    let _ = stream.shutdown(Shutdown::Both);
}

/// Reads to the peer's end.
fn drop_all(stream: &mut impl Stream, deadline: Deadline) {
    let mut dropped = [0; 1024];
    while deadline.apply(stream).is_ok() {
        match stream.read(&mut dropped) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted || is_temporary(&error) => {}
            Err(_) => return,
        }
    }
}
