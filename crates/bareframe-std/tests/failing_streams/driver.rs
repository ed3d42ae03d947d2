//! Every call of the adapter, as the model makes it.

use bareframe_std::{
    Aborter, Client, CloseCode, Deadline, Error, Event, Frame, MaskingKey, MessageKind, Options, Server,
    Share, Stream, WebSocket,
};
use bareframe_testkit::{
    Endpoint, EndpointCall, FailingStream, Heard, Random, Said, Seen, Side, TestClock, Told,
};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than the stream waits for one call.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_millis(600);

/// The stream, with what the adapter asks of one.
#[derive(Clone, Debug)]
pub(crate) struct Failing(pub(crate) FailingStream);

type Keys = fn() -> MaskingKey;

/// One end of the connection, until it is dropped.
pub(crate) enum End {
    Client(WebSocket<Failing, Client<Keys>>),
    Server(WebSocket<Failing, Server>),
    Gone,
}

/// Does the same with the socket of either role.
macro_rules! with {
    ($end:expr, $socket:ident => $call:expr) => {
        match $end {
            End::Client($socket) => $call,
            End::Server($socket) => $call,
            End::Gone => unreachable!("no call is made after the drop"),
        }
    };
}

impl End {
    pub(crate) fn open(side: Side, stream: FailingStream, random: &mut Random) -> End {
        let options = options(random);
        let stream = Failing(stream);
        match side {
            Side::Client => End::Client(WebSocket::client_with_keys(stream, &options, key)),
            Side::Server => End::Server(WebSocket::server(stream, &options)),
        }
    }
}

pub(crate) fn options(random: &mut Random) -> Options {
    Options::DEFAULT
        .with_read_buffer([1, 16, 300, 5000][random.below(4)])
        .with_read_buffer_max(8192)
        .with_write_buffer([131, 200, 5000][random.below(3)])
        .with_write_timeout(WRITE_TIMEOUT)
        .with_close_timeout(CLOSE_TIMEOUT)
        .with_clock(TestClock::now)
}

pub(crate) fn key() -> MaskingKey {
    MaskingKey::new([1, 2, 3, 4])
}

impl Endpoint for End {
    fn read_message(&mut self) -> Heard {
        let read = with!(self, socket => match socket.read() {
            Ok(Some(message)) => {
                return Heard::Seen(Seen::Data {
                    kind: message.kind(),
                    rsv: message.rsv(),
                    payload: message.payload().to_vec(),
                    first: true,
                    last: true,
                });
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        });
        ended(read)
    }

    fn read_event(&mut self) -> Heard {
        let read = with!(self, socket => match socket.read_event() {
            Ok(Some(event)) => return Heard::Seen(seen(&event)),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        });
        ended(read)
    }

    fn send(&mut self, said: &Said) -> Told {
        told(with!(self, socket => match said {
            Said::Close(code, reason) => socket.send_close(*code, reason),
            said => socket.send(frame(said)),
        }))
    }

    fn feed(&mut self, said: &Said) -> Told {
        told(with!(self, socket => socket.feed(frame(said))))
    }

    fn send_frame(&mut self, said: &Said) -> Told {
        let mut frame = frame(said);
        with!(self, socket => by_frame(&mut frame, |frame| socket.send_frame(frame)))
    }

    fn fail(&mut self, code: CloseCode) -> Option<Told> {
        Some(told(with!(self, socket => socket.fail(code))))
    }

    fn flush(&mut self) -> Told {
        told(with!(self, socket => socket.flush()))
    }

    fn close(&mut self) -> Heard {
        ended(with!(self, socket => socket.close(CloseCode::NORMAL_CLOSURE, "bye").map(drop)))
    }

    fn close_reason(&self) -> Option<(Option<CloseCode>, String)> {
        let reason = with!(self, socket => socket.close_reason());
        reason.map(|reason| (reason.code(), reason.reason().to_owned()))
    }

    fn abandon(&mut self) {
        *self = End::Gone;
    }

    fn limit(&self, call: EndpointCall) -> Option<Duration> {
        match call {
            // How long a read waits is the stream's affair.
            EndpointCall::Read => None,
            // A frame is sent by several calls.
            EndpointCall::Send => Some(3 * WRITE_TIMEOUT),
            EndpointCall::Close => Some(CLOSE_TIMEOUT),
        }
    }
}

/// Sends a frame by three calls at most.
pub(crate) fn by_frame(
    frame: &mut Frame<'_>,
    mut send: impl FnMut(&mut Frame<'_>) -> Result<(), Error>,
) -> Told {
    for _ in 0..3 {
        match send(frame) {
            Err(error) if error.is_temporary() => {}
            sent => return told(sent),
        }
    }
    match (frame.is_begun(), frame.left()) {
        (false, _) => Told::Later,
        (true, 0) => Told::Kept,
        (true, _) => Told::Torn,
    }
}

pub(crate) fn frame(said: &Said) -> Frame<'_> {
    match said {
        Said::Message(MessageKind::Text, payload) => {
            Frame::text(std::str::from_utf8(payload).expect("text is UTF-8"))
        }
        Said::Message(MessageKind::Binary, payload) => Frame::binary(payload),
        Said::Ping(payload) => Frame::ping(payload),
        Said::Close(code, reason) => Frame::close(*code, reason),
    }
}

pub(crate) fn seen(event: &Event<'_>) -> Seen {
    match event {
        Event::Data(piece) => Seen::Data {
            kind: piece.kind(),
            rsv: piece.rsv(),
            payload: piece.payload().to_vec(),
            first: piece.is_first(),
            last: piece.is_last(),
        },
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close(reason) => Seen::Close {
            code: reason.code(),
            reason: reason.reason().to_owned(),
        },
    }
}

pub(crate) fn ended(result: Result<(), Error>) -> Heard {
    match result {
        Ok(()) => Heard::Clean,
        Err(error) if error.is_temporary() => Heard::Later,
        Err(Error::Io(error) | Error::Unflushed(error)) => Heard::Failed(error.kind()),
        Err(Error::AbnormalClosure) => Heard::Abnormal,
        Err(Error::CloseTimeout) => Heard::TimedOut,
        Err(error) => Heard::Other(error.to_string()),
    }
}

pub(crate) fn told(result: Result<(), Error>) -> Told {
    match result {
        Ok(()) => Told::Done,
        Err(error @ Error::Io(_)) if error.is_temporary() => Told::Later,
        Err(error @ Error::Unflushed(_)) if error.is_temporary() => Told::Kept,
        Err(Error::Io(error) | Error::Unflushed(error)) => Told::Failed(error.kind()),
        Err(Error::Send(_)) => Told::Refused,
        Err(error) => unreachable!("{error}"),
    }
}

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Failing {
    /// Calls a method that ends by the deadline.
    fn by<T>(
        &mut self,
        deadline: Deadline,
        call: impl FnOnce(&mut FailingStream) -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(left) = deadline.left()? else {
            return call(&mut self.0);
        };
        let (read, write) = self.0.timeouts();
        self.0.set_timeouts(Some(left), Some(left));
        let done = call(&mut self.0);
        self.0.set_timeouts(read, write);
        done.map_err(|error| match error.kind() {
            ErrorKind::WouldBlock if deadline.left().is_err() => ErrorKind::TimedOut.into(),
            _ => error,
        })
    }
}

/// A clone is another handle of the same end.
impl Share for Failing {
    type Shared = Failing;

    fn share(self) -> Failing {
        self
    }
}

impl Stream for Failing {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        self.by(deadline, |stream| stream.read(buffer))
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        self.by(deadline, |stream| stream.write_vectored(slices))
    }

    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()> {
        self.by(deadline, |stream| stream.flush())
    }

    /// Has no deadline, and so does not wait.
    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        let (read, write) = self.0.timeouts();
        self.0.set_timeouts(read, Some(Duration::ZERO));
        let done = self.0.shutdown(how);
        self.0.set_timeouts(read, write);
        done
    }

    fn set_nodelay(&self) -> io::Result<()> {
        Ok(())
    }

    fn aborter(&self) -> io::Result<Aborter> {
        Err(ErrorKind::Unsupported.into())
    }
}
