//! A client has at most one connection in the CONNECTING state per address and port (RFC 6455 section 4.1).

use crate::deadline::Deadline;
use std::io;
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const LATE: &str = "another opening handshake with this address has not ended in time (RFC 6455 section 4.1)";

/// The addresses that this process is connecting to.
static ADDRESSES: Mutex<Vec<SocketAddr>> = Mutex::new(Vec::new());
static ONE_IS_DONE: Condvar = Condvar::new();

/// Permission to connect to an address, until it is dropped.
#[derive(Debug)]
pub(crate) struct OneAddress(SocketAddr);

impl OneAddress {
    /// Waits until no other thread is connecting to this address.
    pub(crate) fn begin(address: SocketAddr, deadline: Deadline) -> io::Result<OneAddress> {
        let mut addresses = lock();
        while addresses.contains(&address) {
            let left = deadline
                .left()
                .map_err(|error| io::Error::new(error.kind(), LATE))?;
            let left = left.unwrap_or(Duration::MAX);
            let waited = ONE_IS_DONE.wait_timeout(addresses, left);
            addresses = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        addresses.push(address);
        Ok(OneAddress(address))
    }
}

impl Drop for OneAddress {
    fn drop(&mut self) {
        lock().retain(|address| *address != self.0);
        ONE_IS_DONE.notify_all();
    }
}

/// Locks the list, which is consistent even if a thread panicked while it had locked it.
fn lock() -> MutexGuard<'static, Vec<SocketAddr>> {
    ADDRESSES.lock().unwrap_or_else(PoisonError::into_inner)
}
