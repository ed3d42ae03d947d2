//! Ending a stream in order (RFC 6455 section 7.1.1).

use crate::deadline::Deadline;
use crate::stream::Stream;
use std::io::{self, ErrorKind};
use std::net::Shutdown;

/// Whether the peer's end of the stream was seen, which proves that everything that was sent has arrived (RFC 6455
/// section 7.1.1).
///
/// [`WebSocket::close`](crate::WebSocket::close) returns it once the closing handshake is done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum StreamEnd {
    /// The peer has ended the stream.
    Seen,
    /// It did not within [`Options::close_timeout`](crate::Options::close_timeout), or `close` did not wait because the
    /// stream can't be shut down and the peer may wait for our end; the stream ends when it is dropped.
    NotSeen,
}

/// Ends a stream, before or after the peer does, and discards the bytes that still arrive. A stream that is closed with
/// unread bytes is reset, and the peer may never receive the last bytes that were sent. `is_ended` is set if our
/// direction has ended, or if the peer ends the stream first.
///
/// # Errors
///
/// `WouldBlock` if the stream does not block; call again. Other failures are ignored, since nothing can be done about
/// them.
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
    // The system may refuse it the second time.
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
