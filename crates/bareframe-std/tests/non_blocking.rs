//! Opening handshakes over streams that do not block: `WouldBlock` loses nothing, and each call asks the stream once.

mod wire;

use bareframe_std::handshake::{Accept, Choice, HeadError, Key, Request, RequestError, Status};
use bareframe_std::{Accepting, Acceptor, Connecting, Connector, Error, HandshakeError, Untimed, accept};
use bareframe_testkit::Frame;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;
use wire::{Takes, Wire};

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const BLOCKS: Takes = Takes::Error(ErrorKind::WouldBlock);

/// Calls until it does not block, and returns how often it did.
fn insist<T>(mut call: impl FnMut() -> Result<T, Error>) -> (Result<T, Error>, usize) {
    for blocked in 0..10_000 {
        match call() {
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
            done => return (done, blocked),
        }
    }
    panic!("blocked for ever");
}

/// Bytes that come one by one, with a `WouldBlock` before each.
fn stumbling(bytes: &[u8]) -> Wire {
    Wire::new(bytes.iter().map(|byte| [*byte])).stumbling(ErrorKind::WouldBlock)
}

fn not_connected<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Io(error)) if error.kind() == ErrorKind::NotConnected)
}

#[test]
fn a_server_reads_a_request_as_it_arrives_and_asks_the_stream_once_a_call() {
    let mut accepting = Acceptor::DEFAULT.begin(stumbling(REQUEST.as_bytes()));
    let (incoming, blocked) = insist(|| accepting.read());
    assert_eq!(blocked, REQUEST.len());
    assert!(not_connected(accepting.read()) && accepting.stream().is_none());
    let socket = incoming.unwrap().accept(&Choice::DEFAULT).unwrap();
    assert_eq!(socket.stream().written(), RESPONSE.as_bytes());
}

#[test]
fn what_a_stream_leaves_of_a_101_goes_before_the_first_frame() {
    for most in [1, 10, RESPONSE.len() - 1] {
        let wire = Wire::new([REQUEST]).taking([Takes::Most(most), BLOCKS]);
        let mut incoming = Acceptor::DEFAULT.read(wire).unwrap();
        let mut socket = incoming.accept(&Choice::DEFAULT).unwrap();
        assert_eq!(socket.stream().written(), RESPONSE.as_bytes()[..most]);
        let mut sent = false;
        for _ in 0..10_000 {
            let done = if sent {
                socket.flush()
            } else {
                socket.send_text("Hello")
            };
            match done {
                Ok(()) => break,
                Err(Error::Unflushed(_)) => sent = true,
                Err(Error::Io(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        let expected = [RESPONSE.as_bytes(), &Frame::text("Hello").to_bytes()].concat();
        assert_eq!(socket.stream().written(), expected, "{most}");
    }
}

#[test]
fn a_refusal_is_written_over_a_stream_that_does_not_block() {
    let page = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned();
    let old = REQUEST.replace("Version: 13", "Version: 8");
    for (request, status) in [(page, 426), (old, 426)] {
        let wire = Wire::new([request]).taking([BLOCKS, Takes::Most(7)]);
        let mut incoming = Acceptor::DEFAULT.read(wire).unwrap();
        let mut written = Vec::new();
        let (refused, blocked) = insist(|| {
            let accepted = incoming.accept(&Choice::DEFAULT);
            if let Some(stream) = incoming.stream() {
                written = stream.written();
            }
            accepted
        });
        match refused {
            Err(Error::Handshake(why)) => assert_eq!(why.status(), Some(status)),
            other => panic!("{other:?}"),
        }
        assert!(blocked > 10, "{blocked}");
        // The last 7 bytes are written by the call that ends the stream.
        let answer = String::from_utf8(written).unwrap();
        let (head, content) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 426 "), "{answer}");
        let len = head.split_once("Content-Length: ").unwrap().1;
        let len: usize = len.lines().next().unwrap().parse().unwrap();
        assert!((1..=7).contains(&(len - content.len())), "{answer}");
        assert!(not_connected(incoming.accept(&Choice::DEFAULT)) && incoming.stream().is_none());
        assert!(not_connected(incoming.answer(Status::OK, &[], b"")));
    }
}

#[test]
fn a_wrong_head_is_answered_over_a_stream_that_does_not_block() {
    let wire = Wire::new(["GET / HTTP/1.1\r\nHost : a\r\n\r\n"]).taking([BLOCKS, Takes::Most(7)]);
    let mut accepting: Accepting<Wire> = Acceptor::DEFAULT.begin(wire);
    let mut written = Vec::new();
    let result = loop {
        match accepting.read() {
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                written = accepting.stream().unwrap().written();
            }
            done => break done,
        }
    };
    assert!(matches!(
        result,
        Err(Error::Handshake(HandshakeError::Request(RequestError::Head(
            HeadError::SpaceInName
        ))))
    ));
    let written = String::from_utf8(written).unwrap();
    assert!(written.starts_with("HTTP/1.1 400 "), "{written}");
    assert!(not_connected(accepting.read()));
}

#[test]
fn an_answer_is_written_over_a_stream_that_does_not_block() {
    let content = vec![b'x'; 5_000];
    let wire = Wire::new([REQUEST])
        .taking([Takes::Most(1_000), BLOCKS])
        .stumbling(ErrorKind::WouldBlock);
    let mut accepting = Acceptor::DEFAULT.begin(wire);
    let incoming = insist(|| accepting.read()).0.unwrap();
    let mut answering = incoming.begin_answer(Status::OK, &[], &content).unwrap();
    let (answered, blocked) = insist(|| answering.write());
    answered.unwrap();
    assert_eq!(blocked, 5);
    assert!(answering.stream().written().ends_with(&content));
}

/// Returns what a server answers to what a client has written.
fn response_to(request: &[u8], head: &str) -> String {
    let (request, _) = Request::parse(request).unwrap();
    let key = Key::parse(request.header("Sec-WebSocket-Key").unwrap().value()).unwrap();
    head.replace("{accept}", Accept::from_key(&key).as_str())
}

#[test]
fn a_client_sends_its_request_as_the_stream_takes_it() {
    let wire = stumbling(b"x").taking([BLOCKS, Takes::Most(1)]);
    let mut connecting: Connecting<'_, _> = Connector::DEFAULT.begin_over(wire, "ws://example.com/").unwrap();
    let mut blocked = 0;
    let request = loop {
        assert!(connecting.finish().unwrap_err().is_temporary());
        blocked += 1;
        let written = connecting.stream().unwrap().written();
        if written.ends_with(b"\r\n\r\n") {
            break written;
        }
    };
    assert_eq!(blocked, request.len() + 1);
}

#[test]
fn a_client_reads_a_response_piece_by_piece_and_frames_after_it() {
    let (client, mut server) = tcp();
    client.set_nonblocking(true).unwrap();
    let mut connecting = Connector::DEFAULT
        .begin_over(client, "ws://example.com/")
        .unwrap();
    assert!(connecting.finish().unwrap_err().is_temporary());
    let mut request = vec![0; 1_000];
    let len = server.read(&mut request).unwrap();
    let response = response_to(
        &request[..len],
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n",
    );
    server.set_nodelay(true).unwrap();
    let (last, first) = response.as_bytes().split_last().unwrap();
    for byte in first {
        server.write_all(&[*byte]).unwrap();
        assert!(connecting.finish().unwrap_err().is_temporary());
    }
    server
        .write_all(&[&[*last], &Frame::text("Hello").to_bytes()[..]].concat())
        .unwrap();
    let mut socket = insist(|| {
        thread::sleep(Duration::from_millis(1));
        connecting.finish()
    })
    .0
    .unwrap();
    assert!(not_connected(connecting.finish()) && connecting.stream().is_none());
    let text = insist(|| {
        socket
            .read()
            .map(|message| message.unwrap().as_str().map(str::to_owned))
    });
    assert_eq!(text.0.unwrap().as_deref(), Some("Hello"));
}

#[test]
fn a_client_reads_the_content_of_a_refusal_as_it_arrives() {
    let refusal = b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nno access\r\n0\r\n\r\n";
    let mut connecting = Connector::DEFAULT
        .begin_over(stumbling(refusal), "ws://example.com/")
        .unwrap();
    let (result, blocked) = insist(|| connecting.finish());
    // The line after the last chunk is not waited for.
    assert!(blocked <= refusal.len());
    match result {
        Err(Error::Handshake(HandshakeError::Refused(refusal))) => {
            assert_eq!((refusal.content(), refusal.is_whole()), (&b"no access"[..], true));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_that_is_not_taken_hides_no_response() {
    let refused = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    let broken = [Takes::Error(ErrorKind::BrokenPipe)];
    let wire = Wire::new([refused]).taking(broken);
    match Connector::DEFAULT.connect_over(wire, "ws://a/") {
        Err(Error::Handshake(HandshakeError::Refused(refusal))) => assert_eq!(refusal.status(), 503),
        other => panic!("{other:?}"),
    }
    let wire = Wire::new(["HTTP/1.1 50"]).taking(broken);
    match Connector::DEFAULT.connect_over(wire, "ws://a/") {
        Err(Error::Io(error)) => assert_eq!(error.kind(), ErrorKind::BrokenPipe),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_thread_shakes_hands_with_itself() {
    let (client, server) = tcp();
    client.set_nonblocking(true).unwrap();
    server.set_nonblocking(true).unwrap();
    let mut connecting = Connector::DEFAULT
        .begin_over(client, "ws://example.com/")
        .unwrap();
    let mut accepting = Acceptor::DEFAULT.begin(server);
    let (mut client, mut server) = (None, None);
    while client.is_none() || server.is_none() {
        match connecting.finish() {
            Ok(socket) => client = Some(socket),
            Err(error) => assert!(error.is_temporary() || client.is_some(), "{error}"),
        }
        match accepting.read() {
            Ok(mut incoming) => server = Some(incoming.accept(&Choice::DEFAULT).unwrap()),
            Err(error) => assert!(error.is_temporary() || server.is_some(), "{error}"),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn nobody_waits_for_the_end_of_a_stream_that_can_not_be_shut_down() {
    let (client, server) = tcp();
    let serving = thread::spawn(move || {
        let mut socket = accept(Untimed(server)).unwrap();
        assert!(socket.read().unwrap().is_none());
        let _ = socket.close(None, "");
    });
    client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut socket = Connector::DEFAULT.connect_over(client, "ws://a/").unwrap();
    socket.send_close(None, "").unwrap();
    assert!(socket.read().unwrap().is_none());
    // As 7.1.1 says, the client waits for the server's end.
    assert_eq!(socket.stream_mut().read(&mut [0]).unwrap(), 0);
    serving.join().unwrap();

    let mut untimed = Untimed(std::io::Cursor::new(Vec::new()));
    let shut = bareframe_std::Stream::shutdown(&mut untimed, Shutdown::Write);
    assert_eq!(shut.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn a_refused_client_over_a_stream_that_can_not_be_shut_down_is_not_waited_for() {
    let (mut client, server) = tcp();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let serving = thread::spawn(move || accept(Untimed(server)).map(drop));
    client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 426 "));
    assert!(serving.join().unwrap().is_err());
}

#[test]
fn no_limit_for_heads_is_memory_nor_panics() {
    for limit in [usize::MAX, usize::MAX - 1] {
        let incoming = Acceptor::DEFAULT
            .with_head_limit(limit)
            .read(Wire::new([REQUEST]));
        incoming.unwrap().accept(&Choice::DEFAULT).unwrap();
        let connector = Connector::DEFAULT
            .with_head_limit(limit)
            .with_refusal_limit(limit);
        let refused = connector.connect_over(Wire::new(["HTTP/1.1 403 F\r\n\r\nno"]), "ws://a/");
        assert!(matches!(
            refused,
            Err(Error::Handshake(HandshakeError::Refused(refusal))) if refusal.content() == b"no"
        ));
    }
    let zero = Acceptor::DEFAULT.with_head_limit(0).read(Wire::new([REQUEST]));
    assert!(matches!(
        zero,
        Err(Error::Handshake(HandshakeError::Request(RequestError::Head(
            HeadError::TooLong(0)
        ))))
    ));
}

#[test]
fn handshakes_with_one_address_may_run_at_once_where_a_program_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let clients: Vec<_> = (0..5)
        .map(|_| {
            let url = url.clone();
            thread::spawn(move || {
                let connector = Connector::DEFAULT.with_concurrent_handshakes(true);
                connector.connect(&url).map(drop)
            })
        })
        .collect();
    // None is answered before all are there.
    let streams: Vec<TcpStream> = (0..5).map(|_| listener.accept().unwrap().0).collect();
    let sockets: Vec<_> = streams
        .into_iter()
        .map(|stream| accept(stream).unwrap())
        .collect();
    for client in clients {
        client.join().unwrap().unwrap();
    }
    drop(sockets);
}

#[test]
fn a_wrong_request_may_be_answered_by_the_caller() {
    let request = REQUEST.replace("Version: 13", "Version: 8");
    let incoming = Acceptor::DEFAULT.read(Wire::new([request])).unwrap();
    assert_eq!(incoming.upgrade().unwrap_err(), RequestError::UnsupportedVersion);
    assert!(incoming.is_upgrade());
    let mut answering = incoming.begin_answer(Status::FORBIDDEN, &[], b"mine").unwrap();
    answering.write().unwrap();
    assert!(answering.stream().written().ends_with(b"\r\n\r\nmine"));
}

/// Two ends of a connection.
fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}
