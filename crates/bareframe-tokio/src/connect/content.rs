//! The content of a server's answer, up to a limit (RFC 9112 sections 6 and 7).

use crate::head;
use bareframe::handshake::{HeadBuffer, KeptContent};
use tokio::io::AsyncRead;

/// Reads until a content is whole, its limit is reached or the stream has ended. Dropped while it waits, the content keeps what has
/// arrived.
pub(crate) async fn read(
    content: &mut KeptContent,
    stream: &mut (impl AsyncRead + Unpin),
    received: &mut HeadBuffer,
) {
    while !content.take_from(received) {
        match head::read(stream, received).await {
            Ok(0) => return content.receive_eof(),
            Err(_) => return,
            Ok(_) => {}
        }
    }
}
