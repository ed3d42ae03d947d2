//! Messages by axum's names.

use crate::close_code;
use axum_core::Error;
use bareframe_tokio::{CloseCode as TokioCode, Utf8Bytes};
use bytes::Bytes;

/// Why a connection is closed, as a number (RFC 6455 section 7.4); [`close_code`] has names.
pub type CloseCode = u16;

/// What a Close frame says (RFC 6455 section 5.5.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CloseFrame {
    /// Why the connection is closed.
    pub code: CloseCode,
    /// The same in words. Of one that is sent, as much as fits into 123 bytes goes out.
    pub reason: Utf8Bytes,
}

/// A message, or a control frame, that owns its payload; a clone shares it.
///
/// ```
/// use bareframe_axum::Message;
/// let message = Message::text("Hello");
/// assert_eq!(message, "Hello".into());
/// assert_eq!(message.to_text().unwrap(), "Hello");
/// assert_eq!(Message::binary(vec![1, 2]).into_data(), &[1, 2][..]);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// Text (RFC 6455 section 5.6).
    Text(Utf8Bytes),
    /// Bytes (RFC 6455 section 5.6).
    Binary(Bytes),
    /// A Ping with at most 125 bytes (RFC 6455 section 5.5.2). One that is received was answered already.
    Ping(Bytes),
    /// A Pong with at most 125 bytes (RFC 6455 section 5.5.3). The answers to Pings are sent without the program.
    Pong(Bytes),
    /// A Close (RFC 6455 section 5.5.1). One that is received was answered already; after one that is sent nothing else can be.
    Close(Option<CloseFrame>),
}

impl Message {
    /// Creates a text message.
    pub fn text<S: Into<Utf8Bytes>>(string: S) -> Message {
        Message::Text(string.into())
    }

    /// Creates a binary message.
    pub fn binary<B: Into<Bytes>>(bin: B) -> Message {
        Message::Binary(bin.into())
    }

    /// Returns the payload's bytes, which are not copied; those of a Close are its reason's.
    #[must_use]
    pub fn into_data(self) -> Bytes {
        match self {
            Message::Text(text) => text.into_bytes(),
            Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes,
            Message::Close(frame) => frame.map_or_else(Bytes::new, |frame| frame.reason.into_bytes()),
        }
    }

    /// Returns the payload as text, which is not copied; that of a Close is its reason.
    ///
    /// # Errors
    ///
    /// What is wrong with the payload if it is not UTF-8.
    pub fn into_text(self) -> Result<Utf8Bytes, Error> {
        match self {
            Message::Text(text) => Ok(text),
            Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => {
                Utf8Bytes::try_from(bytes).map_err(Error::new)
            }
            Message::Close(frame) => Ok(frame.map_or_else(Utf8Bytes::default, |frame| frame.reason)),
        }
    }

    /// Returns the payload as text; that of a Close is its reason.
    ///
    /// # Errors
    ///
    /// What is wrong with the payload if it is not UTF-8.
    pub fn to_text(&self) -> Result<&str, Error> {
        match self {
            Message::Text(text) => Ok(text),
            Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => {
                std::str::from_utf8(bytes).map_err(Error::new)
            }
            Message::Close(frame) => Ok(frame.as_ref().map_or("", |frame| &frame.reason)),
        }
    }

    /// Returns the message to be sent.
    pub(crate) fn into_sent(self) -> Result<bareframe_tokio::Message, Error> {
        Ok(match self {
            Message::Text(text) => bareframe_tokio::Message::Text(text),
            Message::Binary(bytes) => bareframe_tokio::Message::Binary(bytes),
            Message::Ping(bytes) => bareframe_tokio::Message::Ping(bytes),
            Message::Pong(bytes) => bareframe_tokio::Message::Pong(bytes),
            Message::Close(frame) => bareframe_tokio::Message::Close(match frame {
                // It means that there is none.
                None
                | Some(CloseFrame {
                    code: close_code::STATUS,
                    ..
                }) => None,
                Some(CloseFrame { code, reason }) => Some(bareframe_tokio::CloseFrame {
                    code: TokioCode::try_from(code).map_err(Error::new)?,
                    reason,
                }),
            }),
        })
    }

    /// Creates the message that was received.
    pub(crate) fn received(message: bareframe_tokio::Message) -> Message {
        match message {
            bareframe_tokio::Message::Text(text) => Message::Text(text),
            bareframe_tokio::Message::Binary(bytes) => Message::Binary(bytes),
            bareframe_tokio::Message::Ping(bytes) => Message::Ping(bytes),
            bareframe_tokio::Message::Pong(bytes) => Message::Pong(bytes),
            bareframe_tokio::Message::Close(frame) => Message::Close(frame.map(|frame| CloseFrame {
                code: frame.code.number(),
                reason: frame.reason,
            })),
        }
    }
}

impl From<String> for Message {
    fn from(string: String) -> Message {
        Message::Text(string.into())
    }
}

impl From<&str> for Message {
    fn from(string: &str) -> Message {
        Message::Text(string.into())
    }
}

impl From<&[u8]> for Message {
    fn from(data: &[u8]) -> Message {
        Message::Binary(Bytes::copy_from_slice(data))
    }
}

impl From<Bytes> for Message {
    fn from(data: Bytes) -> Message {
        Message::Binary(data)
    }
}

impl From<Vec<u8>> for Message {
    fn from(data: Vec<u8>) -> Message {
        Message::Binary(data.into())
    }
}

impl From<Message> for Vec<u8> {
    fn from(message: Message) -> Vec<u8> {
        message.into_data().into()
    }
}
