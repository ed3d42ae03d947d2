//! Programs that are written for axum's WebSockets: they compile for both with one other `use` line, and do the same.

use axum::Router;
use bareframe_testkit::Frame;
use bareframe_tokio::{ClientSocket, ClientStream, CloseCode, Connector, MessageRef};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

mod ours {
    use bareframe_axum as ws;
    include!("programs/mod.rs");
}

mod theirs {
    use axum::extract::ws;
    include!("programs/mod.rs");
}

/// Serves until the test ends.
async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, app).await });
    address
}

/// Runs a test with each program, over each version of HTTP.
async fn with_each(test: impl AsyncFn(&str, Connector<'static>, bool)) {
    for (app, is_ours) in [(ours::app(), true), (theirs::app(), false)] {
        let address = serve(app).await;
        for http2 in [false, true] {
            let connector = Connector::DEFAULT.with_http2(http2);
            test(&format!("ws://{address}"), connector, is_ours).await;
        }
    }
}

async fn text(socket: &mut ClientSocket<ClientStream>) -> String {
    let message = socket.read().await.unwrap();
    message.and_then(MessageRef::into_str).unwrap().to_owned()
}

#[tokio::test]
async fn messages_of_any_length_are_sent_back_over_http_1_and_http_2() {
    with_each(async |url, connector, _| {
        let mut socket = connector.connect(&format!("{url}/echo")).await.unwrap();
        for len in [0, 5, 126, 70_000, 3 << 20] {
            let sent = vec![7; len];
            socket.send(sent.clone()).await.unwrap();
            let message = socket.read().await.unwrap().unwrap();
            assert!(message.payload() == sent, "{len}");
        }
        socket.close(CloseCode::NORMAL_CLOSURE, "").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_chat_with_state_and_split_sinks() {
    with_each(async |url, connector, is_ours| {
        let mut a = connector.connect(&format!("{url}/chat/a")).await.unwrap();
        assert_eq!(text(&mut a).await, "a is here");
        let mut b = connector.connect(&format!("{url}/chat/b")).await.unwrap();
        assert_eq!(text(&mut b).await, "b is here");
        assert_eq!(text(&mut a).await, "b is here");
        let mut taken = connector.connect(&format!("{url}/chat/b")).await.unwrap();
        assert_eq!(text(&mut taken).await, "that name is taken");
        b.send("Hello").await.unwrap();
        b.ping("").await.unwrap();
        b.send(vec![1, 2, 3]).await.unwrap();
        for socket in [&mut a, &mut b] {
            assert_eq!(text(socket).await, "b: Hello");
            assert_eq!(text(socket).await, "b: 3 bytes");
        }
        // axum's answers a Close with the next call, which this program does not make.
        let closed = b.close(CloseCode::GOING_AWAY, "bye").await;
        assert!(closed.is_ok() || !is_ours, "{closed:?}");
        assert_eq!(text(&mut a).await, "b has left");
        let closed = a.close(None, "").await;
        assert!(closed.is_ok() || !is_ours, "{closed:?}");
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_is_generic_over_sink_and_stream() {
    with_each(async |url, connector, is_ours| {
        for path in ["testable", "both"] {
            let mut socket = connector.connect(&format!("{url}/{path}")).await.unwrap();
            socket.send("hello").await.unwrap();
            assert_eq!(text(&mut socket).await.to_lowercase(), "hello");
            let closed = socket.close(None, "").await;
            assert!(closed.is_ok() || !is_ours, "{path} {closed:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn s1_9_the_first_known_subprotocol_that_is_offered() {
    with_each(async |url, connector, _| {
        let connector = connector.with_subprotocols(&["c", "a", "b"]);
        let mut socket = connector.connect(&format!("{url}/protocol")).await.unwrap();
        assert_eq!(socket.subprotocol(), Some("b"));
        assert_eq!(text(&mut socket).await, "3");
        let connector = connector.with_subprotocols(&["c"]);
        let socket = connector.connect(&format!("{url}/protocol")).await.unwrap();
        assert_eq!(socket.subprotocol(), None);
    })
    .await;
}

#[tokio::test]
async fn s5_5_1_a_close_with_code_and_reason() {
    with_each(async |url, connector, _| {
        let mut socket = connector.connect(&format!("{url}/farewell")).await.unwrap();
        assert!(socket.read().await.unwrap().is_none());
        let reason = socket.close_reason().unwrap();
        assert_eq!(
            (reason.code(), reason.reason()),
            (Some(CloseCode::GOING_AWAY), "good night")
        );
        socket.close(None, "").await.unwrap();
    })
    .await;
}

const REQUEST: &str = "GET /asked HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Sends bytes and ends the direction, and returns what is answered.
async fn answer(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn s4_2_1_a_wrong_request_has_the_same_name() {
    let servers = [serve(ours::app()).await, serve(theirs::app()).await];
    for (request, name) in [
        (REQUEST.replace("GET", "POST"), "method"),
        (
            REQUEST.replace("Connection: Upgrade", "Connection: close"),
            "connection",
        ),
        (REQUEST.replace("Upgrade: websocket", "Upgrade: h2c"), "upgrade"),
        (REQUEST.replace("Version: 13", "Version: 8"), "version"),
        (REQUEST.replace("Sec-WebSocket-Key", "X-Key"), "key"),
    ] {
        for address in servers {
            let answer = answer(address, request.as_bytes()).await;
            assert!(answer.ends_with(&format!("\r\n\r\n{name}")), "{request}{answer}");
        }
    }
}

#[tokio::test]
async fn what_is_after_the_head_in_the_same_write_is_read() {
    for address in [serve(ours::app()).await, serve(theirs::app()).await] {
        let message = Frame::text("Hello").masked([1, 2, 3, 4]).to_bytes();
        let answer = answer(address, &[REQUEST.as_bytes(), &message].concat()).await;
        assert!(
            answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"),
            "{answer}"
        );
        assert!(answer.ends_with("\r\n\r\n\u{fffd}\u{5}Hello"), "{answer}");
    }
}
