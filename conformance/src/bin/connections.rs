//! A thousand connections at once to the echo example: every reply is checked, and the server's memory measured.

use bareframe_conformance::program::Program;
use bareframe_conformance::{Failure, PATIENCE};
use bareframe_std::{ClientSocket, ClientStream, CloseCode, Connector, Frame, MessageKind, Options};
use std::net::TcpListener;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use std::{fs, thread};

const CONNECTIONS: usize = 1000;
/// The lengths of the messages that each connection sends, in bytes.
const LENGTHS: [usize; 9] = [0, 1, 125, 126, 1_000, 4_096, 16_384, 65_535, 65_536];
/// The most memory that a connection may take beyond its thread's stack, in bytes.
const MOST: usize = 64 << 10;

/// A stack has a guard below it of no more than this, in bytes; what a memory allocator holds back is far more.
const MOST_GUARD: usize = 64 << 10;

type Socket = ClientSocket<ClientStream>;

/// What the server holds in memory, in bytes.
#[derive(Clone, Copy)]
struct Memory {
    all: usize,
    stacks: usize,
    threads: usize,
}

fn main() -> Result<ExitCode, Failure> {
    let Some(echo) = std::env::args().nth(1) else {
        return Err("connections ECHO".into());
    };
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut server = Program::start(
        "the echo example",
        Command::new(echo).arg(format!("127.0.0.1:{port}")),
    )?;
    server.listens(port)?;
    // After the first connection everything exists that is allocated once and not for each connection.
    let mut first = connect(port)?;
    send(&mut first, 0, 0, 1)?;
    check(&mut first, 0, 0, 1)?;
    first.close(CloseCode::NORMAL_CLOSURE, "")?;
    let idle = settled(&mut server)?;

    println!("memory of the server, in KiB:         all    stacks    a connection, beyond its stack");
    let mut most = 0;
    let mut show = |when: &str, memory: Memory| {
        let each = memory.beyond_stacks().saturating_sub(idle.beyond_stacks()) / CONNECTIONS;
        let (all, stacks) = (memory.all >> 10, memory.stacks >> 10);
        println!("  {when:<32}{all:>7}{stacks:>10}{:>34.1}", each as f64 / 1024.0);
        most = most.max(each);
    };
    show("no connection", idle);
    let begin = Instant::now();
    let mut sockets = (0..CONNECTIONS)
        .map(|_| connect(port))
        .collect::<Result<Vec<_>, _>>()?;
    let opening = begin.elapsed();
    show(&format!("{CONNECTIONS} connections opened"), Memory::of(&server)?);
    let begin = Instant::now();
    for (round, len) in LENGTHS.into_iter().enumerate() {
        talk(&mut sockets, round, len)?;
        show(&format!("after messages of {len} bytes"), Memory::of(&server)?);
    }
    let talking = begin.elapsed();
    if Memory::of(&server)?.threads < CONNECTIONS {
        return Err(
            "the echo example no longer has a thread for each connection: measure its memory anew".into(),
        );
    }
    close(sockets)?;
    show("all closed", settled(&mut server)?);
    println!(
        "{CONNECTIONS} connections at once: opened in {:.2} s, {} messages sent and found in their replies in {:.2} s, \
         all closed cleanly; at most {:.1} KiB a connection",
        opening.as_secs_f64(),
        CONNECTIONS * LENGTHS.len(),
        talking.as_secs_f64(),
        most as f64 / 1024.0,
    );
    if most > MOST {
        println!("That is more than {} KiB.", MOST >> 10);
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until the threads of connections that were closed have ended.
fn settled(server: &mut Program) -> Result<Memory, Failure> {
    let end = Instant::now() + PATIENCE;
    loop {
        let memory = Memory::of(server)?;
        if memory.threads == 1 {
            return Ok(memory);
        }
        if Instant::now() > end {
            return Err(format!("{} threads of the server do not end", memory.threads - 1).into());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn connect(port: u16) -> Result<Socket, Failure> {
    let options = Options::DEFAULT.with_write_buffer(4 << 10);
    let connector = Connector::DEFAULT.with_options(options);
    let socket = connector.connect(&format!("ws://127.0.0.1:{port}/"))?;
    socket.stream().set_read_timeout(Some(PATIENCE))?;
    socket.stream().set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// Sends a message on every connection, and then checks every reply.
fn talk(sockets: &mut [Socket], round: usize, len: usize) -> Result<(), Failure> {
    for (number, socket) in sockets.iter_mut().enumerate() {
        send(socket, number, round, len)?;
    }
    for (number, socket) in sockets.iter_mut().enumerate() {
        check(socket, number, round, len)?;
    }
    Ok(())
}

/// Closes every connection, and then checks every answer.
fn close(mut sockets: Vec<Socket>) -> Result<(), Failure> {
    for socket in &mut sockets {
        socket.send_close(CloseCode::GOING_AWAY, "")?;
    }
    for socket in &mut sockets {
        if socket.read()?.is_some() {
            return Err("a message came that nobody sent".into());
        }
        match socket.close_reason().and_then(|reason| reason.code()) {
            Some(CloseCode::GOING_AWAY) => {}
            other => return Err(format!("the answer to the Close has the code {other:?}").into()),
        }
    }
    Ok(())
}

/// Returns the message of a connection in a round: bytes that no other connection and no other round has.
fn message(number: usize, round: usize, len: usize) -> Vec<u8> {
    let said = format!("connection {number}, round {round}; ");
    let mut bytes = said.repeat(len / said.len() + 1).into_bytes();
    bytes.truncate(len);
    bytes
}

fn kind(number: usize, round: usize) -> MessageKind {
    if (number + round).is_multiple_of(2) {
        MessageKind::Text
    } else {
        MessageKind::Binary
    }
}

fn send(socket: &mut Socket, number: usize, round: usize, len: usize) -> Result<(), Failure> {
    let message = message(number, round, len);
    let frame = match kind(number, round) {
        MessageKind::Text => Frame::text_piece(&message),
        MessageKind::Binary => Frame::binary(&message),
    };
    Ok(socket.send(frame)?)
}

fn check(socket: &mut Socket, number: usize, round: usize, len: usize) -> Result<(), Failure> {
    let reply = socket.read()?.ok_or("the server closed")?;
    if reply.kind() != kind(number, round) || reply.payload() != message(number, round, len) {
        return Err(format!("connection {number} got a wrong reply in round {round}").into());
    }
    Ok(())
}

impl Memory {
    /// Reads how much memory a process has, and how much of that are its threads' stacks.
    fn of(program: &Program) -> Result<Memory, Failure> {
        let directory = format!("/proc/{}", program.id());
        let threads = fs::read_dir(format!("{directory}/task"))?.count();
        let mut memory = Memory {
            all: 0,
            stacks: 0,
            threads,
        };
        // A stack is memory without a file, directly above a small mapping that can't be accessed.
        let (mut guard_end, mut is_stack) = (None, false);
        for line in fs::read_to_string(format!("{directory}/smaps"))?.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            if let ["Rss:", kibibytes, ..] = words[..] {
                let resident = kibibytes.parse::<usize>()? << 10;
                memory.all += resident;
                memory.stacks += if is_stack { resident } else { 0 };
            } else if let [range, rights, _, _, _, name @ ..] = &words[..]
                && let Some((start, end)) = range.split_once('-')
            {
                let (start, end) = (usize::from_str_radix(start, 16)?, usize::from_str_radix(end, 16)?);
                let anonymous = name.is_empty() || name[0].starts_with("[anon");
                is_stack = anonymous && *rights == "rw-p" && guard_end == Some(start);
                let is_guard = anonymous && *rights == "---p" && end - start <= MOST_GUARD;
                guard_end = is_guard.then_some(end);
            }
        }
        Ok(memory)
    }

    const fn beyond_stacks(self) -> usize {
        self.all - self.stacks
    }
}
