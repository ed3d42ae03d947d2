//! What passes once both WebSockets are open: pieces of messages as they arrive, Pings, Pongs and Closes.

use bareframe_tokio::{
    ClientSocket, CloseCode, Error, Event, Frame, ReadHalf, Role, SendError, ServerSocket, WriteHalf,
};
use futures_util::future::{Either, FutureExt, join, select};
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// How long one side has to answer the Close of the other.
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// Why a direction has ended without a Close.
enum Failure {
    /// The side that it comes from is gone, or broke the protocol.
    From(Error),
    /// The side that it goes to is gone, or took nothing for too long.
    To(Error),
}

/// Passes on what a client and a server send, until both have closed or one is gone.
///
/// Each side's Close is answered at once, with the code that it had, and passed on; what the other side still sends until its own Close
/// is dropped, since nothing may be sent after a Close (RFC 6455 section 5.5.1).
pub(crate) async fn pass_on<C, S>(client: ServerSocket<C>, server: ClientSocket<S>)
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let (to_tell_client, to_tell_server) = {
        let to_server = pin!(pass(&mut from_client, &mut to_server));
        let to_client = pin!(pass(&mut from_server, &mut to_client));
        match select(to_server, to_client).await {
            Either::Left((Ok(()), to_client)) => {
                let _ = timeout(CLOSE_TIME, to_client).await;
                (None, None)
            }
            Either::Right((Ok(()), to_server)) => {
                let _ = timeout(CLOSE_TIME, to_server).await;
                (None, None)
            }
            Either::Left((Err(Failure::From(error)), _)) | Either::Right((Err(Failure::To(error)), _)) => {
                eprintln!("proxy: the client: {error}");
                (None, Some(CloseCode::GOING_AWAY))
            }
            Either::Left((Err(Failure::To(error)), _)) | Either::Right((Err(Failure::From(error)), _)) => {
                eprintln!("proxy: the server: {error}");
                (Some(CloseCode::BAD_GATEWAY), None)
            }
        }
    };
    drop((to_client, to_server));
    // Both streams are ended in good order, each within its time.
    let _ = join(
        from_client.close(to_tell_client, ""),
        from_server.close(to_tell_server, ""),
    )
    .await;
}

/// Passes on what one side sends, until it has closed. What has arrived leaves in one write, since over HTTP/2 each write is a frame,
/// and servers refuse many small ones. What does not fit the write buffer is written before more is read, so that a side that does
/// not read holds up the other one.
async fn pass<A, B, R, W>(from: &mut ReadHalf<A, R>, to: &mut WriteHalf<B, W>) -> Result<(), Failure>
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
    R: Role,
    W: Role,
{
    loop {
        let event = match from.read_event().now_or_never() {
            Some(event) => event,
            None => {
                to.flush().await.map_err(Failure::To)?;
                from.read_event().await
            }
        };
        let Some(event) = event.map_err(Failure::From)? else {
            return Ok(());
        };
        let sent = match event {
            // A piece of a frame becomes a fragment of the message.
            Event::Data(piece) => to.feed_frame(&mut Frame::forward(&piece)).await,
            // The answer to a Ping of our keepalive is passed on too: a Pong that nobody asked for says nothing (section 5.5.3).
            Event::Ping(payload) => to.feed_frame(&mut Frame::ping(&payload)).await,
            Event::Pong(payload) => to.feed_frame(&mut Frame::pong(&payload)).await,
            Event::Close(reason) => to.send_close(reason.code(), reason.reason()).await,
        };
        match sent {
            // It has closed, and waits for nothing but the Close of this side.
            Ok(()) | Err(Error::Send(SendError::Closed)) => {}
            Err(error) => return Err(Failure::To(error)),
        }
    }
}
