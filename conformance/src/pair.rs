//! A client against a server: one of our adapters is one of the two.

use crate::exchange::{
    Abilities, CLIENT_CODE, CLIENT_REASON, SERVER_CODE, drive, drive_late_pong, mirror, send_late_pong,
};
use crate::peers::{Kind, LatePong, PEERS, Peer};
use crate::program::{self, Program};
use crate::server::{Report, Server, check_ends};
use crate::table::Row;
use crate::tls::{HOST, Tls};
use crate::{Failure, over_tokio, own, tokio_tungstenite, tungstenite};
use bareframe_std::rustls::{ClientConfig, ServerConfig, ServerConnection, StreamOwned};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// What every pair needs.
#[derive(Debug)]
pub struct Setting {
    /// The directory of the peers' programs.
    pub programs: PathBuf,
    /// The certificates.
    pub tls: Tls,
}

/// A server that runs.
#[derive(Debug)]
pub enum Running {
    /// In this process.
    Inside(Server),
    /// A program, and the port on which it listens.
    Program(Program, u16),
}

impl Running {
    /// Returns the port of 127.0.0.1 on which it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        match self {
            Running::Inside(server) => server.port(),
            Running::Program(_, port) => *port,
        }
    }

    /// Checks how the connections ended that a client opened for an exchange, and returns the number of checks.
    ///
    /// # Errors
    ///
    /// If one ended otherwise.
    pub fn check_ends(&mut self, wanted: &[String]) -> Result<usize, Failure> {
        match self {
            Running::Inside(server) => server.check_ends(wanted),
            Running::Program(program, _) => {
                let ends = wanted.iter().map(|_| program.told("closed"));
                check_ends(ends.collect::<Result<_, _>>()?, wanted)
            }
        }
    }
}

impl Setting {
    /// Runs the exchange between one of our adapters and a peer in one role or in both, over TCP and over TLS.
    #[must_use]
    pub fn rows(&self, own: &Peer, peer: &Peer) -> Vec<Row> {
        let version = peer.version(self);
        let mut pairs = Vec::new();
        if peer.server.is_some() && own.client.is_some() {
            pairs.push(("server", peer, own));
        }
        // One implementation with itself is one pair.
        if peer.client.is_some() && own.server.is_some() && peer.kind != own.kind {
            pairs.push(("client", own, peer));
        }
        let row = |(role, server, client)| {
            let role = format!("{role} of {}", own.name);
            self.row(peer, &version, role, server, client)
        };
        let mut rows: Vec<Row> = pairs.into_iter().map(row).collect();
        if let Some(outcome) = peer.late_pong
            && own.client.is_some()
        {
            let mut row = Row::new(peer.name, &version, "server ignores Pong after Close");
            row.add(2, "ws", self.send_late_pong(own, peer));
            rows.push(row);
            let role = match outcome {
                LatePong::Ignored => "client ignores Pong after Close",
                LatePong::Refused(_) => "client refuses Pong after Close",
            };
            let mut row = Row::new(peer.name, &version, role);
            row.add(2, "ws", self.late_pong_to(own, peer, outcome));
            rows.push(row);
        }
        rows
    }

    /// Sends a Pong after our Close to a server, and returns the number of checks that passed.
    fn send_late_pong(&self, own: &Peer, server: &Peer) -> Result<usize, Failure> {
        let mut running = self.serve(server, false)?;
        let url = url(running.port(), false);
        let passed = match own.kind {
            Kind::Tokio => send_late_pong(over_tokio::open(&url, None)?),
            _ => send_late_pong(own::connect(&own::connector(None), &url)?),
        }?;
        Ok(passed + running.check_ends(&[format!("{CLIENT_CODE} {CLIENT_REASON}")])?)
    }

    /// Has a client make our server send a Pong after its Close, and returns the number of checks that passed.
    fn late_pong_to(&self, own: &Peer, client: &Peer, outcome: LatePong) -> Result<usize, Failure> {
        let mut running = self.serve(own, false)?;
        let url = url(running.port(), false);
        let driven = match client.kind {
            Kind::Std | Kind::Axum => drive_late_pong(own::connect(&own::connector(None), &url)?),
            Kind::Tokio => drive_late_pong(over_tokio::open(&url, None)?),
            Kind::Tungstenite => drive_late_pong(tungstenite::connect(&url, None)?.0),
            Kind::TokioTungstenite => drive_late_pong(tokio_tungstenite::connect(&url, None)?.0),
            Kind::Program(name) => Program::start(name, self.command(name).args(["late", &url]))?
                .told("passed")
                .and_then(|passed| Ok(passed.parse()?)),
        };
        let passed = match (outcome, driven) {
            (LatePong::Ignored, driven) => driven?,
            (LatePong::Refused(words), Err(error)) if error.to_string().contains(words) => 1,
            (LatePong::Refused(_), Ok(_)) => return Err("the Pong was not refused".into()),
            (LatePong::Refused(_), Err(error)) => return Err(error),
        };
        Ok(passed + running.check_ends(&[SERVER_CODE.to_string()])?)
    }

    fn row(
        &self,
        peer: &Peer,
        version: &Result<String, Failure>,
        role: String,
        server: &Peer,
        client: &Peer,
    ) -> Row {
        let mut row = Row::new(peer.name, version, role);
        for (scheme, secure) in [("ws", false), ("wss", true)] {
            row.add(checks(server, client), scheme, self.run(server, client, secure));
        }
        row
    }

    fn run(&self, server: &Peer, client: &Peer, secure: bool) -> Result<usize, Failure> {
        let mut running = self.serve(server, secure)?;
        let url = url(running.port(), secure);
        let passed = self.drive(client, server, &url, secure, &[])?;
        Ok(passed + running.check_ends(&ends(server, client))?)
    }

    /// Starts a peer as a server.
    ///
    /// # Errors
    ///
    /// An error of the system, or of its program.
    pub fn serve(&self, peer: &Peer, secure: bool) -> Result<Running, Failure> {
        if let Kind::Program(name) = peer.kind {
            let mut command = self.command(name);
            command.arg("serve");
            if secure {
                command.args([&self.tls.certificate, &self.tls.key]);
            }
            let mut program = Program::start(name, &mut command)?;
            let port = program.told("listening")?.parse()?;
            return Ok(Running::Program(program, port));
        }
        self.serve_inside(peer.kind, secure, Vec::new())
            .map(Running::Inside)
    }

    /// Starts one that is in this process, with more headers in its responses if it is ours.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub fn serve_inside(
        &self,
        kind: Kind,
        secure: bool,
        headers: Vec<(&'static str, String)>,
    ) -> Result<Server, Failure> {
        let tls = secure.then(|| Arc::clone(&self.tls.server));
        let server = Server::start(move |tcp, reports| {
            tungstenite::be_patient(&tcp)?;
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
            serve_one(kind, tcp, tls.clone(), reports, &headers)
        })?;
        Ok(server)
    }

    /// Has a peer drive the exchange, and returns the number of checks that passed; its program is given more arguments.
    ///
    /// # Errors
    ///
    /// The first check that failed.
    pub fn drive(
        &self,
        client: &Peer,
        server: &Peer,
        url: &str,
        secure: bool,
        more: &[&str],
    ) -> Result<usize, Failure> {
        let abilities = server.server.unwrap_or(Abilities::ALL);
        match client.kind {
            Kind::Std => own::drive(abilities, &own::connector(self.trust(secure)), url),
            Kind::Tokio => over_tokio::drive(abilities, url, self.trust(secure).as_ref()),
            Kind::Axum => Err("it is no client".into()),
            Kind::Tungstenite => drive(abilities, || tungstenite::connect(url, self.trust(secure))),
            Kind::TokioTungstenite => {
                drive(abilities, || tokio_tungstenite::connect(url, self.trust(secure)))
            }
            Kind::Program(name) => {
                let mut command = self.command(name);
                command.args(["drive", url]);
                if secure {
                    command.arg(&self.tls.authority);
                }
                Ok(Program::start(name, command.args(more))?
                    .told("passed")?
                    .parse()?)
            }
        }
    }

    /// Checks that a client that does not know the authority does not connect.
    #[must_use]
    pub fn unknown_authority(&self, own: &Peer) -> Row {
        let refused = || {
            let server = self.serve(own, true)?;
            let url = url(server.port(), true);
            let connected = match own.kind {
                Kind::Tokio => over_tokio::connect(&url, Some(Tls::stranger()?)).map(drop),
                _ => own::connect(&own::connector(None), &url)
                    .map(drop)
                    .map_err(Failure::from),
            };
            match connected {
                Ok(()) => Err("the connection was opened".into()),
                Err(error) if error.to_string().contains("UnknownIssuer") => Ok(1),
                Err(error) => Err(format!("it was refused because {error}").into()),
            }
        };
        let mut row = Row::new(own.name, &own.version(self), "client, unknown authority");
        row.add(1, "wss", refused());
        row
    }

    fn trust(&self, secure: bool) -> Option<Arc<ClientConfig>> {
        secure.then(|| Arc::clone(&self.tls.client))
    }

    /// Returns the command of a peer's program.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        program::command(&self.programs.join(program))
    }
}

/// Returns our adapters.
pub fn owns() -> impl Iterator<Item = &'static Peer> {
    PEERS.iter().filter(|peer| peer.is_own())
}

/// Returns bareframe-std.
#[must_use]
pub const fn own() -> &'static Peer {
    &PEERS[0]
}

/// Returns the URL of a server on this machine.
#[must_use]
pub fn url(port: u16, secure: bool) -> String {
    match secure {
        true => format!("wss://{HOST}:{port}/"),
        false => format!("ws://127.0.0.1:{port}/"),
    }
}

/// Returns how many checks a client and a server make in one exchange.
#[must_use]
pub fn checks(server: &Peer, client: &Peer) -> usize {
    let [client_can, server_can] = abilities(server, client);
    client_can.checks_against(server_can) + ends(server, client).len()
}

/// Returns how the server sees the connections end.
#[must_use]
pub fn ends(server: &Peer, client: &Peer) -> Vec<String> {
    let [client_can, server_can] = abilities(server, client);
    client_can.ends(server_can)
}

fn abilities(server: &Peer, client: &Peer) -> [Abilities; 2] {
    [client.client, server.server].map(|abilities| abilities.unwrap_or(Abilities::ALL))
}

fn serve_one(
    kind: Kind,
    tcp: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    reports: &Sender<Report>,
    headers: &[(&str, &str)],
) -> Result<(u16, String), Failure> {
    match kind {
        Kind::Tokio => return over_tokio::serve(tcp, tls, reports, headers),
        Kind::Axum => return over_tokio::serve_axum(tcp, tls, reports, headers),
        Kind::TokioTungstenite => return mirror(&mut tokio_tungstenite::accept(tcp, tls)?),
        Kind::Std | Kind::Tungstenite | Kind::Program(_) => {}
    }
    match (kind, tls) {
        (Kind::Tungstenite, None) => mirror(&mut tungstenite::accept(Box::new(tcp))?),
        (Kind::Tungstenite, Some(tls)) => {
            let stream = StreamOwned::new(ServerConnection::new(tls)?, tcp);
            mirror(&mut tungstenite::accept(Box::new(stream))?)
        }
        (_, None) => own::serve(tcp, reports, headers),
        (_, Some(tls)) => own::serve(
            StreamOwned::new(ServerConnection::new(tls)?, tcp),
            reports,
            headers,
        ),
    }
}
