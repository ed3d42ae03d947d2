//! Functions of which the deepest stack is computed, each called once.

#![no_std]
#![no_main]

use bareframe::handshake::{Accept, Choice, Key, Request};
use bareframe::{Config, Connection, ControlFrame, Event, ProtocolError, Server};
use measure as _;

type Received<'i> = Result<Option<Event<'i>>, ProtocolError>;

#[unsafe(no_mangle)]
#[inline(never)]
fn stack_receive<'i>(server: &mut Connection<Server>, input: &mut &'i mut [u8]) -> Received<'i> {
    server.receive(input)
}

#[unsafe(no_mangle)]
#[inline(never)]
fn stack_poll_transmit(server: &mut Connection<Server>) -> Option<ControlFrame> {
    server.poll_transmit()
}

/// With the caller's own SHA-1.
#[unsafe(no_mangle)]
#[inline(never)]
fn stack_handshake(head: &[u8], digest: fn(&Key) -> [u8; 20], out: &mut [u8]) -> Option<usize> {
    let (request, _) = Request::parse(head).ok()?;
    let upgrade = request.upgrade().ok()??;
    let accept = Accept::from_digest(digest(upgrade.key()));
    upgrade.encode(&accept, &Choice::DEFAULT, out).ok()
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BUFFER: [u8; 64] = [0; 64];
    static mut OUT: [u8; 200] = [0; 200];
    static mut SERVER: Connection<Server> = Connection::server(Config::DEFAULT);
    loop {
        let digest: fn(&Key) -> [u8; 20] = board::opaque(|_| [0; 20]);
        board::read(BUFFER);
        let len = stack_handshake(BUFFER, digest, OUT);
        board::write(OUT.get(..len.unwrap_or(0)).unwrap_or(&[]));
        let mut input = &mut BUFFER[..];
        if let Ok(Some(event)) = stack_receive(SERVER, &mut input) {
            core::hint::black_box(event);
        }
        if let Some(frame) = stack_poll_transmit(SERVER) {
            board::write(&frame);
        }
    }
}
