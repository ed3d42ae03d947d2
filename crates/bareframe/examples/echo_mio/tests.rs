use super::serve;
use bareframe_testkit::{Frame, RawClient};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn start(quiet: Duration) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || serve(listener, quiet).unwrap());
    address
}

#[test]
fn s5_messages_come_back_and_pings_and_closes_are_answered() {
    let address = start(Duration::from_secs(60));
    let mut stream = RawClient::connect(address, &[Frame::text("with the request")]).unwrap();
    stream.expect(&Frame::text("with the request")).unwrap();
    for len in [0, 1, 125, 126, 65_535, 65_536, 100_000] {
        stream.send(&Frame::binary(vec![7; len])).unwrap();
        stream.expect(&Frame::binary(vec![7; len])).unwrap();
    }
    stream.send(&Frame::ping("?")).unwrap();
    stream.expect(&Frame::pong("?")).unwrap();
    stream.send(&Frame::close(1001, "bye")).unwrap();
    stream.expect(&Frame::close(1001, "")).unwrap();
    assert_eq!(stream.stream().read(&mut [0]).unwrap(), 0);
}

#[test]
fn many_clients_share_the_thread_and_one_that_reads_nothing_holds_nobody_up() {
    let address = start(Duration::from_secs(60));
    let mut deaf = RawClient::connect(address, &[]).unwrap();
    deaf.stream()
        .set_write_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let message = Frame::binary(vec![0; 60_000]);
    while deaf.send(&message).is_ok() {}
    let mut streams: Vec<_> = (0..200)
        .map(|_| RawClient::connect(address, &[]).unwrap())
        .collect();
    for round in 0..3 {
        for (number, stream) in streams.iter_mut().enumerate() {
            let text = format!("{number} {round}");
            stream.send(&Frame::text(&text)).unwrap();
        }
        for (number, stream) in streams.iter_mut().enumerate() {
            stream.expect(&Frame::text(format!("{number} {round}"))).unwrap();
        }
    }
}

#[test]
fn who_is_silent_is_pinged_and_dropped_and_who_answers_is_not() {
    let address = start(Duration::from_millis(1500));
    let mut silent = RawClient::connect(address, &[]).unwrap();
    let mut alive = RawClient::connect(address, &[]).unwrap();
    for _ in 0..4 {
        alive.expect(&Frame::ping("")).unwrap();
        alive.send(&Frame::pong("")).unwrap();
    }
    silent.expect(&Frame::ping("")).unwrap();
    assert!(matches!(silent.stream().read(&mut [0]), Ok(0) | Err(_)));
    alive.send(&Frame::text("here")).unwrap();
    alive.expect(&Frame::text("here")).unwrap();
}

#[test]
fn s4_2_2_a_request_without_an_upgrade_is_answered_and_what_breaks_the_protocol_is_closed() {
    let address = start(Duration::from_secs(60));
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    let mut stream = RawClient::connect(address, &[]).unwrap();
    stream
        .stream()
        .write_all(&Frame::text("not masked").to_bytes())
        .unwrap();
    stream.expect(&Frame::close(1002, "")).unwrap();
}
