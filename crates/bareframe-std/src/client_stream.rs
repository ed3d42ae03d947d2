//! The stream of a client's connection.

use crate::deadline::Deadline;
#[cfg(feature = "rustls")]
use crate::shared_tls::SharedTls;
use crate::socket::SharedSocket;
use crate::stream::{Aborter, Share, Stream};
use std::fmt;
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// The stream that [`connect`](crate::connect) opens: TCP, or with the feature `rustls` TLS over TCP.
///
/// ```no_run
/// use std::time::Duration;
/// let socket = bareframe_std::connect("ws://example.com/")?;
/// println!("{} is connected to {}", socket.stream().local_addr()?, socket.stream().peer_addr()?);
/// socket.stream().set_read_timeout(Some(Duration::from_secs(60)))?;
/// socket.stream().set_write_timeout(Some(Duration::from_secs(5)))?;
/// socket.stream().set_nonblocking(false)?;
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(Clone)]
pub struct ClientStream {
    /// Not public, because bytes that are written to a `&TcpStream` would not be encrypted.
    pub(crate) socket: SharedSocket<TcpStream>,
    /// For `wss://`.
    #[cfg(feature = "rustls")]
    pub(crate) tls: Option<SharedTls<SharedSocket<TcpStream>>>,
}

impl ClientStream {
    /// Returns the address of the server.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.socket().peer_addr()
    }

    /// Returns the address of this end.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.socket().local_addr()
    }

    /// Sets how long a read waits for bytes, or for ever. It holds for each system call; a deadline takes precedence.
    ///
    /// # Errors
    ///
    /// Returns the system's error, and an error for a timeout of zero.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket.socket().set_read_timeout(timeout)
    }

    /// Sets how long a write waits for room, or for ever. It holds for each system call; a deadline takes precedence.
    ///
    /// # Errors
    ///
    /// Returns the system's error, and an error for a timeout of zero.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket.socket().set_write_timeout(timeout)
    }

    /// Sets whether a call returns [`io::ErrorKind::WouldBlock`] where it would have to wait.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.socket.socket().set_nonblocking(nonblocking)
    }

    fn stream_mut(&mut self) -> &mut dyn Stream {
        #[cfg(feature = "rustls")]
        if let Some(tls) = &mut self.tls {
            return tls;
        }
        &mut self.socket
    }
}

impl Stream for ClientStream {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        self.stream_mut().read_by(buffer, deadline)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        self.stream_mut().write_by(slices, deadline)
    }

    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()> {
        self.stream_mut().flush_by(deadline)
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.stream_mut().shutdown(how)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.socket.set_nodelay()
    }

    fn aborter(&self) -> io::Result<Aborter> {
        self.socket.aborter()
    }
}

/// A clone is another end of the same stream.
impl Share for ClientStream {
    type Shared = ClientStream;

    fn share(self) -> ClientStream {
        self
    }
}

impl fmt::Debug for ClientStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientStream").field(self.socket.socket()).finish()
    }
}
