//! Echoes every message, and shows at `/` a page that draws every frame.
//!
//! ```text
//! cargo run --release -p bareframe-std --example echo
//! cargo run --release -p bareframe-std --example echo -- 0.0.0.0:8080 --verbose
//! cargo run --release -p bareframe-std --example echo --features deflate
//! ```
//!
//! Then open <http://127.0.0.1:9001/> in a browser, or connect any client to <ws://127.0.0.1:9001/>.

mod ask;
#[path = "../compression/mod.rs"]
mod compression;
#[path = "../frames/mod.rs"]
mod frames;
#[path = "../frames/inflate.rs"]
mod inflate;
mod json;
mod page;
mod tap;

use bareframe_std::handshake::{Choice, Status};
use bareframe_std::{Acceptor, Config, Error, Incoming, Limits, Options, ServerSocket};
use clap::Parser;
use page::Pages;
use std::fmt;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tap::Tapped;

const PAGE: &[u8] = include_bytes!("../page.html");

/// The stack of a connection's thread, in bytes; most of it is never touched.
const STACK: usize = 128 << 10;

/// Large messages and many fragments, as test suites send them, but little memory for a connection that is quiet.
const OPTIONS: Options = Options::DEFAULT
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
    .with_write_buffer(8 << 10);
const ACCEPTOR: Acceptor = Acceptor::DEFAULT.with_options(compression::with_takeover(OPTIONS));

/// Echoes every message, and shows at / a page that draws every frame.
#[derive(Parser)]
#[command(name = "echo")]
struct Arguments {
    /// Where to listen: a host and a port; port 0 is any that is free.
    #[arg(default_value = "127.0.0.1:9001")]
    address: String,
    /// Write to standard error what each connection receives and how it ends.
    #[arg(long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let Arguments { address, verbose } = Arguments::parse();
    match TcpListener::bind(&address) {
        Ok(listener) => listen(&listener, verbose),
        Err(error) => {
            log(format_args!(
                "echo: can't listen at {address}: {error}; another address may be given, as 127.0.0.1:0"
            ));
            ExitCode::FAILURE
        }
    }
}

/// Writes a line to standard error. The echo works even if it can't be written.
fn log(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn listen(listener: &TcpListener, verbose: bool) -> ExitCode {
    if let Ok(address) = listener.local_addr() {
        // As with `log`.
        let _ = writeln!(
            io::stdout(),
            "The page is at http://{address}/, the echo at ws://{address}/ and every other path."
        );
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
            // The system is out of sockets or threads; it may have more in a moment.
            log(format_args!("echo: {error}"));
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
            Ok(()) => log(format_args!("{peer}: ended")),
            Err(error) => log(format_args!("{peer}: {error}")),
        }
    }
}

fn answer(mut incoming: Incoming<Tapped>, pages: &Pages, verbose: bool) -> Result<(), Error> {
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
            if let Some((page, compresses)) = page {
                // A browser offers compression always; that it is left out is the page's choice.
                let incoming = if compresses {
                    incoming
                } else {
                    incoming.with_options(OPTIONS)
                };
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
            let (kind, len) = (message.kind(), message.payload().len());
            log(format_args!("{kind}, {len} bytes"));
        }
        // It is written together with the other answers to the same read.
        sender.feed(&message)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_goes_to_standard_output_with_status_0() {
        let help = Arguments::try_parse_from(["echo", "--help"]).err().unwrap();
        assert_eq!((help.exit_code(), help.use_stderr()), (0, false));
    }

    #[test]
    fn the_address_comes_before_or_after_the_option() {
        for line in [
            ["echo", "0.0.0.0:80", "--verbose"],
            ["echo", "--verbose", "0.0.0.0:80"],
        ] {
            let arguments = Arguments::parse_from(line);
            assert_eq!((&arguments.address[..], arguments.verbose), ("0.0.0.0:80", true));
        }
    }
}
