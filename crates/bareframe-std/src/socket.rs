//! Sockets of the system as streams: TCP, and on Unix those within a machine.

use crate::deadline::Deadline;
use crate::stream::{Aborter, Share, Stream, write};
use std::io::{self, IoSlice, Read};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// A socket that two threads share through one descriptor, which is closed with the last clone. [`Share::share`]
/// creates it.
///
/// ```
/// use bareframe_std::{Deadline, Share, SharedSocket, Stream};
/// use std::io::IoSlice;
/// use std::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let reader: SharedSocket<TcpStream> = TcpStream::connect(listener.local_addr()?)?.share();
/// let mut writer = reader.clone();
/// writer.write_by(&[IoSlice::new(b"Hello")], Deadline::NONE)?;
/// assert_eq!(reader.socket().peer_addr()?, listener.local_addr()?);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct SharedSocket<S>(Arc<S>);

/// The operations of a socket on a shared reference.
pub(crate) trait Socket: Send + Sync + Sized + 'static {
    fn receive(&self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize>;
    fn send(&self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize>;
    fn end(&self, how: Shutdown) -> io::Result<()>;
    fn undelay(&self) -> io::Result<()>;
}

/// Implements [`Stream`] for a socket; the second argument turns off the delay of small writes.
macro_rules! socket {
    ($socket:ty, $set_nodelay:expr) => {
        impl Socket for $socket {
            fn receive(&self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
                let set_timeout = |timeout| self.set_read_timeout(timeout);
                deadline.call(
                    || self.read_timeout(),
                    set_timeout,
                    || (&mut &*self).read(buffer),
                )
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
                $set_nodelay(self)
            }
        }

        impl Stream for $socket {
            fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
                self.receive(buffer, deadline)
            }

            fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
                self.send(slices, deadline)
            }

            /// Does nothing, since a socket does not buffer writes.
            fn flush_by(&mut self, _: Deadline) -> io::Result<()> {
                Ok(())
            }

            fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
                self.end(how)
            }

            fn set_nodelay(&self) -> io::Result<()> {
                self.undelay()
            }

            /// Creates a second descriptor. Until the aborter is dropped, dropping the stream does not close it, and
            /// [`Stream::shutdown`] does. After [`Share::share`] one descriptor is enough.
            fn aborter(&self) -> io::Result<Aborter> {
                let socket = self.try_clone()?;
                // This may fail if the socket has ended already.
                Ok(Aborter::new(move || drop(socket.end(Shutdown::Both))))
            }
        }

        impl Share for $socket {
            type Shared = SharedSocket<$socket>;

            fn share(self) -> SharedSocket<$socket> {
                SharedSocket(Arc::new(self))
            }
        }
    };
}

socket!(TcpStream, |socket: &TcpStream| socket.set_nodelay(true));
// Its writes are not delayed.
#[cfg(unix)]
socket!(UnixStream, |_| Ok(()));

impl<S> SharedSocket<S> {
    /// Returns the socket, for its addresses, its timeouts and whether it blocks. Reading from it or writing to it
    /// breaks the protocol.
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

    /// Does nothing, since a socket does not buffer writes.
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
        // This may fail if the socket has ended already.
        Ok(Aborter::new(move || {
            drop(socket.upgrade().map(|socket| socket.end(Shutdown::Both)));
        }))
    }
}

impl<S: Socket> Share for SharedSocket<S> {
    type Shared = SharedSocket<S>;

    fn share(self) -> SharedSocket<S> {
        self
    }
}
