//! permessage-deflate (RFC 7692) through tokio: offered, agreed on, and over streams that stop in the middle.
#![cfg(feature = "deflate")]

mod wire;

use bareframe_testkit::{Frame as RawFrame, Random};
use bareframe_tokio::deflate::{CompressionLevel, NegotiationError, Parameters, Policy, WindowBits, prepare};
use bareframe_tokio::handshake::{Accept, Extensions, Key};
use bareframe_tokio::{
    Acceptor, ClientSocket, Config, Connector, Error, Event, Frame, HandshakeError, Limits, Message,
    MessageKind, Options, ProtocolError, SendError, ServerSocket, WebSocket,
};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use wire::{Arrives, Takes, Wire, poll_once, ready};

const TAKEOVER: Policy = Policy::DEFAULT
    .with_sending_takeover(true)
    .with_receiving_takeover(true);

const fn options(policy: Policy) -> Options {
    Options::DEFAULT.with_deflate(policy)
}

/// Returns what a server of this policy agrees to.
fn agreed(policy: Policy) -> Parameters {
    let offers = Extensions::parse("permessage-deflate; client_max_window_bits").unwrap();
    policy.accept_with("", offers).unwrap().0
}

fn text(len: usize) -> String {
    let numbers = (0..).flat_map(|number: u64| {
        format!("{{\"number\":{},\"name\":\"{}\"}},", number * number, number % 7).into_bytes()
    });
    numbers.take(len).map(char::from).collect()
}

/// Returns both ends of a connection on which this was agreed on.
fn pair(policy: Policy, len: usize) -> (ServerSocket<DuplexStream>, ClientSocket<DuplexStream>) {
    let (of_client, of_server) = duplex(len);
    let options = options(policy);
    (
        WebSocket::server_with_deflate(of_server, &options, agreed(policy)),
        WebSocket::client_with_deflate(of_client, &options, agreed(policy)).unwrap(),
    )
}

/// A server over HTTP/1.1 that answers any offer with this; returns the request's head, and what it sends after the 101.
fn answer(mut stream: DuplexStream, extensions: &'static str, after: Vec<u8>) -> JoinHandle<String> {
    tokio::spawn(async move {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let key = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let accept = Accept::from_key(&Key::parse(key.unwrap().as_bytes()).unwrap());
        let line = match extensions {
            "" => String::new(),
            list => format!("Sec-WebSocket-Extensions: {list}\r\n"),
        };
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{line}\r\n"
        );
        stream.write_all(response.as_bytes()).await.unwrap();
        stream.write_all(&after).await.unwrap();
        head
    })
}

#[tokio::test]
async fn s5_1_a_client_offers_what_it_wants_and_inflates_what_comes_if_the_server_agrees() {
    // RFC 7692 section 7.2.3.1.
    let hello = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00".to_vec();
    let (stream, server) = duplex(4096);
    let server = answer(server, "permessage-deflate", hello);
    let connector = Connector::DEFAULT
        .with_options(options(TAKEOVER))
        .with_extensions("x-toy");
    let mut client = connector.connect_over(stream, "ws://localhost/").await.unwrap();
    let head = server.await.unwrap();
    assert!(head.contains("Sec-WebSocket-Extensions: x-toy, permessage-deflate; client_max_window_bits\r\n"));
    assert!(client.deflate().is_some());
    assert_eq!(client.read().await.unwrap().unwrap().as_str(), Some("Hello"));
}

#[tokio::test]
async fn s5_1_a_server_that_does_not_agree_gets_what_is_not_compressed() {
    let (stream, server) = duplex(4096);
    let server = answer(server, "", RawFrame::text("plain").to_bytes());
    let connector = Connector::DEFAULT.with_options(options(TAKEOVER));
    let mut client = connector.connect_over(stream, "ws://localhost/").await.unwrap();
    server.await.unwrap();
    assert!(client.deflate().is_none());
    assert_eq!(client.read().await.unwrap().unwrap().as_str(), Some("plain"));
    let bits = WindowBits::MIN;
    let prepared = prepare(MessageKind::Text, b"Hello", bits, CompressionLevel::Fast).unwrap();
    let refused = client.send_frame(&mut Frame::prepared(&prepared)).await;
    assert!(matches!(refused, Err(Error::Send(SendError::ReservedBits))));
}

#[tokio::test]
async fn s5_1_who_does_not_want_it_does_not_offer_it() {
    let (stream, server) = duplex(4096);
    let server = answer(server, "", Vec::new());
    let client = Connector::DEFAULT
        .connect_over(stream, "ws://localhost/")
        .await
        .unwrap();
    assert!(!server.await.unwrap().contains("Extensions"));
    assert!(client.deflate().is_none());
}

#[tokio::test]
async fn s5_1_a_server_accepts_what_it_can_keep_and_both_compress() {
    let small = WindowBits::new(9).unwrap();
    for (of_server, of_client, expected) in [
        (TAKEOVER, TAKEOVER, Some("permessage-deflate")),
        (
            Policy::DEFAULT,
            TAKEOVER,
            Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
        ),
        (
            TAKEOVER.with_receiving_window_bits(small),
            TAKEOVER,
            Some("permessage-deflate; client_max_window_bits=9"),
        ),
    ] {
        let (stream, accepted) = duplex(4096);
        let acceptor = Acceptor::DEFAULT.with_options(options(of_server));
        let serving = tokio::spawn(async move {
            let mut server = acceptor.accept(accepted).await.unwrap();
            assert!(server.deflate().is_some());
            while let Some((message, mut sender)) = server.read_with_sender().await.unwrap() {
                sender.send(&message).await.unwrap();
            }
        });
        let connector = Connector::DEFAULT.with_options(options(of_client));
        let mut client = connector.connect_over(stream, "ws://localhost/").await.unwrap();
        let answer = client.response().unwrap().header("Sec-WebSocket-Extensions");
        assert_eq!(answer, expected);
        client.send(text(5000)).await.unwrap();
        assert_eq!(
            client.read().await.unwrap().unwrap().as_str(),
            Some(&text(5000)[..])
        );
        client.close(None, "").await.unwrap();
        serving.await.unwrap();
    }
}

#[tokio::test]
async fn s5_1_a_server_that_does_not_want_it_does_not_agree() {
    let (stream, accepted) = duplex(4096);
    let serving = tokio::spawn(async move { Acceptor::DEFAULT.accept(accepted).await.unwrap().deflate() });
    let connector = Connector::DEFAULT.with_options(options(TAKEOVER));
    let client = connector.connect_over(stream, "ws://localhost/").await.unwrap();
    assert!(client.deflate().is_none() && serving.await.unwrap().is_none());
}

#[tokio::test]
async fn s7_a_client_fails_the_connection_for_a_response_that_does_not_fit() {
    for (extensions, error) in [
        ("permessage-deflate; x", NegotiationError::UnknownParameter),
        (
            "permessage-deflate; server_max_window_bits=08",
            NegotiationError::InvalidValue,
        ),
        (
            "permessage-deflate; client_max_window_bits=12",
            NegotiationError::NotOffered,
        ),
        (
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            NegotiationError::RepeatedParameter,
        ),
    ] {
        let (stream, server) = duplex(4096);
        let server = answer(server, extensions, Vec::new());
        let policy = TAKEOVER.with_sending_window_bits(WindowBits::new(10).unwrap());
        let connector = Connector::DEFAULT.with_options(options(policy));
        let failed = connector
            .connect_over(stream, "ws://localhost/")
            .await
            .unwrap_err();
        assert!(
            matches!(failed, Error::Handshake(HandshakeError::Deflate(found)) if found == error),
            "{failed}"
        );
        server.await.unwrap();
    }
}

#[tokio::test]
async fn s7_1_each_direction_is_compressed_by_itself_whatever_was_agreed_on() {
    let small = WindowBits::new(9).unwrap();
    for policy in [
        Policy::DEFAULT,
        TAKEOVER.with_level(CompressionLevel::Best),
        TAKEOVER
            .with_sending_window_bits(small)
            .with_receiving_window_bits(small),
        Policy::DEFAULT.with_threshold(0),
    ] {
        let (mut server, mut client) = pair(policy, 1000);
        let echoing = tokio::spawn(async move {
            while let Some((message, mut sender)) = server.read_with_sender().await.unwrap() {
                sender.send(&message).await.unwrap();
            }
        });
        for len in [0, 10, 100, 1000, 100_000, 100] {
            let text = text(len);
            client.send(text.clone()).await.unwrap();
            let received = client.next().await;
            assert_eq!(received.unwrap().unwrap(), Message::from(text), "{policy:?}");
        }
        client.close(None, "").await.unwrap();
        echoing.await.unwrap();
    }
}

#[tokio::test]
async fn messages_with_memory_of_their_own_are_inflated_text() {
    let (mut server, mut client) = pair(Policy::DEFAULT, 1 << 20);
    for len in [100, 200_000] {
        SinkExt::send(&mut server, Message::from(text(len)))
            .await
            .unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::from(text(len)));
    }
}

#[tokio::test]
async fn s10_4_the_limit_of_a_message_is_that_of_the_inflated_one() {
    let limits = Limits::DEFAULT.with_message(1000);
    let limited = options(TAKEOVER).with_config(Config::DEFAULT.with_limits(limits));
    for len in [1000, 1001] {
        let (of_client, of_server) = duplex(1000);
        let mut server = WebSocket::server_with_deflate(of_server, &limited, agreed(TAKEOVER));
        let mut client =
            WebSocket::client_with_deflate(of_client, &options(TAKEOVER), agreed(TAKEOVER)).unwrap();
        client.send("a".repeat(len)).await.unwrap();
        let read = server.read().await;
        if len == 1000 {
            assert_eq!(read.unwrap().unwrap().payload().len(), 1000);
        } else {
            assert!(matches!(read, Err(Error::Protocol(error)) if error == ProtocolError::MessageTooBig));
            assert!(client.read().await.unwrap().is_none());
            assert_eq!(client.close_reason().unwrap().code().unwrap().number(), 1009);
        }
    }
}

fn server(wire: Wire, policy: Policy) -> ServerSocket<Wire> {
    WebSocket::server_with_deflate(wire, &options(policy), agreed(policy))
}

#[test]
fn s6_1_a_message_that_fits_the_write_buffer_is_one_frame() {
    for len in [600, 5000, 30_000] {
        let mut server = server(Wire::open([[]; 0]), TAKEOVER);
        ready(server.send(text(len))).unwrap();
        let written = server.stream().written();
        assert_eq!(written[0], 0xC1, "FIN and RSV1");
        let (header, payload_len) = match written[1] {
            126 => (4, u16::from_be_bytes([written[2], written[3]]).into()),
            len => (2, usize::from(len)),
        };
        assert_eq!(written.len(), header + payload_len);
        assert!(payload_len < len / 2);
    }
}

#[test]
fn s8_a_message_opts_out() {
    let mut server = server(Wire::open([[]; 0]), TAKEOVER);
    let mut frame = Frame::text("secret secret secret secret secret secret").without_extension();
    ready(server.send_frame(&mut frame)).unwrap();
    assert!(server.stream().written().starts_with(b"\x81\x29secret"));
}

/// Of this little shrinks, and it is far more than the queue.
fn noise() -> Vec<u8> {
    let mut noise = Random::new(1).bytes(200_000);
    noise.iter_mut().for_each(|byte| *byte &= 0x1F);
    noise
}

/// Holds a server that was told to send the noise to having it sent, with what comes after it, once its stream takes something.
fn holds_to_noise(mut server: ServerSocket<Wire>) {
    server.stream_mut().plan = [Takes::Most(7000), Takes::Nothing].into();
    let mut polls = 0;
    while poll_once(server.flush()).is_none() {
        polls += 1;
        assert!(polls < 1000, "it does not end");
    }
    server.stream_mut().plan = [Takes::Most(usize::MAX)].into();
    ready(server.send(&noise()[..100])).unwrap();
    let written = server.stream().written();
    let wire = Wire::open([written]);
    let mut client = WebSocket::client_with_deflate(wire, &options(TAKEOVER), agreed(TAKEOVER)).unwrap();
    let first = (0..10)
        .find_map(|_| poll_once(client.read()).map(|read| read.unwrap().unwrap().payload() == noise()));
    assert_eq!(first, Some(true));
    assert!(ready(client.read()).unwrap().unwrap().payload() == &noise()[..100]);
}

#[test]
fn a_send_that_is_dropped_within_a_compressed_message_loses_nothing_of_it() {
    for level in [CompressionLevel::Fast, CompressionLevel::Best] {
        let wire = Wire::open([[]; 0]).taking([Takes::Most(3000), Takes::Nothing]);
        let mut server = server(wire, TAKEOVER.with_level(level));
        assert!(poll_once(server.send(noise())).is_none());
        holds_to_noise(server);
    }
}

#[test]
fn an_answer_that_is_dropped_within_a_compressed_message_loses_nothing_of_it() {
    for level in [CompressionLevel::Fast, CompressionLevel::Best] {
        let wire = Wire::open([RawFrame::text("x").masked([1, 2, 3, 4]).to_bytes()])
            .taking([Takes::Most(3000), Takes::Nothing]);
        let mut server = server(wire, TAKEOVER.with_level(level));
        let (_, mut sender) = ready(server.read_with_sender()).unwrap().unwrap();
        assert!(poll_once(sender.send(&noise()[..])).is_none());
        holds_to_noise(server);
    }
}

#[test]
fn s5_5_2_a_ping_within_a_compressed_message_is_answered_between_its_frames() {
    let wire = Wire::open([[]; 0]).taking([Takes::Most(3000), Takes::Nothing]);
    let mut server = server(wire, TAKEOVER);
    assert!(poll_once(server.send(noise())).is_none());
    let ping = RawFrame::ping("p").masked([1, 2, 3, 4]).to_bytes();
    server.stream_mut().arrives.push_back(Arrives::Bytes(ping));
    assert!(poll_once(server.read()).is_none());
    server.stream_mut().plan = [Takes::Most(usize::MAX)].into();
    ready(server.flush()).unwrap();
    let wire = Wire::open([server.stream().written()]);
    let mut client = WebSocket::client_with_deflate(wire, &options(TAKEOVER), agreed(TAKEOVER)).unwrap();
    let (mut message, mut pongs) = (Vec::new(), 0);
    while let Some(event) = poll_once(client.read_event()) {
        match event.unwrap().unwrap() {
            Event::Data(piece) => message.extend_from_slice(piece.payload()),
            Event::Pong(payload) => {
                assert_eq!(*payload, *b"p");
                pongs += 1;
            }
            event => panic!("{event:?}"),
        }
    }
    assert!(message == noise());
    assert_eq!(pongs, 1);
}

#[tokio::test]
async fn a_connection_in_two_halves_compresses_in_both() {
    let (server, mut client) = pair(TAKEOVER, 1000);
    let (mut reader, mut writer) = server.split();
    let echoing = tokio::spawn(async move {
        while let Some(message) = reader.next().await {
            if let message @ Message::Text(_) = message.unwrap() {
                writer.send(message).await.unwrap();
            }
        }
    });
    for len in [100, 50_000, 10] {
        client.send(text(len)).await.unwrap();
        assert_eq!(
            client.read().await.unwrap().unwrap().as_str(),
            Some(&text(len)[..])
        );
    }
    client.close(None, "").await.unwrap();
    echoing.await.unwrap();
}
