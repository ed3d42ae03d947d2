//! Decoding frames that are back to back in one buffer.

use super::{Decodings, readers};
use crate::decoding::{Decoder, Decoding, Source};
use crate::measure::Point;
use crate::ours;
use crate::peers::{
    edge_ws, fastwebsockets, nexus_web, shiguredo_websocket, sockudo_ws, tokio_websockets, tungstenite,
    web_socket, websocket_sans_io, websocketz, ws_framer, wtx, yawc,
};
use crate::wire::{From, Payload, Stream};

/// Payload lengths, in bytes.
const SIZES: [usize; 17] = [
    8, 16, 32, 40, 64, 96, 125, 128, 160, 192, 256, 512, 1024, 1460, 4096, 16_384, 65_536,
];

/// What a buffer holds, in bytes, unless that is fewer than 4 frames or more than 2,048.
pub(super) const BUFFER: usize = 128 * 1024;

/// Creates a task of a stream.
type Decode = fn(&Stream) -> Box<dyn Decoder>;

/// The last is measured as a server only.
pub(super) const PEERS: [(&str, Decode); 13] = [
    ("nexus-web", nexus_web::decode),
    ("sockudo-ws", sockudo_ws::decode),
    ("tungstenite", tungstenite::decode),
    ("tokio-websockets", tokio_websockets::decode),
    ("fastwebsockets", fastwebsockets::decode),
    ("web-socket", web_socket::decode),
    ("websocket-sans-io", websocket_sans_io::decode),
    ("ws-framer", ws_framer::decode),
    ("edge-ws", edge_ws::decode),
    ("yawc", yawc::decode),
    ("wtx", wtx::decode),
    ("websocketz", websocketz::decode),
    ("shiguredo_websocket", shiguredo_websocket::decode),
];

const NOTES: &[&str] = &[
    "The figures are those of the build in which the ratio is the lowest: with fat LTO and one call site for each decoder, with four call \
     sites, or in Cargo's default release profile (16 codegen units, no LTO). The last columns have the ratio in each, and without `simd`.",
    "The consumer reads the length and the first byte of each payload. Ours polls for pending frames after each event.",
    "tokio-websockets, fastwebsockets, web-socket, ws-framer, yawc, wtx, websocketz and shiguredo_websocket read from a stream into a buffer of \
     their own; that copy is timed, the others have the bytes in their buffer before.",
    "A star: it does less than what is measured and is not the best. edge-ws reads headers and leaves the rest to its caller; \
     websocket-sans-io takes any frames and leaves the protocol and the text to its caller; web-socket does not look at text.",
    "Not checked besides: by nexus-web, ws-framer, fastwebsockets, tungstenite, web-socket, yawc, wtx and websocketz that a length is minimal; by \
     fastwebsockets and ws-framer that a client masks; by yawc that a server does not.",
    "yawc has its feature `simd` and `with_utf8`, wtx its feature `optimization` and payloads where they are in its buffer; shiguredo_websocket is \
     fed with 1,024 bytes at a time.",
];

/// Masked frames, as a server gets them.
pub(super) const DECODE: Decodings = Decodings {
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
pub(super) const UTF8: Decodings = Decodings {
    name: "utf8",
    title: "Decoding whole masked text beyond ASCII as a server, ns a frame",
    cases: || {
        Payload::BEYOND_ASCII
            .into_iter()
            .flat_map(|kind| cases("utf8", kind, From::Client, &SIZES))
            .collect()
    },
    notes: NOTES,
};

/// Frames that are not masked, as a client gets them.
pub(super) const CLIENT: Decodings = Decodings {
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

fn cases(picture: &'static str, kind: Payload, from: From, sizes: &[usize]) -> Vec<Decoding> {
    let case = |&len: &usize| {
        let frames = (BUFFER / (len + 8)).clamp(4, 2048);
        let stream = Stream::repeated(kind.first_byte(), from, &kind.bytes(len), frames);
        let peers = match from {
            From::Client => &PEERS[..],
            From::Server => &PEERS[..PEERS.len() - 1],
        };
        Decoding {
            name: format!("{} {len}", kind.name()),
            point: Point {
                picture,
                line: kind.name(),
                bytes: len,
            },
            stream: Source::Same(stream),
            amount: None,
            lesser: match kind {
                Payload::Binary => &["edge-ws", "websocket-sans-io"],
                _ => &["edge-ws", "websocket-sans-io", "web-socket"],
            },
            contenders: Box::new(|stream| readers(ours::decode(stream), peers, |decode| decode(stream))),
        }
    };
    sizes.iter().map(case).collect()
}
