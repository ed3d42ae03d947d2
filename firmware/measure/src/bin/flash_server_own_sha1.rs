//! As `flash_server`, with the caller's own SHA-1.

#![no_std]
#![no_main]

use bareframe::handshake::{Accept, Answer, Choice, Key, Request, RequestError, Status};
use bareframe::{Config, Connection, Event, MessageKind, Server};
use measure as _;

/// Makes the Accept with a SHA-1 that the device has.
fn accept(key: &Key) -> Accept {
    board::write(&key.digest_input());
    let mut digest = [0; 20];
    board::read(&mut digest);
    Accept::from_digest(digest)
}

/// Answers a client's head.
fn answer(head: &[u8], out: &mut [u8]) -> Option<usize> {
    let (request, _) = match Request::parse(head) {
        Ok(request) => request,
        Err(error) => return RequestError::Head(error).answer().encode(out).ok(),
    };
    match request.upgrade() {
        Ok(Some(upgrade)) => upgrade.encode(&accept(upgrade.key()), &Choice::DEFAULT, out).ok(),
        Ok(None) => Answer::new(Status::NOT_FOUND).encode(out).ok(),
        Err(error) => error.answer().encode(out).ok(),
    }
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
