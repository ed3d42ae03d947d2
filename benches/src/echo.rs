//! End to end: echo servers, each in a process of its own, and one load generator for all of them.

mod load;
#[path = "../../crates/bareframe-std/examples/echo_one_thread/serve.rs"]
mod one_thread;
mod process;
mod serve;
mod servers;

pub use load::{Generator, Load};
pub use process::{PROGRAM, ServerProcess, compile};
pub use serve::serve;
pub use servers::{OURS, PEERS, Server, Waits};
