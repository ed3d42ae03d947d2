//! What a stream can do beside reading and writing: keep a deadline, be shut, be cut off, and be shared.

use crate::deadline::Deadline;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

/// Bytes in both directions, by a deadline.
///
/// Each of the calls with a [`Deadline`] keeps to it whatever the peer does meanwhile, over all system calls that it
/// makes. With [`Deadline::NONE`] it is the plain call: the timeouts of the stream and its mode are the caller's.
/// [`Untimed`] makes one of any `Read + Write` that knows no time.
///
/// ```
/// use bareframe_std::{Aborter, Deadline, Stream};
/// use std::io::{IoSlice, Read, Result, Write};
/// use std::net::{Shutdown, TcpStream};
///
/// struct Counted { stream: TcpStream, received: usize }
///
/// impl Stream for Counted {
///     fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize> {
///         let len = self.stream.read_by(buffer, deadline)?;
///         self.received += len;
///         Ok(len)
///     }
///     fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> Result<usize> {
///         self.stream.write_by(slices, deadline)
///     }
///     fn flush_by(&mut self, deadline: Deadline) -> Result<()> { self.stream.flush_by(deadline) }
///     fn shutdown(&mut self, how: Shutdown) -> Result<()> { Stream::shutdown(&mut self.stream, how) }
///     fn set_nodelay(&self) -> Result<()> { Stream::set_nodelay(&self.stream) }
///     fn aborter(&self) -> Result<Aborter> { self.stream.aborter() }
/// }
///
/// impl Read for Counted {
///     fn read(&mut self, buffer: &mut [u8]) -> Result<usize> { self.read_by(buffer, Deadline::NONE) }
/// }
///
/// impl Write for Counted {
///     fn write(&mut self, bytes: &[u8]) -> Result<usize> { self.stream.write(bytes) }
///     fn flush(&mut self) -> Result<()> { self.stream.flush() }
/// }
/// ```
pub trait Stream: Read + Write {
    /// Reads as [`Read::read`] does, until a deadline.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] once the deadline has passed; [`ErrorKind::WouldBlock`] before it if the stream does not
    /// block; or what [`Read::read`] returns.
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize>;

    /// Writes as [`Write::write_vectored`] does, until a deadline.
    ///
    /// # Errors
    ///
    /// As for [`Stream::read_by`].
    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize>;

    /// Writes what the stream has taken and still holds, until a deadline.
    ///
    /// # Errors
    ///
    /// As for [`Stream::read_by`].
    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()>;

    /// Ends a direction of the stream, or both.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] if the stream can't be ended but by dropping it; or what the system returns.
    fn shutdown(&mut self, how: Shutdown) -> io::Result<()>;

    /// Has small writes leave at once (TCP_NODELAY), where a stream knows such an option.
    ///
    /// # Errors
    ///
    /// What the system returns.
    fn set_nodelay(&self) -> io::Result<()>;

    /// Returns what ends the stream at once from another thread, while this one waits for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] if the stream can't be ended so; or what the system returns.
    fn aborter(&self) -> io::Result<Aborter>;
}

/// A stream of which two threads can have one end each, so that one reads while the other writes.
pub trait Share: Stream {
    /// One end. Its clones are ends of the same stream, which is closed when the last of them is dropped.
    type Shared: Stream + Clone;

    /// Returns the first end.
    fn share(self) -> Self::Shared;
}

/// What ends a stream at once, in both directions, from any thread: who waits for the stream gets its end or an error.
///
/// ```
/// use bareframe_std::{Share, Stream};
/// use std::io::Read;
/// use std::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let mut stream = TcpStream::connect(listener.local_addr()?)?.share();
/// let aborter = stream.aborter()?;
/// let reader = std::thread::spawn(move || stream.read(&mut [0; 8]));
/// aborter.abort();
/// assert_eq!(reader.join().unwrap()?, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Aborter(Arc<dyn Fn() + Send + Sync>);

/// Any `Read + Write` as a [`Stream`] that has no timeouts and can't be shut down: a call on it may last as long as the
/// peer wants, and a deadline is only looked at before each.
///
/// ```
/// use bareframe_std::{Options, Untimed, WebSocket};
/// use std::io::Cursor;
/// let bytes = Cursor::new(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec());
/// let mut server = WebSocket::server(Untimed(bytes), &Options::DEFAULT);
/// assert_eq!(server.read()?.unwrap().as_str(), Some("Hello"));
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Untimed<S>(
    /// The stream.
    pub S,
);

impl Aborter {
    /// Creates one that does this.
    pub fn new(abort: impl Fn() + Send + Sync + 'static) -> Aborter {
        Aborter(Arc::new(abort))
    }

    /// Ends the stream. Does nothing if the stream was dropped or has ended.
    pub fn abort(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Aborter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aborter")
    }
}

impl<S: Read> Read for Untimed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<S: Write> Write for Untimed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<S: Read + Write> Stream for Untimed<S> {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        deadline.left()?;
        self.0.read(buffer)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        deadline.left()?;
        write(&mut self.0, slices)
    }

    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()> {
        deadline.left()?;
        self.0.flush()
    }

    fn shutdown(&mut self, _: Shutdown) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    /// Does nothing.
    fn set_nodelay(&self) -> io::Result<()> {
        Ok(())
    }

    fn aborter(&self) -> io::Result<Aborter> {
        Err(ErrorKind::Unsupported.into())
    }
}

impl<S: Stream + ?Sized> Stream for Box<S> {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        (**self).read_by(buffer, deadline)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        (**self).write_by(slices, deadline)
    }

    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()> {
        (**self).flush_by(deadline)
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        (**self).shutdown(how)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        (**self).set_nodelay()
    }

    fn aborter(&self) -> io::Result<Aborter> {
        (**self).aborter()
    }
}

/// Writes by the call for one slice or for several.
pub(crate) fn write(stream: &mut impl Write, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    match slices {
        [one] => stream.write(one),
        several => stream.write_vectored(several),
    }
}
