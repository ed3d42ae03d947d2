//! TLS (RFC 6455 section 10.6).

use crate::deadline::Deadline;
use crate::error::Error;
use crate::shared_tls::{MOMENT, SharedTls, invalid};
use crate::socket::SharedSocket;
use crate::stream::{Aborter, Share, Stream};
use bareframe::handshake::UrlError;
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, Connection, ConnectionCommon, RootCertStore, SideData, StreamOwned,
};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::DerefMut;
use std::sync::{Arc, OnceLock};

/// Begins TLS with a server of this name; its handshake is done by the first reads and writes.
pub(crate) fn client(
    config: Option<Arc<ClientConfig>>,
    stream: SharedSocket<TcpStream>,
    host: &str,
) -> Result<SharedTls<SharedSocket<TcpStream>>, Error> {
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

/// A connection's own timeouts hold for each system call. A deadline holds for all of them together, including those of
/// the TLS handshake and of the parts of a record.
impl<C, D, T> Stream for StreamOwned<C, T>
where
    C: DerefMut<Target = ConnectionCommon<D>>,
    D: SideData,
    T: Stream + Read + Write,
{
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        let (connection, stream) = (&mut *self.conn, &mut self.sock);
        shake_hands(connection, stream, deadline)?;
        loop {
            match connection.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            connection.read_tls(&mut stream.by(deadline))?;
            let processed = connection.process_new_packets().map_err(invalid);
            // A failed write must not hide what was received; a later write returns the error.
            let _ = send_tls(connection, stream, deadline.at_most(MOMENT));
            processed?;
        }
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        self.flush_by(deadline)?;
        let len = self.conn.writer().write_vectored(slices)?;
        // The bytes were accepted; a later write returns the error.
        let _ = send_tls(&mut self.conn, &mut self.sock, deadline);
        Ok(len)
    }

    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()> {
        shake_hands(&mut self.conn, &mut self.sock, deadline)?;
        send_tls(&mut self.conn, &mut self.sock, deadline)?;
        self.sock.flush_by(deadline)
    }

    /// Sends TLS's notice of the end before our direction ends, if it can be written at once.
    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.conn.send_close_notify();
            let _ = send_tls(&mut self.conn, &mut self.sock, Deadline::after(MOMENT));
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

impl<C: Into<Connection>, T> Share for StreamOwned<C, T>
where
    StreamOwned<C, T>: Stream,
    T: Share + Read + Write,
{
    type Shared = SharedTls<T::Shared>;

    fn share(self) -> SharedTls<T::Shared> {
        SharedTls::new(self.conn, self.sock.share())
    }
}

/// Finishes the TLS handshake.
fn shake_hands<D: SideData>(
    connection: &mut ConnectionCommon<D>,
    stream: &mut impl Stream,
    deadline: Deadline,
) -> io::Result<()> {
    if connection.is_handshaking() {
        connection.complete_io(&mut stream.by(deadline))?;
    }
    Ok(())
}

/// Writes what TLS has encrypted.
fn send_tls<D: SideData>(
    connection: &mut ConnectionCommon<D>,
    stream: &mut impl Stream,
    deadline: Deadline,
) -> io::Result<()> {
    while connection.wants_write() {
        match connection.write_tls(&mut stream.by(deadline)) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
