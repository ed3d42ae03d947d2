//! End to end: echo servers, each in a process of its own, and one load generator for all of them.

mod load;
mod polled;
mod process;
mod servers;

pub use load::{Generator, Load};
pub use process::ServerProcess;
pub use servers::{OURS, PEERS, Server, Waits};
