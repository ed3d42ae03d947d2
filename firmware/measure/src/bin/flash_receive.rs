//! Receiving with full validation.

#![no_std]
#![no_main]

use bareframe::{Config, Connection, Event, Server};
use measure as _;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BUFFER: [u8; 64] = [0; 64];
    static mut SERVER: Connection<Server> = Connection::server(Config::DEFAULT);
    loop {
        let len = board::read(BUFFER);
        let Some(mut input) = BUFFER.get_mut(..len) else {
            continue;
        };
        while let Ok(Some(event)) = &SERVER.receive(&mut input) {
            match event {
                Event::Data(data) => board::write(data.payload()),
                Event::Ping(payload) | Event::Pong(payload) => board::write(payload),
                Event::Close(reason) => board::write(&[u8::from(reason.code().is_some())]),
            }
        }
    }
}
