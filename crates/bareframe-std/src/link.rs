//! An engine and its stream, in one hand.

use crate::deadline::Deadline;
use crate::error::{Error, is_temporary};
use crate::input::Input;
use crate::output::Output;
use crate::reader::Conversation;
use crate::stream::{By, Stream};
use bareframe::{
    CloseCode, Connection, ControlFrame, EndOfStream, Event, MessageKind, Outgoing, ProtocolError, Role, Rsv,
    SendError, State,
};
use std::io;

#[derive(Debug)]
pub(crate) struct Link<S, R> {
    pub(crate) stream: S,
    pub(crate) connection: Connection<R>,
    pub(crate) output: Output,
    /// Until when the calls of the stream may last.
    pub(crate) deadline: Deadline,
}

impl<S: Stream, R: Role> Link<S, R> {
    /// Sends a frame of a message. If it may wait it is only queued, as long as there is room.
    pub(crate) fn send(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        fin: bool,
        payload: &[u8],
        may_wait: bool,
    ) -> Result<(), Error> {
        self.make_ready()?;
        let frame = self.connection.send(kind, rsv, fin, payload.len() as u64)?;
        self.output.frame(
            frame,
            payload,
            may_wait,
            &mut By::new(&mut self.stream, self.deadline),
        )
    }

    /// Begins a frame of a message, whose payload follows through [`Link::push`].
    pub(crate) fn begin(
        &mut self,
        kind: MessageKind,
        rsv: Rsv,
        fin: bool,
        payload_len: u64,
    ) -> Result<Outgoing<R>, Error> {
        self.make_ready()?;
        let frame = self.connection.send(kind, rsv, fin, payload_len)?;
        self.output.begin(&frame)?;
        Ok(frame)
    }

    /// Takes the next octets of the payload of a frame that was begun.
    pub(crate) fn push(
        &mut self,
        frame: &mut Outgoing<R>,
        payload: &[u8],
        may_wait: bool,
    ) -> io::Result<usize> {
        self.output.push(
            frame,
            payload,
            may_wait,
            &mut By::new(&mut self.stream, self.deadline),
        )
    }

    /// Sends a control frame. If it may wait it is only queued.
    pub(crate) fn control(
        &mut self,
        make: impl FnOnce(&mut Connection<R>) -> Result<ControlFrame, SendError>,
        may_wait: bool,
    ) -> Result<(), Error> {
        self.make_ready()?;
        let frame = make(&mut self.connection)?;
        self.output
            .control(&frame, may_wait, &mut By::new(&mut self.stream, self.deadline))
    }

    /// Sees to it that a frame can begin. What is owed goes before it: it was queued if there was room, and
    /// is if room must be made.
    fn make_ready(&mut self) -> Result<(), Error> {
        if !self.output.is_ready() {
            self.flush()?;
        }
        if self.output.is_at_boundary() {
            Ok(())
        } else {
            Err(Error::Send(SendError::InsideFrame))
        }
    }

    /// Writes all that waits.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.queue_answers();
        self.output.flush(&mut By::new(&mut self.stream, self.deadline))?;
        // What had to wait for the end of a frame.
        while self.queue_answers() {
            self.output.flush(&mut By::new(&mut self.stream, self.deadline))?;
        }
        Ok(())
    }

    /// Queues what the engine owes, between frames and as far as there is room. Tells whether it did.
    fn queue_answers(&mut self) -> bool {
        let mut queued = false;
        while self.output.is_ready() {
            let Some(frame) = self.connection.poll_transmit() else {
                break;
            };
            queued |= self.output.queue(&frame).is_ok();
        }
        queued
    }
}

impl<S: Stream, R: Role> Conversation for Link<S, R> {
    #[inline]
    fn receive<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, ProtocolError> {
        self.connection.receive(input)
    }

    fn fail(&mut self, code: CloseCode) {
        self.connection.fail(code);
    }

    #[inline]
    fn make_room(&mut self) -> Result<(), Error> {
        if self.output.is_ready() {
            return Ok(());
        }
        match self.flush() {
            // While the stream takes nothing a later Pong stands for an earlier one (RFC 6455 section 5.5.3).
            // Behind our Close only Pongs wait; what has arrived counts for more.
            Err(error) if !is_temporary(&error) => match self.connection.state() {
                State::CloseSent | State::Closed => Ok(()),
                _ => Err(Error::Io(error)),
            },
            _ => Ok(()),
        }
    }

    #[inline]
    fn answer(&mut self) {
        self.queue_answers();
    }

    fn refill(&mut self, input: &mut Input) -> Result<bool, Error> {
        let flushed = self.flush();
        match (self.connection.state(), flushed) {
            (State::Failed, _) => match self.connection.receive(&mut &mut [][..]) {
                Err(error) => return Err(Error::Protocol(error)),
                Ok(_) => return Err(Error::AbnormalClosure),
            },
            (State::Closed | State::CloseReceived, Err(error)) if is_temporary(&error) => {
                return Err(Error::Io(error));
            }
            // A peer that has closed need not have waited for our answer.
            (State::Closed, _) | (State::CloseReceived, Err(_)) => return Ok(false),
            (State::CloseReceived, Ok(())) => return Err(Error::Send(SendError::InsideFrame)),
            // The peer may have closed the stream behind its Close, which has arrived and is still to be read.
            (State::CloseSent, Err(error)) if !is_temporary(&error) => {
                return match input.fill(&mut By::new(&mut self.stream, self.deadline)) {
                    Ok(1..) => Ok(true),
                    _ => Err(Error::Io(error)),
                };
            }
            // Two ends that write and do not read until the other has read would wait for ever.
            (_, Err(error)) if !is_temporary(&error) => return Err(Error::Io(error)),
            _ => {}
        }
        if input.fill(&mut By::new(&mut self.stream, self.deadline))? > 0 {
            return Ok(true);
        }
        match self.connection.receive_eof() {
            EndOfStream::Clean => Ok(false),
            EndOfStream::Abnormal => Err(Error::AbnormalClosure),
        }
    }

    fn give_up(&mut self) {
        let _ = self.flush();
    }
}
