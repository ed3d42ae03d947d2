//! Reading through a session: frames back to back in its memory, as events and as whole messages.

use super::decode::PEERS;
use super::{Subject, contenders};
use crate::measure::{Case, Contender, Point, Task, Unit, Work};
use crate::wire::{From, Payload, Stream};
use crate::{ours, session};

/// Payload lengths, in bytes.
const SIZES: [usize; 7] = [8, 16, 40, 125, 128, 512, 1024];

/// What a buffer holds, in bytes, unless that is more than 2,048 frames.
const BUFFER: usize = 128 * 1024;

/// The engine without a session.
const RECEIVE: &str = "receive";

/// Masked frames, as a server gets them.
pub(super) const SESSION: Subject = Subject {
    name: "session",
    title: "Reading masked messages through a session as a server, ns a message",
    cases: || {
        let kinds = [Payload::Binary, Payload::Ascii];
        kinds
            .into_iter()
            .flat_map(|kind| {
                SIZES.into_iter().flat_map(move |len| {
                    [
                        case(kind, len, "events", session::events),
                        case(kind, len, "messages", session::messages),
                    ]
                })
            })
            .collect()
    },
    notes: &[
        "Ours is the session, which has the frames in its memory before. The column `receive` is ours without it: it leaves the buffer, the \
         answers and whole messages to its caller, so that it is not the best.",
        "The peers are as in decoding.",
    ],
};

fn case(kind: Payload, len: usize, how: &str, read: fn(&Stream) -> Box<dyn Task>) -> Case {
    let frames = (BUFFER / (len + 8)).min(2048);
    let stream = Stream::repeated(kind.first_byte(), From::Client, &kind.bytes(len), frames);
    let work = Work {
        name: format!("{} {len} {how}", kind.name()),
        point: Point {
            picture: "session",
            line: kind.name(),
            bytes: len,
        },
        unit: Unit::Nanoseconds,
        amount: frames as u64,
        expected: stream.expected,
        lesser: match kind {
            Payload::Binary => &[RECEIVE, "edge-ws", "websocket-sans-io"],
            _ => &[RECEIVE, "edge-ws", "websocket-sans-io", "web-socket"],
        },
    };
    Case::in_memory(work, move || {
        let mut all = contenders(read(&stream), &PEERS, |decode| decode(&stream));
        let receive = Contender::new(RECEIVE.to_owned(), ours::decode(&stream));
        all.insert(1, receive);
        all
    })
}
