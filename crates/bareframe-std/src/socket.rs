//! Sockets of the system as streams: TCP, and on Unix those of a machine's own.

use crate::deadline::Deadline;
use crate::stream::{Aborter, Share, Stream, write};
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// A socket that two threads share through one descriptor, which is closed with the last clone. [`Share::share`] makes it.
///
/// ```
/// use bareframe_std::{Share, SharedSocket};
/// use std::io::{Read, Write};
/// use std::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let mut reader: SharedSocket<TcpStream> = TcpStream::connect(listener.local_addr()?)?.share();
/// let mut writer = reader.clone();
/// writer.write_all(b"Hello")?;
/// assert_eq!(reader.socket().peer_addr()?, listener.local_addr()?);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct SharedSocket<S>(Arc<S>);

/// What a socket does through a shared reference.
pub(crate) trait Socket: Send + Sync + Sized + 'static {
    fn receive(&self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize>;
    fn send(&self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize>;
    fn end(&self, how: Shutdown) -> io::Result<()>;
    fn undelay(&self) -> io::Result<()>;
}

impl Socket for TcpStream {
    fn receive(&self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        let set_timeout = |timeout| self.set_read_timeout(timeout);
        deadline.call(|| self.read_timeout(), set_timeout, || (&mut &*self).read(buffer))
    }

    fn send(&self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        let set_timeout = |timeout| self.set_write_timeout(timeout);
        deadline.call(
            || self.write_timeout(),
            set_timeout,
            || write(&mut &*self, slices),
        )
    }

    fn end(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }

    fn undelay(&self) -> io::Result<()> {
        self.set_nodelay(true)
    }
}

#[cfg(unix)]
impl Socket for UnixStream {
    fn receive(&self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        let set_timeout = |timeout| self.set_read_timeout(timeout);
        deadline.call(|| self.read_timeout(), set_timeout, || (&mut &*self).read(buffer))
    }

    fn send(&self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        let set_timeout = |timeout| self.set_write_timeout(timeout);
        deadline.call(
            || self.write_timeout(),
            set_timeout,
            || write(&mut &*self, slices),
        )
    }

    fn end(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }

    /// Its writes leave at once.
    fn undelay(&self) -> io::Result<()> {
        Ok(())
    }
}

impl<S> SharedSocket<S> {
    /// Creates the first end.
    #[must_use]
    pub fn new(socket: S) -> SharedSocket<S> {
        SharedSocket(Arc::new(socket))
    }

    /// Returns the socket, for its addresses, its timeouts and whether it blocks. To read from it or write to it breaks
    /// the protocol.
    #[must_use]
    pub fn socket(&self) -> &S {
        &self.0
    }
}

impl<S> Clone for SharedSocket<S> {
    fn clone(&self) -> SharedSocket<S> {
        SharedSocket(Arc::clone(&self.0))
    }
}

impl<S: Socket> Stream for SharedSocket<S> {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        self.0.receive(buffer, deadline)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        self.0.send(slices, deadline)
    }

    /// Does nothing: a socket holds nothing back.
    fn flush_by(&mut self, _: Deadline) -> io::Result<()> {
        Ok(())
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.0.end(how)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.0.undelay()
    }

    /// Does not keep the socket open.
    fn aborter(&self) -> io::Result<Aborter> {
        let socket = Arc::downgrade(&self.0);
        // A socket that has ended already may refuse.
        Ok(Aborter::new(move || {
            drop(socket.upgrade().map(|socket| socket.end(Shutdown::Both)));
        }))
    }
}

impl<S: Socket> Read for SharedSocket<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_by(buffer, Deadline::NONE)
    }
}

impl<S: Socket> Write for SharedSocket<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_by(&[IoSlice::new(bytes)], Deadline::NONE)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_by(slices, Deadline::NONE)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<S: Socket> Share for SharedSocket<S> {
    type Shared = SharedSocket<S>;

    fn share(self) -> SharedSocket<S> {
        self
    }
}

impl Stream for TcpStream {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        self.receive(buffer, deadline)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        self.send(slices, deadline)
    }

    /// Does nothing: a socket holds nothing back.
    fn flush_by(&mut self, _: Deadline) -> io::Result<()> {
        Ok(())
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.end(how)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.undelay()
    }

    /// Takes a second descriptor: until what is returned is dropped, the stream is not closed by being dropped but by
    /// [`Stream::shutdown`]. After [`Share::share`] one is enough.
    fn aborter(&self) -> io::Result<Aborter> {
        let socket = self.try_clone()?;
        // A socket that has ended already may refuse.
        Ok(Aborter::new(move || drop(socket.end(Shutdown::Both))))
    }
}

impl Share for TcpStream {
    type Shared = SharedSocket<TcpStream>;

    fn share(self) -> SharedSocket<TcpStream> {
        SharedSocket::new(self)
    }
}

#[cfg(unix)]
impl Stream for UnixStream {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        self.receive(buffer, deadline)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        self.send(slices, deadline)
    }

    /// Does nothing: a socket holds nothing back.
    fn flush_by(&mut self, _: Deadline) -> io::Result<()> {
        Ok(())
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.end(how)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.undelay()
    }

    /// Takes a second descriptor: until what is returned is dropped, the stream is not closed by being dropped but by
    /// [`Stream::shutdown`]. After [`Share::share`] one is enough.
    fn aborter(&self) -> io::Result<Aborter> {
        let socket = self.try_clone()?;
        // A socket that has ended already may refuse.
        Ok(Aborter::new(move || drop(socket.end(Shutdown::Both))))
    }
}

#[cfg(unix)]
impl Share for UnixStream {
    type Shared = SharedSocket<UnixStream>;

    fn share(self) -> SharedSocket<UnixStream> {
        SharedSocket::new(self)
    }
}
