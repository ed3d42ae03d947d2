//! A server in this process: each connection has a thread, and what the threads report goes through one channel.

use crate::{Failure, PATIENCE};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use std::{io, thread};

/// What a thread of the server reports.
#[derive(Debug)]
pub enum Report {
    /// A request arrived with these headers.
    Request(Vec<(String, String)>),
    /// A connection has ended with this code and reason.
    Closed(String),
    /// A connection has failed.
    Failed(String),
}

/// A server that accepts connections until the process ends.
#[derive(Debug)]
pub struct Server {
    port: u16,
    reports: Receiver<Report>,
}

impl Server {
    /// Starts a server. `serve` runs one connection, may report its request, and returns the code and the reason of the
    /// client's Close.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub fn start(
        serve: impl Fn(TcpStream, &Sender<Report>) -> Result<(u16, String), Failure> + Send + Sync + 'static,
    ) -> io::Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let (sender, reports) = channel();
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (serve, sender) = (Arc::clone(&serve), sender.clone());
                thread::spawn(move || {
                    let report = match stream.map_err(Failure::from).and_then(|tcp| serve(tcp, &sender)) {
                        Ok((code, reason)) => Report::Closed(format!("{code} {reason}")),
                        Err(failure) => Report::Failed(failure.to_string()),
                    };
                    // Nobody listens once the client has failed.
                    let _ = sender.send(report);
                });
            }
        });
        Ok(Server { port, reports })
    }

    /// Returns the port of 127.0.0.1 on which the server listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the next report.
    ///
    /// # Errors
    ///
    /// If none comes in time.
    pub fn report(&self) -> Result<Report, Failure> {
        self.reports
            .recv_timeout(PATIENCE)
            .map_err(|error| format!("the server reports nothing: {error}").into())
    }

    /// Waits until a connection has ended, and returns the code and the reason that the server received.
    ///
    /// # Errors
    ///
    /// If a connection has failed, or none ends in time.
    pub fn closed(&self) -> Result<String, Failure> {
        loop {
            match self.report()? {
                Report::Request(_) => {}
                Report::Closed(end) => return Ok(end),
                Report::Failed(failure) => return Err(format!("the server failed: {failure}").into()),
            }
        }
    }

    /// Checks how the connections ended that a client opened for an exchange, and returns the number of checks.
    ///
    /// # Errors
    ///
    /// If one ended otherwise.
    pub fn check_ends(&self, wanted: &[String]) -> Result<usize, Failure> {
        let ends = wanted.iter().map(|_| self.closed());
        check_ends(ends.collect::<Result<_, _>>()?, wanted)
    }

    /// Discards the reports of connections that an earlier check left behind.
    pub fn forget(&self) {
        while self.reports.recv_timeout(Duration::ZERO).is_ok() {}
    }
}

/// Checks that each connection ended with a Close that begins as is wanted, and returns the number of checks. The order in
/// which connections end is not fixed, since each has a thread of its own.
///
/// # Errors
///
/// If one ended otherwise.
pub fn check_ends(mut ends: Vec<String>, wanted: &[String]) -> Result<usize, Failure> {
    ends.sort();
    for (end, wanted) in ends.iter().zip(wanted) {
        if !end.starts_with(wanted) {
            return Err(format!("the server received the Close {end:?} and not {wanted:?}").into());
        }
    }
    Ok(ends.len())
}
