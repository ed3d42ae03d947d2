//! The servers, each as its documentation writes an echo; every one of them sets TCP_NODELAY.

use super::polled;
use futures_util::{SinkExt, StreamExt, TryStreamExt};
use nexus_web::ws::ClientBuilder;
use std::error::Error;
use std::future::Future;
use std::net::{TcpListener, TcpStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An echo server.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// The name of the crate.
    pub name: &'static str,
    /// How it waits.
    pub waits: Waits,
    /// Serves for ever.
    pub(super) serve: fn(TcpListener) -> Served,
}

/// How a server waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// With a thread for each connection.
    Threads,
    /// With one thread for all.
    OneThread,
}

pub(super) type Served = Result<(), Box<dyn Error + Send + Sync>>;

impl Server {
    const fn new(name: &'static str, waits: Waits, serve: fn(TcpListener) -> Served) -> Server {
        Server { name, waits, serve }
    }
}

/// Ours.
pub const OURS: [Server; 2] = [
    Server::new("bareframe-std", Waits::Threads, |listener| {
        in_threads(listener, bareframe_std)
    }),
    Server::new("bareframe-std", Waits::OneThread, polled::serve),
];

/// The others.
pub const PEERS: [Server; 6] = [
    Server::new("tungstenite", Waits::Threads, |listener| {
        in_threads(listener, tungstenite)
    }),
    Server::new("nexus-web", Waits::Threads, |listener| {
        in_threads(listener, nexus_web)
    }),
    Server::new("tokio-tungstenite", Waits::OneThread, |listener| {
        in_tasks(listener, tokio_tungstenite)
    }),
    Server::new("fastwebsockets", Waits::OneThread, |listener| {
        in_tasks(listener, fastwebsockets)
    }),
    Server::new("sockudo-ws", Waits::OneThread, |listener| {
        in_tasks(listener, sockudo_ws)
    }),
    Server::new("tokio-websockets", Waits::OneThread, |listener| {
        in_tasks(listener, tokio_websockets)
    }),
];

/// A thread for each connection.
fn in_threads(listener: TcpListener, echo: fn(TcpStream) -> Served) -> Served {
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        // How a connection ends is the load generator's to judge.
        std::thread::spawn(move || drop(echo(stream)));
    }
}

/// One thread for all connections.
fn in_tasks<F>(listener: TcpListener, echo: fn(tokio::net::TcpStream) -> F) -> Served
where
    F: Future<Output = Served> + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async move {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(tokio::task::unconstrained(
                async move { drop(echo(stream).await) },
            ));
        }
    })
}

fn bareframe_std(stream: TcpStream) -> Served {
    let mut socket = bareframe_std::accept(stream)?;
    while let Some((message, mut sender)) = socket.read_with_sender()? {
        sender.send(message.kind(), message.payload())?;
    }
    Ok(())
}

fn tungstenite(stream: TcpStream) -> Served {
    let mut socket = tungstenite::accept(stream).map_err(|error| error.to_string())?;
    loop {
        let message = socket.read()?;
        if message.is_text() || message.is_binary() {
            socket.send(message)?;
        }
    }
}

fn nexus_web(stream: TcpStream) -> Served {
    use nexus_web::ws::{Message, OwnedMessage};
    let mut client = ClientBuilder::new()
        .write_buffer_capacity(128 << 10)
        .accept(stream)?;
    loop {
        match client.recv()?.map(Message::into_owned) {
            Some(OwnedMessage::Text(text)) => client.send_text(&text)?,
            Some(OwnedMessage::Binary(octets)) => client.send_binary(&octets)?,
            Some(_) => {}
            None => return Ok(()),
        }
    }
}

async fn tokio_tungstenite(stream: tokio::net::TcpStream) -> Served {
    let (write, read) = tokio_tungstenite::accept_async(stream).await?.split();
    read.try_filter(|message| std::future::ready(message.is_text() || message.is_binary()))
        .forward(write)
        .await?;
    Ok(())
}

async fn fastwebsockets(mut stream: tokio::net::TcpStream) -> Served {
    use fastwebsockets::{FragmentCollector, OpCode, Role, WebSocket};
    upgrade(&mut stream).await?;
    let mut socket = FragmentCollector::new(WebSocket::after_handshake(stream, Role::Server));
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}

async fn sockudo_ws(mut stream: tokio::net::TcpStream) -> Served {
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

async fn tokio_websockets(stream: tokio::net::TcpStream) -> Served {
    use tokio_websockets::{Config, Limits, ServerBuilder};
    let (_, mut socket) = ServerBuilder::new()
        .config(Config::default().frame_size(usize::MAX))
        .limits(Limits::unlimited())
        .accept(stream)
        .await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

/// The opening handshake of those that leave it to others.
async fn upgrade(stream: &mut tokio::net::TcpStream) -> Served {
    use sockudo_ws::handshake::{build_response, generate_accept_key, parse_request};
    let mut head = Vec::new();
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err("no whole request".into());
        }
        if let Some((request, _)) = parse_request(&head)? {
            let response = build_response(&generate_accept_key(request.key), None, None);
            return Ok(stream.write_all(&response).await?);
        }
    }
}
