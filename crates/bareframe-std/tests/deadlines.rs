//! A time limit is one for the whole of what it limits, however the peer drips and however many system calls that takes.

mod clock;
mod wire;

use bareframe_std::handshake::Status;
use bareframe_std::{
    Acceptor, Connector, Deadline, Error, Event, HandshakeError, Options, Stream, WebSocket, connect,
};
use bareframe_testkit::Frame;
use clock::{Slow, now};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use wire::{Takes, Wire};

const SECOND: Duration = Duration::from_secs(1);
/// For what has a limit of half a second or less, on a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(3);

const OPTIONS: Options = Options::DEFAULT.with_clock(now).with_close_timeout(SECOND);
const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Returns what comes byte by byte, each of which takes 200 ms.
fn drip(bytes: &str) -> Slow {
    Slow(Wire::new(bytes.bytes().map(|byte| [byte])), SECOND / 5)
}

/// Two ends of a connection.
fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

#[track_caller]
fn assert_timeout<T>(result: Result<T, Error>, begun: Instant, clock: fn() -> Instant, limit: Duration) {
    let took = clock() - begun;
    match result {
        Err(Error::Handshake(HandshakeError::Timeout)) => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("no timeout"),
    }
    assert!(took <= limit, "{took:?}");
}

#[test]
fn a_server_waits_for_a_whole_request_as_long_as_its_timeout_says() {
    let acceptor = Acceptor::DEFAULT.with_timeout(SECOND).with_options(OPTIONS);
    let begun = now();
    assert_timeout(acceptor.read(drip(REQUEST)), begun, now, SECOND);
    let begun = now();
    let quick = REQUEST.replace("example.com", "a");
    let mut stream = Slow(Wire::new([quick.as_bytes()]), SECOND / 5);
    stream.1 = SECOND / 2;
    let mut incoming = acceptor.read(stream).unwrap();
    // The client has half a second left to take the answer.
    let result = incoming.accept(&bareframe_std::handshake::Choice::DEFAULT);
    assert_timeout(result, begun, now, SECOND);
}

#[test]
fn a_client_waits_for_a_whole_response_as_long_as_its_timeout_says() {
    let connector = Connector::DEFAULT.with_timeout(SECOND).with_options(OPTIONS);
    let response = format!("HTTP/1.1 101 Switching Protocols\r\nX: {}", "x".repeat(100));
    let hints = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100);
    for head in [response, hints] {
        let begun = now();
        assert_timeout(connector.connect_over(drip(&head), "ws://a/"), begun, now, SECOND);
    }
    // The request is part of it.
    let begun = now();
    let mut stuck = drip("");
    stuck.0 = stuck.0.taking([Takes::Most(1)]);
    assert_timeout(connector.connect_over(stuck, "ws://a/"), begun, now, SECOND);
}

#[test]
fn a_client_waits_a_second_for_the_content_of_a_refusal() {
    let refusal = format!("HTTP/1.1 403 Forbidden\r\n\r\n{}", "x".repeat(1_000));
    let connector = Connector::DEFAULT.with_timeout(60 * SECOND).with_options(OPTIONS);
    let begun = now();
    match connector.connect_over(drip(&refusal), "ws://a/") {
        Err(Error::Handshake(HandshakeError::Refused(refusal))) => {
            assert_eq!((refusal.content(), refusal.is_whole()), (&b"xxxx"[..], false));
        }
        other => panic!("{other:?}"),
    }
    assert!(now() - begun <= 7 * SECOND, "{:?}", now() - begun);
}

#[test]
fn a_whole_answer_is_written_in_the_servers_timeout() {
    let acceptor = Acceptor::DEFAULT.with_timeout(SECOND).with_options(OPTIONS);
    let mut stream = Slow(Wire::new([REQUEST]), SECOND / 5);
    stream.0 = stream.0.taking([Takes::Most(256)]);
    let incoming = acceptor.read(stream).unwrap();
    let begun = now();
    assert_timeout(
        incoming.answer(Status::OK, &[], &[b'x'; 10_000]),
        begun,
        now,
        SECOND,
    );
}

#[test]
fn a_long_answer_to_a_slow_reader_ends_in_time() {
    let (mut client, server) = tcp();
    client.write_all(REQUEST.as_bytes()).unwrap();
    let reader = thread::spawn(move || {
        let mut taken = vec![0; 256 << 10];
        while client.read(&mut taken).is_ok_and(|len| len > 0) {
            thread::sleep(Duration::from_millis(100));
        }
    });
    let acceptor = Acceptor::DEFAULT.with_timeout(SECOND / 2);
    let incoming = acceptor.read(server).unwrap();
    let begun = Instant::now();
    let answered = incoming.answer(Status::OK, &[], &vec![b'x'; 32 << 20]);
    assert_timeout(answered, begun, Instant::now, SOON);
    reader.join().unwrap();
}

#[test]
fn a_name_lookup_ends_in_time() {
    fn late(_: &str, _: u16) -> std::io::Result<Vec<SocketAddr>> {
        thread::sleep(2 * SOON);
        Ok(Vec::new())
    }
    let connector = Connector::DEFAULT.with_resolver(late).with_timeout(SECOND / 5);
    let begun = Instant::now();
    match connector.connect("ws://slow.example/") {
        Err(Error::Connect(error)) => {
            assert_eq!((error.host(), error.address()), ("slow.example", None));
            assert_eq!(error.error().kind(), ErrorKind::TimedOut);
            assert_eq!(error.to_string(), "slow.example: the name lookup timed out");
        }
        other => panic!("{other:?}"),
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[test]
fn what_is_no_name_is_not_looked_up_and_a_name_without_address_is_an_error() {
    fn nothing(_: &str, _: u16) -> std::io::Result<Vec<SocketAddr>> {
        Ok(Vec::new())
    }
    let connector = Connector::DEFAULT.with_resolver(nothing);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || bareframe_std::accept(listener.accept().unwrap().0).map(drop));
    connector.connect(&format!("ws://127.0.0.1:{port}/")).unwrap();
    server.join().unwrap().unwrap();
    match connector.connect("ws://nowhere.example/") {
        Err(Error::Connect(error)) => assert_eq!(error.error().kind(), ErrorKind::NotFound),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_of_connect_names_the_address_and_a_timeout_reads_as_one() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = connect(&format!("ws://{nobody}/")).unwrap_err();
    assert!(error.to_string().starts_with(&format!("{nobody}: ")), "{error}");

    // A name is shown with the address that was tried, also if the connection breaks within the opening handshake.
    fn at_home(_: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
    }
    let connector = Connector::DEFAULT.with_resolver(at_home);
    let url = |port: u16| format!("ws://name.example:{port}/");
    let error = connector.connect(&url(nobody.port())).unwrap_err();
    let named = |port: u16| format!("name.example, 127.0.0.1:{port}: ");
    assert!(error.to_string().starts_with(&named(nobody.port())), "{error}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let resets = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        // A stream that is dropped with bytes unread is reset.
        stream.peek(&mut [0]).unwrap();
    });
    let error = connector.connect(&url(port)).unwrap_err();
    assert!(error.to_string().starts_with(&named(port)), "{error}");
    resets.join().unwrap();

    let (mut silent, _peer) = tcp();
    silent.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    let error = Error::from(silent.read(&mut [0]).unwrap_err());
    assert!(error.to_string().contains("timed out"), "{error}");
}

#[test]
fn a_socket_keeps_a_deadline_and_has_its_own_timeout_back() {
    let own = Some(Duration::from_secs(60));
    let (mut stream, mut peer) = tcp();
    stream.set_read_timeout(own).unwrap();
    stream.set_write_timeout(own).unwrap();
    let begun = Instant::now();
    let deadline = Deadline::after(SECOND / 5);
    assert_eq!(
        stream.read_by(&mut [0], deadline).unwrap_err().kind(),
        ErrorKind::TimedOut
    );
    let deadline = Deadline::after(SECOND / 5);
    let full = loop {
        if let Err(error) = stream.write_by(&[std::io::IoSlice::new(&[0; 1 << 16])], deadline) {
            break error;
        }
    };
    assert_eq!(full.kind(), ErrorKind::TimedOut);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(
        (stream.read_timeout().unwrap(), stream.write_timeout().unwrap()),
        (own, own)
    );

    // One that does not block may be called again before the deadline, and not after it.
    stream.set_nonblocking(true).unwrap();
    for (timeout, kind) in [
        (60 * SECOND, ErrorKind::WouldBlock),
        (Duration::ZERO, ErrorKind::TimedOut),
    ] {
        let read = stream.read_by(&mut [0], Deadline::after(timeout));
        assert_eq!(read.unwrap_err().kind(), kind);
    }
    assert_eq!(
        stream.read_by(&mut [0], Deadline::NONE).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    peer.write_all(b"x").unwrap();
    stream.set_nonblocking(false).unwrap();
    assert_eq!(stream.read_by(&mut [0; 4], Deadline::after(SECOND)).unwrap(), 1);
}

#[test]
fn a_time_limit_of_zero_is_an_error_and_no_timeout() {
    const ZERO: Duration = Duration::ZERO;
    #[track_caller]
    fn assert_invalid<T>(result: Result<T, Error>) {
        match result {
            Err(Error::Io(error)) => {
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert_eq!(error.to_string(), "a time limit is zero");
            }
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("it means no limit"),
        }
    }
    let server = |options: Options| {
        let (client, stream) = tcp();
        (WebSocket::server(stream, &options), client)
    };

    let (mut socket, _peer) = server(Options::DEFAULT.with_write_timeout(ZERO));
    assert_invalid(socket.send("Hello"));
    let (mut socket, mut peer) = server(Options::DEFAULT.with_write_timeout(ZERO));
    peer.write_all(&Frame::ping("").masked([0; 4]).to_bytes())
        .unwrap();
    drop(peer);
    assert!(matches!(socket.read_event(), Ok(Some(Event::Ping(_)))));
    assert_invalid(socket.read());

    for (interval, deadline) in [(ZERO, SECOND), (SECOND, ZERO)] {
        let options = Options::DEFAULT.with_keepalive(interval, deadline);
        let (mut socket, _peer) = server(options);
        assert_invalid(socket.read());
        let (mut reader, _writer) = server(options).0.split();
        assert_invalid(reader.read());
    }

    let (mut socket, _peer) = server(Options::DEFAULT.with_close_timeout(ZERO));
    assert_invalid(socket.close(None, ""));

    assert_invalid(Acceptor::DEFAULT.with_timeout(ZERO).accept(Wire::new([REQUEST])));
    let connector = Connector::DEFAULT.with_timeout(ZERO);
    assert_invalid(connector.connect_over(Wire::new([""]), "ws://a/"));
}
