//! TLS (RFC 6455 section 10.6).

use crate::error::Error;
use crate::stream::{Stream, Timeouts};
use bareframe::handshake::UrlError;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ConnectionCommon, RootCertStore, SideData, StreamOwned};
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::DerefMut;
use std::sync::{Arc, OnceLock};

/// Begins TLS with a server of this name; the first octets do the rest.
pub(crate) fn client(
    config: Option<Arc<ClientConfig>>,
    stream: TcpStream,
    host: &str,
) -> Result<Box<StreamOwned<ClientConnection, TcpStream>>, Error> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| UrlError::Host)?;
    let config = match config {
        Some(config) => config,
        None => default_config().map_err(io::Error::other)?,
    };
    let connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
    Ok(Box::new(StreamOwned::new(connection, stream)))
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

impl<C, D, T> Stream for StreamOwned<C, T>
where
    C: DerefMut<Target = ConnectionCommon<D>>,
    D: SideData,
    T: Stream,
{
    fn timeouts(&self) -> io::Result<Timeouts> {
        self.sock.timeouts()
    }

    fn set_timeouts(&self, timeouts: Timeouts) -> io::Result<()> {
        self.sock.set_timeouts(timeouts)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.sock.set_nodelay()
    }

    /// Tells the peer that the end is meant, before our direction ends.
    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Read {
            self.conn.send_close_notify();
            self.flush()?;
        }
        self.sock.shutdown(how)
    }
}
