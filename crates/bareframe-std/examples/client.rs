//! Sends lines as text messages, and prints what the server sends.
//!
//! ```text
//! cargo run --release -p bareframe-std --example client -- ws://127.0.0.1:9001/
//! cargo run --release -p bareframe-std --example client --features deflate,rustls -- wss://example.com/
//! ```

#[path = "compression/mod.rs"]
mod compression;
#[path = "hex/mod.rs"]
mod hex;

use bareframe_std::{
    Client, ClientStream, CloseCode, Connector, Error, Event, Frame, MessageKind, Options, Share, SystemKeys,
    WriteHalf,
};
use clap::Parser;
use std::error::Error as StdError;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

const HELP: &str = "\
A line is sent as a text message. Other than that:
  /binary 01 02 ff     a binary message
  /ping [TEXT]         a Ping; the server's Pong is printed
  /pong [TEXT]         a Pong that nobody asked for
  /close [CODE [WHY]]  a Close; the end of the input sends one with 1000
  //text               text that begins with a slash";

/// How long a server may take to answer our Close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

type Writer = WriteHalf<<ClientStream as Share>::Shared, Client<SystemKeys>>;

/// Sends lines as text messages, and prints what the server sends.
#[derive(Parser)]
#[command(name = "client", after_help = HELP)]
struct Arguments {
    /// The server: ws://HOST[:PORT]/[PATH], with the feature rustls also wss://
    url: String,
}

fn main() -> ExitCode {
    let Arguments { url } = Arguments::parse();
    match run(&url, &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "client: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what the server sends until the connection ends, or until nobody reads what is printed.
fn run(url: &str, out: &mut impl Write) -> Result<(), Error> {
    let connector = Connector::DEFAULT.with_options(compression::with_takeover(Options::DEFAULT));
    let (mut reader, writer) = connector.connect(url)?.split();
    let mut printed = writeln!(out, "Connected. /help tells what can be sent.");
    // The input may block for ever; when the connection ends the program does.
    thread::spawn(move || send_lines(&writer));
    let mut message = Vec::new();
    while printed.is_ok()
        && let Some(event) = reader.read_event()?
    {
        printed = print(out, event, &mut message);
    }
    reader.close(None, "")?;
    Ok(())
}

/// Text is quoted and escaped, so that nothing in it controls the terminal.
fn print(out: &mut impl Write, event: Event<'_>, message: &mut Vec<u8>) -> io::Result<()> {
    match event {
        Event::Data(piece) => {
            message.extend_from_slice(piece.payload());
            if !piece.is_last() {
                return Ok(());
            }
            let message = std::mem::take(message);
            match piece.kind() {
                MessageKind::Text => writeln!(out, "text {:?}", String::from_utf8_lossy(&message)),
                MessageKind::Binary => writeln!(out, "binary {}", hex::show(&message)),
            }
        }
        Event::Ping(payload) => writeln!(out, "ping {:?}", String::from_utf8_lossy(&payload)),
        Event::Pong(payload) => writeln!(out, "pong {:?}", String::from_utf8_lossy(&payload)),
        Event::Close(reason) => writeln!(out, "close {reason}"),
    }
}

fn send_lines(writer: &Writer) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if let Err(error) = send_line(writer, &line) {
            let _ = writeln!(io::stderr(), "client: {error}");
        }
    }
    // An error here means that a Close was sent before, or that there is no connection to close.
    let _ = writer.send_close(CloseCode::NORMAL_CLOSURE, "");
    thread::sleep(CLOSE_TIMEOUT);
    let _ = writeln!(io::stderr(), "client: the server does not answer our Close");
    std::process::exit(1);
}

fn send_line(writer: &Writer, line: &str) -> Result<(), Box<dyn StdError>> {
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    match command {
        "/binary" => writer.send(&hex::parse(rest)?[..])?,
        "/ping" => writer.send(Frame::ping(rest.as_bytes()))?,
        "/pong" => writer.send(Frame::pong(rest.as_bytes()))?,
        "/close" => {
            let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
            let code =
                match code {
                    "" => None,
                    code => Some(code.parse().ok().and_then(CloseCode::new).ok_or(
                        "no code that may be sent: 1000 to 1003, 1007 to 1014 and 3000 to 4999 may",
                    )?),
                };
            writer.send_close(code, reason)?;
        }
        "/help" => writeln!(io::stdout(), "{HELP}")?,
        text if text.starts_with("//") => writer.send(&line[1..])?,
        unknown if unknown.starts_with('/') => {
            return Err(format!("{unknown} is not known; /help tells").into());
        }
        _ => writer.send(line)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bareframe_std::accept;
    use std::net::TcpListener;

    #[test]
    fn help_goes_to_standard_output_with_status_0() {
        let help = Arguments::try_parse_from(["client", "--help"]).err().unwrap();
        assert_eq!((help.exit_code(), help.use_stderr()), (0, false));
        assert!(help.to_string().contains("/binary 01 02 ff"), "{help}");
    }

    /// What is printed when the server sends this.
    fn printed(frame: Frame<'static>, out: &mut impl Write) -> Result<(), Error> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let mut socket = accept(listener.accept().unwrap().0).unwrap();
            socket.send(frame).unwrap();
            socket.close(CloseCode::NORMAL_CLOSURE, "\x1b[31mbye").unwrap();
        });
        let ended = run(&url, out);
        server.join().unwrap();
        ended
    }

    #[test]
    fn what_a_server_sends_is_escaped() {
        for frame in [
            Frame::text("a\x1b[31m\u{202e}b"),
            Frame::ping("a\x1b[31m\u{202e}b".as_bytes()),
            Frame::pong("a\x1b[31m\u{202e}b".as_bytes()),
        ] {
            let mut out = Vec::new();
            printed(frame, &mut out).unwrap();
            let out = String::from_utf8(out).unwrap();
            assert!(out.contains(r#" "a\u{1b}[31m\u{202e}b""#), "{out}");
            assert!(out.contains(r"close 1000 Normal Closure: \u{1b}[31mbye"), "{out}");
        }
    }

    #[test]
    fn when_nobody_reads_the_output_the_client_closes_and_says_nothing() {
        let (reader, mut pipe) = io::pipe().unwrap();
        drop(reader);
        printed(Frame::text("Hello"), &mut pipe).unwrap();
    }
}
