//! Faults that parsers of this field have had, class by class; `docs/faults.md` has the table of them all.

#[cfg(feature = "handshake")]
mod hostile;

use bareframe::{
    Config, Connection, Event, FrameDecoder, FrameEvent, MaskingKey, MessageKind, Outbox, ProtocolError, Rsv,
    Rules,
};
use bareframe_testkit::{Frame, Script, Side};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fn masked(frames: &[Frame]) -> Vec<u8> {
    let frames = frames.iter().cloned();
    frames.flat_map(|frame| frame.masked(KEY).to_bytes()).collect()
}

#[test]
fn no_call_takes_nothing_and_says_nothing() {
    for seed in 0..200 {
        for script in [Script::lawful_from_seed(seed), Script::mangled_from_seed(seed)] {
            if script.side == Side::Client {
                continue;
            }
            let mut bytes = script.input.clone();
            let mut input = &mut bytes[..];
            let mut server = Connection::server(script.config);
            loop {
                let left = input.len();
                match server.receive(&mut input) {
                    Ok(Some(_)) => assert!(input.len() < left, "an event, and nothing was taken"),
                    Ok(None) => break assert!(input.is_empty(), "no event, and not all was taken"),
                    Err(_) => break,
                }
                let polled = (0..3).take_while(|_| server.poll_transmit().is_some()).count();
                assert!(polled <= 2, "more is pending than a Pong and a Close");
            }

            let mut bytes = script.input;
            let mut input = &mut bytes[..];
            let mut decoder = FrameDecoder::new(Rules::ANY.with_rsv(Rsv::ALL));
            loop {
                let left = input.len();
                match decoder.decode(&mut input) {
                    Ok(Some(FrameEvent::Payload { payload, .. })) => assert!(!payload.is_empty()),
                    Ok(Some(_)) => assert!(input.len() < left, "an event, and nothing was taken"),
                    Ok(None) => break assert!(input.is_empty(), "no event, and not all was taken"),
                    Err(_) => break,
                }
            }
        }
    }
}

#[test]
fn a_full_outbox_can_always_be_written() {
    let mut client = Connection::client(Config::DEFAULT, || MaskingKey::new(KEY));
    let mut outbox = Outbox::new([0; 14]);
    let mut frame = client.send(MessageKind::Binary, Rsv::NONE, true, 1000).unwrap();
    outbox.begin(&frame).unwrap();
    let mut rest = &[0; 1000][..];
    while !outbox.is_done() {
        let taken = outbox.push(&mut frame, rest);
        rest = &rest[taken..];
        assert!(
            taken > 0 || !outbox.pending().is_empty(),
            "neither room nor anything to write"
        );
        outbox.advance(1);
    }
    assert!(rest.is_empty());
}

/// Returns `true` if 16 bytes of `secret` in a row show in what is printed of this.
fn shows(printed: &dyn std::fmt::Debug, secret: u8) -> bool {
    let printed = format!("{printed:?}");
    let hexadecimal = vec![format!("{secret:02x}"); 16].join(", ");
    printed.contains(&hexadecimal) || printed.contains(&String::from(char::from(secret)).repeat(16))
}

#[test]
fn s5_5_a_control_frame_shows_nothing_of_the_one_before() {
    let mut server = Connection::server(Config::DEFAULT);
    let secret = [b'S'; 125];
    let mut bytes = masked(&[
        Frame::pong(secret),
        Frame::ping("p"),
        Frame::ping(secret),
        Frame::ping(""),
        Frame::pong(secret),
        Frame::close(1000, "ok"),
    ]);
    let mut input = &mut bytes[..];
    let mut short = Vec::new();
    while let Ok(Some(event)) = server.receive(&mut input) {
        let len = match &event {
            Event::Ping(payload) | Event::Pong(payload) => payload.len(),
            Event::Close(reason) => reason.reason().len(),
            Event::Data(_) => panic!("there is no data"),
        };
        if len < secret.len() {
            assert!(!shows(&event, b'S'), "{event:?}");
            short.push(len);
        }
    }
    assert_eq!(short, [1, 0, 2]);
    let answers: Vec<_> = std::iter::from_fn(|| server.poll_transmit()).collect();
    assert_eq!(
        answers.iter().map(|frame| frame.len()).collect::<Vec<_>>(),
        [2, 4]
    );
    assert!(!shows(&answers, b'S'));
    assert!(!shows(&server, b'S'), "{server:?}");
}

#[test]
fn s5_5_an_error_shows_nothing_of_what_was_received() {
    let mut server = Connection::server(Config::DEFAULT);
    let mut bytes = masked(&[Frame::ping([b'S'; 125]), Frame::new(8, [0xFF, 0xFF, b'S', b'S'])]);
    bytes.extend(Frame::text([b'S'; 20]).to_bytes());
    let mut input = &mut bytes[..];
    let error = loop {
        match server.receive(&mut input) {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error, ProtocolError::InvalidCloseCode);
    assert!(!shows(&error, b'S') && !error.to_string().contains("SS"));
    let answers: Vec<_> = std::iter::from_fn(|| server.poll_transmit())
        .map(|frame| frame.to_vec())
        .collect();
    assert_eq!(answers.last().unwrap(), b"\x88\x02\x03\xea");
}

#[test]
fn an_outbox_shows_nothing_that_was_written() {
    let mut server = Connection::server(Config::DEFAULT);
    let mut outbox = Outbox::new([0; 200]);
    outbox.control(&server.ping(&[b'S'; 100]).unwrap()).unwrap();
    outbox.advance(102);
    outbox.control(&server.ping(b"p").unwrap()).unwrap();
    assert_eq!(outbox.pending(), b"\x89\x01p");
    outbox.advance(3);
    assert_eq!(outbox.pending(), b"");
}

#[test]
fn s8_1_bad_utf8_is_reported_before_its_frame_is_whole() {
    for (text, at) in [
        (&b"ab\xFF"[..], 2),
        (b"\xE2\x28", 1),
        (b"\xED\xA0", 1),
        (b"\xF4\x90", 1),
    ] {
        let frame = Frame::text(text).declared_len(1000).masked(KEY).to_bytes();
        let header_len = frame.len() - text.len();
        for cut in 0..=frame.len() {
            let mut memory = frame.clone();
            let (one, two) = memory.split_at_mut(cut);
            let mut server = Connection::server(Config::DEFAULT);
            let (mut error, mut taken) = (None, 0);
            for mut piece in [one, two] {
                let len = piece.len();
                while error.is_none() {
                    match server.receive(&mut piece) {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(refused) => error = Some(refused),
                    }
                }
                taken += len - piece.len();
            }
            assert_eq!(
                (error, taken),
                (Some(ProtocolError::InvalidUtf8), header_len + at)
            );
        }
    }
}

#[test]
fn s5_2_what_looks_compressed_is_refused_when_nothing_was_agreed() {
    for frame in [Frame::text("x"), Frame::binary("x"), Frame::text("x").fin(false)] {
        let mut bytes = masked(&[frame.rsv(Rsv::RSV1)]);
        let mut input = &mut bytes[..];
        let mut server = Connection::server(Config::DEFAULT);
        let left = input.len();
        assert_eq!(server.receive(&mut input), Err(ProtocolError::ReservedBits));
        assert_eq!(input.len(), left, "the first byte proves it");
    }
}

#[cfg(feature = "handshake")]
#[test]
fn s4_no_head_makes_the_handshake_panic() {
    use bareframe::handshake::{Accept, Choice, HeadEnd, Key, Offer, Request, Response};

    let accept = Accept::from_key(&Key::from_random(*b"the sample nonce"));
    let offer = Offer::new("example.com", "/chat")
        .with_subprotocols(&["a"])
        .with_extensions("a");
    let (mut upgraded, mut established) = (0, 0);
    for head in hostile::requests().into_iter().chain(hostile::responses()) {
        let _ = HeadEnd::new(1 << 20).arrived(&head);
        if let Ok((request, len)) = Request::parse(&head) {
            assert!(len <= head.len());
            let _ = format!("{request:?} {} {:?}", request.path(), request.query());
            match request.upgrade() {
                Ok(Some(upgrade)) => {
                    upgraded += 1;
                    let _ = format!("{upgrade:?}");
                    let subprotocol = upgrade.subprotocols().next();
                    let choice = Choice::DEFAULT.with_subprotocol(subprotocol);
                    let _ = upgrade.encode(&accept, &choice, &mut [0; 512]);
                }
                Ok(None) => {}
                Err(error) => assert!(error.answer().encode(&mut [0; 512]).is_ok(), "{error}"),
            }
        }
        match Response::parse(&head) {
            Ok((response, len)) => {
                assert!(len <= head.len());
                let _ = format!("{response:?}");
                match response.upgrade(&offer, &accept) {
                    Ok(Some(agreed)) => {
                        established += 1;
                        let _ = format!("{agreed:?}");
                    }
                    Ok(None) => {}
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    assert!(upgraded > 20 && established > 20, "{upgraded} {established}");
}

#[test]
fn s5_4_messages_do_not_interleave_after_a_ping_in_pieces() {
    let ping = Frame::ping("ab").masked(KEY).to_bytes();
    for cut in 0..=ping.len() {
        let mut server = Connection::server(Config::DEFAULT);
        let mut first = Frame::text("a").fin(false).masked(KEY).to_bytes();
        assert!(matches!(
            server.receive(&mut &mut first[..]),
            Ok(Some(Event::Data(_)))
        ));
        let mut pings = 0;
        for mut piece in <[&mut [u8]; 2]>::from(ping.clone().split_at_mut(cut)) {
            while let Some(Event::Ping(_)) = server.receive(&mut piece).unwrap() {
                pings += 1;
            }
        }
        assert_eq!(pings, 1);
        let mut whole = Frame::text("b").masked(KEY).to_bytes();
        let refused = server.receive(&mut &mut whole[..]).err();
        assert_eq!(refused, Some(ProtocolError::InterleavedMessage));
    }
}
