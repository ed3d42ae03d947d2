//! TLS, over which browsers speak HTTP/2.

use axum::serve::Listener;
use rcgen::CertifiedKey;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// How many clients may be in the handshake of TLS at once, and for how long.
const HANDSHAKES: usize = 256;
const PATIENCE: Duration = Duration::from_secs(10);

/// Accepts connections over TLS. A client that is slow in the handshake holds up no other.
pub(crate) struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    handshakes: JoinSet<Option<(TlsStream<TcpStream>, SocketAddr)>>,
}

/// Reads the certificates and the private key.
pub(crate) fn from_files(certificates: &Path, key: &Path) -> Result<ServerConfig, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificates).and_then(Iterator::collect);
    let chain = chain.map_err(|error| format!("no certificates in {}: {error}", certificates.display()))?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| format!("no private key in {}: {error}", key.display()))?;
    configuration(chain, private).map_err(|error| {
        let (certificates, key) = (certificates.display(), key.display());
        format!("the certificates in {certificates} can't be used with the key in {key}: {error}")
    })
}

/// Creates a certificate for this machine, which no browser trusts.
pub(crate) fn self_signed() -> Result<ServerConfig, String> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let made = rcgen::generate_simple_self_signed(names).map_err(|error| error.to_string())?;
    let CertifiedKey { cert, signing_key } = made;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der())?;
    configuration(vec![cert.der().clone()], key).map_err(|error| error.to_string())
}

fn configuration(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, tokio_rustls::rustls::Error> {
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    // Over HTTP/2 the page and its WebSocket have one connection (RFC 8441).
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

impl TlsListener {
    pub(crate) fn new(tcp: TcpListener, config: ServerConfig) -> TlsListener {
        TlsListener {
            tcp,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            handshakes: JoinSet::new(),
        }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TlsStream<TcpStream>, SocketAddr) {
        loop {
            let has_room = self.handshakes.len() < HANDSHAKES;
            tokio::select! {
                (stream, address) = Listener::accept(&mut self.tcp), if has_room => {
                    // What is said is short, and is to arrive at once.
                    let _ = stream.set_nodelay(true);
                    let handshake = timeout(PATIENCE, self.acceptor.accept(stream));
                    self.handshakes.spawn(async move { Some((handshake.await.ok()?.ok()?, address)) });
                }
                Some(done) = self.handshakes.join_next() => {
                    if let Ok(Some(accepted)) = done {
                        return accepted;
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
