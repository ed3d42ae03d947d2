//! Sending, while what was received is lent.

use crate::deadline::Deadline;
use crate::error::{Error, is_temporary};
use crate::stream::Stream;
use crate::writer::Writer;
use bareframe::{CloseCode, Frame, Outbound, Role};

/// What sends on a connection while a message that it received is lent.
///
/// [`WebSocket::read_with_sender`](crate::WebSocket::read_with_sender) lends it. A frame is made of what is sent: a `&str` is a text message,
/// a `&[u8]` a binary one, and [`Frame`] has the others.
///
/// ```
/// use bareframe_std::{Frame, Options, Untimed, WebSocket};
/// # fn answer<S: bareframe_std::Stream>(stream: S) -> Result<(), bareframe_std::Error> {
/// let mut server = WebSocket::server(stream, &Options::DEFAULT);
/// while let Some((message, mut sender)) = server.read_with_sender()? {
///     // Both leave in one write.
///     sender.feed("You said:")?;
///     sender.send(&message)?;
/// }
/// # Ok(())
/// # }
/// # answer(Untimed(std::io::Cursor::new(Vec::new()))).unwrap_err();
/// ```
#[derive(Debug)]
pub struct MessageSender<'s, S, R> {
    stream: &'s mut S,
    outbound: &'s mut Outbound<R, Vec<u8>>,
    writer: &'s mut Writer,
}

/// What was received, and what sends while it is lent.
pub type WithSender<'s, T, S, R> = (T, MessageSender<'s, S, R>);

impl<'s, S: Stream, R: Role> MessageSender<'s, S, R> {
    pub(crate) fn new(
        stream: &'s mut S,
        outbound: &'s mut Outbound<R, Vec<u8>>,
        writer: &'s mut Writer,
    ) -> MessageSender<'s, S, R> {
        MessageSender {
            stream,
            outbound,
            writer,
        }
    }

    /// Sends a frame: it was written, with all that was fed before, when this returns.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the frame does not fit what was sent before, and [`Error::Io`]: nothing of it was taken.
    /// [`Error::Unflushed`] if it was taken, and its rest waits for [`MessageSender::flush`] or the next call; it is not sent again.
    pub fn send<'f>(&mut self, frame: impl Into<Frame<'f>>) -> Result<(), Error> {
        let mut frame = frame.into();
        let deadline = self.writer.deadline();
        let sent = self.write(&mut frame, deadline);
        self.keep(&mut frame, sent)
    }

    /// Sends a frame as far as the stream takes it: after an error that passes, a call with the same frame goes on. It has its
    /// payload for as long as that lasts, and so nothing of it is copied.
    ///
    /// If the frame is dropped before it was sent, only [`WebSocket::fail`](crate::WebSocket::fail) is left.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] or [`Error::Io`].
    pub fn send_frame(&mut self, frame: &mut Frame<'_>) -> Result<(), Error> {
        let deadline = self.writer.deadline();
        self.write(frame, deadline)
    }

    /// Queues a frame, which leaves in one write with what is fed or sent after it: with the next call that sends, flushes, or
    /// waits for the peer. What does not fit the write buffer is written before.
    ///
    /// # Errors
    ///
    /// As [`MessageSender::send`].
    pub fn feed<'f>(&mut self, frame: impl Into<Frame<'f>>) -> Result<(), Error> {
        let mut frame = frame.into();
        let deadline = self.writer.deadline();
        let sent = self
            .writer
            .send(self.stream, self.outbound, &mut frame, true, deadline);
        self.keep(&mut frame, sent)
    }

    /// Writes all that was fed, and what an earlier call could not write.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; what was not written still waits.
    pub fn flush(&mut self) -> Result<(), Error> {
        let deadline = self.writer.deadline();
        self.writer.flush(self.stream, self.outbound, deadline)
    }

    /// Sends our Close, after which nothing can be sent; what the peer still sends is received until its own (RFC 6455 section
    /// 7.1.2). A reason of more than 123 bytes is cut at a character.
    ///
    /// # Errors
    ///
    /// As [`MessageSender::send`].
    pub fn send_close(&mut self, code: impl Into<Option<CloseCode>>, reason: &str) -> Result<(), Error> {
        self.send(close_frame(code.into(), reason))
    }

    fn write(&mut self, frame: &mut Frame<'_>, deadline: Deadline) -> Result<(), Error> {
        self.writer
            .send(self.stream, self.outbound, frame, false, deadline)?;
        self.writer.flush(self.stream, self.outbound, deadline)
    }

    /// Keeps what is left of a frame that was begun and that its caller can't send again.
    fn keep(&mut self, frame: &mut Frame<'_>, sent: Result<(), Error>) -> Result<(), Error> {
        match sent {
            Err(Error::Io(error)) if frame.is_begun() && is_temporary(&error) => {
                self.writer.keep(self.outbound, frame);
                Err(Error::Unflushed(error))
            }
            sent => sent,
        }
    }
}

/// Returns our Close with as much of the reason as fits.
pub(crate) fn close_frame(code: Option<CloseCode>, reason: &str) -> Frame<'_> {
    /// A control frame's payload without the code (RFC 6455 section 5.5.1).
    const REASON_LEN: usize = 123;
    match code {
        Some(code) => {
            let end = (0..=REASON_LEN).rev().find_map(|end| reason.get(..end));
            Frame::close(
                code,
                if reason.len() > REASON_LEN {
                    end.unwrap_or("")
                } else {
                    reason
                },
            )
        }
        None => Frame::close_without_code(),
    }
}
