//! The interface of an adapter under test: one end of a connection over a stream that fails on purpose.

mod breach;
mod compare;
mod party;
mod talk;

pub use breach::{Breach, Rule};
pub use talk::{Breaches, converse, hold_to_rules};

use crate::Seen;
use bareframe::{CloseCode, MessageKind};
use std::io::ErrorKind;
use std::time::Duration;

/// One end of a connection, whose methods call an adapter. Its stream is a [`FailingStream`](crate::FailingStream).
///
/// After [`Endpoint::abandon`] no other method is called.
pub trait Endpoint {
    /// Reads the next message.
    fn read_message(&mut self) -> Heard;

    /// Reads the next event.
    fn read_event(&mut self) -> Heard;

    /// Sends this, and returns when it was written.
    fn send(&mut self, said: &Said) -> Told;

    /// Queues this, to be written with what comes after it.
    fn feed(&mut self, said: &Said) -> Told {
        self.send(said)
    }

    /// Sends this as a frame that the caller keeps, by repeated calls, and gives it up if the stream does not accept the rest.
    fn send_frame(&mut self, said: &Said) -> Told {
        self.send(said)
    }

    /// Fails the connection with this code; `None` if the adapter has no such call.
    fn fail(&mut self, _: CloseCode) -> Option<Told> {
        None
    }

    /// Writes all that is queued.
    fn flush(&mut self) -> Told;

    /// Closes the connection, to its end.
    fn close(&mut self) -> Heard;

    /// Returns what the peer's Close said.
    fn close_reason(&self) -> Option<(Option<CloseCode>, String)>;

    /// Drops the connection and its stream.
    fn abandon(&mut self);

    /// Returns `true` if a read waits for as long as the stream takes no answer, and reads nothing meanwhile.
    fn waits_for_answers(&self) -> bool {
        false
    }

    /// Returns `true` if reading leaves answers to be written by another half, so that the end may be returned before
    /// the answer to the peer's Close was written.
    fn leaves_answers(&self) -> bool {
        false
    }

    /// Returns `true` if a failed write is reported by another half than the reading one.
    fn reports_writes_apart(&self) -> bool {
        false
    }

    /// Returns the limit on the duration of a call on the [`TestClock`](crate::TestClock), if there is one.
    fn limit(&self, call: EndpointCall) -> Option<Duration>;
}

/// A call on an [`Endpoint`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EndpointCall {
    /// [`Endpoint::read_message`] and [`Endpoint::read_event`].
    Read,
    /// [`Endpoint::send`], [`Endpoint::feed`] and [`Endpoint::flush`].
    Send,
    /// [`Endpoint::close`].
    Close,
}

/// What is to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// A message in one frame.
    Message(MessageKind, Vec<u8>),
    /// A Ping.
    Ping(Vec<u8>),
    /// A Close.
    Close(CloseCode, &'static str),
}

/// What a call that sends returned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// It was done.
    Done,
    /// It was accepted, and the stream can't write the rest now.
    Kept,
    /// It was not accepted, since the stream can't write now.
    Later,
    /// A part of it was sent, and the rest is given up, so that only [`Endpoint::fail`] is left.
    Torn,
    /// The call was dropped, so that it is unknown whether it was accepted.
    Unknown,
    /// It is not allowed after what was sent or received before.
    Refused,
    /// The stream failed, with this error.
    Failed(ErrorKind),
}

/// What a call that receives or closes returned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// A message, or an event.
    Seen(Seen),
    /// The connection has ended with the peer's Close.
    Clean,
    /// The stream has ended without it.
    Abnormal,
    /// The stream failed, with this error.
    Failed(ErrorKind),
    /// The stream can't continue now.
    Later,
    /// The time limit was exceeded.
    TimedOut,
    /// Any other error, as text.
    Other(String),
}
