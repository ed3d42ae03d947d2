//! A server in a process of its own, so that its memory can be seen and nothing is shared with the load generator.

use super::servers::{OURS, PEERS, Server};
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

/// The argument with which this program runs itself as a server.
const ARGUMENT: &str = "--serve";

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    address: SocketAddr,
}

/// What tells a server from the others.
fn title(server: &Server) -> String {
    format!("{} {:?}", server.name, server.waits)
}

impl ServerProcess {
    /// Becomes a server if this process was started as one.
    ///
    /// # Errors
    ///
    /// If there is no such server, or it ends.
    pub fn become_one() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut arguments = std::env::args().skip(1);
        if arguments.next().as_deref() != Some(ARGUMENT) {
            return Ok(());
        }
        let name = arguments.next().unwrap_or_default();
        let server = OURS.iter().chain(&PEERS).find(|server| title(server) == name);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        println!("{}", listener.local_addr()?);
        (server.ok_or("no such server")?.serve)(listener)
    }

    /// Starts a server.
    ///
    /// # Errors
    ///
    /// What the system gives.
    pub fn start(server: &Server) -> io::Result<ServerProcess> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([ARGUMENT, &title(server)])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        match line.trim().parse() {
            Ok(address) => Ok(ServerProcess { child, address }),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How much memory of its own it holds, in KiB.
    ///
    /// # Errors
    ///
    /// If the system does not say.
    pub fn memory(&self) -> io::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let number = resident.and_then(|line| line.trim().split(' ').next());
        number
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| io::Error::other("the system does not tell the resident memory"))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
