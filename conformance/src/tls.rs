//! A certificate for this machine, and an authority for it, both made for one run of the tests.

use crate::Failure;
use bareframe_std::rustls::crypto::ring;
use bareframe_std::rustls::pki_types::PrivatePkcs8KeyDer;
use bareframe_std::rustls::{ClientConfig, RootCertStore, ServerConfig};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name that the certificate is made out to.
pub const HOST: &str = "localhost";

/// Both sides of TLS, for rustls and in files for others.
#[derive(Debug)]
pub struct Tls {
    /// Trusts the authority and nobody else.
    pub client: Arc<ClientConfig>,
    /// Has the certificate.
    pub server: Arc<ServerConfig>,
    /// The authority's own certificate.
    pub authority: PathBuf,
    /// The certificate.
    pub certificate: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
}

impl Tls {
    /// Creates an authority and a certificate, and writes both to this directory.
    ///
    /// # Errors
    ///
    /// What rcgen, rustls or the system gives.
    pub fn new(directory: &Path) -> Result<Tls, Failure> {
        let authority_key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params
            .distinguished_name
            .push(DnType::CommonName, "bareframe conformance authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = params.self_signed(&authority_key)?;
        let issuer = Issuer::new(params, authority_key);

        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![HOST.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, HOST);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &issuer)?;

        fs::create_dir_all(directory)?;
        let file = |name: &str, content: String| {
            let path = directory.join(name);
            fs::write(&path, content).map(|()| path)
        };
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone())?;
        let provider = Arc::new(ring::default_provider());
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )?;
        // Python's `ssl` before 3.13 is not made for two threads, and a ticket for a later session arrives while the
        // one reads and the other sends the request.
        server.send_tls13_tickets = 0;
        Ok(Tls {
            client: Arc::new(client),
            server: Arc::new(server),
            authority: file("authority.pem", authority.pem())?,
            certificate: file("certificate.pem", certificate.pem())?,
            key: file("key.pem", key.serialize_pem())?,
        })
    }

    /// Returns the configuration of a client that trusts nobody.
    ///
    /// # Errors
    ///
    /// What rustls gives.
    pub fn stranger() -> Result<Arc<ClientConfig>, Failure> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}
