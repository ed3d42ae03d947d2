//! A client and a server of this crate, and what a peer sees of them.

mod wire;

use bareframe_embedded_io::{
    Assembler, Buffers, Choice, CloseCode, Config, Connecting, Error, HandshakeError, Incoming, Limits,
    MIN_RECEIVE, MIN_SEND, MessageKind, Offer, ProtocolError, RandomKeys, Rsv, SendError, SliceBuffer, State,
    Status, WebSocket, blocking,
};
use std::convert::Infallible;
use wire::{ACCEPTED, REQUEST, Wire, block_on, frame, join};

/// Counts; good enough for a peer in the same test.
struct Counter(u32);

impl rand_core::TryRng for Counter {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0 = self.0.wrapping_add(0x9E37_79B9);
        Ok(self.0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.try_next_u32()?))
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Infallible> {
        for octet in octets {
            *octet = self.try_next_u32()? as u8;
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counter {}

async fn echo(stream: Wire) -> Result<(), Error<Infallible>> {
    let mut head = [0; 512];
    let mut incoming = Incoming::new(stream, &mut head);
    assert_eq!(incoming.request().await?.path(), "/echo");
    let (mut receive, mut send, mut memory) = ([0; 64], [0; 131], [0; 1000]);
    let buffers = Buffers::new(&mut receive, &mut send);
    let mut socket = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, buffers)?;
    let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
    while let Some((message, writer)) = socket.read_with_writer(&mut assembler).await? {
        writer.send(message.kind(), message.payload()).await?;
    }
    assert_eq!(socket.state(), State::Closed);
    Ok(())
}

async fn ask(stream: Wire) -> Result<(), Error<Infallible>> {
    let mut keys = RandomKeys(Counter(0));
    let mut head = [0; 512];
    let offer = Offer::new("example.com", "/echo");
    let mut connecting = Connecting::new(stream, &offer, keys.nonce(), &mut head)?;
    assert_eq!(connecting.response().await?.status(), 101);
    assert_eq!(connecting.established()?.subprotocol(), None);
    let (mut receive, mut send) = ([0; 64], [0; 131]);
    let buffers = Buffers::new(&mut receive, &mut send);
    let mut socket = connecting.establish(Config::DEFAULT, keys, buffers)?;
    let mut assembler = Assembler::new(heapless::Vec::<u8, 1000>::new());
    for len in [0, 1, 57, 58, 64, 125, 126, 131, 1000] {
        let payload = vec![b'x'; len];
        socket.send(MessageKind::Text, &payload).await?;
        let message = socket.read(&mut assembler).await?.expect("an echo");
        assert_eq!(
            (message.kind(), message.payload()),
            (MessageKind::Text, &payload[..])
        );
    }
    let writer = socket.writer();
    for (fin, piece) in [(false, &b"in "[..]), (false, b""), (true, b"pieces")] {
        writer
            .begin(MessageKind::Binary, Rsv::NONE, fin, piece.len() as u64)
            .await?;
        assert_eq!(writer.payload_left(), piece.len() as u64);
        assert_eq!(writer.write(piece).await?, piece.len());
    }
    let message = socket.read(&mut assembler).await?.expect("an echo");
    assert_eq!(message.payload(), b"in pieces");
    let writer = socket.writer();
    for (fin, piece) in [(false, &b"caf\xC3"[..]), (false, b""), (true, b"\xA9")] {
        writer
            .send_fragment(MessageKind::Text, Rsv::NONE, fin, piece)
            .await?;
    }
    let message = socket.read(&mut assembler).await?.expect("an echo");
    assert_eq!(message.as_str(), Some("café"));
    socket.close(Some(CloseCode::NORMAL_CLOSURE), "bye").await?;
    assert_eq!(socket.state(), State::Closed);
    Ok(())
}

#[test]
fn a_client_and_a_server_understand_each_other_through_small_pieces() {
    for most in [1, 2, 3, 7, 64, 500, 2000] {
        let (one, other) = Wire::pair(most);
        let (client, server) = join(ask(one), echo(other));
        client.unwrap();
        server.unwrap();
    }
}

#[test]
fn the_blocking_calls_say_the_same() {
    let script = [
        REQUEST,
        &frame(0x81, b"Hello"),
        &frame(0x89, b"p"),
        &frame(0x82, &[7; 500]),
        &frame(0x88, b""),
    ];
    let input = script.concat();
    for most in [1, 50, 2000] {
        let wire = Wire::with_input(&input, most);
        let mut memory = [0; 512];
        let mut incoming = blocking::Incoming::new(wire.clone(), &mut memory);
        assert_eq!(incoming.request().unwrap().path(), "/chat");
        let mut send = [0; 131];
        let mut socket = incoming
            .accept_in_place(&Choice::DEFAULT, Config::DEFAULT, &mut send)
            .unwrap();
        let mut assembler = Assembler::new(heapless::Vec::<u8, 500>::new());
        while let Some((message, mut writer)) = socket.read_with_writer(&mut assembler).unwrap() {
            writer.send(message.kind(), message.payload()).unwrap();
        }
        let expected = [
            ACCEPTED,
            b"\x81\x05Hello\x8a\x01p\x82\x7e\x01\xf4",
            &[7; 500],
            b"\x88\x00",
        ]
        .concat();
        assert_eq!(wire.output(), expected);
    }
}

#[test]
fn frames_that_come_with_the_head_are_not_lost() {
    let input = [REQUEST, &frame(0x81, b"early")].concat();
    let wire = Wire::with_input(&input, 2000);
    let (mut head, mut receive, mut send) = ([0; 1024], [0; 64], [0; 131]);
    let mut incoming = Incoming::new(wire, &mut head);
    block_on(incoming.request()).unwrap();
    let buffers = Buffers::new(&mut receive, &mut send);
    let mut socket = incoming
        .accept(&Choice::DEFAULT, Config::DEFAULT, buffers)
        .unwrap();
    let mut assembler = Assembler::new(SliceBuffer::new(&mut []));
    let message = block_on(socket.read(&mut assembler)).unwrap().unwrap();
    assert_eq!(message.as_str(), Some("early"));
    assert_eq!(
        block_on(socket.read(&mut assembler)).err(),
        Some(Error::AbnormalClosure)
    );
}

fn serve<'b>(
    input: &[u8],
    config: Config,
    buffers: Buffers<'b>,
) -> (Wire, WebSocket<'b, Wire, bareframe::Server>) {
    let wire = Wire::with_input(input, 1000);
    (wire.clone(), WebSocket::server(wire, config, buffers))
}

#[test]
fn s7_1_7_an_error_is_told_to_the_peer_once_and_given_again() {
    let (mut receive, mut send) = ([0; 64], [0; 131]);
    let buffers = Buffers::new(&mut receive, &mut send);
    let (wire, mut socket) = serve(&frame(0xC1, b"x"), Config::DEFAULT, buffers);
    for _ in 0..2 {
        let error = block_on(socket.read_event()).err();
        assert_eq!(error, Some(Error::Protocol(ProtocolError::ReservedBits)));
    }
    assert_eq!(wire.output(), b"\x88\x02\x03\xea");
    assert_eq!(
        block_on(socket.send_text("x")),
        Err(Error::Send(SendError::Closed))
    );
}

#[test]
fn s7_4_1_what_does_not_fit_is_refused_with_1009() {
    for (config, memory_len, error) in [
        (
            Config::DEFAULT,
            10,
            ProtocolError::Failed(CloseCode::MESSAGE_TOO_BIG),
        ),
        (
            Config::DEFAULT.with_limits(Limits::DEFAULT.with_message(10)),
            100,
            ProtocolError::MessageTooBig,
        ),
    ] {
        let (mut receive, mut send, mut memory) = ([0; 64], [0; 131], [0; 100]);
        let buffers = Buffers::new(&mut receive, &mut send);
        let (wire, mut socket) = serve(
            &[frame(0x02, &[1; 6]), frame(0x80, &[1; 6])].concat(),
            config,
            buffers,
        );
        let mut assembler = Assembler::new(SliceBuffer::new(&mut memory[..memory_len]));
        assert_eq!(
            block_on(socket.read(&mut assembler)).err(),
            Some(Error::Protocol(error))
        );
        assert_eq!(wire.output(), b"\x88\x02\x03\xf1");
    }
}

#[test]
fn s5_5_3_every_ping_of_one_read_is_answered() {
    let (mut receive, mut send) = ([0; 200], [0; 131]);
    let buffers = Buffers::new(&mut receive, &mut send);
    let pings: Vec<u8> = (0..10).flat_map(|i| frame(0x89, &[i; 10])).collect();
    let (wire, mut socket) = serve(&[pings, frame(0x88, b"")].concat(), Config::DEFAULT, buffers);
    while block_on(socket.read_event()).unwrap().is_some() {}
    let pongs: Vec<u8> = (0..10)
        .flat_map(|i| [&[0x8A, 10][..], &[i; 10]].concat())
        .collect();
    assert_eq!(wire.output(), [&pongs[..], &[0x88, 0]].concat());
}

#[test]
fn s5_5_2_what_arrives_counts_for_more_than_a_pong_that_can_not_be_written() {
    let (ping, text, close) = (frame(0x89, b"p"), frame(0x81, b"late"), frame(0x88, b"\x03\xe8"));
    for closes in [true, false] {
        let end = if closes { &close[..] } else { &[] };
        // One frame in a read, but for the shortest.
        let stream = Wire::with_input(&[&ping, &text, end].concat(), 10);
        let (mut receive, mut send) = ([0; MIN_RECEIVE], [0; MIN_SEND]);
        let buffers = Buffers::new(&mut receive, &mut send);
        let mut server = WebSocket::server(stream.clone(), Config::DEFAULT, buffers);
        let mut assembler = Assembler::new(heapless::Vec::<u8, 4>::new());
        block_on(async {
            server.writer().send_close(None, "").await.unwrap();
            stream.refuse();
            let read = server.read(&mut assembler).await;
            assert_eq!(read.unwrap().unwrap().as_str(), Some("late"));
            match server.read(&mut assembler).await {
                Ok(None) => assert!(closes),
                Err(error) => assert_eq!((error, closes), (Error::WriteZero, false)),
                read => panic!("{read:?}"),
            }
        });
        assert_eq!(stream.output(), b"\x88\x00");
    }
}

#[test]
fn s5_4_a_frame_can_only_follow_the_one_before() {
    let (mut receive, mut send) = ([0; 64], [0; 131]);
    let buffers = Buffers::new(&mut receive, &mut send);
    let (wire, mut socket) = serve(&frame(0x89, b"p"), Config::DEFAULT, buffers);
    let writer = socket.writer();
    block_on(writer.begin(MessageKind::Binary, Rsv::NONE, true, 2)).unwrap();
    assert_eq!(
        block_on(writer.ping(b"")),
        Err(Error::Send(SendError::InsideFrame))
    );
    // A Ping that arrives meanwhile is answered behind the frame.
    assert!(block_on(socket.read_event()).unwrap().is_some());
    assert_eq!(block_on(socket.writer().write(b"abc")), Ok(2));
    assert_eq!(block_on(socket.read_event()).err(), Some(Error::AbnormalClosure));
    assert_eq!(wire.output(), b"\x82\x02ab\x8a\x01p");
}

#[test]
fn a_send_buffer_without_room_for_a_control_frame_is_refused_and_nothing_is_sent() {
    let (mut receive, mut send) = ([0; 64], [0; 130]);
    let buffers = Buffers::new(&mut receive, &mut send);
    let (wire, mut socket) = serve(b"", Config::DEFAULT, buffers);
    assert!(matches!(
        block_on(socket.send_text("x")),
        Err(Error::Send(SendError::BufferTooSmall(_)))
    ));
    assert_eq!(wire.output(), b"");
}

#[test]
fn requests_that_are_wrong_or_for_something_else_are_answered() {
    let answered = |input: &[u8], act: &dyn Fn(&mut Incoming<'_, Wire>)| {
        let wire = Wire::with_input(input, 1000);
        let mut head = [0; 200];
        let mut incoming = Incoming::new(wire.clone(), &mut head);
        act(&mut incoming);
        String::from_utf8(wire.output()).unwrap()
    };
    let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let page = answered(get, &|incoming| {
        assert_eq!(block_on(incoming.request()).unwrap().path(), "/");
        block_on(incoming.answer(Status::OK, &[("Content-Type", "text/html")], b"<p>")).unwrap();
    });
    assert!(
        page.starts_with("HTTP/1.1 200 OK\r\n")
            && page.ends_with("Content-Length: 3\r\nContent-Type: text/html\r\n\r\n<p>")
    );
    let head = answered(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", &|incoming| {
        block_on(incoming.request()).unwrap();
        block_on(incoming.answer(Status::OK, &[], b"<p>")).unwrap();
    });
    assert!(head.ends_with("Content-Length: 3\r\n\r\n"));
    for (input, status) in [
        (&b"GET / HTTP/1.1\nHost: a\r\n\r\n"[..], "400 Bad Request"),
        (&[b'x'; 300], "431 Request Header Fields Too Large"),
        (
            &[&b"GET /"[..], &[b'x'; 300]].concat(),
            "431 Request Header Fields Too Large",
        ),
    ] {
        let answer = answered(input, &|incoming| {
            assert!(matches!(
                block_on(incoming.request()),
                Err(Error::Handshake(HandshakeError::Head(_)))
            ));
        });
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
    }
    let ended = answered(&REQUEST[..50], &|incoming| {
        assert_eq!(
            block_on(incoming.request()).err(),
            Some(Error::Handshake(HandshakeError::Ended))
        );
    });
    assert_eq!(ended, "");
}

#[test]
fn a_request_without_an_upgrade_is_not_accepted() {
    let wire = Wire::with_input(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1000);
    let (mut head, mut send) = ([0; 200], [0; 131]);
    let mut incoming = Incoming::new(wire.clone(), &mut head);
    block_on(incoming.request()).unwrap();
    let accepted = incoming.accept_in_place(&Choice::DEFAULT, Config::DEFAULT, &mut send);
    assert_eq!(accepted.err(), Some(HandshakeError::NoUpgrade));
}

#[test]
fn a_choice_that_was_not_offered_or_does_not_fit_is_refused() {
    for (subprotocol, send_len, fits) in [
        (Some("chat"), 200, true),
        (Some("chess"), 200, false),
        (Some("chat"), 131, false),
    ] {
        let wire = Wire::with_input(REQUEST, 1000);
        let (mut head, mut receive, mut send) = ([0; 512], [0; 64], vec![0; send_len]);
        let mut incoming = Incoming::new(wire.clone(), &mut head);
        block_on(incoming.request()).unwrap();
        let choice = Choice::DEFAULT.with_subprotocol(subprotocol);
        let buffers = Buffers::new(&mut receive, &mut send);
        let accepted = incoming.accept(&choice, Config::DEFAULT, buffers);
        assert_eq!(accepted.is_ok(), fits, "{subprotocol:?}");
        assert!(fits || matches!(accepted.err(), Some(HandshakeError::Encode(_))));
    }
}

#[test]
fn a_server_that_does_not_switch_protocols_is_no_websocket() {
    let offer = Offer::new("example.com", "/");
    for (response, error) in [
        (
            &b"HTTP/1.1 404 Not Found\r\n\r\n"[..],
            HandshakeError::Status(404),
        ),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            HandshakeError::Response(bareframe::handshake::ResponseError::MissingAccept),
        ),
    ] {
        let wire = Wire::with_input(response, 1000);
        let mut head = [0; 256];
        let mut connecting = Connecting::new(wire, &offer, [0; 16], &mut head).unwrap();
        assert_eq!(connecting.established().err(), Some(HandshakeError::Ended));
        block_on(connecting.response()).unwrap();
        let mut send = [0; 131];
        let established = connecting.establish_in_place(Config::DEFAULT, RandomKeys(Counter(0)), &mut send);
        assert_eq!(established.err(), Some(error));
    }
}
