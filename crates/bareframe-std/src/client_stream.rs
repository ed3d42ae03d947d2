//! What a client's connection goes over.

use crate::stream::{Stream, Timeouts};
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};

/// What [`connect`](crate::connect) makes a connection over: TCP, or with the feature `rustls` TLS over TCP.
///
/// ```no_run
/// let socket = bareframe_std::connect("ws://example.com/")?;
/// println!("connected to {}", socket.stream().tcp().peer_addr()?);
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientStream {
    /// For `ws://`.
    Tcp(TcpStream),
    /// For `wss://`.
    #[cfg(feature = "rustls")]
    Tls(Box<rustls::StreamOwned<rustls::ClientConnection, TcpStream>>),
}

impl ClientStream {
    /// Gives the TCP stream.
    #[must_use]
    pub const fn tcp(&self) -> &TcpStream {
        match self {
            ClientStream::Tcp(stream) => stream,
            #[cfg(feature = "rustls")]
            ClientStream::Tls(stream) => &stream.sock,
        }
    }
}

impl Read for ClientStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            ClientStream::Tcp(stream) => stream.read(buffer),
            #[cfg(feature = "rustls")]
            ClientStream::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for ClientStream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            ClientStream::Tcp(stream) => stream.write(octets),
            #[cfg(feature = "rustls")]
            ClientStream::Tls(stream) => stream.write(octets),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            ClientStream::Tcp(stream) => stream.write_vectored(slices),
            #[cfg(feature = "rustls")]
            ClientStream::Tls(stream) => stream.write_vectored(slices),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            ClientStream::Tcp(stream) => stream.flush(),
            #[cfg(feature = "rustls")]
            ClientStream::Tls(stream) => stream.flush(),
        }
    }
}

impl Stream for ClientStream {
    fn timeouts(&self) -> io::Result<Timeouts> {
        Stream::timeouts(self.tcp())
    }

    fn set_timeouts(&self, timeouts: Timeouts) -> io::Result<()> {
        Stream::set_timeouts(self.tcp(), timeouts)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        Stream::set_nodelay(self.tcp())
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        match self {
            ClientStream::Tcp(stream) => Stream::shutdown(stream, how),
            #[cfg(feature = "rustls")]
            ClientStream::Tls(stream) => Stream::shutdown(&mut **stream, how),
        }
    }
}
