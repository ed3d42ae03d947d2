//! A program that runs during a test and ends with it.

use crate::Failure;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use std::{io, thread};

/// How long a program may print nothing: on a busy machine a browser may take a minute to start, and prints nothing
/// until the exchange is done. A peer has a shorter limit for each of its steps, and reports which one it exceeded.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a program may take to end its own processes.
const FAREWELL: Duration = Duration::from_secs(5);

/// A program and the lines that it prints.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    lines: Receiver<String>,
}

/// Returns a command that is ended when this process ends, in whatever way.
#[must_use]
pub fn command(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]).arg(program);
    command
}

impl Program {
    /// Starts a program, which errors call by this name.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    pub fn start(name: &str, command: &mut Command) -> Result<Program, Failure> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{name}: {error}"))?;
        let stdout = child.stdout.take().ok_or("the program has no output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Program {
            name: name.to_owned(),
            child,
            lines,
        })
    }

    /// Waits for the next line that it prints.
    ///
    /// # Errors
    ///
    /// If it has ended or prints nothing.
    pub fn line(&mut self) -> Result<String, Failure> {
        self.lines.recv_timeout(PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                format!("{} prints nothing for {} s", self.name, PATIENCE.as_secs()).into()
            }
            RecvTimeoutError::Disconnected => match self.child.wait() {
                Ok(status) => format!("{} has ended: {status}", self.name).into(),
                Err(error) => error.into(),
            },
        })
    }

    /// Waits for its next line, which begins with this word, and returns what follows it.
    ///
    /// # Errors
    ///
    /// If another line comes, or none.
    pub fn told(&mut self, word: &str) -> Result<String, Failure> {
        let line = self.line()?;
        match line.strip_prefix(word) {
            Some(rest) => Ok(rest.trim().to_owned()),
            None => Err(format!("{} prints {line:?}", self.name).into()),
        }
    }

    /// Waits until it listens on a port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If it ends, or does not listen in time.
    pub fn listens(&mut self, port: u16) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if !self.runs()? {
                return Err(format!("{} has ended before it listened", self.name).into());
            }
            if Instant::now() > end {
                return Err(format!("{} does not listen on port {port}", self.name).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Returns the lines that it has printed and that were not waited for.
    pub fn printed(&mut self) -> Vec<String> {
        self.lines.try_iter().collect()
    }

    /// Sends it a signal of this name, such as `KILL`.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        let id = self.id().to_string();
        Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &id])
            .status()
            .map(drop)
    }

    /// Returns its process ID.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns `true` if it still runs.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    pub fn runs(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A program that is asked to end also ends the processes that it has started: the workers of a proxy, a
        // browser. Nothing can be done about a failure here.
        if self.runs().unwrap_or(false) {
            let _ = self.signal("TERM");
        }
        let end = Instant::now() + FAREWELL;
        while self.runs().unwrap_or(false) && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
