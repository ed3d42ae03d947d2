//! Decodes frames and describes them, or where and why they are wrong.
//!
//! ```text
//! cargo run -p bareframe-std --example decode -- 81 81 6C 93 C7 E4 0D
//! echo 8900 | cargo run -p bareframe-std --example decode -- --from server
//! cargo run -p bareframe-std --example decode -- --raw frames.bin
//! cargo run -p bareframe-std --example decode -- --raw capture.pcap --port 9001
//! cargo run -p bareframe-std --example decode -- --deflate C1 07 F2 48 CD C9 C9 07 00
//! cargo run -p bareframe-std --example decode -- --deflate='server_no_context_takeover; client_max_window_bits=10' --raw frames.bin
//! ```

mod capture;
mod connections;
mod dump;
mod escape;
#[path = "../frames/mod.rs"]
mod frames;
#[path = "../hex/mod.rs"]
mod hex;
#[path = "../frames/inflate.rs"]
mod inflate;
mod pasted;
mod protocol;
mod reassembly;
mod segment;
mod stream;
#[cfg(test)]
mod tests;
mod words;

use bareframe::Rules;
use bareframe::handshake::Extensions;
use bareframe_deflate::{EXTENSION, Parameters};
use clap::{Parser, ValueEnum};
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

/// Describes the frames in bytes, or where and why they are wrong.
///
/// The bytes come in hexadecimal with or without spaces, commas, colons and 0x, as `\x81\x05` or string literals, as
/// arrays of C and other languages, or as dumps by xxd, hexdump, od, tcpdump or Wireshark. Captures (pcap, pcapng) are
/// recognised by their first bytes; both directions of their TCP connections are shown.
///
/// Heads of HTTP and records of TLS among the frames are reported and skipped. Compressed messages are inflated, with
/// the history of earlier ones, if the response of the server agreed to that or by --deflate; otherwise they are shown
/// compressed.
///
/// The exit status is 0 if all bytes are right, 1 if not, and 2 if they can't be read.
#[derive(Parser)]
#[command(name = "decode")]
struct Arguments {
    /// Refuse frames that are not masked as those of this end must be; by default both forms are accepted.
    #[arg(long, value_enum)]
    from: Option<End>,
    /// Read the bytes as they are from this file, or a capture (pcap, pcapng); `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "bytes")]
    raw: Option<String>,
    /// Of a capture, show the connections of this TCP port; without it those that begin with HTTP, if there are any.
    #[arg(long)]
    port: Option<u16>,
    /// Inflate compressed messages (RFC 7692) by the parameters that were agreed on, where no response of the server says them;
    /// without any, by those that hold where none are agreed on.
    #[arg(long, value_name = "PARAMETERS", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = parameters)]
    deflate: Option<Parameters>,
    /// The bytes as they were pasted; without any, or by `-`, they are read from standard input.
    bytes: Vec<String>,
}

impl Arguments {
    fn rules(&self) -> Rules {
        match self.from {
            None => Rules::ANY,
            Some(End::Client) => Rules::FROM_CLIENT,
            Some(End::Server) => Rules::FROM_SERVER,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum End {
    Client,
    Server,
}

/// Reads parameters as they are in a response after the name of the extension.
fn parameters(text: &str) -> Result<Parameters, String> {
    let element = if text.trim().is_empty() {
        EXTENSION.to_owned()
    } else {
        format!("{EXTENSION}; {text}")
    };
    let element =
        Extensions::parse(&element).ok_or("they are no parameters, as in server_max_window_bits=10")?;
    match inflate::agreed(element) {
        Ok(Some(parameters)) => Ok(parameters),
        Ok(None) => Err("they are of another extension".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "decode: {error}");
            ExitCode::from(2)
        }
    }
}

/// Returns `true` if the reader of the output has closed it, as `head` does.
fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Decodes the input, and returns `true` if all of it was right.
fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<bool, Box<dyn Error>> {
    match (arguments.raw.as_deref(), &arguments.bytes[..]) {
        (Some("-"), _) => decode_raw(arguments, io::stdin().lock(), out),
        (Some(path), _) => {
            let file = File::open(path).map_err(|error| format!("can't open {path}: {error}"))?;
            decode_raw(arguments, file, out)
        }
        (None, []) => decode_standard_input(arguments, io::stdin().lock(), out),
        (None, [only]) if only == "-" => decode_standard_input(arguments, io::stdin().lock(), out),
        (None, words) => decode_text(arguments, &words.join(" "), out),
    }
}

/// Decodes bytes as they are, or a capture.
fn decode_raw(
    arguments: &Arguments,
    mut input: impl Read,
    out: &mut dyn Write,
) -> Result<bool, Box<dyn Error>> {
    let mut start = Vec::new();
    input.by_ref().take(4).read_to_end(&mut start)?;
    if capture::is_capture(&start) {
        input.read_to_end(&mut start)?;
        return capture::decode(&start, arguments.port, arguments.deflate, out);
    }
    Ok(stream::decode(
        arguments.rules(),
        arguments.deflate,
        start.chain(input),
        out,
    )?)
}

/// Decodes text, or a capture.
fn decode_standard_input(
    arguments: &Arguments,
    mut input: impl Read,
    out: &mut dyn Write,
) -> Result<bool, Box<dyn Error>> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    if capture::is_capture(&bytes) {
        return capture::decode(&bytes, arguments.port, arguments.deflate, out);
    }
    let text = str::from_utf8(&bytes)
        .map_err(|_| "standard input is not text; `--raw -` takes bytes as they are")?;
    decode_text(arguments, text, out)
}

/// Decodes what was pasted.
fn decode_text(arguments: &Arguments, text: &str, out: &mut dyn Write) -> Result<bool, Box<dyn Error>> {
    let bytes = match dump::parse(text) {
        Some(dumps) => {
            if let Some(decoded) = capture::decode_dumped(&dumps, arguments.port, arguments.deflate, out) {
                return Ok(decoded?);
            }
            dumps.concat()
        }
        None => pasted::parse(text)?,
    };
    Ok(stream::decode(
        arguments.rules(),
        arguments.deflate,
        &bytes[..],
        out,
    )?)
}
