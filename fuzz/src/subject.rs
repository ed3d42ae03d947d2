//! The receiver under test. To fuzz another, implement [`Subject`] for it and let [`UnderTest`] name it.

use bareframe::{Client, Config, Connection, Event, MaskingKey, Role, Server};
use bareframe_testkit::{Recorder, Side};

/// What the targets `frames` and `utf8` run.
pub type UnderTest = Bareframe;

/// A receiver of frames that takes its input in pieces.
pub trait Subject {
    /// Begins after the opening handshake, as this side of the connection.
    ///
    /// A receiver without such limits or reserved bits ignores them, and is run on inputs that have none.
    fn new(side: Side, config: Config) -> Self;

    /// Receives a piece of input that begins with byte `at` of the whole, and records what it sees in it.
    ///
    /// After an error it is not called again.
    fn receive(&mut self, piece: &mut [u8], at: usize, seen: &mut Recorder);
}

/// The engine of this repository.
pub enum Bareframe {
    /// As a server.
    Server(Connection<Server>),
    /// As a client, whose masking keys play no part here.
    Client(Connection<Client<fn() -> MaskingKey>>),
}

impl Subject for Bareframe {
    fn new(side: Side, config: Config) -> Bareframe {
        match side {
            Side::Server => Bareframe::Server(Connection::server(config)),
            Side::Client => Bareframe::Client(Connection::client(config, || MaskingKey::new([0; 4]))),
        }
    }

    fn receive(&mut self, piece: &mut [u8], at: usize, seen: &mut Recorder) {
        match self {
            Bareframe::Server(connection) => receive(connection, piece, at, seen),
            Bareframe::Client(connection) => receive(connection, piece, at, seen),
        }
    }
}

fn receive<R: Role>(connection: &mut Connection<R>, piece: &mut [u8], at: usize, seen: &mut Recorder) {
    let len = piece.len();
    let mut input = piece;
    loop {
        let left = input.len();
        match connection.receive(&mut input) {
            Ok(Some(event)) => {
                assert!(input.len() < left, "an event of no byte");
                note(event, seen);
            }
            Ok(None) => {
                assert!(input.is_empty(), "{} bytes were not taken", input.len());
                return;
            }
            Err(error) => {
                seen.error(error, at + len - input.len());
                let left = input.len();
                assert_eq!(connection.receive(&mut input), Err(error), "the error latches");
                assert_eq!(input.len(), left, "a failed connection takes nothing");
                return;
            }
        }
    }
}

fn note(event: Event<'_>, seen: &mut Recorder) {
    match event {
        Event::Data(data) => {
            if let Some(text) = data.as_str() {
                assert!(
                    core::str::from_utf8(text.as_bytes()).is_ok(),
                    "a str that is none"
                );
            }
            let (kind, rsv, first, last) = (data.kind(), data.rsv(), data.is_first(), data.is_last());
            seen.data(kind, rsv, data.payload(), first, last);
        }
        Event::Ping(payload) => seen.ping(&payload),
        Event::Pong(payload) => seen.pong(&payload),
        Event::Close(close) => seen.close(close.code(), close.reason()),
    }
}
