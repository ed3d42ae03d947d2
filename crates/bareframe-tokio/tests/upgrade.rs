//! Upgrades of requests that hyper has read, over HTTP/1.1 and HTTP/2.
#![cfg(feature = "hyper")]

mod server;

use bareframe_testkit::Frame;
use bareframe_tokio::handshake::{Choice, RequestError};
use bareframe_tokio::{
    CloseCode, Error, HandshakeError, Options, ServerSocket, Shutdown, UpgradeRequest, UpgradedStream,
    upgrade,
};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use server::{header, read_head, serve_once, wait_for_end};
use std::convert::Infallible;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio::net::TcpStream;

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: superchat, chat\r\n\r\n";

/// Sends back all messages.
async fn echo(mut socket: ServerSocket<UpgradedStream>) -> Result<(), Error> {
    while let Some((message, mut sender)) = socket.read_with_sender().await? {
        sender.send(&message).await?;
    }
    socket.close(None, "").await.map(drop)
}

/// Accepts with the subprotocol "chat", and echoes.
fn serve(mut request: Request<Incoming>) -> Response<Full<Bytes>> {
    let accepted = UpgradeRequest::from_request(&mut request).and_then(|request| {
        let subprotocol = Some("chat").filter(|chat| request.offers(chat));
        let choice = Choice::DEFAULT
            .with_subprotocol(subprotocol)
            .with_headers(&[("X-Server", "a")]);
        request.accept(&choice)
    });
    match accepted {
        Ok((response, upgrading)) => {
            tokio::spawn(async move { echo(upgrading.await?).await });
            response
        }
        Err(error) => error.response(),
    }
}

async fn serve_http1(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = service_fn(|request| async { Ok::<_, Infallible>(serve(request)) });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    connection.with_upgrades().await.unwrap();
}

/// As axum does.
async fn serve_both(stream: TcpStream) {
    let service = service_fn(|request| async { Ok::<_, Infallible>(serve(request)) });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().enable_connect_protocol();
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    // HTTP/2 may end without a GOAWAY of the client's.
    let _ = connection.await;
}

/// Sends a request and a message after it in one write, and has the message sent back.
async fn converse(mut client: impl AsyncRead + AsyncWrite + Unpin) {
    let message = Frame::text("Hello").masked([1, 2, 3, 4]).to_bytes();
    let sent = [REQUEST.as_bytes(), &message].concat();
    client.write_all(&sent).await.unwrap();
    let head = read_head(&mut client).await;
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    for (name, value) in [
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("sec-websocket-protocol", "chat"),
        ("x-server", "a"),
    ] {
        assert_eq!(header(&head, name), Some(value), "{head}");
    }
    for name in ["content-length", "transfer-encoding"] {
        assert_eq!(header(&head, name), None, "{head}");
    }
    let mut echoed = [0; 7];
    client.read_exact(&mut echoed).await.unwrap();
    assert_eq!(&echoed, b"\x81\x05Hello");
    let close = Frame::close(1000, "").masked([0; 4]).to_bytes();
    client.write_all(&close).await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(wait_for_end(&mut client).await, Frame::close(1000, "").to_bytes());
}

#[tokio::test]
async fn s4_2_2_a_connection_of_http_1_becomes_a_websocket_with_what_is_after_the_head() {
    for serve in [serve_once(serve_http1).await, serve_once(serve_both).await] {
        converse(TcpStream::connect(serve.0).await.unwrap()).await;
        serve.1.await.unwrap();
    }
    // Over what is not TCP.
    let (client, of_server) = duplex(1 << 10);
    let served = tokio::spawn(serve_http1(of_server));
    converse(client).await;
    served.await.unwrap();
}

#[tokio::test]
async fn over_tcp_there_is_nothing_between_the_connection_and_its_stream() {
    async fn is_tcp(mut request: Request<Incoming>) -> Result<Response<String>, Infallible> {
        let (response, upgrading) = upgrade(&mut request).unwrap();
        tokio::spawn(async move {
            let mut socket = upgrading.await?;
            let nodelay = socket.stream().tcp().map(TcpStream::nodelay);
            let says = matches!(nodelay, Some(Ok(true)));
            socket.send(if says { "yes" } else { "no" }).await
        });
        Ok(response)
    }
    async fn first(address: SocketAddr) -> String {
        let mut client = bareframe_tokio::connect(&format!("ws://{address}/"))
            .await
            .unwrap();
        client.read().await.unwrap().unwrap().as_str().unwrap().to_owned()
    }
    let (address, _served) = serve_once(|stream| async {
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(is_tcp));
        connection.with_upgrades().await.unwrap();
    })
    .await;
    assert_eq!(first(address).await, "yes");
    let (address, _served) = serve_once(|stream| async {
        let builder = auto::Builder::new(TokioExecutor::new());
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service_fn(is_tcp));
        connection.await.unwrap();
    })
    .await;
    assert_eq!(first(address).await, "yes");
}

#[tokio::test]
async fn s4_2_1_a_wrong_request_is_answered_as_the_core_says() {
    for (request, status, says) in [
        (
            REQUEST.replace("Version: 13", "Version: 12"),
            426,
            RequestError::UnsupportedVersion.text(),
        ),
        (REQUEST.replace("GET", "PUT"), 405, RequestError::NotGet.text()),
        (
            REQUEST.replace("ZQ==", "ZQ="),
            400,
            RequestError::InvalidKey.text(),
        ),
        (
            REQUEST.replace("Connection: Upgrade", "Connection: keep-alive"),
            400,
            RequestError::MissingConnection.text(),
        ),
        (
            REQUEST.replace("superchat, chat", "super chat"),
            400,
            RequestError::InvalidSubprotocols.text(),
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            426,
            "the client asks for no WebSocket",
        ),
    ] {
        let (address, served) = serve_once(serve_http1).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let answer = String::from_utf8(wait_for_end(&mut client).await).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{says}\n")), "{answer}");
        if status == 426 {
            assert_eq!(header(&answer, "sec-websocket-version"), Some("13"));
            assert_eq!(header(&answer, "upgrade"), Some("websocket"));
        }
        served.await.unwrap();
    }
}

/// Returns a request as hyper's service has it, without a connection.
fn request(headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::get("/chat?room=1")
        .header("Host", "example.com")
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Version", "13");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(()).unwrap();
    let on_upgrade = hyper::upgrade::on(Request::new(()));
    request.extensions_mut().insert(on_upgrade);
    request
}

#[tokio::test]
async fn s10_2_the_origin_is_known_and_compared_with_the_host() {
    for (origin, is_same) in [
        (Some("https://example.com"), true),
        (Some("https://example.org"), false),
        (Some("null"), false),
        (None, true),
    ] {
        let headers = origin.map(|origin| ("Origin", origin));
        let asked = UpgradeRequest::from_request(&mut request(headers.as_slice())).unwrap();
        assert_eq!(asked.origin(), origin);
        assert_eq!(asked.is_same_origin(), is_same);
        assert_eq!(asked.host(), Some("example.com"));
        assert_eq!(asked.uri().query(), Some("room=1"));
    }
    let two = [
        ("Origin", "https://example.com"),
        ("Origin", "https://example.org"),
    ];
    let asked = UpgradeRequest::from_request(&mut request(&two)).unwrap();
    assert!(!asked.is_same_origin(), "nobody knows which of two");
}

#[tokio::test]
async fn what_can_not_be_upgraded_is_said_and_the_response_is_that_the_server_failed() {
    let mut without = request(&[]);
    without.extensions_mut().remove::<OnUpgrade>();
    let error = UpgradeRequest::from_request(&mut without).unwrap_err();
    assert!(matches!(error, HandshakeError::NotUpgradable));
    assert_eq!(
        error.response::<String>().status(),
        StatusCode::INTERNAL_SERVER_ERROR
    );
    let asked = UpgradeRequest::from_request(&mut request(&[])).unwrap();
    let error = asked
        .accept::<String>(&Choice::DEFAULT.with_subprotocol(Some("chat")))
        .unwrap_err();
    assert_eq!(
        error.response::<String>().status(),
        StatusCode::INTERNAL_SERVER_ERROR
    );
    // The response was never sent.
    let asked = UpgradeRequest::from_request(&mut request(&[])).unwrap();
    let (response, upgrading) = asked.accept::<String>(&Choice::DEFAULT).unwrap();
    assert_eq!(response.status(), 101);
    assert!(matches!(upgrading.await, Err(Error::Io(_))));
}

#[tokio::test]
async fn a_shutdown_counts_from_the_request_on_and_closes_what_comes_of_it() {
    let shutdown = Shutdown::new();
    let of_server = shutdown.clone();
    let (address, _served) = serve_once(async move |stream| {
        let service = service_fn(async |mut request: Request<Incoming>| {
            let asked = UpgradeRequest::from_request(&mut request).unwrap();
            let (response, upgrading) = asked.with_shutdown(&of_server).accept(&Choice::DEFAULT).unwrap();
            assert_eq!(of_server.connections(), 1);
            tokio::spawn(async move { echo(upgrading.await?).await });
            Ok::<Response<String>, Infallible>(response)
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        connection.with_upgrades().await.unwrap();
    })
    .await;
    let mut client = bareframe_tokio::connect(&format!("ws://{address}/"))
        .await
        .unwrap();
    shutdown.begin();
    assert!(client.read().await.unwrap().is_none());
    assert_eq!(client.close_reason().unwrap().code(), Some(CloseCode::GOING_AWAY));
    client.close(None, "").await.unwrap();
    assert_eq!(shutdown.finish(std::time::Duration::from_secs(5)).await, 0);
}

#[tokio::test]
async fn the_options_are_those_of_the_request() {
    let limit = Options::DEFAULT.with_write_buffer(300);
    let asked = UpgradeRequest::from_request(&mut request(&[]))
        .unwrap()
        .with_options(limit);
    assert_eq!(asked.options(), limit);
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn rfc8441_s5_a_stream_of_http_2_becomes_a_websocket() {
    use bareframe_tokio::Connector;
    let (address, served) = serve_once(serve_both).await;
    let connector = Connector::DEFAULT
        .with_http2(true)
        .with_subprotocols(&["superchat", "chat"]);
    let mut client = connector.connect(&format!("ws://{address}/chat")).await.unwrap();
    assert_eq!(client.response().unwrap().status(), 200);
    assert_eq!(client.response().unwrap().header("x-server"), Some("a"));
    assert_eq!(client.subprotocol(), Some("chat"));
    for len in [0, 5, 70_000, 3 << 20] {
        let text = "a".repeat(len);
        client.send(text.as_str()).await.unwrap();
        assert!(
            client.read().await.unwrap().unwrap().as_str() == Some(&text),
            "{len}"
        );
    }
    client.close(CloseCode::NORMAL_CLOSURE, "").await.unwrap();
    drop(client);
    served.await.unwrap();
}
