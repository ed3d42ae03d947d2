//! End to end with permessage-deflate (RFC 7692): echo servers over tokio, each in a process of its own, and a load generator that
//! inflates their replies.

mod load;

pub use load::{Generator, Load};

use crate::echo::{self, ServerProcess};
use std::io;

/// The servers, ours first.
pub const SERVERS: [&str; 4] = ["bareframe-tokio", "sockudo-ws", "yawc", SOKETTO];

/// The server that has a program of its own.
const SOKETTO: &str = "soketto";

/// Compiles the programs, packages of their own, that are the servers.
///
/// # Errors
///
/// If one can't be compiled.
pub fn compile() -> io::Result<()> {
    echo::compile_of("bareframe-benches-compressed", "compressed-server")?;
    echo::compile_of("bareframe-benches-soketto", "soketto-server")
}

/// Starts a server.
///
/// # Errors
///
/// Returns the system's error.
pub fn start(server: &str) -> io::Result<ServerProcess> {
    match server {
        SOKETTO => ServerProcess::start("soketto-server", &[]),
        _ => ServerProcess::start("compressed-server", &[server]),
    }
}

/// What the client offers, and all servers agree to: each message stands alone, as soketto wants it.
const EXTENSION: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
