use super::*;
use bareframe_testkit::{Frame as RawFrame, RawClient};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

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

#[test]
fn s5_messages_come_back_and_pings_and_closes_are_answered() {
    let Some(address) = start() else { return };
    let mut stream = RawClient::connect(address, &[RawFrame::text("with the request")]).unwrap();
    stream.expect(&RawFrame::text("with the request")).unwrap();
    for len in [0, 1, 125, 126, 65_535, 65_536, 1_000_000] {
        stream.send(&RawFrame::binary(vec![7; len])).unwrap();
        stream.expect(&RawFrame::binary(vec![7; len])).unwrap();
    }
    let fragments = [RawFrame::text("Hel").fin(false), RawFrame::continuation("lo")];
    for fragment in fragments {
        stream.send(&fragment).unwrap();
    }
    stream.expect(&RawFrame::text("Hello")).unwrap();
    stream.send(&RawFrame::ping("?")).unwrap();
    stream.expect(&RawFrame::pong("?")).unwrap();
    stream.send(&RawFrame::close(1001, "bye")).unwrap();
    stream.expect(&RawFrame::close(1001, "")).unwrap();
    assert_eq!(stream.stream().read(&mut [0]).unwrap(), 0);
}

#[test]
fn bytes_that_come_one_by_one_make_the_same_message() {
    let Some(address) = start() else { return };
    let mut stream = RawClient::connect(address, &[]).unwrap();
    stream.send_byte_by_byte(&RawFrame::text("Mọi người")).unwrap();
    stream.expect(&RawFrame::text("Mọi người")).unwrap();
}

#[test]
fn many_clients_share_the_thread_and_one_that_reads_nothing_holds_nobody_up() {
    let Some(address) = start() else { return };
    let mut deaf = RawClient::connect(address, &[]).unwrap();
    deaf.stream()
        .set_write_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let message = RawFrame::binary(vec![0; 60_000]);
    while deaf.send(&message).is_ok() {}
    let mut streams: Vec<_> = (0..100)
        .map(|_| RawClient::connect(address, &[]).unwrap())
        .collect();
    for (number, stream) in streams.iter_mut().enumerate() {
        stream.send(&RawFrame::text(format!("{number}"))).unwrap();
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        stream.expect(&RawFrame::text(format!("{number}"))).unwrap();
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
    let mut stream = RawClient::connect(address, &[]).unwrap();
    stream
        .stream()
        .write_all(&RawFrame::text("not masked").to_bytes())
        .unwrap();
    stream.expect(&RawFrame::close(1002, "")).unwrap();
}
