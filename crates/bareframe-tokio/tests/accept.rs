//! The server's side of the opening handshake, over streams of any kind.

mod certified;
mod server;

use bareframe_testkit::Frame;
use bareframe_tokio::handshake::{Choice, HeadError, RequestError, Status};
use bareframe_tokio::{Acceptor, Error, HandshakeError, Incoming, Options, ServerSocket, ServerStream};
use server::{header, read_head};
use std::io::ErrorKind;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, advance};

const REQUEST: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\nOrigin: https://example.com\r\nSec-WebSocket-Protocol: superchat, chat\r\n\r\n";

const SECOND: Duration = Duration::from_secs(1);

/// Has a client that sends this and then reads to the end, and returns what the server came to and what the client read.
async fn answered<T>(request: &[u8], serve: impl AsyncFnOnce(DuplexStream) -> T) -> (T, String) {
    let (mut client, of_server) = duplex(1 << 20);
    client.write_all(request).await.unwrap();
    let (served, received) = tokio::join!(serve(of_server), async move {
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        String::from_utf8_lossy(&received).into_owned()
    });
    (served, received)
}

/// A task has its future until it ends, and a server has a task for each connection.
#[test]
fn an_opening_handshake_leaves_no_room_in_the_future_of_its_connection() {
    let (_, stream) = duplex(1);
    let accepted = async {
        let mut socket = bareframe_tokio::accept(stream).await?;
        while socket.read().await?.is_some() {}
        Ok::<(), Error>(())
    };
    assert!(size_of_val(&accepted) < 2048, "{}", size_of_val(&accepted));
    let (_, stream) = duplex(1);
    let decided = async {
        let incoming = Acceptor::DEFAULT.read(stream).await?;
        let mut socket = incoming.accept(&Choice::DEFAULT).await?;
        while socket.read().await?.is_some() {}
        Ok::<(), Error>(())
    };
    assert!(size_of_val(&decided) < 2048, "{}", size_of_val(&decided));
    let asked = async {
        let mut socket = bareframe_tokio::connect("ws://localhost/").await?;
        while socket.read().await?.is_some() {}
        Ok::<(), Error>(())
    };
    assert!(size_of_val(&asked) < 2048, "{}", size_of_val(&asked));
}

/// Returns the request with one header replaced, or left out.
fn with(name: &str, line: &str) -> String {
    let start = REQUEST.find(name).unwrap();
    let end = start + REQUEST[start..].find("\r\n").unwrap() + 2;
    [&REQUEST[..start], line, &REQUEST[end..]].concat()
}

#[tokio::test]
async fn s4_2_a_request_is_read_whatever_pieces_it_comes_in_and_what_is_after_it_is_the_first_frames() {
    let arrived = [
        REQUEST.as_bytes(),
        &Frame::text("Hello").masked([1, 2, 3, 4]).to_bytes(),
    ]
    .concat();
    for cut in 0..=arrived.len() {
        let (mut client, of_server) = duplex(1 << 10);
        let mut accepting = Acceptor::DEFAULT.begin(of_server);
        client.write_all(&arrived[..cut]).await.unwrap();
        let first = pin!(accepting.read()).poll(&mut Context::from_waker(Waker::noop()));
        let incoming = match first {
            Poll::Ready(incoming) => incoming.unwrap(),
            Poll::Pending => {
                assert!(cut < REQUEST.len(), "{cut}");
                client
                    .write_all(&arrived[cut..REQUEST.len().max(cut)])
                    .await
                    .unwrap();
                accepting.read().await.unwrap()
            }
        };
        assert_eq!(incoming.request().path(), "/chat");
        assert_eq!(incoming.request().query(), Some("room=1"));
        assert_eq!(incoming.request().host(), Some("example.com"));
        let origin = incoming.request().header("Origin").unwrap();
        assert_eq!(origin.value(), b"https://example.com");
        assert!(incoming.offers("chat") && !incoming.offers("other"));
        let choice = Choice::DEFAULT
            .with_subprotocol(Some("chat"))
            .with_headers(&[("Set-Cookie", "a=b")]);
        let mut socket = incoming.accept(&choice).await.unwrap();
        assert_eq!(socket.subprotocol(), Some("chat"));
        let head = read_head(&mut client).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert_eq!(
            header(&head, "Sec-WebSocket-Accept"),
            Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
        assert_eq!(header(&head, "Sec-WebSocket-Protocol"), Some("chat"));
        assert_eq!(header(&head, "Set-Cookie"), Some("a=b"));
        client
            .write_all(&arrived[cut.max(REQUEST.len())..])
            .await
            .unwrap();
        assert_eq!(socket.read().await.unwrap().unwrap().as_str(), Some("Hello"));
    }
}

/// `read` is dropped after each byte, and no byte is lost.
#[tokio::test]
async fn a_read_that_is_dropped_loses_nothing() {
    let (mut client, of_server) = duplex(1 << 10);
    let mut accepting = Acceptor::DEFAULT.begin(of_server);
    let mut dropped = 0;
    for byte in &REQUEST.as_bytes()[..REQUEST.len() - 1] {
        client.write_u8(*byte).await.unwrap();
        let read = pin!(accepting.read()).poll(&mut Context::from_waker(Waker::noop()));
        assert!(read.is_pending());
        dropped += 1;
    }
    assert!(dropped > 100);
    client.write_all(b"\n\x81\x80\0\0\0\0").await.unwrap();
    let mut socket = accepting
        .read()
        .await
        .unwrap()
        .accept(&Choice::DEFAULT)
        .await
        .unwrap();
    assert_eq!(socket.read().await.unwrap().unwrap().as_str(), Some(""));
    // The request was taken.
    let Err(Error::Io(error)) = accepting.read().await else {
        panic!()
    };
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}

#[tokio::test]
async fn s4_2_1_a_wrong_request_is_answered_with_what_is_wrong() {
    for (request, error, status) in [
        (
            REQUEST.replace("GET", "POST"),
            RequestError::NotGet,
            "405 Method Not Allowed",
        ),
        (
            with("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8\r\n"),
            RequestError::UnsupportedVersion,
            "426 Upgrade Required",
        ),
        (
            with("Sec-WebSocket-Key", ""),
            RequestError::MissingKey,
            "400 Bad Request",
        ),
        (
            with("Connection", ""),
            RequestError::MissingConnection,
            "400 Bad Request",
        ),
        (with("Host", ""), RequestError::MissingHost, "400 Bad Request"),
        (
            "GET / HTTP/1.1\r\nHost\r\n\r\n".to_owned(),
            RequestError::Head(HeadError::InvalidName),
            "400 Bad Request",
        ),
    ] {
        let (accepted, answer) = answered(request.as_bytes(), async |stream| {
            Acceptor::DEFAULT.accept(stream).await.map(drop)
        })
        .await;
        let Err(Error::Handshake(HandshakeError::Request(found))) = accepted else {
            panic!("{request}")
        };
        assert_eq!(
            std::mem::discriminant(&found),
            std::mem::discriminant(&error),
            "{found:?}"
        );
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        assert!(
            header(&answer, "Date").is_some_and(|date| date.ends_with("GMT")),
            "{answer}"
        );
        let has_text = status.starts_with("405") || answer.ends_with(&format!("\r\n\r\n{}\n", found.text()));
        assert!(has_text, "{answer}");
    }
    let (accepted, answer) = answered(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", async |stream| {
        Acceptor::DEFAULT.accept(stream).await.map(drop)
    })
    .await;
    assert!(matches!(
        accepted,
        Err(Error::Handshake(HandshakeError::NoUpgrade))
    ));
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
}

#[tokio::test]
async fn s4_2_2_a_refusal_has_headers_and_content_and_the_client_reads_all_of_it() {
    let refuse = async |stream| {
        let incoming: Incoming<DuplexStream> = Acceptor::DEFAULT.read(stream).await?;
        let headers = [("WWW-Authenticate", "Basic realm=\"chat\""), ("Date", "today")];
        incoming
            .answer(Status::UNAUTHORIZED, &headers, &[b'a'; 3000])
            .await
    };
    let (refused, answer) = answered(REQUEST.as_bytes(), refuse).await;
    refused.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
    assert_eq!(header(&answer, "WWW-Authenticate"), Some("Basic realm=\"chat\""));
    assert_eq!(header(&answer, "Content-Length"), Some("3000"));
    assert_eq!(answer.matches("Date: ").count(), 1);
    assert!(answer.ends_with(&["\r\n\r\n", &"a".repeat(3000)].concat()));
    // An answer to HEAD has the length alone.
    let (refused, answer) = answered(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", refuse).await;
    refused.unwrap();
    assert_eq!(header(&answer, "Content-Length"), Some("3000"));
    assert!(answer.ends_with("\r\n\r\n"));
}

#[tokio::test]
async fn what_the_client_did_not_offer_can_not_be_chosen_and_the_client_hears_that_the_server_failed() {
    let (accepted, answer) = answered(REQUEST.as_bytes(), async |stream| {
        let incoming = Acceptor::DEFAULT.read(stream).await.unwrap();
        let choice = Choice::DEFAULT.with_subprotocol(Some("other"));
        incoming.accept(&choice).await.map(drop)
    })
    .await;
    assert!(matches!(accepted, Err(Error::Handshake(HandshakeError::Head(_)))));
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_answered_with_431() {
    let acceptor = Acceptor::DEFAULT.with_head_limit(REQUEST.len());
    let (accepted, _) = answered(REQUEST.as_bytes(), async |stream| {
        acceptor.accept(stream).await.map(drop)
    })
    .await;
    accepted.unwrap();
    let acceptor = acceptor.with_head_limit(REQUEST.len() - 1);
    let (accepted, answer) = answered(REQUEST.as_bytes(), async |stream| {
        acceptor.accept(stream).await.map(drop)
    })
    .await;
    let Err(Error::Handshake(error)) = accepted else {
        panic!()
    };
    assert_eq!(error.status(), Some(431));
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_stream_that_ends_within_the_head_is_said_to_have_ended() {
    let (mut client, of_server) = duplex(1 << 10);
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    drop(client);
    let accepted = Acceptor::DEFAULT.accept(of_server).await;
    assert!(matches!(accepted, Err(Error::Handshake(HandshakeError::Ended))));
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_time_is_over_the_whole_head_however_it_drips_and_also_if_the_read_is_dropped() {
    let acceptor = Acceptor::DEFAULT.with_timeout(10 * SECOND);
    let (mut client, of_server) = duplex(1 << 10);
    let begun = Instant::now();
    let mut accepting = acceptor.begin(of_server);
    let drip = tokio::spawn(async move {
        for byte in REQUEST.bytes() {
            tokio::time::sleep(SECOND).await;
            if client.write_u8(byte).await.is_err() {
                break;
            }
        }
    });
    for _ in 0..3 {
        let late = tokio::time::timeout(3 * SECOND, accepting.read()).await;
        assert!(late.is_err());
    }
    let late = accepting.read().await;
    assert!(matches!(late, Err(Error::Handshake(HandshakeError::Timeout))));
    assert!(late.unwrap_err().to_string().starts_with("timed out: "));
    assert_eq!(begun.elapsed(), 10 * SECOND);
    drip.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_answers_are_within_the_limit_of_time_and_deciding_is_not() {
    let acceptor = Acceptor::DEFAULT.with_timeout(10 * SECOND);
    // The stream takes 16 bytes and no more.
    let slow = async || {
        let (mut client, of_server) = duplex(16);
        let reading = acceptor.read(of_server);
        let (incoming, ()) = tokio::join!(reading, async {
            client.write_all(REQUEST.as_bytes()).await.unwrap();
        });
        advance(100 * SECOND).await;
        (incoming.unwrap(), client, Instant::now())
    };
    let (incoming, _client, begun) = slow().await;
    let accepted = incoming.accept(&Choice::DEFAULT).await;
    assert!(matches!(accepted, Err(Error::Handshake(HandshakeError::Timeout))));
    assert_eq!(begun.elapsed(), 10 * SECOND);
    let (incoming, _client, begun) = slow().await;
    let answered = incoming.answer(Status::FORBIDDEN, &[], b"no").await;
    assert!(matches!(answered, Err(Error::Handshake(HandshakeError::Timeout))));
    assert_eq!(begun.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_take_the_answer_to_a_wrong_head_is_left_in_time() {
    let (mut client, of_server) = duplex(16);
    let begun = Instant::now();
    let acceptor = Acceptor::DEFAULT.with_timeout(10 * SECOND);
    let (accepted, _) = tokio::join!(acceptor.accept(of_server), client.write_all(b"GET\r\n\r\n"));
    assert!(matches!(
        accepted,
        Err(Error::Handshake(HandshakeError::Request(_)))
    ));
    assert_eq!(begun.elapsed(), 10 * SECOND);
}

#[tokio::test]
async fn other_options_for_another_path() {
    let (accepted, _) = answered(
        [REQUEST.as_bytes(), b"\x81\x80\0\0\0\0"].concat().as_slice(),
        async |stream| {
            let incoming = Acceptor::DEFAULT.read(stream).await.unwrap();
            let options =
                Options::DEFAULT.with_keepalive(Duration::from_millis(10), Duration::from_millis(10));
            let mut socket = incoming
                .with_options(options)
                .accept(&Choice::DEFAULT)
                .await
                .unwrap();
            socket.read().await.unwrap().unwrap();
            socket.read().await.map(drop)
        },
    )
    .await;
    assert!(matches!(accepted, Err(Error::KeepaliveTimeout)));
}

#[tokio::test]
async fn over_tcp_with_our_client_and_without_delay() {
    let (address, listener) = server::listen().await;
    let served = tokio::spawn(async move {
        let mut socket: ServerSocket<ServerStream<_>> =
            bareframe_tokio::accept(listener.accept().await?.0).await?;
        assert!(socket.stream().get_ref().nodelay()?);
        socket.send("Hello").await?;
        socket.close(None, "").await
    });
    let mut client = bareframe_tokio::connect(&format!("ws://{address}/"))
        .await
        .unwrap();
    assert_eq!(client.read().await.unwrap().unwrap().as_str(), Some("Hello"));
    client.close(None, "").await.unwrap();
    served.await.unwrap().unwrap();
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn rfc7692_s5_1_compression_is_agreed_on_where_both_sides_want_it_and_beside_what_the_program_chooses()
{
    use bareframe_tokio::Connector;
    use bareframe_tokio::deflate::Policy;
    let compressed = Options::DEFAULT.with_deflate(Policy::DEFAULT);
    for (of_server, of_client) in [(true, true), (true, false), (false, true)] {
        let options = |is_compressed| {
            if is_compressed {
                compressed
            } else {
                Options::DEFAULT
            }
        };
        let acceptor = Acceptor::DEFAULT.with_options(options(of_server));
        let connector = Connector::DEFAULT
            .with_options(options(of_client))
            .with_extensions("x-toy");
        // It takes the whole message, which no task reads meanwhile.
        let (client, server) = duplex(4 << 10);
        let (server, client) = tokio::join!(
            async {
                let incoming = acceptor.read(server).await?;
                incoming.accept(&Choice::DEFAULT.with_extensions("x-toy")).await
            },
            connector.connect_over(client, "ws://localhost/"),
        );
        let (mut server, mut client) = (server.unwrap(), client.unwrap());
        let list = client
            .response()
            .unwrap()
            .header("Sec-WebSocket-Extensions")
            .unwrap();
        assert!(list.contains("x-toy"));
        assert_eq!(list.contains("permessage-deflate"), of_server && of_client);
        assert_eq!(server.deflate().is_some(), of_server && of_client);
        let text = "all work and no play ".repeat(100);
        client.send(text.as_str()).await.unwrap();
        assert!(server.read().await.unwrap().unwrap().as_str() == Some(&text));
    }
}

#[cfg(feature = "rustls")]
mod tls {
    use super::*;
    use bareframe_tokio::Connector;
    use bareframe_tokio::rustls::ServerConfig;
    use std::sync::Arc;

    #[tokio::test]
    async fn s10_6_over_tls_and_never_with_http_2() {
        let (client_config, server_config) = certified::certified();
        let mut server_config = ServerConfig::clone(&server_config);
        server_config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = Acceptor::DEFAULT.with_tls(Arc::new(server_config));
        let (address, listener) = server::listen().await;
        let served = tokio::spawn(async move {
            let mut socket = acceptor.accept(listener.accept().await?.0).await?;
            let protocol = socket.stream().tls_connection().unwrap().alpn_protocol();
            assert_ne!(protocol, Some(&b"h2"[..]));
            assert!(socket.stream().get_ref().nodelay()?);
            let message = socket.read().await?.unwrap().as_str().unwrap().to_owned();
            socket.send(message).await?;
            socket.close(None, "").await
        });
        let connector = Connector::DEFAULT.with_tls(client_config);
        let url = format!("wss://{}:{}/", certified::HOST, address.port());
        let mut client = connector.connect(&url).await.unwrap();
        client.send("Hello").await.unwrap();
        assert_eq!(client.read().await.unwrap().unwrap().as_str(), Some("Hello"));
        client.close(None, "").await.unwrap();
        served.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_of_time_includes_tls() {
        let (_, server_config) = certified::certified();
        let acceptor = Acceptor::DEFAULT
            .with_timeout(10 * SECOND)
            .with_tls(server_config);
        let (mut client, of_server) = duplex(1 << 10);
        let begun = Instant::now();
        // The beginning of a ClientHello.
        client.write_all(&[22, 3, 1, 2, 0, 1, 0, 1]).await.unwrap();
        let mut accepting = acceptor.begin(of_server);
        let dropped = tokio::time::timeout(4 * SECOND, accepting.read()).await;
        assert!(dropped.is_err());
        let late = accepting.read().await;
        assert!(matches!(late, Err(Error::Handshake(HandshakeError::Timeout))));
        assert_eq!(begun.elapsed(), 10 * SECOND);
    }

    #[tokio::test]
    async fn tls_that_is_dropped_at_each_await_continues() {
        let (client_config, server_config) = certified::certified();
        // In so short a pipe both ends would only write.
        let mut server_config = ServerConfig::clone(&server_config);
        server_config.send_tls13_tickets = 0;
        let (of_client, of_server) = duplex(7);
        let mut accepting = Acceptor::DEFAULT
            .with_tls(Arc::new(server_config))
            .begin(of_server);
        let connected = tokio::spawn(async move {
            let name = certified::HOST.try_into().unwrap();
            let connector = tokio_rustls::TlsConnector::from(client_config);
            let stream = connector.connect(name, of_client).await.unwrap();
            Connector::DEFAULT
                .connect_over(stream, "ws://localhost/")
                .await
                .map(drop)
        });
        let mut dropped = 0;
        let incoming = loop {
            match pin!(accepting.read()).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(incoming) => break incoming.unwrap(),
                Poll::Pending => dropped += 1,
            }
            tokio::task::yield_now().await;
        };
        assert!(dropped >= 100, "{dropped}");
        incoming.accept(&Choice::DEFAULT).await.unwrap();
        connected.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn what_is_not_tls_is_the_fault_of_tls() {
        let (_, server_config) = certified::certified();
        let acceptor = Acceptor::DEFAULT.with_tls(server_config);
        let (mut client, of_server) = duplex(1 << 10);
        client.write_all(REQUEST.as_bytes()).await.unwrap();
        let accepted = acceptor.accept(of_server).await;
        assert!(
            matches!(accepted, Err(Error::Handshake(HandshakeError::Tls(_)))),
            "{accepted:?}"
        );
        let (client, of_server) = duplex(1 << 10);
        drop(client);
        let accepted = acceptor.accept(of_server).await;
        assert!(
            matches!(accepted, Err(Error::Handshake(HandshakeError::Ended))),
            "{accepted:?}"
        );
    }
}
