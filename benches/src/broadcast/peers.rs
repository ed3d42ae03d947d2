//! The peers: each receiver sends the same `Bytes`, without a copy where its API can.

use super::{LEN, Sink, measure};
use bareframe_tokio::Subscription;
use bytes::Bytes;
use futures_util::SinkExt;
use std::error::Error;
use std::future::Future;
use std::time::Duration;

type Sent = Result<(), Box<dyn Error + Send + Sync>>;

/// A peer that sends messages to its connections.
pub type Peer = fn(u64) -> Duration;

/// All of them.
pub const PEERS: [(&str, Peer); 5] = [
    ("tokio-tungstenite", |messages| each(messages, tokio_tungstenite)),
    ("tokio-websockets", |messages| each(messages, tokio_websockets)),
    ("fastwebsockets", |messages| each(messages, fastwebsockets)),
    ("sockudo-ws", |messages| each(messages, sockudo_ws)),
    ("yawc", |messages| each(messages, yawc)),
];

fn each<F>(messages: u64, send: fn(Subscription, Sink, Bytes) -> F) -> Duration
where
    F: Future<Output = Sent> + Send + 'static,
{
    let payload = Bytes::from(vec![7; LEN]);
    measure(messages, |messages, sink| {
        let sending = send(messages, sink, payload.clone());
        async move { sending.await.expect("the sink takes everything") }
    })
}

async fn tokio_tungstenite(mut messages: Subscription, sink: Sink, payload: Bytes) -> Sent {
    use tokio_tungstenite::WebSocketStream;
    use tungstenite::Message;
    use tungstenite::protocol::Role;
    let mut socket = WebSocketStream::from_raw_socket(sink, Role::Server, None).await;
    while messages.recv().await.is_ok() {
        socket.send(Message::Binary(payload.clone())).await?;
    }
    Ok(())
}

async fn tokio_websockets(mut messages: Subscription, sink: Sink, payload: Bytes) -> Sent {
    use tokio_websockets::{Message, ServerBuilder};
    let mut socket = ServerBuilder::new().serve(sink);
    while messages.recv().await.is_ok() {
        socket.send(Message::binary(payload.clone())).await?;
    }
    Ok(())
}

async fn fastwebsockets(mut messages: Subscription, sink: Sink, payload: Bytes) -> Sent {
    use fastwebsockets::{Frame, Payload, Role, WebSocket};
    let mut socket = WebSocket::after_handshake(sink, Role::Server);
    while messages.recv().await.is_ok() {
        socket
            .write_frame(Frame::binary(Payload::Borrowed(&payload)))
            .await?;
    }
    Ok(())
}

async fn sockudo_ws(mut messages: Subscription, sink: Sink, payload: Bytes) -> Sent {
    use sockudo_ws::protocol::Message;
    use sockudo_ws::{Config, WebSocketStream};
    let mut socket = WebSocketStream::server(sink, Config::default());
    while messages.recv().await.is_ok() {
        socket.send(Message::Binary(payload.clone())).await?;
    }
    Ok(())
}

async fn yawc(mut messages: Subscription, sink: Sink, payload: Bytes) -> Sent {
    use yawc::{Frame, Options, Role, WebSocket};
    let mut socket = WebSocket::from_stream(sink, Role::Server, Options::default())?;
    while messages.recv().await.is_ok() {
        socket.send(Frame::binary(payload.clone())).await?;
    }
    Ok(())
}
