//! Compressed messages end to end over loopback.

use super::Subject;
use crate::compressed_echo::{Load, SERVERS, compile, start};
use crate::compression::Kind;
use crate::measure::{Case, Figure, Point, Unit};
use crate::peers::versioned;
use std::sync::Once;

/// How often every server is measured at most; the median is reported.
const ROUNDS: usize = 5;

/// Messages a second of servers that inflate and compress each.
pub(super) const ECHO_DEFLATE: Subject = Subject {
    name: "echo deflate",
    title: "Echo of compressed JSON over tokio and loopback, messages a second, and how many times shorter the replies are (median of five rounds)",
    cases: || {
        let mut cases = Vec::new();
        for (connections, line) in [(1, "1 connection"), (64, "64 connections")] {
            for window in [1, 16] {
                for bytes in [64, 256, 1024, 16_384] {
                    let load = Load {
                        kind: Kind::Json,
                        bytes,
                        connections,
                        window,
                    };
                    cases.push(case(line, load));
                }
            }
        }
        cases
    },
    notes: &[
        "Each server runs in one thread of a process of its own, with a task without a budget for each connection and TCP_NODELAY. Messages \
         stand alone in both directions, since soketto compresses so. sockudo-ws and yawc have level 1 of zlib-rs, \
         soketto that of zlib, ours has its level `Fast`; the window is 32 KiB.",
        "The load generator has one thread that never sleeps. It inflates every reply that differs from the one before of the same message.",
    ],
};

fn case(line: &'static str, load: Load) -> Case {
    let Load { bytes, window, .. } = load;
    Case {
        name: format!("{bytes} bytes, {line}, window {window}"),
        point: Point {
            picture: if window == 1 {
                "echo deflate, window 1"
            } else {
                "echo deflate, window 16"
            },
            line,
            bytes,
        },
        unit: Unit::MessagesPerSecond,
        measure: Box::new(move |rounds| measure(load, rounds.min(ROUNDS))),
    }
}

fn measure(load: Load, rounds: usize) -> Vec<Figure> {
    static COMPILED: Once = Once::new();
    COMPILED.call_once(|| compile().expect("the servers can be compiled"));
    let processes = SERVERS.map(|server| start(server).expect("a server can be started"));
    let mut figures = vec![Vec::new(); SERVERS.len()];
    let mut ratios = [0.0; SERVERS.len()];
    for _ in 0..rounds {
        for (at, process) in processes.iter().enumerate() {
            let replies = load.open(process.address()).and_then(|mut generator| {
                let replies = generator.run()?;
                ratios[at] = generator.ratio();
                Ok(replies)
            });
            figures[at].push(replies.unwrap_or_else(|error| panic!("{}: {error}", SERVERS[at])));
        }
    }
    let figure = |((name, mut figures), ratio): ((&str, Vec<f64>), f64)| {
        figures.sort_unstable_by(f64::total_cmp);
        let median = figures[figures.len() / 2];
        Figure {
            name: versioned(name),
            counts: median,
            median,
            lesser: false,
            detail: Some(format!("{ratio:.2}x")),
        }
    };
    SERVERS.into_iter().zip(figures).zip(ratios).map(figure).collect()
}
