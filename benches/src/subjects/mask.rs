//! Masking alone.

use super::{Subject, contenders};
use crate::measure::{Case, Contender, Point, Task, Unit, Work};
use crate::ours;
use crate::peers::{edge_ws, fastwebsockets, nexus_web, sockudo_ws, websocket_sans_io, yawc};
use crate::wire::{KEY, Payload};
use std::hint::black_box;

/// Payload lengths, in bytes.
const SIZES: [usize; 24] = [
    1,
    2,
    3,
    4,
    7,
    8,
    16,
    31,
    32,
    64,
    125,
    128,
    256,
    512,
    1024,
    2048,
    4096,
    8192,
    16_384,
    65_536,
    262_144,
    1 << 20,
    4 << 20,
    16 << 20,
];
/// Lengths for which masking is compared with copying.
const COPY_SIZES: [usize; 9] = [
    1024,
    4096,
    16_384,
    65_536,
    262_144,
    1 << 20,
    4 << 20,
    16 << 20,
    64,
];

/// There is a header between two payloads.
const HEADER: usize = 6;
/// How many bytes short payloads spread over, so that none is masked just after itself.
const SPREAD: usize = 16 * 1024;

/// Masks in place.
type InPlace = fn(&mut [u8], [u8; 4]);
/// Copies, and masks or not.
type Copying = fn(&[u8], [u8; 4], &mut [u8]);

const PEERS: [(&str, InPlace); 6] = [
    ("nexus-web", nexus_web::mask),
    ("sockudo-ws", sockudo_ws::mask),
    ("fastwebsockets", fastwebsockets::mask),
    ("websocket-sans-io", websocket_sans_io::mask),
    ("edge-ws", edge_ws::mask),
    ("yawc", yawc::mask),
];

/// In place.
pub(super) const MASK: Subject = Subject {
    name: "mask",
    title: "Masking in place, GB/s",
    cases: || {
        let case = |len| {
            Case::in_memory(work("mask", "in place", len), move || {
                let mut all = contenders(in_place(ours::mask, len), &PEERS, |mask| in_place(mask, len));
                all.push(Contender::new(
                    "a loop over words".to_owned(),
                    in_place(words, len),
                ));
                all
            })
        };
        SIZES.into_iter().map(case).collect()
    },
    notes: &[
        "Payloads lie back to back with room for a header between them, and are masked one after the other.",
    ],
};

/// Against memcpy.
pub(super) const COPY: Subject = Subject {
    name: "copy",
    title: "Masking against memcpy, GB/s",
    cases: || {
        let against = |line, len: usize, ours: fn(usize) -> Box<dyn Task>| {
            Case::in_memory(work("copy", line, len), move || {
                let contender = |name: String, task| Contender::new(name, task);
                vec![
                    contender(ours::name(), ours(len)),
                    contender("memcpy".to_owned(), copying(memcpy, len)),
                ]
            })
        };
        let in_place = COPY_SIZES.map(|len| against("in place", len, |len| in_place(ours::mask, len)));
        let copied = COPY_SIZES.map(|len| against("copied", len, |len| copying(ours::mask_copy, len)));
        in_place.into_iter().chain(copied).collect()
    },
    notes: &[],
};

fn work(picture: &'static str, line: &'static str, len: usize) -> Work {
    let payloads = payloads(len);
    Work {
        name: format!("{line} {len}"),
        point: Point {
            picture,
            line,
            bytes: len,
        },
        unit: Unit::GigabytesPerSecond,
        amount: (payloads * len * repeats(len)) as u64,
        expected: 0,
        lesser: &[],
    }
}

/// Returns how many payloads of this length are spread.
fn payloads(len: usize) -> usize {
    (SPREAD / (len + HEADER)).max(1)
}

/// How often all of them are masked, so that the clock does not matter.
fn repeats(len: usize) -> usize {
    ((64 << 10) / (payloads(len) * len)).clamp(1, 16)
}

struct Masking<F> {
    mask: F,
    buffer: Vec<u8>,
    out: Vec<u8>,
    len: usize,
}

fn in_place(mask: InPlace, len: usize) -> Box<dyn Task> {
    masking(
        move |bytes: &mut [u8], _: &mut [u8]| mask(bytes, black_box(KEY)),
        len,
    )
}

fn copying(copy: Copying, len: usize) -> Box<dyn Task> {
    masking(
        move |bytes: &mut [u8], out: &mut [u8]| copy(bytes, black_box(KEY), out),
        len,
    )
}

fn masking<F: FnMut(&mut [u8], &mut [u8]) + 'static>(mask: F, len: usize) -> Box<dyn Task> {
    let buffer = Payload::Binary.bytes(payloads(len) * (len + HEADER));
    let out = vec![0; buffer.len()];
    Box::new(Masking {
        mask,
        buffer,
        out,
        len,
    })
}

impl<F: FnMut(&mut [u8], &mut [u8])> Task for Masking<F> {
    fn prepare(&mut self) {}

    fn run(&mut self) -> u64 {
        let frame_len = self.len + HEADER;
        for _ in 0..repeats(self.len) {
            let frames = self.buffer.chunks_exact_mut(frame_len);
            for (frame, out) in frames.zip(self.out.chunks_exact_mut(frame_len)) {
                (self.mask)(&mut frame[HEADER..], &mut out[HEADER..]);
            }
        }
        black_box(&self.buffer[..1]);
        black_box(&self.out[..1]);
        0
    }
}

/// The obvious loop.
fn words(bytes: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = bytes.as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(word.to_ne_bytes()) {
        *byte ^= key;
    }
}

fn memcpy(from: &[u8], _: [u8; 4], to: &mut [u8]) {
    to.copy_from_slice(from);
}
