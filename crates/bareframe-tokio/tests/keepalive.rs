//! Keepalive: a Ping to a silent peer, and the end of a connection whose peer is dead. Time is paused, and advances only while every
//! task waits.

mod wire;

use bareframe_testkit::{Frame, Side};
use bareframe_tokio::{CloseCode, Error, Options, WebSocket};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep, timeout};
use wire::{arriving, poll_once};

const SECOND: Duration = Duration::from_secs(1);

/// After 30 seconds of silence a Ping, and 10 for anything to come.
const OPTIONS: Options = Options::DEFAULT.with_keepalive(Duration::from_secs(30), Duration::from_secs(10));

/// Reads a Ping, and returns how many seconds after the beginning it came.
async fn ping(peer: &mut DuplexStream, begin: Instant) -> u64 {
    let mut ping = [0; 2];
    peer.read_exact(&mut ping).await.unwrap();
    assert_eq!(ping, [0x89, 0]);
    begin.elapsed().as_secs()
}

async fn say(peer: &mut DuplexStream, frame: Frame) {
    peer.write_all(&arriving(Side::Server, &[frame])).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn s5_5_2_a_silent_peer_is_sent_a_ping_after_the_interval_and_is_dead_after_the_deadline() {
    let (stream, mut peer) = duplex(1000);
    let begin = Instant::now();
    let mut server = WebSocket::server(stream, &OPTIONS);
    let (read, pinged) = tokio::join!(server.read(), ping(&mut peer, begin));
    assert!(matches!(read, Err(Error::KeepaliveTimeout)));
    assert_eq!((pinged, begin.elapsed().as_secs()), (30, 40));
}

#[tokio::test(start_paused = true)]
async fn s5_5_3_a_peer_that_answers_lives_and_is_sent_a_ping_after_each_interval() {
    let (stream, mut peer) = duplex(1000);
    let begin = Instant::now();
    let answering = tokio::spawn(async move {
        let mut at = Vec::new();
        for _ in 0..3 {
            at.push(ping(&mut peer, begin).await);
            sleep(5 * SECOND).await;
            say(&mut peer, Frame::pong("")).await;
        }
        (at, peer)
    });
    let mut server = WebSocket::server(stream, &OPTIONS);
    let read = server.read().await;
    assert!(matches!(read, Err(Error::KeepaliveTimeout)));
    assert_eq!(answering.await.unwrap().0, [30, 65, 100]);
    // One more Ping at 135, and nothing came.
    assert_eq!(begin.elapsed().as_secs(), 145);
}

#[tokio::test(start_paused = true)]
async fn any_byte_is_a_sign_of_life_also_one_of_a_message_that_is_not_whole() {
    let (stream, mut peer) = duplex(1000);
    let begin = Instant::now();
    let dripping = tokio::spawn(async move {
        for byte in arriving(Side::Server, &[Frame::text("slow")]) {
            sleep(29 * SECOND).await;
            peer.write_all(&[byte]).await.unwrap();
        }
        let mut sent = [0; 1];
        let silence = timeout(SECOND, peer.read(&mut sent)).await;
        assert!(silence.is_err(), "no Ping was sent");
    });
    let mut server = WebSocket::server(stream, &OPTIONS);
    let message = server.read().await.unwrap().unwrap();
    assert_eq!(message.as_str(), Some("slow"));
    assert_eq!(begin.elapsed().as_secs(), 10 * 29);
    dripping.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_byte_within_the_deadline_is_enough() {
    let (stream, mut peer) = duplex(1000);
    let begin = Instant::now();
    let living = tokio::spawn(async move {
        assert_eq!(ping(&mut peer, begin).await, 30);
        sleep(9 * SECOND).await;
        peer.write_all(&[0x81]).await.unwrap();
        assert_eq!(ping(&mut peer, begin).await, 69);
        peer
    });
    let mut server = WebSocket::server(stream, &OPTIONS);
    assert!(matches!(server.read().await, Err(Error::KeepaliveTimeout)));
    assert_eq!(begin.elapsed().as_secs(), 79);
    living.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_dropped_and_made_again_does_not_put_the_ping_off() {
    let (stream, mut peer) = duplex(1000);
    let begin = Instant::now();
    let mut server = WebSocket::server(stream, &OPTIONS);
    let reading = async {
        loop {
            if let Ok(read) = timeout(7 * SECOND, server.read()).await {
                return read.map(|_| ());
            }
        }
    };
    let (read, pinged) = tokio::join!(reading, ping(&mut peer, begin));
    assert!(matches!(read, Err(Error::KeepaliveTimeout)));
    assert_eq!((pinged, begin.elapsed().as_secs()), (30, 40));
}

#[tokio::test(start_paused = true)]
async fn a_reading_half_sends_the_ping_though_the_writing_half_is_idle() {
    let (stream, mut peer) = duplex(1000);
    let begin = Instant::now();
    let (mut reader, _writer) = WebSocket::server(stream, &OPTIONS).split();
    let (read, pinged) = tokio::join!(reader.read(), ping(&mut peer, begin));
    assert!(matches!(read, Err(Error::KeepaliveTimeout)));
    assert_eq!((pinged, begin.elapsed().as_secs()), (30, 40));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_dead_though_no_ping_can_be_written() {
    let (stream, _peer) = duplex(10);
    let begin = Instant::now();
    let mut server = WebSocket::server(stream, &OPTIONS);
    assert!(poll_once(server.send(vec![7; 1000])).is_none());
    assert!(matches!(server.read().await, Err(Error::KeepaliveTimeout)));
    assert_eq!(begin.elapsed().as_secs(), 40);
}

#[tokio::test(start_paused = true)]
async fn s5_5_1_after_our_close_no_ping_is_sent_and_a_silent_peer_is_dead_all_the_same() {
    let (stream, mut peer) = duplex(1000);
    let begin = Instant::now();
    let mut server = WebSocket::server(stream, &OPTIONS);
    server.send_close(CloseCode::GOING_AWAY, "").await.unwrap();
    assert!(matches!(server.read().await, Err(Error::KeepaliveTimeout)));
    assert_eq!(begin.elapsed().as_secs(), 40);
    drop(server);
    let mut written = Vec::new();
    peer.read_to_end(&mut written).await.unwrap();
    assert_eq!(written, Frame::close(1001, "").to_bytes());
}

#[tokio::test(start_paused = true)]
async fn without_a_keepalive_a_silent_peer_is_waited_for() {
    let (stream, mut peer) = duplex(1000);
    let mut server = WebSocket::server(stream, &Options::DEFAULT);
    assert!(timeout(1_000_000 * SECOND, server.read()).await.is_err());
    say(&mut peer, Frame::text("here")).await;
    assert_eq!(server.read().await.unwrap().unwrap().as_str(), Some("here"));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_no_answer_to_its_close_is_waited_for_as_long_as_for_a_pong() {
    let (stream, mut peer) = duplex(100);
    let mut server = WebSocket::server(stream, &OPTIONS);
    assert!(poll_once(server.send(vec![7; 1000])).is_none());
    say(&mut peer, Frame::close(1000, "")).await;
    let begin = Instant::now();
    assert!(server.read().await.is_ok_and(|message| message.is_none()));
    assert_eq!(begin.elapsed().as_secs(), 10);
}
