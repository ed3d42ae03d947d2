//! Messages that own their memory.

use crate::extension::StdInbound;
use bareframe::{Assembler, Frame, Message, MessageKind, Role, Rsv};

/// A whole message that owns its memory.
///
/// ```
/// use bareframe_std::{Options, OwnedMessage, Untimed, WebSocket};
/// use std::io::Cursor;
/// let stream = Cursor::new(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec());
/// let mut server = WebSocket::server(Untimed(stream), &Options::DEFAULT);
/// let message = server.read()?.map(OwnedMessage::from);
/// assert_eq!(message.unwrap(), OwnedMessage::Text("Hello".to_owned()));
/// server.send(&OwnedMessage::Binary(vec![1, 2, 3]))?;
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum OwnedMessage {
    /// Text.
    Text(String),
    /// Bytes; also text that an extension changed.
    Binary(Vec<u8>),
}

impl From<Message<'_>> for OwnedMessage {
    fn from(message: Message<'_>) -> OwnedMessage {
        match message.as_str() {
            Some(text) => OwnedMessage::Text(text.to_owned()),
            None => OwnedMessage::Binary(message.payload().to_vec()),
        }
    }
}

impl OwnedMessage {
    /// Creates a message from a payload; text that an extension changed is binary.
    fn new(kind: MessageKind, rsv: Rsv, payload: Vec<u8>) -> OwnedMessage {
        if kind == MessageKind::Binary || !rsv.is_empty() {
            return OwnedMessage::Binary(payload);
        }
        match String::from_utf8(payload) {
            Ok(text) => OwnedMessage::Text(text),
            Err(error) => OwnedMessage::Binary(error.into_bytes()),
        }
    }

    /// Returns the message that was found. One that was gathered keeps its memory.
    pub(crate) fn take<R: Role>(
        inbound: &mut StdInbound<R>,
        assembler: &mut Assembler<Vec<u8>>,
    ) -> Option<OwnedMessage> {
        let is_gathered = inbound.is_gathered();
        let lent = inbound.message(assembler);
        if !is_gathered {
            return lent.map(OwnedMessage::from);
        }
        let (kind, rsv, payload) = assembler.take_message()?;
        Some(OwnedMessage::new(kind, rsv, payload))
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn payload(&self) -> &[u8] {
        match self {
            OwnedMessage::Text(text) => text.as_bytes(),
            OwnedMessage::Binary(payload) => payload.as_slice(),
        }
    }
}

/// The message in one frame.
impl<'m> From<&'m OwnedMessage> for Frame<'m> {
    fn from(message: &'m OwnedMessage) -> Frame<'m> {
        match message {
            OwnedMessage::Text(text) => Frame::text(text),
            OwnedMessage::Binary(payload) => Frame::binary(payload),
        }
    }
}
