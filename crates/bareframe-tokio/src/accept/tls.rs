//! TLS with clients (RFC 6455 section 10.6).

use std::sync::Arc;
use tokio_rustls::rustls::ServerConfig;

const HTTP_2: &[u8] = b"h2";

/// Returns a configuration by which TLS chooses only a protocol that is spoken then (RFC 7301).
pub(crate) fn without_http2(config: Arc<ServerConfig>) -> Arc<ServerConfig> {
    if !config.alpn_protocols.iter().any(|protocol| protocol == HTTP_2) {
        return config;
    }
    let mut config = ServerConfig::clone(&config);
    config.alpn_protocols.retain(|protocol| protocol != HTTP_2);
    Arc::new(config)
}
