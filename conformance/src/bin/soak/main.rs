//! A soak: a server and its clients in two processes, for ten minutes. Clients come, go, stall, drip, reset and misbehave; each message
//! has a number, and arrives once and in order, or the error of its connection is listed. At the end both processes hold as much
//! memory, and as many tasks, as after the first minute.

mod behaviour;
mod client;
mod live;
mod numbers;
mod server;
mod slow;
mod tally;

use bareframe_conformance::Failure;
use clap::Parser;
use client::Clients;
use live::Live;
use server::ServerProcess;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The options of the program.
#[derive(Parser, Clone, Debug)]
struct Soak {
    /// How many seconds it lasts, without the time in which connections end.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// How many clients there are at once.
    #[arg(long, default_value_t = 5000)]
    clients: usize,
    /// What the clients draw from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Has the server keep the task of one connection for ever, which the soak must find.
    #[arg(long)]
    leak: bool,
    /// Is the server, for the process of the clients.
    #[arg(long, hide = true)]
    server: bool,
}

/// How many of each kind of client there must be in ten minutes.
const LEAST: u64 = 1000;

/// How much more may be live at the end than after the first drain, in percent.
const MORE: usize = 5;

/// The clients come for this long before memory is measured first, but at most for a quarter of the time.
const FIRST: Duration = Duration::from_secs(60);

fn main() -> Result<ExitCode, Failure> {
    let soak = Soak::parse();
    if soak.server {
        server::serve(soak.leak)?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(match run(&soak)? {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn run(soak: &Soak) -> Result<bool, Failure> {
    let mut server = ServerProcess::start(soak.leak)?;
    let mut clients = Clients::new(server.port(), soak.seed);
    let all = Duration::from_secs(soak.seconds);
    let first = FIRST.min(all / 4);

    let clients_before = clients.run(soak.clients, first)?;
    let server_before = server.drained()?;
    println!("after {first:?}: {server_before} in the server, {clients_before} in the clients");

    let begin = Instant::now();
    let clients_after = clients.run(soak.clients, all.saturating_sub(first))?;
    let took = begin.elapsed();
    let server_after = server.drained()?;
    println!("after {took:.0?} more: {server_after} in the server, {clients_after} in the clients");

    let mut wrong = server.end()?;
    wrong.extend(clients.report(LEAST * soak.seconds / 600));
    wrong.extend(grown("the server", server_before, server_after, 0));
    // What they have noted for the report is most of what they hold.
    wrong.extend(grown("the clients", clients_before, clients_after, 4 << 10));
    for line in &wrong {
        println!("WRONG: {line}");
    }
    if wrong.is_empty() {
        println!("passed");
    }
    Ok(wrong.is_empty())
}

/// What is wrong if one of the processes holds more than before, beyond this many bytes.
fn grown(name: &str, before: Live, after: Live, beyond: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    let most = before.bytes * (100 + MORE) / 100;
    if after.bytes > most + beyond {
        let (from, to) = (before.bytes, after.bytes);
        wrong.push(format!(
            "{name} held {from} bytes after the first drain and {to} at the end"
        ));
    }
    if after.tasks > before.tasks {
        let (from, to) = (before.tasks, after.tasks);
        wrong.push(format!(
            "tasks of {name} were {from} after the first drain and {to} at the end"
        ));
    }
    wrong
}
