//! The echo: a message comes back in one frame if it fits memory, and else in fragments that do.

use bareframe_embedded_io::{Error, Event, Rsv, Server, WebSocket};
use embedded_io_async::{Read, Write};

/// Echoes until the connection has ended. The memory is longer than what the socket receives at once.
pub(crate) async fn echo<S: Read + Write>(
    socket: &mut WebSocket<'_, S, Server>,
    memory: &mut [u8],
) -> Result<(), Error<S::Error>> {
    let mut held = 0;
    while let Some((event, writer)) = socket.read_event_with_writer().await? {
        let Event::Data(piece) = event else { continue };
        let (kind, rsv, payload) = (piece.kind(), Rsv::NONE, piece.payload());
        if payload.len() > memory.len() - held {
            writer.send_fragment(kind, rsv, false, &memory[..held]).await?;
            held = 0;
        }
        memory[held..][..payload.len()].copy_from_slice(payload);
        held += payload.len();
        if piece.last() {
            writer.send_fragment(kind, rsv, true, &memory[..held]).await?;
            held = 0;
        }
    }
    Ok(())
}
