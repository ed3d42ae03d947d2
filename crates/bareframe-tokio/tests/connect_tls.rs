//! Connections to servers over TLS (RFC 6455 section 10.6).
#![cfg(feature = "rustls")]

mod certified;
mod server;

use bareframe_tokio::rustls::{self, ClientConfig, ServerConfig};
use bareframe_tokio::{ConnectErrorKind, ConnectStep, Connector, Error, HandshakeError, RedirectError};
use certified::{HOST, certified};
use server::{answer, greet, serve_once, wait_for_end};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

const SOON: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_millis(200);

/// A client that knows the certificate, and finds every name here.
fn connector(config: Arc<ClientConfig>) -> Connector<'static> {
    Connector::DEFAULT
        .with_tls(config)
        .with_resolver(async |_, port| Ok(vec![([127, 0, 0, 1], port).into()]))
}

/// Starts a server for one connection over TLS.
async fn serve_tls<T, F>(
    config: Arc<ServerConfig>,
    serve: impl FnOnce(TlsStream<TcpStream>) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<T>)
where
    F: Future<Output = T> + Send,
    T: Send + 'static,
{
    serve_once(async move |stream| serve(TlsAcceptor::from(config).accept(stream).await.unwrap()).await).await
}

fn url(address: SocketAddr) -> String {
    format!("wss://{HOST}:{}/", address.port())
}

#[tokio::test]
async fn s10_6_a_connection_over_tls() {
    let (client, server) = certified();
    let (address, served) = serve_tls(server, async |mut stream| {
        let head = greet(&mut stream).await;
        (head, stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec))
    })
    .await;
    let mut socket = connector(client).connect(&url(address)).await.unwrap();
    assert_eq!(socket.read().await.unwrap().unwrap().as_str(), Some("Hello"));
    assert_eq!(socket.stream().peer_addr(), address);
    drop(socket);
    let (head, protocol) = served.await.unwrap();
    assert!(
        head.contains(&format!("Host: {HOST}:{}\r\n", address.port())),
        "{head}"
    );
    assert_eq!(protocol, None);
}

#[tokio::test]
async fn a_configuration_with_http2_does_not_ask_for_what_is_not_spoken() {
    let (client, server) = certified();
    let (mut client, mut server) = (ClientConfig::clone(&client), ServerConfig::clone(&server));
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    server.alpn_protocols = client.alpn_protocols.clone();
    let (address, served) = serve_tls(Arc::new(server), async |mut stream| {
        let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        greet(&mut stream).await;
        protocol
    })
    .await;
    connector(Arc::new(client)).connect(&url(address)).await.unwrap();
    assert_eq!(served.await.unwrap().as_deref(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_an_error_of_tls() {
    let ((_, server), (client, _)) = (certified(), certified());
    let (address, _) =
        serve_once(async |stream| TlsAcceptor::from(server).accept(stream).await.is_err()).await;
    let Err(Error::Connect(error)) = connector(client).connect(&url(address)).await else {
        panic!()
    };
    assert_eq!((error.step(), error.address()), (ConnectStep::Tls, Some(address)));
    let ConnectErrorKind::Io(cause) = error.kind() else {
        panic!("{error:?}")
    };
    let cause = cause.get_ref().unwrap().downcast_ref::<rustls::Error>();
    assert!(
        matches!(cause, Some(rustls::Error::InvalidCertificate(_))),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .starts_with(&format!("{HOST}, {address}: TLS handshake: ")),
        "{error}"
    );
}

#[cfg(feature = "platform-verifier")]
#[tokio::test]
async fn a_certificate_that_the_platform_does_not_know_is_an_error_of_tls() {
    let (_, server) = certified();
    let (address, _) =
        serve_once(async |stream| TlsAcceptor::from(server).accept(stream).await.is_err()).await;
    let connector = Connector::DEFAULT.with_resolver(async |_, port| Ok(vec![([127, 0, 0, 1], port).into()]));
    let Err(Error::Connect(error)) = connector.connect(&url(address)).await else {
        panic!()
    };
    assert_eq!(error.step(), ConnectStep::Tls);
}

/// Runs in a process of its own, in which the platform's roots are those that a test says.
#[cfg(feature = "platform-verifier")]
#[tokio::test]
#[ignore = "another test runs it"]
async fn with_the_roots_of_the_environment() {
    let Ok(url) = std::env::var("BAREFRAME_TEST_URL") else {
        return;
    };
    let connector = Connector::DEFAULT.with_resolver(async |_, port| Ok(vec![([127, 0, 0, 1], port).into()]));
    let mut socket = connector.connect(&url).await.unwrap();
    println!("read {:?}", socket.read().await.unwrap().unwrap().as_str());
}

// Elsewhere the roots are not in a file.
#[cfg(all(feature = "platform-verifier", target_os = "linux"))]
#[tokio::test]
async fn a_certificate_that_the_platform_knows_is_taken() {
    let (_, server, pem) = certified::certified_with_pem();
    let (address, served) = serve_tls(server, greet).await;
    let file = std::env::temp_dir().join(format!("bareframe-tokio-{}.pem", std::process::id()));
    std::fs::write(&file, pem).unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child
        .args([
            "--exact",
            "with_the_roots_of_the_environment",
            "--ignored",
            "--nocapture",
        ])
        .env("BAREFRAME_TEST_URL", url(address))
        .env("SSL_CERT_FILE", &file)
        .env_remove("SSL_CERT_DIR");
    let output = tokio::task::spawn_blocking(move || child.output().unwrap())
        .await
        .unwrap();
    std::fs::remove_file(file).unwrap();
    let output = String::from_utf8_lossy(&output.stdout);
    assert!(output.contains("read Some(\"Hello\")\n"), "{output}");
    served.await.unwrap();
}

#[cfg(not(feature = "platform-verifier"))]
#[tokio::test]
async fn without_roots_it_is_said_before_anything_is_done() {
    let error = bareframe_tokio::connect("wss://127.0.0.1/").await.unwrap_err();
    assert!(matches!(error, Error::NoTls));
    assert!(error.to_string().contains("platform-verifier"), "{error}");
}

#[tokio::test]
async fn tls_has_a_limit_however_the_server_drips() {
    let (client, _) = certified();
    let (address, served) = serve_once(async |mut stream| {
        stream.set_nodelay(true).unwrap();
        // The header of a record of 16 KiB, and then its bytes.
        for byte in [0x16, 3, 3, 0x40, 0].into_iter().chain(std::iter::repeat(2)) {
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let connector = connector(client).with_tls_timeout(LIMIT);
    let connected = timeout(SOON, connector.connect(&url(address))).await.unwrap();
    let Err(Error::Connect(error)) = connected else {
        panic!()
    };
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!((error.step(), error.address()), (ConnectStep::Tls, Some(address)));
    served.await.unwrap();
}

#[tokio::test]
async fn a_redirect_from_wss_to_ws_is_not_followed() {
    let (client, server) = certified();
    let (address, served) = serve_tls(server, async |mut stream| {
        answer(
            &mut stream,
            "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        )
        .await;
        wait_for_end(&mut stream).await;
    })
    .await;
    let connected = connector(client).with_redirects(5).connect(&url(address)).await;
    let Err(Error::Connect(error)) = connected else {
        panic!()
    };
    assert!(matches!(
        error.kind(),
        ConnectErrorKind::Handshake(HandshakeError::Redirect(RedirectError::Insecure))
    ));
    served.await.unwrap();
}
