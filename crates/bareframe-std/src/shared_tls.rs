//! TLS with one thread that reads and another that writes.

use crate::deadline::Deadline;
use crate::lock::{lock, try_lock};
use crate::stream::{Aborter, Share, Stream};
use rustls::Connection;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// How long a call that does not write may take to write records of TLS itself.
pub(crate) const MOMENT: Duration = Duration::from_millis(20);

/// How many bytes are read from the stream at once; rustls takes as many.
const READ_LEN: usize = 4096;

/// A TLS connection that two threads share, so that one reads while the other writes. [`Share::share`] creates it from
/// a [`rustls::StreamOwned`].
///
/// A read waits for the stream and never for a write. What TLS itself answers to what was read, such as to a key update,
/// is written by the thread that reads, or by the one that is writing.
#[derive(Clone)]
pub struct SharedTls<T> {
    shared: Arc<Shared>,
    stream: T,
}

struct Shared {
    /// Locked while bytes are encrypted or decrypted, and never while a thread waits for the stream.
    connection: Mutex<Connection>,
    /// Locked while the stream is read from: what was read and is not decrypted yet.
    reading: Mutex<Vec<u8>>,
    /// Locked while the stream is written to, so that records are written in order: what is encrypted and not written
    /// yet.
    writing: Mutex<Vec<u8>>,
}

impl<T: Stream + Clone> SharedTls<T> {
    pub(crate) fn new(connection: impl Into<Connection>, stream: T) -> SharedTls<T> {
        let shared = Shared {
            connection: Mutex::new(connection.into()),
            reading: Mutex::default(),
            writing: Mutex::default(),
        };
        SharedTls {
            shared: Arc::new(shared),
            stream,
        }
    }

    /// Writes what TLS has encrypted; `encrypted` is the lock for writing.
    fn send_tls(&mut self, encrypted: &mut Vec<u8>, deadline: Deadline) -> io::Result<()> {
        loop {
            if encrypted.is_empty() {
                // Memory for long data is not kept.
                encrypted.shrink_to(READ_LEN);
                let mut connection = lock(&self.shared.connection);
                while connection.wants_write() {
                    connection.write_tls(encrypted)?;
                }
            }
            if encrypted.is_empty() {
                return Ok(());
            }
            match self.stream.write_by(&[IoSlice::new(encrypted)], deadline) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(len) => drop(encrypted.drain(..len)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes what TLS has encrypted, unless another thread is writing, which then does it.
    fn send_tls_if_free(&mut self, deadline: Deadline) {
        let shared = Arc::clone(&self.shared);
        while let Some(mut encrypted) = try_lock(&shared.writing) {
            // A later write returns the error.
            if self.send_tls(&mut encrypted, deadline).is_err() {
                return;
            }
            drop(encrypted);
            // Another thread may have tried to lock for writing before the lock was released.
            if !lock(&shared.connection).wants_write() {
                return;
            }
        }
    }

    /// Reads and decrypts, with the lock for reading, until there is something for the buffer, or without a buffer
    /// until the handshake is done.
    fn receive(
        &mut self,
        received: &mut Vec<u8>,
        mut buffer: Option<&mut [u8]>,
        deadline: Deadline,
    ) -> io::Result<usize> {
        let shared = Arc::clone(&self.shared);
        loop {
            let done = shared.decrypt(received, buffer.as_deref_mut());
            let is_handshaking = lock(&shared.connection).is_handshaking();
            self.send_tls_if_free(if is_handshaking {
                deadline
            } else {
                deadline.at_most(MOMENT)
            });
            if let Some(len) = done? {
                return Ok(len);
            }
            let mut more = [0; READ_LEN];
            let len = self.stream.read_by(&mut more, deadline)?;
            received.extend_from_slice(&more[..len]);
            if len == 0 {
                if is_handshaking {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                lock(&shared.connection).read_tls(&mut io::empty())?;
            }
        }
    }

    /// Finishes the TLS handshake, or waits until the thread that reads has done so.
    fn handshake(&mut self, deadline: Deadline) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        while lock(&shared.connection).is_handshaking() {
            match try_lock(&shared.reading) {
                Some(mut received) => drop(self.receive(&mut received, None, deadline)?),
                None => {
                    deadline.left()?;
                    thread::sleep(Duration::from_millis(1));
                }
            }
        }
        Ok(())
    }

    /// Writes with the lock for writing, and checks again after releasing it.
    fn write_with<W>(
        &mut self,
        deadline: Deadline,
        write: impl FnOnce(&mut Self, MutexGuard<'_, Vec<u8>>) -> io::Result<W>,
    ) -> io::Result<W> {
        let shared = Arc::clone(&self.shared);
        let written = write(self, lock(&shared.writing));
        if written.is_ok() {
            self.send_tls_if_free(deadline.at_most(MOMENT));
        }
        written
    }
}

impl Shared {
    /// Decrypts until there is something to read into the buffer, or without a buffer until the handshake is done.
    /// Returns `None` if more bytes are needed.
    fn decrypt(&self, received: &mut Vec<u8>, buffer: Option<&mut [u8]>) -> io::Result<Option<usize>> {
        let mut connection = lock(&self.connection);
        let mut buffer = buffer;
        loop {
            match &mut buffer {
                Some(buffer) => match connection.reader().read(buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    read => return read.map(Some),
                },
                None if !connection.is_handshaking() => return Ok(Some(0)),
                None => {}
            }
            if received.is_empty() {
                return Ok(None);
            }
            let taken = connection.read_tls(&mut &received[..])?;
            received.drain(..taken);
            connection.process_new_packets().map_err(invalid)?;
        }
    }
}

impl<T: Stream + Clone> Stream for SharedTls<T> {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        let shared = Arc::clone(&self.shared);
        self.receive(&mut lock(&shared.reading), Some(buffer), deadline)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        self.handshake(deadline)?;
        self.write_with(deadline, |tls, mut encrypted| {
            tls.send_tls(&mut encrypted, deadline)?;
            let len = lock(&tls.shared.connection).writer().write_vectored(slices)?;
            // The bytes were accepted; a later write returns the error.
            let _ = tls.send_tls(&mut encrypted, deadline);
            Ok(len)
        })
    }

    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()> {
        self.write_with(deadline, |tls, mut encrypted| {
            tls.send_tls(&mut encrypted, deadline)?;
            tls.stream.flush_by(deadline)
        })
    }

    /// Sends TLS's notice of the end before our direction ends, if it can be written at once.
    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            lock(&self.shared.connection).send_close_notify();
            self.send_tls_if_free(Deadline::after(MOMENT));
        }
        self.stream.shutdown(how)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.stream.set_nodelay()
    }

    /// Ends the stream below TLS.
    fn aborter(&self) -> io::Result<Aborter> {
        self.stream.aborter()
    }
}

impl<T: Stream + Clone> Share for SharedTls<T> {
    type Shared = SharedTls<T>;

    fn share(self) -> SharedTls<T> {
        self
    }
}

impl<T: fmt::Debug> fmt::Debug for SharedTls<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedTls").field(&self.stream).finish()
    }
}

/// Converts the error for bytes that are not TLS.
pub(crate) fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}
