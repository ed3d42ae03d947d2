//! Decoding frames that are back to back in one buffer.

use super::{Subject, contenders};
use crate::measure::{Case, Point, Task, Unit, Work};
use crate::ours;
use crate::peers::{
    edge_ws, fastwebsockets, nexus_web, sockudo_ws, tokio_websockets, tungstenite, web_socket,
    websocket_sans_io, ws_framer,
};
use crate::wire::{From, Payload, Stream};

/// Payload lengths, in bytes.
const SIZES: [usize; 9] = [8, 16, 40, 125, 128, 512, 1024, 4096, 65_536];
/// Payload lengths of text that is not ASCII, in bytes.
const TEXT_SIZES: [usize; 7] = [16, 40, 125, 512, 1024, 4096, 65_536];

/// What a buffer holds, in bytes, unless that is fewer than 4 frames or more than 2,048.
pub(super) const BUFFER: usize = 128 * 1024;

/// Creates a task of a stream.
type Decode = fn(&Stream) -> Box<dyn Task>;

pub(super) const PEERS: [(&str, Decode); 9] = [
    ("nexus-web", nexus_web::decode),
    ("sockudo-ws", sockudo_ws::decode),
    ("tungstenite", tungstenite::decode),
    ("tokio-websockets", tokio_websockets::decode),
    ("fastwebsockets", fastwebsockets::decode),
    ("web-socket", web_socket::decode),
    ("websocket-sans-io", websocket_sans_io::decode),
    ("ws-framer", ws_framer::decode),
    ("edge-ws", edge_ws::decode),
];

const NOTES: &[&str] = &[
    "The consumer reads the length and the first byte of each payload. Ours polls for owed frames after each event.",
    "tokio-websockets, fastwebsockets, web-socket and ws-framer read from a stream into a buffer of their own; that copy is timed, \
     the others have the bytes in their buffer before.",
    "A star: it does less than what is measured and is not the best. edge-ws reads headers and leaves the rest to its caller; \
     websocket-sans-io takes any frames and leaves the protocol and the text to its caller; web-socket does not look at text.",
    "Not checked besides: by nexus-web, ws-framer, fastwebsockets, tungstenite and web-socket that a length is minimal; by fastwebsockets and \
     ws-framer that a client masks.",
];

/// Masked frames, as a server gets them.
pub(super) const DECODE: Subject = Subject {
    name: "decode",
    title: "Decoding whole masked frames as a server, ns a frame",
    cases: || {
        let kinds = [Payload::Binary, Payload::Ascii];
        kinds
            .into_iter()
            .flat_map(|kind| cases("decode", kind, From::Client, &SIZES))
            .collect()
    },
    notes: NOTES,
};

/// Masked frames with text that is not ASCII.
pub(super) const UTF8: Subject = Subject {
    name: "utf8",
    title: "Decoding whole masked text beyond ASCII as a server, ns a frame",
    cases: || {
        Payload::BEYOND_ASCII
            .into_iter()
            .flat_map(|kind| cases("utf8", kind, From::Client, &TEXT_SIZES))
            .collect()
    },
    notes: NOTES,
};

/// Frames that are not masked, as a client gets them.
pub(super) const CLIENT: Subject = Subject {
    name: "client",
    title: "Decoding whole frames as a client, ns a frame",
    cases: || {
        let kinds = [Payload::Binary, Payload::Ascii];
        kinds
            .into_iter()
            .flat_map(|kind| cases("client", kind, From::Server, &SIZES))
            .collect()
    },
    notes: NOTES,
};

fn cases(picture: &'static str, kind: Payload, from: From, sizes: &[usize]) -> Vec<Case> {
    let case = |&len: &usize| {
        let frames = (BUFFER / (len + 8)).clamp(4, 2048);
        let stream = Stream::repeated(kind.first_byte(), from, &kind.bytes(len), frames);
        let work = Work {
            name: format!("{} {len}", kind.name()),
            point: Point {
                picture,
                line: kind.name(),
                bytes: len,
            },
            unit: Unit::Nanoseconds,
            amount: frames as u64,
            expected: stream.expected,
            lesser: match kind {
                Payload::Binary => &["edge-ws", "websocket-sans-io"],
                _ => &["edge-ws", "websocket-sans-io", "web-socket"],
            },
        };
        Case::in_memory(work, move || {
            contenders(ours::decode(&stream), &PEERS, |decode| decode(&stream))
        })
    };
    sizes.iter().map(case).collect()
}
