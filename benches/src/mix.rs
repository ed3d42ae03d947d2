//! A random mix of messages: most of them short, in all kinds of text, some in fragments, with control frames between.

use crate::wire::{From, PONG, Payload, Stream, frame, look};

/// What a stream has at least, in bytes.
const BYTES: usize = 64 * 1024;
/// Messages are shorter than this in most cases, in bytes.
const SHORT: usize = 128;
/// The longest message, in bytes.
const LONGEST: usize = 4096;
/// The most bytes that a control frame may carry.
const CONTROL: usize = 125;
/// The bit of the first byte that says that no fragment follows.
const FIN: u8 = 0x80;

/// Creates a stream of masked frames from this seed: 4 of 5 messages have fewer than 128 bytes, and the others up to 4,096;
/// 2 of 5 are binary, 2 of 5 are ASCII, and 1 is text beyond it; 1 of 10 comes in two or three fragments; a Pong follows 1 of 10
/// frames. All of it can be read by a peer that takes one message or control frame at a time.
pub fn mix(seed: u64) -> Stream {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut stream = Stream {
        bytes: Vec::with_capacity(BYTES + 2 * LONGEST),
        frames: 0,
        longest: LONGEST,
        from: From::Client,
        expected: 0,
    };
    while stream.bytes.len() < BYTES {
        let kind = match random.u8(..10) {
            0..4 => Payload::Binary,
            4..8 => Payload::Ascii,
            _ => Payload::BEYOND_ASCII[random.usize(..Payload::BEYOND_ASCII.len())],
        };
        let len = match random.u8(..5) {
            // As many between 128 and 256 bytes as between 2,048 and 4,096.
            0 => {
                let least = SHORT << random.usize(..5);
                least + random.usize(..least)
            }
            _ => random.usize(1..SHORT),
        };
        let payload = kind.bytes(len);
        add_message(&mut stream, &mut random, kind.first_byte(), &payload);
        stream.expected += look(&payload);
        stream.frames += 1;
    }
    stream
}

/// Adds a message in one frame or in fragments, and Pongs after some of them.
fn add_message(stream: &mut Stream, random: &mut fastrand::Rng, first: u8, payload: &[u8]) {
    let fragments = match random.u8(..10) {
        0 => random.usize(2..=3).min(payload.len()),
        _ => 1,
    };
    let (mut first, mut rest) = (first, payload);
    for after in (0..fragments).rev() {
        let len = match after {
            0 => rest.len(),
            _ => random.usize(1..=rest.len() - after),
        };
        let (fragment, left) = rest.split_at(len);
        let fin = if after == 0 { FIN } else { 0 };
        frame(&mut stream.bytes, first & !FIN | fin, From::Client, fragment);
        // A continuation.
        (first, rest) = (0, left);
        if random.u8(..10) == 0 {
            let payload = Payload::Ascii.bytes(random.usize(..=CONTROL));
            frame(&mut stream.bytes, PONG, From::Client, &payload);
            stream.expected += look(&payload);
            stream.frames += 1;
        }
    }
}
