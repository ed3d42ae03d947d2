use super::*;
use bareframe_testkit::Frame as RawFrame;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Starts the server. Returns `None` and says why if this system has no io_uring, or does not permit it.
fn start() -> Option<SocketAddr> {
    if let Err(error) = RuntimeBuilder::<IoUringDriver>::new().build() {
        let kind = error.kind();
        assert!(
            matches!(kind, ErrorKind::Unsupported | ErrorKind::PermissionDenied),
            "{error}"
        );
        // Not by a macro, whose output is not shown for a test that passes.
        let _ = writeln!(std::io::stderr(), "skipped: there is no io_uring here: {error}");
        return None;
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || serve(listener).unwrap());
    Some(address)
}

/// Connects, sends these bytes with the request, and takes the answer.
fn connect(address: SocketAddr, frames: &[u8]) -> std::net::TcpStream {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
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

fn masked(frame: RawFrame) -> Vec<u8> {
    frame.masked([1, 2, 3, 4]).to_bytes()
}

#[track_caller]
fn expect(stream: &mut std::net::TcpStream, expected: &[u8]) {
    let mut received = vec![0; expected.len()];
    stream.read_exact(&mut received).unwrap();
    assert!(received == expected);
}

#[test]
fn s5_messages_come_back_and_pings_and_closes_are_answered() {
    let Some(address) = start() else { return };
    let mut stream = connect(address, &masked(RawFrame::text("with the request")));
    expect(&mut stream, &RawFrame::text("with the request").to_bytes());
    for len in [0, 1, 125, 126, 65_535, 65_536, 1_000_000] {
        stream.write_all(&masked(RawFrame::binary(vec![7; len]))).unwrap();
        expect(&mut stream, &RawFrame::binary(vec![7; len]).to_bytes());
    }
    let fragments = [RawFrame::text("Hel").fin(false), RawFrame::continuation("lo")];
    for fragment in fragments {
        stream.write_all(&masked(fragment)).unwrap();
    }
    expect(&mut stream, &RawFrame::text("Hello").to_bytes());
    stream.write_all(&masked(RawFrame::ping("?"))).unwrap();
    expect(&mut stream, &RawFrame::pong("?").to_bytes());
    stream.write_all(&masked(RawFrame::close(1001, "bye"))).unwrap();
    expect(&mut stream, &RawFrame::close(1001, "").to_bytes());
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn bytes_that_come_one_by_one_make_the_same_message() {
    let Some(address) = start() else { return };
    let mut stream = connect(address, b"");
    stream.set_nodelay(true).unwrap();
    for byte in masked(RawFrame::text("Mọi người")) {
        stream.write_all(&[byte]).unwrap();
    }
    expect(&mut stream, &RawFrame::text("Mọi người").to_bytes());
}

#[test]
fn many_clients_share_the_thread_and_one_that_reads_nothing_holds_nobody_up() {
    let Some(address) = start() else { return };
    let mut deaf = connect(address, b"");
    deaf.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let message = masked(RawFrame::binary(vec![0; 60_000]));
    while deaf.write_all(&message).is_ok() {}
    let mut streams: Vec<_> = (0..100).map(|_| connect(address, b"")).collect();
    for (number, stream) in streams.iter_mut().enumerate() {
        stream
            .write_all(&masked(RawFrame::text(format!("{number}"))))
            .unwrap();
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        expect(stream, &RawFrame::text(format!("{number}")).to_bytes());
    }
}

#[test]
fn s4_2_2_a_request_without_an_upgrade_is_answered_and_what_breaks_the_protocol_is_closed() {
    let Some(address) = start() else { return };
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    let mut stream = connect(address, b"");
    stream
        .write_all(&RawFrame::text("not masked").to_bytes())
        .unwrap();
    expect(&mut stream, &RawFrame::close(1002, "").to_bytes());
}
