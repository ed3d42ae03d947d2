use super::serve;
use bareframe_testkit::Frame;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn start(quiet: Duration) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || serve(listener, quiet).unwrap());
    address
}

/// Connects, and sends these bytes with the request.
fn connect(address: std::net::SocketAddr, frames: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(&[REQUEST, frames].concat()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    stream
}

fn masked(frame: Frame) -> Vec<u8> {
    frame.masked([1, 2, 3, 4]).to_bytes()
}

#[track_caller]
fn expect(stream: &mut TcpStream, expected: &[u8]) {
    let mut received = vec![0; expected.len()];
    stream.read_exact(&mut received).unwrap();
    assert!(received == expected);
}

#[test]
fn s5_messages_come_back_and_pings_and_closes_are_answered() {
    let address = start(Duration::from_secs(60));
    let mut stream = connect(address, &masked(Frame::text("with the request")));
    expect(&mut stream, &Frame::text("with the request").to_bytes());
    for len in [0, 1, 125, 126, 65_535, 65_536, 100_000] {
        stream.write_all(&masked(Frame::binary(vec![7; len]))).unwrap();
        expect(&mut stream, &Frame::binary(vec![7; len]).to_bytes());
    }
    stream.write_all(&masked(Frame::ping("?"))).unwrap();
    expect(&mut stream, &Frame::pong("?").to_bytes());
    stream.write_all(&masked(Frame::close(1001, "bye"))).unwrap();
    expect(&mut stream, &Frame::close(1001, "").to_bytes());
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn many_clients_share_the_thread_and_one_that_reads_nothing_holds_nobody_up() {
    let address = start(Duration::from_secs(60));
    let mut deaf = connect(address, b"");
    deaf.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let message = masked(Frame::binary(vec![0; 60_000]));
    while deaf.write_all(&message).is_ok() {}
    let mut streams: Vec<_> = (0..200).map(|_| connect(address, b"")).collect();
    for round in 0..3 {
        for (number, stream) in streams.iter_mut().enumerate() {
            let text = format!("{number} {round}");
            stream.write_all(&masked(Frame::text(&text))).unwrap();
        }
        for (number, stream) in streams.iter_mut().enumerate() {
            expect(stream, &Frame::text(format!("{number} {round}")).to_bytes());
        }
    }
}

#[test]
fn who_is_silent_is_pinged_and_dropped_and_who_answers_is_not() {
    let address = start(Duration::from_millis(1500));
    let mut silent = connect(address, b"");
    let mut alive = connect(address, b"");
    for _ in 0..4 {
        expect(&mut alive, &Frame::ping("").to_bytes());
        alive.write_all(&masked(Frame::pong(""))).unwrap();
    }
    expect(&mut silent, &Frame::ping("").to_bytes());
    assert!(matches!(silent.read(&mut [0]), Ok(0) | Err(_)));
    alive.write_all(&masked(Frame::text("here"))).unwrap();
    expect(&mut alive, &Frame::text("here").to_bytes());
}

#[test]
fn s4_2_2_a_request_without_an_upgrade_is_answered_and_what_breaks_the_protocol_is_closed() {
    let address = start(Duration::from_secs(60));
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    let mut stream = connect(address, b"");
    stream.write_all(&Frame::text("not masked").to_bytes()).unwrap();
    expect(&mut stream, &Frame::close(1002, "").to_bytes());
}
