//! The addresses of a host, by a deadline.

use crate::deadline::Deadline;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

/// A function that looks up the addresses of a host and a port.
pub(crate) type Resolver = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// Asks the system, for any length of time.
pub(crate) fn system(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((host, port).to_socket_addrs()?.collect())
}

/// Returns the addresses of a host. A name is looked up in a thread of its own, which is abandoned if it is late; an
/// address needs no lookup.
pub(crate) fn look_up(
    resolver: Resolver,
    host: &str,
    port: u16,
    deadline: Deadline,
) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (found, finds) = channel();
    let name = host.to_owned();
    thread::Builder::new().spawn(move || found.send(resolver(&name, port)))?;
    let addresses = match deadline.left()? {
        Some(left) => finds.recv_timeout(left),
        None => finds.recv().map_err(RecvTimeoutError::from),
    };
    let addresses = addresses.map_err(|error| match error {
        RecvTimeoutError::Timeout => io::Error::new(ErrorKind::TimedOut, "the name lookup timed out"),
        RecvTimeoutError::Disconnected => io::Error::other("the name lookup panicked"),
    })??;
    if addresses.is_empty() {
        return Err(io::Error::new(ErrorKind::NotFound, "the name has no address"));
    }
    Ok(addresses)
}
