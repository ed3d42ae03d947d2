//! Clients that reach the proxy over TLS.

use super::{Proxy, Server};
use crate::arguments::Arguments;
use bareframe_tokio::Connector;
use clap::Parser;
use std::path::PathBuf;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Files that are gone with this.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Files {
        let directory = format!("bareframe-proxy-{}-{name}", std::process::id());
        let directory = std::env::temp_dir().join(directory);
        std::fs::create_dir_all(&directory).unwrap();
        Files(directory)
    }

    fn write(&self, name: &str, content: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn rfc8441_s5_over_tls_clients_come_by_http_1_and_http_2_and_who_says_nothing_holds_up_nobody() {
    let files = Files::new("clients");
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = files.write("cert.pem", &made.cert.pem());
    let key = files.write("key.pem", &made.signing_key.serialize_pem());
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let trust = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = Connector::DEFAULT.with_tls(trust.into());

    let mut server = Server::start().await;
    let proxy = Proxy::start(server.address, &["--tls", &certificate, &key]).await;
    let _silent = tokio::net::TcpStream::connect(proxy.address).await.unwrap();
    for (http2, expected) in [(false, 101), (true, 200)] {
        let connector = connector.clone().with_http2(http2);
        let mut client = connector.connect(&proxy.url("/over/tls")).await.unwrap();
        assert_eq!(client.response().unwrap().status(), expected);
        let mut reached = server.reached().await;
        assert_eq!(reached.uri.path(), "/over/tls");
        assert_eq!(reached.headers["x-forwarded-proto"], "https");
        client.send("Hello").await.unwrap();
        let heard = reached.socket.read().await.unwrap().unwrap();
        assert_eq!(heard.as_str(), Some("Hello"));
        reached.socket.send("Good day").await.unwrap();
        assert_eq!(client.read().await.unwrap().unwrap().as_str(), Some("Good day"));
    }
    // Without TLS nobody is answered.
    let plain = proxy.url("/").replace("wss:", "ws:");
    assert!(Connector::DEFAULT.connect(&plain).await.is_err());
}

#[test]
fn tls_needs_two_files_with_what_they_are_for() {
    let parse = |more: &[&str]| Arguments::try_parse_from([&["proxy", "ws://a"], more].concat());
    assert!(parse(&["--tls", "cert.pem"]).is_err());
    assert!(parse(&[]).unwrap().acceptor().unwrap().is_none());
    let none = parse(&["--tls", "/nonesuch/cert.pem", "key.pem"]).unwrap();
    let error = none.acceptor().err().unwrap();
    assert!(
        error.starts_with("no certificates in /nonesuch/cert.pem"),
        "{error}"
    );
}
