//! Reading whole messages through bareframe-std, from a stream.

use super::contenders;
use super::pieces::SEGMENT;
use super::{Subject, decode};
use crate::decoding::Decoder;
use crate::measure::{Case, Contender, Point, Unit, Work};
use crate::peers::{nexus_web, tungstenite};
use crate::wire::{From, Payload, Stream};
use crate::{adapter, ours};

/// Payload lengths, in bytes.
const SIZES: [usize; 10] = [8, 16, 40, 125, 128, 512, 1024, 4096, 16_384, 65_536];

/// The engine without an adapter.
const RECEIVE: &str = "receive";
/// What it reads into, in bytes.
const BUFFER: usize = 64 << 10;

/// Creates a task of a stream that gives at most this many bytes in one read.
type Read = fn(&Stream, usize) -> Box<dyn Decoder>;

const PEERS: [(&str, Read); 2] = [
    ("nexus-web", nexus_web::pieces),
    ("tungstenite", tungstenite::pieces),
];

/// Masked messages, as a server gets them from a stream.
pub(super) const STD: Subject = Subject {
    name: "std",
    title: "Reading masked messages from a stream through bareframe-std as a server, ns a message",
    cases: || {
        let kinds = [Payload::Binary, Payload::Ascii, Payload::Chinese];
        kinds
            .into_iter()
            .flat_map(|kind| {
                SIZES
                    .into_iter()
                    .filter(move |&len| kind != Payload::Chinese || len >= 125)
                    .flat_map(move |len| [case(kind, len, usize::MAX), case(kind, len, SEGMENT)])
            })
            .collect()
    },
    notes: &[
        "Every contender reads the same stream in memory, which gives as much as is asked for, or at most 1,460 bytes a read; text is \
         taken as `&str`. The column `receive` is the engine without the adapter, which reads into 64 KiB and gives a payload in as many \
         events as there are pieces of it.",
        "A star: `receive` is not a peer; nexus-web does not look at text that comes in several reads.",
    ],
};

fn case(kind: Payload, len: usize, piece: usize) -> Case {
    let frames = (decode::BUFFER / (len + 8)).clamp(4, 2048);
    let stream = Stream::repeated(kind.first_byte(), From::Client, &kind.bytes(len), frames);
    let is_cut = piece == SEGMENT;
    let work = Work {
        name: format!(
            "{} {len} {}",
            kind.name(),
            if is_cut { "by 1460" } else { "whole" }
        ),
        point: Point {
            picture: if is_cut { "std by 1,460 bytes" } else { "std" },
            line: kind.name(),
            bytes: len,
        },
        unit: Unit::Nanoseconds,
        amount: frames as u64,
        expected: stream.expected,
        lesser: if is_cut && kind != Payload::Binary {
            &[RECEIVE, "nexus-web"]
        } else {
            &[RECEIVE]
        },
    };
    Case::in_memory(work, move || {
        let mut all = contenders(adapter::messages(&stream, piece), &PEERS, |read| {
            read(&stream, piece)
        });
        let receive = Contender::new(RECEIVE.to_owned(), ours::pieces(&stream, piece.min(BUFFER)));
        all.insert(1, receive);
        all
    })
}
