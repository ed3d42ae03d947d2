//! Every call of the adapter, as the model makes it.

use bareframe::UnsentFrame;
use bareframe_embedded_io::{
    Assembler, Client, CloseCode, Config, Error, Event, Frame, MaskingKey, MessageKind, ReadHalf,
    ReceiveError, Server, Slot, WebSocket, WriteHalf,
};
use bareframe_testkit::{Endpoint, EndpointCall, FailingStream, Heard, Random, Said, Seen, Side, Told};
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use std::future::{Future, poll_fn};
use std::io::{Read as _, Write as _};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The stream. Where it can't continue now, its user waits, or is told that it timed out.
#[derive(Clone)]
pub(crate) struct Failing {
    stream: FailingStream,
    waits: bool,
}

/// The kind of an error of the stream.
#[derive(Debug)]
pub(crate) struct Kind(std::io::ErrorKind);

type Socket<S, R> = WebSocket<S, R, [u8; 300], [u8; 200]>;

/// One end of the connection.
pub(crate) struct End<'s, S> {
    socket: AnySocket<'s, S>,
    assembler: Assembler<heapless::Vec<u8, 10_000>>,
    /// The frame of which the stream did not take all, and its payload.
    kept: Option<(UnsentFrame, Vec<u8>)>,
    /// A future is dropped if it is not done when it was polled so often.
    polls: usize,
    waits: bool,
}

type Keys = fn() -> MaskingKey;
type Halves<'s, S, R> = (ReadHalf<'s, S, R, [u8; 300]>, WriteHalf<'s, S, R, [u8; 200]>);

enum AnySocket<'s, S> {
    Client(Socket<S, Client<Keys>>),
    Server(Socket<S, Server>),
    ClientHalves(Halves<'s, S, Client<Keys>>),
    ServerHalves(Halves<'s, S, Server>),
    Gone,
}

/// A future was dropped, or its stream timed out.
struct Later;

/// Does the same with what reads, whole or half, of either role.
macro_rules! with_reader {
    ($end:expr, $reader:ident => $call:expr) => {
        match $end {
            AnySocket::Client($reader) => $call,
            AnySocket::Server($reader) => $call,
            AnySocket::ClientHalves(($reader, _)) => $call,
            AnySocket::ServerHalves(($reader, _)) => $call,
            AnySocket::Gone => unreachable!("no call is made after the drop"),
        }
    };
}

/// Does the same with what writes.
macro_rules! with_writer {
    ($end:expr, $writer:ident => $call:expr) => {
        match $end {
            AnySocket::Client($writer) => $call,
            AnySocket::Server($writer) => $call,
            AnySocket::ClientHalves((_, $writer)) => $call,
            AnySocket::ServerHalves((_, $writer)) => $call,
            AnySocket::Gone => unreachable!("no call is made after the drop"),
        }
    };
}

impl<'s, S: Read<Error = Kind> + Write> End<'s, S> {
    pub(crate) fn open(side: Side, stream: S, waits: bool, random: &mut Random) -> End<'s, S> {
        let key: fn() -> MaskingKey = || MaskingKey::new([1, 2, 3, 4]);
        End {
            socket: match side {
                Side::Client => AnySocket::Client(WebSocket::client(
                    stream,
                    Config::DEFAULT,
                    key,
                    [0; 300],
                    [0; 200],
                )),
                Side::Server => {
                    AnySocket::Server(WebSocket::server(stream, Config::DEFAULT, [0; 300], [0; 200]))
                }
            },
            assembler: Assembler::new(heapless::Vec::new()),
            kept: None,
            polls: 1 + random.below(3),
            waits,
        }
    }

    /// Returns the same in two halves, over two handles of the stream.
    pub(crate) fn split(self, slot: &'s Slot) -> End<'s, S>
    where
        S: Clone,
    {
        let two = |stream: S| (stream.clone(), stream);
        let socket = match self.socket {
            AnySocket::Client(socket) => AnySocket::ClientHalves(socket.split(slot, two)),
            AnySocket::Server(socket) => AnySocket::ServerHalves(socket.split(slot, two)),
            socket => socket,
        };
        End {
            socket,
            waits: false,
            ..self
        }
    }

    /// Sends the rest of the frame that was kept.
    fn send_kept(&mut self) -> Result<(), Later> {
        let Some((unsent, payload)) = self.kept.take() else {
            return Ok(());
        };
        let mut frame = unsent.frame(&payload);
        let polls = self.polls;
        let sent = with_writer!(&mut self.socket, socket => poll(polls, socket.feed(&mut frame)));
        match sent.map(told) {
            None | Some(Told::Later) => {
                self.kept = Some((frame.unsent(), payload));
                Err(Later)
            }
            Some(_) => Ok(()),
        }
    }

    fn say(&mut self, said: &Said, is_fed: bool) -> Told {
        if self.send_kept().is_err() {
            return Told::Later;
        }
        let payload = match said {
            Said::Message(_, payload) | Said::Ping(payload) => payload.clone(),
            Said::Close(_, reason) => reason.as_bytes().to_vec(),
        };
        let mut frame = match said {
            Said::Message(MessageKind::Text, _) => Frame::text_piece(&payload),
            Said::Message(MessageKind::Binary, _) => Frame::binary(&payload),
            Said::Ping(_) => Frame::ping(&payload),
            Said::Close(code, reason) => Frame::close(*code, reason),
        };
        let polls = self.polls;
        let sent = with_writer!(&mut self.socket, socket => match is_fed {
            true => poll(polls, socket.feed(&mut frame)),
            false => poll(polls, socket.send_frame(&mut frame)),
        });
        let told = sent.map_or(Told::Later, told);
        if told == Told::Later && frame.is_begun() {
            let unsent = frame.unsent();
            self.kept = (unsent.left() > 0).then_some((unsent, payload));
            return Told::Kept;
        }
        told
    }

    fn read_whole(&mut self) -> Heard {
        let _ = self.send_kept();
        let (polls, assembler) = (self.polls, &mut self.assembler);
        let read = with_reader!(&mut self.socket, socket => match poll(polls, socket.read(assembler)) {
            Some(Ok(Some(message))) => {
                return Heard::Seen(Seen::Data {
                    kind: message.kind(),
                    rsv: message.rsv(),
                    payload: message.payload().to_vec(),
                    first: true,
                    last: true,
                });
            }
            Some(Ok(None)) => Some(Ok(())),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        });
        read.map_or(Heard::Later, ended)
    }

    fn read_piece(&mut self) -> Heard {
        let _ = self.send_kept();
        let polls = self.polls;
        let read = with_reader!(&mut self.socket, socket => match poll(polls, socket.read_event()) {
            Some(Ok(Some(event))) => return Heard::Seen(seen(&event)),
            Some(Ok(None)) => Some(Ok(())),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        });
        read.map_or(Heard::Later, ended)
    }

    /// The task of the writing half sends what the reading half has left.
    fn answer(&mut self) {
        if let AnySocket::ClientHalves(_) | AnySocket::ServerHalves(_) = &self.socket {
            let _ = self.flush();
        }
    }
}

impl<S: Read<Error = Kind> + Write> Endpoint for End<'_, S> {
    fn read_message(&mut self) -> Heard {
        let heard = self.read_whole();
        self.answer();
        heard
    }

    fn read_event(&mut self) -> Heard {
        let heard = self.read_piece();
        self.answer();
        heard
    }

    fn send(&mut self, said: &Said) -> Told {
        self.say(said, false)
    }

    fn feed(&mut self, said: &Said) -> Told {
        self.say(said, true)
    }

    fn fail(&mut self, code: CloseCode) -> Option<Told> {
        if self.kept.is_some() {
            return None;
        }
        with_reader!(&mut self.socket, socket => socket.fail(code));
        let told = self.flush();
        // In halves the answer may be left to the next call.
        Some(if self.leaves_answers() {
            Told::Unknown
        } else {
            told
        })
    }

    fn flush(&mut self) -> Told {
        if self.send_kept().is_err() {
            return Told::Later;
        }
        let polls = self.polls;
        with_writer!(&mut self.socket, socket => poll(polls, socket.flush())).map_or(Told::Later, told)
    }

    fn close(&mut self) -> Heard {
        if self.send_kept().is_err() {
            // The peer may wait for us to read.
            return match self.read_event() {
                Heard::Seen(_) => Heard::Later,
                // What was read of it as a message is dropped too.
                Heard::Other(error) if error.contains("MessageSkipped") => Heard::Later,
                heard => heard,
            };
        }
        let polls = self.polls;
        let closed = match &mut self.socket {
            AnySocket::Client(socket) => poll(polls, socket.close(CloseCode::NORMAL_CLOSURE, "bye")),
            AnySocket::Server(socket) => poll(polls, socket.close(CloseCode::NORMAL_CLOSURE, "bye")),
            _ => {
                self.say(&Said::Close(CloseCode::NORMAL_CLOSURE, "bye"), false);
                return loop {
                    match self.read_event() {
                        Heard::Seen(_) => {}
                        Heard::Other(error) if error.contains("MessageSkipped") => {}
                        heard => break heard,
                    }
                };
            }
        };
        closed.map_or(Heard::Later, ended)
    }

    fn close_reason(&self) -> Option<(Option<CloseCode>, String)> {
        let reason = with_reader!(&self.socket, socket => socket.close_reason());
        reason.map(|reason| (reason.code(), reason.reason().to_owned()))
    }

    fn abandon(&mut self) {
        self.socket = AnySocket::Gone;
    }

    fn waits_for_answers(&self) -> bool {
        self.waits
    }

    fn leaves_answers(&self) -> bool {
        matches!(
            self.socket,
            AnySocket::ClientHalves(_) | AnySocket::ServerHalves(_)
        )
    }

    fn reports_writes_apart(&self) -> bool {
        self.leaves_answers()
    }

    /// A caller that wants a limit drops the future.
    fn limit(&self, _: EndpointCall) -> Option<Duration> {
        None
    }
}

/// Polls a future so often, and drops it if it is not done.
fn poll<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(output);
        }
    }
    None
}

fn seen(event: &Event<'_>) -> Seen {
    match event {
        Event::Data(data) => Seen::Data {
            kind: data.kind(),
            rsv: data.rsv(),
            payload: data.payload().to_vec(),
            first: data.is_first(),
            last: data.is_last(),
        },
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close(reason) => Seen::Close {
            code: reason.code(),
            reason: reason.reason().to_owned(),
        },
    }
}

fn ended(result: Result<(), Error<Kind>>) -> Heard {
    match result {
        Ok(()) => Heard::Clean,
        Err(Error::Io(Kind(std::io::ErrorKind::TimedOut))) => Heard::Later,
        // The rest of our frame goes first, with the next call.
        Err(Error::Receive(ReceiveError::UnfinishedFrame)) => Heard::Later,
        Err(Error::Io(Kind(kind))) => Heard::Failed(kind),
        Err(Error::Refused(kind)) => Heard::Failed(kind_of(kind)),
        Err(Error::Receive(ReceiveError::AbnormalClosure)) => Heard::Abnormal,
        Err(error) => Heard::Other(format!("{error:?}")),
    }
}

fn told(result: Result<(), Error<Kind>>) -> Told {
    match result {
        Ok(()) => Told::Done,
        Err(Error::Io(Kind(std::io::ErrorKind::TimedOut))) => Told::Later,
        Err(Error::Io(Kind(kind))) => Told::Failed(kind),
        Err(Error::Refused(kind)) => Told::Failed(kind_of(kind)),
        Err(Error::Send(_)) => Told::Refused,
        Err(error) => unreachable!("{error:?}"),
    }
}

fn kind_of(kind: ErrorKind) -> std::io::ErrorKind {
    match kind {
        ErrorKind::WriteZero => std::io::ErrorKind::WriteZero,
        ErrorKind::BrokenPipe => std::io::ErrorKind::BrokenPipe,
        ErrorKind::ConnectionReset => std::io::ErrorKind::ConnectionReset,
        kind => unreachable!("the stream gives no {kind:?}"),
    }
}

impl Failing {
    /// A stream that makes its user wait. As a read waits for its answer to be written, it has room for all of them.
    pub(crate) fn waiting(stream: FailingStream) -> Failing {
        stream.view().set_room(usize::MAX);
        Failing { stream, waits: true }
    }

    /// A stream that times out.
    pub(crate) fn timing_out(stream: FailingStream) -> Failing {
        Failing { stream, waits: false }
    }

    /// Calls a method; returns `None` if it has to wait.
    fn call<T>(
        &mut self,
        call: impl FnOnce(&mut FailingStream) -> std::io::Result<T>,
    ) -> Option<Result<T, Kind>> {
        let done = call(&mut self.stream).map_err(|error| error.kind());
        match done {
            Err(std::io::ErrorKind::WouldBlock) if self.waits => None,
            Err(std::io::ErrorKind::WouldBlock) => Some(Err(Kind(std::io::ErrorKind::TimedOut))),
            done => Some(done.map_err(Kind)),
        }
    }

    /// Calls a method whenever the future is polled.
    async fn wait<T>(
        &mut self,
        mut call: impl FnMut(&mut FailingStream) -> std::io::Result<T>,
    ) -> Result<T, Kind> {
        poll_fn(|_| self.call(&mut call).map_or(Poll::Pending, Poll::Ready)).await
    }

    fn now<T>(&mut self, call: impl FnOnce(&mut FailingStream) -> std::io::Result<T>) -> Result<T, Kind> {
        self.call(call).expect("it times out")
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Kind {}

impl embedded_io_async::Error for Kind {
    fn kind(&self) -> ErrorKind {
        match self.0 {
            std::io::ErrorKind::Interrupted => ErrorKind::Interrupted,
            std::io::ErrorKind::TimedOut => ErrorKind::TimedOut,
            std::io::ErrorKind::BrokenPipe => ErrorKind::BrokenPipe,
            std::io::ErrorKind::ConnectionReset => ErrorKind::ConnectionReset,
            _ => ErrorKind::Other,
        }
    }
}

impl ErrorType for Failing {
    type Error = Kind;
}

impl Read for Failing {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Kind> {
        self.wait(|stream| stream.read(buffer)).await
    }
}

impl Write for Failing {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Kind> {
        self.wait(|stream| stream.write(bytes)).await
    }

    async fn flush(&mut self) -> Result<(), Kind> {
        self.wait(|stream| stream.flush()).await
    }
}

impl embedded_io::Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Kind> {
        self.now(|stream| stream.read(buffer))
    }
}

impl embedded_io::Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Kind> {
        self.now(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> Result<(), Kind> {
        self.now(|stream| stream.flush())
    }
}
