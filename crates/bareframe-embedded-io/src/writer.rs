//! Sending: messages, fragments and control frames, through a buffer that a dropped future leaves as it is.

use crate::error::Error;
use bareframe::{
    BufferTooSmall, CloseCode, Connection, ControlFrame, MessageKind, Outbox, Outgoing, Role, Rsv, SendError,
    Sender,
};
use core::fmt;
use embedded_io_async::Write;

/// The shortest send buffer, in octets: what the longest control frame needs.
pub const MIN_SEND: usize = ControlFrame::MAX_LEN;

/// What sends on a connection, whole or half.
///
/// A call that returns an error of the stream, or that is dropped, may have queued its frame: the next call writes what
/// is queued first.
pub struct Writer<'b, S, C: Speaker> {
    pub(crate) stream: S,
    pub(crate) speaker: C,
    outbox: Outbox<&'b mut [u8]>,
    /// The frame of which payload is to follow.
    frame: Option<Outgoing<C::Role>>,
    /// The stream may hold octets back that it has taken.
    unflushed: bool,
}

/// What makes frames: a connection, or its sending half.
pub trait Speaker: sealed::Speaker {}

impl<'b, S, C: Speaker> Writer<'b, S, C> {
    pub(crate) const fn new(stream: S, speaker: C, memory: &'b mut [u8]) -> Writer<'b, S, C> {
        Writer {
            stream,
            speaker,
            outbox: Outbox::new(memory),
            frame: None,
            unflushed: false,
        }
    }

    /// Adds octets that go out before the first frame.
    pub(crate) fn queue_head(
        &mut self,
        encode: impl FnOnce(&mut [u8]) -> Result<usize, SendError>,
    ) -> Result<(), SendError> {
        self.outbox.encode(encode)
    }

    /// Gives how many octets of payload, of the frame that was begun, were not taken yet.
    #[must_use]
    pub const fn payload_left(&self) -> u64 {
        self.outbox.payload_left()
    }

    /// Gives the stream.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// Gives the stream, to set it up; what is written to it or read from it breaks the connection.
    pub const fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The same for parts of the stream and of the connection, with what is left of these.
    pub(crate) fn part<T, D: Speaker<Role = C::Role>, X>(
        self,
        part: impl FnOnce(S, C) -> (T, D, X),
    ) -> (Writer<'b, T, D>, X) {
        let (stream, speaker, rest) = part(self.stream, self.speaker);
        let writer = Writer {
            stream,
            speaker,
            outbox: self.outbox,
            frame: self.frame,
            unflushed: self.unflushed,
        };
        (writer, rest)
    }

    /// Tells whether a frame can begin that is as long as any control frame or header.
    pub(crate) fn is_ready(&self) -> bool {
        self.outbox.is_at_boundary() && self.outbox.room() >= MIN_SEND
    }

    /// Adds a control frame for which there is room.
    pub(crate) fn queue(&mut self, frame: &ControlFrame) -> Result<(), SendError> {
        self.outbox.control(frame)
    }
}

impl<S: Write, C: Speaker> Writer<'_, S, C> {
    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// As [`Writer::send`].
    pub async fn send_text(&mut self, text: &str) -> Result<(), Error<S::Error>> {
        self.send(MessageKind::Text, text.as_bytes()).await
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As [`Writer::send`].
    pub async fn send_binary(&mut self, octets: &[u8]) -> Result<(), Error<S::Error>> {
        self.send(MessageKind::Binary, octets).await
    }

    /// Sends a message in one frame (RFC 6455 section 6.1). Text must be UTF-8.
    ///
    /// If the future is dropped when the frame has begun, the last [`Writer::payload_left`] octets are still to be
    /// handed to [`Writer::write`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if nothing was sent, [`Error::Io`] or [`Error::WriteZero`].
    pub async fn send(&mut self, kind: MessageKind, payload: &[u8]) -> Result<(), Error<S::Error>> {
        self.send_fragment(kind, Rsv::NONE, true, payload).await
    }

    /// Sends a fragment of a message: its first if none is open, else its next; with `fin` its last (RFC 6455 section
    /// 5.4). Text may be cut within a character.
    ///
    /// If the future is dropped, as [`Writer::send`].
    ///
    /// # Errors
    ///
    /// As [`Writer::begin`].
    pub async fn send_fragment(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        fin: bool,
        payload: &[u8],
    ) -> Result<(), Error<S::Error>> {
        self.begin(kind, rsv, fin, payload.len() as u64).await?;
        let mut rest = payload;
        while !rest.is_empty() {
            let taken = self.write(rest).await?;
            rest = rest.get(taken..).unwrap_or(&[]);
        }
        self.flush().await
    }

    /// Begins a frame of a message: its first if none is open, else its next; with `fin` its last. `payload_len`
    /// octets are to follow through [`Writer::write`] (RFC 6455 section 5.4).
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if nothing was sent, [`Error::Io`] or [`Error::WriteZero`].
    pub async fn begin(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        fin: bool,
        payload_len: u64,
    ) -> Result<(), Error<S::Error>> {
        self.make_ready().await?;
        let frame = self.speaker.send(kind, rsv, fin, payload_len)?;
        self.outbox.begin(&frame)?;
        self.frame = Some(frame);
        Ok(())
    }

    /// Takes the next octets of the payload of the frame that was begun, and gives how many; 0 if none are left.
    /// [`Writer::flush`] sends the last of them on their way, and so does reading.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] or [`Error::WriteZero`]; none was taken.
    pub async fn write(&mut self, piece: &[u8]) -> Result<usize, Error<S::Error>> {
        let left = usize::try_from(self.payload_left()).unwrap_or(usize::MAX);
        let piece = piece.get(..left).unwrap_or(piece);
        loop {
            let Some(frame) = &mut self.frame else {
                return Ok(0);
            };
            if piece.is_empty() {
                return Ok(0);
            }
            if !frame.is_masked() && piece.len() > self.outbox.room() {
                self.write_out().await?;
                let written = self.stream.write(piece).await.map_err(Error::Io)?;
                self.note(written)?;
                return Ok(self.outbox.advance(written));
            }
            match self.outbox.push(frame, piece) {
                0 => self.write_out().await?,
                taken => return Ok(taken),
            }
        }
    }

    /// Sends a Ping with at most 125 octets of payload (RFC 6455 section 5.5.2).
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if nothing was sent, [`Error::Io`] or [`Error::WriteZero`].
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error<S::Error>> {
        self.control(|speaker| speaker.ping(payload)).await
    }

    /// Sends a Pong that no Ping asked for, or where the configuration leaves the answer to the caller (RFC 6455
    /// section 5.5.3).
    ///
    /// # Errors
    ///
    /// As [`Writer::ping`].
    pub async fn pong(&mut self, payload: &[u8]) -> Result<(), Error<S::Error>> {
        self.control(|speaker| speaker.pong(payload)).await
    }

    /// Sends our Close, after which nothing can be sent (RFC 6455 section 5.5.1). Reading gives `None` when the peer's
    /// has come.
    ///
    /// # Errors
    ///
    /// As [`Writer::ping`].
    pub async fn send_close(&mut self, code: Option<CloseCode>, reason: &str) -> Result<(), Error<S::Error>> {
        self.control(|speaker| speaker.close(code, reason)).await
    }

    /// Writes what is queued and flushes the stream.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] or [`Error::WriteZero`].
    pub async fn flush(&mut self) -> Result<(), Error<S::Error>> {
        self.write_out().await?;
        if self.unflushed {
            self.stream.flush().await.map_err(Error::Io)?;
            self.unflushed = false;
        }
        Ok(())
    }

    pub(crate) async fn control(
        &mut self,
        make: impl FnOnce(&mut C) -> Result<ControlFrame, SendError>,
    ) -> Result<(), Error<S::Error>> {
        self.make_ready().await?;
        let frame = make(&mut self.speaker)?;
        self.outbox.control(&frame)?;
        self.flush().await
    }

    /// Sees to it that a frame can begin.
    pub(crate) async fn make_ready(&mut self) -> Result<(), Error<S::Error>> {
        if !self.outbox.is_at_boundary() {
            return Err(Error::Send(SendError::InsideFrame));
        }
        if !self.is_ready() {
            self.write_out().await?;
        }
        if self.is_ready() {
            Ok(())
        } else {
            Err(Error::Send(BufferTooSmall { needed: MIN_SEND }.into()))
        }
    }

    async fn write_out(&mut self) -> Result<(), Error<S::Error>> {
        while !self.outbox.pending().is_empty() {
            let written = self
                .stream
                .write(self.outbox.pending())
                .await
                .map_err(Error::Io)?;
            self.note(written)?;
            self.outbox.advance(written);
        }
        Ok(())
    }

    fn note(&mut self, written: usize) -> Result<(), Error<S::Error>> {
        if written == 0 {
            return Err(Error::WriteZero);
        }
        self.unflushed = true;
        Ok(())
    }
}

impl<R: Role> Speaker for Connection<R> {}
impl<R: Role> Speaker for Sender<R> {}

pub(crate) mod sealed {
    use super::{CloseCode, Connection, ControlFrame, MessageKind, Outgoing, Role, Rsv, SendError, Sender};

    pub trait Speaker {
        type Role: Role;

        fn send(
            &mut self,
            kind: MessageKind,
            rsv: Rsv,
            fin: bool,
            payload_len: u64,
        ) -> Result<Outgoing<Self::Role>, SendError>;
        fn ping(&mut self, payload: &[u8]) -> Result<ControlFrame, SendError>;
        fn pong(&mut self, payload: &[u8]) -> Result<ControlFrame, SendError>;
        fn close(&mut self, code: Option<CloseCode>, reason: &str) -> Result<ControlFrame, SendError>;
    }

    impl<R: Role> Speaker for Connection<R> {
        type Role = R;

        fn send(
            &mut self,
            kind: MessageKind,
            rsv: Rsv,
            fin: bool,
            payload_len: u64,
        ) -> Result<Outgoing<R>, SendError> {
            self.send(kind, rsv, fin, payload_len)
        }

        fn ping(&mut self, payload: &[u8]) -> Result<ControlFrame, SendError> {
            self.ping(payload)
        }

        fn pong(&mut self, payload: &[u8]) -> Result<ControlFrame, SendError> {
            self.pong(payload)
        }

        fn close(&mut self, code: Option<CloseCode>, reason: &str) -> Result<ControlFrame, SendError> {
            self.close(code, reason)
        }
    }

    impl<R: Role> Speaker for Sender<R> {
        type Role = R;

        fn send(
            &mut self,
            kind: MessageKind,
            rsv: Rsv,
            fin: bool,
            payload_len: u64,
        ) -> Result<Outgoing<R>, SendError> {
            self.send(kind, rsv, fin, payload_len)
        }

        fn ping(&mut self, payload: &[u8]) -> Result<ControlFrame, SendError> {
            self.ping(payload)
        }

        fn pong(&mut self, payload: &[u8]) -> Result<ControlFrame, SendError> {
            self.pong(payload)
        }

        fn close(&mut self, code: Option<CloseCode>, reason: &str) -> Result<ControlFrame, SendError> {
            self.close(code, reason)
        }
    }
}

impl<S, C: Speaker> fmt::Debug for Writer<'_, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pending, left) = (self.outbox.pending().len(), self.payload_left());
        write!(f, "Writer({pending} octets and {left} of a payload)")
    }
}
