//! What a server does with the streams of HTTP/2 that become WebSockets (RFC 8441), seen by a client that knows frames of HTTP/2 alone.
#![cfg(feature = "hyper")]

mod server;

use bareframe_testkit::Frame;
use bareframe_tokio::handshake::Choice;
use bareframe_tokio::{CloseCode, Error, UpgradeRequest};
use bytes::Bytes;
use h2::ext::Protocol;
use h2::{Reason, RecvStream, SendStream};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use server::serve_once;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

type Ended = Result<Option<CloseCode>, Error>;

/// Starts a server that reads to the end, or at "leave" drops the connection, and then says how it ended.
async fn served() -> (SocketAddr, mpsc::Receiver<Ended>) {
    let (ended, is_ended) = mpsc::channel(1);
    let (address, _) = serve_once(async move |stream: TcpStream| {
        let service = service_fn(|mut request: Request<Incoming>| {
            let ended = ended.clone();
            async move {
                let accepted = UpgradeRequest::from_request(&mut request)
                    .and_then(|asked| asked.accept(&Choice::DEFAULT));
                let (response, upgrading) = match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => return Ok::<Response<String>, Infallible>(error.response()),
                };
                tokio::spawn(async move {
                    let mut socket = upgrading.await.unwrap();
                    let result = loop {
                        match socket.read().await {
                            Ok(Some(message)) if message.as_str() == Some("leave") => break Ok(None),
                            Ok(Some(_)) => {}
                            Ok(None) => {
                                let code = socket.close_reason().and_then(|reason| reason.code());
                                break socket.close(None, "").await.map(|_| code);
                            }
                            Err(error) => break Err(error),
                        }
                    };
                    drop(socket);
                    ended.send(result).await.unwrap();
                });
                Ok(response)
            }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http2().enable_connect_protocol();
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        let _ = connection.await;
    })
    .await;
    (address, is_ended)
}

/// Starts a server and a client that is connected to it.
async fn connected() -> (h2::client::SendRequest<Bytes>, mpsc::Receiver<Ended>) {
    let (address, is_ended) = served().await;
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, mut connection) = h2::client::handshake(stream).await.unwrap();
    // The server's SETTINGS have come when it has answered to a Ping.
    let mut pings = connection.ping_pong().unwrap();
    tokio::spawn(connection);
    pings.ping(h2::Ping::opaque()).await.unwrap();
    (client, is_ended)
}

fn connect(protocol: Option<&'static str>, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri("http://example.com/chat");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(protocol) = protocol {
        request = request.extension(Protocol::from_static(protocol));
    }
    request.body(()).unwrap()
}

const VERSION: (&str, &str) = ("sec-websocket-version", "13");

/// Opens a WebSocket.
async fn opened() -> (SendStream<Bytes>, RecvStream, mpsc::Receiver<Ended>) {
    let (client, is_ended) = connected().await;
    assert!(client.is_extended_connect_protocol_enabled());
    let mut client = client.ready().await.unwrap();
    // A key is not looked at.
    let request = connect(Some("websocket"), &[VERSION, ("sec-websocket-key", "none")]);
    let (response, sender) = client.send_request(request, false).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.status(), 200);
    for name in ["upgrade", "connection", "sec-websocket-accept", "content-length"] {
        assert!(!response.headers().contains_key(name), "{name}");
    }
    // The connection of HTTP/2 lasts as long as what it was begun with.
    let receiver = response.into_body();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(client);
    });
    (sender, receiver, is_ended)
}

fn masked(frame: &Frame) -> Bytes {
    frame.clone().masked([1, 2, 3, 4]).to_bytes().into()
}

/// Waits for the end of a stream, which is no reset.
async fn assert_end_stream(receiver: &mut RecvStream) {
    while let Some(data) = receiver.data().await {
        assert!(data.unwrap().is_empty());
    }
    assert!(receiver.is_end_stream());
}

#[tokio::test]
async fn rfc8441_s3_and_s5_the_setting_is_sent_and_a_stream_is_open_after_the_response() {
    let (mut sender, mut receiver, _) = opened().await;
    sender.send_data(masked(&Frame::ping(b"a")), false).unwrap();
    let pong = receiver.data().await.unwrap().unwrap();
    assert_eq!(pong[..], Frame::pong(b"a").to_bytes());
}

/// Returns a frame of HTTP/2 (RFC 9113 section 4.1).
fn frame_of(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).unwrap();
    [&[0, 0, len, kind, flags, 0, 0, 0, stream][..], payload].concat()
}

#[tokio::test]
async fn rfc8441_s3_a_client_that_sends_the_setting_is_served() {
    let address = served().await.0;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut fields = Vec::new();
    for (name, value) in [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":path", "/chat"),
        (":authority", "example.com"),
        VERSION,
    ] {
        // A literal that is not indexed (RFC 7541 section 6.2.2).
        fields.push(0);
        for text in [name, value] {
            fields.push(u8::try_from(text.len()).unwrap());
            fields.extend_from_slice(text.as_bytes());
        }
    }
    let settings = frame_of(4, 0, 0, &[0, 8, 0, 0, 0, 1]);
    let sent = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        settings,
        frame_of(1, 4, 1, &fields),
    ]
    .concat();
    stream.write_all(&sent).await.unwrap();
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).await.unwrap();
        let mut payload = vec![0; u16::from_be_bytes([header[1], header[2]]).into()];
        stream.read_exact(&mut payload).await.unwrap();
        if header[3] == 1 {
            // The entry of the static table for a status of 200 (RFC 7541 appendix A).
            assert_eq!((header[8], payload[0]), (1, 0x88));
            break;
        }
        assert_ne!(header[3], 7, "GOAWAY {payload:?}");
    }
}

#[tokio::test]
async fn rfc8441_s5_after_both_closes_the_stream_ends_with_end_stream() {
    let (mut sender, mut receiver, mut is_ended) = opened().await;
    sender.send_data(masked(&Frame::close(1000, "")), false).unwrap();
    let close = receiver.data().await.unwrap().unwrap();
    assert_eq!(close[..], Frame::close(1000, "").to_bytes());
    assert_end_stream(&mut receiver).await;
    sender.send_data(Bytes::new(), true).unwrap();
    let ended = is_ended.recv().await.unwrap();
    assert_eq!(ended.unwrap(), Some(CloseCode::NORMAL_CLOSURE));
}

#[tokio::test]
async fn rfc8441_s5_end_stream_without_a_close_is_the_end_of_the_stream() {
    let (mut sender, _receiver, mut is_ended) = opened().await;
    sender.send_data(masked(&Frame::text("a")), true).unwrap();
    let ended = is_ended.recv().await.unwrap();
    assert!(matches!(ended, Err(Error::AbnormalClosure)), "{ended:?}");
}

#[tokio::test]
async fn rfc8441_s5_a_reset_is_an_error_of_the_stream() {
    let (mut sender, _receiver, mut is_ended) = opened().await;
    sender.send_reset(Reason::CANCEL);
    let ended = is_ended.recv().await.unwrap();
    assert!(
        matches!(ended, Err(Error::Io(_) | Error::AbnormalClosure)),
        "{ended:?}"
    );
}

#[tokio::test]
async fn rfc8441_s5_a_connection_that_is_dropped_ends_its_stream_and_no_other() {
    let (mut sender, mut receiver, mut is_ended) = opened().await;
    sender.send_data(masked(&Frame::text("leave")), false).unwrap();
    assert!(matches!(is_ended.recv().await, Some(Ok(None))));
    assert_end_stream(&mut receiver).await;
}

#[tokio::test]
async fn rfc8441_s4_and_s5_what_is_another_connect_opens_no_tunnel_and_no_websocket() {
    for (request, status) in [
        (
            connect(Some("connect-udp"), &[VERSION]),
            StatusCode::UPGRADE_REQUIRED,
        ),
        (connect(Some("websocket"), &[]), StatusCode::BAD_REQUEST),
        (
            connect(Some("websocket"), &[("sec-websocket-version", "7")]),
            StatusCode::UPGRADE_REQUIRED,
        ),
    ] {
        let (client, mut is_ended) = connected().await;
        let mut client = client.ready().await.unwrap();
        let (response, _sender) = client.send_request(request, false).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), status);
        // Headers of connections of HTTP/1 are not for HTTP/2.
        assert!(!response.headers().contains_key("upgrade"));
        assert!(is_ended.try_recv().is_err());
    }
    // A CONNECT without a protocol, whose target is an authority alone.
    let (client, mut is_ended) = connected().await;
    let mut client = client.ready().await.unwrap();
    let request = Request::connect("example.com:80").body(()).unwrap();
    let (response, _sender) = client.send_request(request, false).unwrap();
    assert_eq!(response.await.unwrap().status(), StatusCode::UPGRADE_REQUIRED);
    assert!(is_ended.try_recv().is_err());
}
