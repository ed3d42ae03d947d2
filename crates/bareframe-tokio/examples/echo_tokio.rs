//! Echoes every message.
//!
//! ```text
//! cargo run --release -p bareframe-tokio --example echo_tokio
//! cargo run --release -p bareframe-tokio --example echo_tokio --features deflate -- 0.0.0.0:8080
//! ```

use bareframe_tokio::{Acceptor, Config, Error, Limits, Options};
use clap::Parser;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// Large messages and many fragments, as test suites send them.
const LIMITS: Limits = Limits::UNLIMITED
    .with_frame(64 << 20)
    .with_message(64 << 20)
    .with_fragments(1 << 20);
const ACCEPTOR: Acceptor = Acceptor::DEFAULT.with_options(compressed(
    Options::DEFAULT.with_config(Config::DEFAULT.with_limits(LIMITS)),
));

/// Echoes every message.
#[derive(Parser)]
#[command(name = "echo_tokio")]
struct Arguments {
    /// Where to listen: a host and a port; port 0 is any that is free.
    #[arg(default_value = "127.0.0.1:9001")]
    address: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { address } = Arguments::parse();
    let listener = match TcpListener::bind(&address).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("echo_tokio: can't listen at {address}: {error}");
            return ExitCode::FAILURE;
        }
    };
    loop {
        match listener.accept().await {
            // How a connection ends is for its client to know.
            Ok((stream, _)) => drop(tokio::spawn(echo(stream))),
            // The system is out of sockets, and may have more in a moment.
            Err(error) => {
                eprintln!("echo_tokio: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let mut socket = ACCEPTOR.accept(stream).await?;
    let ended = loop {
        match socket.read_with_sender().await {
            // It is written together with the other answers to the same read.
            Ok(Some((message, mut sender))) => {
                if let Err(error) = sender.feed(&message).await {
                    break Err(error);
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    let closed = socket.close(None, "").await;
    ended.and(closed.map(drop))
}

/// Returns options with compression by which each connection keeps what was sent before: short messages shrink far more by it.
#[cfg(feature = "deflate")]
const fn compressed(options: Options) -> Options {
    let policy = bareframe_tokio::deflate::Policy::DEFAULT.with_sending_takeover(true);
    options.with_deflate(policy.with_receiving_takeover(true))
}

/// Returns the options as they are.
#[cfg(not(feature = "deflate"))]
const fn compressed(options: Options) -> Options {
    options
}
