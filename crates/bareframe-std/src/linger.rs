//! The end of a stream in good order (RFC 6455 section 7.1.1).

use crate::deadline::Deadline;
use crate::stream::Stream;
use std::io::{self, ErrorKind};
use std::net::Shutdown;

/// Whether the peer's end of the stream was seen: what was sent last has arrived then (RFC 6455 section 7.1.1).
///
/// [`WebSocket::close`](crate::WebSocket::close) returns it once the closing handshake is done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum StreamEnd {
    /// The peer has ended the stream.
    Seen,
    /// It did not within [`Options::close_timeout`](crate::Options::close_timeout), or nobody waited for it, since the stream can't
    /// be shut down and the peer may wait for our end: it ends when it is dropped.
    NotSeen,
}

/// Ends a stream, before or after the peer does, and drops what still arrives: a stream that is closed with bytes unread is reset,
/// and the peer may never see the last that was sent. `is_ended` says that our direction has ended, or that the peer ends the stream
/// first.
///
/// # Errors
///
/// `WouldBlock` if the stream does not block and this is to be called again. Nothing else that fails here can be mended.
pub(crate) fn end_stream(
    stream: &mut impl Stream,
    is_ended: &mut bool,
    deadline: Deadline,
) -> io::Result<StreamEnd> {
    let ready = if *is_ended {
        Ok(())
    } else {
        stream
            .flush_by(deadline)
            .and_then(|()| stream.shutdown(Shutdown::Write))
    };
    // A second time the system may refuse it.
    *is_ended |= ready.is_ok();
    let seen = ready.and_then(|()| drop_all(stream, deadline));
    match seen {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(error),
        seen => {
            let _ = stream.shutdown(Shutdown::Both);
            Ok(seen.map_or(StreamEnd::NotSeen, |()| StreamEnd::Seen))
        }
    }
}

/// Reads to the peer's end.
fn drop_all(stream: &mut impl Stream, deadline: Deadline) -> io::Result<()> {
    let mut dropped = [0; 1024];
    loop {
        match stream.read_by(&mut dropped, deadline) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
    }
}
