//! Frame: a frame to send, and how much of its payload is left.

use super::prepared::PreparedFrame;
use crate::assemble::Message;
use crate::close::CloseCode;
use crate::opcode::{MessageKind, Rsv};
use crate::receiver::Data;

/// A frame to send, and the part of its payload that is left.
///
/// It is passed to each call of `next_sent`, `to_write` and `wrote` until it was sent. A session recognises the frame
/// that it began, and refuses any other until that one is sent. So if a send is dropped midway, pass the same `Frame`
/// again to continue.
///
/// ```
/// use bareframe::{CloseCode, Config, Connection, Frame, Next, Session};
/// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 256]);
/// for mut frame in [
///     Frame::text("Hel").fragment(false),
///     Frame::ping(b"?"),
///     Frame::text("lo"),
///     Frame::close(CloseCode::NORMAL_CLOSURE, "bye"),
/// ] {
///     assert_eq!(session.next_sent(&mut frame), Ok(Next::Ready));
/// }
/// assert_eq!(session.queued(), b"\x01\x03Hel\x89\x01?\x80\x02lo\x88\x05\x03\xe8bye");
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "a frame is sent by `next_sent`"]
pub struct Frame<'p> {
    /// The payload that is not in the queue and was not written.
    pub(super) rest: &'p [u8],
    pub(super) content: Content,
    pub(super) rsv: Rsv,
    pub(super) fin: bool,
    /// The number that the session assigned to the frame; 0 before it was begun.
    pub(super) number: u32,
}

/// A frame without the payload that it borrows, for a caller that owns the payload and keeps both until the frame is
/// sent.
///
/// ```
/// use bareframe::{Config, Connection, Frame, Next, Session, UnsentFrame};
/// struct Sending {
///     frame: UnsentFrame,
///     payload: Vec<u8>,
/// }
/// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
/// let payload = vec![7; 1000];
/// let mut sending = Sending { frame: Frame::binary(&payload).unsent(), payload };
///
/// // Each time that the stream can be written:
/// let mut frame = sending.frame.frame(&sending.payload);
/// assert_eq!(session.next_sent(&mut frame), Ok(Next::Write));
/// session.wrote(304, &mut frame); // 4 bytes of the header, 300 of the payload
/// sending.frame = frame.unsent();
///
/// assert_eq!(sending.frame.frame(&sending.payload).left(), 700);
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct UnsentFrame {
    content: Content,
    rsv: Rsv,
    fin: bool,
    number: u32,
    left: usize,
}

impl UnsentFrame {
    /// Returns how many bytes of payload are neither queued nor written.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.left
    }

    /// Returns the frame with its payload, which must be the original one, at the same address. A session refuses a
    /// frame that it began with another payload.
    pub fn frame<'p>(&self, payload: &'p [u8]) -> Frame<'p> {
        let taken = payload.len().saturating_sub(self.left);
        Frame {
            rest: payload.get(taken..).unwrap_or(&[]),
            // The text may be another one, so it has to be validated.
            content: match self.content {
                Content::Data(kind, Check::WholeCharacters) => Content::Data(kind, Check::Text),
                Content::Unextended(kind, Check::WholeCharacters) => Content::Unextended(kind, Check::Text),
                content => content,
            },
            rsv: self.rsv,
            fin: self.fin,
            number: self.number,
        }
    }
}

/// The content of a frame.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum Content {
    /// Nothing is sent.
    Nothing,
    Data(MessageKind, Check),
    /// Data that no extension changes.
    Unextended(MessageKind, Check),
    Ping,
    Pong,
    Close(Option<CloseCode>),
    /// A frame that is encoded for a server; this many bytes of `rest` are its header. The parameters of the extension follow it.
    Prepared(MessageKind, u8, u8),
}

/// A frame that passes on a whole message that was received. Text that was validated in a session's memory is not validated again.
impl<'p> From<&'p Message<'_>> for Frame<'p> {
    fn from(message: &'p Message<'_>) -> Frame<'p> {
        let check = match (message.kind(), message.is_whole_characters()) {
            (MessageKind::Binary, _) => Check::Nothing,
            (MessageKind::Text, true) => Check::WholeCharacters,
            (MessageKind::Text, false) => Check::Text,
        };
        Frame::new(Content::Data(message.kind(), check), message.payload()).with_rsv(message.rsv())
    }
}

/// A text message in one frame; see [`Frame::text`].
impl<'p> From<&'p str> for Frame<'p> {
    fn from(text: &'p str) -> Frame<'p> {
        Frame::text(text)
    }
}

/// A binary message in one frame; see [`Frame::binary`].
impl<'p> From<&'p [u8]> for Frame<'p> {
    fn from(payload: &'p [u8]) -> Frame<'p> {
        Frame::binary(payload)
    }
}

/// A piece of a message that is passed on; see [`Frame::forward`].
impl<'p> From<&'p Data<'_>> for Frame<'p> {
    fn from(data: &'p Data<'_>) -> Frame<'p> {
        Frame::forward(data)
    }
}

/// How a payload has to be checked before it is sent as part of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) enum Check {
    /// Not at all, since it is binary, or text that an extension of the caller has changed.
    Nothing,
    /// Not for UTF-8, since it is known to be whole characters.
    WholeCharacters,
    /// For UTF-8, since it is text that was not validated.
    Text,
}

impl<'p> Frame<'p> {
    /// No frame. With it, `to_write` returns only the bytes that are queued.
    pub const NONE: Frame<'static> = Frame {
        rest: &[],
        content: Content::Nothing,
        rsv: Rsv::NONE,
        fin: true,
        number: 0,
    };

    const fn new(content: Content, payload: &'p [u8]) -> Frame<'p> {
        Frame {
            rest: payload,
            content,
            ..Frame::NONE
        }
    }

    /// Creates a text message in one frame (RFC 6455 section 5.6).
    pub const fn text(text: &'p str) -> Frame<'p> {
        Frame::new(
            Content::Data(MessageKind::Text, Check::WholeCharacters),
            text.as_bytes(),
        )
    }

    /// Creates a piece of a text message, which may begin and end within a character; it is the message's last piece unless
    /// [`Frame::fragment`] says otherwise.
    ///
    /// The session validates it, and refuses to send it if it does not continue the text (RFC 6455 section 8.1).
    pub const fn text_piece(piece: &'p [u8]) -> Frame<'p> {
        Frame::new(Content::Data(MessageKind::Text, Check::Text), piece)
    }

    /// Creates a binary message in one frame (RFC 6455 section 5.6).
    pub const fn binary(payload: &'p [u8]) -> Frame<'p> {
        Frame::new(Content::Data(MessageKind::Binary, Check::Nothing), payload)
    }

    /// Creates a frame that passes on a piece of a message that was received, with its reserved bits.
    ///
    /// Text that was validated is not validated again, unless the piece begins or ends within a character.
    pub const fn forward(data: &'p Data<'_>) -> Frame<'p> {
        let check = if matches!(data.kind(), MessageKind::Binary) || !data.rsv().is_empty() {
            Check::Nothing
        } else if data.is_whole_characters() {
            Check::WholeCharacters
        } else {
            Check::Text
        };
        // A message has reserved bits on its first frame only.
        let rsv = if data.flags().is_first() {
            data.rsv()
        } else {
            Rsv::NONE
        };
        Frame {
            fin: data.flags().is_last(),
            rsv,
            ..Frame::new(Content::Data(data.kind(), check), data.payload())
        }
    }

    /// Creates a Ping with at most 125 bytes of payload (RFC 6455 section 5.5.2).
    pub const fn ping(payload: &'p [u8]) -> Frame<'p> {
        Frame::new(Content::Ping, payload)
    }

    /// Creates a Pong that answers no Ping, or a Ping that the engine leaves to the caller (RFC 6455 section 5.5.3).
    pub const fn pong(payload: &'p [u8]) -> Frame<'p> {
        Frame::new(Content::Pong, payload)
    }

    /// Creates our Close; its reason has at most 123 bytes (RFC 6455 section 5.5.1).
    pub const fn close(code: CloseCode, reason: &'p str) -> Frame<'p> {
        Frame::new(Content::Close(Some(code)), reason.as_bytes())
    }

    /// Creates our Close without a code and a reason (RFC 6455 section 5.5.1).
    pub const fn close_without_code() -> Frame<'p> {
        Frame::new(Content::Close(None), &[])
    }

    /// Creates a frame that sends a message which was encoded before.
    pub fn prepared<B: AsRef<[u8]>>(prepared: &'p PreparedFrame<B>) -> Frame<'p> {
        let (kind, rsv, header_len, parameters) = prepared.parts();
        Frame {
            rsv,
            ..Frame::new(Content::Prepared(kind, header_len, parameters), prepared.bytes())
        }
    }

    /// Returns the frame as a fragment of a message; with `fin` the last one (RFC 6455 section 5.4). It changes nothing in a control
    /// frame or a prepared one, which are never fragments.
    pub const fn fragment(self, fin: bool) -> Frame<'p> {
        Frame { fin, ..self }
    }

    /// Returns the frame with these reserved bits, which only a message's first frame may have (RFC 6455 section 5.2).
    ///
    /// Text with reserved bits was changed by an extension, and is not validated.
    pub const fn with_rsv(self, rsv: Rsv) -> Frame<'p> {
        let content = match self.content {
            Content::Data(kind, _) if !rsv.is_empty() => Content::Data(kind, Check::Nothing),
            Content::Unextended(kind, _) if !rsv.is_empty() => Content::Unextended(kind, Check::Nothing),
            content => content,
        };
        Frame { rsv, content, ..self }
    }

    /// Returns the frame as the first one of a message that the session's extension leaves as it is, such as one with a secret that
    /// is not to be compressed together with what others may have chosen. Within a message, and for frames that no extension
    /// changes, it says nothing.
    ///
    /// ```
    /// use bareframe::{Config, Connection, Frame, Next, Session};
    /// let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 256]);
    /// assert_eq!(session.next_sent(&mut Frame::text("secret").without_extension()), Ok(Next::Ready));
    /// assert_eq!(session.queued(), b"\x81\x06secret");
    /// ```
    pub const fn without_extension(self) -> Frame<'p> {
        let content = match self.content {
            Content::Data(kind, check) => Content::Unextended(kind, check),
            content => content,
        };
        Frame { content, ..self }
    }

    /// Returns the frame without its payload.
    #[must_use]
    pub const fn unsent(&self) -> UnsentFrame {
        UnsentFrame {
            content: self.content,
            rsv: self.rsv,
            fin: self.fin,
            number: self.number,
            left: self.rest.len(),
        }
    }

    /// Returns how many bytes of payload are neither queued nor written.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    /// Returns of which kind of message it is a frame; `None` for a control frame and for [`Frame::NONE`].
    ///
    /// ```
    /// use bareframe::{Frame, MessageKind};
    /// let frame = Frame::text("Hel").fragment(false);
    /// assert_eq!((frame.kind(), frame.is_last(), frame.payload_len()), (Some(MessageKind::Text), false, 3));
    /// assert_eq!(Frame::ping(b"?").kind(), None);
    /// ```
    #[must_use]
    pub const fn kind(&self) -> Option<MessageKind> {
        match self.content {
            Content::Data(kind, _) | Content::Unextended(kind, _) | Content::Prepared(kind, ..) => Some(kind),
            Content::Nothing | Content::Ping | Content::Pong | Content::Close(_) => None,
        }
    }

    /// Returns `true` if its message, or the control frame, ends with it.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.fin
    }

    /// Returns how many bytes of payload it has, while no session has begun to send it. Those of a header that is prepared are none.
    #[must_use]
    pub const fn payload_len(&self) -> usize {
        match self.content {
            Content::Prepared(_, header_len, _) => self.rest.len().saturating_sub(header_len as usize),
            _ => self.rest.len(),
        }
    }

    /// Returns `true` if a session has begun to send it.
    #[must_use]
    pub const fn is_begun(&self) -> bool {
        self.number != 0
    }

    /// Removes bytes from the front of the payload that is left.
    #[inline]
    pub(super) fn take(&mut self, len: usize) {
        self.rest = self.rest.get(len..).unwrap_or(&[]);
    }
}
