//! Echoes every message, and shows at `/` a page that draws every frame.
//!
//! ```text
//! cargo run --release -p bareframe-std --example echo
//! cargo run --release -p bareframe-std --example echo -- 0.0.0.0:8080 --verbose
//! ```
//!
//! Then open <http://127.0.0.1:9001/> in a browser, or connect any client to <ws://127.0.0.1:9001/>.

mod ask;
#[path = "../frames/mod.rs"]
mod frames;
mod json;
mod page;
mod tap;

use bareframe_std::handshake::{Choice, Status};
use bareframe_std::{Acceptor, Config, Error, Incoming, Limits, Options, ServerSocket};
use page::Pages;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tap::Tapped;

const PAGE: &[u8] = include_bytes!("../page.html");

/// The stack of a connection's thread, in octets; most of it is never touched.
const STACK: usize = 128 << 10;

/// Large messages and many fragments, as test suites send them, but little memory for a connection that is quiet.
const ACCEPTOR: Acceptor = Acceptor::DEFAULT.with_options(
    Options::DEFAULT
        .with_config(
            Config::DEFAULT.with_limits(
                Limits::UNLIMITED
                    .with_frame(64 << 20)
                    .with_message(64 << 20)
                    .with_fragments(1 << 20),
            ),
        )
        .with_read_buffer(8 << 10)
        .with_read_buffer_max(16 << 10)
        .with_write_buffer(8 << 10),
);

fn main() -> ExitCode {
    let mut address = "127.0.0.1:9001".to_owned();
    let mut verbose = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--verbose" => verbose = true,
            option if option.starts_with('-') => {
                eprintln!("usage: echo [ADDRESS] [--verbose]");
                return ExitCode::from(2);
            }
            _ => address = argument,
        }
    }
    match TcpListener::bind(&address) {
        Ok(listener) => listen(&listener, verbose),
        Err(error) => {
            eprintln!("echo: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn listen(listener: &TcpListener, verbose: bool) -> ExitCode {
    if let Ok(address) = listener.local_addr() {
        println!("The page is at http://{address}/, the echo at ws://{address}/ and every other path.");
    }
    let pages = Arc::new(Pages::default());
    for stream in listener.incoming() {
        let pages = Arc::clone(&pages);
        let served = stream.and_then(|stream| {
            thread::Builder::new()
                .stack_size(STACK)
                .spawn(move || serve(stream, &pages, verbose))
        });
        if let Err(error) = served {
            // The system is short of sockets or threads; in a moment it may have more.
            eprintln!("echo: {error}");
            thread::sleep(Duration::from_millis(100));
        }
    }
    ExitCode::SUCCESS
}

fn serve(stream: TcpStream, pages: &Pages, verbose: bool) {
    let peer = stream.peer_addr();
    let ended = ACCEPTOR
        .read(Tapped::new(stream))
        .and_then(|incoming| answer(incoming, pages, verbose));
    if verbose && let Ok(peer) = peer {
        match ended {
            Ok(()) => eprintln!("{peer}: ended"),
            Err(error) => eprintln!("{peer}: {error}"),
        }
    }
}

fn answer(incoming: Incoming<Tapped>, pages: &Pages, verbose: bool) -> Result<(), Error> {
    let request = incoming.request();
    let page = pages.watching(request.query());
    match (request.path(), incoming.is_upgrade()) {
        ("/", false) => incoming.answer(Status::OK, &[("Content-Type", "text/html; charset=utf-8")], PAGE),
        (_, false) => incoming.answer(
            Status::NOT_FOUND,
            &[("Content-Type", "text/plain")],
            b"The page is at /\n",
        ),
        ("/frames", true) => pages.serve(incoming.accept(&Choice::DEFAULT)?),
        (_, true) => {
            if let Some(page) = page {
                return page.watch(incoming);
            }
            let mut socket = incoming.accept(&Choice::DEFAULT)?;
            socket.stream_mut().watch(None);
            let ended = echo(&mut socket, verbose);
            let closed = socket.close(None, "");
            ended.and(closed.map(drop))
        }
    }
}

/// The echo itself.
fn echo(socket: &mut ServerSocket<Tapped>, verbose: bool) -> Result<(), Error> {
    while let Some((message, mut sender)) = socket.read_with_sender()? {
        if verbose {
            eprintln!("{}, {} octets", message.kind(), message.payload().len());
        }
        // It leaves with the other answers to what was read with it.
        sender.feed(&message)?;
    }
    Ok(())
}
