//! Echo servers over tokio, each in a process of its own.

mod echoes;
mod handshakes;
mod serve;
mod servers;
mod upgrades;

pub use handshakes::handshakes_per_second;
pub use serve::serve;
pub use servers::{Does, PROGRAM, SERVERS, Server};
