//! The loops of the images.

#![no_std]

mod clock;
mod line;

pub use clock::{instructions, start_clock, ticks};
pub use line::{Down, Line};

use bareframe::handshake::{Accept, Answer, Choice, Key, Offer, Request, RequestError, Response, Status};
use bareframe::{Config, Connection, Event, MessageKind, Rsv, Server};
use core::panic::PanicInfo;
use cortex_m as _;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// The memory of an image that sends.
pub struct Memory {
    server: Connection<Server>,
    buffer: [u8; 64],
    out: [u8; 128],
}

impl Memory {
    /// The initial memory.
    pub const START: Memory = Memory {
        server: Connection::server(Config::DEFAULT),
        buffer: [0; 64],
        out: [0; 128],
    };
}

/// Creates the Accept with a SHA-1 that the device has.
pub fn own_sha1(key: &Key) -> Accept {
    board::write(&key.digest_input());
    let mut digest = [0; 20];
    board::read(&mut digest);
    Accept::from_digest(digest)
}

/// Reads a client's head and answers it.
#[inline(always)]
pub fn answer(head: &mut [u8], memory: &mut Memory, accept: fn(&Key) -> Accept) {
    let len = board::read(head);
    let encoded = match Request::parse(head.get(..len).unwrap_or(&[])) {
        Ok((request, _)) => match request.upgrade() {
            Ok(Some(upgrade)) => upgrade.encode(&accept(upgrade.key()), &Choice::DEFAULT, &mut memory.out),
            Ok(None) => Answer::new(Status::NOT_FOUND).encode(&mut memory.out),
            Err(error) => error.answer().encode(&mut memory.out),
        },
        Err(error) => RequestError::Head(error).answer().encode(&mut memory.out),
    };
    if let Ok(len) = encoded {
        board::write(memory.out.get(..len).unwrap_or(&[]));
    }
}

/// Asks a server, and checks its answer.
#[inline(always)]
pub fn ask(head: &mut [u8], memory: &mut Memory, accept: fn(&Key) -> Accept) -> bool {
    let offer = Offer::new("example.com", "/");
    let key = Key::from_random(board::opaque([0; 16]));
    if let Ok(len) = offer.encode(&key, &mut memory.out) {
        board::write(memory.out.get(..len).unwrap_or(&[]));
    }
    let len = board::read(head);
    let Ok((response, _)) = Response::parse(head.get(..len).unwrap_or(&[])) else {
        return false;
    };
    matches!(response.upgrade(&offer, &accept(&key)), Ok(Some(_)))
}

/// Receives and sends for ever.
#[inline(always)]
pub fn serve(memory: &mut Memory) -> ! {
    let Memory { server, buffer, out } = memory;
    loop {
        let len = board::read(buffer);
        let Some(mut input) = buffer.get_mut(..len) else {
            continue;
        };
        loop {
            let event = server.receive(&mut input);
            match &event {
                Ok(Some(Event::Data(data))) => {
                    if let Ok(len) = server.encode(data.kind(), Rsv::NONE, data.payload(), out) {
                        board::write(out.get(..len).unwrap_or(&[]));
                    }
                }
                Ok(Some(Event::Ping(payload) | Event::Pong(payload))) => board::write(payload),
                Ok(Some(Event::Close(reason))) => board::write(&[u8::from(reason.code().is_some())]),
                _ => {}
            }
            while let Some(frame) = server.poll_transmit() {
                board::write(&frame);
            }
            if !matches!(event, Ok(Some(_))) {
                break;
            }
        }
        if let Ok(frame) = server.ping(b"?") {
            board::write(&frame);
        }
        if board::opaque(len) == 1
            && let Ok(frame) = server.close(None, "")
        {
            board::write(&frame);
        }
        let _ = server.encode(MessageKind::Text, Rsv::NONE, b"hello", out);
    }
}
