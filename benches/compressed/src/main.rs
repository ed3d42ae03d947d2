//! One echo server with permessage-deflate, which `compare` starts: as in its documentation, at level 1 of zlib or ours that is
//! like it.

use bareframe_tokio::deflate::Policy;
use bareframe_tokio::{Acceptor, Options};
use futures_util::{SinkExt, StreamExt};
use std::error::Error;
use std::future::Future;
use std::net::{Ipv4Addr, TcpListener};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Served = Result<(), Box<dyn Error + Send + Sync>>;

/// What the client offers, and all servers agree to: each message stands alone.
const EXTENSION: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// zlib's level of the peers, as soketto has it.
const LEVEL: u32 = 1;

/// Runs the server that the first argument names, in one thread, and prints its address.
fn main() -> Served {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?);
    match std::env::args().nth(1).as_deref() {
        Some("bareframe-tokio") => in_tasks(listener, bareframe_tokio),
        Some("sockudo-ws") => in_tasks(listener, sockudo_ws),
        Some("yawc") => in_tasks(listener, yawc),
        _ => Err("no such server".into()),
    }
}

/// A task without a budget for each connection.
fn in_tasks<F>(listener: TcpListener, echo: fn(TcpStream) -> F) -> Served
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
            // The load generator checks how a connection ends.
            tokio::task::spawn_local(tokio::task::unconstrained(
                async move { drop(echo(stream).await) },
            ));
        }
    })
}

async fn bareframe_tokio(stream: TcpStream) -> Served {
    let options = Options::DEFAULT.with_deflate(Policy::DEFAULT);
    let mut socket = Acceptor::DEFAULT.with_options(options).accept(stream).await?;
    while let Some((message, mut sender)) = socket.read_with_sender().await? {
        sender.feed(&message).await?;
    }
    Ok(())
}

async fn sockudo_ws(mut stream: TcpStream) -> Served {
    use sockudo_ws::deflate::DeflateConfig;
    use sockudo_ws::protocol::Message;
    use sockudo_ws::{CompressedWebSocketStream, Config};
    upgrade(&mut stream).await?;
    let deflate = DeflateConfig {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        compression_level: LEVEL,
        ..DeflateConfig::default()
    };
    let mut socket = CompressedWebSocketStream::server(stream, Config::default(), deflate);
    while let Some(message) = socket.next().await {
        match message? {
            message @ (Message::Text(_) | Message::Binary(_)) => socket.send(message).await?,
            Message::Close(_) => break,
            _ => {}
        }
    }
    Ok(())
}

async fn yawc(mut stream: TcpStream) -> Served {
    use yawc::{CompressionLevel, OpCode, Options, Role, WebSocket};
    upgrade(&mut stream).await?;
    let options = Options::default().with_compression_level(CompressionLevel::new(LEVEL));
    let mut socket = WebSocket::from_stream_with_extensions(stream, Role::Server, Some(EXTENSION), options)?;
    while let Some(frame) = socket.next().await {
        if matches!(frame.opcode(), OpCode::Text | OpCode::Binary) {
            socket.send(frame).await?;
        }
    }
    Ok(())
}

/// The opening handshake for servers that do not include one; what the client offers is agreed to.
async fn upgrade(stream: &mut TcpStream) -> Served {
    use sockudo_ws::handshake::{build_response, generate_accept_key, parse_request};
    let mut head = Vec::new();
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err("no whole request".into());
        }
        if let Some((request, _)) = parse_request(&head)? {
            let response = build_response(&generate_accept_key(request.key), None, Some(EXTENSION));
            return Ok(stream.write_all(&response).await?);
        }
    }
}
