//! Receives one case a number of times, for an emulator that counts the instructions; `ci.sh machines` runs it.

use bareframe_benches::ours;
use bareframe_benches::wire::{From, Payload, Stream};
use clap::Parser;
use std::hint::black_box;

/// How many frames are received in one run.
const FRAMES: usize = 100;
const KINDS: [Payload; 6] = [
    Payload::Binary,
    Payload::Ascii,
    Payload::Vietnamese,
    Payload::Chinese,
    Payload::Cyrillic,
    Payload::Emoji,
];

/// Receives masked frames as a server. Apart from receiving, the same is done for any number of runs.
#[derive(Parser)]
struct Arguments {
    /// The kind of the payload, as in the tables.
    kind: String,
    /// The length of each payload in bytes.
    len: usize,
    /// How many times 100 frames are received: 0, 1 or 2.
    runs: usize,
}

fn main() -> Result<(), &'static str> {
    let Arguments { kind, len, runs } = Arguments::parse();
    let kind = KINDS.into_iter().find(|known| known.name() == kind);
    let kind = kind.ok_or("there is no such kind")?;
    let stream = Stream::repeated(kind.first_byte(), From::Client, &kind.bytes(len), FRAMES);
    let mut task = ours::decode(&stream);
    for run in 0..2 {
        task.prepare();
        if run < runs && black_box(task.run()) != stream.expected {
            return Err("something else is received");
        }
    }
    Ok(())
}
