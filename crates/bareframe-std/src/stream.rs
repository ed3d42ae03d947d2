//! The operations of a stream besides reading and writing: it keeps a deadline, and can be shut down, aborted and
//! shared.

use crate::deadline::Deadline;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

/// A stream of bytes in both directions, whose calls keep a deadline.
///
/// Each of the calls with a [`Deadline`] keeps to it whatever the peer does meanwhile, over all system calls that it
/// makes. With [`Deadline::NONE`] it is the plain call: the timeouts of the stream and its mode are the caller's.
/// [`Untimed`] wraps any `Read + Write` without timeouts.
///
/// ```
/// use bareframe_std::{Aborter, Deadline, Stream};
/// use std::io::{IoSlice, Result};
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
/// ```
pub trait Stream {
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

    /// Writes what the stream has buffered, until a deadline.
    ///
    /// # Errors
    ///
    /// As for [`Stream::read_by`].
    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()>;

    /// Ends a direction of the stream, or both.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] if the stream ends only when it is dropped; or the system's error.
    fn shutdown(&mut self, how: Shutdown) -> io::Result<()>;

    /// Turns off the delay of small writes (TCP_NODELAY), if the stream has such an option.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    fn set_nodelay(&self) -> io::Result<()>;

    /// Returns an [`Aborter`], which ends the stream at once from another thread while this one waits for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] if the stream can't be ended so; or the system's error.
    fn aborter(&self) -> io::Result<Aborter>;

    /// Returns a reader and writer whose calls keep this deadline.
    ///
    /// ```
    /// use bareframe_std::{Deadline, Stream, Untimed};
    /// use std::io::{Cursor, Read};
    /// let mut stream = Untimed(Cursor::new(b"Hello".to_vec()));
    /// let mut text = String::new();
    /// stream.by(Deadline::NONE).read_to_string(&mut text)?;
    /// assert_eq!(text, "Hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn by(&mut self, deadline: Deadline) -> By<'_, Self>
    where
        Self: Sized,
    {
        By {
            stream: self,
            deadline,
        }
    }
}

/// A stream that two threads can share, so that one reads while the other writes.
pub trait Share: Stream {
    /// One end. Its clones are ends of the same stream, which is closed when the last of them is dropped.
    type Shared: Stream + Clone;

    /// Returns the first end.
    fn share(self) -> Self::Shared;
}

/// Ends a stream at once, in both directions, from any thread. Threads that wait for the stream get its end or an
/// error.
///
/// ```
/// use bareframe_std::{Deadline, Share, Stream};
/// use std::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let mut stream = TcpStream::connect(listener.local_addr()?)?.share();
/// let aborter = stream.aborter()?;
/// let reader = std::thread::spawn(move || stream.read_by(&mut [0; 8], Deadline::NONE));
/// aborter.abort();
/// assert_eq!(reader.join().unwrap()?, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Aborter(Arc<dyn Fn() + Send + Sync>);

/// Any `Read + Write` as a [`Stream`] that has no timeouts and can't be shut down: a call on it may last as long as the
/// peer wants, and a deadline is only checked before each.
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
    /// Creates an aborter that calls this function.
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

/// A [`Stream`] whose calls keep a deadline. [`Stream::by`] creates it.
#[derive(Debug)]
pub struct By<'s, S: ?Sized> {
    stream: &'s mut S,
    deadline: Deadline,
}

impl<S: Stream + ?Sized> Read for By<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read_by(buffer, self.deadline)
    }
}

impl<S: Stream + ?Sized> Write for By<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write_by(&[IoSlice::new(bytes)], self.deadline)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.write_by(slices, self.deadline)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush_by(self.deadline)
    }
}

/// Writes by the call for one slice or for several.
pub(crate) fn write(stream: &mut impl Write, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    match slices {
        [one] => stream.write(one),
        several => stream.write_vectored(several),
    }
}
