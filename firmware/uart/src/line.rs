//! The connections on the line, one after the other.

use bareframe::handshake::{Accept, Answer, Choice, EncodeError, HeadEnd, Request, Status};
use bareframe::{
    Assembled, Assembler, Config, Connection, ControlFrame, Event, FrameHeader, Limits, Message, Outbox, Rsv,
    SendError, Server, State,
};
use heapless::Vec;

/// The longest head, in bytes.
const HEAD: usize = 1024;
/// The longest message, in bytes.
const MESSAGE: usize = 256;
/// The longest answer to one byte: a message with its header, or an answer to a head.
const ANSWER: usize = FrameHeader::MAX_LEN + MESSAGE;

const CONFIG: Config = Config::DEFAULT.with_limits(
    Limits::DEFAULT
        .with_frame(MESSAGE as u64)
        .with_message(MESSAGE as u64),
);

/// A line on which clients come one after the other. It has no end of stream: when a connection is closed the next head
/// begins.
pub(crate) struct Line {
    phase: Phase,
    out: Outbox<[u8; 2 * ANSWER + ControlFrame::MAX_LEN]>,
}

enum Phase {
    /// A head is arriving.
    Head(HeadEnd, Vec<u8, HEAD>),
    /// Frames are arriving.
    Frames(Connection<Server>, Assembler<Vec<u8, MESSAGE>>),
}

impl Phase {
    const START: Phase = Phase::Head(HeadEnd::new(HEAD), Vec::new());
}

impl Line {
    pub(crate) const fn new() -> Line {
        Line {
            phase: Phase::START,
            out: Outbox::new([0; 2 * ANSWER + ControlFrame::MAX_LEN]),
        }
    }

    /// Returns `true` if the answer to one more byte has room.
    pub(crate) fn has_room(&self) -> bool {
        self.out.room() >= ANSWER + ControlFrame::MAX_LEN
    }

    /// Returns the next byte to send.
    pub(crate) fn next_byte(&mut self) -> Option<u8> {
        let byte = self.out.pending().first().copied()?;
        self.out.advance(1);
        Some(byte)
    }

    /// Receives a byte. There must be room for the answer to it.
    pub(crate) fn arrived(&mut self, byte: u8) {
        let Line { phase, out } = self;
        let next = match phase {
            Phase::Head(end, head) => {
                // `end` refuses a head that is too long before there is no room for it.
                let _ = head.push(byte);
                match end.arrived(head) {
                    Ok(false) => return,
                    Ok(true) => reply(head, out),
                    Err(error) => {
                        let answer = Answer::new(error.status());
                        queue(out, |out| answer.encode(out));
                        Phase::START
                    }
                }
            }
            Phase::Frames(connection, assembler) => {
                receive(connection, assembler, out, byte);
                match connection.state() {
                    State::Closed | State::Failed => Phase::START,
                    _ => return,
                }
            }
        };
        *phase = next;
    }
}

/// Answers the request, and returns what follows it.
fn reply<B: AsRef<[u8]> + AsMut<[u8]>>(head: &[u8], out: &mut Outbox<B>) -> Phase {
    let upgrade = match Request::parse(head) {
        Ok((request, _)) => request.upgrade(),
        Err(error) => Err(error.into()),
    };
    match upgrade {
        Ok(Some(upgrade)) => {
            let accept = Accept::from_key(upgrade.key());
            queue(out, |out| upgrade.encode(&accept, &Choice::DEFAULT, out));
            return Phase::Frames(Connection::server(CONFIG), Assembler::new(Vec::new()));
        }
        Ok(None) => queue(out, |out| Answer::new(Status::UPGRADE_REQUIRED).encode(out)),
        Err(error) => queue(out, |out| error.answer().encode(out)),
    }
    Phase::START
}

/// Passes one byte to the engine, and echoes the message that it completes.
fn receive<B: AsRef<[u8]> + AsMut<[u8]>>(
    connection: &mut Connection<Server>,
    assembler: &mut Assembler<Vec<u8, MESSAGE>>,
    out: &mut Outbox<B>,
    byte: u8,
) {
    let mut bytes = [byte];
    let mut input = &mut bytes[..];
    loop {
        let received = connection.receive(&mut input);
        while let Some(frame) = connection.poll_transmit() {
            // There is room.
            let _ = out.control(&frame);
        }
        let Ok(Some(event)) = received else { break };
        let Event::Data(data) = event else { continue };
        match assembler.push(data) {
            Ok(Assembled::Whole(message)) => echo(connection, out, &message),
            Ok(Assembled::Gathered) => {
                if let Some(message) = assembler.message() {
                    echo(connection, out, &message);
                }
            }
            Ok(Assembled::More) => {}
            Err(error) => connection.fail(error.close_code()),
        }
    }
}

fn echo<B: AsRef<[u8]> + AsMut<[u8]>>(
    connection: &mut Connection<Server>,
    out: &mut Outbox<B>,
    message: &Message<'_>,
) {
    // There is room, and after a Close nothing has to be sent.
    let _ = out.encode(|out| connection.encode(message.kind(), Rsv::NONE, message.payload(), out));
}

/// Queues a head, before any frames.
fn queue<B: AsRef<[u8]> + AsMut<[u8]>>(
    out: &mut Outbox<B>,
    encode: impl FnOnce(&mut [u8]) -> Result<usize, EncodeError>,
) {
    // There is room.
    let _ = out.encode(|out| encode(out).map_err(|_| SendError::Closed));
}
