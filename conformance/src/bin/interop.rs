//! Each of bareframe-std, tungstenite, Node's ws and Python's websockets with bareframe-std, in both directions, over TCP
//! and over TLS. What they say to each other is described in `exchange.rs`.

use bareframe_conformance::exchange::{
    CLIENT_CHECKS, CLIENT_CODE, CLIENT_REASON, SERVER_CODE, drive, mirror,
};
use bareframe_conformance::program::Program;
use bareframe_conformance::tls::{HOST, Tls};
use bareframe_conformance::{Failure, PATIENCE, own, tungstenite};
use bareframe_std::rustls::{ServerConnection, StreamOwned};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

/// How many connections a client opens, each of which the server hears the end of.
const CONNECTIONS: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Peer {
    Bareframe,
    Tungstenite,
    Node,
    Python,
}

/// What every pair needs.
struct Setting {
    python: String,
    tls: Tls,
}

/// A server that runs, and what it tells: `closed CODE REASON` for each connection.
enum Server {
    Inside { port: u16, told: Receiver<String> },
    Outside { port: u16, program: Program },
}

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, python] = arguments.as_slice() else {
        return Err("interop DIRECTORY PYTHON".into());
    };
    let setting = Setting {
        python: python.clone(),
        tls: Tls::new(Path::new(directory))?,
    };
    let begin = Instant::now();
    let (mut passed, mut failures) = (0, Vec::new());
    println!("{:<28}{:<28}{:>8}{:>8}", "server", "client", "ws://", "wss://");
    for (server, client) in pairs() {
        print!("{:<28}{:<28}", server.name(), client.name());
        for secure in [false, true] {
            match setting.run(server, client, secure) {
                Ok(checks) => {
                    passed += checks;
                    print!("{checks:>8}");
                }
                Err(failure) => {
                    let scheme = if secure { "wss" } else { "ws" };
                    failures.push(format!(
                        "{} to {} over {scheme}: {failure}",
                        client.name(),
                        server.name()
                    ));
                    print!("{:>8}", "FAILED");
                }
            }
        }
        println!();
    }
    match setting.refuse_strange_authority() {
        Ok(()) => passed += 1,
        Err(failure) => failures.push(failure.to_string()),
    }
    println!(
        "{passed} checks passed in {:.1} s.",
        begin.elapsed().as_secs_f64()
    );
    for failure in &failures {
        println!("{failure}");
    }
    Ok(if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn pairs() -> impl Iterator<Item = (Peer, Peer)> {
    let others = [Peer::Tungstenite, Peer::Node, Peer::Python];
    let both_ways = others
        .into_iter()
        .flat_map(|other| [(Peer::Bareframe, other), (other, Peer::Bareframe)]);
    [(Peer::Bareframe, Peer::Bareframe)].into_iter().chain(both_ways)
}

impl Peer {
    const fn name(self) -> &'static str {
        match self {
            Peer::Bareframe => "bareframe-std",
            Peer::Tungstenite => "tungstenite",
            Peer::Node => "ws (Node)",
            Peer::Python => "websockets (Python)",
        }
    }
}

impl Setting {
    /// Runs a client against a server, and gives how many things were right.
    fn run(&self, server: Peer, client: Peer, secure: bool) -> Result<usize, Failure> {
        let mut server = self.serve(server, secure)?;
        let url = match secure {
            true => format!("wss://{HOST}:{}/", server.port()),
            false => format!("ws://127.0.0.1:{}/", server.port()),
        };
        let checks = self.drive(client, &url, secure)?;
        if checks != CLIENT_CHECKS {
            return Err(format!("the client made {checks} checks and not {CLIENT_CHECKS}").into());
        }
        // Each connection has a thread of its own, so that the order in which they tell of their end is not fixed.
        let mut closed = [server.closed()?, server.closed()?, server.closed()?];
        closed.sort();
        // The answer to a server's Close has its code; whether it has a reason is the client's choice.
        let due = [
            "1005".to_owned(),
            format!("{CLIENT_CODE} {CLIENT_REASON}"),
            SERVER_CODE.to_string(),
        ];
        for (told, wanted) in closed.into_iter().zip(due) {
            if !told.starts_with(&wanted) {
                return Err(format!("the server saw the Close {told:?} and not {wanted:?}").into());
            }
        }
        Ok(checks + CONNECTIONS)
    }

    /// A client that does not know the authority must not connect.
    fn refuse_strange_authority(&self) -> Result<(), Failure> {
        let server = self.serve(Peer::Bareframe, true)?;
        match own::connect(&format!("wss://{HOST}:{}/", server.port()), None) {
            Ok(_) => Err("a certificate of an unknown authority was accepted".into()),
            Err(failure) if failure.to_string().contains("UnknownIssuer") => Ok(()),
            Err(failure) => {
                Err(format!("a certificate of an unknown authority was refused because {failure}").into())
            }
        }
    }

    fn serve(&self, server: Peer, secure: bool) -> Result<Server, Failure> {
        match server {
            Peer::Bareframe | Peer::Tungstenite => self.serve_inside(server, secure),
            Peer::Node | Peer::Python => {
                let mut command = self.command(server);
                command.arg("serve");
                if secure {
                    command.args([&self.tls.certificate, &self.tls.key]);
                }
                let mut program = Program::start(&mut command)?;
                let port = program.told("listening")?.parse()?;
                Ok(Server::Outside { port, program })
            }
        }
    }

    fn serve_inside(&self, server: Peer, secure: bool) -> Result<Server, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let (tell, told) = channel();
        let tls = secure.then(|| Arc::clone(&self.tls.server));
        thread::spawn(move || {
            for _ in 0..CONNECTIONS {
                let closed = listener.accept().map_err(Failure::from).and_then(|(tcp, _)| {
                    tungstenite::be_patient(&tcp)?;
                    match &tls {
                        Some(tls) => {
                            let connection = ServerConnection::new(Arc::clone(tls))?;
                            let stream = StreamOwned::new(connection, tcp);
                            match server {
                                Peer::Bareframe => mirror(&mut own::accept(stream)?),
                                _ => mirror(&mut tungstenite::accept(Box::new(stream))?),
                            }
                        }
                        None => match server {
                            Peer::Bareframe => mirror(&mut own::accept(tcp)?),
                            _ => mirror(&mut tungstenite::accept(Box::new(tcp))?),
                        },
                    }
                });
                tell_end(&tell, closed);
            }
        });
        Ok(Server::Inside { port, told })
    }

    fn drive(&self, client: Peer, url: &str, secure: bool) -> Result<usize, Failure> {
        let tls = || secure.then(|| Arc::clone(&self.tls.client));
        match client {
            Peer::Bareframe => drive(|| {
                let socket = own::connect(url, tls())?;
                let subprotocol = socket.subprotocol().map(str::to_owned);
                Ok((socket, subprotocol))
            }),
            Peer::Tungstenite => drive(|| tungstenite::connect(url, tls())),
            Peer::Node | Peer::Python => {
                let mut command = self.command(client);
                command.args(["drive", url]);
                if secure {
                    command.arg(&self.tls.authority);
                }
                Ok(Program::start(&mut command)?.told("passed")?.parse()?)
            }
        }
    }

    fn command(&self, peer: Peer) -> Command {
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
        let (interpreter, script) = match peer {
            Peer::Python => (self.python.as_str(), "python/peer.py"),
            _ => ("node", "node/peer.mjs"),
        };
        let mut command = Command::new(interpreter);
        command.arg(peers.join(script));
        command
    }
}

impl Server {
    const fn port(&self) -> u16 {
        match self {
            Server::Inside { port, .. } | Server::Outside { port, .. } => *port,
        }
    }

    /// Waits until a connection has ended, and gives the code and the reason that the server saw.
    fn closed(&mut self) -> Result<String, Failure> {
        match self {
            Server::Inside { told, .. } => {
                let line = told.recv_timeout(PATIENCE)?;
                Ok(line
                    .strip_prefix("closed ")
                    .ok_or_else(|| line.clone())?
                    .to_owned())
            }
            Server::Outside { program, .. } => program.told("closed"),
        }
    }
}

fn tell_end(tell: &Sender<String>, end: Result<(u16, String), Failure>) {
    let line = match end {
        Ok((code, reason)) => format!("closed {code} {reason}"),
        Err(failure) => format!("the server failed: {failure}"),
    };
    // Nobody listens once the client has failed.
    let _ = tell.send(line);
}
