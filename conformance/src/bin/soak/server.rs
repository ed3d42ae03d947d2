//! The server: it sends back every message, and checks its number.

use crate::live::{self, Live};
use crate::numbers::Numbers;
use crate::tally::{Tally, name};
use bareframe_conformance::Failure;
use bareframe_tokio::{
    Acceptor, Config, Counters, Error, Limits, Message, Options, ServerSocket, ServerStream, Totals,
};
use futures_util::{SinkExt, StreamExt};
use std::io::{BufRead, BufReader, Lines, Write, stdin};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// The longest message that the server takes.
pub(crate) const LONGEST: usize = 64 << 10;

const OPTIONS: Options = Options::DEFAULT
    .with_config(Config::DEFAULT.with_limits(Limits::DEFAULT.with_message(LONGEST as u64)))
    .with_write_timeout(Duration::from_secs(5))
    .with_close_timeout(Duration::from_secs(5))
    .with_keepalive(Duration::from_secs(10), Duration::from_secs(5));

const ACCEPTOR: Acceptor = Acceptor::DEFAULT
    .with_options(OPTIONS)
    .with_timeout(Duration::from_secs(30));

/// How long the connections have to end once the clients are gone.
const DRAIN: Duration = Duration::from_secs(30);

/// Short queues of the system, so that a client that does not read is noticed soon.
const SHORT_BUFFER: u32 = 16 << 10;

type Socket = ServerSocket<ServerStream<TcpStream>>;

/// How connections have ended.
static ENDS: Tally = Tally::new();
/// Messages that were wrong.
static WRONG: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// What was received and sent by all.
static TOTALS: Mutex<Option<(Totals, Totals)>> = Mutex::new(None);
static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);
/// The next connection that ends is to be kept.
static LEAKS: AtomicBool = AtomicBool::new(false);

/// Is the server: says on which port it listens, and then answers each line with what it holds, until there is no more.
pub(crate) fn serve(leak: bool) -> Result<(), Failure> {
    let mut runtime = live::runtime()?;
    let listener = runtime.block_on(async { listen()?.into_std().map_err(Failure::from) })?;
    println!("{}", listener.local_addr()?.port());
    let mut accepting = accept(&runtime, &listener)?;
    for line in stdin().lines() {
        line?;
        runtime.block_on(async {
            let begin = Instant::now();
            while CONNECTIONS.load(Relaxed) > 0 && begin.elapsed() < DRAIN {
                sleep(Duration::from_millis(100)).await;
            }
            accepting.abort();
            let _ = (&mut accepting).await;
        });
        println!("{}", live::end(runtime));
        // What is kept from now on is more than what was held then.
        LEAKS.store(leak, Relaxed);
        runtime = live::runtime()?;
        accepting = accept(&runtime, &listener)?;
    }
    report();
    Ok(())
}

/// Accepts connections from now on.
fn accept(runtime: &Runtime, listener: &std::net::TcpListener) -> Result<JoinHandle<()>, Failure> {
    let _entered = runtime.enter();
    let listener = TcpListener::from_std(listener.try_clone()?)?;
    Ok(runtime.spawn(async move {
        for number in 0_u64.. {
            // Without a descriptor left, connections have to end first.
            let Ok((stream, _)) = listener.accept().await else {
                sleep(Duration::from_millis(10)).await;
                continue;
            };
            CONNECTIONS.fetch_add(1, Relaxed);
            tokio::spawn(async move {
                converse(stream, number).await;
                CONNECTIONS.fetch_sub(1, Relaxed);
            });
        }
    }))
}

fn listen() -> Result<TcpListener, Failure> {
    let socket = TcpSocket::new_v4()?;
    socket.set_send_buffer_size(SHORT_BUFFER)?;
    socket.set_recv_buffer_size(SHORT_BUFFER)?;
    socket.bind(([0, 0, 0, 0], 0).into())?;
    Ok(socket.listen(4096)?)
}

/// Prints what has happened; lines that begin with "WRONG" are what is wrong.
fn report() {
    println!("ends of the server's connections:");
    for line in ENDS.lines() {
        println!("{line}");
    }
    let totals = TOTALS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((received, sent)) = &*totals {
        for (name, totals) in [("received", received), ("sent", sent)] {
            println!(
                "{name}: {} messages, {} bytes of payload, {} bytes, {} Pings, {} Pongs, and Closes with",
                totals.messages(),
                totals.payload_bytes(),
                totals.bytes(),
                totals.pings(),
                totals.pongs(),
            );
            for (code, count) in totals.close_codes() {
                let code = code.map_or("no code".to_owned(), |code| code.to_string());
                println!("{count:>9}  {code}");
            }
        }
    }
    for line in WRONG.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        println!("WRONG {line}");
    }
}

async fn converse(stream: TcpStream, number: u64) {
    let mut socket = match ACCEPTOR.accept(stream).await {
        Ok(socket) => socket,
        Err(error) => return ENDS.note(format!("opening handshake: {}", name(&error))),
    };
    // Each way to use a connection has its share.
    let ended = match number % 3 {
        0 => lending(&mut socket).await,
        1 => owning(&mut socket).await,
        _ => return halves(socket).await,
    };
    note(&ended, &socket.received(), &socket.sent());
    let _ = socket.close(None, "").await;
    if LEAKS.swap(false, Relaxed) {
        // The task that must be found.
        std::future::pending::<()>().await;
    }
}

fn note(ended: &Result<(), Error>, received: &Counters, sent: &Counters) {
    ENDS.note(match ended {
        Ok(()) => "closed".to_owned(),
        Err(error) => name(error),
    });
    let mut totals = TOTALS.lock().unwrap_or_else(PoisonError::into_inner);
    let (of_received, of_sent) = totals.get_or_insert_default();
    of_received.add(received);
    of_sent.add(sent);
}

fn check(numbers: &mut Numbers, message: &[u8]) {
    if let Err(wrong) = numbers.check(message) {
        let mut all = WRONG.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(format!("the server: {wrong}"));
    }
}

async fn lending(socket: &mut Socket) -> Result<(), Error> {
    let mut numbers = Numbers::default();
    while let Some((message, mut sender)) = socket.read_with_sender().await? {
        check(&mut numbers, message.payload());
        sender.send(&message).await?;
    }
    Ok(())
}

async fn owning(socket: &mut Socket) -> Result<(), Error> {
    let mut numbers = Numbers::default();
    while let Some(message) = socket.next().await {
        if let message @ (Message::Binary(_) | Message::Text(_)) = message? {
            check(&mut numbers, message.payload());
            SinkExt::send(socket, message).await?;
        }
    }
    Ok(())
}

/// Reads in one task and writes in another.
async fn halves(socket: Socket) {
    let (mut reader, mut writer) = socket.split();
    let (queue, mut queued) = mpsc::channel::<Message>(4);
    let writing = tokio::spawn(async move {
        while let Some(message) = queued.recv().await {
            if let Err(error) = writer.send(message).await {
                return (Err(error), writer);
            }
        }
        (Ok(()), writer)
    });
    let mut numbers = Numbers::default();
    let read = loop {
        match reader.next().await {
            Some(Ok(message @ (Message::Binary(_) | Message::Text(_)))) => {
                check(&mut numbers, message.payload());
                if queue.send(message).await.is_err() {
                    break Ok(());
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => break Err(error),
            None => break Ok(()),
        }
    };
    drop(queue);
    let (written, writer) = match writing.await {
        Ok(done) => done,
        Err(panicked) => return ENDS.note(panicked.to_string()),
    };
    note(&read.and(written), &reader.received(), &writer.sent());
    drop(writer);
    let _ = reader.close(None, "").await;
}

/// The server as the process of the clients sees it.
pub(crate) struct ServerProcess {
    child: Child,
    port: u16,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl ServerProcess {
    pub(crate) fn start(leak: bool) -> Result<ServerProcess, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("--server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if leak {
            command.arg("--leak");
        }
        let mut child = command.spawn()?;
        let to = child.stdin.take().ok_or("the server has no input")?;
        let from = child.stdout.take().ok_or("the server has no output")?;
        let mut from = BufReader::new(from).lines();
        let port = from.next().ok_or("the server does not listen")??.parse()?;
        Ok(ServerProcess {
            child,
            port,
            to,
            from,
        })
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Waits until all connections have ended, and returns what it holds.
    pub(crate) fn drained(&mut self) -> Result<Live, Failure> {
        self.to.write_all(b"\n")?;
        let line = self.from.next().ok_or("the server is gone")??;
        Ok(line.parse()?)
    }

    /// Ends it, prints its report, and returns what it says is wrong.
    pub(crate) fn end(mut self) -> Result<Vec<String>, Failure> {
        drop(self.to);
        let mut wrong = Vec::new();
        for line in self.from {
            let line = line?;
            match line.strip_prefix("WRONG ") {
                Some(line) => wrong.push(line.to_owned()),
                None => println!("{line}"),
            }
        }
        let status = self.child.wait()?;
        if !status.success() {
            wrong.push(format!("the server ended with {status}"));
        }
        Ok(wrong)
    }
}
