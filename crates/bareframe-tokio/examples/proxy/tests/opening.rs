//! The opening handshake, and the requests that open nothing.

use super::{Pair, Proxy, Server};
use crate::arguments::Arguments;
use bareframe_tokio::{Connector, Error, Refusal};
use clap::Parser;
use clap::error::ErrorKind;
use hyper::Version;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CONNECTOR: Connector<'static> = Connector::DEFAULT
    .with_origin("http://example.com")
    .with_subprotocols(&["chat.v3", "chat.v2"])
    .with_headers(&[
        ("Authorization", "Bearer 1"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Room", "7"),
        ("X-Secret", "not for the server"),
    ])
    .with_cookies(&[("a", "1"), ("b", "2")]);

#[test]
fn the_arguments_are_explained() {
    let help = Arguments::try_parse_from(["proxy", "--help"]).err().unwrap();
    assert_eq!(help.kind(), ErrorKind::DisplayHelp);
    assert!(help.to_string().contains("<SERVER>"), "{help}");
    for wrong in ["http://127.0.0.1/", "ws://127.0.0.1/?q", "127.0.0.1:80"] {
        assert!(Arguments::try_parse_from(["proxy", wrong]).is_err(), "{wrong}");
    }
    let never = ["proxy", "ws://127.0.0.1/", "--keepalive", "0"];
    assert!(Arguments::try_parse_from(never).is_err());
}

#[tokio::test]
async fn the_request_and_its_answer_pass_over_each_version_on_each_side() {
    for in_version in [Version::HTTP_11, Version::HTTP_2] {
        for out_version in [Version::HTTP_11, Version::HTTP_2] {
            let connector = CONNECTOR.with_http2(in_version == Version::HTTP_2);
            let more: &[&str] = match out_version {
                Version::HTTP_2 => &["--pass", "x-room", "--http2"],
                _ => &["--pass", "x-room"],
            };
            let Pair {
                client,
                server,
                proxy,
            } = Pair::open_by(&connector, "/a/b?c=d", more).await;
            assert_eq!(server.version, out_version);
            assert_eq!(server.uri.path_and_query().unwrap(), "/a/b?c=d");
            for (name, value) in [
                ("origin", "http://example.com"),
                ("authorization", "Bearer 1"),
                ("cookie", "a=1; b=2"),
                ("sec-websocket-protocol", "chat.v3, chat.v2"),
                ("x-room", "7"),
                ("x-forwarded-for", "192.0.2.1, 127.0.0.1"),
                ("x-forwarded-host", &proxy.address.to_string()),
            ] {
                assert_eq!(server.headers.get(name).unwrap(), value, "{name}");
            }
            assert!(!server.headers.contains_key("x-secret"));
            assert_eq!(client.subprotocol(), Some("chat.v2"));
            assert_eq!(client.response().unwrap().header("Set-Cookie"), Some("seen=1"));
        }
    }
}

async fn refused(proxy: &Proxy, target: &str, http2: bool) -> Refusal {
    let connector = Connector::DEFAULT.with_http2(http2);
    let error: Error = connector.connect(&proxy.url(target)).await.unwrap_err();
    error.refusal().unwrap_or_else(|| panic!("{error}")).clone()
}

#[tokio::test]
async fn the_servers_refusal_passes_with_its_status_headers_and_content() {
    for (http2, more) in [(false, &[][..]), (true, &["--http2"])] {
        let server = Server::start().await;
        let proxy = Proxy::start(server.address, more).await;
        let refusal = refused(&proxy, "/forbidden", http2).await;
        assert_eq!((refusal.status(), refusal.content()), (403, &b"Not you.\n"[..]));
        assert_eq!(refusal.header("x-why"), Some("not you"));
        assert_eq!(refusal.header("x-hop"), None);
        // Over HTTP/2 its 200 would open the WebSocket.
        if more.is_empty() {
            assert_eq!(refused(&proxy, "/page", http2).await.status(), 502);
        }
    }
}

#[tokio::test]
async fn a_server_that_can_not_be_reached_or_says_nothing_is_a_bad_gateway_or_a_timeout() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let proxy = Proxy::start(nobody, &[]).await;
    assert_eq!(refused(&proxy, "/", false).await.status(), 502);
    assert_eq!(refused(&proxy, "/", true).await.status(), 502);
    let server = Server::start().await;
    let proxy = Proxy::start(server.address, &["--connect-timeout", "1"]).await;
    assert_eq!(refused(&proxy, "/silent", false).await.status(), 504);
}

/// Sends a head, and returns the first line of the answer.
async fn answer_to(proxy: &Proxy, head: &str) -> String {
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1024];
    let len = stream.read(&mut answer).await.unwrap();
    let line = answer[..len].split(|&byte| byte == b'\r').next().unwrap();
    String::from_utf8(line.to_vec()).unwrap()
}

#[tokio::test]
async fn what_is_no_request_for_a_websocket_is_refused_before_the_server_is_asked() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let proxy = Proxy::start(nobody, &[]).await;
    let page = answer_to(&proxy, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(page, "HTTP/1.1 426 Upgrade Required");
    let no_key = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n";
    assert_eq!(answer_to(&proxy, no_key).await, "HTTP/1.1 400 Bad Request");
}
