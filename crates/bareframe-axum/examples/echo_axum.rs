//! Echoes every message, over HTTP/1.1 and HTTP/2.
//!
//! ```text
//! cargo run --release -p bareframe-axum --example echo_axum
//! cargo run --release -p bareframe-axum --example echo_axum --features deflate -- 0.0.0.0:8080
//! ```

use axum::{Router, response::Response, routing::any};
use bareframe_axum::{Message, WebSocket, WebSocketUpgrade};
use bareframe_tokio::{Config, Limits, Options};
use std::io;
use tokio::net::TcpListener;

/// Large messages and many fragments, as test suites send them.
const LIMITS: Limits = Limits::UNLIMITED
    .with_frame(64 << 20)
    .with_message(64 << 20)
    .with_fragments(1 << 20);
const OPTIONS: Options = Options::DEFAULT.with_config(Config::DEFAULT.with_limits(LIMITS));

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:9001")).await?;
    axum::serve(listener, Router::new().fallback(any(upgrade))).await
}

async fn upgrade(ws: WebSocketUpgrade) -> Response {
    compressed(ws.options(OPTIONS)).on_upgrade(echo)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if let Message::Text(_) | Message::Binary(_) = message
            && socket.send(message).await.is_err()
        {
            break;
        }
    }
}

/// Returns the upgrade with compression by which each connection keeps what was sent before.
#[cfg(feature = "deflate")]
fn compressed(ws: WebSocketUpgrade) -> WebSocketUpgrade {
    let policy = bareframe_axum::deflate::Policy::DEFAULT.with_sending_takeover(true);
    ws.deflate(policy.with_receiving_takeover(true))
}

/// Returns the upgrade as it is.
#[cfg(not(feature = "deflate"))]
const fn compressed(ws: WebSocketUpgrade) -> WebSocketUpgrade {
    ws
}
