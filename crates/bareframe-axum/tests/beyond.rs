//! What this crate has beside axum's names, and where it differs.

use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bareframe_axum::rejection::WebSocketUpgradeRejection;
use bareframe_axum::{CloseFrame, Message, Shutdown, WebSocket, WebSocketUpgrade, close_code};
use bareframe_testkit::Frame;
use bareframe_tokio::{CloseCode, Connector, Error, HandshakeError, Options};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const SECOND: Duration = Duration::from_secs(1);

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, app).await });
    address
}

/// Serves one handler at all paths, and returns the URL.
async fn serve_with<F>(handler: impl Fn(WebSocketUpgrade) -> F + Clone + Send + Sync + 'static) -> String
where
    F: Future<Output = Response> + Send,
{
    format!("ws://{}/", serve(Router::new().fallback(handler)).await)
}

async fn wait(mut socket: WebSocket) {
    while let Ok(Some(_)) = socket.read().await {}
}

async fn status(connector: Connector<'_>, url: &str) -> u16 {
    match connector.connect(url).await {
        Ok(socket) => socket.response().unwrap().status(),
        Err(error) => error.refusal().unwrap_or_else(|| panic!("{error}")).status(),
    }
}

#[tokio::test]
async fn s10_2_pages_of_other_origins_are_refused() {
    let listed = serve_with(async |ws| {
        ws.origin(["https://a.example", "https://b.example"])
            .on_upgrade(wait)
    })
    .await;
    let same = serve_with(async |ws| ws.same_origin().on_upgrade(wait)).await;
    let of_host = format!("http{}", same.trim_end_matches('/').strip_prefix("ws").unwrap());
    for http2 in [false, true] {
        let connector = Connector::DEFAULT.with_http2(http2);
        let accepted = if http2 { 200 } else { 101 };
        for (url, origin, expected) in [
            (&listed, "https://b.example", accepted),
            (&listed, "https://c.example", 403),
            (&listed, "https://b.example.c.example", 403),
            (&listed, "null", 403),
            (&same, of_host.as_str(), accepted),
            (&same, "https://b.example", 403),
        ] {
            assert_eq!(
                status(connector.clone().with_origin(origin), url).await,
                expected,
                "{origin}"
            );
        }
        // What is no page has none.
        assert_eq!(status(connector.clone(), &listed).await, accepted);
        assert_eq!(status(connector, &same).await, accepted);
    }
}

#[tokio::test]
async fn s5_5_2_the_keepalive_ends_a_connection_whose_peer_is_silent() {
    let (ended, mut is_ended) = mpsc::channel(1);
    let url = serve_with(move |ws| {
        let ended = ended.clone();
        async move {
            let brief = Duration::from_millis(20);
            ws.keepalive(brief, brief).on_upgrade(async move |mut socket| {
                let error = socket.read().await.map(drop).unwrap_err();
                ended.send(error.into_inner()).await.unwrap();
            })
        }
    })
    .await;
    let mut silent = upgraded(&url).await;
    let error = is_ended.recv().await.unwrap();
    let error = error.downcast::<Error>().unwrap();
    assert!(matches!(*error, Error::KeepaliveTimeout), "{error:?}");
    let mut ping = [0; 2];
    silent.read_exact(&mut ping).await.unwrap();
    assert_eq!(&ping, &[0x89, 0]);
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn rfc7692_s5_1_messages_are_compressed_over_http_1_and_http_2() {
    use bareframe_axum::deflate::Policy;
    let url = serve_with(async |ws| {
        ws.deflate(Policy::DEFAULT).on_upgrade(async |mut socket| {
            while let Some(Ok(message)) = socket.recv().await {
                if matches!(message, Message::Text(_)) {
                    socket.send(message).await.unwrap();
                }
            }
        })
    })
    .await;
    let options = Options::DEFAULT.with_deflate(Policy::DEFAULT);
    for http2 in [false, true] {
        let connector = Connector::DEFAULT.with_http2(http2);
        for (connector, is_compressed) in [
            (connector.clone().with_options(options), true),
            (connector, false),
        ] {
            let mut client = connector.connect(&url).await.unwrap();
            assert_eq!(client.deflate().is_some(), is_compressed);
            let text = "all work and no play ".repeat(10_000);
            client.send(text.as_str()).await.unwrap();
            assert!(client.read().await.unwrap().unwrap().as_str() == Some(&text));
            client.close(None, "").await.unwrap();
        }
    }
}

/// Opens a WebSocket by hand.
async fn upgraded(url: &str) -> TcpStream {
    let host = url.trim_start_matches("ws://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    stream
}

#[tokio::test]
async fn s7_4_1_a_graceful_shutdown_of_the_server_closes_the_connections_over_http_1_and_http_2() {
    let shutdown = Shutdown::new();
    let of_app = shutdown.clone();
    let handler = async move |ws: WebSocketUpgrade| ws.shutdown(&of_app).on_upgrade(wait);
    let app = Router::new().route("/", any(handler));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let begun = shutdown.begun();
    let server = tokio::spawn(async { axum::serve(listener, app).with_graceful_shutdown(begun).await });
    let mut clients = Vec::new();
    for http2 in [false, true] {
        let connector = Connector::DEFAULT.with_http2(http2);
        let mut client = connector.connect(&url).await.unwrap();
        clients.push(tokio::spawn(async move {
            assert!(client.read().await.unwrap().is_none());
            assert_eq!(client.close_reason().unwrap().code(), Some(CloseCode::GOING_AWAY));
            client.close(None, "").await.unwrap();
        }));
    }
    assert_eq!(shutdown.connections(), 2);
    assert_eq!(shutdown.finish(5 * SECOND).await, 0);
    server.await.unwrap().unwrap();
    for client in clients {
        client.await.unwrap();
    }
}

#[tokio::test]
async fn messages_are_lent_and_pieces_too_and_the_connection_beneath_is_there() {
    let url = serve_with(async |ws| {
        ws.on_upgrade(async |mut socket: WebSocket| {
            let first = socket.read().await.unwrap().unwrap();
            assert_eq!(first.as_str(), Some("one"));
            let piece = socket.read_event().await.unwrap().unwrap();
            let bareframe_tokio::Event::Data(piece) = piece else {
                panic!("{piece:?}")
            };
            assert_eq!(piece.payload(), b"two");
            socket.get_mut().ping("beneath").await.unwrap();
            assert!(socket.into_inner().stream().tcp().is_some());
        })
    })
    .await;
    let mut client = bareframe_tokio::connect(&url).await.unwrap();
    client.send("one").await.unwrap();
    client.send(&b"two"[..]).await.unwrap();
    let Some(bareframe_tokio::Event::Ping(payload)) = client.read_event().await.unwrap() else {
        panic!()
    };
    assert_eq!(&*payload, b"beneath");
}

#[tokio::test]
async fn s10_4_the_limits_are_those_that_were_set_and_axums_otherwise() {
    let short = serve_with(async |ws| ws.max_message_size(10).max_frame_size(9).on_upgrade(wait)).await;
    let replaced = serve_with(async |ws| {
        let limits = Options::DEFAULT.config().limits().with_message(10);
        ws.options(Options::DEFAULT.with_config(Options::DEFAULT.config().with_limits(limits)))
            .on_upgrade(wait)
    })
    .await;
    for (url, len, is_closed) in [(&short, 10, true), (&short, 9, false), (&replaced, 11, true)] {
        let mut client = bareframe_tokio::connect(url).await.unwrap();
        client.send(vec![0; len]).await.unwrap();
        let closed = client.close(None, "").await;
        closed.unwrap();
        let code = client.close_reason().unwrap().code();
        assert_eq!(
            code == Some(CloseCode::MESSAGE_TOO_BIG),
            is_closed,
            "{len} {code:?}"
        );
    }
    let (length, mut lengths) = mpsc::channel(1);
    let url = serve_with(move |ws| {
        let length = length.clone();
        async move {
            ws.on_upgrade(async move |mut socket| {
                let len = socket.read().await.unwrap().unwrap().payload().len();
                length.send(len).await.unwrap();
            })
        }
    })
    .await;
    let mut client = bareframe_tokio::connect(&url).await.unwrap();
    for fin in [false, false, true] {
        let piece = vec![0; 16 << 20];
        let mut frame = bareframe_tokio::Frame::binary(&piece).fragment(fin);
        client.send_frame(&mut frame).await.unwrap();
    }
    assert_eq!(lengths.recv().await, Some(48 << 20));
}

#[tokio::test]
async fn s5_1_a_frame_that_is_not_masked_closes_the_connection() {
    let url = serve_with(async |ws| ws.on_upgrade(wait)).await;
    let mut client = upgraded(&url).await;
    client.write_all(&Frame::text("Hello").to_bytes()).await.unwrap();
    let mut close = [0; 4];
    client.read_exact(&mut close).await.unwrap();
    assert_eq!((close[0], &close[2..]), (0x88, &1002_u16.to_be_bytes()[..]));
}

#[tokio::test]
async fn s4_2_2_a_subprotocol_that_was_not_offered_is_the_servers_failure() {
    let (failed, mut failures) = mpsc::channel(1);
    let url = serve_with(move |mut ws| {
        let failed = failed.clone();
        async move {
            ws.set_selected_protocol("chat".parse().unwrap());
            assert_eq!(ws.selected_protocol().unwrap(), "chat");
            ws.on_failed_upgrade(move |error| failed.try_send(error).unwrap())
                .on_upgrade(wait)
        }
    })
    .await;
    assert_eq!(status(Connector::DEFAULT, &url).await, 500);
    let error = failures.recv().await.unwrap().into_inner();
    assert!(matches!(
        *error.downcast::<HandshakeError>().unwrap(),
        HandshakeError::Head(_)
    ));
    let connector = Connector::DEFAULT.with_subprotocols(&["chat"]);
    assert_eq!(status(connector, &url).await, 101);
}

#[tokio::test]
async fn a_request_that_does_not_become_a_connection_is_a_failed_upgrade() {
    let (failed, mut failures) = mpsc::channel(1);
    let mut request = with_headers(http::Request::get("/"))
        .header("Sec-WebSocket-Version", "13")
        .body(())
        .unwrap();
    let nothing = hyper::upgrade::on(http::Request::new(()));
    request.extensions_mut().insert(nothing);
    let (mut parts, ()) = request.into_parts();
    let ws = WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .unwrap();
    let response = ws
        .on_failed_upgrade(move |error| failed.try_send(error).unwrap())
        .on_upgrade(wait);
    assert_eq!(response.status(), 101);
    let error = failures.recv().await.unwrap().into_inner();
    assert!(matches!(*error.downcast::<Error>().unwrap(), Error::Io(_)));
}

#[tokio::test]
async fn s7_4_2_a_code_that_must_not_be_sent_is_an_error_and_1005_is_a_close_without_code() {
    let (result, mut results) = mpsc::channel(4);
    let url = serve_with(move |ws| {
        let result = result.clone();
        async move {
            ws.on_upgrade(async move |mut socket| {
                for code in [close_code::ABNORMAL, 999, 5000] {
                    let close = CloseFrame {
                        code,
                        reason: "".into(),
                    };
                    let sent = socket.send(Message::Close(Some(close))).await;
                    result.send(sent.is_err()).await.unwrap();
                }
                let close = CloseFrame {
                    code: close_code::STATUS,
                    reason: "".into(),
                };
                let sent = socket.send(Message::Close(Some(close))).await;
                result.send(sent.is_err()).await.unwrap();
                wait(socket).await;
            })
        }
    })
    .await;
    let mut client = bareframe_tokio::connect(&url).await.unwrap();
    assert!(client.read().await.unwrap().is_none());
    assert_eq!(client.close_reason().unwrap().code(), None);
    for is_error in [true, true, true, false] {
        assert_eq!(results.recv().await, Some(is_error));
    }
}

/// Extracts from a request that did not arrive over a connection.
async fn rejection(request: http::request::Builder) -> WebSocketUpgradeRejection {
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .unwrap_err()
}

/// Adds the headers of a request but for the version.
fn with_headers(request: http::request::Builder) -> http::request::Builder {
    request
        .header("Host", "example.com")
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}

#[tokio::test]
async fn each_wrong_request_has_its_rejection_and_its_response() {
    let get = http::Request::get;
    let http2 = || {
        http::Request::builder()
            .version(http::Version::HTTP_2)
            .uri("https://example.com/")
    };
    for (request, name, status) in [
        (
            get("/").header("Host", "example.com"),
            "InvalidUpgradeHeader",
            426,
        ),
        (http::Request::post("/"), "MethodNotGet", 405),
        (with_headers(get("/")), "InvalidWebSocketVersionHeader", 426),
        (
            with_headers(get("/")).header("Sec-WebSocket-Version", "7"),
            "InvalidWebSocketVersionHeader",
            426,
        ),
        (
            with_headers(get("/"))
                .header("Sec-WebSocket-Version", "13")
                .header("Content-Length", "3"),
            "InvalidRequest",
            400,
        ),
        (
            with_headers(get("/")).header("Sec-WebSocket-Version", "13"),
            "ConnectionNotUpgradable",
            500,
        ),
        (http2().method("GET"), "MethodNotConnect", 426),
        (http2().method("CONNECT"), "InvalidProtocolPseudoheader", 426),
        (
            http2()
                .method("CONNECT")
                .extension(hyper::ext::Protocol::from_static("connect-udp")),
            "InvalidProtocolPseudoheader",
            426,
        ),
        (
            http2()
                .method("CONNECT")
                .extension(hyper::ext::Protocol::from_static("websocket")),
            "InvalidWebSocketVersionHeader",
            426,
        ),
    ] {
        let rejection = rejection(request).await;
        assert!(format!("{rejection:?}").starts_with(name), "{rejection:?}");
        assert_eq!(rejection.status(), status, "{rejection:?}");
        assert!(!rejection.body_text().is_empty());
        let response: http::Response<Body> = rejection.into_response();
        assert_eq!(response.status(), status);
        if status == 426 {
            assert_eq!(response.headers()["sec-websocket-version"], "13");
        }
    }
}
