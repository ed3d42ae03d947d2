//! The end of bareframe-std in the exchange of `conformance/compressed`.
//!
//! ```text
//! compressed serve BITS TAKEOVER       prints "listening PORT", then "agreed PARAMETERS" for each connection; echoes
//! compressed drive URL BITS TAKEOVER   has messages echoed; prints "agreed PARAMETERS" and "passed N"
//! ```
//!
//! BITS are the window bits of both directions, and TAKEOVER is `yes` or `no`.

use bareframe_conformance::Failure;
use bareframe_std::deflate::{Policy, WindowBits};
use bareframe_std::{Acceptor, CloseCode, Config, Connector, Limits, Options, OwnedMessage};
use std::io::{Write, stdout};
use std::net::{TcpListener, TcpStream};
use std::thread;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", bits, takeover] => serve(options(bits, takeover)?),
        ["drive", url, bits, takeover] => drive(url, options(bits, takeover)?),
        _ => Err("usage: compressed serve|drive [URL] BITS TAKEOVER".into()),
    }
}

fn options(bits: &str, takeover: &str) -> Result<Options, Failure> {
    let bits = WindowBits::new(bits.parse()?).ok_or("BITS are 8 to 15")?;
    let takeover = takeover == "yes";
    let policy = Policy::DEFAULT
        .with_sending_window_bits(bits)
        .with_receiving_window_bits(bits)
        .with_sending_takeover(takeover)
        .with_receiving_takeover(takeover)
        .with_threshold(0);
    let limits = Limits::DEFAULT.with_fragments(1 << 16);
    Ok(Options::DEFAULT
        .with_config(Config::DEFAULT.with_limits(limits))
        .with_deflate(policy))
}

fn say(line: &str) {
    // Whoever reads no more wants no more.
    let _ = writeln!(stdout(), "{line}");
}

fn serve(options: Options) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    say(&format!("listening {}", listener.local_addr()?.port()));
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || echo(stream, options).unwrap_or_else(|error| say(&format!("failed {error}"))));
    }
    Ok(())
}

fn echo(stream: TcpStream, options: Options) -> Result<(), Failure> {
    let mut socket = Acceptor::DEFAULT.with_options(options).accept(stream)?;
    match socket.deflate() {
        Some(parameters) => say(&format!("agreed {parameters}")),
        None => say("agreed nothing"),
    }
    while let Some((message, mut sender)) = socket.read_with_sender()? {
        sender.send(&message)?;
    }
    socket.close(None, "")?;
    Ok(())
}

fn drive(url: &str, options: Options) -> Result<(), Failure> {
    let mut socket = Connector::DEFAULT.with_options(options).connect(url)?;
    match socket.deflate() {
        Some(parameters) => say(&format!("agreed {parameters}")),
        None => say("agreed nothing"),
    }
    let messages = messages();
    for message in &messages {
        match message {
            OwnedMessage::Text(text) => socket.send(&text[..])?,
            OwnedMessage::Binary(payload) => socket.send(&payload[..])?,
        }
        let echoed = socket.read_owned()?.ok_or("the peer has closed")?;
        if echoed != *message {
            return Err("what came back is not what was sent".into());
        }
    }
    socket.close(CloseCode::NORMAL_CLOSURE, "")?;
    say(&format!("passed {}", messages.len()));
    Ok(())
}

/// Text and binary messages of many lengths, some of which shrink much, some little, and some not; twice, so that the second
/// refers to the first.
fn messages() -> Vec<OwnedMessage> {
    let mut messages = Vec::new();
    for len in [0, 1, 7, 125, 700, 5000, 40_000, 300_000].repeat(2) {
        let json = (0..)
            .map(|number: u64| format!("{{\"at\":{number},\"name\":\"κόσμε {}\"}}", number * number % 97));
        let mut text: String = json.take(len / 20 + 1).collect();
        while !text.is_char_boundary(len.min(text.len())) {
            text.pop();
        }
        text.truncate(len.min(text.len()));
        messages.push(OwnedMessage::Text(text));
        let mut seed = 1_u32;
        let noise = (0..len).map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        });
        messages.push(OwnedMessage::Binary(noise.collect()));
        messages.push(OwnedMessage::Binary(vec![7; len]));
    }
    messages
}
