//! A plain adapter: a session and its stream, in one thread.

use bareframe::{
    Assembler, Client, CloseCode, Config, Connection, Event, Frame, MaskingKey, MessageKind, Next,
    ReceiveError, Role, Server, Session, State, UnsentFrame,
};
use bareframe_testkit::{Endpoint, EndpointCall, FailingStream, Heard, Said, Seen, Side, TestClock, Told};
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::panic::resume_unwind;
use std::time::Duration;

const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What an adapter can do wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flaw {
    WriteErrorHidesWhatArrived,
    EventBeforeItsAnswer,
    SentWithoutWriting,
    NoFlush,
    RestIsForgotten,
    RestIsSentAgain,
    EndIsTakenForAClose,
    WriteErrorIsForgotten,
    CloseFailsAfterThePeers,
    AnyErrorIsAReset,
    LimitForEachCall,
    Spins,
    CloseDoesNotRead,
    FailIsNotWritten,
    FailReadsOn,
    Panics,
}

/// One end of the connection, until it is dropped.
pub(crate) enum Plain {
    Client(Socket<Client<fn() -> MaskingKey>>),
    Server(Socket<Server>),
    Gone,
}

pub(crate) struct Socket<R> {
    session: Session<R, [u8; 200], [u8; 300]>,
    assembler: Assembler<Vec<u8>>,
    stream: FailingStream,
    /// The frame of which the stream did not take all, and its payload.
    kept: Option<(UnsentFrame, Vec<u8>)>,
    /// Why the stream takes nothing any more.
    failure: Option<ErrorKind>,
    is_nonblocking: bool,
    /// When `close` was called first, and whether it is called now.
    closing: Option<Duration>,
    is_closing: bool,
    flaw: Option<Flaw>,
}

/// The stream can't continue now.
struct Later;

impl Plain {
    pub(crate) fn open(side: Side, stream: FailingStream, flaw: Option<Flaw>) -> Plain {
        let key: fn() -> MaskingKey = || MaskingKey::new([1, 2, 3, 4]);
        match side {
            Side::Client => Plain::Client(Socket::new(
                Connection::client(Config::DEFAULT, key),
                stream,
                flaw,
            )),
            Side::Server => Plain::Server(Socket::new(Connection::server(Config::DEFAULT), stream, flaw)),
        }
    }
}

impl<R: Role> Socket<R> {
    fn new(connection: Connection<R>, stream: FailingStream, flaw: Option<Flaw>) -> Socket<R> {
        Socket {
            session: Session::new(connection, [0; 200], [0; 300]),
            assembler: Assembler::new(Vec::new()),
            is_nonblocking: stream.is_nonblocking(),
            stream,
            kept: None,
            failure: None,
            closing: None,
            is_closing: false,
            flaw,
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// Writes or flushes once. A stream that refuses for good is remembered.
    fn perform(&mut self, next: Next, frame: &mut Frame<'_>) -> Result<(), Later> {
        self.arm()?;
        let done = match next {
            Next::Flush => {
                let flushed = match self.has(Flaw::NoFlush) {
                    true => Ok(()),
                    false => self.stream.flush(),
                };
                flushed.map(|()| self.session.flushed())
            }
            _ => {
                let [queued, payload] = self.session.to_write(frame);
                let bytes = if queued.is_empty() { payload } else { queued };
                let written = self.stream.write(bytes).and_then(|len| match len {
                    0 => Err(ErrorKind::WriteZero.into()),
                    len => Ok(len),
                });
                written.map(|len| self.session.wrote(len, frame))
            }
        };
        match done.map_err(|error| error.kind()) {
            Ok(()) | Err(ErrorKind::Interrupted) => Ok(()),
            Err(ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(Later),
            Err(kind) => {
                if self.has(Flaw::Panics) {
                    resume_unwind(Box::new("an error of the stream"));
                }
                let is_forgotten = self.has(Flaw::WriteErrorIsForgotten);
                self.failure = (!is_forgotten).then_some(kind);
                self.session.refused();
                Ok(())
            }
        }
    }

    /// Sends the rest of the frame that was kept.
    fn send_kept(&mut self) -> Result<(), Later> {
        while let Some((unsent, payload)) = self.kept.take() {
            let mut frame = unsent.frame(&payload);
            let done = match self.session.next_sent(&mut frame) {
                Ok(Next::Ready) | Err(_) => return Ok(()),
                Ok(next) => self.perform(next, &mut frame),
            };
            self.kept = Some((frame.unsent(), payload));
            done?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Later> {
        self.send_kept()?;
        loop {
            match self.session.next_flush() {
                Next::Ready => return Ok(()),
                next => self.perform(next, &mut Frame::NONE.clone())?,
            }
        }
    }

    fn send(&mut self, said: &Said, is_fed: bool) -> Told {
        if self.send_kept().is_err() {
            return Told::Later;
        }
        let payload = match said {
            Said::Message(_, payload) | Said::Ping(payload) => payload.clone(),
            Said::Close(_, reason) => reason.as_bytes().to_vec(),
        };
        let mut unsent = match said {
            Said::Message(MessageKind::Text, _) => Frame::text_piece(&payload).unsent(),
            Said::Message(MessageKind::Binary, _) => Frame::binary(&payload).unsent(),
            Said::Ping(_) => Frame::ping(&payload).unsent(),
            Said::Close(code, reason) => Frame::close(*code, reason).unsent(),
        };
        loop {
            let mut frame = unsent.frame(&payload);
            let next = match self.session.next_sent(&mut frame) {
                Ok(Next::Ready) => break,
                Ok(next) => next,
                Err(_) => return self.failure.map_or(Told::Refused, Told::Failed),
            };
            let done = self.perform(next, &mut frame);
            let is_begun = frame.is_begun();
            unsent = frame.unsent();
            match done {
                Ok(()) => {}
                Err(Later) if !is_begun => return Told::Later,
                Err(Later) if self.has(Flaw::RestIsSentAgain) => {
                    self.kept = Some((unsent, payload));
                    return Told::Later;
                }
                Err(Later) => {
                    self.kept = (!self.has(Flaw::RestIsForgotten)).then_some((unsent, payload));
                    return Told::Kept;
                }
            }
            if let Some(kind) = self.failure {
                return Told::Failed(kind);
            }
        }
        if is_fed || self.has(Flaw::SentWithoutWriting) && self.session.has_more() {
            return Told::Done;
        }
        self.flushed()
    }

    fn fail(&mut self, code: CloseCode) -> Option<Told> {
        // The rest of that frame goes first.
        if self.kept.is_some() {
            return None;
        }
        if self.has(Flaw::FailReadsOn) {
            return Some(self.send(&Said::Close(code, ""), false));
        }
        self.session.fail(code);
        Some(match self.has(Flaw::FailIsNotWritten) {
            true => Told::Done,
            false => self.flushed(),
        })
    }

    fn flushed(&mut self) -> Told {
        match (self.flush(), self.failure) {
            (Err(Later), _) => Told::Kept,
            (Ok(()), Some(kind)) => Told::Failed(kind),
            (Ok(()), None) => Told::Done,
        }
    }

    fn read(&mut self, wants_message: bool) -> Heard {
        // What was received can be read though the rest of a frame can't be written.
        let _ = self.send_kept();
        loop {
            if let Some(kind) = self.failure
                && self.has(Flaw::WriteErrorHidesWhatArrived)
            {
                return Heard::Failed(kind);
            }
            let next = match wants_message {
                true => self.session.next_message(&mut self.assembler),
                false => self.session.next_event(),
            };
            match next {
                Ok(Next::Ready) => {
                    if let Some(seen) = self.found(wants_message) {
                        return Heard::Seen(seen);
                    }
                }
                Ok(Next::Closed) => return Heard::Clean,
                Ok(Next::Read | Next::Memory) => {
                    if self.arm().is_err() {
                        return Heard::Later;
                    }
                    match self
                        .stream
                        .read(self.session.space())
                        .map_err(|error| error.kind())
                    {
                        Ok(0) if self.has(Flaw::EndIsTakenForAClose) => return Heard::Clean,
                        Ok(len) => self.session.read(len),
                        Err(ErrorKind::Interrupted) => {}
                        Err(ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Heard::Later,
                        Err(_) if self.has(Flaw::AnyErrorIsAReset) => {
                            return Heard::Failed(ErrorKind::NotConnected);
                        }
                        Err(kind) => return Heard::Failed(self.failure.unwrap_or(kind)),
                    }
                }
                Ok(next) => {
                    if self.has(Flaw::EventBeforeItsAnswer) && self.session.blocked(next) {
                        continue;
                    }
                    if self.perform(next, &mut Frame::NONE.clone()).is_err() && !self.session.blocked(next) {
                        return Heard::Later;
                    }
                }
                Err(ReceiveError::AbnormalClosure) => {
                    return self.failure.map_or(Heard::Abnormal, Heard::Failed);
                }
                Err(ReceiveError::UnfinishedFrame) if self.kept.is_some() => {
                    if self.send_kept().is_err() {
                        return Heard::Later;
                    }
                }
                Err(error) => return Heard::Other(error.to_string()),
            }
        }
    }

    /// Returns what the session has found.
    fn found(&mut self, wants_message: bool) -> Option<Seen> {
        if wants_message {
            let message = self.session.message(&mut self.assembler)?;
            return Some(Seen::Data {
                kind: message.kind(),
                rsv: message.rsv(),
                payload: message.payload().to_vec(),
                first: true,
                last: true,
            });
        }
        Some(match self.session.event()? {
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
        })
    }

    /// Has the next call on the stream end by the deadline of `close`.
    fn arm(&self) -> Result<(), Later> {
        let Some(began) = self.closing.filter(|_| self.is_closing) else {
            return Ok(());
        };
        let left = match self.has(Flaw::LimitForEachCall) {
            true => CLOSE_TIMEOUT,
            false => CLOSE_TIMEOUT.saturating_sub(TestClock::elapsed() - began),
        };
        if left.is_zero() {
            return Err(Later);
        }
        self.stream.set_timeouts(Some(left), Some(left));
        Ok(())
    }

    fn close(&mut self) -> Heard {
        self.closing.get_or_insert_with(TestClock::elapsed);
        let (read, write) = self.stream.timeouts();
        self.is_closing = true;
        let heard = self.close_by();
        self.is_closing = false;
        self.stream.set_timeouts(read, write);
        heard
    }

    fn close_by(&mut self) -> Heard {
        let heard = loop {
            let heard = self.close_once();
            let is_over = self.arm().is_err();
            match heard {
                Heard::Later if is_over => break Heard::TimedOut,
                Heard::Later if self.is_nonblocking && !self.has(Flaw::Spins) => return Heard::Later,
                Heard::Later => {}
                heard => break heard,
            }
        };
        for how in [Shutdown::Write, Shutdown::Both] {
            let _ = self.arm().map(|()| self.stream.shutdown(how));
        }
        heard
    }

    fn close_once(&mut self) -> Heard {
        if let State::Open | State::CloseReceived = self.session.state() {
            // If it can't be written now, the peer may wait for us to read.
            let told = self.send(&Said::Close(CloseCode::NORMAL_CLOSURE, "bye"), false);
            match told {
                Told::Later if self.has(Flaw::CloseDoesNotRead) => return Heard::Later,
                Told::Failed(kind) if self.has(Flaw::CloseFailsAfterThePeers) => return Heard::Failed(kind),
                _ => {}
            }
        }
        loop {
            match self.read(false) {
                Heard::Seen(_) => {}
                Heard::Other(error) if error == ReceiveError::MessageSkipped.to_string() => {}
                heard => return heard,
            }
        }
    }
}

/// Does the same with the socket of either role.
macro_rules! with {
    ($end:expr, $socket:ident => $call:expr) => {
        match $end {
            Plain::Client($socket) => $call,
            Plain::Server($socket) => $call,
            Plain::Gone => unreachable!("no call is made after the drop"),
        }
    };
}

impl Endpoint for Plain {
    fn read_message(&mut self) -> Heard {
        with!(self, socket => socket.read(true))
    }

    fn read_event(&mut self) -> Heard {
        with!(self, socket => socket.read(false))
    }

    fn send(&mut self, said: &Said) -> Told {
        with!(self, socket => socket.send(said, false))
    }

    fn send_frame(&mut self, said: &Said) -> Told {
        with!(self, socket => match socket.send(said, false) {
            Told::Kept if socket.kept.take().is_some() => Told::Torn,
            told => told,
        })
    }

    fn fail(&mut self, code: CloseCode) -> Option<Told> {
        with!(self, socket => socket.fail(code))
    }

    fn feed(&mut self, said: &Said) -> Told {
        with!(self, socket => socket.send(said, true))
    }

    fn flush(&mut self) -> Told {
        with!(self, socket => socket.flushed())
    }

    fn close(&mut self) -> Heard {
        with!(self, socket => socket.close())
    }

    fn close_reason(&self) -> Option<(Option<CloseCode>, String)> {
        let reason = with!(self, socket => socket.session.close_reason());
        reason.map(|reason| (reason.code(), reason.reason().to_owned()))
    }

    fn abandon(&mut self) {
        *self = Plain::Gone;
    }

    fn limit(&self, call: EndpointCall) -> Option<Duration> {
        (call == EndpointCall::Close).then_some(CLOSE_TIMEOUT)
    }
}
