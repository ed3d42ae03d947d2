//! TCP over the Ethernet of QEMU's mps2 boards, as streams of embedded-io-async, and what runs the tasks that use them.

#![no_std]

// Its memory map, and the image's start.
use {board as _, cortex_m_rt as _};

mod clock;
mod lan9118;
mod network;
mod panic;
mod sleep;
mod stream;

pub use clock::{Elapsed, within};
pub use network::Network;
pub use smoltcp::iface::SocketStorage;
pub use stream::{Reset, TcpStream};
