//! A WebSocket reverse proxy: clients reach one server through it, over HTTP/1.1 and HTTP/2 (RFC 8441), and the server is asked over
//! either of them.
//!
//! ```text
//! cargo run --release -p bareframe-tokio --features hyper,http2 --example proxy -- ws://127.0.0.1:9001
//! cargo run --release -p bareframe-tokio --features hyper,http2 --example proxy -- ws://127.0.0.1:9001 --http2 --listen 0.0.0.0:80
//! ```
//!
//! Messages are passed on piece by piece as they arrive, so that a connection takes the same memory however long a frame is: in each
//! direction at most 64 KiB that were read and 64 KiB to be written, and nothing while it is idle; over HTTP/2 also what flow control
//! allows, 64 KiB from a client and hyper's 2 MiB from the server. A side that does not read holds up the other one. What is bounded but
//! not streamed: the heads of the opening handshake, and 16 KiB of a refusal.
//!
//! permessage-deflate is negotiated by the client and the server, and what is compressed passes as it is. No other extension passes,
//! because a proxy that does not know it must leave the fragments of messages as they are (RFC 6455 section 5.4).

mod arguments;
mod frames;
mod headers;
mod listener;
mod opening;
#[cfg(test)]
mod tests;

use arguments::Arguments;
use bareframe_tokio::Shutdown;
use clap::Parser;
use opening::Opening;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let listener = match TcpListener::bind(&arguments.listen).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("proxy: can't listen at {}: {error}", arguments.listen);
            return ExitCode::FAILURE;
        }
    };
    let shutdown = Shutdown::new();
    let opening = Arc::new(Opening::new(&arguments, &shutdown));
    tokio::spawn(begin_when_asked(shutdown));
    let left = listener::run(listener, opening, arguments.shutdown_time()).await;
    if left > 0 {
        eprintln!("proxy: {left} connections did not close in time");
    }
    ExitCode::SUCCESS
}

/// Has all connections close when the process is asked to end, by Ctrl+C or, on Unix, SIGTERM.
async fn begin_when_asked(shutdown: Shutdown) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return shutdown.begin();
        }
    }
    let _ = tokio::signal::ctrl_c().await;
    shutdown.begin();
}
