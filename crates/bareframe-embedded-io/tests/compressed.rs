//! permessage-deflate without allocation: a device at window bits 9 and 10, in both roles.
#![cfg(feature = "deflate")]

mod wire;

use bareframe_embedded_io::deflate::{NegotiationError, OwnMemory, Policy, WindowBits, encode_offers};
use bareframe_embedded_io::{
    Assembler, Choice, CloseCode, Compressed, Config, Connecting, Error, Event, Frame, HandshakeError,
    Incoming, MaskingKey, Offer, Server, SliceBuffer, WebSocket,
};
use embedded_io_async::ErrorKind;
use wire::{ACCEPTED, REQUEST, Wire, block_on, join};

type Memory = OwnMemory<[u8; 1024], [u8; 2048], [u16; 256]>;

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

fn policy(receiving: u8, sending: u8, takeover: bool) -> Policy {
    Policy::DEFAULT
        .with_receiving_window_bits(bits(receiving))
        .with_sending_window_bits(bits(sending))
        .with_receiving_takeover(takeover)
        .with_sending_takeover(takeover)
}

fn memory(policy: Policy) -> Memory {
    OwnMemory::new(policy, [0; 1024], [0; 2048], [0; 256]).unwrap()
}

fn texts() -> Vec<String> {
    let line = |number: usize| {
        format!(
            "{{\"sensor\":{},\"value\":{}}}",
            number % 3,
            number * number % 1000
        )
    };
    let json = |count: usize| (0..count).map(line).collect::<String>();
    vec![
        json(2),
        String::new(),
        json(1),
        json(60),
        "x".into(),
        json(60),
        "to and fro, ".repeat(20),
    ]
}

async fn echo(stream: Wire, policy: Policy) -> Result<bool, Error<ErrorKind>> {
    let incoming = Incoming::new(stream, [0; 512]);
    let choice = Choice::DEFAULT;
    let accepted = incoming.accept_compressed(memory(policy), &choice, Config::DEFAULT, [0; 64], [0; 300]);
    let mut socket: WebSocket<_, Server, _, _, Compressed<_, _, _>> = accepted.await?;
    let mut memory = [0; 4000];
    let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
    while let Some((message, mut writer)) = socket.read_with_writer(&mut assembler).await? {
        writer.send_frame(&mut Frame::from(&message)).await?;
    }
    Ok(true)
}

async fn ask(stream: Wire, policy: Policy) -> Result<bool, Error<ErrorKind>> {
    let mut extensions = [0; 130];
    let extensions = encode_offers(&[policy.offer()], &mut extensions).unwrap();
    let offer = Offer::new("example.com", "/echo").with_extensions(extensions);
    let mut number = 0_u32;
    let keys = || {
        number += 1;
        MaskingKey::new(number.to_be_bytes())
    };
    let connecting = Connecting::new(stream, &offer, keys, [0; 512])?;
    let established = connecting.establish_compressed(memory(policy), Config::DEFAULT, [0; 64], [0; 200]);
    let mut socket = established.await?;
    for text in texts() {
        socket.send_text(&text).await?;
        let mut echoed = String::new();
        loop {
            let Some(Event::Data(piece)) = socket.read_event().await? else {
                panic!()
            };
            echoed += piece.as_str().expect("ASCII");
            if piece.is_last() {
                break;
            }
        }
        assert_eq!(echoed, text);
    }
    socket.close(CloseCode::NORMAL_CLOSURE, "").await?;
    Ok(true)
}

#[test]
fn s7_2_a_client_and_a_server_without_allocation() {
    for (server, client) in [
        (policy(9, 9, true), policy(10, 10, true)),
        (policy(10, 8, false), policy(8, 10, true)),
        (policy(9, 10, true), policy(10, 9, false)),
    ] {
        let (one, other) = Wire::pair(33);
        let ended = join(echo(one, server), ask(other, client));
        assert_eq!((ended.0.ok(), ended.1.ok()), (Some(true), Some(true)));
    }
}

/// A request with these offers.
fn request(offers: &str) -> Vec<u8> {
    let head = String::from_utf8(REQUEST.to_vec()).unwrap();
    let head = head.strip_suffix("\r\n\r\n").unwrap();
    format!("{head}\r\nSec-WebSocket-Extensions: {offers}\r\n\r\n").into_bytes()
}

#[test]
fn s5_1_a_device_agrees_to_windows_that_it_has_memory_for() {
    let accept = |offers: &str, choice: &Choice<'_>| {
        let wire = Wire::with_input(&request(offers), 1000);
        let incoming = Incoming::new(wire.clone(), [0; 512]);
        let memory = memory(policy(9, 10, true));
        let accepted =
            block_on(incoming.accept_compressed(memory, choice, Config::DEFAULT, [0; 64], [0; 400]));
        let mut socket = accepted.unwrap();
        let response = String::from_utf8(wire.output()).unwrap();
        block_on(socket.send_text("to and fro, to and fro, to and fro")).unwrap();
        let is_compressed = wire.output()[response.len()] == 0xC1;
        let line = response
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
        (line.map(str::to_owned), is_compressed)
    };
    let none = Choice::DEFAULT;
    let agreed = "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9";
    assert_eq!(
        accept("permessage-deflate; client_max_window_bits", &none),
        (Some(agreed.into()), true)
    );
    // A client that may not be told of the small window is not agreed with.
    assert_eq!(accept("permessage-deflate", &none), (None, false));
    let toy = Choice::DEFAULT.with_extensions("x-toy");
    assert_eq!(
        accept("x-toy, permessage-deflate; client_max_window_bits", &toy),
        (Some(format!("x-toy, {agreed}")), true)
    );
    assert_eq!(accept("x-toy", &toy), (Some("x-toy".into()), false));
}

#[test]
fn s7_a_client_fails_for_a_response_that_does_not_fit_its_policy() {
    for (extensions, error) in [
        ("permessage-deflate", Some(NegotiationError::NotOffered)),
        (
            "permessage-deflate; server_max_window_bits=10",
            Some(NegotiationError::NotOffered),
        ),
        ("permessage-deflate; server_max_window_bits=9", None),
    ] {
        let head = String::from_utf8(ACCEPTED.to_vec()).unwrap();
        let head = head.strip_suffix("\r\n\r\n").unwrap();
        let response = format!("{head}\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n");
        let policy = policy(9, 10, true);
        let mut list = [0; 130];
        let list = encode_offers(&[policy.offer()], &mut list).unwrap();
        let offer = Offer::new("a", "/").with_extensions(list);
        let wire = Wire::with_input(response.as_bytes(), 1000);
        let mut nonce = b"the sample nonce".as_chunks().0.iter().cycle();
        let keys = move || MaskingKey::new(*nonce.next().unwrap());
        let connecting = Connecting::new(wire, &offer, keys, [0; 512]).unwrap();
        let established = connecting.establish_compressed(memory(policy), Config::DEFAULT, [0; 64], [0; 200]);
        let failed = block_on(established).err();
        assert_eq!(
            failed,
            error.map(|error| Error::Handshake(HandshakeError::Deflate(error))),
            "{extensions}"
        );
    }
}
