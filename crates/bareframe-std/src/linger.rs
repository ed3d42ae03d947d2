//! The end of a stream in good order (RFC 6455 section 7.1.1).

use crate::deadline::Deadline;
use crate::stream::Stream;
use std::io::ErrorKind;
use std::net::Shutdown;

/// Ends a stream, before or after the peer does, and drops what still arrives: a stream that is closed with
/// bytes unread is reset, and the peer may never see the last that was sent. One that can't be ended is left to be dropped,
/// since its peer may wait for the end as this end would.
///
/// Nothing that fails here can be mended.
pub(crate) fn end_stream(stream: &mut impl Stream, after_peer: bool, deadline: Deadline) {
    let _ = stream.flush_by(deadline);
    if after_peer || stream.shutdown(Shutdown::Write).is_ok() {
        drop_all(stream, deadline);
    }
    let _ = stream.shutdown(Shutdown::Both);
}

/// Reads to the peer's end, or until the stream would have to be waited for elsewhere.
fn drop_all(stream: &mut impl Stream, deadline: Deadline) {
    let mut dropped = [0; 1024];
    loop {
        match stream.read_by(&mut dropped, deadline) {
            Ok(0) => return,
            Err(error) if error.kind() != ErrorKind::Interrupted => return,
            _ => {}
        }
    }
}
