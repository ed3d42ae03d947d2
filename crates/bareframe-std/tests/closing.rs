//! The closing handshake and the end of the stream (RFC 6455 section 7).

mod wire;

use bareframe_std::{
    CloseCode, Config, Error, Limits, Options, ProtocolError, SendError, State, WebSocket, accept, connect,
};
use bareframe_testkit::Frame;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use wire::{Takes, Wire};

const KEY: [u8; 4] = [1, 2, 3, 4];

fn server(frames: &[Frame]) -> WebSocket<Wire, bareframe_std::Server> {
    let reads = frames.iter().map(|frame| frame.clone().masked(KEY).to_bytes());
    WebSocket::server(Wire::new(reads), &Options::DEFAULT)
}

/// Two ends of a TCP connection.
fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (listener.accept().unwrap().0, client)
}

fn impatient() -> Options {
    Options::DEFAULT.with_close_timeout(Duration::from_millis(100))
}

#[test]
fn s7_1_4_a_close_that_is_answered_is_a_clean_end() {
    let mut server = server(&[
        Frame::text("last"),
        Frame::close(1001, "away"),
        Frame::text("never"),
    ]);
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("last"));
    assert!(server.read().unwrap().is_none());
    assert!(server.read().unwrap().is_none());
    assert_eq!(server.state(), State::Closed);
    let reason = server.close_reason().unwrap();
    assert_eq!(
        (reason.code(), reason.reason()),
        (Some(CloseCode::GOING_AWAY), "away")
    );
    assert_eq!(server.stream().written(), Frame::close(1001, "").to_bytes());
    assert!(matches!(
        server.send_text("late"),
        Err(Error::Send(SendError::Closed))
    ));
    server.close(None, "").unwrap();
    assert_eq!(server.stream().written(), Frame::close(1001, "").to_bytes());
}

#[test]
fn s7_1_5_an_end_without_a_close_is_abnormal() {
    for frames in [
        vec![],
        vec![Frame::text("half").declared_len(9)],
        vec![Frame::text("a").fin(false)],
    ] {
        let mut server = server(&frames);
        assert!(matches!(server.read(), Err(Error::AbnormalClosure)));
        assert!(matches!(server.read(), Err(Error::AbnormalClosure)));
        assert_eq!(server.state(), State::Failed);
        assert!(matches!(
            server.send_text("late"),
            Err(Error::Send(SendError::Closed))
        ));
        server.close(None, "").unwrap();
        assert!(server.stream().written().is_empty());
    }
}

#[test]
fn s7_1_7_a_violation_is_told_to_the_peer_and_latches() {
    let limits = Limits::DEFAULT.with_message(10);
    let options = Options::DEFAULT.with_config(Config::DEFAULT.with_limits(limits));
    for (frame, error) in [
        (Frame::text("x"), ProtocolError::UnmaskedFrame),
        (Frame::text([0xff]).masked(KEY), ProtocolError::InvalidUtf8),
        (Frame::text([b'x'; 11]).masked(KEY), ProtocolError::MessageTooBig),
        (Frame::new(3, "").masked(KEY), ProtocolError::ReservedOpcode),
    ] {
        let read = [Frame::ping("p").masked(KEY).to_bytes(), frame.to_bytes()].concat();
        let mut server = WebSocket::server(Wire::new([read, b"more".to_vec()]), &options);
        for _ in 0..2 {
            let failed = server.read().unwrap_err();
            assert!(
                matches!(failed, Error::Protocol(found) if found == error),
                "{failed:?}"
            );
            assert_eq!(failed.close_code(), Some(error.close_code()));
        }
        let told = [
            Frame::pong("p"),
            Frame::close(error.close_code().number(), error.reason()),
        ]
        .map(|f| f.to_bytes())
        .concat();
        assert_eq!(server.stream().writes, [told], "{error:?}");
        assert!(matches!(
            server.send_text("late"),
            Err(Error::Send(SendError::Closed))
        ));
        server.close(None, "").unwrap();
    }
}

#[test]
fn s7_1_7_a_violation_is_known_even_if_the_peer_is_not_there_to_be_told() {
    let wire = Wire::new([Frame::text("x").to_bytes()]).taking([Takes::Error(ErrorKind::BrokenPipe)]);
    let mut server = WebSocket::server(wire, &Options::DEFAULT);
    for _ in 0..2 {
        assert!(matches!(
            server.read(),
            Err(Error::Protocol(error)) if error == ProtocolError::UnmaskedFrame
        ));
    }
}

#[test]
fn s7_1_7_the_close_for_a_violation_leaves_before_the_error_is_returned() {
    let wire = Wire::new([Frame::text("x").to_bytes()]).taking([Takes::Error(ErrorKind::WouldBlock)]);
    let mut server = WebSocket::server(wire, &Options::DEFAULT);
    assert!(server.read().is_err_and(|error| error.is_temporary()));
    server.stream_mut().plan = [Takes::Most(1)].into();
    assert!(matches!(
        server.read(),
        Err(Error::Protocol(error)) if error == ProtocolError::UnmaskedFrame
    ));
    assert_eq!(
        server.stream().written(),
        Frame::close(1002, ProtocolError::UnmaskedFrame.reason()).to_bytes()
    );
}

#[test]
fn s7_1_4_a_peer_that_is_gone_after_its_close_has_closed_cleanly() {
    let wire = Wire::new([Frame::close(1000, "").masked(KEY).to_bytes()])
        .taking([Takes::Error(ErrorKind::BrokenPipe)]);
    let mut server = WebSocket::server(wire, &Options::DEFAULT);
    assert!(server.read().unwrap().is_none());
}

#[test]
fn our_close_is_answered_and_what_arrives_meanwhile_is_dropped() {
    let mut server = server(&[Frame::text("late"), Frame::ping("p"), Frame::close(1000, "")]);
    server.close(CloseCode::NORMAL_CLOSURE, "enough").unwrap();
    assert_eq!(server.state(), State::Closed);
    let said = [Frame::close(1000, "enough"), Frame::pong("p")];
    assert_eq!(
        server.stream().written(),
        said.map(|frame| frame.to_bytes()).concat()
    );
}

#[test]
fn s5_5_2_what_arrives_counts_for_more_than_a_pong_that_can_not_be_written() {
    for end in [
        &[Frame::text("late"), Frame::close(1000, "")][..],
        &[Frame::text("late")],
    ] {
        let reads = [&[Frame::ping("p")][..], end].concat();
        let wire = Wire::new(reads.into_iter().map(|frame| frame.masked(KEY).to_bytes()));
        let mut server = WebSocket::server(wire, &Options::DEFAULT);
        server.send_close(CloseCode::NORMAL_CLOSURE, "").unwrap();
        // The peer sent all that and has gone.
        server.stream_mut().plan = [Takes::Error(ErrorKind::BrokenPipe)].into();
        assert_eq!(server.read().unwrap().unwrap().as_str(), Some("late"));
        match (end.len(), server.read()) {
            (2, Ok(None)) => assert_eq!(server.state(), State::Closed),
            (1, Err(Error::Io(error))) => assert_eq!(error.kind(), ErrorKind::BrokenPipe),
            (_, read) => panic!("{read:?}"),
        }
    }
}

#[test]
fn what_arrives_after_our_close_can_be_read() {
    let mut server = server(&[Frame::text("late"), Frame::close(1000, "")]);
    server.send_close(CloseCode::NORMAL_CLOSURE, "enough").unwrap();
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some("late"));
    assert!(server.read().unwrap().is_none());
}

#[test]
fn s5_5_1_a_reason_that_does_not_fit_is_cut_at_a_character() {
    for (reason, sent) in [
        ("x".repeat(124), "x".repeat(123)),
        ("ö".repeat(62), "ö".repeat(61)),
        ("x".repeat(123), "x".repeat(123)),
    ] {
        let mut server = server(&[Frame::close(1000, "")]);
        server.close(CloseCode::NORMAL_CLOSURE, &reason).unwrap();
        assert_eq!(server.stream().written(), Frame::close(1000, &sent).to_bytes());
    }
}

#[test]
fn a_layer_above_can_fail_the_connection() {
    let mut server = server(&[Frame::text("x")]);
    server.fail(CloseCode::POLICY_VIOLATION).unwrap();
    assert_eq!(server.stream().written(), Frame::close(1008, "").to_bytes());
    assert!(matches!(
        server.read(),
        Err(Error::Protocol(error)) if error == ProtocolError::Failed(CloseCode::POLICY_VIOLATION)
    ));
}

#[test]
fn s7_1_1_close_waits_for_a_silent_peer_no_longer_than_it_is_told() {
    let (stream, peer) = tcp();
    let mut server = WebSocket::server(stream, &impatient());
    let begun = Instant::now();
    assert!(matches!(
        server.close(CloseCode::NORMAL_CLOSURE, ""),
        Err(Error::CloseTimeout)
    ));
    assert!(
        (100..1000).contains(&begun.elapsed().as_millis()),
        "{:?}",
        begun.elapsed()
    );
    // The stream was ended nonetheless.
    let mut bytes = Vec::new();
    (&peer).read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, Frame::close(1000, "").to_bytes());
}

#[test]
fn s7_1_1_close_waits_for_a_peer_that_trickles_no_longer_than_it_is_told() {
    let (stream, mut peer) = tcp();
    let mut server = WebSocket::server(stream, &impatient());
    let trickle = thread::spawn(move || {
        let bytes = Frame::ping([b'x'; 125]).masked(KEY).to_bytes();
        for byte in bytes.into_iter().cycle() {
            if peer.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    });
    let begun = Instant::now();
    assert!(matches!(
        server.close(CloseCode::NORMAL_CLOSURE, ""),
        Err(Error::CloseTimeout)
    ));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    drop(server);
    trickle.join().unwrap();
}

#[test]
fn close_does_not_wait_for_ever_to_write() {
    let (stream, _peer) = tcp();
    stream.set_write_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut server = WebSocket::server(stream, &impatient());
    while server.send_binary(&[0; 1 << 20]).is_ok() {}
    let begun = Instant::now();
    assert!(matches!(
        server.close(CloseCode::NORMAL_CLOSURE, ""),
        Err(Error::CloseTimeout)
    ));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(
        server.stream().write_timeout().unwrap(),
        Some(Duration::from_millis(20)),
        "put back"
    );
}

#[test]
fn s7_1_1_the_server_ends_the_stream_first_and_the_client_waits_for_it() {
    let (stream, mut peer) = tcp();
    let raw_server = thread::spawn(move || {
        let mut close = [0; 8];
        peer.read_exact(&mut close).unwrap();
        peer.write_all(&Frame::close(1000, "").to_bytes()).unwrap();
        // The client must not end its direction before us.
        peer.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let early = peer.read(&mut [0]);
        assert!(
            early.is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
            "the client ended first"
        );
        drop(peer);
    });
    let mut client = WebSocket::client(stream, &Options::DEFAULT).unwrap();
    let begun = Instant::now();
    client.close(CloseCode::NORMAL_CLOSURE, "").unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2));
    raw_server.join().unwrap();
}

#[test]
fn what_was_sent_last_arrives_although_the_peer_has_more_to_say() {
    let (stream, mut peer) = tcp();
    let mut server = WebSocket::server(stream, &Options::DEFAULT);
    // Bytes that the server will not read: closing at once would reset the connection.
    peer.write_all(&Frame::text("x").to_bytes()).unwrap();
    peer.write_all(&[0; 200_000]).unwrap();
    let closed = thread::spawn(move || {
        assert!(server.read().is_err());
        server.close(None, "")
    });
    thread::sleep(Duration::from_millis(20));
    let told = Frame::close(1002, ProtocolError::UnmaskedFrame.reason()).to_bytes();
    let mut bytes = vec![0; told.len()];
    peer.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes, told);
    assert_eq!(peer.read(&mut bytes).unwrap(), 0);
    drop(peer);
    closed.join().unwrap().unwrap();
}

#[test]
fn both_ends_close_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut socket = accept(listener.accept().unwrap().0)?;
        socket.close(CloseCode::GOING_AWAY, "server")
    });
    let mut client = connect(&url).unwrap();
    client.close(CloseCode::NORMAL_CLOSURE, "client").unwrap();
    server.join().unwrap().unwrap();
    assert!(client.close_reason().is_some());
}

#[test]
fn close_lasts_as_long_as_it_says_though_a_write_may_not() {
    let (stream, mut peer) = tcp();
    let moment = Duration::from_millis(20);
    let options = Options::DEFAULT.with_write_timeout(moment);
    let mut server = WebSocket::server(stream, &options);
    assert!(matches!(
        server.send(&vec![7; 24 << 20][..]),
        Err(Error::Unflushed(_))
    ));
    peer.write_all(&Frame::close(1000, "").masked(KEY).to_bytes())
        .unwrap();
    let closing = thread::spawn(move || server.close(None, "").map(drop));
    thread::sleep(20 * moment);
    let mut arrived = Vec::new();
    peer.read_to_end(&mut arrived).unwrap();
    drop(peer);
    closing.join().unwrap().unwrap();
    assert!(arrived.ends_with(b"\x88\x00"));
}
