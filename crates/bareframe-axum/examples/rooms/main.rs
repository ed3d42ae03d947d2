//! A chat in rooms, with a page: what a member says, all in the room hear.
//!
//! ```text
//! cargo run --release -p bareframe-axum --features deflate --example rooms -- --self-signed
//! cargo run --release -p bareframe-axum --example rooms -- 0.0.0.0:443 --tls cert.pem key.pem --redis redis://10.0.0.1/
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | `args.rs` | the command line, and the limits |
//! | `server.rs` | listening, and ending in good order |
//! | `tls.rs` | TLS, over which browsers speak HTTP/2 |
//! | `app.rs` | the routes: the page, and the request for a WebSocket |
//! | `member.rs` | one connection: what it says and what it is told |
//! | `pace.rs` | how fast a member may speak |
//! | `rooms.rs` | the rooms, and who hears what |
//! | `presence.rs` | who is in a room |
//! | `processes.rs` | rooms over several processes, through Redis |
//! | `event.rs` | what members and processes are told |
//!
//! On the open internet it also needs logins, and limits for requests that do not become WebSockets, such as a proxy in front has.
//!
//! The standard output has a line for each member that enters and leaves. Ctrl-C and SIGTERM end the chat: every member gets a Close with 1001.

mod app;
mod args;
mod event;
mod member;
mod pace;
mod presence;
mod processes;
mod rooms;
mod server;
#[cfg(test)]
mod tests;
mod tls;

use args::Arguments;
use clap::Parser;
use server::Server;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

/// How long members may take to leave.
const FAREWELL: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "rooms: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    let server = Server::start(arguments).await?;
    log(format_args!("The rooms are at {}", server.url()));
    asked_to_end()
        .await
        .map_err(|error| format!("no signals: {error}"))?;
    let left = server.finish(FAREWELL).await;
    log(format_args!(
        "The chat has ended; {left} members did not leave in time."
    ));
    Ok(())
}

#[cfg(unix)]
async fn asked_to_end() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn asked_to_end() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// Prints a line, whether anybody reads it or not. What a peer said is printed by `{:?}`, so that nothing in it controls the terminal.
fn log(line: fmt::Arguments<'_>) {
    if cfg!(not(test)) {
        let _ = writeln!(io::stdout(), "{line}");
    }
}
