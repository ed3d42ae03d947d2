//! A message that is compressed once and sent to many.

use super::AnyLevel;
use crate::{CompressionLevel, DeflateStep, WindowBits};
use bareframe::{MessageKind, PreparedFrame, Rsv, SendError, Utf8Validator};
use std::vec::Vec;

/// Compresses a message by itself and encodes it, for all connections on which at least this window was agreed on.
///
/// Sessions refuse to send it to others, with [`SendError::NotAgreed`] or, if they have no compression at all,
/// [`SendError::ReservedBits`]: these get the message itself.
///
/// ```
/// use bareframe::{Config, Connection, Frame, MessageKind, SendError, Session};
/// use bareframe_deflate::{CompressionLevel, WindowBits, prepare};
/// let text = "to everybody, to everybody".repeat(5);
/// let prepared = prepare(MessageKind::Text, text.as_bytes(), WindowBits::MIN, CompressionLevel::Best)?;
/// assert!(prepared.bytes().len() < 40);
/// let mut plain = Session::new(Connection::server(Config::DEFAULT), [0; 64], [0; 256]);
/// assert_eq!(plain.next_sent(&mut Frame::prepared(&prepared)), Err(SendError::ReservedBits));
/// # Ok::<(), SendError>(())
/// ```
///
/// # Errors
///
/// [`SendError::InvalidUtf8`] if it is no text, though its kind is.
pub fn prepare(
    kind: MessageKind,
    message: &[u8],
    window_bits: WindowBits,
    level: CompressionLevel,
) -> Result<PreparedFrame<Vec<u8>>, SendError> {
    if matches!(kind, MessageKind::Text) {
        let mut text = Utf8Validator::new();
        text.push(message)?;
        text.finish()?;
    }
    let mut payload = Vec::new();
    let mut chunk = [0; 1024];
    let mut input = message;
    let deflater = AnyLevel::deflater(window_bits, level);
    let mut deflater = deflater.map_err(|error| bareframe::BufferTooSmall {
        needed: error.needed(),
        available: error.len(),
    })?;
    let mut is_done = false;
    while !is_done {
        let step = deflater.deflate(&mut input, &mut chunk, true);
        let (DeflateStep::NeedsInput(len) | DeflateStep::OutputFull(len) | DeflateStep::MessageEnd(len)) =
            step;
        payload.extend_from_slice(chunk.get(..len).unwrap_or_default());
        is_done = !matches!(step, DeflateStep::OutputFull(_));
    }
    let prepared = PreparedFrame::allocate(kind, Rsv::RSV1, &payload)?;
    Ok(prepared.with_parameters(window_bits.bits()))
}
