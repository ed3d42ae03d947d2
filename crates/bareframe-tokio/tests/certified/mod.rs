//! Both sides of TLS for a name that a test makes up a certificate for.
#![cfg(feature = "rustls")]
#![allow(dead_code, reason = "each test uses some")]

use bareframe_tokio::rustls::crypto::ring;
use bareframe_tokio::rustls::pki_types::PrivatePkcs8KeyDer;
use bareframe_tokio::rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::sync::Arc;

pub(crate) const HOST: &str = "localhost";

pub(crate) fn certified() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let (client, server, _) = certified_with_pem();
    (client, server)
}

/// Returns the certificate as a file has it, too.
pub(crate) fn certified_with_pem() -> (Arc<ClientConfig>, Arc<ServerConfig>, String) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .unwrap();
    (Arc::new(client), Arc::new(server), cert.pem())
}
