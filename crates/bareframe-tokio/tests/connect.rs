//! Connections to servers over TCP: the opening handshake, addresses, redirects, and limits of time.

mod server;

use bareframe_testkit::Frame;
use bareframe_tokio::handshake::{EncodeError, ResponseError};
use bareframe_tokio::{
    ClientSocket, ClientStream, ConnectError, ConnectErrorKind, ConnectStep, Connector, Error,
    HandshakeError, RedirectError, Refusal, UrlError, connect,
};
use server::{answer, greet, header, listen, read_head, serve_once, switch, wait_for_end};
use std::future::pending;
use std::io::{self, ErrorKind};
use std::net::{Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// For what has a limit of a quarter of a second or less, on a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_millis(200);

type Connected = Result<ClientSocket<ClientStream>, Error>;

#[track_caller]
fn connect_error(connected: Connected) -> ConnectError {
    match connected {
        Err(Error::Connect(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn handshake_error(connected: Connected) -> HandshakeError {
    match connected {
        Err(Error::Connect(error)) => {
            assert_eq!(error.step(), ConnectStep::Handshake);
            assert!(error.address().is_some());
            match { *error }.into_kind() {
                ConnectErrorKind::Handshake(error) => error,
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}

/// What a client gets that is answered so.
async fn refused(connector: &Connector<'_>, text: &'static str) -> Refusal {
    let (address, _) = serve_once(move |stream| answer(stream, text)).await;
    match handshake_error(connector.connect(&format!("ws://{address}/")).await) {
        HandshakeError::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

/// Connects to a server that greets, and returns the head of the request.
async fn greeted(connector: &Connector<'_>, path: &str) -> String {
    let (address, served) = serve_once(greet).await;
    let mut socket = connector.connect(&format!("ws://{address}{path}")).await.unwrap();
    assert_eq!(socket.read().await.unwrap().unwrap().as_str(), Some("Hello"));
    drop(socket);
    served.await.unwrap()
}

#[tokio::test]
async fn s4_1_the_request_has_what_was_asked_for_and_the_frames_behind_the_answer_are_read() {
    let connector = Connector::DEFAULT
        .with_origin("http://example.com")
        .with_subprotocols(&["superchat", "chat"])
        .with_headers(&[("X-Room", "1")])
        .with_cookies(&[("a", "b"), ("c", "d")]);
    let head = greeted(&connector, "/chat?room=1").await;
    assert!(
        head.starts_with("GET /chat?room=1 HTTP/1.1\r\nHost: 127.0.0.1:"),
        "{head}"
    );
    let version = concat!("bareframe/", env!("CARGO_PKG_VERSION"));
    for (name, value) in [
        ("Origin", "http://example.com"),
        ("Sec-WebSocket-Protocol", "superchat, chat"),
        ("User-Agent", version),
        ("X-Room", "1"),
        ("Cookie", "a=b; c=d"),
    ] {
        assert_eq!(header(&head, name), Some(value), "{head}");
    }
}

#[tokio::test]
async fn a_user_agent_may_be_another_or_none() {
    let connector = Connector::DEFAULT.with_headers(&[("user-agent", "own")]);
    let head = greeted(&connector, "").await;
    assert_eq!(
        (header(&head, "user-agent"), header(&head, "User-Agent")),
        (Some("own"), None)
    );
    let head = greeted(&Connector::DEFAULT.with_user_agent(None), "").await;
    assert_eq!(header(&head, "User-Agent"), None);
    assert_eq!(header(&head, "Cookie"), None);
}

#[tokio::test]
async fn s4_1_the_answer_and_the_subprotocol_are_kept() {
    let (address, _) = serve_once(async |mut stream| {
        let head = read_head(&mut stream).await;
        let more = "Sec-WebSocket-Protocol: chat\r\nX-Server: a\r\n";
        stream.write_all(switch(&head, more).as_bytes()).await.unwrap();
        wait_for_end(&mut stream).await
    })
    .await;
    let connector = Connector::DEFAULT.with_subprotocols(&["chat"]);
    let socket = connector.connect(&format!("ws://{address}/")).await.unwrap();
    assert_eq!(socket.subprotocol(), Some("chat"));
    let response = socket.response().unwrap();
    assert_eq!((response.status(), response.header("x-server")), (101, Some("a")));
    assert_eq!(socket.stream().peer_addr(), address);
    assert_ne!(socket.stream().local_addr(), address);
}

#[tokio::test]
async fn s4_1_an_answer_may_come_byte_by_byte_and_after_others() {
    let (address, _) = serve_once(async |mut stream| {
        stream.set_nodelay(true).unwrap();
        let head = read_head(&mut stream).await;
        let answer = format!(
            "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n{}",
            switch(&head, "X: y\r\n z\r\n")
        );
        for byte in [answer.as_bytes(), &Frame::text("Hello").to_bytes()].concat() {
            stream.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        wait_for_end(&mut stream).await
    })
    .await;
    let mut socket = connect(&format!("ws://{address}/")).await.unwrap();
    assert_eq!(socket.response().unwrap().header("X"), Some("y   z"));
    assert_eq!(socket.read().await.unwrap().unwrap().as_str(), Some("Hello"));
}

#[tokio::test]
async fn s4_1_a_wrong_answer_is_an_error_that_names_the_address() {
    let (address, _) = serve_once(|stream| {
        answer(
            stream,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        )
    })
    .await;
    let error = connect_error(connect(&format!("ws://{address}/")).await);
    assert_eq!(error.address(), Some(address));
    assert!(
        error
            .to_string()
            .starts_with(&format!("{address}: the server's Sec-WebSocket-Accept")),
        "{error}"
    );
    assert!(matches!(
        error.kind(),
        ConnectErrorKind::Handshake(HandshakeError::Response(ResponseError::WrongAccept))
    ));
}

#[tokio::test]
async fn a_head_that_is_too_long_or_ends_is_an_error() {
    let (address, _) = serve_once(async |mut stream| {
        read_head(&mut stream).await;
        let _ = stream.write_all("HTTP/1.1 101 a\r\n".as_bytes()).await;
        // Until the client is gone.
        while stream.write_all(&[b'a'; 1024]).await.is_ok() {}
    })
    .await;
    let error = handshake_error(connect(&format!("ws://{address}/")).await);
    assert!(
        matches!(error, HandshakeError::Response(ResponseError::Head(_))),
        "{error:?}"
    );
    let (address, _) = serve_once(|stream| answer(stream, "HTTP/1.1 101 a\r\n")).await;
    let error = handshake_error(connect(&format!("ws://{address}/")).await);
    assert!(matches!(error, HandshakeError::Ended), "{error:?}");
}

#[tokio::test]
async fn the_content_of_a_refusal_is_kept_up_to_the_limit() {
    let default = Connector::DEFAULT;
    let refusal = refused(
        &default,
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\nX-Why: a\r\n\r\nno entry!more",
    )
    .await;
    assert_eq!((refusal.status(), refusal.header("x-why")), (403, Some("a")));
    assert_eq!((refusal.content(), refusal.is_whole()), (&b"no entry!"[..], true));
    assert!(
        refusal
            .to_string()
            .ends_with("status 403 and opened no WebSocket (RFC 6455 section 4.1): no entry!")
    );
    let refusal = refused(
        &default,
        "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nno \r\n5\r\nentry\r\n0\r\n\r\n",
    )
    .await;
    assert_eq!((refusal.content(), refusal.is_whole()), (&b"no entry"[..], true));
    let refusal = refused(&default, "HTTP/1.1 403 Forbidden\r\n\r\nno entry").await;
    assert_eq!((refusal.content(), refusal.is_whole()), (&b"no entry"[..], true));
    let refusal = refused(
        &default,
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 99\r\n\r\nno entry",
    )
    .await;
    assert_eq!((refusal.content(), refusal.is_whole()), (&b"no entry"[..], false));
    let limited = default.with_refusal_limit(5);
    let refusal = refused(
        &limited,
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 8\r\n\r\nno entry",
    )
    .await;
    assert_eq!((refusal.content(), refusal.is_whole()), (&b"no en"[..], false));
}

#[tokio::test]
async fn a_refusal_whose_content_does_not_end_is_not_waited_for() {
    let (address, served) = serve_once(async |mut stream| {
        answer(
            &mut stream,
            "HTTP/1.1 503 Busy\r\nContent-Length: 99\r\n\r\nlater",
        )
        .await;
        wait_for_end(&mut stream).await
    })
    .await;
    let connected = timeout(SOON, connect(&format!("ws://{address}/"))).await.unwrap();
    let error = connected.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!((refusal.content(), refusal.is_whole()), (&b"later"[..], false));
    served.await.unwrap();
}

#[tokio::test]
async fn what_can_not_be_connected_to_is_said_before_anything_is_done() {
    assert!(matches!(
        connect("http://127.0.0.1/").await,
        Err(Error::Url(UrlError::Scheme))
    ));
    #[cfg(not(feature = "rustls"))]
    {
        let error = connect("wss://127.0.0.1/").await.unwrap_err();
        assert!(matches!(error, Error::NoTls));
        assert_eq!(
            error.to_string(),
            "the URL asks for TLS, and the feature rustls is not on"
        );
    }
    let (address, _listener) = listen().await;
    let connector = Connector::DEFAULT.with_headers(&[("a b", "c")]);
    let error = handshake_error(connector.connect(&format!("ws://{address}/")).await);
    assert!(
        matches!(error, HandshakeError::Head(EncodeError::InvalidHeaderName)),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_error_of_tcp_names_the_name_and_the_address() {
    let (nobody, listener) = listen().await;
    drop(listener);
    let connector = Connector::DEFAULT
        .with_resolver(move |_, port| async move { Ok(vec![SocketAddr::new(nobody.ip(), port)]) });
    let error = connect_error(
        connector
            .connect(&format!("ws://example.com:{}/", nobody.port()))
            .await,
    );
    assert_eq!(
        (error.host(), error.address(), error.step()),
        ("example.com", Some(nobody), ConnectStep::Tcp)
    );
    assert!(
        error
            .to_string()
            .starts_with(&format!("example.com, {nobody}: TCP: ")),
        "{error}"
    );
    let ConnectErrorKind::Io(error) = error.kind() else {
        panic!()
    };
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn an_error_of_tcp_names_each_address_and_its_error() {
    let (first, second) = (listen().await.0, listen().await.0);
    let connector = Connector::DEFAULT.with_resolver(move |_, _| async move { Ok(vec![first, second]) });
    let error = connect_error(connector.connect("ws://example.com/").await);
    let ConnectErrorKind::Io(last) = error.kind() else {
        panic!()
    };
    let (address, (other, other_error)) = (error.address().unwrap(), error.other_addresses().next().unwrap());
    let mut both = [address, other];
    both.sort();
    let mut expected = [first, second];
    expected.sort();
    assert_eq!((both, error.other_addresses().count()), (expected, 1));
    assert_eq!(other_error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(
        error.to_string(),
        format!("example.com, {address}: TCP: {last}; {other}: {other_error}")
    );
}

#[tokio::test]
async fn an_address_that_failed_before_another_was_connected_to_is_not_in_the_words_of_a_later_error() {
    let nobody = listen().await.0;
    let (address, _) =
        serve_once(|stream| answer(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")).await;
    let connector = Connector::DEFAULT.with_resolver(move |_, _| async move { Ok(vec![nobody, address]) });
    let error = connect_error(connector.connect("ws://example.com/").await);
    assert_eq!(error.address(), Some(address));
    assert!(error.other_addresses().map(|(address, _)| address).eq([nobody]));
    assert!(!error.to_string().contains(&nobody.to_string()), "{error}");
}

#[tokio::test]
async fn an_error_of_the_lookup_names_the_host() {
    let connector = Connector::DEFAULT.with_resolver(async |_, _| Err(io::Error::other("no such name")));
    let error = connect_error(connector.connect("ws://example.com/").await);
    assert_eq!((error.address(), error.step()), (None, ConnectStep::Lookup));
    assert_eq!(error.to_string(), "example.com: name lookup: no such name");
    let connector = Connector::DEFAULT.with_resolver(async |_, _| Ok(Vec::new()));
    let error = connect_error(connector.connect("ws://example.com/").await);
    assert_eq!(
        error.to_string(),
        "example.com: name lookup: the name has no address"
    );
}

#[tokio::test]
async fn rfc8305_a_dead_ipv6_address_beside_a_live_ipv4_address_does_not_matter() {
    let (address, served) = serve_once(greet).await;
    // 100::/64 is for what is to be discarded (RFC 6666); where there is no IPv6 at all, it is refused at once.
    let dead = SocketAddr::from((Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 1), address.port()));
    let connector = Connector::DEFAULT.with_resolver(move |name, _| {
        assert_eq!(name, "localhost");
        async move { Ok(vec![dead, dead, address]) }
    });
    let mut socket = connector
        .connect(&format!("ws://localhost:{}/", address.port()))
        .await
        .unwrap();
    assert_eq!(socket.stream().peer_addr(), address);
    assert_eq!(socket.read().await.unwrap().unwrap().as_str(), Some("Hello"));
    drop(socket);
    served.await.unwrap();
}

/// The step in which a limit passed, and the limit.
#[track_caller]
fn timed_out(connected: Connected) -> (ConnectStep, Duration) {
    let error = connect_error(connected);
    assert!(error.is_timeout(), "{error:?}");
    let ConnectErrorKind::Timeout(limit) = error.kind() else {
        panic!("{error:?}")
    };
    assert!(
        error
            .to_string()
            .ends_with(&format!("{}: timed out after {limit:?}", error.step())),
        "{error}"
    );
    (error.step(), *limit)
}

#[tokio::test(start_paused = true)]
async fn a_lookup_has_a_limit_and_the_error_says_which() {
    let slow = Connector::DEFAULT.with_resolver(async |_, _| pending().await);
    let of_step = slow.clone().with_lookup_timeout(Duration::from_secs(2));
    let connected = of_step.connect("ws://example.com/").await;
    assert_eq!(
        timed_out(connected),
        (ConnectStep::Lookup, Duration::from_secs(2))
    );
    let connected = slow.connect("ws://example.com/").await;
    assert_eq!(
        timed_out(connected),
        (ConnectStep::Lookup, Duration::from_secs(10))
    );
}

#[tokio::test]
async fn a_handshake_has_a_limit_however_the_server_drips() {
    let (address, served) = serve_once(async |mut stream| {
        read_head(&mut stream).await;
        stream.set_nodelay(true).unwrap();
        for byte in "HTTP/1.1 101 Switching Protocols".bytes().cycle() {
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let connector = Connector::DEFAULT.with_handshake_timeout(LIMIT);
    let connected = timeout(SOON, connector.connect(&format!("ws://{address}/")))
        .await
        .unwrap();
    assert_eq!(timed_out(connected), (ConnectStep::Handshake, LIMIT));
    served.await.unwrap();
}

#[tokio::test]
async fn s4_1_one_handshake_after_the_other_unless_it_is_said_otherwise() {
    let (address, listener) = listen().await;
    let url = format!("ws://{address}/");
    let pair = |connector: Connector<'static>| {
        let (one, other) = ((connector.clone(), url.clone()), (connector, url.clone()));
        [one, other].map(|(connector, url)| tokio::spawn(async move { connector.connect(&url).await }))
    };
    let clients = pair(Connector::DEFAULT);
    let (first, _) = listener.accept().await.unwrap();
    assert!(
        timeout(LIMIT, listener.accept()).await.is_err(),
        "the second waits"
    );
    let first = tokio::spawn(greet(first));
    let (second, _) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
    let second = tokio::spawn(greet(second));
    for client in clients {
        client.await.unwrap().unwrap();
    }
    for server in [first, second] {
        server.await.unwrap();
    }

    let clients = pair(Connector::DEFAULT.with_concurrent_handshakes(true));
    let (first, _) = listener.accept().await.unwrap();
    let (second, _) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
    drop((first, second));
    for client in clients {
        assert!(client.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn a_future_of_connect_that_is_dropped_leaves_nothing_behind() {
    let (address, listener) = listen().await;
    let url = format!("ws://{address}/");
    let connecting = Connector::DEFAULT;
    let mut connecting = Box::pin(connecting.connect(&url));
    let mut stream = tokio::select! {
        connected = &mut connecting => panic!("{connected:?}"),
        accepted = listener.accept() => accepted.unwrap().0,
    };
    tokio::select! {
        connected = &mut connecting => panic!("{connected:?}"),
        _ = read_head(&mut stream) => {}
    }
    drop(connecting);
    let ended = timeout(SOON, stream.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    // The turn of this address is free again.
    let next = tokio::spawn(async move { connect(&url).await });
    let (stream, _) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
    let served = tokio::spawn(greet(stream));
    next.await.unwrap().unwrap();
    served.await.unwrap();
}

#[tokio::test]
async fn a_stream_of_the_callers_is_asked_over() {
    let (client, server) = tokio::io::duplex(1 << 10);
    let served = tokio::spawn(greet(server));
    let mut socket = Connector::DEFAULT
        .connect_over(client, "ws://example.com/a")
        .await
        .unwrap();
    assert_eq!(socket.read().await.unwrap().unwrap().as_str(), Some("Hello"));
    drop(socket);
    assert!(
        served
            .await
            .unwrap()
            .starts_with("GET /a HTTP/1.1\r\nHost: example.com\r\n")
    );
}

/// A stream that takes nothing, and from which this is read.
struct Deaf(&'static [u8]);

impl AsyncRead for Deaf {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Deaf {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_server_may_refuse_before_it_has_read_the_request() {
    let stream = Deaf(b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n\r\n");
    let error = Connector::DEFAULT.connect_over(stream, "ws://a/").await.err();
    assert_eq!(error.unwrap().refusal().unwrap().status(), 431);
    // If it says nothing, that the request was not taken is why there is no connection.
    let error = Connector::DEFAULT
        .connect_over(Deaf(b"HTTP/1.1"), "ws://a/")
        .await
        .err();
    assert!(
        matches!(&error, Some(Error::Io(error)) if error.kind() == ErrorKind::BrokenPipe),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn over_a_stream_of_the_callers_there_is_a_limit_too() {
    let (client, _server) = tokio::io::duplex(1 << 10);
    let connected = Connector::DEFAULT
        .connect_over(client, "ws://example.com/a")
        .await;
    assert!(
        matches!(connected, Err(Error::Handshake(HandshakeError::Timeout))),
        "{connected:?}"
    );
}

/// A server that answers each connection by what `respond` makes of the number of connections before and the head of the request; "" is a WebSocket.
async fn serve_all(
    respond: impl Fn(usize, &str) -> String + Send + Sync + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let (address, listener) = listen().await;
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let mut stream: TcpStream = listener.accept().await.unwrap().0;
            let head = read_head(&mut stream).await;
            let answer = match respond(counted.fetch_add(1, Ordering::SeqCst), &head) {
                answer if answer.is_empty() => switch(&head, ""),
                answer => answer,
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
            tokio::spawn(async move { wait_for_end(&mut stream).await });
        }
    });
    (address, count)
}

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

#[tokio::test]
async fn rfc9110_s15_4_redirects_are_followed_up_to_the_limit() {
    for status in [301, 302, 303, 307, 308] {
        let (address, count) = serve_all(move |before, head| {
            assert!(head.starts_with(&format!("GET /a/{before} ")), "{head}");
            assert_eq!(header(head, "Authorization"), Some("secret"));
            if before < 2 {
                redirect(status, &format!("{}", before + 1))
            } else {
                String::new()
            }
        })
        .await;
        let connector = Connector::DEFAULT.with_headers(&[("Authorization", "secret")]);
        let url = format!("ws://{address}/a/0");
        connector.clone().with_redirects(2).connect(&url).await.unwrap();
        assert_eq!(count.swap(0, Ordering::SeqCst), 3);
        let error = handshake_error(connector.clone().with_redirects(1).connect(&url).await);
        assert!(
            matches!(error, HandshakeError::Redirect(RedirectError::TooMany)),
            "{error:?}"
        );
        assert_eq!(count.swap(0, Ordering::SeqCst), 2);
        let error = connector.connect(&url).await.unwrap_err();
        assert_eq!(error.refusal().unwrap().header("Location"), Some("1"));
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn credentials_do_not_go_to_another_host_with_a_redirect() {
    let (other, _) = serve_all(|_, head| {
        for name in ["Authorization", "Cookie", "X-Token"] {
            assert_eq!(header(head, name), None, "{head}");
        }
        assert_eq!(header(head, "User-Agent"), Some("own"));
        assert_eq!(header(head, "Sec-WebSocket-Protocol"), Some("chat"));
        String::new()
    })
    .await;
    let (address, _) = serve_all(move |_, head| {
        assert_eq!(header(head, "Cookie"), Some("a=b"));
        redirect(302, &format!("http://{other}/there"))
    })
    .await;
    let connector = Connector::DEFAULT
        .with_subprotocols(&["chat"])
        .with_headers(&[
            ("Authorization", "secret"),
            ("X-Token", "secret"),
            ("User-Agent", "own"),
        ])
        .with_cookies(&[("a", "b")])
        .with_redirects(5);
    let socket = connector.connect(&format!("ws://{address}/")).await.unwrap();
    assert_eq!(socket.stream().peer_addr(), other);
}

#[tokio::test]
async fn what_is_no_redirect_is_a_refusal_and_a_bad_one_an_error() {
    let connector = Connector::DEFAULT.with_redirects(5);
    let refusal = refused(&connector, "HTTP/1.1 304 Not Modified\r\nLocation: /\r\n\r\n").await;
    assert_eq!(refusal.status(), 304);
    let refusal = refused(&connector, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(refusal.status(), 302);
    let (address, _) = serve_all(|_, _| redirect(302, "ftp://example.com/")).await;
    let error = handshake_error(connector.connect(&format!("ws://{address}/")).await);
    assert!(
        matches!(error, HandshakeError::Redirect(RedirectError::Location)),
        "{error:?}"
    );
}
