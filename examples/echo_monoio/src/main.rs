//! An echo server on the engine alone, over io_uring by the runtime monoio: what is read into and written from belongs to the kernel
//! meanwhile, and no connection has a buffer of its own but the one that it waits with.
//! `cargo run --release -p bareframe-echo-monoio -- 127.0.0.1:9001` runs it, on Linux.

#[cfg(target_os = "linux")]
mod echo;

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9001".into());
    echo::serve(std::net::TcpListener::bind(address)?)
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("io_uring is of Linux alone");
}
