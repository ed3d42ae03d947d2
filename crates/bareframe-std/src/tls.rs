//! TLS (RFC 6455 section 10.6).

use crate::deadline::Deadline;
use crate::error::Error;
use crate::shared_tls::{MOMENT, SharedTls, invalid};
use crate::socket::SharedSocket;
use crate::stream::{Aborter, Share, Stream};
use bareframe::handshake::UrlError;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ConnectionCommon, RootCertStore, SideData, StreamOwned};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::DerefMut;
use std::sync::{Arc, OnceLock};

/// Begins TLS with a server of this name; its handshake is done by the first reads and writes.
pub(crate) fn client(
    config: Option<Arc<ClientConfig>>,
    stream: SharedSocket<TcpStream>,
    host: &str,
) -> Result<SharedTls<ClientConnection, SharedSocket<TcpStream>>, Error> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| UrlError::Host)?;
    let config = match config {
        Some(config) => config,
        None => default_config().map_err(io::Error::other)?,
    };
    let connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
    Ok(SharedTls::new(connection, stream))
}

/// Mozilla's roots, and no client certificate.
fn default_config() -> Result<Arc<ClientConfig>, rustls::Error> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

/// A connection's own timeouts hold for each system call; a deadline for all of them together, those of the TLS handshake
/// and of the parts of a record among them.
impl<C, D, T> Stream for StreamOwned<C, T>
where
    C: DerefMut<Target = ConnectionCommon<D>>,
    D: SideData,
    T: Stream,
{
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        self.handshake(deadline)?;
        loop {
            match self.conn.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            self.conn.read_tls(&mut By::new(&mut self.sock, deadline))?;
            let processed = self.conn.process_new_packets().map_err(invalid);
            // What can't be written hides nothing that was received; a later write meets the error.
            let _ = self.send_tls(deadline.at_most(MOMENT));
            processed?;
        }
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        self.handshake(deadline)?;
        self.send_tls(deadline)?;
        let len = self.conn.writer().write_vectored(slices)?;
        // They were taken; a later write meets the error.
        let _ = self.send_tls(deadline);
        Ok(len)
    }

    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()> {
        self.handshake(deadline)?;
        self.send_tls(deadline)?;
        self.sock.flush_by(deadline)
    }

    /// Tells the peer that the end is meant before our direction ends, if that can be written at once.
    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.conn.send_close_notify();
            let _ = self.send_tls(Deadline::after(MOMENT));
        }
        self.sock.shutdown(how)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.sock.set_nodelay()
    }

    /// Ends the stream below TLS.
    fn aborter(&self) -> io::Result<Aborter> {
        self.sock.aborter()
    }
}

impl<C, D, T> Share for StreamOwned<C, T>
where
    C: DerefMut<Target = ConnectionCommon<D>>,
    D: SideData,
    T: Share,
{
    type Shared = SharedTls<C, T::Shared>;

    fn share(self) -> SharedTls<C, T::Shared> {
        let (connection, stream) = self.into_parts();
        SharedTls::new(connection, stream.share())
    }
}

/// Calls of a stream of rustls that keep a deadline.
trait ByDeadline {
    fn handshake(&mut self, deadline: Deadline) -> io::Result<()>;
    fn send_tls(&mut self, deadline: Deadline) -> io::Result<()>;
}

impl<C, D, T> ByDeadline for StreamOwned<C, T>
where
    C: DerefMut<Target = ConnectionCommon<D>>,
    D: SideData,
    T: Stream,
{
    /// Does what is left of TLS's handshake.
    fn handshake(&mut self, deadline: Deadline) -> io::Result<()> {
        if self.conn.is_handshaking() {
            self.conn.complete_io(&mut By::new(&mut self.sock, deadline))?;
        }
        Ok(())
    }

    /// Writes what TLS has encrypted.
    fn send_tls(&mut self, deadline: Deadline) -> io::Result<()> {
        while self.conn.wants_write() {
            match self.conn.write_tls(&mut By::new(&mut self.sock, deadline)) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A stream of which every call ends by a deadline.
struct By<'s, S: ?Sized> {
    stream: &'s mut S,
    deadline: Deadline,
}

impl<'s, S: ?Sized> By<'s, S> {
    const fn new(stream: &'s mut S, deadline: Deadline) -> By<'s, S> {
        By { stream, deadline }
    }
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
