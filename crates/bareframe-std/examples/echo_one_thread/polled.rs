//! A TCP stream that the system tells about, as a stream of bareframe-std.

use bareframe_std::{Aborter, Deadline, Stream};
use mio::net::TcpStream;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;

/// It does not block: each call returns at once.
#[derive(Debug)]
pub(super) struct Polled(pub(super) TcpStream);

impl Stream for Polled {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        deadline.left()?;
        self.0.read(buffer)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        deadline.left()?;
        self.0.write_vectored(slices)
    }

    fn flush_by(&mut self, _: Deadline) -> io::Result<()> {
        Ok(())
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.0.set_nodelay(true)
    }

    /// There is no other thread.
    fn aborter(&self) -> io::Result<Aborter> {
        Err(ErrorKind::Unsupported.into())
    }
}
