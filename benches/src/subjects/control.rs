//! Control frames.

use super::decode::PEERS;
use super::{Subject, contenders};
use crate::measure::{Case, Point, Task, Unit, Work};
use crate::ours;
use crate::peers::{
    fastwebsockets, nexus_web, sockudo_ws, tokio_websockets, tungstenite, web_socket, ws_framer,
};
use crate::wire::{From, PONG, Payload, Stream};

const SIZES: [usize; 3] = [0, 8, 125];
const FRAMES: usize = 1000;

/// Creates a task of a stream.
type Control = fn(&Stream) -> Box<dyn Task>;

const ANSWER: [(&str, Control); 7] = [
    ("nexus-web", nexus_web::answer),
    ("sockudo-ws", sockudo_ws::answer),
    ("tungstenite", tungstenite::answer),
    ("tokio-websockets", tokio_websockets::answer),
    ("fastwebsockets", fastwebsockets::answer),
    ("web-socket", web_socket::answer),
    ("ws-framer", ws_framer::answer),
];

/// Pongs taken, and Pings answered.
pub(super) const CONTROL: Subject = Subject {
    name: "control",
    title: "Masked control frames as a server, ns a frame",
    cases: || {
        let taken = SIZES.map(|len| {
            let stream = Stream::repeated(PONG, From::Client, &Payload::Ascii.bytes(len), FRAMES);
            let work = work("Pong taken", len, FRAMES, stream.expected);
            Case::in_memory(work, move || {
                contenders(ours::decode(&stream), &PEERS, |take| take(&stream))
            })
        });
        let answered = SIZES.map(|len| {
            let stream = Stream::pings(&Payload::Ascii.bytes(len), FRAMES);
            let work = work("Ping answered", len, FRAMES, stream.expected);
            Case::in_memory(work, move || {
                contenders(ours::answer(&stream), &ANSWER, |answer| answer(&stream))
            })
        });
        taken.into_iter().chain(answered).collect()
    },
    notes: &[
        "Answered: the Pong of each Ping is made. Ours, tungstenite, tokio-websockets and fastwebsockets do it by themselves; \
         for the others the benchmark does, as their documentation says.",
        "edge-ws and websocket-sans-io do not check what control frames may be.",
    ],
};

fn work(line: &'static str, len: usize, frames: usize, expected: u64) -> Work {
    Work {
        name: format!("{line} {len}"),
        point: Point {
            picture: "control",
            line,
            bytes: len,
        },
        unit: Unit::Nanoseconds,
        amount: frames as u64,
        expected,
        lesser: &["edge-ws", "websocket-sans-io"],
    }
}
