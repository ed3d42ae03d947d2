//! What a connection counts: messages, bytes, Pings, Pongs and Closes, of both directions.

mod wire;

use bareframe_testkit::{Frame as RawFrame, Side};
use bareframe_tokio::{
    CloseCode, Counters, Error, Event, Frame, Message, MessageKind, Options, PreparedFrame, Rsv,
    ServerSocket, SharedMessage, Totals, WebSocket,
};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::io::{AsyncReadExt, duplex};
use wire::{Takes, Wire, arriving, poll_once, ready};

/// Messages, payload, Pings, Pongs, Closes, and the number of the code of the last.
fn numbers(counters: &Counters) -> (u64, u64, u64, u64, u64, Option<u16>) {
    (
        counters.messages(),
        counters.payload_bytes(),
        counters.pings(),
        counters.pongs(),
        counters.closes(),
        counters.close_code().map(u16::from),
    )
}

/// "Hello" in two frames with a Ping between, two Pings, a Pong, bytes, and a Close.
fn conversation() -> Vec<u8> {
    let frames = [
        RawFrame::text("Hel").fin(false),
        RawFrame::ping("between"),
        RawFrame::continuation("lo"),
        RawFrame::ping("1"),
        RawFrame::ping("2"),
        RawFrame::pong("?"),
        RawFrame::binary([7; 300]),
        RawFrame::close(1001, "bye"),
    ];
    arriving(Side::Server, &frames)
}

/// What is received of it.
const RECEIVED: (u64, u64, u64, u64, u64, Option<u16>) = (2, 305, 3, 1, 1, Some(1001));

#[test]
fn s5_5_2_pings_that_a_read_of_messages_answers_are_counted() {
    let mut server = WebSocket::server(Wire::ended([conversation()]), &Options::DEFAULT);
    while ready(server.read()).unwrap().is_some() {}
    assert_eq!(numbers(&server.received()), RECEIVED);
    assert_eq!(numbers(&server.sent()), (0, 0, 0, 3, 1, Some(1001)));
}

#[tokio::test]
async fn events_messages_and_a_stream_count_the_same_however_the_bytes_arrive() {
    let whole = conversation();
    for step in [1, 2, 3, 7, 100, whole.len()] {
        let server = || {
            let reads = whole.chunks(step).map(<[u8]>::to_vec);
            WebSocket::server(Wire::ended(reads), &Options::DEFAULT)
        };
        let (mut events, mut messages, mut stream, mut senders) = (server(), server(), server(), server());
        while events.read_event().await.unwrap().is_some() {}
        while messages.read().await.unwrap().is_some() {}
        while stream.next().await.transpose().unwrap().is_some() {}
        while senders.read_with_sender().await.unwrap().is_some() {}
        for server in [events, messages, stream, senders] {
            assert_eq!(numbers(&server.received()), RECEIVED, "{step}");
            assert_eq!(server.received().bytes(), whole.len() as u64);
            assert_eq!(server.sent().bytes(), server.stream().written().len() as u64);
            assert_eq!(server.sent().closes(), 1);
        }
    }
}

#[tokio::test]
async fn a_call_that_closes_counts_what_it_drops() {
    let mut server = WebSocket::server(Wire::ended([conversation()]), &Options::DEFAULT);
    server.close(CloseCode::NORMAL_CLOSURE, "").await.unwrap();
    assert_eq!(numbers(&server.received()), RECEIVED);
    // Its Close was there before the Pings were.
    assert_eq!(numbers(&server.sent()), (0, 0, 0, 3, 1, Some(1000)));
}

#[test]
fn what_was_read_with_the_head_is_counted() {
    let hello = arriving(Side::Server, &[RawFrame::text("Hello")]);
    let server = WebSocket::server(Wire::open([[]; 0]), &Options::DEFAULT);
    let mut server = server.with_leftover(&hello);
    assert!(ready(server.read()).unwrap().is_some());
    assert_eq!(
        (server.received().bytes(), server.received().messages()),
        (hello.len() as u64, 1)
    );
}

#[test]
fn s7_1_5_a_close_without_a_code_is_counted_without_one() {
    let close = arriving(Side::Server, &[RawFrame::new(8, [])]);
    let mut server = WebSocket::server(Wire::ended([close]), &Options::DEFAULT);
    assert!(ready(server.read()).unwrap().is_none());
    for counters in [server.received(), server.sent()] {
        assert_eq!(numbers(&counters), (0, 0, 0, 0, 1, None));
    }
}

#[test]
fn s7_4_1_the_code_of_the_close_for_a_violation_is_counted() {
    let unmasked = RawFrame::text("Hello").to_bytes();
    let mut server = WebSocket::server(Wire::ended([unmasked]), &Options::DEFAULT);
    assert!(matches!(ready(server.read()), Err(Error::Protocol(_))));
    assert_eq!(numbers(&server.sent()), (0, 0, 0, 0, 1, Some(1002)));
    assert_eq!(numbers(&server.received()), (0, 0, 0, 0, 0, None));
}

/// Sends in each way that there is.
async fn send_all(server: &mut ServerSocket<Wire>) -> Result<(), Error> {
    server.send("Hello").await?;
    server.feed(vec![1, 2, 3]).await?;
    server.send_frame(&mut Frame::text("fra").fragment(false)).await?;
    server.ping("p").await?;
    server.send_frame(&mut Frame::text("gment")).await?;
    server.send_frame(&mut Frame::pong(b"q")).await?;
    server.send_shared(&SharedMessage::text("shared")).await?;
    let prepared = PreparedFrame::new(MessageKind::Text, Rsv::NONE, b"prepared", vec![0; 20])?;
    server.send_frame(&mut Frame::prepared(&prepared)).await?;
    server.send_close(CloseCode::GOING_AWAY, "").await
}

#[test]
fn whatever_sends_counts_once() {
    let plans = [
        vec![Takes::Most(usize::MAX)],
        vec![Takes::Most(1)],
        vec![Takes::Most(3), Takes::Most(7)],
    ];
    for plan in plans {
        let wire = Wire::open([[]; 0]).taking(plan);
        let mut server = WebSocket::server(wire, &Options::DEFAULT);
        ready(send_all(&mut server)).unwrap();
        let sent = server.sent();
        let payload = "Hello123fragmentsharedprepared".len() as u64;
        assert_eq!(numbers(&sent), (5, payload, 1, 1, 1, Some(1001)));
        assert_eq!(sent.bytes(), server.stream().written().len() as u64);
    }
}

#[test]
fn what_is_refused_is_not_counted() {
    let mut server = WebSocket::server(Wire::open([[]; 0]), &Options::DEFAULT);
    assert!(ready(server.ping(vec![0; 126])).is_err());
    ready(server.send_close(None, "")).unwrap();
    assert!(ready(server.send("too late")).is_err());
    assert!(ready(server.send_frame(&mut Frame::text("too late"))).is_err());
    assert_eq!(numbers(&server.sent()), (0, 0, 0, 0, 1, None));
}

#[test]
fn a_message_whose_future_is_dropped_is_counted_once() {
    let wire = Wire::open([[]; 0]).taking([Takes::Most(1000), Takes::Nothing]);
    let mut server = WebSocket::server(wire, &Options::DEFAULT);
    assert!(poll_once(server.send(vec![7; 100_000])).is_none());
    let mut frame = Frame::text("Hello");
    assert!(poll_once(server.send_frame(&mut frame)).is_none());
    server.stream_mut().plan = [Takes::Most(usize::MAX)].into();
    ready(server.send_frame(&mut frame)).unwrap();
    assert_eq!(numbers(&server.sent()), (2, 100_005, 0, 0, 0, None));
    assert_eq!(server.sent().bytes(), server.stream().written().len() as u64);
}

#[test]
fn what_is_sent_while_a_message_is_lent_is_counted() {
    let hello = arriving(Side::Server, &[RawFrame::text("Hello")]);
    let mut server = WebSocket::server(Wire::open([hello]), &Options::DEFAULT);
    {
        let (message, mut sender) = ready(server.read_with_sender()).unwrap().unwrap();
        ready(sender.feed("You said")).unwrap();
        ready(sender.send(&message)).unwrap();
    }
    assert_eq!(numbers(&server.sent()), (2, 13, 0, 0, 0, None));
}

#[test]
fn halves_count_each_its_direction() {
    let server = WebSocket::server(Wire::ended([conversation()]), &Options::DEFAULT);
    let (mut reader, mut writer) = server.split();
    ready(writer.send("Good day")).unwrap();
    while let Some(event) = ready(reader.read_event()).unwrap() {
        if matches!(event, Event::Pong(_)) {
            ready(writer.send(Message::Ping("?".into()))).unwrap();
        }
    }
    assert_eq!(numbers(&reader.received()), RECEIVED);
    assert_eq!(numbers(&writer.sent()), (1, 8, 1, 3, 1, Some(1001)));
    drop(reader);
    assert_eq!(numbers(&writer.sent()), (1, 8, 1, 3, 1, Some(1001)));
}

#[tokio::test(start_paused = true)]
async fn s5_5_2_the_pings_of_a_keepalive_are_counted() {
    let options = Options::DEFAULT.with_keepalive(Duration::from_secs(30), Duration::from_secs(10));
    for is_split in [false, true] {
        let (stream, mut peer) = duplex(100);
        let mut server = WebSocket::server(stream, &options);
        let sent = if is_split {
            let (mut reader, writer) = server.split();
            assert!(matches!(reader.read().await, Err(Error::KeepaliveTimeout)));
            writer.sent()
        } else {
            assert!(matches!(server.read().await, Err(Error::KeepaliveTimeout)));
            server.sent()
        };
        assert_eq!((numbers(&sent), sent.bytes()), ((0, 0, 1, 0, 0, None), 2));
        let mut ping = [0; 2];
        peer.read_exact(&mut ping).await.unwrap();
        assert_eq!(ping, [0x89, 0]);
    }
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn rfc7692_a_compressed_message_counts_as_the_program_sees_it() {
    use bareframe_tokio::deflate::Policy;
    use bareframe_tokio::handshake::Extensions;
    let options = Options::DEFAULT.with_deflate(Policy::DEFAULT);
    let offers = Extensions::parse("permessage-deflate").unwrap();
    let (parameters, _) = Policy::DEFAULT.accept_with("", offers).unwrap();
    let (of_client, of_server) = duplex(10_000);
    let mut server = WebSocket::server_with_deflate(of_server, &options, parameters);
    let mut client = WebSocket::client_with_deflate(of_client, &options, parameters).unwrap();
    let text = "all work and no play ".repeat(100);
    client.send(&text[..]).await.unwrap();
    client.send_shared(&SharedMessage::text(&text)).await.unwrap();
    for _ in 0..2 {
        assert!(server.read().await.unwrap().is_some());
    }
    for counters in [client.sent(), server.received()] {
        assert_eq!(numbers(&counters), (2, 4200, 0, 0, 0, None));
        assert!(counters.bytes() < 300, "{}", counters.bytes());
    }
}

#[test]
fn totals_add_up_and_count_each_code() {
    let mut totals = Totals::default();
    for code in [Some(1001), None, Some(4000), Some(1001)] {
        let close = code.map_or_else(|| RawFrame::new(8, []), |code| RawFrame::close(code, ""));
        let frames = arriving(
            Side::Server,
            &[
                RawFrame::ping("?"),
                RawFrame::pong("!"),
                RawFrame::text("Hello"),
                close,
            ],
        );
        let mut server = WebSocket::server(Wire::ended([frames]), &Options::DEFAULT);
        while ready(server.read()).unwrap().is_some() {}
        totals.add(&server.received());
    }
    totals.add(&Counters::default());
    assert_eq!(
        (totals.connections(), totals.messages(), totals.payload_bytes()),
        (5, 4, 20)
    );
    assert_eq!((totals.pings(), totals.pongs()), (4, 4));
    let codes: Vec<_> = totals
        .close_codes()
        .map(|(code, number)| (code.map(u16::from), number))
        .collect();
    assert_eq!(codes, [(None, 1), (Some(1001), 2), (Some(4000), 1)]);
}
