//! Servers over tokio, end to end over loopback.

use super::Subject;
use crate::async_servers::{Does, PROGRAM, SERVERS, Server, handshakes_per_second};
use crate::broadcast::peers::{PEERS, Peer};
use crate::broadcast::{LEN, RECEIVERS, ours, ready_bytes};
use crate::echo::{Load, ServerProcess, compile};
use crate::measure::{Case, Figure, Point, Unit};
use crate::peers::versioned;
use std::io;
use std::sync::Once;
use std::time::Duration;

/// How often every server is measured at most; the median is reported.
const ROUNDS: usize = 5;
/// Before this, nothing is counted.
const WARM_UP: Duration = Duration::from_millis(60);
/// How long replies are counted.
const COUNTED: Duration = Duration::from_millis(400);
/// How many connections are held for their memory.
const IDLE: usize = 9_000;

/// Messages a second.
pub(super) const ECHO: Subject = Subject {
    name: "async echo",
    title: "Echo over tokio and loopback, messages a second (median of five rounds)",
    cases: || {
        let mut cases = Vec::new();
        for workers in [1, 2] {
            for connections in [1, 64, 1_000] {
                for window in [1, 16] {
                    for bytes in [20, 1024, 65_536] {
                        let load = Load {
                            bytes,
                            connections,
                            window,
                            yields: workers > 1,
                        };
                        cases.push(echo_case(workers, load));
                    }
                }
            }
        }
        cases
    },
    notes: &[
        "After ours: how far it is ahead of the best peer that is used as its documentation shows. Gathering: what feeds the answers to \
         all that has arrived, and then flushes; fastwebsockets has no call that only queues. bareframe-tokio and tokio-tungstenite do so as their \
         documentation shows.",
        "A runtime with this many worker threads, in a process of its own; each connection is a task without a budget, and has TCP_NODELAY. \
         The load generator has one thread that never sleeps, and checks every byte of every reply; beside two workers it leaves the processor \
         to others while nothing arrives.",
    ],
};

/// Memory of connections with nothing to do.
pub(super) const MEMORY: Subject = Subject {
    name: "idle memory",
    title: "Memory that a server over tokio holds for each idle connection, KiB",
    cases: || {
        let case = |bytes: Option<usize>| Case {
            name: bytes.map_or("after the handshake".to_owned(), |bytes| {
                format!("after a message of {bytes}")
            }),
            point: Point {
                picture: "idle memory",
                line: "idle memory",
                bytes: bytes.unwrap_or(0),
            },
            unit: Unit::Kibibytes,
            measure: Box::new(move |_| once_each(documented(), |server| memory(server, bytes))),
        };
        [None, Some(20), Some(1024), Some(65_536)].map(case).into()
    },
    notes: &["Resident anonymous memory of the process, 9,000 connections over TCP against none."],
};

/// Opening handshakes a second.
pub(super) const HANDSHAKES: Subject = Subject {
    name: "handshakes a second",
    title: "Connections accepted over tokio and loopback, a second (median of five rounds)",
    cases: || {
        let case = |(workers, name): (usize, &str)| Case {
            name: name.to_owned(),
            point: Point {
                picture: "handshakes",
                line: "handshakes",
                bytes: workers,
            },
            unit: Unit::HandshakesPerSecond,
            measure: Box::new(move |rounds| {
                let handshakes =
                    |process: &ServerProcess| handshakes_per_second(process.address(), WARM_UP, COUNTED);
                rounds_of(documented(), workers, &["documented"], rounds, handshakes)
            }),
        };
        [(1, "1 worker"), (2, "2 workers")].map(case).into()
    },
    notes: &[
        "64 at a time, each of a browser's request with 13 header lines, over a new TCP connection that is reset after the answer. fastwebsockets \
         and yawc leave the request to hyper; the connection is a task of its own then.",
    ],
};

/// A message to many connections.
pub(super) const BROADCAST: Subject = Subject {
    name: "broadcast",
    title: "A message of 1,024 bytes to 10,000 connections in memory, ns for each (median of eleven rounds)",
    cases: || {
        let case = Case {
            name: "one message".to_owned(),
            point: Point {
                picture: "broadcast",
                line: "broadcast",
                bytes: LEN,
            },
            unit: Unit::Nanoseconds,
            measure: Box::new(broadcast),
        };
        vec![case]
    },
    notes: &[
        "One thread. Each connection is a task that a `Broadcast` of ours wakes, and has a server's end over a stream that counts what it is given.          Ours forwards the message, which is encoded once; each peer sends a `Bytes`. With a star: the task writes the ready frame to the stream, and          knows no protocol. After ours: how many times that takes.",
    ],
};

fn broadcast(rounds: usize) -> Vec<Figure> {
    /// How many messages a round has.
    const MESSAGES: u64 = 20;
    let own: [(&str, Peer); 2] = [("bareframe-tokio", ours), ("ready bytes", ready_bytes)];
    let all: Vec<_> = own.into_iter().chain(PEERS).collect();
    let mut times = vec![Vec::new(); all.len()];
    for _ in 0..rounds.min(11) {
        for ((_, send), times) in all.iter().zip(&mut times) {
            times.push(send(MESSAGES).as_secs_f64() * 1e9 / (MESSAGES * RECEIVERS as u64) as f64);
        }
    }
    let figure = |((name, _), mut times): (&(&str, Peer), Vec<f64>)| {
        times.sort_unstable_by(f64::total_cmp);
        let median = times[times.len() / 2];
        let lesser = *name == "ready bytes";
        Figure {
            name: if lesser {
                (*name).to_owned()
            } else {
                versioned(name)
            },
            counts: median,
            median,
            lesser,
            detail: None,
        }
    };
    let mut figures: Vec<Figure> = all.iter().zip(times).map(figure).collect();
    figures[0].detail = Some(format!("({:.2})", figures[0].counts / figures[1].counts));
    figures
}

fn documented() -> Vec<Server> {
    let mut servers = SERVERS.to_vec();
    servers.retain(|server| server.does == Does::Documented);
    servers
}

fn echo_case(workers: usize, load: Load) -> Case {
    let Load {
        bytes,
        connections,
        window,
        ..
    } = load;
    let s = if workers == 1 { "" } else { "s" };
    let line = match connections {
        1 => "1 connection",
        64 => "64 connections",
        _ => "1000 connections",
    };
    Case {
        name: format!("{workers} worker{s}, {line}, window {window}, {bytes} bytes"),
        point: Point {
            picture: match (workers, window) {
                (1, 1) => "async echo, 1 worker, window 1",
                (1, _) => "async echo, 1 worker, window 16",
                (_, 1) => "async echo, 2 workers, window 1",
                (..) => "async echo, 2 workers, window 16",
            },
            line,
            bytes,
        },
        unit: Unit::MessagesPerSecond,
        measure: Box::new(move |rounds| {
            let echoes = |process: &ServerProcess| load.open(process.address())?.run(WARM_UP, COUNTED);
            let mut figures = rounds_of(SERVERS.to_vec(), workers, &[], rounds, echoes);
            let documented = figures.iter().zip(SERVERS).skip(1);
            let best = documented
                .filter(|(_, server)| server.does == Does::Documented)
                .map(|(figure, _)| figure.counts)
                .fold(0.0, f64::max);
            figures[0].detail = Some(format!("({:.2})", figures[0].counts / best));
            figures
        }),
    }
}

/// Returns the median of each server, all of which have their turn in each round.
fn rounds_of(
    servers: Vec<Server>,
    workers: usize,
    arguments: &[&str],
    rounds: usize,
    measure: impl Fn(&ServerProcess) -> io::Result<f64>,
) -> Vec<Figure> {
    let processes: Vec<_> = servers
        .iter()
        .map(|server| start(server, workers, arguments).expect("a server can be started"))
        .collect();
    let mut figures = vec![Vec::new(); servers.len()];
    for _ in 0..rounds.min(ROUNDS) {
        for ((server, process), figures) in servers.iter().zip(&processes).zip(&mut figures) {
            let figure = measure(process);
            figures.push(figure.unwrap_or_else(|error| panic!("{}: {error}", server.title())));
        }
    }
    let median = |(server, mut figures): (&Server, Vec<f64>)| {
        figures.sort_unstable_by(f64::total_cmp);
        figure(server, figures[figures.len() / 2])
    };
    servers.iter().zip(figures).map(median).collect()
}

fn once_each(servers: Vec<Server>, measure: impl Fn(&Server) -> io::Result<f64>) -> Vec<Figure> {
    let once = |server: &Server| {
        let counts = measure(server).unwrap_or_else(|error| panic!("{}: {error}", server.title()));
        figure(server, counts)
    };
    servers.iter().map(once).collect()
}

fn figure(server: &Server, counts: f64) -> Figure {
    let name = versioned(server.name);
    Figure {
        name: match server.does {
            Does::Documented => name,
            Does::Gathering => format!("{name}, gathering"),
        },
        counts,
        median: counts,
        lesser: false,
        detail: None,
    }
}

fn start(server: &Server, workers: usize, arguments: &[&str]) -> io::Result<ServerProcess> {
    static COMPILED: Once = Once::new();
    COMPILED.call_once(|| compile(PROGRAM).expect("the servers can be compiled"));
    let (title, workers) = (server.title(), workers.to_string());
    let arguments: Vec<&str> = [&*title, &*workers]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    ServerProcess::start(PROGRAM, &arguments)
}

fn memory(server: &Server, bytes: Option<usize>) -> io::Result<f64> {
    let process = start(server, 1, &[])?;
    let load = Load {
        bytes: bytes.unwrap_or(1),
        connections: IDLE,
        window: 1,
        yields: true,
    };
    let before = process.memory()?;
    let mut generator = load.open(process.address())?;
    if bytes.is_some() {
        generator.one_reply_each()?;
    }
    Ok((process.memory()? - before) / IDLE as f64)
}
