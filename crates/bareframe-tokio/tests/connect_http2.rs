//! Connections to servers over HTTP/2 (RFC 8441).
#![cfg(feature = "http2")]

mod certified;
mod server;

use bareframe_tokio::handshake::ResponseError;
use bareframe_tokio::{
    ConnectErrorKind, ConnectStep, Connector, Error, HandshakeError, Message, Options, WebSocket,
};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use server::{answer, listen, serve_once, wait_for_end};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(10);

const CONNECTOR: Connector<'static> = Connector::DEFAULT
    .with_http2(true)
    .with_subprotocols(&["superchat", "chat"])
    .with_origin("http://example.com")
    .with_headers(&[("X-Room", "1")])
    .with_cookies(&[("a", "b")]);

type Answer = Response<Full<Bytes>>;

/// Serves one connection of HTTP/2 until it ends; `respond` answers each request.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    has_extended_connect: bool,
    respond: impl Fn(Request<Incoming>) -> Answer,
) -> hyper::Result<()> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    if has_extended_connect {
        builder.enable_connect_protocol();
    }
    let service = service_fn(|request| {
        let answer = respond(request);
        async { Ok::<_, Infallible>(answer) }
    });
    builder.serve_connection(TokioIo::new(stream), service).await
}

/// Checks a request, and sends back all messages of its WebSocket.
fn echo(mut request: Request<Incoming>) -> Answer {
    assert_eq!(
        (request.method(), request.version()),
        (&Method::CONNECT, Version::HTTP_2)
    );
    assert_eq!(
        request.extensions().get::<Protocol>().unwrap().as_str(),
        "websocket"
    );
    assert_eq!(request.uri().path_and_query().unwrap(), "/chat?room=1");
    for (name, value) in [
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "superchat, chat"),
        ("origin", "http://example.com"),
        ("x-room", "1"),
        ("cookie", "a=b"),
        ("user-agent", concat!("bareframe/", env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(request.headers()[name], value);
    }
    for name in ["sec-websocket-key", "upgrade", "connection", "host"] {
        assert!(!request.headers().contains_key(name), "{name}");
    }
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(&mut request).await.unwrap();
        let mut socket = WebSocket::server(TokioIo::new(upgraded), &Options::DEFAULT);
        while let Some(message) = socket.read().await.unwrap() {
            let message = Message::from(message.as_str().unwrap());
            socket.send(message).await.unwrap();
        }
        socket.close(None, "").await.unwrap();
    });
    let answer = Response::builder()
        .header("Sec-WebSocket-Protocol", "chat")
        .header("X-Server", "a");
    answer.body(Full::default()).unwrap()
}

/// Starts a server for one connection without TLS, and returns its URL.
async fn served(
    has_extended_connect: bool,
    respond: impl Fn(Request<Incoming>) -> Answer + Send + Sync + 'static,
) -> (SocketAddr, String, JoinHandle<hyper::Result<()>>) {
    let (address, served) =
        serve_once(async move |stream| serve(stream, has_extended_connect, respond).await).await;
    (address, format!("ws://{address}/chat?room=1"), served)
}

/// Sends messages of some lengths, has each sent back, and closes.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut socket: bareframe_tokio::ClientSocket<S>) {
    assert_eq!(socket.subprotocol(), Some("chat"));
    assert_eq!(socket.response().unwrap().status(), 200);
    assert_eq!(socket.response().unwrap().header("X-Server"), Some("a"));
    // The last is longer than both windows of HTTP/2.
    for len in [0, 5, 70_000, 3 << 20] {
        let text = "a".repeat(len);
        socket.send(text.as_str()).await.unwrap();
        assert!(
            socket.read().await.unwrap().unwrap().as_str() == Some(&text),
            "{len}"
        );
    }
    socket.close(None, "").await.unwrap();
}

#[tokio::test]
async fn rfc8441_s5_a_websocket_over_http2_without_tls() {
    let (address, url, served) = served(true, echo).await;
    let socket = CONNECTOR.connect(&url).await.unwrap();
    assert_eq!(socket.stream().peer_addr(), address);
    converse(socket).await;
    timeout(SOON, served)
        .await
        .expect("the connection ends with its WebSocket")
        .unwrap()
        .unwrap();
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn rfc7692_s5_1_compression_is_offered_and_agreed_on_over_http2_too() {
    use bareframe_tokio::deflate::Policy;
    let options = Options::DEFAULT.with_deflate(Policy::DEFAULT);
    let respond = move |mut request: Request<Incoming>| {
        let offers = request.headers()["sec-websocket-extensions"].to_str().unwrap();
        let offers = bareframe_tokio::handshake::Extensions::parse(offers).unwrap();
        let (agreed, list) = Policy::DEFAULT.accept_with("", offers).unwrap();
        tokio::spawn(async move {
            let upgraded = TokioIo::new(hyper::upgrade::on(&mut request).await.unwrap());
            let mut socket = WebSocket::server_with_deflate(upgraded, &options, agreed);
            while let Some((message, mut sender)) = socket.read_with_sender().await.unwrap() {
                sender.send(&message).await.unwrap();
            }
            socket.close(None, "").await.unwrap();
        });
        let answer = Response::builder().header("Sec-WebSocket-Extensions", list);
        answer.body(Full::default()).unwrap()
    };
    let (_, url, served) = served(true, respond).await;
    let connector = Connector::DEFAULT.with_http2(true).with_options(options);
    let mut socket = connector.connect(&url).await.unwrap();
    assert!(socket.deflate().is_some());
    for len in [100, 100_000] {
        let text = "all work and no play ".repeat(len / 20);
        socket.send(text.as_str()).await.unwrap();
        assert!(socket.read().await.unwrap().unwrap().as_str() == Some(&text));
    }
    socket.close(None, "").await.unwrap();
    drop(socket);
    timeout(SOON, served).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn both_halves_of_a_connection_over_http2_go_on_at_once() {
    // As many bytes as fit into no window, before the first is read.
    const COUNT: usize = 300;
    let (_, url, served) = served(true, echo).await;
    let (mut reader, mut writer) = CONNECTOR.connect(&url).await.unwrap().split();
    let text = "a".repeat(10_000);
    let sent = text.clone();
    let sending = tokio::spawn(async move {
        for _ in 0..COUNT {
            writer.send(sent.as_str()).await.unwrap();
        }
        writer.send_close(None, "").await.unwrap();
    });
    let mut count = 0;
    while let Some(message) = reader.read().await.unwrap() {
        assert!(message.as_str() == Some(&text));
        count += 1;
    }
    assert_eq!(count, COUNT);
    sending.await.unwrap();
    drop(reader);
    timeout(SOON, served).await.unwrap().unwrap().unwrap();
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn rfc8441_s5_over_tls_the_server_chooses_the_version_of_http() {
    use bareframe_tokio::rustls::ServerConfig;
    use tokio_rustls::TlsAcceptor;
    let (client, server) = certified::certified();
    let connector = CONNECTOR
        .with_tls(client)
        .with_resolver(async |_, port| Ok(vec![([127, 0, 0, 1], port).into()]));
    let url = |address: SocketAddr| format!("wss://{}:{}/chat?room=1", certified::HOST, address.port());
    let with_protocol = |protocol: &[u8]| {
        let mut config = ServerConfig::clone(&server);
        config.alpn_protocols = vec![protocol.to_vec()];
        TlsAcceptor::from(std::sync::Arc::new(config))
    };

    let acceptor = with_protocol(b"h2");
    let (address, served) = serve_once(async move |tcp| {
        let respond = |request: Request<Incoming>| {
            assert_eq!(request.uri().scheme_str(), Some("https"));
            echo(request)
        };
        serve(acceptor.accept(tcp).await.unwrap(), true, respond).await
    })
    .await;
    converse(connector.connect(&url(address)).await.unwrap()).await;
    timeout(SOON, served).await.unwrap().unwrap().unwrap();

    let acceptor = with_protocol(b"http/1.1");
    let (address, served) =
        serve_once(async move |tcp| server::greet(acceptor.accept(tcp).await.unwrap()).await).await;
    let mut socket = connector.connect(&url(address)).await.unwrap();
    assert_eq!(socket.response().unwrap().status(), 101);
    assert_eq!(socket.read().await.unwrap().unwrap().as_str(), Some("Hello"));
    drop(socket);
    assert!(served.await.unwrap().starts_with("GET /chat?room=1 HTTP/1.1\r\n"));
}

#[cfg(feature = "proxy")]
#[tokio::test]
async fn http2_goes_through_a_proxy() {
    let (address, served) = serve_once(async |stream| serve(stream, true, echo).await).await;
    let (proxy, proxied) = serve_once(async move |mut client| {
        let head = server::read_head(&mut client).await;
        tokio::io::AsyncWriteExt::write_all(&mut client, b"HTTP/1.1 200 OK\r\n\r\n")
            .await
            .unwrap();
        let mut server = tokio::net::TcpStream::connect(address).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        head
    })
    .await;
    let connector = CONNECTOR.with_proxy(bareframe_tokio::Proxy::new(&proxy.to_string(), "").unwrap());
    let socket = connector
        .connect("ws://server.example/chat?room=1")
        .await
        .unwrap();
    converse(socket).await;
    assert!(proxied.await.unwrap().starts_with("CONNECT server.example:80 "));
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn rfc8441_s3_a_server_without_extended_connect_is_not_asked() {
    let (address, url, _) = served(false, |request| panic!("{request:?}")).await;
    let connected = timeout(SOON, CONNECTOR.with_timeout(2 * SOON).connect(&url))
        .await
        .unwrap();
    let Err(Error::Connect(error)) = connected else {
        panic!()
    };
    assert_eq!(
        (error.step(), error.address()),
        (ConnectStep::Handshake, Some(address))
    );
    assert!(matches!(
        error.kind(),
        ConnectErrorKind::Handshake(HandshakeError::NoExtendedConnect)
    ));
}

#[tokio::test]
async fn rfc8441_s3_a_setting_that_is_neither_0_nor_1_is_an_error() {
    for (value, is_enabled) in [(2, false), (1, true)] {
        let (address, served) = serve_once(async move |mut stream| {
            stream.read_exact(&mut [0; 24]).await.unwrap();
            // SETTINGS with the parameter.
            let settings = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, value];
            stream.write_all(&settings).await.unwrap();
            wait_for_end(&mut stream).await
        })
        .await;
        let connector = CONNECTOR.with_timeout(Duration::from_millis(500));
        let connected = connector.connect(&format!("ws://{address}/")).await;
        let Err(Error::Connect(error)) = connected else {
            panic!()
        };
        // A server that allows it is asked, and does not answer here.
        assert_eq!(error.is_timeout(), is_enabled, "{value} {error}");
        // HEADERS are sent.
        let mut frames = &served.await.unwrap()[..];
        let mut kinds = Vec::new();
        while let [0, high, low, kind, _, _, _, _, _, rest @ ..] = frames {
            kinds.push(*kind);
            frames = &rest[u16::from_be_bytes([*high, *low]).into()..];
        }
        assert_eq!(kinds.contains(&1), is_enabled, "{kinds:?}");
    }
}

#[tokio::test]
async fn rfc8441_s5_the_scheme_is_http_for_ws_and_the_rest_is_the_urls() {
    let (address, url, _) = served(true, |request| {
        let uri = request.uri().to_string();
        let answer = Response::builder().status(418);
        answer.body(Full::from(uri)).unwrap()
    })
    .await;
    let error = CONNECTOR.connect(&url).await.unwrap_err();
    let asked = error.refusal().unwrap().content();
    assert_eq!(asked, format!("http://{address}/chat?room=1").as_bytes());
}

#[tokio::test]
async fn the_content_of_a_refusal_over_http2_is_kept_up_to_the_limit() {
    for (limit, content, is_whole) in [
        (4096, "no entry", true),
        (8, "no entry", true),
        (5, "no en", false),
    ] {
        let (_, url, _) = served(true, |_| {
            let answer = Response::builder().status(403).header("X-Why", "a");
            answer.body(Full::from("no entry")).unwrap()
        })
        .await;
        let error = CONNECTOR
            .with_refusal_limit(limit)
            .connect(&url)
            .await
            .unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.status(), refusal.header("x-why")), (403, Some("a")));
        assert_eq!(
            (refusal.content(), refusal.is_whole()),
            (content.as_bytes(), is_whole)
        );
    }
}

#[tokio::test]
async fn s4_1_a_subprotocol_that_was_not_offered_is_an_error_over_http2_too() {
    let (_, url, _) = served(true, |_| {
        let answer = Response::builder().header("Sec-WebSocket-Protocol", "other");
        answer.body(Full::default()).unwrap()
    })
    .await;
    let Err(Error::Connect(error)) = CONNECTOR.connect(&url).await else {
        panic!()
    };
    assert!(matches!(
        error.kind(),
        ConnectErrorKind::Handshake(HandshakeError::Response(ResponseError::SubprotocolNotOffered))
    ));
}

#[tokio::test]
async fn rfc9110_s15_4_a_redirect_over_http2_is_followed_without_credentials() {
    let (other, to, _) = served(true, |request| {
        for name in ["x-room", "cookie"] {
            assert!(!request.headers().contains_key(name), "{name}");
        }
        let answer = Response::builder().status(418);
        answer.body(Full::default()).unwrap()
    })
    .await;
    let (_, url, _) = served(true, move |request| {
        assert_eq!(request.headers()["cookie"], "a=b");
        let answer = Response::builder().status(307).header("Location", &to);
        answer.body(Full::default()).unwrap()
    })
    .await;
    let connected = CONNECTOR.with_redirects(1).connect(&url).await;
    let Err(Error::Connect(error)) = connected else {
        panic!()
    };
    assert_eq!(error.refusal().unwrap().status(), 418);
    assert_eq!(error.address(), Some(other));
}

#[tokio::test]
async fn a_server_that_speaks_no_http2_is_an_error_of_the_handshake() {
    let (address, _) = serve_once(async |mut stream| {
        answer(
            &mut stream,
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        )
        .await;
        wait_for_end(&mut stream).await
    })
    .await;
    let connected = timeout(
        SOON,
        CONNECTOR
            .with_timeout(2 * SOON)
            .connect(&format!("ws://{address}/")),
    )
    .await;
    let Err(Error::Connect(error)) = connected.unwrap() else {
        panic!()
    };
    assert_eq!(error.step(), ConnectStep::Handshake);
    assert!(
        matches!(
            error.kind(),
            ConnectErrorKind::Handshake(HandshakeError::NotHttp2)
        ),
        "{error}"
    );
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn rfc8441_s3_over_tls_a_server_without_extended_connect_is_asked_by_http1() {
    use bareframe_tokio::rustls::ServerConfig;
    use tokio_rustls::TlsAcceptor;
    let (client, server) = certified::certified();
    let connector = CONNECTOR
        .with_tls(client)
        .with_resolver(async |_, port| Ok(vec![([127, 0, 0, 1], port).into()]));
    let mut both = ServerConfig::clone(&server);
    both.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(std::sync::Arc::new(both));
    let (address, listener) = server::listen().await;
    let served = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let stream = acceptor.accept(tcp).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let _ = serve(stream, false, |request| panic!("{request:?}")).await;
        let (tcp, _) = listener.accept().await.unwrap();
        let stream = acceptor.accept(tcp).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), None);
        server::greet(stream).await
    });
    let url = format!("wss://{}:{}/chat", certified::HOST, address.port());
    let mut socket = timeout(SOON, connector.connect(&url)).await.unwrap().unwrap();
    assert!(!socket.stream().is_http2());
    assert_eq!(socket.read().await.unwrap().unwrap().as_str(), Some("Hello"));
    drop(socket);
    assert!(served.await.unwrap().starts_with("GET /chat HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_future_of_connect_that_is_dropped_leaves_nothing_behind_over_http2() {
    let (address, listener) = listen().await;
    let url = format!("ws://{address}/");
    let connector = CONNECTOR;
    let mut connecting = Box::pin(connector.connect(&url));
    let mut stream = tokio::select! {
        connected = &mut connecting => panic!("{connected:?}"),
        accepted = listener.accept() => accepted.unwrap().0,
    };
    // The preface of HTTP/2.
    let mut preface = [0; 24];
    tokio::select! {
        connected = &mut connecting => panic!("{connected:?}"),
        read = stream.read_exact(&mut preface) => { read.unwrap(); }
    }
    assert!(preface.starts_with(b"PRI * HTTP/2.0"));
    drop(connecting);
    timeout(SOON, wait_for_end(&mut stream)).await.unwrap();
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test]
async fn a_socket_that_is_dropped_ends_its_connection() {
    let (_, url, served) = served(true, echo).await;
    let socket = CONNECTOR.connect(&url).await.unwrap();
    drop(socket);
    // The echo's task panics, since the stream has ended without a Close.
    let _ = timeout(SOON, served).await.expect("the connection ends").unwrap();
}
