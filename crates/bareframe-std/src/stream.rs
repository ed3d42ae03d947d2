//! What a stream can do beside reading and writing: time out, and be shut.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// Octets in both directions, with timeouts if it has any.
///
/// Opening and closing handshakes end in time only over a stream that can time out. Every method has a
/// default that does nothing, so that `impl Stream for YourStream {}` makes one of any `Read + Write`;
/// [`Untimed`] makes one of a type that is not yours.
///
/// ```
/// use bareframe_std::{Stream, Timeouts};
/// use std::io::{Read, Result, Write};
/// use std::net::TcpStream;
///
/// struct Counted { stream: TcpStream, received: usize }
///
/// impl Read for Counted {
///     fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
///         let len = self.stream.read(buffer)?;
///         self.received += len;
///         Ok(len)
///     }
/// }
/// # impl Write for Counted {
/// #     fn write(&mut self, octets: &[u8]) -> Result<usize> { self.stream.write(octets) }
/// #     fn flush(&mut self) -> Result<()> { Ok(()) }
/// # }
///
/// impl Stream for Counted {
///     fn timeouts(&self) -> Result<Timeouts> { self.stream.timeouts() }
///     fn set_timeouts(&self, timeouts: Timeouts) -> Result<()> { self.stream.set_timeouts(timeouts) }
/// }
/// ```
pub trait Stream: Read + Write {
    /// Gives how long a call of `read` and one of `write` may last.
    ///
    /// # Errors
    ///
    /// What the system gives.
    fn timeouts(&self) -> io::Result<Timeouts> {
        Ok(Timeouts::NONE)
    }

    /// Sets how long a call of `read` and one of `write` may last; no time given is zero.
    ///
    /// # Errors
    ///
    /// What the system gives.
    fn set_timeouts(&self, timeouts: Timeouts) -> io::Result<()> {
        let _ = timeouts;
        Ok(())
    }

    /// Has small writes leave at once: TCP_NODELAY.
    ///
    /// # Errors
    ///
    /// What the system gives.
    fn set_nodelay(&self) -> io::Result<()> {
        Ok(())
    }

    /// Ends a direction of the stream, or both.
    ///
    /// # Errors
    ///
    /// What the system gives.
    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        let _ = how;
        Ok(())
    }
}

/// How long one call on a stream may last; `None` is for ever.
///
/// ```
/// use bareframe_std::Timeouts;
/// use std::time::Duration;
/// let patient_reader = Timeouts { write: Some(Duration::from_secs(5)), ..Timeouts::NONE };
/// assert_eq!(patient_reader.read, None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// How long `read` waits for the first octet.
    pub read: Option<Duration>,
    /// How long `write` waits until the first octet is taken.
    pub write: Option<Duration>,
}

/// Any `Read + Write` as a [`Stream`] that can't time out.
///
/// ```
/// use bareframe_std::{Options, Untimed, WebSocket};
/// use std::io::Cursor;
/// let octets = Cursor::new(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec());
/// let mut server = WebSocket::server(Untimed(octets), &Options::DEFAULT);
/// assert_eq!(server.read()?.unwrap().as_str(), Some("Hello"));
/// # Ok::<(), bareframe_std::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Untimed<S>(
    /// The stream.
    pub S,
);

impl Timeouts {
    /// No timeout.
    pub const NONE: Timeouts = Timeouts {
        read: None,
        write: None,
    };

    pub(crate) const fn both(timeout: Duration) -> Timeouts {
        Timeouts {
            read: Some(timeout),
            write: Some(timeout),
        }
    }
}

impl<S: Read> Read for Untimed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<S: Write> Write for Untimed<S> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets)
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<S: Read + Write> Stream for Untimed<S> {}

impl Stream for TcpStream {
    fn timeouts(&self) -> io::Result<Timeouts> {
        Ok(Timeouts {
            read: self.read_timeout()?,
            write: self.write_timeout()?,
        })
    }

    fn set_timeouts(&self, timeouts: Timeouts) -> io::Result<()> {
        self.set_read_timeout(timeouts.read)?;
        self.set_write_timeout(timeouts.write)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        TcpStream::set_nodelay(self, true)
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        TcpStream::shutdown(self, how)
    }
}

impl<S: Stream + ?Sized> Stream for Box<S> {
    fn timeouts(&self) -> io::Result<Timeouts> {
        (**self).timeouts()
    }

    fn set_timeouts(&self, timeouts: Timeouts) -> io::Result<()> {
        (**self).set_timeouts(timeouts)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        (**self).set_nodelay()
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        (**self).shutdown(how)
    }
}

#[cfg(unix)]
impl Stream for std::os::unix::net::UnixStream {
    fn timeouts(&self) -> io::Result<Timeouts> {
        Ok(Timeouts {
            read: self.read_timeout()?,
            write: self.write_timeout()?,
        })
    }

    fn set_timeouts(&self, timeouts: Timeouts) -> io::Result<()> {
        self.set_read_timeout(timeouts.read)?;
        self.set_write_timeout(timeouts.write)
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        std::os::unix::net::UnixStream::shutdown(self, how)
    }
}
