//! Sending, also while a received message is lent.

use crate::deadline::Deadline;
use crate::error::{Error, is_temporary};
use crate::extension::StdOutbound;
use crate::stream::Stream;
use crate::writer::{LEAST, Writer};
use bareframe::{CloseCode, Frame, Next, Role, SendError};
use std::io::{self, ErrorKind, IoSlice};

/// Sends on a connection while a message that it received is lent.
///
/// [`WebSocket::read_with_sender`](crate::WebSocket::read_with_sender) lends it. A `&str` is sent as a text message and
/// a `&[u8]` as a binary one; [`Frame`] has the other kinds.
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
    outbound: &'s mut StdOutbound<R>,
    writer: &'s mut Writer,
}

/// A received message or event, and a sender to use while it is lent.
pub type WithSender<'s, T, S, R> = (T, MessageSender<'s, S, R>);

impl<'s, S: Stream, R: Role> MessageSender<'s, S, R> {
    pub(crate) fn new(
        stream: &'s mut S,
        outbound: &'s mut StdOutbound<R>,
        writer: &'s mut Writer,
    ) -> MessageSender<'s, S, R> {
        MessageSender {
            stream,
            outbound,
            writer,
        }
    }

    /// Sends a frame, and returns when it was written together with everything that was fed before.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the frame is not allowed after what was sent before, or [`Error::Io`]; nothing of the frame
    /// was sent. [`Error::Unflushed`] if a part of it is still queued, which [`MessageSender::flush`] or the next call
    /// writes; do not send the frame again.
    pub fn send<'f>(&mut self, frame: impl Into<Frame<'f>>) -> Result<(), Error> {
        let mut frame = frame.into();
        let sent = self.send_frame(&mut frame);
        self.keep(&mut frame, sent)
    }

    /// Sends a frame as far as the stream accepts it. After a temporary error, a call with the same frame continues.
    /// The frame borrows its payload until it is sent, so that nothing is copied.
    ///
    /// If the frame is dropped before it was sent, only [`WebSocket::fail`](crate::WebSocket::fail) is possible.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] or [`Error::Io`].
    pub fn send_frame(&mut self, frame: &mut Frame<'_>) -> Result<(), Error> {
        let deadline = self.writer.deadline();
        self.send_by(frame, false, deadline)?;
        self.flush_by(deadline)
    }

    /// Queues a frame, to be written together with frames that are fed or sent after it, by the next call that sends,
    /// flushes, or waits for the peer. If the write buffer is full, it is written before.
    ///
    /// # Errors
    ///
    /// As [`MessageSender::send`].
    pub fn feed<'f>(&mut self, frame: impl Into<Frame<'f>>) -> Result<(), Error> {
        let mut frame = frame.into();
        let deadline = self.writer.deadline();
        let sent = self.send_by(&mut frame, true, deadline);
        self.keep(&mut frame, sent)
    }

    /// Writes everything that was fed, and what an earlier call could not write.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; what was not written stays queued.
    pub fn flush(&mut self) -> Result<(), Error> {
        let deadline = self.writer.deadline();
        self.flush_by(deadline)
    }

    /// Sends our Close, after which nothing can be sent. Messages of the peer are still received until its Close (RFC
    /// 6455 section 7.1.2). A reason of more than 123 bytes is cut at a character.
    ///
    /// # Errors
    ///
    /// As [`MessageSender::send`].
    pub fn send_close(&mut self, code: impl Into<Option<CloseCode>>, reason: &str) -> Result<(), Error> {
        self.send(close_frame(code.into(), reason))
    }

    /// Queues or writes all of a frame. While it is only gathered, nothing is written that fits the queue.
    fn send_by(&mut self, frame: &mut Frame<'_>, is_gathered: bool, deadline: Deadline) -> Result<(), Error> {
        // The queued rest of a long frame is written first. Otherwise the queue would grow without limit over a stream
        // that accepts little.
        while self.outbound.queued().len() > self.writer.most && !frame.is_begun() {
            self.write(&mut Frame::NONE.clone(), deadline)?;
        }
        self.writer.make_room(self.outbound, frame, is_gathered);
        loop {
            match self.outbound.next_sent(frame) {
                Ok(Next::Ready) => return Ok(()),
                Ok(_) if (is_gathered || frame.is_begun()) && self.writer.grow(self.outbound, frame) => {}
                Ok(_) => self.write(frame, deadline)?,
                Err(SendError::Closed) => {
                    return Err(self.writer.failure().unwrap_or(Error::Send(SendError::Closed)));
                }
                Err(error) => return Err(Error::Send(error)),
            }
        }
    }

    /// Queues our Close, for which room is made.
    pub(crate) fn queue_close(&mut self, mut frame: Frame<'_>) -> Result<(), Error> {
        let len = self.outbound.queued().len().saturating_add(LEAST);
        if len > self.outbound.queue_len() {
            let _ = self.outbound.exchange_queue(vec![0; len]);
        }
        match self.outbound.next_sent(&mut frame) {
            // The stream was refused; what was received decides how the connection ends.
            Ok(_) | Err(SendError::Closed) => Ok(()),
            Err(error) => Err(Error::Send(error)),
        }
    }

    /// Writes all that is queued.
    pub(crate) fn flush_by(&mut self, deadline: Deadline) -> Result<(), Error> {
        loop {
            match self.outbound.next_flush() {
                Next::Ready => return Ok(()),
                next => self.perform(next, deadline)?,
            }
        }
    }

    /// Writes or flushes once.
    pub(crate) fn perform(&mut self, next: Next, deadline: Deadline) -> Result<(), Error> {
        if next == Next::Write {
            return self.write(&mut Frame::NONE.clone(), deadline);
        }
        match self.stream.flush_by(deadline) {
            Ok(()) => {
                self.outbound.flushed();
                Ok(())
            }
            Err(error) => self.refuse(error),
        }
    }

    fn write(&mut self, frame: &mut Frame<'_>, deadline: Deadline) -> Result<(), Error> {
        let [queued, payload] = self.outbound.to_write(frame);
        let payload = self.writer.part(payload);
        let slices = [IoSlice::new(queued), IoSlice::new(payload)];
        let written = match payload {
            [] => self.stream.write_by(&slices[..1], deadline),
            _ => self.stream.write_by(&slices, deadline),
        };
        match written {
            Ok(0) => self.refuse(ErrorKind::WriteZero.into()),
            Ok(len) => {
                self.outbound.wrote(len, frame);
                self.writer.count();
                // The queued rest of a long frame was written.
                if self.outbound.queue_len() > self.writer.most {
                    Writer::shrink(self.outbound);
                }
                Ok(())
            }
            Err(error) => self.refuse(error),
        }
    }

    /// Returns an error of the stream. If it is permanent, nothing is written any more.
    fn refuse(&mut self, error: io::Error) -> Result<(), Error> {
        if error.kind() == ErrorKind::Interrupted {
            return Ok(());
        }
        if is_temporary(&error) {
            return Err(Error::Io(error));
        }
        self.outbound.refused();
        Err(Error::Io(self.writer.fail(error)))
    }

    /// Keeps what is left of a frame that was begun and that its caller can't send again.
    fn keep(&mut self, frame: &mut Frame<'_>, sent: Result<(), Error>) -> Result<(), Error> {
        match sent {
            Err(Error::Io(error)) if frame.is_begun() && is_temporary(&error) => {
                let mut len = self.outbound.queued().len().saturating_add(frame.left());
                loop {
                    let kept = self.outbound.exchange_queue(vec![0; len.max(LEAST)]);
                    debug_assert!(kept.is_ok(), "there is room for all of it");
                    // What an extension makes of it may be longer, and more may be in its memory.
                    if self.outbound.next_sent(frame) != Ok(Next::Write) {
                        break;
                    }
                    len = len.max(LEAST).saturating_mul(2);
                }
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
            let fits = (0..=reason.len().min(REASON_LEN)).rev();
            let reason = fits.filter_map(|end| reason.get(..end)).next();
            Frame::close(code, reason.unwrap_or(""))
        }
        None => Frame::close_without_code(),
    }
}
