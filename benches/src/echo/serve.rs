//! The servers, each an echo as in its documentation; every one of them sets TCP_NODELAY.

use super::load::unpaced;
use super::one_thread;
use super::servers::{OURS, PEERS};
use super::upgrade::upgrade;
use futures_util::{SinkExt, StreamExt, TryStreamExt};
use nexus_web::ws::ClientBuilder;
use std::error::Error;
use std::future::Future;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

type Served = Result<(), Box<dyn Error + Send + Sync>>;

/// Runs the server that the first argument names, and prints its address.
///
/// # Errors
///
/// If there is no such server, or it ends.
pub fn serve() -> Result<(), Box<dyn Error + Send + Sync>> {
    let title = std::env::args().nth(1).unwrap_or_default();
    let server = OURS.iter().chain(&PEERS).find(|server| server.title() == title);
    let server = server.ok_or("no such server")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    unpaced(&listener)?;
    println!("{}", listener.local_addr()?);
    match server.name {
        _ if *server == OURS[1] => Ok(one_thread::serve(listener, bareframe_std::Options::DEFAULT)?),
        "bareframe-std" => in_threads(listener, bareframe_std),
        "tungstenite" => in_threads(listener, tungstenite),
        "nexus-web" => in_threads(listener, nexus_web),
        "tokio-tungstenite" => in_tasks(listener, tokio_tungstenite),
        "fastwebsockets" => in_tasks(listener, fastwebsockets),
        "sockudo-ws" => in_tasks(listener, sockudo_ws),
        "tokio-websockets" => in_tasks(listener, tokio_websockets),
        name => Err(format!("{name} can't serve").into()),
    }
}

/// A thread for each connection.
fn in_threads(listener: TcpListener, echo: fn(TcpStream) -> Served) -> Served {
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        // The load generator checks how a connection ends.
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
        sender.feed(&message)?;
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
            Some(OwnedMessage::Binary(bytes)) => client.send_binary(&bytes)?,
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
