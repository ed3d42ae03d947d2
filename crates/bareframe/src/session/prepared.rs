//! PreparedFrame: a message that is encoded once and sent to many.

use crate::error::{BufferTooSmall, SendError};
use crate::header::{FrameHeader, HeaderBytes};
use crate::opcode::{MessageKind, Rsv};

/// A message that is encoded once, as a server's frame, and sent by any number of sessions.
///
/// A server's session writes it from where it is. A client's session encodes it anew with its own masking key.
///
/// ```
/// use bareframe::{Config, Connection, Frame, MessageKind, Next, PreparedFrame, Rsv, Session};
/// let prepared = PreparedFrame::new(MessageKind::Text, Rsv::NONE, b"to everybody", [0; 32])?;
/// for _ in 0..3 {
///     let mut session = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 131]);
///     assert_eq!(session.next_sent(&mut Frame::prepared(&prepared)), Ok(Next::Ready));
///     assert_eq!(session.queued(), b"\x81\x0cto everybody");
/// }
/// # Ok::<(), bareframe::SendError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PreparedFrame<B> {
    memory: B,
    len: usize,
    kind: MessageKind,
    rsv: Rsv,
    header_len: u8,
    parameters: u8,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> PreparedFrame<B> {
    /// Encodes a message to the front of `memory`, and keeps the memory.
    ///
    /// Text without reserved bits must be UTF-8.
    ///
    /// # Errors
    ///
    /// [`SendError::InvalidUtf8`], [`SendError::TooLong`], or [`SendError::BufferTooSmall`] with the length that the memory needs.
    pub fn new(
        kind: MessageKind,
        rsv: Rsv,
        payload: &[u8],
        mut memory: B,
    ) -> Result<PreparedFrame<B>, SendError> {
        if matches!(kind, MessageKind::Text) && rsv.is_empty() {
            let mut text = crate::utf8::Utf8Validator::new();
            text.push(payload)?;
            text.finish()?;
        }
        let header = header(kind, rsv, payload)?;
        let needed = payload.len().saturating_add(header.len());
        let to = memory.as_mut();
        let available = to.len();
        let to = to.get_mut(..needed).ok_or(BufferTooSmall { needed, available })?;
        for (to, from) in to.iter_mut().zip(header.iter().chain(payload)) {
            *to = *from;
        }
        // A header has at most 14 bytes.
        let header_len = u8::try_from(header.len()).unwrap_or_default();
        Ok(PreparedFrame {
            memory,
            len: needed,
            kind,
            rsv,
            header_len,
            parameters: 0,
        })
    }
}

#[cfg(feature = "alloc")]
impl PreparedFrame<alloc::vec::Vec<u8>> {
    /// Encodes a message to memory that is allocated for it.
    ///
    /// Text without reserved bits must be UTF-8.
    ///
    /// ```
    /// use bareframe::{MessageKind, PreparedFrame, Rsv};
    /// let prepared = PreparedFrame::allocate(MessageKind::Text, Rsv::NONE, b"to everybody")?;
    /// assert_eq!(prepared.bytes(), b"\x81\x0cto everybody");
    /// # Ok::<(), bareframe::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::InvalidUtf8`] or [`SendError::TooLong`].
    pub fn allocate(
        kind: MessageKind,
        rsv: Rsv,
        payload: &[u8],
    ) -> Result<PreparedFrame<alloc::vec::Vec<u8>>, SendError> {
        let len = header(kind, rsv, payload)?.len().saturating_add(payload.len());
        PreparedFrame::new(kind, rsv, payload, alloc::vec![0; len])
    }
}

/// Returns the header of a server's message in one frame.
fn header(kind: MessageKind, rsv: Rsv, payload: &[u8]) -> Result<HeaderBytes, SendError> {
    Ok(FrameHeader::new(true, rsv, kind.opcode(), None, payload.len() as u64)?.encode())
}

impl<B> PreparedFrame<B> {
    /// Sets the parameters with which an extension changed the payload, as a number that means something to the extension. It refuses
    /// to have the message sent to a peer with which others were agreed on.
    #[must_use]
    pub fn with_parameters(mut self, parameters: u8) -> PreparedFrame<B> {
        self.parameters = parameters;
        self
    }
}

impl<B: AsRef<[u8]>> PreparedFrame<B> {
    /// Returns the bytes of the frame: its header and its payload.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.memory.as_ref().get(..self.len).unwrap_or(&[])
    }

    /// Returns the payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.bytes().get(usize::from(self.header_len)..).unwrap_or(&[])
    }

    pub(super) const fn parts(&self) -> (MessageKind, Rsv, u8, u8) {
        (self.kind, self.rsv, self.header_len, self.parameters)
    }
}
