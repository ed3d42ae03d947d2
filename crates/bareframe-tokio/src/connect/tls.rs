//! TLS with a server or a proxy (RFC 6455 section 10.6).

use std::io::{self, ErrorKind};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

const HTTP_2: &[u8] = b"h2";
const HTTP_11: &[u8] = b"http/1.1";

/// Does TLS's handshake with a server of this name, which may choose HTTP/2 if `http2` says so.
pub(crate) async fn connect<S>(
    config: Arc<ClientConfig>,
    host: &str,
    stream: S,
    http2: bool,
) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
    let connector = TlsConnector::from(with_protocols(config, http2));
    connector.connect(name, stream).await
}

/// Returns `true` if the server chose HTTP/2.
pub(crate) fn is_http2<S>(stream: &TlsStream<S>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(HTTP_2)
}

/// Returns a configuration by which the server chooses only a protocol that is spoken then (RFC 7301).
fn with_protocols(config: Arc<ClientConfig>, http2: bool) -> Arc<ClientConfig> {
    if http2 {
        let mut config = ClientConfig::clone(&config);
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_11.to_vec()];
        return Arc::new(config);
    }
    if !config.alpn_protocols.iter().any(|protocol| protocol == HTTP_2) {
        return config;
    }
    let mut config = ClientConfig::clone(&config);
    config.alpn_protocols.retain(|protocol| protocol != HTTP_2);
    Arc::new(config)
}

/// Returns a configuration with the roots that the platform trusts, and no client certificate. The roots are read once.
#[cfg(feature = "platform-verifier")]
pub(crate) fn platform() -> io::Result<Arc<ClientConfig>> {
    use rustls_platform_verifier::BuilderVerifierExt;
    use std::sync::OnceLock;
    use tokio_rustls::rustls::crypto::ring;
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(io::Error::other)?
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

/// There are no roots without the platform's.
#[cfg(not(feature = "platform-verifier"))]
pub(crate) fn platform() -> io::Result<Arc<ClientConfig>> {
    Err(io::Error::new(ErrorKind::Unsupported, crate::error::Error::NoTls))
}
