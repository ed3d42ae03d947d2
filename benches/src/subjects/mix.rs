//! Decoding a mix of messages that is another in each round, so that no processor can learn it.

use super::{Decodings, readers};
use crate::decoding::{Decoder, Decoding, Source};
use crate::measure::Point;
use crate::mix::mix;
use crate::ours;
use crate::peers::{
    fastwebsockets, nexus_web, shiguredo_websocket, sockudo_ws, tokio_websockets, tungstenite, websocketz,
    wtx, yawc,
};
use crate::wire::Stream;

/// Creates a task of a stream.
type Decode = fn(&Stream) -> Box<dyn Decoder>;

const PEERS: [(&str, Decode); 9] = [
    ("nexus-web", nexus_web::decode),
    ("sockudo-ws", sockudo_ws::decode),
    ("tungstenite", tungstenite::decode),
    ("tokio-websockets", tokio_websockets::decode),
    ("fastwebsockets", fastwebsockets::decode),
    ("yawc", yawc::decode),
    ("wtx", wtx::decode),
    ("websocketz", websocketz::decode),
    ("shiguredo_websocket", shiguredo_websocket::decode),
];

/// Whole messages, fragments and control frames, as a server gets them.
pub(super) const MIX: Decodings = Decodings {
    name: "mix",
    title: "Decoding a random mix of masked messages and control frames as a server, ns a message or control frame",
    cases: || {
        vec![Decoding {
            name: "mix".to_owned(),
            point: Point {
                picture: "mix",
                line: "mix",
                bytes: 0,
            },
            stream: Source::Fresh(mix),
            amount: None,
            lesser: &[],
            contenders: Box::new(|stream| readers(ours::decode(stream), &PEERS, |decode| decode(stream))),
        }]
    },
    notes: &[
        "4 of 5 messages have fewer than 128 bytes, the others up to 4,096; 2 of 5 are binary, 2 of 5 ASCII, 1 is text beyond it; 1 of 10 comes \
         in two or three fragments; a Pong follows 1 of 10 frames. All of it is created again for each round, and the median counts.",
        "The peers return a message when it is whole, ours each fragment of it. Those that return frames only are left out.",
    ],
};
