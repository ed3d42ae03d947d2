//! SharedMessage: encoded once, however many connections send it.

use crate::extension::Compression;
use bareframe::{Frame, MessageKind, PreparedFrame, Rsv, SendError};
use std::fmt;
use std::sync::Arc;

/// A message that is encoded once, and compressed at most once for each set of parameters that connections have agreed on. A clone
/// shares the memory, and servers write from there.
///
/// `send_shared` of a connection or of its writing half sends it; a [`Broadcast`](crate::Broadcast) has a queue of them for each
/// receiver. A client encodes it anew, since each frame has a masking key of its own (RFC 6455 section 5.3).
///
/// ```
/// use bareframe_tokio::{Error, Options, SharedMessage, WebSocket};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let message = SharedMessage::text("to everybody");
/// let mut servers = Vec::new();
/// # let mut clients = Vec::new();
/// for _ in 0..3 {
///     let (stream, client) = tokio::io::duplex(64);
///     servers.push(WebSocket::server(stream, &Options::DEFAULT));
///     # clients.push(client);
/// }
/// for server in &mut servers {
///     server.send_shared(&message).await?;
/// }
/// # let mut sent = [0; 14];
/// # tokio::io::AsyncReadExt::read_exact(&mut clients[2], &mut sent).await?;
/// # assert_eq!(&sent, b"\x81\x0cto everybody");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedMessage(Arc<Forms>);

/// The forms that a message is sent in.
struct Forms {
    plain: Result<PreparedFrame<Vec<u8>>, SendError>,
    #[cfg(feature = "deflate")]
    compressed: compressed::Compressed,
}

/// A header without a masking key has at most this many bytes (RFC 6455 section 5.2).
const LONGEST_HEADER: usize = 10;

impl SharedMessage {
    /// Encodes a text message.
    #[must_use]
    pub fn text(text: &str) -> SharedMessage {
        SharedMessage::encode(MessageKind::Text, text.as_bytes())
    }

    /// Encodes a binary message.
    #[must_use]
    pub fn binary(payload: &[u8]) -> SharedMessage {
        SharedMessage::encode(MessageKind::Binary, payload)
    }

    fn encode(kind: MessageKind, payload: &[u8]) -> SharedMessage {
        let memory = vec![0; payload.len().saturating_add(LONGEST_HEADER)];
        SharedMessage(Arc::new(Forms {
            plain: PreparedFrame::new(kind, Rsv::NONE, payload, memory),
            #[cfg(feature = "deflate")]
            compressed: compressed::Compressed::new(kind),
        }))
    }

    /// Returns the payload, as it was before it was compressed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.0.plain.as_ref().map_or(&[], PreparedFrame::payload)
    }

    /// Returns the bytes of the frame for a connection that does not compress; none if it can't be encoded.
    #[inline]
    pub(crate) fn plain(&self) -> &[u8] {
        self.0.plain.as_ref().map_or(&[], PreparedFrame::bytes)
    }

    /// Returns the frame for a connection that compresses so.
    pub(crate) fn frame(&self, compression: &Compression) -> Result<Frame<'_>, SendError> {
        self.form(compression).map(Frame::prepared)
    }

    /// Returns the bytes of that frame.
    pub(crate) fn bytes(&self, compression: &Compression) -> &[u8] {
        self.form(compression).map_or(&[], PreparedFrame::bytes)
    }

    fn form(&self, compression: &Compression) -> Result<&PreparedFrame<Vec<u8>>, SendError> {
        let plain = self.0.plain.as_ref().map_err(|error| *error)?;
        #[cfg(feature = "deflate")]
        if let Some(compressed) = self.0.compressed.form(plain, compression) {
            return Ok(compressed);
        }
        #[cfg(not(feature = "deflate"))]
        let Compression = compression;
        Ok(plain)
    }
}

#[cfg(feature = "deflate")]
mod compressed {
    //! What a message is compressed to.

    use crate::extension::Compression;
    use bareframe::{MessageKind, PreparedFrame};
    use bareframe_deflate::{CompressionLevel, WindowBits, prepare};
    use std::sync::OnceLock;

    /// One place for each window and each level; `None` in it if compression does not make it shorter.
    pub(super) struct Compressed {
        kind: MessageKind,
        forms: [OnceLock<Option<PreparedFrame<Vec<u8>>>>; FORMS],
    }

    const WINDOWS: usize = (WindowBits::MAX.bits() - WindowBits::MIN.bits() + 1) as usize;
    const FORMS: usize = 2 * WINDOWS;

    impl Compressed {
        pub(super) const fn new(kind: MessageKind) -> Compressed {
            Compressed {
                kind,
                forms: [const { OnceLock::new() }; FORMS],
            }
        }

        /// Returns the message as it is compressed for this connection; `None` if it is to be sent as it is.
        pub(super) fn form(
            &self,
            plain: &PreparedFrame<Vec<u8>>,
            compression: &Compression,
        ) -> Option<&PreparedFrame<Vec<u8>>> {
            let (bits, level) = compression.of(plain.payload().len())?;
            let of_level = if level == CompressionLevel::Fast {
                0
            } else {
                WINDOWS
            };
            let at = usize::from(bits.bits().saturating_sub(WindowBits::MIN.bits()));
            let form = self.forms.get(at.saturating_add(of_level))?;
            // Whoever needs it meanwhile waits for it rather than compress it once more.
            let form = form.get_or_init(|| {
                let prepared = prepare(self.kind, plain.payload(), bits, level).ok()?;
                (prepared.bytes().len() < plain.bytes().len()).then_some(prepared)
            });
            form.as_ref()
        }
    }
}

impl From<&str> for SharedMessage {
    fn from(text: &str) -> SharedMessage {
        SharedMessage::text(text)
    }
}

impl From<&[u8]> for SharedMessage {
    fn from(payload: &[u8]) -> SharedMessage {
        SharedMessage::binary(payload)
    }
}

/// It shows how long the message is and not what it says.
impl fmt::Debug for SharedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMessage")
            .field("len", &self.payload().len())
            .finish_non_exhaustive()
    }
}
