//! Sending: messages, fragments and control frames.

use crate::error::Error;
use crate::frame_writer::FrameWriter;
use crate::link::Link;
use crate::stream::Stream;
use crate::websocket::WebSocket;
use bareframe::{CloseCode, Connection, ControlFrame, MessageKind, Role, Rsv, SendError};

/// What sends on a connection while a message that it received is lent.
///
/// [`WebSocket::read_with_sender`] gives it. Its calls are those of [`WebSocket`].
#[derive(Debug)]
pub struct MessageSender<'s, S, R> {
    link: &'s mut Link<S, R>,
    /// More of the last read is to be looked at, which may be answered too.
    may_wait: bool,
}

/// What was received, and what sends while it is lent.
pub type WithSender<'s, T, S, R> = (T, MessageSender<'s, S, R>);

impl<'s, S: Stream, R: Role> MessageSender<'s, S, R> {
    pub(crate) fn new(link: &'s mut Link<S, R>, may_wait: bool) -> MessageSender<'s, S, R> {
        MessageSender { link, may_wait }
    }

    /// As [`WebSocket::send_text`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.send(MessageKind::Text, text.as_bytes())
    }

    /// As [`WebSocket::send_binary`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_binary(&mut self, octets: &[u8]) -> Result<(), Error> {
        self.send(MessageKind::Binary, octets)
    }

    /// As [`WebSocket::send`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send(&mut self, kind: MessageKind, payload: &[u8]) -> Result<(), Error> {
        self.send_fragment(kind, Rsv::NONE, true, payload)
    }

    /// As [`WebSocket::send_fragment`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_fragment(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        fin: bool,
        payload: &[u8],
    ) -> Result<(), Error> {
        self.link.send(kind, rsv, fin, payload, self.may_wait)
    }

    /// As [`WebSocket::begin_frame`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`] or [`Error::Io`].
    pub fn begin_frame(
        self,
        kind: MessageKind,
        rsv: Rsv,
        fin: bool,
        payload_len: u64,
    ) -> Result<FrameWriter<'s, S, R>, Error> {
        let frame = self.link.begin(kind, rsv, fin, payload_len)?;
        Ok(FrameWriter::new(self.link, frame, self.may_wait))
    }

    /// As [`WebSocket::ping`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.control(|connection| connection.ping(payload))
    }

    /// As [`WebSocket::pong`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.control(|connection| connection.pong(payload))
    }

    /// As [`WebSocket::send_close`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_close(&mut self, code: impl Into<Option<CloseCode>>, reason: &str) -> Result<(), Error> {
        let code = code.into();
        // Nothing is sent after it that it could wait for.
        self.may_wait = false;
        self.control(|connection| connection.close(code, reason))
    }

    /// As [`WebSocket::fail`].
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn fail(&mut self, code: CloseCode) -> Result<(), Error> {
        self.link.connection.fail(code);
        self.flush()
    }

    /// As [`WebSocket::flush`].
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn flush(&mut self) -> Result<(), Error> {
        Ok(self.link.flush()?)
    }

    fn control(
        &mut self,
        make: impl FnOnce(&mut Connection<R>) -> Result<ControlFrame, SendError>,
    ) -> Result<(), Error> {
        self.link.control(make, self.may_wait)
    }
}

impl<S: Stream, R: Role> WebSocket<S, R> {
    /// Sends a text message in one frame (RFC 6455 section 5.6).
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.sender().send_text(text)
    }

    /// Sends a binary message in one frame (RFC 6455 section 5.6).
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_binary(&mut self, octets: &[u8]) -> Result<(), Error> {
        self.sender().send_binary(octets)
    }

    /// Sends a message in one frame. Text must be UTF-8; that is the caller's to see to.
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send(&mut self, kind: MessageKind, payload: &[u8]) -> Result<(), Error> {
        self.sender().send(kind, payload)
    }

    /// Sends a fragment: the first of a message if none is open, else its next; with `fin` its last. Control
    /// frames may go between (RFC 6455 section 5.4). Joined, the fragments of text must be UTF-8.
    ///
    /// ```
    /// use bareframe_std::{MessageKind, Options, Rsv, Untimed, WebSocket};
    /// let mut server = WebSocket::server(Untimed(std::io::Cursor::new(Vec::new())), &Options::DEFAULT);
    /// server.send_fragment(MessageKind::Text, Rsv::NONE, false, b"Hel")?;
    /// server.ping(b"")?;
    /// server.send_fragment(MessageKind::Text, Rsv::NONE, true, b"lo")?;
    /// assert_eq!(server.stream().0.get_ref(), b"\x01\x03Hel\x89\x00\x80\x02lo");
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_fragment(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        fin: bool,
        payload: &[u8],
    ) -> Result<(), Error> {
        self.sender().send_fragment(kind, rsv, fin, payload)
    }

    /// Begins a frame whose payload, of a length that is known, is written piece by piece; as
    /// [`WebSocket::send_fragment`] otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] or [`Error::Io`].
    pub fn begin_frame(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        fin: bool,
        payload_len: u64,
    ) -> Result<FrameWriter<'_, S, R>, Error> {
        self.sender().begin_frame(kind, rsv, fin, payload_len)
    }

    /// Sends a Ping with at most 125 octets of payload (RFC 6455 section 5.5.2).
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.sender().ping(payload)
    }

    /// Sends a Pong that no Ping asked for, or the answer where `auto_pong` is off (RFC 6455 section 5.5.3).
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.sender().pong(payload)
    }

    /// Sends our Close, after which nothing can be sent; what the peer still sends is received until its own
    /// (RFC 6455 section 7.1.2). [`WebSocket::close`] does the rest as well.
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_close(&mut self, code: impl Into<Option<CloseCode>>, reason: &str) -> Result<(), Error> {
        self.sender().send_close(code, reason)
    }

    /// Fails the connection on behalf of a layer above: nothing more is received, and the peer is told in a
    /// Close (RFC 6455 section 7.1.7).
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; the Close then waits for [`WebSocket::flush`].
    pub fn fail(&mut self, code: CloseCode) -> Result<(), Error> {
        self.sender().fail(code)
    }

    /// Writes all that waits to be written.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; what was not written still waits.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.sender().flush()
    }
}
