//! A connection in two halves, for two threads.

use crate::deadline::Deadline;
use crate::error::{Error, is_temporary};
use crate::input::Input;
use crate::linger::end_stream;
use crate::lock::{lock, try_lock};
use crate::message::Event;
use crate::output::Output;
use crate::reader::{Conversation, Reader};
use crate::stream::{By, Stream};
use crate::websocket::{Closing, WebSocket};
use bareframe::{
    CloseCode, CloseReason, ControlFrame, EndOfStream, Message, MessageKind, ProtocolError, Receiver, Reply,
    Role, Rsv, SendError, Sender,
};
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The receiving half of a connection, for one thread. [`WebSocket::split`] makes it.
///
/// Pings and the peer's Close are answered through the sending half. If that is busy with a frame the answer
/// is left there, and sent by the thread that is writing when the frame is done; this half never waits for
/// it.
#[derive(Debug)]
pub struct ReadHalf<S, R> {
    reader: Reader,
    receiving: Receiving<S, R>,
    closing: Closing,
}

/// The sending half of a connection, which any number of threads may share. [`WebSocket::split`] makes it.
///
/// A call holds the half for one frame; others wait for it. Each frame is written at once.
#[derive(Debug)]
pub struct WriteHalf<S, R> {
    shared: Arc<Shared<S, R>>,
}

/// What the reading loop works with.
#[derive(Debug)]
struct Receiving<S, R> {
    stream: S,
    receiver: Receiver<R>,
    shared: Arc<Shared<S, R>>,
    /// The peer's Close has come.
    closed: bool,
}

#[derive(Debug)]
struct Shared<S, R> {
    sending: Mutex<Sending<S, R>>,
    /// Locked for a moment only, also while `sending` is.
    left: Mutex<Left>,
}

#[derive(Debug)]
struct Sending<S, R> {
    stream: S,
    sender: Sender<R>,
    output: Output,
}

/// Answers that the receiving half has left, in the order in which they go out. Of several Pongs the latest
/// is enough (RFC 6455 section 5.5.3).
#[derive(Default, Debug)]
struct Left {
    pong: Option<Reply>,
    close: Option<Reply>,
}

impl<S: Stream, R: Role> WebSocket<S, R> {
    /// Gives the two halves, for two threads. Each needs the stream, of which `duplicate` makes a second
    /// handle.
    ///
    /// ```
    /// use bareframe_std::{accept, connect};
    /// use std::net::{TcpListener, TcpStream};
    /// use std::thread;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let url = format!("ws://{}/", listener.local_addr()?);
    /// let client = thread::spawn(move || -> Result<_, bareframe_std::Error> {
    ///     let mut socket = connect(&url)?;
    ///     socket.send_text("one")?;
    ///     socket.send_text("two")?;
    ///     socket.close(None, "")
    /// });
    ///
    /// let (mut reader, writer) = accept(listener.accept()?.0)?.split(TcpStream::try_clone)?;
    /// let clock = thread::spawn(move || writer.send_text("tick"));
    /// let mut messages = 0;
    /// while let Some(_message) = reader.read()? {
    ///     messages += 1;
    /// }
    /// reader.finish();
    /// assert_eq!(messages, 2);
    /// # let _ = clock.join().unwrap();
    /// # client.join().unwrap()?;
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `duplicate` gives.
    pub fn split(
        self,
        duplicate: impl FnOnce(&S) -> io::Result<S>,
    ) -> io::Result<(ReadHalf<S, R>, WriteHalf<S, R>)> {
        let second = duplicate(&self.link.stream)?;
        let (receiver, sender) = self.link.connection.split();
        let shared = Arc::new(Shared {
            sending: Mutex::new(Sending {
                stream: second,
                sender,
                output: self.link.output,
            }),
            left: Mutex::default(),
        });
        let receiving = Receiving {
            stream: self.link.stream,
            receiver,
            shared: Arc::clone(&shared),
            closed: self.reader.close_reason.is_some(),
        };
        let read_half = ReadHalf {
            reader: self.reader,
            receiving,
            closing: self.closing,
        };
        Ok((read_half, WriteHalf { shared }))
    }
}

impl<S: Stream, R: Role> ReadHalf<S, R> {
    /// As [`WebSocket::read`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub fn read(&mut self) -> Result<Option<Message<'_>>, Error> {
        self.reader.read(&mut self.receiving)
    }

    /// As [`WebSocket::read_event`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub fn read_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        self.reader.read_event(&mut self.receiving)
    }

    /// As [`WebSocket::fail`].
    pub fn fail(&mut self, code: CloseCode) {
        self.receiving.fail(code);
        self.receiving.answer();
        self.receiving.give_up();
    }

    /// Gives what the peer's Close said, if it has come.
    #[must_use]
    pub fn close_reason(&self) -> Option<&CloseReason> {
        self.reader.close_reason.as_ref()
    }

    /// Gives the stream.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.receiving.stream
    }
}

impl<S: Stream, R: Role> ReadHalf<S, R> {
    /// Ends the stream in good order, when `read` has given `None` or an error; as [`WebSocket::close`] does,
    /// and within the same time. The other half can't send any more.
    pub fn finish(mut self) {
        let deadline = Deadline::after(self.closing.timeout);
        self.receiving.shared.send_left_by(deadline);
        let after_peer = self.closing.after_peer && self.receiving.closed;
        let _ = end_stream(&mut self.receiving.stream, after_peer, deadline);
    }
}

impl<S: Stream, R: Role> WriteHalf<S, R> {
    /// As [`WebSocket::send_text`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        self.send(MessageKind::Text, text.as_bytes())
    }

    /// As [`WebSocket::send_binary`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_binary(&self, octets: &[u8]) -> Result<(), Error> {
        self.send(MessageKind::Binary, octets)
    }

    /// As [`WebSocket::send`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send(&self, kind: MessageKind, payload: &[u8]) -> Result<(), Error> {
        self.send_fragment(kind, Rsv::NONE, true, payload)
    }

    /// As [`WebSocket::send_fragment`]. The fragments of one message must all be sent by one thread.
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_fragment(&self, kind: MessageKind, rsv: Rsv, fin: bool, payload: &[u8]) -> Result<(), Error> {
        self.shared.hold(|sending| {
            sending.make_ready()?;
            let frame = sending.sender.send(kind, rsv, fin, payload.len() as u64)?;
            sending.output.frame(frame, payload, false, &mut sending.stream)
        })
    }

    /// As [`WebSocket::ping`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn ping(&self, payload: &[u8]) -> Result<(), Error> {
        self.control(|sender| sender.ping(payload))
    }

    /// As [`WebSocket::pong`].
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn pong(&self, payload: &[u8]) -> Result<(), Error> {
        self.control(|sender| sender.pong(payload))
    }

    /// As [`WebSocket::send_close`]; the receiving half gives `None` when the peer's Close has come.
    ///
    /// # Errors
    ///
    /// [`Error::Send`], [`Error::Io`] or [`Error::Unflushed`].
    pub fn send_close(&self, code: impl Into<Option<CloseCode>>, reason: &str) -> Result<(), Error> {
        let code = code.into();
        self.control(|sender| sender.close(code, reason))
    }

    /// As [`WebSocket::flush`].
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn flush(&self) -> Result<(), Error> {
        self.shared
            .hold(|sending| Ok(sending.output.flush(&mut sending.stream)?))
    }

    /// Lends the stream between two frames, with nothing waiting to be written: what is written to it goes to
    /// the peer as it is, which only those want who test the peer.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], or [`Error::Send`] within a frame; nothing was lent.
    pub fn with_stream<T>(&self, lend: impl FnOnce(&mut S) -> T) -> Result<T, Error> {
        self.shared.hold(|sending| {
            sending.make_ready()?;
            sending.output.flush(&mut sending.stream)?;
            Ok(lend(&mut sending.stream))
        })
    }

    fn control(
        &self,
        make: impl FnOnce(&mut Sender<R>) -> Result<ControlFrame, SendError>,
    ) -> Result<(), Error> {
        self.shared.hold(|sending| {
            sending.make_ready()?;
            let frame = make(&mut sending.sender)?;
            sending.output.control(&frame, false, &mut sending.stream)
        })
    }
}

impl<S, R> Clone for WriteHalf<S, R> {
    fn clone(&self) -> WriteHalf<S, R> {
        WriteHalf {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S: Stream, R: Role> Conversation for Receiving<S, R> {
    #[inline]
    fn receive<'i>(
        &mut self,
        input: &mut &'i mut [u8],
    ) -> Result<Option<bareframe::Event<'i>>, ProtocolError> {
        let event = self.receiver.receive(input);
        if let Ok(Some(bareframe::Event::Close(_))) = &event {
            self.closed = true;
        }
        event
    }

    fn fail(&mut self, code: CloseCode) {
        self.receiver.fail(code);
    }

    fn make_room(&mut self) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn answer(&mut self) {
        while let Some(reply) = self.receiver.poll_reply() {
            self.shared.leave(reply);
        }
    }

    fn refill(&mut self, input: &mut Input) -> Result<bool, Error> {
        // An error latches, and what was owed before the split is owed still.
        self.receiver.receive(&mut &mut [][..])?;
        self.answer();
        let flushed = self.shared.flush_if_free();
        match flushed {
            Err(error) if self.closed && is_temporary(&error) => return Err(Error::Io(error)),
            _ if self.closed => return Ok(false),
            Err(error) if !is_temporary(&error) => return Err(Error::Io(error)),
            _ => {}
        }
        if input.fill(&mut self.stream)? > 0 {
            return Ok(true);
        }
        match self.receiver.receive_eof() {
            EndOfStream::Clean => Ok(false),
            EndOfStream::Abnormal => Err(Error::AbnormalClosure),
        }
    }

    fn give_up(&mut self) {
        let _ = self.shared.flush_if_free();
    }
}

impl<S: Stream, R: Role> Shared<S, R> {
    /// Does something with the sending half as soon as nobody else does, and then what the receiving half has
    /// left.
    fn hold<T>(&self, act: impl FnOnce(&mut Sending<S, R>) -> Result<T, Error>) -> Result<T, Error> {
        let mut sending = lock(&self.sending);
        let result = act(&mut sending);
        // That an answer can't be sent is no fault of this call; it stays where it is.
        let mut settled = sending.send_left(&self.left);
        drop(sending);
        // An answer may have been left after that, by a reader who found the half still held.
        while let Ok(true) = settled
            && self.has_left()
            && let Some(mut sending) = try_lock(&self.sending)
        {
            settled = sending.send_left(&self.left);
        }
        result
    }

    fn has_left(&self) -> bool {
        !lock(&self.left).is_empty()
    }

    /// Queues an answer. If somebody holds the sending half, they will find it.
    fn leave(&self, reply: Reply) {
        lock(&self.left).add(reply);
        if let Some(mut sending) = try_lock(&self.sending)
            && !sending.take_left(&self.left)
        {
            // Without room. If the stream takes nothing now, a later call tries again.
            let _ = sending.send_left(&self.left);
        }
    }

    /// Writes what is queued. If somebody holds the sending half, they do it.
    fn flush_if_free(&self) -> io::Result<()> {
        match try_lock(&self.sending) {
            Some(mut sending) => match sending.send_left(&self.left) {
                // Behind our Close only Pongs wait; what has arrived counts for more.
                Err(error) if !is_temporary(&error) && sending.sender.is_closed() => Ok(()),
                sent => sent.map(|_| ()),
            },
            None => Ok(()),
        }
    }
}

impl<S: Stream, R: Role> Shared<S, R> {
    /// Sends what was left, once whoever holds the other half is done: the answer to a Close goes before the stream ends.
    fn send_left_by(&self, deadline: Deadline) {
        loop {
            if let Some(mut sending) = try_lock(&self.sending) {
                // A stream that refuses it ends all the same.
                let _ = sending.send_left_by(&self.left, deadline);
                return;
            }
            if deadline.left().is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl<S: Stream, R: Role> Sending<S, R> {
    /// Sees to it that a frame can begin.
    fn make_ready(&mut self) -> Result<(), Error> {
        if !self.output.is_ready() {
            self.output.flush(&mut self.stream)?;
        }
        if self.output.is_at_boundary() {
            Ok(())
        } else {
            Err(Error::Send(SendError::InsideFrame))
        }
    }

    /// Queues what was left, between frames and as far as there is room. Tells whether that is all of it.
    fn take_left(&mut self, left: &Mutex<Left>) -> bool {
        while self.output.is_ready() {
            let Some(reply) = lock(left).take(self.sender.is_closed()) else {
                return true;
            };
            if let Some(frame) = self.sender.reply(reply) {
                // There is room.
                let _ = self.output.queue(&frame);
            }
        }
        lock(left).is_empty()
    }

    /// Writes what is queued and what was left. False if that must wait for a frame that only its caller can
    /// end.
    fn send_left(&mut self, left: &Mutex<Left>) -> io::Result<bool> {
        self.send_left_by(left, Deadline::NONE)
    }

    fn send_left_by(&mut self, left: &Mutex<Left>, deadline: Deadline) -> io::Result<bool> {
        loop {
            let all = self.take_left(left);
            self.output.flush(&mut By::new(&mut self.stream, deadline))?;
            if all || !self.output.is_ready() {
                return Ok(all);
            }
        }
    }
}

impl Left {
    fn is_empty(&self) -> bool {
        self.pong.is_none() && self.close.is_none()
    }

    fn add(&mut self, reply: Reply) {
        if reply.is_close() {
            self.close = Some(reply);
        } else {
            self.pong = Some(reply);
        }
    }

    /// Takes what goes next. No Pong follows our Close once the peer's has arrived (RFC 6455 section 5.5.1).
    fn take(&mut self, our_close_was_sent: bool) -> Option<Reply> {
        if our_close_was_sent && self.close.is_some() {
            self.pong = None;
        }
        self.pong.take().or_else(|| self.close.take())
    }
}
