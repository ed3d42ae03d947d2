//! The halves of a connection in two tasks.

mod wire;

use bareframe_testkit::{Frame, Side};
use bareframe_tokio::{
    Client, ClientSocket, CloseCode, Error, Event, Options, ReadHalf, SendError, Server, ServerSocket,
    StreamEnd, SystemKeys, WebSocket, WriteHalf,
};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::time::{Instant, timeout};
use wire::{Takes, Wire, arriving, poll_once, ready};

const SECOND: Duration = Duration::from_secs(1);

type Halves = (ReadHalf<DuplexStream, Server>, WriteHalf<DuplexStream, Server>);

/// Returns a server's halves over a stream that holds this many bytes, and the raw other end.
fn halves(len: usize) -> (Halves, DuplexStream) {
    let (stream, peer) = duplex(len);
    (WebSocket::server(stream, &Options::DEFAULT).split(), peer)
}

async fn say(peer: &mut DuplexStream, frames: &[Frame]) {
    peer.write_all(&arriving(Side::Server, frames)).await.unwrap();
}

/// What arrives next must be exactly these.
async fn expect(peer: &mut DuplexStream, frames: &[Frame]) {
    for frame in frames {
        let expected = frame.to_bytes();
        let mut arrived = vec![0; expected.len()];
        let read = timeout(60 * SECOND, peer.read_exact(&mut arrived)).await;
        read.expect("nothing comes").unwrap();
        assert!(arrived == expected, "{frame:?}");
    }
}

/// Begins to send a message of which the stream does not take all.
fn begin_long(writer: &mut WriteHalf<DuplexStream, Server>) -> Frame {
    assert!(poll_once(writer.send(vec![7; 10_000])).is_none());
    Frame::binary(vec![7; 10_000])
}

#[test]
fn halves_and_sockets_go_where_tasks_need_them() {
    fn send<T: Send + Unpin + 'static>() {}
    send::<ServerSocket<TcpStream>>();
    send::<ClientSocket<TcpStream>>();
    send::<ReadHalf<TcpStream, Server>>();
    send::<WriteHalf<TcpStream, Client<SystemKeys>>>();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_directions_are_full_at_once_and_all_arrives() {
    const MESSAGES: u32 = 500;
    let (of_client, of_server) = duplex(64);
    let (client_reader, client_writer) = WebSocket::client(of_client, &Options::DEFAULT).unwrap().split();
    let (server_reader, server_writer) = WebSocket::server(of_server, &Options::DEFAULT).split();
    let all_sent = Arc::new(Barrier::new(4));
    macro_rules! spawn {
        ($reader:ident, $writer:ident) => {{
            let (mut reader, mut writer) = ($reader, $writer);
            let (of_writer, of_reader) = (Arc::clone(&all_sent), Arc::clone(&all_sent));
            let writing = tokio::spawn(async move {
                for number in 0..MESSAGES {
                    writer.send(number.to_be_bytes().repeat(100)).await.unwrap();
                    writer.ping(number.to_be_bytes().to_vec()).await.unwrap();
                }
                of_writer.wait().await;
                writer
            });
            let reading = tokio::spawn(async move {
                for number in 0..MESSAGES {
                    let message = reader.read().await.unwrap().unwrap();
                    assert!(message.payload() == number.to_be_bytes().repeat(100), "{number}");
                }
                // The peer's last Ping, and its Pongs, need somebody who reads.
                tokio::select! {
                    _ = of_reader.wait() => {}
                    read = reader.read() => panic!("{read:?}"),
                }
                reader
            });
            (writing, reading)
        }};
    }
    let server = spawn!(server_reader, server_writer);
    let client = spawn!(client_reader, client_writer);
    let all = async { tokio::join!(server.0, server.1, client.0, client.1) };
    let (_server_writer, server_reader, _client_writer, client_reader) =
        timeout(60 * SECOND, all).await.expect("they wait for each other");
    let (mut server, mut client) = (server_reader.unwrap(), client_reader.unwrap());
    let ends = async { tokio::join!(server.close(None, ""), client.close(None, "")) };
    let (server, client) = timeout(60 * SECOND, ends).await.unwrap();
    assert_eq!(
        (server.unwrap(), client.unwrap()),
        (StreamEnd::Seen, StreamEnd::Seen)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s5_5_2_every_ping_that_waits_for_its_pong_is_answered_though_both_halves_are_at_work() {
    let ((mut reader, mut writer), peer) = halves(1000);
    let writing = tokio::spawn(async move {
        while writer.send(vec![7; 300]).await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    let reading = tokio::spawn(async move { reader.read().await.map(drop) });
    let mut client = WebSocket::client(peer, &Options::DEFAULT).unwrap();
    let pings = async {
        for number in 0..2000_u32 {
            client.ping(number.to_be_bytes().to_vec()).await.unwrap();
            while let Some(event) = client.read_event().await.unwrap() {
                if matches!(event, Event::Pong(payload) if *payload == number.to_be_bytes()) {
                    break;
                }
            }
        }
    };
    let done = timeout(60 * SECOND, pings).await;
    done.expect("a Ping was not answered");
    drop(client);
    assert!(reading.await.unwrap().is_err());
    writing.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn s5_5_2_a_ping_is_answered_though_the_writing_half_is_idle() {
    let ((mut reader, _writer), mut peer) = halves(1000);
    say(&mut peer, &[Frame::ping("p")]).await;
    assert!(poll_once(reader.read()).is_none());
    expect(&mut peer, &[Frame::pong("p")]).await;
}

#[tokio::test(start_paused = true)]
async fn s5_5_2_a_ping_within_a_message_of_ours_is_answered_as_soon_as_that_ends() {
    let ((mut reader, mut writer), mut peer) = halves(1000);
    let sending = tokio::spawn(async move { writer.send(vec![7; 10_000]).await.map(|()| writer) });
    tokio::task::yield_now().await;
    say(&mut peer, &[Frame::ping("p"), Frame::text("x")]).await;
    // The reader does not wait for it.
    assert_eq!(reader.read().await.unwrap().unwrap().as_str(), Some("x"));
    assert!(!sending.is_finished());
    expect(&mut peer, &[Frame::binary(vec![7; 10_000]), Frame::pong("p")]).await;
    sending.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn s5_5_2_a_ping_within_a_frame_that_its_caller_ends_is_answered_behind_it() {
    let ((mut reader, mut writer), mut peer) = halves(1000);
    let payload = vec![7; 10_000];
    let mut frame = bareframe_tokio::Frame::binary(&payload);
    assert!(poll_once(writer.send_frame(&mut frame)).is_none());
    say(&mut peer, &[Frame::ping("p")]).await;
    assert!(poll_once(reader.read()).is_none());
    let receiving = tokio::spawn(async move {
        expect(&mut peer, &[Frame::binary(vec![7; 10_000]), Frame::pong("p")]).await;
    });
    writer.send_frame(&mut frame).await.unwrap();
    receiving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn s5_5_3_of_the_pings_within_a_message_of_ours_the_last_is_answered() {
    let ((mut reader, mut writer), mut peer) = halves(1000);
    let long = begin_long(&mut writer);
    for payload in ["one", "two", "three"] {
        say(&mut peer, &[Frame::ping(payload)]).await;
        assert!(poll_once(reader.read()).is_none());
    }
    let flushing = tokio::spawn(async move { writer.flush().await.map(|()| writer) });
    expect(&mut peer, &[long, Frame::pong("three")]).await;
    let _writer = flushing.await.unwrap().unwrap();
    say(&mut peer, &[Frame::ping("four")]).await;
    assert!(poll_once(reader.read()).is_none());
    expect(&mut peer, &[Frame::pong("four")]).await;
}

#[tokio::test(start_paused = true)]
async fn s5_5_1_the_peers_close_within_a_message_of_ours_is_answered_behind_it() {
    let ((mut reader, mut writer), mut peer) = halves(1000);
    let long = begin_long(&mut writer);
    say(&mut peer, &[Frame::ping("p"), Frame::close(1001, "bye")]).await;
    let reading = tokio::spawn(async move {
        let end = reader.read().await.map(|message| message.is_none());
        (end, reader)
    });
    let flushing = tokio::spawn(async move { (writer.flush().await, writer) });
    expect(&mut peer, &[long, Frame::pong("p"), Frame::close(1001, "")]).await;
    let (end, reader) = reading.await.unwrap();
    assert!(end.unwrap());
    assert_eq!(reader.close_reason().unwrap().reason(), "bye");
    let (flushed, mut writer) = flushing.await.unwrap();
    flushed.unwrap();
    assert!(matches!(
        writer.send("late").await,
        Err(Error::Send(SendError::Closed))
    ));
}

#[tokio::test(start_paused = true)]
async fn s7_1_2_a_close_of_the_reading_half_follows_a_message_of_the_other() {
    let ((mut reader, mut writer), mut peer) = halves(1000);
    let sending = tokio::spawn(async move { (writer.send(vec![7; 10_000]).await, writer) });
    let closing = tokio::spawn(async move { reader.close(CloseCode::GOING_AWAY, "").await });
    expect(
        &mut peer,
        &[Frame::binary(vec![7; 10_000]), Frame::close(1001, "")],
    )
    .await;
    say(&mut peer, &[Frame::close(1001, "")]).await;
    peer.shutdown().await.unwrap();
    assert_eq!(closing.await.unwrap().unwrap(), StreamEnd::Seen);
    let (sent, mut writer) = sending.await.unwrap();
    sent.unwrap();
    assert!(matches!(
        writer.send("late").await,
        Err(Error::Send(SendError::Closed))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_close_of_the_reading_half_does_not_wait_longer_than_its_time_for_a_frame_of_the_other() {
    let ((mut reader, mut writer), peer) = halves(1000);
    let payload = vec![7; 10_000];
    let mut frame = bareframe_tokio::Frame::binary(&payload);
    assert!(poll_once(writer.send_frame(&mut frame)).is_none());
    let begin = Instant::now();
    assert!(matches!(reader.close(None, "").await, Err(Error::CloseTimeout)));
    assert_eq!(begin.elapsed().as_secs(), 5);
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn s7_1_7_a_violation_within_a_message_of_ours_is_told_the_peer_behind_it() {
    let ((mut reader, mut writer), mut peer) = halves(1000);
    let long = begin_long(&mut writer);
    say(&mut peer, &[Frame::new(0x3, "")]).await;
    let error = reader.read().await.unwrap_err();
    assert_eq!(error.close_code().unwrap().number(), 1002);
    let flushing = tokio::spawn(async move { (writer.flush().await, writer) });
    expect(&mut peer, &[long]).await;
    let mut close = [0; 4];
    peer.read_exact(&mut close).await.unwrap();
    assert_eq!((close[0], &close[2..]), (0x88, &1002_u16.to_be_bytes()[..]));
    flushing.await.unwrap().0.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_reading_half_goes_on_and_answers_when_the_other_is_dropped() {
    let ((mut reader, writer), mut peer) = halves(1000);
    drop(writer);
    say(
        &mut peer,
        &[Frame::ping("p"), Frame::text("x"), Frame::close(1000, "")],
    )
    .await;
    assert_eq!(reader.read().await.unwrap().unwrap().as_str(), Some("x"));
    assert!(reader.read().await.unwrap().is_none());
    expect(&mut peer, &[Frame::pong("p"), Frame::close(1000, "")]).await;
}

#[tokio::test(start_paused = true)]
async fn the_writing_half_goes_on_when_the_other_is_dropped() {
    let ((reader, mut writer), mut peer) = halves(1000);
    drop(reader);
    writer.send("x").await.unwrap();
    writer.send_close(CloseCode::NORMAL_CLOSURE, "").await.unwrap();
    expect(&mut peer, &[Frame::text("x"), Frame::close(1000, "")]).await;
}

#[test]
fn s7_1_5_halves_deliver_what_arrived_although_a_write_fails() {
    let frames = [Frame::text("the answer"), Frame::close(1008, "policy")];
    let wire = Wire::ended([arriving(Side::Server, &frames)]).taking([Takes::Error(ErrorKind::BrokenPipe)]);
    let (mut reader, mut writer) = WebSocket::server(wire, &Options::DEFAULT).split();
    assert!(ready(writer.send("x")).is_err());
    assert_eq!(
        ready(reader.read()).unwrap().unwrap().as_str(),
        Some("the answer")
    );
    assert!(ready(reader.read()).unwrap().is_none());
    assert_eq!(reader.close_reason().unwrap().reason(), "policy");
}

#[test]
fn s5_5_an_answer_of_halves_is_on_the_wire_before_its_event() {
    let frames = [Frame::ping("hb"), Frame::close(1000, "")];
    let wire = Wire::open([arriving(Side::Server, &frames)]);
    let (mut reader, writer) = WebSocket::server(wire, &Options::DEFAULT).split();
    assert!(matches!(ready(reader.read_event()), Ok(Some(Event::Ping(_)))));
    assert!(matches!(ready(reader.read_event()), Ok(Some(Event::Close(_)))));
    drop((reader, writer));
}
