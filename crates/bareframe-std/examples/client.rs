//! Sends lines as text messages, and prints what the server sends.
//!
//! ```text
//! cargo run --release -p bareframe-std --example client -- ws://127.0.0.1:9001/
//! ```

#[path = "hex/mod.rs"]
mod hex;

use bareframe_std::{
    Client, ClientStream, CloseCode, Error, Event, Frame, MessageKind, Share, SystemKeys, WriteHalf, connect,
};
use std::error::Error as StdError;
use std::io::{self, BufRead};
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

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url] = &arguments[..] else {
        eprintln!("usage: client ws://HOST[:PORT]/[PATH]\n\n{HELP}");
        return ExitCode::from(2);
    };
    match run(url) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(url: &str) -> Result<(), Error> {
    let (mut reader, writer) = connect(url)?.split();
    println!("Connected. /help tells what can be sent.");
    // The input may block for ever; when the connection ends the program does.
    thread::spawn(move || send_lines(&writer));
    let mut message = Vec::new();
    while let Some(event) = reader.read_event()? {
        match event {
            Event::Data(piece) => {
                message.extend_from_slice(piece.payload());
                if piece.is_last() {
                    print_message(piece.kind(), &message);
                    message.clear();
                }
            }
            Event::Ping(payload) => println!("ping {:?}", String::from_utf8_lossy(&payload)),
            Event::Pong(payload) => println!("pong {:?}", String::from_utf8_lossy(&payload)),
            Event::Close(reason) => println!("close {reason}"),
        }
    }
    reader.close(None, "")?;
    Ok(())
}

/// Text is quoted, so that nothing in it moves the cursor.
fn print_message(kind: MessageKind, payload: &[u8]) {
    match kind {
        MessageKind::Text => println!("text {:?}", String::from_utf8_lossy(payload)),
        MessageKind::Binary => println!("binary {}", hex::show(payload)),
    }
}

fn send_lines(writer: &Writer) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if let Err(error) = send_line(writer, &line) {
            eprintln!("client: {error}");
        }
    }
    // An error here means that a Close was sent before, or that there is no connection to close.
    let _ = writer.send_close(CloseCode::NORMAL_CLOSURE, "");
    thread::sleep(CLOSE_TIMEOUT);
    eprintln!("client: the server does not answer our Close");
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
            let code = match code {
                "" => None,
                code => Some(
                    code.parse()
                        .ok()
                        .and_then(CloseCode::new)
                        .ok_or("no code that may be sent")?,
                ),
            };
            writer.send_close(code, reason)?;
        }
        "/help" => println!("{HELP}"),
        text if text.starts_with("//") => writer.send(&line[1..])?,
        unknown if unknown.starts_with('/') => {
            return Err(format!("{unknown} is not known; /help tells").into());
        }
        _ => writer.send(line)?,
    }
    Ok(())
}
