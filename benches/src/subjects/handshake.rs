//! The opening handshake of a server.

use super::{Subject, contenders};
use crate::measure::{Case, Point, Task, Unit, Work, repeated};
use crate::ours;
use crate::peers::{nexus_web, sockudo_ws, tokio_websockets, tungstenite, ws_framer};
use crate::wire::REQUEST;
use std::hint::black_box;

const TIMES: usize = 100;

/// Creates a task that answers the request.
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

/// A browser's request read, checked and answered.
pub(super) const HANDSHAKE: Subject = Subject {
    name: "handshake",
    title: "A browser's request with 13 header lines read and answered, ns",
    cases: || {
        let work = Work {
            name: "request and answer".to_owned(),
            point: Point {
                picture: "handshake",
                line: "request and answer",
                bytes: REQUEST.len(),
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
