//! Encoding.

use super::{Subject, contenders};
use crate::measure::{Case, Point, Task, Unit, Work, repeated};
use crate::ours;
use crate::peers::{
    edge_ws, fastwebsockets, nexus_web, sockudo_ws, tokio_websockets, tungstenite, web_socket,
    websocket_sans_io, ws_framer,
};
use crate::wire::Payload;
use std::hint::black_box;

const FRAMES: usize = 1000;
/// The longest header, in bytes.
const HEADER: usize = 14;

/// Creates a task that encodes headers of payloads of this many bytes.
type ServerHeader = fn(usize) -> Box<dyn Task>;
/// Creates a task that encodes frames of a payload.
type ClientFrame = fn(Vec<u8>) -> Box<dyn Task>;

fn headers(len: usize, mut header: impl FnMut(usize) -> u64 + 'static) -> Box<dyn Task> {
    repeated(FRAMES, move || header(black_box(len)))
}

fn frames<F: FnMut(&[u8]) -> u64 + 'static>(payload: Vec<u8>, frame: fn(usize) -> F) -> Box<dyn Task> {
    let mut frame = frame(payload.len() + HEADER);
    repeated(FRAMES, move || frame(black_box(&payload)))
}

const HEADERS: [(&str, ServerHeader); 6] = [
    ("nexus-web", |len| headers(len, nexus_web::header())),
    ("sockudo-ws", |len| headers(len, sockudo_ws::header())),
    ("tungstenite", |len| headers(len, tungstenite::header())),
    ("fastwebsockets", |len| headers(len, fastwebsockets::header())),
    ("websocket-sans-io", |len| {
        headers(len, websocket_sans_io::header())
    }),
    ("edge-ws", |len| headers(len, edge_ws::header())),
];

const CLIENT_FRAMES: [(&str, ClientFrame); 9] = [
    ("nexus-web", |payload| frames(payload, nexus_web::client_frame)),
    ("sockudo-ws", |payload| frames(payload, sockudo_ws::client_frame)),
    ("tungstenite", |payload| {
        frames(payload, tungstenite::client_frame)
    }),
    ("tokio-websockets", |payload| {
        frames(payload, tokio_websockets::client_frame)
    }),
    ("fastwebsockets", |payload| {
        frames(payload, fastwebsockets::client_frame)
    }),
    ("web-socket", |payload| frames(payload, web_socket::client_frame)),
    ("websocket-sans-io", |payload| {
        frames(payload, websocket_sans_io::client_frame)
    }),
    ("ws-framer", |payload| frames(payload, ws_framer::client_frame)),
    ("edge-ws", |payload| frames(payload, edge_ws::client_frame)),
];

/// A server's headers, and a client's masked frames.
pub(super) const ENCODE: Subject = Subject {
    name: "encode",
    title: "Encoding, ns a frame",
    cases: || {
        let headers = [(125, 2), (1024, 4), (65_536, 10)].map(|(len, header_len)| {
            let work = work("server header", len, header_len);
            Case::in_memory(work, move || {
                contenders(headers(len, ours::header()), &HEADERS, |header| header(len))
            })
        });
        let frames = [(16, 6), (128, 8), (1024, 8), (65_536, 14)].map(|(len, header_len)| {
            let payload = Payload::Binary.bytes(len);
            Case::in_memory(work("client frame", len, header_len + len), move || {
                let ours = frames(payload.clone(), ours::client_frame);
                contenders(ours, &CLIENT_FRAMES, |frame| frame(payload.clone()))
            })
        });
        headers.into_iter().chain(frames).collect()
    },
    notes: &[
        "Masking keys: ours, sockudo-ws and tokio-websockets draw them from wyrand, nexus-web from ChaCha8, tungstenite, \
         fastwebsockets and web-socket from rand's thread generator, ws-framer from the system; edge-ws and \
         websocket-sans-io are given a constant.",
        "tungstenite, tokio-websockets and web-socket write to a stream in memory that drops what it is given.",
    ],
};

fn work(line: &'static str, len: usize, encoded: usize) -> Work {
    Work {
        name: format!("{line} {len}"),
        point: Point {
            picture: "encode",
            line,
            bytes: len,
        },
        unit: Unit::Nanoseconds,
        amount: FRAMES as u64,
        expected: (FRAMES * encoded) as u64,
        lesser: &[],
    }
}
