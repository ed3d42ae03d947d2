//! The same in pieces, as reads bring them.

use super::{Decodings, readers};
use crate::decoding::{Decoder, Decoding, Source};
use crate::measure::Point;
use crate::ours;
use crate::peers::{
    fastwebsockets, nexus_web, shiguredo_websocket, sockudo_ws, tokio_websockets, tungstenite, web_socket,
    websocket_sans_io, websocketz, ws_framer, wtx, yawc,
};
use crate::wire::{From, Payload, Stream};

/// What a segment on an Ethernet carries, in bytes.
pub(super) const SEGMENT: usize = 1460;

/// Creates a task of a stream that comes in pieces of this many bytes.
type Pieces = fn(&Stream, usize) -> Box<dyn Decoder>;

const PEERS: [(&str, Pieces); 12] = [
    ("nexus-web", nexus_web::pieces),
    ("sockudo-ws", sockudo_ws::pieces),
    ("tungstenite", tungstenite::pieces),
    ("tokio-websockets", tokio_websockets::pieces),
    ("fastwebsockets", fastwebsockets::pieces),
    ("web-socket", web_socket::pieces),
    ("websocket-sans-io", websocket_sans_io::pieces),
    ("ws-framer", ws_framer::pieces),
    ("yawc", yawc::pieces),
    ("wtx", wtx::pieces),
    ("websocketz", websocketz::pieces),
    ("shiguredo_websocket", shiguredo_websocket::pieces),
];

/// Masked frames in reads of 1,460 bytes and of one.
pub(super) const PIECES: Decodings = Decodings {
    name: "pieces",
    title: "Decoding masked frames in pieces as a server, ns for 1,000 bytes of payload",
    cases: || {
        let text = [Payload::Chinese, Payload::Vietnamese];
        let kinds = [Payload::Binary, Payload::Ascii].into_iter().chain(text);
        let segments = kinds.flat_map(|kind| {
            let sizes = [16, 1024, 65_536, 1 << 20];
            sizes.map(|len| case(kind, len, SEGMENT, (256 << 10) / len))
        });
        let whole = text.map(|kind| case(kind, 65_536, usize::MAX, 4));
        let bytes = [Payload::Binary, Payload::Ascii, Payload::Chinese]
            .into_iter()
            .flat_map(|kind| [125, 1024, 65_536].map(|len| case(kind, len, 1, (16 << 10) / len)));
        segments.chain(whole).chain(bytes).collect()
    },
    notes: &[
        "Every contender copies each piece into its buffer, which is timed. Ours and websocket-sans-io give a payload in as many events \
         as there are pieces of it, the others when it is whole.",
        "A star: websocket-sans-io leaves messages and text to its caller; web-socket does not look at text, nexus-web not at text that comes in \
         several reads.",
        "The cases by 1,460 and by 1 show what pieces cost; \"whole\" is one read for all.",
    ],
};

fn case(kind: Payload, len: usize, piece: usize, frames: usize) -> Decoding {
    let frames = frames.max(1);
    let stream = Stream::repeated(kind.first_byte(), From::Client, &kind.bytes(len), frames);
    let (picture, how) = match piece {
        1 => ("pieces of 1 byte", "by 1"),
        SEGMENT => ("pieces of 1,460 bytes", "by 1460"),
        _ => ("pieces", "whole"),
    };
    Decoding {
        name: format!("{} {len} {how}", kind.name()),
        point: Point {
            picture,
            line: kind.name(),
            bytes: len,
        },
        stream: Source::Same(stream),
        amount: Some((frames * len).div_ceil(1000) as u64),
        lesser: match kind {
            Payload::Binary => &["websocket-sans-io"],
            _ => &["websocket-sans-io", "web-socket", "nexus-web"],
        },
        contenders: Box::new(move |stream| {
            let piece = piece.min(stream.bytes.len());
            readers(ours::pieces(stream, piece), &PEERS, |pieces| {
                pieces(stream, piece)
            })
        }),
    }
}
