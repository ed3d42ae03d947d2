//! End to end over loopback.

use super::Subject;
use crate::echo::{Load, OURS, PEERS, PROGRAM, Server, ServerProcess, compile};
use crate::measure::{Case, Figure, Point, Unit};
use crate::peers::versioned;
use std::io;
use std::time::Duration;

/// Before this, replies are not counted.
const WARM_UP: Duration = Duration::from_millis(100);
/// How long replies are counted.
const COUNTED: Duration = Duration::from_millis(400);
/// How often every server is measured at most; the median is reported.
const ROUNDS: usize = 5;
/// How many connections are held for their memory.
const CONNECTIONS: usize = 256;

/// Messages a second of servers with a thread for each connection.
pub(super) const ECHO: Subject = Subject {
    name: "echo",
    title: "Echo over loopback, ours with a thread for each connection, messages a second (median of five rounds)",
    cases: || cases(OURS[0]),
    notes: NOTES,
};

/// Messages a second of servers with one thread for all connections.
pub(super) const POLLED: Subject = Subject {
    name: "polled",
    title: "Echo over loopback, ours with one thread for all, messages a second (median of five rounds)",
    cases: || cases(OURS[1]),
    notes: NOTES,
};

const NOTES: &[&str] = &[
    "tungstenite and nexus-web have a thread for each connection, the other peers one thread for all. Each server runs in a process of its own \
     and sets TCP_NODELAY; the load generator has one thread that never sleeps, and checks every byte of every reply.",
];

fn cases(ours: Server) -> Vec<Case> {
    let mut cases = Vec::new();
    for (connections, line) in [(1, "1 connection"), (64, "64 connections")] {
        for window in [1, 16] {
            for bytes in [20, 1024, 65_536] {
                let load = Load {
                    bytes,
                    connections,
                    window,
                    yields: false,
                };
                cases.push(case(ours, line, load));
            }
        }
    }
    cases
}

/// Memory for each connection.
pub(super) const MEMORY: Subject = Subject {
    name: "memory",
    title: "Memory an echo server holds for each connection, KiB",
    cases: || {
        let case = |bytes| Case {
            name: format!("after a message of {bytes}"),
            point: Point {
                picture: "memory",
                line: "memory",
                bytes,
            },
            unit: Unit::Kibibytes,
            measure: Box::new(move |_| each(OURS[0], |server| memory(server, bytes))),
        };
        [20, 65_536].map(case).into()
    },
    notes: &[
        "Resident anonymous memory of the process, 256 connections against none, each after one message.",
    ],
};

fn case(ours: Server, line: &'static str, load: Load) -> Case {
    let Load { bytes, window, .. } = load;
    Case {
        name: format!("{bytes} bytes, {line}, window {window}"),
        point: Point {
            picture: if window == 1 {
                "echo, window 1"
            } else {
                "echo, window 16"
            },
            line,
            bytes,
        },
        unit: Unit::MessagesPerSecond,
        measure: Box::new(move |rounds| echo(ours, load, rounds.min(ROUNDS))),
    }
}

/// Ours first, then each peer that can be measured.
fn each(ours: Server, measure: impl Fn(&Server) -> io::Result<f64>) -> Vec<Figure> {
    compile(PROGRAM).expect("the echo servers can be compiled");
    let figure = |server: &Server| {
        let figure = measure(server).unwrap_or_else(|error| panic!("{}: {error}", server.name));
        Figure {
            name: versioned(server.name),
            counts: figure,
            median: figure,
            lesser: false,
            detail: None,
        }
    };
    std::iter::once(&ours).chain(&PEERS).map(figure).collect()
}

fn echo(ours: Server, load: Load, rounds: usize) -> Vec<Figure> {
    let start = |server: Server| {
        let process = ServerProcess::start(PROGRAM, &[&server.title()]);
        (server, process.expect("a server can be started"))
    };
    let servers: Vec<_> = std::iter::once(ours).chain(PEERS).map(start).collect();
    let mut figures = vec![Vec::new(); servers.len()];
    for _ in 0..rounds {
        for ((server, process), figures) in servers.iter().zip(&mut figures) {
            let replies = load
                .open(process.address())
                .and_then(|mut load| load.run(WARM_UP, COUNTED));
            figures.push(replies.unwrap_or_else(|error| panic!("{}: {error}", server.name)));
        }
    }
    let figure = |((server, _), mut figures): (&(Server, _), Vec<f64>)| {
        figures.sort_unstable_by(f64::total_cmp);
        let median = figures[figures.len() / 2];
        Figure {
            name: versioned(server.name),
            counts: median,
            median,
            lesser: false,
            detail: None,
        }
    };
    servers.iter().zip(figures).map(figure).collect()
}

fn memory(server: &Server, bytes: usize) -> io::Result<f64> {
    let process = ServerProcess::start(PROGRAM, &[&server.title()])?;
    let load = |connections| Load {
        bytes,
        connections,
        window: 1,
        yields: false,
    };
    let before = process.memory()?;
    let mut generator = load(CONNECTIONS).open(process.address())?;
    generator.one_reply_each()?;
    Ok((process.memory()? - before) / CONNECTIONS as f64)
}
