//! What is told about connections: a span for each, and events of its handshake, its end and its errors.
#![cfg(feature = "tracing")]

mod server;
mod wire;

use bareframe_testkit::{Frame as RawFrame, Side};
use bareframe_tokio::{CloseCode, Connector, Error, Options, WebSocket, accept, connect};
use server::{greet, listen, serve_once};
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncWriteExt, duplex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};
use wire::{Wire, arriving, poll_once, ready};

/// Notes what is told, a line for each: spans with their fields, and events with the span that they are in.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    /// The fields of each span; its number is its place, beginning with 1.
    spans: Vec<String>,
    events: Vec<String>,
}

/// Writes fields as ` name=value`, and the message first.
struct Fields<'s>(&'s mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            write!(self.0, " {value:?}").unwrap();
        } else {
            write!(self.0, " {}={value:?}", field.name()).unwrap();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {}={value}", field.name()).unwrap();
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("bareframe_tokio")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut told = self.0.lock().unwrap();
        let mut fields = span.metadata().name().to_owned();
        span.record(&mut Fields(&mut fields));
        told.spans.push(fields);
        Id::from_u64(told.spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut told = self.0.lock().unwrap();
        let at = usize::try_from(span.into_u64()).unwrap() - 1;
        values.record(&mut Fields(&mut told.spans[at]));
    }

    fn event(&self, event: &Event<'_>) {
        let mut told = self.0.lock().unwrap();
        let mut line = event.metadata().level().to_string();
        if let Some(span) = event.parent() {
            write!(line, " [{}]", span.into_u64()).unwrap();
        }
        event.record(&mut Fields(&mut line));
        told.events.push(line);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Collector {
    /// Collects what this thread tells.
    fn begin() -> (Collector, DefaultGuard) {
        let collector = Collector::default();
        let guard = tracing::subscriber::set_default(collector.clone());
        (collector, guard)
    }

    fn spans(&self) -> Vec<String> {
        self.0.lock().unwrap().spans.clone()
    }

    fn events(&self) -> Vec<String> {
        self.0.lock().unwrap().events.clone()
    }
}

#[tokio::test]
async fn a_connection_has_a_span_with_role_peer_and_version_and_events_of_its_beginning_and_end() {
    let (collector, _guard) = Collector::begin();
    let (address, served) = serve_once(|stream| async move {
        let client = stream.peer_addr().unwrap();
        let mut socket = accept(stream).await.unwrap();
        while socket.read().await.unwrap().is_some() {}
        drop(socket);
        client
    })
    .await;
    let mut client = connect(&format!("ws://{address}/")).await.unwrap();
    client.send("Hello").await.unwrap();
    client.close(CloseCode::GOING_AWAY, "").await.unwrap();
    drop(client);
    let of_client = served.await.unwrap();
    let mut spans = collector.spans();
    let of_server = usize::from(spans[0].contains("role=client"));
    let (s, c) = (of_server + 1, 2 - of_server);
    spans.sort();
    assert_eq!(
        spans,
        [
            format!("websocket role=client peer={address} http=1.1"),
            format!("websocket role=server peer={of_client} http=1.1"),
        ]
    );
    let mut events = collector.events();
    events.sort();
    assert_eq!(events, {
        let mut expected = [
            format!("DEBUG [{c}] handshake done"),
            format!("DEBUG [{s}] handshake done"),
            format!(
                "DEBUG [{c}] closed received_code=1001 sent_code=1001 began=local received_messages=0 received_bytes=4 \
                     sent_messages=1 sent_bytes=19"
            ),
            format!(
                "DEBUG [{s}] closed received_code=1001 sent_code=1001 began=peer received_messages=1 received_bytes=19 \
                     sent_messages=0 sent_bytes=4"
            ),
        ];
        expected.sort();
        expected
    });
}

#[tokio::test]
async fn s7_4_1_a_violation_is_told_with_its_code_and_once() {
    let (collector, _guard) = Collector::begin();
    let unmasked = RawFrame::text("Hello").to_bytes();
    for is_split in [false, true] {
        let mut server = WebSocket::server(Wire::ended([&unmasked[..]]), &Options::DEFAULT);
        if is_split {
            let (mut reader, writer) = server.split();
            for _ in 0..2 {
                assert!(matches!(ready(reader.read()), Err(Error::Protocol(_))));
            }
            reader.close(None, "").await.unwrap();
            drop(writer);
        } else {
            for _ in 0..2 {
                assert!(matches!(ready(server.read()), Err(Error::Protocol(_))));
            }
            server.close(None, "").await.unwrap();
        }
    }
    let told = collector.events();
    assert_eq!(told.len(), 2, "{told:?}");
    for (line, span) in told.iter().zip(1..) {
        let begins = format!(
            "INFO [{span}] failed sent_code=1002 began=local received_messages=0 received_bytes=7 \
             sent_messages=0 sent_bytes="
        );
        let ends = " error=the client sent a frame that is not masked (RFC 6455 section 5.1; close code 1002 Protocol Error)";
        assert!(line.starts_with(&begins) && line.ends_with(ends), "{line}");
    }
}

#[test]
fn s7_1_5_a_stream_that_ends_without_a_close_is_told_and_nobody_began() {
    let (collector, _guard) = Collector::begin();
    let mut server = WebSocket::server(Wire::ended([[]; 0]), &Options::DEFAULT);
    assert!(matches!(ready(server.read()), Err(Error::AbnormalClosure)));
    assert_eq!(
        collector.events(),
        [
            "INFO [1] failed received_messages=0 received_bytes=0 sent_messages=0 sent_bytes=0 \
          error=the stream ended before the closing handshake was done (RFC 6455 section 7.1.5; 1006)"
        ]
    );
}

#[test]
fn who_began_to_close_is_told() {
    let close = || Wire::ended([arriving(Side::Server, &[RawFrame::close(1000, "")])]);
    let began = |act: &dyn Fn(&mut bareframe_tokio::ServerSocket<Wire>)| {
        let (collector, _guard) = Collector::begin();
        let mut server = WebSocket::server(close(), &Options::DEFAULT);
        act(&mut server);
        let events = collector.events();
        let fields: Vec<_> = events[0].split(' ').collect();
        fields
            .iter()
            .find_map(|field| Some(field.strip_prefix("began=")?.to_owned()))
    };
    let read = |server: &mut bareframe_tokio::ServerSocket<Wire>| {
        assert!(ready(server.read()).unwrap().is_none());
    };
    assert_eq!(began(&read).as_deref(), Some("peer"));
    let send_close = |server: &mut bareframe_tokio::ServerSocket<Wire>| {
        ready(server.send_close(CloseCode::GOING_AWAY, "")).unwrap();
        read(server);
    };
    assert_eq!(began(&send_close).as_deref(), Some("local"));
    let fail = |server: &mut bareframe_tokio::ServerSocket<Wire>| {
        ready(server.fail(CloseCode::POLICY_VIOLATION)).unwrap();
    };
    assert_eq!(began(&fail).as_deref(), Some("local"));
}

#[test]
fn a_connection_that_is_dropped_is_told_and_one_that_waits_is_not() {
    let (collector, _guard) = Collector::begin();
    let mut server = WebSocket::server(Wire::open([[]; 0]), &Options::DEFAULT);
    assert!(poll_once(server.read()).is_none());
    assert_eq!(collector.events(), [""; 0]);
    drop(server);
    assert_eq!(collector.events(), ["DEBUG [1] dropped"]);
    assert_eq!(collector.spans(), ["websocket role=server"]);
}

#[tokio::test]
async fn an_opening_handshake_that_fails_is_told_with_what_is_wrong() {
    let (collector, _guard) = Collector::begin();
    let (stream, mut peer) = duplex(1000);
    peer.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    peer.shutdown().await.unwrap();
    assert!(accept(stream).await.is_err());
    let (stream, peer) = duplex(1000);
    drop(peer);
    assert!(accept(stream).await.is_err());
    let (stream, mut peer) = duplex(1000);
    peer.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();
    assert!(Connector::DEFAULT.connect_over(stream, "ws://a/").await.is_err());
    let nobody = listen().await.0;
    assert!(connect(&format!("ws://{nobody}/")).await.is_err());
    let events = collector.events();
    for (event, (begins, contains)) in events.iter().zip([
        (
            "INFO handshake failed role=server error=",
            "asks for no WebSocket",
        ),
        ("INFO handshake failed role=server error=", "ended"),
        ("INFO handshake failed role=client error=", "403"),
        (
            &format!("INFO handshake failed role=client peer={nobody} error="),
            "refused",
        ),
    ]) {
        assert!(event.starts_with(begins) && event.contains(contains), "{event}");
    }
    assert_eq!(events.len(), 4);
    assert_eq!(collector.spans().len(), 0);
}

#[tokio::test]
async fn nothing_that_a_peer_or_a_program_says_is_told() {
    let (collector, _guard) = Collector::begin();
    let (address, served) = serve_once(greet).await;
    let url = format!("ws://{address}/?token=secret");
    let connector = Connector::DEFAULT.with_headers(&[("Authorization", "secret")]);
    let mut client = connector.connect(&url).await.unwrap();
    client.send("secret").await.unwrap();
    assert!(client.read().await.unwrap().is_some());
    client
        .send_close(CloseCode::NORMAL_CLOSURE, "secret")
        .await
        .unwrap();
    drop(client);
    served.await.unwrap();
    let told = [collector.spans(), collector.events()].concat();
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|line| !line.contains("secret")), "{told:?}");
}

#[test]
fn a_program_records_more_in_the_span() {
    let (collector, _guard) = Collector::begin();
    let server = WebSocket::server(Wire::open([[]; 0]), &Options::DEFAULT);
    server.span().record("peer", "unix");
    let (reader, _writer) = server.split();
    reader.span().record("http", "2");
    assert_eq!(collector.spans(), ["websocket role=server peer=unix http=2"]);
}

#[cfg(all(feature = "hyper", feature = "http2"))]
#[tokio::test]
async fn the_version_of_http_is_told_of_both_ends() {
    use bareframe_tokio::upgrade;
    use hyper::Request;
    use hyper::body::Incoming;
    use hyper::service::service_fn;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use hyper_util::server::conn::auto;
    let (collector, _guard) = Collector::begin();
    for http2 in [false, true] {
        let (address, _served) = serve_once(move |stream| async move {
            let service = service_fn(|mut request: Request<Incoming>| async move {
                let (response, upgrading) = upgrade::<http_body_util::Empty<bytes::Bytes>, _>(&mut request)?;
                tokio::spawn(async move {
                    let mut socket = upgrading.await.unwrap();
                    while let Ok(Some(_)) = socket.read().await {}
                });
                Ok::<_, bareframe_tokio::HandshakeError>(response)
            });
            let mut builder = auto::Builder::new(TokioExecutor::new());
            builder.http2().enable_connect_protocol();
            let _ = builder
                .serve_connection_with_upgrades(TokioIo::new(stream), service)
                .await;
        })
        .await;
        let connector = Connector::DEFAULT.with_http2(http2);
        let mut client = connector.connect(&format!("ws://{address}/")).await.unwrap();
        assert_eq!(client.stream().is_http2(), http2);
        client.close(None, "").await.unwrap();
    }
    let spans = collector.spans();
    let of = |role: &str, version: &str| {
        let is = |span: &&String| span.contains(role) && span.ends_with(version);
        spans.iter().filter(is).count()
    };
    for role in ["role=client peer=127.0.0.1", "role=server"] {
        assert_eq!((of(role, "http=1.1"), of(role, "http=2")), (1, 1), "{spans:?}");
    }
}
