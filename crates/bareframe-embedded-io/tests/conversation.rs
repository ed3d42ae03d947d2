//! A client and a server of this crate, and what a peer sees of them.

mod wire;

use bareframe_embedded_io::blocking::{Blocking, now};
use bareframe_embedded_io::handshake::{self, EncodeError, ResponseError};
use bareframe_embedded_io::{
    Assembler, Choice, CloseCode, Config, Connecting, Error, Frame, HandshakeError, Incoming, Limits,
    MaskingKey, MessageKind, Offer, ProtocolError, RandomKeys, ReceiveError, SendError, Server, SliceBuffer,
    State, Status, WebSocket, min_send,
};
use embedded_io_async::ErrorKind;
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

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.try_next_u32()? as u8;
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counter {}

async fn echo(stream: Wire) -> Result<(), Error<ErrorKind>> {
    let mut head = [0; 512];
    let mut incoming = Incoming::new(stream, &mut head);
    assert_eq!(incoming.request().await?.path(), "/echo");
    let mut memory = [0; 1000];
    let accepted = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, [0; 64], [0; 131]);
    let mut socket = accepted.await?;
    let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
    while let Some((message, mut writer)) = socket.read_with_writer(&mut assembler).await? {
        writer.send_frame(&mut Frame::from(&message)).await?;
    }
    assert_eq!(socket.state(), State::Closed);
    Ok(())
}

async fn ask(stream: Wire) -> Result<(), Error<ErrorKind>> {
    let offer = Offer::new("example.com", "/echo");
    let mut connecting = Connecting::new(stream, &offer, RandomKeys(Counter(0)), [0; 512])?;
    assert_eq!(connecting.response().await?.status(), 101);
    assert_eq!(connecting.established()?.subprotocol(), None);
    let mut socket = connecting.establish(Config::DEFAULT, [0; 64], [0; 131]).await?;
    let mut assembler = Assembler::new(heapless::Vec::<u8, 1000>::new());
    for len in [0, 1, 57, 58, 64, 125, 126, 131, 1000] {
        let payload = "x".repeat(len);
        socket.send_text(&payload).await?;
        let message = socket.read(&mut assembler).await?.expect("an echo");
        assert_eq!(message.as_str(), Some(&payload[..]));
    }
    for (fin, piece) in [(false, &b"in "[..]), (false, b""), (true, b"pieces")] {
        socket.feed(&mut Frame::binary(piece).fragment(fin)).await?;
    }
    let message = socket.read(&mut assembler).await?.expect("an echo");
    assert_eq!(
        (message.kind(), message.payload()),
        (MessageKind::Binary, &b"in pieces"[..])
    );
    for (fin, piece) in [(false, &b"caf\xC3"[..]), (false, b""), (true, b"\xA9")] {
        socket
            .send_frame(&mut Frame::text_piece(piece).fragment(fin))
            .await?;
    }
    let message = socket.read(&mut assembler).await?.expect("an echo");
    assert_eq!(message.as_str(), Some("café"));
    socket.close(CloseCode::NORMAL_CLOSURE, "bye").await?;
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
        let mut incoming = Incoming::new(Blocking(wire.clone()), &mut memory);
        assert_eq!(now(incoming.request()).unwrap().path(), "/chat");
        let mut send = [0; 131];
        let accepted = incoming.accept_in_place(&Choice::DEFAULT, Config::DEFAULT, &mut send);
        let mut socket = now(accepted).unwrap();
        let mut assembler = Assembler::new(heapless::Vec::<u8, 500>::new());
        while let Some((message, mut writer)) = now(socket.read_with_writer(&mut assembler)).unwrap() {
            now(writer.send_frame(&mut Frame::from(&message))).unwrap();
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
    let incoming = Incoming::new(wire, [0; 1024]);
    let accepted = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, [0; 64], [0; 131]);
    let mut socket = block_on(accepted).unwrap();
    let mut assembler = Assembler::new(heapless::Vec::<u8, 5>::new());
    let message = block_on(socket.read(&mut assembler)).unwrap().unwrap();
    assert_eq!(message.as_str(), Some("early"));
    assert_eq!(
        block_on(socket.read(&mut assembler)).err(),
        Some(ReceiveError::AbnormalClosure.into())
    );
}

type Socket = WebSocket<Wire, Server, [u8; 64], [u8; 131]>;

fn serve(input: &[u8], config: Config) -> (Wire, Socket) {
    let wire = Wire::with_input(input, 1000);
    (wire.clone(), WebSocket::server(wire, config, [0; 64], [0; 131]))
}

#[test]
fn s7_1_7_an_error_is_told_to_the_peer_once_and_given_again() {
    let (wire, mut socket) = serve(&frame(0xC1, b"x"), Config::DEFAULT);
    for _ in 0..2 {
        let error = block_on(socket.read_event()).err();
        assert_eq!(
            error,
            Some(ReceiveError::Protocol(ProtocolError::ReservedBits).into())
        );
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
        (Config::DEFAULT, 10, ProtocolError::MessageTooBig),
        (
            Config::DEFAULT.with_limits(Limits::DEFAULT.with_message(10)),
            100,
            ProtocolError::MessageTooBig,
        ),
    ] {
        let mut memory = [0; 100];
        let (wire, mut socket) = serve(&[frame(0x02, &[1; 6]), frame(0x80, &[1; 6])].concat(), config);
        let mut assembler = Assembler::new(SliceBuffer::new(&mut memory[..memory_len]));
        assert_eq!(
            block_on(socket.read(&mut assembler)).err(),
            Some(ReceiveError::Protocol(error).into())
        );
        assert_eq!(wire.output(), b"\x88\x02\x03\xf1");
    }
}

#[test]
fn s5_5_3_every_ping_of_one_read_is_answered() {
    let pings: Vec<u8> = (0..10).flat_map(|i| frame(0x89, &[i; 10])).collect();
    let (wire, mut socket) = serve(&[pings, frame(0x88, b"")].concat(), Config::DEFAULT);
    while block_on(socket.read_event()).unwrap().is_some() {}
    let pongs: Vec<u8> = (0..10)
        .flat_map(|i| [&[0x8A, 10][..], &[i; 10]].concat())
        .collect();
    assert_eq!(wire.output(), [&pongs[..], &[0x88, 0]].concat());
}

#[test]
fn a_send_buffer_without_room_for_a_control_frame_is_refused_and_nothing_is_sent() {
    let wire = Wire::with_input(b"", 1000);
    let mut socket = WebSocket::server(wire.clone(), Config::DEFAULT, [0; 64], [0; 130]);
    assert!(matches!(
        block_on(socket.send_text("x")),
        Err(Error::Send(SendError::BufferTooSmall(_)))
    ));
    assert_eq!(wire.output(), b"");
}

#[test]
fn requests_that_are_wrong_or_for_something_else_are_answered() {
    type Act<'a> = &'a dyn Fn(&mut Incoming<Wire, [u8; 200]>);
    let answered = |input: &[u8], act: Act<'_>| {
        let wire = Wire::with_input(input, 1000);
        let mut incoming = Incoming::new(wire.clone(), [0; 200]);
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
                Err(Error::Handshake(HandshakeError::Http(handshake::Error::Head(_))))
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
fn a_choice_that_was_not_offered_or_does_not_fit_is_refused() {
    let chat = Choice::DEFAULT.with_subprotocol(Some("chat"));
    let chess = Choice::DEFAULT.with_subprotocol(Some("chess"));
    let not_offered = HandshakeError::Http(EncodeError::SubprotocolNotOffered.into());
    let (needed, available) = (129 + 30, 158);
    for (choice, send_len, refused) in [
        (chat, min_send(&chat), None),
        (chat, needed, None),
        (
            chat,
            available,
            Some(HandshakeError::SendBuffer { needed, available }),
        ),
        (chess, 200, Some(not_offered)),
    ] {
        let wire = Wire::with_input(REQUEST, 1000);
        let mut send = vec![0; send_len];
        let incoming = Incoming::new(wire.clone(), [0; 512]);
        let accepted = incoming.accept(&choice, Config::DEFAULT, [0; 64], &mut send[..]);
        let error = block_on(accepted).err();
        assert_eq!(error, refused.map(Error::Handshake));
        let status = if refused.is_some() { "500 " } else { "101 " };
        assert_eq!(&String::from_utf8(wire.output()).unwrap()[9..13], status);
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
            HandshakeError::Http(ResponseError::MissingAccept.into()),
        ),
    ] {
        let wire = Wire::with_input(response, 1000);
        let keys = || MaskingKey::new([0; 4]);
        let connecting = Connecting::new(wire, &offer, keys, [0; 256]).unwrap();
        assert_eq!(connecting.established().err(), Some(HandshakeError::Ended));
        let established = connecting.establish_in_place(Config::DEFAULT, [0; 131]);
        assert_eq!(block_on(established).err(), Some(error.into()));
    }
}
