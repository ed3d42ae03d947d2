//! Ours through a session, used as its documentation says.

use crate::measure::Task;
use crate::ours::{keys, look_at_piece};
use crate::wire::{self, Stream, look};
use bareframe::{
    Assembler, CloseCode, Config, Connection, Event, Extended, Extension, ExtensionWindow, Frame,
    InboundExtension, MessageKind, Next, OutboundExtension, Role, Rsv, Session,
};
use std::hint::black_box;

/// An extension that marks a message with RSV1 and does not change its payload.
#[derive(Clone, Copy, Debug)]
pub struct Marked;

impl Extension for Marked {
    type Inbound = Marked;
    type Outbound = Marked;
}

fn copied(input: &[u8], is_last: bool, to: &mut [u8]) -> Result<Extended, CloseCode> {
    let len = input.len().min(to.len());
    to[..len].copy_from_slice(&input[..len]);
    Ok(Extended::new(len, 0..len, is_last && len == input.len()))
}

impl InboundExtension for Marked {
    type Window = ExtensionWindow<[u8; 2048]>;

    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn receive(&mut self, window: &mut [u8], input: &[u8], is_last: bool) -> Result<Extended, CloseCode> {
        copied(input, is_last, window)
    }
}

impl OutboundExtension for Marked {
    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn begin(&mut self, _: MessageKind, _: usize, _: bool) -> bool {
        true
    }

    fn send(&mut self, input: &[u8], is_last: bool, out: &mut [u8]) -> Result<Extended, CloseCode> {
        copied(input, is_last, out)
    }
}

/// A session whose queue is long enough for what is sent.
type Ours<R, X> = Session<R, Vec<u8>, Vec<u8>, X>;

const QUEUE: usize = 128 << 10;

/// Creates the session that reads a stream.
fn plain<R: Role>(connection: Connection<R>, stream: &Stream) -> Ours<R, ()> {
    Session::new(connection, vec![0; stream.bytes.len()], vec![0; QUEUE])
}

/// Creates a session that can have the extension, with it or without.
fn optional(extension: Option<Marked>, memory: usize) -> Ours<bareframe::Server, Option<Marked>> {
    let config = match extension {
        Some(_) => Config::DEFAULT.with_rsv(Rsv::RSV1),
        None => Config::DEFAULT,
    };
    Session::with_extension(
        Connection::server(config),
        vec![0; memory],
        vec![0; QUEUE],
        extension,
        ExtensionWindow::new([0; 2048]),
        extension,
    )
}

/// A session that reads a stream as events.
struct Events<R, X: Extension> {
    session: Ours<R, X>,
    stream: Stream,
}

/// A session that reads a stream as whole messages.
struct Messages<R, X: Extension> {
    session: Ours<R, X>,
    assembler: Assembler<Vec<u8>>,
    stream: Stream,
}

fn fill<R: Role, X: Extension>(session: &mut Ours<R, X>, stream: &Stream) {
    stream.fill(session.space());
    session.read(stream.bytes.len());
}

impl<R: Role, X: Extension> Task for Events<R, X> {
    fn prepare(&mut self) {
        fill(&mut self.session, &self.stream);
    }

    fn run(&mut self) -> u64 {
        see_events(&mut self.session)
    }
}

impl<R: Role, X: Extension> Task for Messages<R, X> {
    fn prepare(&mut self) {
        fill(&mut self.session, &self.stream);
    }

    fn run(&mut self) -> u64 {
        see_messages(&mut self.session, &mut self.assembler)
    }
}

/// It is called from one place only, as in a program.
#[inline(never)]
fn see_events<R: Role, X: Extension>(session: &mut Ours<R, X>) -> u64 {
    let mut seen = 0;
    while let Ok(Next::Ready) = session.next_event() {
        seen += match session.event() {
            Some(Event::Data(data)) => look_at_piece(&data),
            Some(Event::Ping(payload) | Event::Pong(payload)) => look(&payload),
            Some(Event::Close(_)) | None => 0,
        };
    }
    seen
}

/// It is called from one place only, as in a program.
#[inline(never)]
fn see_messages<R: Role, X: Extension>(session: &mut Ours<R, X>, assembler: &mut Assembler<Vec<u8>>) -> u64 {
    let mut seen = 0;
    while let Ok(Next::Ready) = session.next_message(assembler) {
        if let Some(message) = session.message(assembler) {
            seen += look(message.payload());
        }
    }
    seen
}

/// Reads a stream as events.
pub fn events(stream: &Stream) -> Box<dyn Task> {
    let stream = stream.clone();
    match stream.from {
        wire::From::Client => Box::new(Events {
            session: plain(Connection::server(Config::DEFAULT), &stream),
            stream,
        }),
        wire::From::Server => Box::new(Events {
            session: plain(Connection::client(Config::DEFAULT, keys()), &stream),
            stream,
        }),
    }
}

/// Reads a stream as whole messages.
pub fn messages(stream: &Stream) -> Box<dyn Task> {
    let (stream, assembler) = (stream.clone(), Assembler::new(Vec::new()));
    match stream.from {
        wire::From::Client => Box::new(Messages {
            session: plain(Connection::server(Config::DEFAULT), &stream),
            assembler,
            stream,
        }),
        wire::From::Server => Box::new(Messages {
            session: plain(Connection::client(Config::DEFAULT, keys()), &stream),
            assembler,
            stream,
        }),
    }
}

/// Reads a stream from a client as events, with an optional extension that was negotiated or not.
pub fn extended_events(stream: &Stream, extension: Option<Marked>) -> Box<dyn Task> {
    let stream = stream.clone();
    let session = optional(extension, stream.bytes.len());
    Box::new(Events { session, stream })
}

/// Sends a binary message by a server's session, and drops what is queued.
pub fn server_sends() -> impl FnMut(&[u8]) -> u64 {
    let mut session: Ours<_, ()> = Session::new(Connection::server(Config::DEFAULT), vec![], vec![0; QUEUE]);
    move |payload| send(&mut session, payload)
}

/// Does the same by a session that could have an extension.
pub fn server_sends_without_extension() -> impl FnMut(&[u8]) -> u64 {
    let mut session = optional(None, 0);
    move |payload| send(&mut session, payload)
}

/// Does the same by a client's session.
pub fn client_sends() -> impl FnMut(&[u8]) -> u64 {
    let connection = Connection::client(Config::DEFAULT, keys());
    let mut session: Ours<_, ()> = Session::new(connection, vec![], vec![0; QUEUE]);
    move |payload| send(&mut session, payload)
}

#[inline(always)]
fn send<R: Role, X: Extension>(session: &mut Ours<R, X>, payload: &[u8]) -> u64 {
    let mut frame = Frame::binary(payload);
    if session.next_sent(&mut frame) != Ok(Next::Ready) {
        return 0;
    }
    let [queued, _] = session.to_write(&frame);
    let len = black_box(queued).len();
    session.wrote(len, &mut frame);
    session.flushed();
    len as u64
}
