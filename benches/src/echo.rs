//! End to end: echo servers, each in a process of its own, and one load generator for all of them.

mod load;
#[cfg(feature = "simd")]
#[path = "../../crates/bareframe-std/examples/echo_one_thread/serve.rs"]
mod one_thread;
mod process;
#[cfg(feature = "simd")]
mod serve;
mod servers;
mod upgrade;

pub use load::{Generator, Load, unpaced};
pub use process::{ServerProcess, compile, compile_of};
#[cfg(feature = "simd")]
pub use serve::serve;
pub use servers::{OURS, PEERS, PROGRAM, Server, Waits};
pub use upgrade::upgrade;
