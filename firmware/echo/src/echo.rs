//! The echo: a message is sent back in one frame if it fits into the memory, and otherwise in fragments that do.

use crate::answer::Wish;
use crate::pages::Page;
use bareframe::Extension;
use bareframe_embedded_io::{Error, Event, Frame, Memory, MessageKind, Server, WebSocket};
use core::future::pending;
use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};

/// Echoes until the connection has ended, and sends in between what a page asks for. The memory is longer than what the
/// socket receives at once.
pub(crate) async fn echo<S: Read + Write, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
    socket: &mut WebSocket<S, Server, I, O, X>,
    page: Option<Page<'_>>,
    memory: &mut [u8],
) -> Result<(), Error<S::Error>> {
    let mut held = 0;
    // A fragment was sent, so that nothing else can be until the message's last.
    let mut begun = false;
    loop {
        let page = page.filter(|_| !begun);
        let (event, mut writer) = match select(wished(page), socket.read_event_with_writer()).await {
            Either::First(wish) => {
                unless_closing(wish.answer(socket).await)?;
                continue;
            }
            Either::Second(event) => match event? {
                Some(event) => event,
                None => return Ok(()),
            },
        };
        let Event::Data(piece) = event else { continue };
        let (kind, payload) = (piece.kind(), piece.payload());
        if payload.len() > memory.len() - held {
            let mut frame = fragment(kind, &memory[..held]).fragment(false);
            unless_closing(writer.send_frame(&mut frame).await)?;
            (held, begun) = (0, true);
        }
        memory[held..][..payload.len()].copy_from_slice(payload);
        held += payload.len();
        if piece.is_last() {
            unless_closing(writer.send_frame(&mut fragment(kind, &memory[..held])).await)?;
            (held, begun) = (0, false);
        }
    }
}

/// What is held, which may be cut within a character.
fn fragment(kind: MessageKind, held: &[u8]) -> Frame<'_> {
    match kind {
        MessageKind::Text => Frame::text_piece(held),
        MessageKind::Binary => Frame::binary(held),
    }
}

async fn wished(page: Option<Page<'_>>) -> Wish {
    match page {
        Some(page) => page.wished().await,
        None => pending().await,
    }
}

/// Ignores that nothing more can be sent after the page has asked for a Close.
fn unless_closing<E>(sent: Result<(), Error<E>>) -> Result<(), Error<E>> {
    match sent {
        Err(Error::Send(_)) => Ok(()),
        sent => sent,
    }
}
