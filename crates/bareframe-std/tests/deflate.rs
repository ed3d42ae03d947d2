//! permessage-deflate through the blocking adapter: negotiated by both roles, and over streams that stop in the middle.
#![cfg(feature = "deflate")]

use bareframe_std::deflate::{
    CompressionLevel, DeflatePool, NegotiationError, Parameters, Policy, WindowBits, prepare,
};
use bareframe_std::handshake::{Choice, Key};
use bareframe_std::{
    Acceptor, Config, Connector, Error, Event, Frame, HandshakeError, Limits, MessageKind, Options,
    ProtocolError, SendError, Untimed, WebSocket,
};
use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

const TAKEOVER: Policy = Policy::DEFAULT
    .with_sending_takeover(true)
    .with_receiving_takeover(true);

fn options(policy: Policy) -> Options {
    Options::DEFAULT.with_deflate(policy)
}

fn text(len: usize) -> String {
    (0..)
        .flat_map(|number: u64| {
            format!("{{\"number\":{},\"name\":\"{}\"}},", number * number, number % 7).into_bytes()
        })
        .take(len)
        .map(char::from)
        .collect()
}

/// Returns both ends of a connection whose opening handshake was done by these.
fn connected(
    acceptor: Acceptor,
    connector: &Connector<'_>,
) -> (
    bareframe_std::ServerSocket<TcpStream>,
    Result<bareframe_std::ClientSocket<TcpStream>, Error>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let accepted = listener.accept().unwrap().0;
    let server = thread::spawn(move || acceptor.accept(accepted).unwrap());
    let client = connector.connect_over(stream, "ws://localhost/");
    (server.join().unwrap(), client)
}

fn pair(
    server: Policy,
    client: Policy,
) -> (
    bareframe_std::ServerSocket<TcpStream>,
    bareframe_std::ClientSocket<TcpStream>,
) {
    let acceptor = Acceptor::DEFAULT.with_options(options(server));
    let connector = Connector::DEFAULT.with_options(options(client));
    let (server, client) = connected(acceptor, &connector);
    (server, client.unwrap())
}

/// What a server says to a request with these offers.
fn response(policy: Policy, choice: &Choice<'_>, offers: &str) -> String {
    let request = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Extensions: {offers}\r\n\r\n"
    );
    let acceptor = Acceptor::DEFAULT.with_options(options(policy));
    let stream = Untimed(Duplex {
        input: Cursor::new(request.into_bytes()),
        output: Vec::new(),
    });
    let socket = acceptor.read(stream).unwrap().accept(choice).unwrap();
    let head = String::from_utf8(socket.stream().0.output.clone()).unwrap();
    let line = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("sec-websocket-extensions")
            .then(|| value.to_owned())
    });
    assert_eq!(
        line.is_some_and(|line| line.contains("permessage")),
        socket.deflate().is_some()
    );
    let line = head
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("sec-websocket-ext"));
    line.and_then(|line| line.split_once(": "))
        .map_or_else(String::new, |(_, value)| value.to_owned())
}

struct Duplex {
    input: Cursor<Vec<u8>>,
    output: Vec<u8>,
}

impl Read for Duplex {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.input.read(to)
    }
}

impl Write for Duplex {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.output.write(from)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn s5_1_a_server_accepts_the_first_offer_that_it_can_keep() {
    let accept = |policy, offers| response(policy, &Choice::DEFAULT, offers);
    assert_eq!(accept(TAKEOVER, "permessage-deflate"), "permessage-deflate");
    assert_eq!(
        accept(Policy::DEFAULT, "permessage-deflate; client_max_window_bits"),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    );
    let small = TAKEOVER.with_receiving_window_bits(WindowBits::new(9).unwrap());
    assert_eq!(accept(small, "permessage-deflate"), "");
    assert_eq!(
        accept(
            small,
            "permessage-deflate; server_max_window_bits=8; client_max_window_bits"
        ),
        "permessage-deflate; server_max_window_bits=8; client_max_window_bits=9"
    );
    assert_eq!(
        accept(
            TAKEOVER,
            "permessage-deflate; unknown, permessage-deflate; server_max_window_bits=10"
        ),
        "permessage-deflate; server_max_window_bits=10"
    );
    assert_eq!(
        accept(TAKEOVER, "permessage-deflate; server_max_window_bits=7"),
        ""
    );
    assert_eq!(accept(TAKEOVER, "x-toy"), "");
}

#[test]
fn s9_1_other_extensions_are_chosen_beside_it() {
    let toy = Choice::DEFAULT.with_extensions("x-toy");
    assert_eq!(
        response(TAKEOVER, &toy, "permessage-deflate, x-toy"),
        "x-toy, permessage-deflate"
    );
    let connector = Connector::DEFAULT
        .with_options(options(TAKEOVER))
        .with_extensions("x-toy");
    let (server, client) = connected(Acceptor::DEFAULT.with_options(options(TAKEOVER)), &connector);
    assert!(server.deflate().is_some() && client.unwrap().deflate().is_some());
}

#[test]
fn s7_1_both_roles_agree_and_compress_each_direction_by_itself() {
    let small = WindowBits::new(9).unwrap();
    for (ours, theirs) in [
        (Policy::DEFAULT, TAKEOVER),
        (
            TAKEOVER.with_level(CompressionLevel::Best),
            TAKEOVER.with_sending_window_bits(small),
        ),
        (
            TAKEOVER.with_receiving_window_bits(small),
            Policy::DEFAULT.with_threshold(0),
        ),
    ] {
        let (mut server, mut client) = pair(ours, theirs);
        assert_eq!(
            server.deflate().map(|agreed| agreed.to_string()),
            client.deflate().map(|agreed| agreed.to_string())
        );
        for len in [0, 10, 100, 1000, 100_000] {
            let text = text(len);
            let sent = text.clone();
            let sender = thread::spawn(move || {
                client.send(&sent[..]).unwrap();
                let echoed = client.read().unwrap().unwrap();
                assert_eq!(echoed.as_str(), Some(&sent[..]));
                client
            });
            let (message, mut answer) = server.read_with_sender().unwrap().unwrap();
            assert_eq!(message.as_str(), Some(&text[..]));
            answer.send(&message).unwrap();
            client = sender.join().unwrap();
        }
    }
}

#[test]
fn s7_1_only_one_of_them_wants_it_and_nobody_has_it() {
    let (mut server, client) = connected(
        Acceptor::DEFAULT,
        &Connector::DEFAULT.with_options(options(TAKEOVER)),
    );
    let mut client = client.unwrap();
    assert!(client.deflate().is_none() && server.deflate().is_none());
    client.send(&text(500)[..]).unwrap();
    assert_eq!(server.read().unwrap().unwrap().as_str(), Some(&text(500)[..]));
    let prepared = prepare(
        MessageKind::Text,
        b"Hello",
        WindowBits::MIN,
        CompressionLevel::Fast,
    )
    .unwrap();
    let refused = server.send(Frame::prepared(&prepared));
    assert!(matches!(refused, Err(Error::Send(SendError::ReservedBits))));
    let (server, client) = connected(
        Acceptor::DEFAULT.with_options(options(TAKEOVER)),
        &Connector::DEFAULT,
    );
    assert!(client.unwrap().deflate().is_none() && server.deflate().is_none());
}

#[test]
fn s7_a_client_fails_the_connection_for_a_response_that_does_not_fit() {
    for (extensions, error) in [
        ("permessage-deflate; x", NegotiationError::UnknownParameter),
        (
            "permessage-deflate; server_max_window_bits=08",
            NegotiationError::InvalidValue,
        ),
        (
            "permessage-deflate; client_max_window_bits=12",
            NegotiationError::NotOffered,
        ),
        (
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            NegotiationError::RepeatedParameter,
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut accepted = listener.accept().unwrap().0;
        let answering = thread::spawn(move || {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                accepted.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let key = head
                .lines()
                .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
                .unwrap();
            let accept = bareframe_std::handshake::Accept::from_key(&Key::parse(key.as_bytes()).unwrap());
            let response = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n"
            );
            accepted.write_all(response.as_bytes()).unwrap();
            head
        });
        let policy = TAKEOVER.with_sending_window_bits(WindowBits::new(10).unwrap());
        let connector = Connector::DEFAULT.with_options(options(policy));
        let failed = connector.connect_over(stream, "ws://localhost/").unwrap_err();
        assert!(
            matches!(failed, Error::Handshake(HandshakeError::Deflate(found)) if found == error),
            "{failed}"
        );
        let request = answering.join().unwrap();
        assert!(request.contains("permessage-deflate; client_max_window_bits=10\r\n"));
    }
}

#[test]
fn s10_4_the_limit_of_a_message_is_that_of_the_inflated_one() {
    let limits = Limits::DEFAULT.with_message(1000);
    let limited = options(TAKEOVER).with_config(Config::DEFAULT.with_limits(limits));
    let connector = Connector::DEFAULT.with_options(options(TAKEOVER));
    for len in [1000, 1001] {
        let (mut server, client) = connected(Acceptor::DEFAULT.with_options(limited), &connector);
        let mut client = client.unwrap();
        client.send(&"a".repeat(len)[..]).unwrap();
        let read = server.read();
        if len == 1000 {
            assert_eq!(read.unwrap().unwrap().payload().len(), 1000);
        } else {
            assert!(matches!(read, Err(Error::Protocol(error)) if error == ProtocolError::MessageTooBig));
            assert!(client.read().unwrap().is_none());
            assert_eq!(client.close_reason().unwrap().code().unwrap().number(), 1009);
        }
    }
}

/// Parameters with both windows and takeover.
fn agreed() -> Parameters {
    let offers = bareframe_std::handshake::Extensions::parse("permessage-deflate").unwrap();
    TAKEOVER.acceptance().accept(offers).unwrap()
}

#[test]
fn s8_a_message_opts_out() {
    let stream = Untimed(Cursor::new(Vec::new()));
    let mut server = WebSocket::server_with_deflate(stream, &Options::DEFAULT, agreed());
    server
        .send(Frame::text("secret secret secret secret secret secret").without_extension())
        .unwrap();
    assert!(server.stream().0.get_ref().starts_with(b"\x81\x29secret"));
}

#[test]
fn s6_1_a_message_that_fits_the_write_buffer_is_one_frame() {
    for len in [600, 5000, 30_000] {
        let stream = Untimed(Cursor::new(Vec::new()));
        let mut server = WebSocket::server_with_deflate(stream, &Options::DEFAULT, agreed());
        server.send(&text(len)[..]).unwrap();
        let written = server.stream().0.get_ref();
        assert_eq!(written[0], 0xC1, "FIN and RSV1");
        let header = if written[1] == 126 { 4 } else { 2 };
        let payload_len = if header == 4 {
            u16::from_be_bytes([written[2], written[3]]).into()
        } else {
            usize::from(written[1])
        };
        assert_eq!(written.len(), header + payload_len);
    }
}

/// A stream that takes a few bytes and then would block.
#[derive(Default)]
struct Stalling {
    takes: usize,
    output: Vec<u8>,
}

impl Read for Stalling {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}

impl Write for Stalling {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let len = from.len().min(self.takes);
        if len == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.takes -= len;
        self.output.extend_from_slice(&from[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_a_stream_does_not_take_of_a_compressed_message_is_kept() {
    // Far more than the queue, and little of it shrinks.
    let mut noise = bareframe_testkit::Random::new(1).bytes(200_000);
    noise.iter_mut().for_each(|byte| *byte &= 0x1F);
    for level in [CompressionLevel::Fast, CompressionLevel::Best] {
        let policy = TAKEOVER.with_level(level);
        let stream = Untimed(Stalling {
            takes: 3000,
            ..Stalling::default()
        });
        let mut server = WebSocket::server_with_deflate(stream, &options(policy), agreed());
        let sent = server.send(&noise[..]);
        assert!(matches!(sent, Err(Error::Unflushed(_))));
        while server.flush().is_err() {
            server.stream_mut().0.takes = 7000;
        }
        server.stream_mut().0.takes = usize::MAX;
        server.send(&noise[..100]).unwrap();
        let stream = Untimed(Cursor::new(server.into_inner().0.0.output));
        let mut client = WebSocket::client_with_deflate(stream, &Options::DEFAULT, agreed()).unwrap();
        assert_eq!(client.read().unwrap().unwrap().payload(), noise);
        assert_eq!(client.read().unwrap().unwrap().payload(), &noise[..100]);
    }
}

#[test]
fn a_connection_in_two_halves_compresses_in_both() {
    let (server, mut client) = pair(TAKEOVER, Policy::DEFAULT);
    let (mut reader, writer) = server.split();
    let echoing = thread::spawn(move || {
        while let Some(event) = reader.read_event().unwrap() {
            if let Event::Data(piece) = event {
                writer.send(&piece).unwrap();
            }
        }
    });
    for len in [100, 50_000, 10] {
        client.send(&text(len)[..]).unwrap();
        assert_eq!(client.read().unwrap().unwrap().as_str(), Some(&text(len)[..]));
    }
    client.close(None, "").unwrap();
    echoing.join().unwrap();
}

#[test]
fn s7_1_1_connections_that_are_idle_hold_no_memory_for_it() {
    let mut pairs: Vec<_> = (0..40).map(|_| pair(Policy::DEFAULT, Policy::DEFAULT)).collect();
    for (server, client) in &mut pairs {
        client.send(&text(3000)[..]).unwrap();
        assert_eq!(server.read().unwrap().unwrap().as_str(), Some(&text(3000)[..]));
        server.send(&text(200)[..]).unwrap();
        assert_eq!(client.read().unwrap().unwrap().as_str(), Some(&text(200)[..]));
        // What was lent is given back by the call that waits for the next.
        client.send("next").unwrap();
        assert_eq!(server.read().unwrap().unwrap().as_str(), Some("next"));
        server.send("next").unwrap();
        assert_eq!(client.read().unwrap().unwrap().as_str(), Some("next"));
    }
    // One at a time was in use, and a few by the other tests.
    assert!(
        DeflatePool::shared().idle() <= 20,
        "{}",
        DeflatePool::shared().idle()
    );
}
