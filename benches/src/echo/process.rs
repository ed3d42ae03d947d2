//! A server in a process of its own, so that its memory can be seen and nothing is shared with the load generator.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// A running server, which is ended when this value is dropped.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    address: SocketAddr,
}

/// Compiles a program of this package.
///
/// The servers are not linked with the tasks that are measured in memory, because inlining depends on how often a
/// function is called in the whole program.
///
/// # Errors
///
/// If it can't be compiled.
pub fn compile(program: &str) -> io::Result<()> {
    compile_of(env!("CARGO_PKG_NAME"), program)
}

/// Compiles a program of another package, beside those of this one.
///
/// # Errors
///
/// If it can't be compiled.
pub fn compile_of(package: &str, program: &str) -> io::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--package", package])
        .args(["--bin", program])
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{program} can't be compiled")))
    }
}

impl ServerProcess {
    /// Starts a program of this package that prints where it listens.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    pub fn start(program: &str, arguments: &[&str]) -> io::Result<ServerProcess> {
        let program = std::env::current_exe()?.with_file_name(program);
        let mut child = Command::new(program)
            .args(arguments)
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

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns how much memory of its own it holds, in KiB.
    ///
    /// # Errors
    ///
    /// Returns an error if the system does not report it.
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
