//! As `flash_server`, and with the client handshake too.

#![no_std]
#![no_main]

use bareframe::handshake::{Accept, Answer, Choice, Key, Offer, Request, RequestError, Response, Status};
use bareframe::{Config, Connection, Event, MessageKind, Server};
use measure as _;

/// Answers a client's head.
fn answer(head: &[u8], out: &mut [u8]) -> Option<usize> {
    let (request, _) = match Request::parse(head) {
        Ok(request) => request,
        Err(error) => return RequestError::Head(error).answer().encode(out).ok(),
    };
    match request.upgrade() {
        Ok(Some(upgrade)) => upgrade
            .encode(&Accept::from_key(upgrade.key()), &Choice::DEFAULT, out)
            .ok(),
        Ok(None) => Answer::new(Status::NOT_FOUND).encode(out).ok(),
        Err(error) => error.answer().encode(out).ok(),
    }
}

/// Asks a server, and judges its answer.
fn ask(head: &mut [u8], out: &mut [u8]) -> bool {
    let offer = Offer::new("example.com", "/");
    let key = Key::from_random(board::opaque([0; 16]));
    if let Ok(len) = offer.encode(&key, out) {
        board::write(out.get(..len).unwrap_or(&[]));
    }
    let len = board::read(head);
    let Ok((response, _)) = Response::parse(head.get(..len).unwrap_or(&[])) else {
        return false;
    };
    matches!(response.upgrade(&offer, &Accept::from_key(&key)), Ok(Some(_)))
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BUFFER: [u8; 64] = [0; 64];
    static mut OUT: [u8; 128] = [0; 128];
    static mut SERVER: Connection<Server> = Connection::server(Config::DEFAULT);
    static mut HEAD: [u8; 512] = [0; 512];
    let len = board::read(HEAD);
    if let Some(len) = HEAD.get(..len).and_then(|head| answer(head, OUT)) {
        board::write(OUT.get(..len).unwrap_or(&[]));
    }
    board::opaque(ask(HEAD, OUT));
    loop {
        let len = board::read(BUFFER);
        let Some(mut input) = BUFFER.get_mut(..len) else {
            continue;
        };
        loop {
            let event = SERVER.receive(&mut input);
            match &event {
                Ok(Some(Event::Data(data))) => {
                    if let Ok(len) = SERVER.encode(data.kind(), data.payload(), OUT) {
                        board::write(OUT.get(..len).unwrap_or(&[]));
                    }
                }
                Ok(Some(Event::Ping(payload) | Event::Pong(payload))) => board::write(payload),
                Ok(Some(Event::Close(reason))) => board::write(&[u8::from(reason.code().is_some())]),
                _ => {}
            }
            while let Some(frame) = SERVER.poll_transmit() {
                board::write(&frame);
            }
            if !matches!(event, Ok(Some(_))) {
                break;
            }
        }
        if let Ok(frame) = SERVER.ping(b"?") {
            board::write(&frame);
        }
        if board::opaque(len) == 1
            && let Ok(frame) = SERVER.close(None, "")
        {
            board::write(&frame);
        }
        let _ = SERVER.encode(MessageKind::Text, b"hello", OUT);
    }
}
