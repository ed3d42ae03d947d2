//! The load on one echo server that runs already, for instance beneath a profiler.

use bareframe_benches::echo::Load;
use clap::Parser;
use std::net::SocketAddr;
use std::time::Duration;

/// Loads an echo server, checks every reply, and prints how many came in a second.
#[derive(Parser)]
struct Arguments {
    /// Where the server listens, which it prints.
    server: SocketAddr,
    /// Payload of each message, in bytes.
    #[arg(long, default_value_t = 20)]
    bytes: usize,
    /// How many connections.
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// How many messages are in flight on each.
    #[arg(long, default_value_t = 1)]
    window: usize,
    /// How long it lasts.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let load = Load {
        bytes: arguments.bytes,
        connections: arguments.connections,
        window: arguments.window,
        yields: false,
    };
    let counted = Duration::from_secs(arguments.seconds);
    let replies = load.open(arguments.server)?.run(Duration::ZERO, counted)?;
    println!("{replies:.0}");
    Ok(())
}
