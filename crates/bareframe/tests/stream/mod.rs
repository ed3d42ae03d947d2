//! A stream in memory that is slow, blocks and refuses, and what performs on it what a session says.
#![allow(dead_code, reason = "each test uses a part of it")]

use bareframe::{
    Assembler, BufferTooSmall, CloseReason, Config, Connection, Event, Extension, Frame, Gather, Memory,
    Next, ReceiveError, Role, SendError, Server, Session,
};
use bareframe_testkit as testkit;
use std::collections::VecDeque;

/// The result of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Text(String, bool),
    Binary(Vec<u8>, bool),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
    /// The stream would block.
    Blocked(Next),
    Closed,
    Failed(ReceiveError),
}

/// The stream, as a session sees it.
#[derive(Default, Debug)]
pub(crate) struct Stream {
    pub(crate) input: VecDeque<Vec<u8>>,
    pub(crate) has_ended: bool,
    pub(crate) output: Vec<u8>,
    /// How many bytes it takes before it blocks, forever if `None`.
    pub(crate) takes: Option<usize>,
    /// The most bytes of one write.
    pub(crate) step: usize,
    pub(crate) refuses: bool,
    pub(crate) flushes: usize,
    pub(crate) writes: usize,
}

pub(crate) type ServerSession = Session<Server, [u8; 256], [u8; 256]>;

/// Memory for messages of this many bytes.
pub(crate) struct Bounded<const N: usize>(Vec<u8>);

pub(crate) fn gathering<const N: usize>() -> Assembler<Bounded<N>> {
    Assembler::new(Bounded(Vec::new()))
}

impl<const N: usize> Gather for Bounded<N> {
    fn clear(&mut self) {
        self.0.clear();
    }

    fn gather(&mut self, piece: &[u8]) -> Result<(), BufferTooSmall> {
        let needed = self.0.len() + piece.len();
        if needed > N {
            return Err(BufferTooSmall { needed, available: N });
        }
        self.0.extend_from_slice(piece);
        Ok(())
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.0
    }

    fn capacity(&self) -> usize {
        N
    }
}

pub(crate) fn server() -> ServerSession {
    Session::new(Connection::server(Config::DEFAULT), [0; 256], [0; 256])
}

/// Returns a client's frame with the key 0.
pub(crate) fn masked(frame: testkit::Frame) -> Vec<u8> {
    frame.masked([0; 4]).to_bytes()
}

impl Stream {
    pub(crate) fn new(input: impl IntoIterator<Item = Vec<u8>>) -> Stream {
        Stream {
            input: input.into_iter().collect(),
            step: usize::MAX,
            ..Stream::default()
        }
    }

    /// Performs what the session says; returns `false` if it would block.
    pub(crate) fn perform<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
        &mut self,
        session: &mut Session<R, I, O, X>,
        next: Next,
        frame: &mut Frame<'_>,
    ) -> bool {
        match next {
            Next::Write => {
                if self.refuses {
                    return session.performed(next, Err(()), frame).is_ok();
                }
                let [queued, payload] = session.to_write(frame);
                assert!(
                    !queued.is_empty() || !payload.is_empty(),
                    "there is something to write"
                );
                let all = [queued, payload].concat();
                let len = all.len().min(self.step).min(self.takes.unwrap_or(usize::MAX));
                if len == 0 {
                    return false;
                }
                self.output.extend_from_slice(&all[..len]);
                self.takes = self.takes.map(|takes| takes - len);
                self.writes += 1;
                session.performed(next, Ok::<_, ()>(len), frame).is_ok()
            }
            Next::Flush => {
                self.flushes += 1;
                session.performed(next, Ok::<_, ()>(0), frame).is_ok()
            }
            Next::Read => {
                let space = session.space();
                assert!(!space.is_empty(), "there is space to read into");
                let Some(piece) = self.input.front_mut() else {
                    if self.has_ended {
                        session.read(0);
                    }
                    return self.has_ended;
                };
                let len = piece.len().min(space.len());
                space[..len].copy_from_slice(&piece[..len]);
                piece.drain(..len);
                if piece.is_empty() {
                    self.input.pop_front();
                }
                session.performed(next, Ok::<_, ()>(len), frame).is_ok()
            }
            Next::Memory | Next::Ready | Next::Closed => panic!("{next:?} is not performed"),
        }
    }

    /// Reads the next event as an adapter does, which waits when the session says so.
    pub(crate) fn event<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
        &mut self,
        session: &mut Session<R, I, O, X>,
    ) -> Outcome {
        loop {
            let next = match session.next_event() {
                Ok(Next::Ready) => {
                    return match session.event().expect("it is ready") {
                        Event::Data(data)
                            if data.kind() == bareframe::MessageKind::Text && data.as_str().is_some() =>
                        {
                            Outcome::Text(data.as_str().unwrap().to_owned(), data.is_last())
                        }
                        Event::Data(data) => Outcome::Binary(data.payload().to_vec(), data.is_last()),
                        Event::Ping(payload) => Outcome::Ping(payload.to_vec()),
                        Event::Pong(payload) => Outcome::Pong(payload.to_vec()),
                        Event::Close(reason) => Outcome::Close(code(reason)),
                    };
                }
                Ok(Next::Closed) => return Outcome::Closed,
                Ok(next) => next,
                Err(error) => return Outcome::Failed(error),
            };
            if !self.perform(session, next, &mut Frame::NONE.clone()) && !session.blocked(next) {
                return Outcome::Blocked(next);
            }
        }
    }

    /// Reads the next message as an adapter does.
    pub(crate) fn message<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension, B: Gather>(
        &mut self,
        session: &mut Session<R, I, O, X>,
        assembler: &mut Assembler<B>,
    ) -> Outcome {
        loop {
            let next = match session.next_message(assembler) {
                Ok(Next::Ready) => {
                    let message = session.message(assembler).expect("it is ready");
                    return match message.as_str() {
                        Some(text) => Outcome::Text(text.to_owned(), true),
                        None => Outcome::Binary(message.payload().to_vec(), true),
                    };
                }
                Ok(Next::Closed) => return Outcome::Closed,
                Ok(next) => next,
                Err(error) => return Outcome::Failed(error),
            };
            if !self.perform(session, next, &mut Frame::NONE.clone()) && !session.blocked(next) {
                return Outcome::Blocked(next);
            }
        }
    }

    /// Sends a frame and writes what is queued; returns `false` if the stream would block.
    pub(crate) fn send<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
        &mut self,
        session: &mut Session<R, I, O, X>,
        frame: &mut Frame<'_>,
    ) -> Result<bool, SendError> {
        loop {
            match session.next_sent(frame)? {
                Next::Ready => return Ok(self.flush(session)),
                next => {
                    if !self.perform(session, next, frame) {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Writes what is queued; returns `false` if the stream would block.
    pub(crate) fn flush<R: Role, I: Memory, O: AsRef<[u8]> + AsMut<[u8]>, X: Extension>(
        &mut self,
        session: &mut Session<R, I, O, X>,
    ) -> bool {
        loop {
            match session.next_flush() {
                Next::Ready => return true,
                next => {
                    if !self.perform(session, next, &mut Frame::NONE.clone()) {
                        return false;
                    }
                }
            }
        }
    }
}

pub(crate) fn code(reason: CloseReason) -> Option<u16> {
    reason.code().map(|code| code.number())
}
