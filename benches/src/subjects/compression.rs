//! Inflating and deflating messages, without frames.

use super::Subject;
use crate::compression::{COMPACT, Codec, Deflate, Effort, Inflate, Kind, TAIL, deflaters, inflaters};
use crate::measure::{Case, Contender, Point, Task, Unit, Work};

/// Lengths of messages, in bytes.
const SIZES: [usize; 7] = [64, 128, 256, 512, 1024, 4096, 65_536];
/// How many bytes one run compresses or inflates at least: several windows, so that no message is in the window when it comes
/// again.
const RUN: usize = 128 << 10;
/// How many payloads differ; more would not stay in the near caches.
const PAYLOADS: usize = 64;

/// Payloads of single messages.
pub(super) const INFLATE: Subject = Subject {
    name: "inflate",
    title: "Inflating messages that stand alone, ns a message, and KiB of memory",
    cases: || {
        let mut cases = Vec::new();
        for kind in Kind::ALL {
            for (effort, codes) in [(Effort::Fast, "fixed"), (Effort::Best, "dynamic")] {
                // Random bytes are in stored blocks, whatever the effort.
                if kind != Kind::Random || effort == Effort::Fast {
                    cases.extend(SIZES.map(|len| inflate(kind, effort, codes, len)));
                }
            }
        }
        cases
    },
    notes: &[
        "The payloads with fixed codes are those of zlib-rs at level 1, with dynamic codes at level 6.",
        "zlib-rs and miniz_oxide inflate into a buffer for the whole message, which is not counted as memory of theirs; ours inflates \
         into its window.",
        "A star: `compact` takes less memory and is not the best.",
    ],
};

/// Messages, with takeover of the context and without.
pub(super) const DEFLATE: Subject = Subject {
    name: "deflate",
    title: "Compressing messages, ns a message, how many times shorter they become, and KiB of memory",
    cases: || {
        let mut cases = Vec::new();
        for kind in Kind::ALL {
            for effort in [Effort::Fast, Effort::Best] {
                for takeover in [true, false] {
                    cases.extend(SIZES.map(|len| deflate(kind, effort, takeover, len)));
                }
            }
        }
        cases
    },
    notes: &[
        "`fast` is ours with `Deflater::greedy`, which writes fixed codes, and level 1 of the others; `best` is `Deflater::best`, which writes \
         dynamic codes where they are shorter, and level 6. All have a window of 32 KiB.",
        "The payload's length is without the four bytes that a sender leaves out.",
    ],
};

struct InflateTask {
    codec: Box<dyn Inflate>,
    payloads: Vec<Vec<u8>>,
    messages: usize,
}

impl Task for InflateTask {
    fn prepare(&mut self) {}

    fn run(&mut self) -> u64 {
        let payloads = self.payloads.iter().cycle().take(self.messages);
        payloads.map(|payload| self.codec.inflate(payload) as u64).sum()
    }
}

fn inflate(kind: Kind, effort: Effort, codes: &str, len: usize) -> Case {
    let messages = (RUN / len).max(4);
    let work = Work {
        name: format!("{} {codes} {len}", kind.name()),
        point: Point {
            picture: "inflate",
            line: kind.name(),
            bytes: len,
        },
        unit: Unit::Nanoseconds,
        amount: messages as u64,
        expected: (messages * len) as u64,
        lesser: &[COMPACT],
    };
    Case::in_memory(work, move || {
        let payloads = payloads(kind, effort, len);
        let memory = memory(Codec::Inflate);
        let task = |(column, (name, codec))| {
            let task = InflateTask {
                codec,
                payloads: payloads.clone(),
                messages,
            };
            with_memory(
                Contender::new(name, Box::new(task)),
                String::new(),
                &memory,
                column,
            )
        };
        inflaters().into_iter().enumerate().map(task).collect()
    })
}

/// Messages that zlib-rs has compressed, each with its tail and by itself.
fn payloads(kind: Kind, effort: Effort, len: usize) -> Vec<Vec<u8>> {
    let mut zlib = deflaters(effort, false).swap_remove(1).1;
    let mut out = vec![0; 2 * len + 1000];
    let compressed = |message: Vec<u8>| {
        let len = zlib.deflate(&message, &mut out);
        [&out[..len], &TAIL].concat()
    };
    kind.messages(PAYLOADS, len).into_iter().map(compressed).collect()
}

struct DeflateTask {
    codec: Box<dyn Deflate>,
    messages: Vec<Vec<u8>>,
    out: Vec<u8>,
}

impl Task for DeflateTask {
    fn prepare(&mut self) {}

    fn run(&mut self) -> u64 {
        let mut compressed = 0;
        for message in &self.messages {
            self.codec.deflate(message, &mut self.out);
            compressed += message.len() as u64;
        }
        compressed
    }
}

impl DeflateTask {
    /// Returns how many times shorter the messages become.
    fn ratio(&mut self) -> f64 {
        let (mut before, mut after) = (0, 0);
        for message in &self.messages {
            before += message.len();
            after += self.codec.deflate(message, &mut self.out);
        }
        before as f64 / after as f64
    }
}

fn deflate(kind: Kind, effort: Effort, takeover: bool, len: usize) -> Case {
    let times = (RUN / len).max(4);
    let effort_name = match effort {
        Effort::Fast => "fast",
        Effort::Best => "best",
    };
    let context = if takeover { "takeover" } else { "reset" };
    let work = Work {
        name: format!("{} {effort_name} {context} {len}", kind.name()),
        point: Point {
            picture: if takeover {
                "deflate, takeover"
            } else {
                "deflate, reset"
            },
            line: kind.name(),
            bytes: len,
        },
        unit: Unit::Nanoseconds,
        amount: times as u64,
        expected: (times * len) as u64,
        lesser: &[],
    };
    Case::in_memory(work, move || {
        let memory = memory(Codec::Deflate(effort));
        let task = |(column, (name, codec))| {
            let mut task = DeflateTask {
                codec,
                messages: kind.messages(times, len),
                out: vec![0; 2 * len + 1000],
            };
            let ratio = format!("{:.2}x ", task.ratio());
            with_memory(Contender::new(name, Box::new(task)), ratio, &memory, column)
        };
        deflaters(effort, takeover)
            .into_iter()
            .enumerate()
            .map(task)
            .collect()
    })
}

/// What the codecs take of memory.
fn memory(codec: Codec) -> Vec<String> {
    codec.memory().expect("the program that counts memory runs")
}

fn with_memory(contender: Contender, ratio: String, memory: &[String], column: usize) -> Contender {
    contender.with_detail(format!("{ratio}{}K", memory[column]))
}
