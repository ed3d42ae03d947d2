//! The echo servers.

use super::serve::Served;
use crate::echo::upgrade;
use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt, TryStreamExt};
use std::error::Error;
use tokio::net::TcpStream;

pub(super) async fn bareframe_tokio(stream: TcpStream) -> Served {
    let mut socket = bareframe_tokio::accept(stream).await?;
    while let Some((message, mut sender)) = socket.read_with_sender().await? {
        sender.feed(&message).await?;
    }
    Ok(())
}

pub(super) async fn tokio_tungstenite(stream: TcpStream) -> Served {
    let (write, read) = tokio_tungstenite::accept_async(stream).await?.split();
    read.try_filter(|message| std::future::ready(message.is_text() || message.is_binary()))
        .forward(write)
        .await?;
    Ok(())
}

pub(super) async fn tokio_tungstenite_gathering(stream: TcpStream) -> Served {
    let socket = tokio_tungstenite::accept_async(stream).await?;
    gathering(socket, |message| {
        (message.is_text() || message.is_binary()).then_some(message)
    })
    .await
}

pub(super) async fn fastwebsockets(mut stream: TcpStream) -> Served {
    use fastwebsockets::{Role, WebSocket};
    upgrade(&mut stream).await?;
    fastwebsockets_over(WebSocket::after_handshake(stream, Role::Server)).await
}

pub(super) async fn fastwebsockets_over<S>(socket: fastwebsockets::WebSocket<S>) -> Served
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    use fastwebsockets::{FragmentCollector, OpCode};
    let mut socket = FragmentCollector::new(socket);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}

pub(super) async fn sockudo_ws(mut stream: TcpStream) -> Served {
    use sockudo_ws::protocol::Message;
    use sockudo_ws::{Config, WebSocketStream};
    upgrade(&mut stream).await?;
    let mut socket = WebSocketStream::server(stream, Config::default());
    while let Some(message) = socket.next().await {
        match message? {
            message @ (Message::Text(_) | Message::Binary(_)) => socket.send(message).await?,
            Message::Close(_) => break,
            _ => {}
        }
    }
    Ok(())
}

pub(super) async fn sockudo_ws_gathering(mut stream: TcpStream) -> Served {
    use sockudo_ws::protocol::Message;
    use sockudo_ws::{Config, WebSocketStream};
    upgrade(&mut stream).await?;
    let socket = WebSocketStream::server(stream, Config::default());
    gathering(socket, |message| {
        matches!(message, Message::Text(_) | Message::Binary(_)).then_some(message)
    })
    .await
}

async fn tokio_websockets_over(
    stream: TcpStream,
) -> Result<tokio_websockets::WebSocketStream<TcpStream>, tokio_websockets::Error> {
    use tokio_websockets::{Config, Limits, ServerBuilder};
    let (_, socket) = ServerBuilder::new()
        .config(Config::default().frame_size(usize::MAX))
        .limits(Limits::unlimited())
        .accept(stream)
        .await?;
    Ok(socket)
}

pub(super) async fn tokio_websockets(stream: TcpStream) -> Served {
    let mut socket = tokio_websockets_over(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

pub(super) async fn tokio_websockets_gathering(stream: TcpStream) -> Served {
    gathering(tokio_websockets_over(stream).await?, |message| {
        (message.is_text() || message.is_binary()).then_some(message)
    })
    .await
}

pub(super) async fn yawc(mut stream: TcpStream) -> Served {
    use yawc::{Options, Role, WebSocket};
    upgrade(&mut stream).await?;
    yawc_over(WebSocket::from_stream(stream, Role::Server, Options::default())?).await
}

pub(super) async fn yawc_over<S>(mut socket: yawc::WebSocket<S>) -> Served
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    while let Some(frame) = socket.next().await {
        if let Some(frame) = data(frame) {
            socket.send(frame).await?;
        }
    }
    Ok(())
}

/// The buffers are as long as those of the measurements in its README.
pub(super) async fn yawc_gathering(mut stream: TcpStream) -> Served {
    use yawc::{Options, Role, WebSocket};
    upgrade(&mut stream).await?;
    let options = Options::default()
        .with_read_buffer_capacity(128 << 10)
        .with_backpressure_boundary(64 << 10);
    let socket = WebSocket::from_stream(stream, Role::Server, options)?;
    gathering(socket.map(Ok::<_, yawc::WebSocketError>), data).await
}

fn data(frame: yawc::Frame) -> Option<yawc::Frame> {
    matches!(frame.opcode(), yawc::OpCode::Text | yawc::OpCode::Binary).then_some(frame)
}

/// Feeds the answers to all that has arrived, and then flushes.
async fn gathering<S, M, E>(mut socket: S, answer: fn(M) -> Option<M>) -> Served
where
    S: Stream<Item = Result<M, E>> + Sink<M> + Unpin,
    E: Error + Send + Sync + 'static,
    <S as Sink<M>>::Error: Error + Send + Sync + 'static,
{
    while let Some(message) = socket.next().await {
        if let Some(message) = answer(message?) {
            socket.feed(message).await?;
        }
        while let Some(message) = socket.next().now_or_never() {
            let Some(message) = message else { return Ok(()) };
            if let Some(message) = answer(message?) {
                socket.feed(message).await?;
            }
        }
        socket.flush().await?;
    }
    Ok(())
}
