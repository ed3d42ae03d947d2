//! Checks of the engine for machines on which `cargo test` does not run.

#![no_std]

use bareframe::handshake::{Accept, Choice, Key, Offer, Request, Response};
use bareframe::{
    CloseCode, Config, Connection, Event, MaskingKey, MessageKind, Outbox, ProtocolError, Receiver, Rsv,
    Server, State,
};

const KEY: MaskingKey = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);

/// What is checked, and whether it holds.
pub type Check = (&'static str, fn() -> bool);

/// Every check.
pub const CHECKS: [Check; 5] = [
    ("section 4.2.2, the handshake", handshake),
    ("section 5.7, a masked text in every cut", masked_text),
    ("section 5.2, messages of each length there and back", messages),
    ("section 5.5, Ping, Pong and Close", control),
    ("section 8.1, an error at its byte", errors),
];

fn handshake() -> bool {
    let offer = Offer::new("board", "/");
    let key = Key::from_random(*b"the sample nonce");
    let (mut asked, mut answered) = ([0; 256], [0; 256]);
    let mut agreed = || {
        let len = offer.encode(&key, &mut asked).ok()?;
        let (request, head_len) = Request::parse(asked.get(..len)?).ok()?;
        let upgrade = request.upgrade().ok()??;
        let accept = Accept::from_key(upgrade.key());
        let len = upgrade.encode(&accept, &Choice::DEFAULT, &mut answered).ok()?;
        let (response, _) = Response::parse(answered.get(..len)?).ok()?;
        response.upgrade(&offer, &Accept::from_key(&key)).ok()??;
        Some(head_len > 0 && accept.as_str() == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    };
    agreed() == Some(true)
}

fn masked_text() -> bool {
    let frame = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    (0..=frame.len()).all(|cut| {
        let mut bytes = frame;
        let (front, back) = bytes.split_at_mut(cut);
        let mut server = Connection::server(Config::DEFAULT);
        let mut text = Text::default();
        text.receive(&mut server, front) && text.receive(&mut server, back) && text.as_bytes() == b"Hello"
    })
}

/// The payload that has arrived.
#[derive(Default)]
struct Text {
    bytes: [u8; 8],
    len: usize,
}

impl Text {
    fn receive(&mut self, server: &mut Connection<Server>, mut input: &mut [u8]) -> bool {
        loop {
            match server.receive(&mut input) {
                Ok(Some(Event::Data(data))) => {
                    for byte in data.payload() {
                        if let Some(to) = self.bytes.get_mut(self.len) {
                            *to = *byte;
                        }
                        self.len += 1;
                    }
                }
                Ok(None) => return true,
                Ok(Some(_)) | Err(_) => return false,
            }
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

fn messages() -> bool {
    [0, 1, 125, 126, 1000, 65_535, 65_536].into_iter().all(|len| {
        let mut bytes = [0_u8; 70_000];
        let mut payload = bytes;
        for (byte, value) in payload.iter_mut().zip((0..=u8::MAX).cycle()) {
            *byte = value;
        }
        let Some(payload) = payload.get(..len) else {
            return false;
        };
        let mut client = Connection::client(Config::DEFAULT, || KEY);
        let Ok(frame_len) = client.encode(MessageKind::Binary, Rsv::NONE, payload, &mut bytes) else {
            return false;
        };
        let mut input = bytes.get_mut(..frame_len).unwrap_or(&mut []);
        match Connection::server(Config::DEFAULT).receive(&mut input) {
            Ok(Some(Event::Data(data))) => data.is_last() && data.payload() == payload && input.is_empty(),
            _ => false,
        }
    })
}

fn control() -> bool {
    let mut client = Connection::client(Config::DEFAULT, || KEY);
    let mut server = Connection::server(Config::DEFAULT);
    let mut outbox = Outbox::new([0; 300]);
    let mut said = || {
        outbox.control(&client.ping(b"Hello").ok()?).ok()?;
        outbox
            .control(&client.close(Some(CloseCode::NORMAL_CLOSURE), "bye").ok()?)
            .ok()
    };
    if said().is_none() {
        return false;
    }
    let mut bytes = [0; 300];
    let mut len = 0;
    for (to, from) in bytes.iter_mut().zip(outbox.pending()) {
        *to = *from;
        len += 1;
    }
    let mut input = bytes.get_mut(..len).unwrap_or(&mut []);
    let pinged =
        matches!(server.receive(&mut input), Ok(Some(Event::Ping(payload))) if *payload == *b"Hello");
    let pong = server.poll_transmit();
    let closed =
        matches!(server.receive(&mut input), Ok(Some(Event::Close(close))) if close.reason() == "bye");
    let answer = server.poll_transmit();
    pinged
        && closed
        && pong.is_some_and(|frame| *frame == *b"\x8a\x05Hello")
        && answer.is_some_and(|frame| *frame == *b"\x88\x02\x03\xe8")
        && server.state() == State::Closed
}

fn errors() -> bool {
    let (mut receiver, _): (Receiver<Server>, _) = Connection::server(Config::DEFAULT).split();
    let mut bytes = *b"\x81\x84\0\0\0\0ab\xffd";
    let mut input = &mut bytes[..];
    receiver.receive(&mut input) == Err(ProtocolError::InvalidUtf8) && *input == *b"\xffd"
}
