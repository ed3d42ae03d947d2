//! The opening handshake of a server.

use super::{Subject, contenders};
use crate::measure::{Case, Point, Task, Unit, Work, repeated};
use crate::ours;
use crate::peers::{nexus_web, sockudo_ws, tokio_websockets, tungstenite, ws_framer};
use std::hint::black_box;

const TIMES: usize = 100;

/// What a browser asks: 13 header lines.
pub(super) const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Connection: Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\n\
    Origin: https://server.example.com\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en;q=0.9,vi;q=0.8\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

/// Makes a task that answers the request.
type Handshake = fn() -> Box<dyn Task>;

fn answers(mut answer: impl FnMut(&[u8]) -> u64 + 'static) -> Box<dyn Task> {
    repeated(TIMES, move || answer(black_box(REQUEST)))
}

const PEERS: [(&str, Handshake); 5] = [
    ("nexus-web", || answers(nexus_web::handshake())),
    ("sockudo-ws", || answers(sockudo_ws::handshake())),
    ("tungstenite", || answers(tungstenite::handshake())),
    ("tokio-websockets", || answers(tokio_websockets::handshake())),
    ("ws-framer", || answers(ws_framer::handshake())),
];

/// A browser's request read, judged and answered.
pub(super) const HANDSHAKE: Subject = Subject {
    name: "handshake",
    title: "A browser's request with 13 header lines read and answered, ns",
    cases: || {
        let work = Work {
            name: "request and answer".to_owned(),
            point: Point {
                picture: "handshake",
                line: "request and answer",
                octets: REQUEST.len(),
            },
            unit: Unit::Nanoseconds,
            amount: TIMES as u64,
            expected: (TIMES * REQUEST.len()) as u64,
            lesser: &["ws-framer"],
        };
        let case = Case::in_memory(work, || {
            contenders(answers(ours::handshake()), &PEERS, |handshake| handshake())
        });
        vec![case]
    },
    notes: &[
        "The SHA-1 of the answer is part of it. nexus-web and tokio-websockets make a connection of it as well. ws-framer has no parser for \
         requests; its example uses httparse and checks only the key. fastwebsockets leaves requests to hyper.",
    ],
};
