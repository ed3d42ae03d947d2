//! Masking alone.

use super::{Subject, contenders};
use crate::measure::{Case, Contender, Point, Task, Unit, Work};
use crate::ours;
use crate::peers::{edge_ws, fastwebsockets, nexus_web, sockudo_ws, websocket_sans_io, yawc};
use crate::wire::{KEY, Payload};
use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;

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
                let memory = Memory::new(len);
                let in_place = |mask| in_place(mask, len, &memory);
                let mut all = contenders(in_place(ours::mask), &PEERS, in_place);
                all.push(Contender::new("a loop over words".to_owned(), in_place(words)));
                all
            })
        };
        SIZES.into_iter().map(case).collect()
    },
    notes: &[
        "Payloads lie back to back with room for a header between them, and are masked one after the other. All contenders mask the same \
         memory: which pages a buffer of megabytes has makes it up to half as fast again.",
    ],
};

/// Against memcpy.
pub(super) const COPY: Subject = Subject {
    name: "copy",
    title: "Masking against memcpy, GB/s",
    cases: || {
        let against = |line, len: usize, ours: fn(usize, &Memory) -> Box<dyn Task>| {
            Case::in_memory(work("copy", line, len), move || {
                let memory = Memory::new(len);
                let contender = |name: String, task| Contender::new(name, task);
                vec![
                    contender(ours::name(), ours(len, &memory)),
                    contender("memcpy".to_owned(), copying(memcpy, len, &memory)),
                ]
            })
        };
        let in_place =
            COPY_SIZES.map(|len| against("in place", len, |len, memory| in_place(ours::mask, len, memory)));
        let copied =
            COPY_SIZES.map(|len| against("copied", len, |len, memory| copying(ours::mask_copy, len, memory)));
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

/// What the contenders of a case mask, and where they copy to.
#[derive(Clone)]
struct Memory {
    buffer: Rc<RefCell<Vec<u8>>>,
    out: Rc<RefCell<Vec<u8>>>,
}

impl Memory {
    fn new(len: usize) -> Memory {
        let buffer = Payload::Binary.bytes(payloads(len) * (len + HEADER));
        let out = vec![0; buffer.len()];
        Memory {
            buffer: Rc::new(RefCell::new(buffer)),
            out: Rc::new(RefCell::new(out)),
        }
    }
}

struct Masking<F> {
    mask: F,
    memory: Memory,
    len: usize,
}

fn in_place(mask: InPlace, len: usize, memory: &Memory) -> Box<dyn Task> {
    let mask = move |bytes: &mut [u8], _: &mut [u8]| mask(bytes, black_box(KEY));
    let memory = memory.clone();
    Box::new(Masking { mask, memory, len })
}

fn copying(copy: Copying, len: usize, memory: &Memory) -> Box<dyn Task> {
    let mask = move |bytes: &mut [u8], out: &mut [u8]| copy(bytes, black_box(KEY), out);
    let memory = memory.clone();
    Box::new(Masking { mask, memory, len })
}

impl<F: FnMut(&mut [u8], &mut [u8])> Task for Masking<F> {
    fn prepare(&mut self) {}

    fn run(&mut self) -> u64 {
        let frame_len = self.len + HEADER;
        let (mut buffer, mut out) = (self.memory.buffer.borrow_mut(), self.memory.out.borrow_mut());
        for _ in 0..repeats(self.len) {
            let frames = buffer.chunks_exact_mut(frame_len);
            for (frame, out) in frames.zip(out.chunks_exact_mut(frame_len)) {
                (self.mask)(&mut frame[HEADER..], &mut out[HEADER..]);
            }
        }
        black_box(&buffer[..1]);
        black_box(&out[..1]);
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
