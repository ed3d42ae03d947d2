//! One connection: what it says and what it is told.

use crate::event::Event;
use crate::pace::Pace;
use crate::rooms::{Membership, Rooms};
use bareframe_axum::WebSocket;
use bareframe_tokio::{CloseCode, Error, ReadHalf, Server, Subscription, UpgradedStream, WriteHalf};
use std::sync::Arc;

/// With what the server closes a connection; `None` if its closing handshake is done.
type Close = Option<(CloseCode, &'static str)>;

/// Serves a member until its connection ends. Returns why it did.
pub(crate) async fn serve(
    mut socket: WebSocket,
    rooms: &Arc<Rooms>,
    room: &str,
    name: &str,
    mut pace: Pace,
) -> String {
    let (membership, members, mut subscription) = match rooms.enter(room, name) {
        Ok(entered) => entered,
        Err(full) => {
            let _ = socket
                .get_mut()
                .close(CloseCode::TRY_AGAIN_LATER, full.reason())
                .await;
            return full.reason().to_owned();
        }
    };
    if let Some(processes) = rooms.processes() {
        processes.open(room).await;
    }
    let (mut reader, mut writer) = socket.into_inner().split();
    // Both directions are in one task, and end together.
    let ended = tokio::select! {
        ended = listen(&mut reader, &membership, &mut pace) => ended,
        ended = tell(&mut writer, &members, &mut subscription) => ended,
    };
    // The others need not wait for what is left of this connection.
    drop((membership, subscription));
    let ended = match ended {
        // Our Close was sent already; what is left says how that ends.
        Err(Error::Send(_)) => Ok(None),
        ended => ended,
    };
    let (code, reason) = match ended {
        Ok(Some((code, reason))) => (Some(code), reason),
        // If the stream did not take it yet, it may now.
        Err(Error::TooSlow) => (Some(CloseCode::TRY_AGAIN_LATER), ""),
        _ => (None, ""),
    };
    let closed = reader.close(code, reason).await;
    match (ended.err().or(closed.err()), reader.close_reason()) {
        (Some(error), _) => error.to_string(),
        (None, Some(reason)) => reason.to_string(),
        (None, None) => "without a word".to_owned(),
    }
}

/// Passes on what the member says.
async fn listen(
    reader: &mut ReadHalf<UpgradedStream, Server>,
    membership: &Membership,
    pace: &mut Pace,
) -> Result<Close, Error> {
    while let Some(message) = reader.read().await? {
        match message.as_str() {
            Some(text) => membership.say(text),
            None => return Ok(Some((CloseCode::UNSUPPORTED_DATA, "only text can be said"))),
        }
        pace.wait().await;
    }
    Ok(None)
}

/// Tells the member who is there, and then all that happens. A member that takes it too slowly is told so in a Close with 1013.
async fn tell(
    writer: &mut WriteHalf<UpgradedStream, Server>,
    members: &Event,
    subscription: &mut Subscription,
) -> Result<Close, Error> {
    writer.send_shared(&members.to_message()).await?;
    writer.forward(subscription).await?;
    Ok(None)
}
