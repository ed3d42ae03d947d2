//! Connections through HTTP and SOCKS5 proxies.
#![cfg(feature = "proxy")]

mod certified;
mod server;

use bareframe_tokio::{ConnectError, ConnectErrorKind, ConnectStep, Connector, Error, Proxy};
use server::{answer, greet, header, listen, read_head, serve_once, wait_for_end};
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_millis(200);

/// A name that only a proxy knows.
const NAME: &str = "server.example";

/// A connector that finds no address of any name.
fn blind(proxy: &str) -> Connector<'static> {
    Connector::DEFAULT
        .with_proxy(Proxy::new(proxy, "").unwrap())
        .with_resolver(async |name, _| panic!("{name} is not to be looked up"))
}

/// Passes on what one end says to this port of this machine.
async fn pass_on(mut client: impl AsyncRead + AsyncWrite + Unpin, port: u16) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // An end that is cut off is an end.
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

/// Serves one CONNECT, and returns its head.
async fn serve_connect(mut client: impl AsyncRead + AsyncWrite + Unpin) -> String {
    let head = read_head(&mut client).await;
    let target = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap();
    let port = target.rsplit(':').next().unwrap().parse().unwrap();
    client
        .write_all(b"HTTP/1.1 200 Connected\r\nVia: a\r\n\r\n")
        .await
        .unwrap();
    pass_on(client, port).await;
    head
}

/// What a client asked a SOCKS5 proxy for: its user and password, the kind of the address, and the address.
type Asked = (Option<(String, String)>, u8, Vec<u8>);

/// Serves one connection of SOCKS5 (RFC 1928), and returns what was asked for.
async fn serve_socks(mut client: TcpStream) -> Asked {
    let string = async |client: &mut TcpStream| {
        let len = client.read_u8().await.unwrap();
        let mut bytes = vec![0; usize::from(len)];
        client.read_exact(&mut bytes).await.unwrap();
        bytes
    };
    assert_eq!(client.read_u8().await.unwrap(), 5);
    let methods = string(&mut client).await;
    let credentials = if methods.contains(&2) {
        client.write_all(&[5, 2]).await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), 1);
        let [user, password] = [string(&mut client).await, string(&mut client).await];
        client.write_all(&[1, 0]).await.unwrap();
        Some((
            String::from_utf8(user).unwrap(),
            String::from_utf8(password).unwrap(),
        ))
    } else {
        client.write_all(&[5, 0]).await.unwrap();
        None
    };
    let mut request = [0; 4];
    client.read_exact(&mut request).await.unwrap();
    assert_eq!(request[..3], [5, 1, 0]);
    let address = match request[3] {
        1 => {
            let mut address = vec![0; 4];
            client.read_exact(&mut address).await.unwrap();
            address
        }
        3 => string(&mut client).await,
        4 => {
            let mut address = vec![0; 16];
            client.read_exact(&mut address).await.unwrap();
            address
        }
        other => panic!("{other}"),
    };
    let port = client.read_u16().await.unwrap();
    if request[3] == 4 {
        // This one has no IPv6: "address type not supported".
        client.write_all(&[5, 8, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    } else {
        client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
        pass_on(client, port).await;
    }
    (credentials, request[3], address)
}

/// A server that greets, its URL by [`NAME`], and what it got.
async fn greeter() -> (String, JoinHandle<String>) {
    let (address, served) = serve_once(greet).await;
    (format!("ws://{NAME}:{}/", address.port()), served)
}

async fn read_hello(connector: &Connector<'_>, url: &str, proxy: SocketAddr) {
    let mut socket = connector.connect(url).await.unwrap();
    assert_eq!(socket.stream().peer_addr(), proxy);
    assert_eq!(socket.read().await.unwrap().unwrap().as_str(), Some("Hello"));
}

#[track_caller]
fn connect_error<T>(connected: Result<T, Error>) -> ConnectError {
    match connected {
        Err(Error::Connect(error)) => *error,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("connected"),
    }
}

#[tokio::test]
async fn rfc9110_s9_3_6_an_http_proxy_is_asked_by_connect_with_credentials() {
    let (url, served) = greeter().await;
    let (proxy, proxied) = serve_once(serve_connect).await;
    let connector = blind(&format!("http://Aladdin:open%20sesame@{proxy}"));
    read_hello(&connector, &url, proxy).await;
    let head = proxied.await.unwrap();
    assert!(head.starts_with(&format!("CONNECT {NAME}:")), "{head}");
    assert_eq!(
        header(&head, "Proxy-Authorization"),
        Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    );
    let head = served.await.unwrap();
    assert!(
        head.starts_with("GET / HTTP/1.1\r\n") && !head.contains("Proxy-"),
        "{head}"
    );
}

#[tokio::test]
async fn an_http_proxy_that_refuses_is_an_error_of_the_proxy() {
    for text in [
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
        "",
    ] {
        let (proxy, _) = serve_once(move |stream| answer(stream, text)).await;
        let error = connect_error(blind(&proxy.to_string()).connect(&format!("ws://{NAME}/")).await);
        assert_eq!((error.step(), error.address()), (ConnectStep::Proxy, Some(proxy)));
        assert_eq!((error.host(), error.proxy()), (NAME, Some(&*proxy.to_string())));
        let begin = format!("{NAME} by the proxy {proxy}: proxy: tunnel error: ");
        assert!(error.to_string().starts_with(&begin), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let (proxy, listener) = listen().await;
    drop(listener);
    let error = connect_error(blind(&proxy.to_string()).connect(&format!("ws://{NAME}/")).await);
    assert_eq!((error.step(), error.address()), (ConnectStep::Tcp, Some(proxy)));
    assert!(
        error
            .to_string()
            .starts_with(&format!("{NAME} by the proxy {proxy}: TCP: ")),
        "{error}"
    );
}

#[tokio::test]
async fn a_proxy_has_a_limit() {
    let (proxy, served) = serve_once(async |mut stream| wait_for_end(&mut stream).await).await;
    for connector in [blind(&proxy.to_string()).with_tcp_timeout(LIMIT)] {
        let connected = timeout(SOON, connector.connect(&format!("ws://{NAME}/")))
            .await
            .unwrap();
        let error = connect_error(connected);
        assert!(error.is_timeout(), "{error:?}");
        assert_eq!((error.step(), error.address()), (ConnectStep::Proxy, Some(proxy)));
    }
    assert!(served.await.unwrap().starts_with(b"CONNECT "));
}

#[tokio::test]
async fn rfc1928_a_socks5h_proxy_gets_the_name_and_the_credentials() {
    let (url, served) = greeter().await;
    let (proxy, proxied) = serve_once(serve_socks).await;
    read_hello(
        &blind(&format!("socks5h://user:pass%40word@{proxy}")),
        &url,
        proxy,
    )
    .await;
    let credentials = Some(("user".to_owned(), "pass@word".to_owned()));
    assert_eq!(proxied.await.unwrap(), (credentials, 3, NAME.into()));
    served.await.unwrap();
}

#[tokio::test]
async fn rfc1928_a_socks5_proxy_gets_an_address_that_was_looked_up_here() {
    let (url, served) = greeter().await;
    let (proxy, proxied) = serve_once(serve_socks).await;
    let connector = Connector::DEFAULT
        .with_proxy(Proxy::new(&format!("socks5://{proxy}"), "").unwrap())
        .with_resolver(async |name, port| {
            assert_eq!(name, NAME);
            Ok(vec![([192, 0, 2, 1], port).into()])
        });
    read_hello(&connector, &url, proxy).await;
    assert_eq!(proxied.await.unwrap(), (None, 1, vec![192, 0, 2, 1]));
    served.await.unwrap();
}

#[tokio::test]
async fn rfc1928_a_socks5_proxy_that_does_not_take_an_address_is_asked_for_the_next() {
    let (url, served) = greeter().await;
    let (proxy, listener) = listen().await;
    let proxied = tokio::spawn(async move {
        let first = serve_socks(listener.accept().await.unwrap().0).await;
        (first.1, serve_socks(listener.accept().await.unwrap().0).await.1)
    });
    let connector = Connector::DEFAULT
        .with_proxy(Proxy::new(&format!("socks5://{proxy}"), "").unwrap())
        .with_resolver(async |_, port| {
            Ok(vec![
                ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], port).into(),
                ([192, 0, 2, 1], port).into(),
            ])
        });
    read_hello(&connector, &url, proxy).await;
    assert_eq!(proxied.await.unwrap(), (4, 1));
    served.await.unwrap();
}

#[tokio::test]
async fn a_socks5_proxy_that_refuses_the_credentials_is_an_error_of_the_proxy() {
    let (proxy, _) = serve_once(async |mut stream| {
        stream.read_exact(&mut [0; 3]).await.unwrap();
        stream.write_all(&[5, 0xFF]).await.unwrap();
        wait_for_end(&mut stream).await
    })
    .await;
    let error = connect_error(
        blind(&format!("socks5h://a:b@{proxy}"))
            .connect(&format!("ws://{NAME}/"))
            .await,
    );
    assert_eq!((error.step(), error.address()), (ConnectStep::Proxy, Some(proxy)));
    assert!(matches!(error.kind(), ConnectErrorKind::Io(_)), "{error}");
}

#[tokio::test]
async fn a_server_that_is_excepted_is_connected_to_without_the_proxy() {
    let (address, served) = serve_once(greet).await;
    let (proxy, _listener) = listen().await;
    let proxy = Proxy::new(&proxy.to_string(), "10.0.0.0/8, 127.0.0.0/8").unwrap();
    let connector = Connector::DEFAULT.with_proxy(proxy);
    read_hello(&connector, &format!("ws://{address}/"), address).await;
    served.await.unwrap();
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn tls_goes_through_a_proxy_and_through_one_that_is_reached_by_tls_itself() {
    use tokio_rustls::TlsAcceptor;
    let (client, server) = certified::certified();
    for scheme in ["http", "https"] {
        let acceptor = TlsAcceptor::from(server.clone());
        let of_proxy = acceptor.clone();
        let (address, served) =
            serve_once(async move |tcp| greet(acceptor.accept(tcp).await.unwrap()).await).await;
        let (proxy, proxied) = serve_once(async move |tcp| {
            if scheme == "https" {
                serve_connect(of_proxy.accept(tcp).await.unwrap()).await
            } else {
                serve_connect(tcp).await
            }
        })
        .await;
        let name = certified::HOST;
        let connector = Connector::DEFAULT
            .with_tls(client.clone())
            .with_proxy(Proxy::new(&format!("{scheme}://{name}:{}", proxy.port()), "").unwrap())
            .with_resolver(move |_, port| async move {
                assert_eq!(port, proxy.port());
                Ok(vec![proxy])
            });
        read_hello(&connector, &format!("wss://{name}:{}/", address.port()), proxy).await;
        assert!(
            proxied
                .await
                .unwrap()
                .starts_with(&format!("CONNECT {name}:{} ", address.port()))
        );
        served.await.unwrap();
    }
}

#[cfg(not(feature = "rustls"))]
#[tokio::test]
async fn a_proxy_that_is_reached_by_tls_needs_the_feature() {
    let (proxy, _listener) = listen().await;
    let error = connect_error(
        blind(&format!("https://{proxy}"))
            .connect(&format!("ws://{NAME}/"))
            .await,
    );
    assert_eq!(error.step(), ConnectStep::Tls);
    assert!(
        error.to_string().contains("the feature rustls is not on"),
        "{error}"
    );
}

/// Runs in a process of its own, with the environment that a test gives it.
#[tokio::test]
#[ignore = "other tests run it"]
async fn with_the_environment() {
    let Ok(url) = std::env::var("BAREFRAME_TEST_URL") else {
        return;
    };
    let connector = Connector::DEFAULT
        .with_proxy(Proxy::from_env())
        .with_timeout(SOON);
    match connector.connect(&url).await {
        Ok(mut socket) => {
            let peer = socket.stream().peer_addr();
            assert_eq!(socket.read().await.unwrap().unwrap().as_str(), Some("Hello"));
            println!("by {peer}");
        }
        Err(error) => println!("error {error}"),
    }
}

/// What the client prints that connects to a URL with this environment and no other variables about proxies.
async fn printed(url: &str, variables: &[(&str, String)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "with_the_environment", "--ignored", "--nocapture"]);
    for name in [
        "ALL_PROXY",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "REQUEST_METHOD",
    ] {
        child.env_remove(name).env_remove(name.to_lowercase());
    }
    child.env("BAREFRAME_TEST_URL", url);
    child.envs(variables.iter().map(|(name, value)| (name, value)));
    let output = tokio::task::spawn_blocking(move || child.output().unwrap())
        .await
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn the_environment_says_which_proxy_there_is() {
    for (variable, is_for_ws) in [("ALL_PROXY", true), ("http_proxy", true), ("HTTPS_PROXY", false)] {
        let (address, served) = serve_once(greet).await;
        let (proxy, _proxied) = serve_once(serve_connect).await;
        let peer = if is_for_ws { proxy } else { address };
        let output = printed(
            &format!("ws://{address}/"),
            &[(variable, format!("http://{proxy}"))],
        )
        .await;
        assert!(output.contains(&format!("by {peer}\n")), "{variable}: {output}");
        served.await.unwrap();
    }
}

#[tokio::test]
async fn the_environment_says_where_there_is_no_proxy() {
    for variables in [
        ("NO_PROXY", "example.com,127.0.0.1"),
        ("no_proxy", "*"),
        ("REQUEST_METHOD", "GET"),
    ] {
        let (address, served) = serve_once(greet).await;
        let nobody = "http://127.0.0.1:9".to_owned();
        let variables = [("ALL_PROXY", nobody), (variables.0, variables.1.to_owned())];
        let output = printed(&format!("ws://{address}/"), &variables).await;
        assert!(
            output.contains(&format!("by {address}\n")),
            "{variables:?}: {output}"
        );
        served.await.unwrap();
    }
}

#[tokio::test]
async fn a_proxy_of_the_environment_that_can_not_be_used_is_an_error() {
    let (address, _listener) = listen().await;
    let output = printed(
        &format!("ws://{address}/"),
        &[("ALL_PROXY", "socks4://127.0.0.1".to_owned())],
    )
    .await;
    assert!(
        output.contains("error 127.0.0.1: proxy: a proxy's URL begins with"),
        "{output}"
    );
}
