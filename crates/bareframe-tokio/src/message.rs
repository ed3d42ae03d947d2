//! Messages that own their payload.

use crate::session::Inbound;
use crate::utf8_bytes::Utf8Bytes;
use bareframe::{Assembler, CloseCode, CloseReason, Event, Frame, MessageKind, Role, Rsv};
use bytes::Bytes;

/// A message, or a control frame, that owns its payload; a clone shares it.
///
/// ```
/// use bareframe_tokio::Message;
/// let message = Message::from("Hello");
/// assert_eq!(message, Message::Text("Hello".into()));
/// assert_eq!(message.payload(), b"Hello");
/// assert_eq!(message.as_str(), Some("Hello"));
/// assert_eq!(Message::from(vec![1, 2, 3]).into_bytes(), &[1, 2, 3][..]);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// Text (RFC 6455 section 5.6).
    Text(Utf8Bytes),
    /// Bytes (RFC 6455 section 5.6); also text that an extension changed.
    Binary(Bytes),
    /// A Ping with at most 125 bytes (RFC 6455 section 5.5.2). One that is received was answered already.
    Ping(Bytes),
    /// A Pong with at most 125 bytes (RFC 6455 section 5.5.3).
    Pong(Bytes),
    /// A Close (RFC 6455 section 5.5.1). One that is received was answered already; after one that is sent nothing else can be.
    Close(Option<CloseFrame>),
}

/// What a Close frame says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CloseFrame {
    /// Why the connection is closed (RFC 6455 section 7.4).
    pub code: CloseCode,
    /// The same in words. Of one that is sent, as much as fits into 123 bytes goes out.
    pub reason: Utf8Bytes,
}

impl Message {
    /// Returns the payload's bytes; those of a Close are its reason's.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes,
            Message::Close(frame) => frame.as_ref().map_or(&[], |frame| frame.reason.as_bytes()),
        }
    }

    /// Returns the payload's bytes, which are not copied; those of a Close are its reason's.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self {
            Message::Text(text) => text.into_bytes(),
            Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes,
            Message::Close(frame) => frame.map_or_else(Bytes::new, |frame| frame.reason.into_bytes()),
        }
    }

    /// Returns the text of a text message.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Message::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Creates a Close.
    pub(crate) fn close(code: Option<CloseCode>, reason: &str) -> Message {
        let frame = code.map(|code| CloseFrame {
            code,
            reason: reason.into(),
        });
        Message::Close(frame)
    }

    /// Returns what is ready: a message or a control frame.
    pub(crate) fn take<R: Role>(
        inbound: &mut Inbound<R>,
        assembler: &mut Assembler<Vec<u8>>,
    ) -> Option<Message> {
        let is_gathered = inbound.is_gathered();
        if let Some(message) = inbound.message(assembler)
            && !is_gathered
        {
            return Some(Message::from(message));
        }
        if is_gathered {
            // Its memory is kept.
            let (kind, rsv, payload) = assembler.take_message()?;
            return Some(Message::gathered(kind, rsv, payload));
        }
        Message::control(&inbound.event()?)
    }

    /// Creates a message of a payload that was gathered; text that an extension changed is binary.
    fn gathered(kind: MessageKind, rsv: Rsv, payload: Vec<u8>) -> Message {
        if kind == MessageKind::Binary || !rsv.is_empty() {
            return Message::Binary(payload.into());
        }
        match String::from_utf8(payload) {
            Ok(text) => Message::Text(text.into()),
            Err(error) => Message::Binary(error.into_bytes().into()),
        }
    }

    /// Creates a control frame that was received; `None` for a piece of a message.
    fn control(event: &Event<'_>) -> Option<Message> {
        match event {
            Event::Data(_) => None,
            Event::Ping(payload) => Some(Message::Ping(Bytes::copy_from_slice(payload))),
            Event::Pong(payload) => Some(Message::Pong(Bytes::copy_from_slice(payload))),
            Event::Close(reason) => Some(Message::Close(CloseFrame::received(reason))),
        }
    }

    /// Returns the frame that sends it.
    pub(crate) fn frame(&self) -> Frame<'_> {
        match self {
            Message::Text(text) => Frame::text(text),
            Message::Binary(bytes) => Frame::binary(bytes),
            Message::Ping(bytes) => Frame::ping(bytes),
            Message::Pong(bytes) => Frame::pong(bytes),
            Message::Close(Some(frame)) => close_frame(Some(frame.code), &frame.reason),
            Message::Close(None) => Frame::close_without_code(),
        }
    }
}

impl CloseFrame {
    fn received(reason: &CloseReason) -> Option<CloseFrame> {
        Some(CloseFrame {
            code: reason.code()?,
            reason: reason.reason().into(),
        })
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

/// The payload is copied; the text was validated before.
impl From<bareframe::Message<'_>> for Message {
    fn from(message: bareframe::Message<'_>) -> Message {
        match message.as_str() {
            Some(text) => Message::Text(text.into()),
            None => Message::Binary(Bytes::copy_from_slice(message.payload())),
        }
    }
}

impl From<Utf8Bytes> for Message {
    fn from(text: Utf8Bytes) -> Message {
        Message::Text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Message {
        Message::Text(text.into())
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Message {
        Message::Text(text.into())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Message {
        Message::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Message {
        Message::Binary(bytes.into())
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Message {
        Message::Binary(Bytes::copy_from_slice(bytes))
    }
}
