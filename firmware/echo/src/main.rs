//! A WebSocket echo server on QEMU's mps2-an385, with the page that draws every frame: `firmware/run` starts it.

#![no_std]
#![no_main]

mod answer;
#[path = "../../../crates/bareframe-std/examples/echo/ask.rs"]
mod ask;
mod echo;
#[path = "../../../crates/bareframe-std/examples/frames/mod.rs"]
mod frames;
#[path = "../../../crates/bareframe-std/examples/echo/json.rs"]
mod json;
mod pages;
mod psram;
mod serve;
mod tap;

use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;
use cortex_m::singleton;
use cortex_m_rt::entry;
use cortex_m_semihosting::hprintln;
use net::{Network, SocketStorage};
use pages::Pages;

/// How many connections there may be at once.
const CONNECTIONS: usize = 16;

/// The memory of a socket for what is received and for what is sent, in bytes.
const RECEIVE: usize = 4 << 10;
const SEND: usize = 16 << 10;

const PORT: u16 = 80;

#[entry]
fn main() -> ! {
    let mut storage = [SocketStorage::EMPTY; CONNECTIONS];
    let network = Network::new(&mut storage);
    let buffers = singleton!(: [[u8; RECEIVE + SEND]; CONNECTIONS] = [[0; RECEIVE + SEND]; CONNECTIONS]);
    let mut buffers = buffers.expect("main is called once").iter_mut();
    let mut memories = psram::take().chunks_exact_mut(psram::LEN / CONNECTIONS);
    let pages = Pages::new();
    run(&network, || {
        let buffers = buffers.next().expect("there is one for each connection");
        let memory = memories.next().expect("there is some for each connection");
        let (receive, send) = buffers.split_at_mut(RECEIVE);
        serve::connections(network.socket(receive, send), PORT, &pages, memory)
    });
    unreachable!("the tasks never end");
}

/// Runs a task for each connection. Each is created where it stays: all together have 1.7 MB, and this board's RAM has no room for
/// the copies of an array that is moved.
fn run<F: Future>(network: &Network<'_>, mut create: impl FnMut() -> F) {
    let mut tasks = [const { None }; CONNECTIONS];
    for task in &mut tasks {
        *task = Some(create());
    }
    hprintln!("listening on port {}", PORT);
    network.run(poll_fn(|context| {
        for task in tasks.iter_mut().flatten() {
            // SAFETY: this closure is the only use of `tasks`, which is dropped where it is and not moved.
            let task = unsafe { Pin::new_unchecked(task) };
            let _ = task.poll(context);
        }
        Poll::<()>::Pending
    }));
}
