//! A frame whose payload is written piece by piece.

use crate::link::Link;
use crate::stream::Stream;
use bareframe::{Outgoing, Role};
use std::fmt;
use std::io::{self, Write};

/// One frame on its way out: takes as many octets as were announced.
///
/// Small pieces are gathered; the frame leaves when the outbox is full, and whole when its last octet was
/// taken. A frame that is dropped before can't be ended, nor any other be sent after it.
///
/// ```
/// use bareframe_std::{MessageKind, Options, Rsv, Untimed, WebSocket};
/// use std::io::{Cursor, Write};
/// let mut server = WebSocket::server(Untimed(Cursor::new(Vec::new())), &Options::DEFAULT);
/// let mut frame = server.begin_frame(MessageKind::Binary, Rsv::NONE, true, 5)?;
/// frame.write_all(b"Hel")?;
/// frame.write_all(b"lo")?;
/// assert_eq!(frame.left(), 0);
/// assert_eq!(server.stream().0.get_ref(), b"\x82\x05Hello");
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[must_use = "a frame that was begun must be written to its end"]
pub struct FrameWriter<'w, S, R> {
    link: &'w mut Link<S, R>,
    frame: Outgoing<R>,
    left: u64,
    may_wait: bool,
}

impl<'w, S: Stream, R: Role> FrameWriter<'w, S, R> {
    pub(crate) fn new(link: &'w mut Link<S, R>, frame: Outgoing<R>, may_wait: bool) -> FrameWriter<'w, S, R> {
        let left = frame.payload_len();
        FrameWriter {
            link,
            frame,
            left,
            may_wait,
        }
    }

    /// Gives how many octets of payload are still to be written.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.left
    }
}

impl<S: Stream, R: Role> Write for FrameWriter<'_, S, R> {
    /// Takes octets of the payload and gives how many; none once all that were announced were taken.
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let taken = self.link.push(&mut self.frame, octets, self.may_wait)?;
        self.left -= taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.link.flush()
    }
}

impl<S, R> fmt::Debug for FrameWriter<'_, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameWriter({} octets left)", self.left)
    }
}
