//! A program that runs beside the test and ends with it.

use crate::{Failure, PATIENCE};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::{io, thread};

/// A program and the lines that it prints.
#[derive(Debug)]
pub struct Program {
    child: Child,
    lines: Receiver<String>,
}

impl Program {
    /// Starts a program.
    ///
    /// # Errors
    ///
    /// What the system gives.
    pub fn start(command: &mut Command) -> Result<Program, Failure> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("the program has no output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Program { child, lines })
    }

    /// Waits for the next line that it prints.
    ///
    /// # Errors
    ///
    /// If it has ended or prints nothing.
    pub fn line(&mut self) -> Result<String, Failure> {
        self.lines.recv_timeout(PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => "the program prints nothing".into(),
            RecvTimeoutError::Disconnected => match self.child.wait() {
                Ok(status) => format!("the program has ended: {status}").into(),
                Err(error) => error.into(),
            },
        })
    }

    /// Waits for its next line, which begins with this word, and gives what follows it.
    ///
    /// # Errors
    ///
    /// If another line comes, or none.
    pub fn told(&mut self, word: &str) -> Result<String, Failure> {
        let line = self.line()?;
        match line.strip_prefix(word) {
            Some(rest) => Ok(rest.trim().to_owned()),
            None => Err(format!("the program says {line:?}").into()),
        }
    }

    /// Gives the number by which the system knows it.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells whether it still runs.
    ///
    /// # Errors
    ///
    /// What the system gives.
    pub fn runs(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
