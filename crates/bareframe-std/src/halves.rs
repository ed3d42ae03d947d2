//! A connection in two halves, for two threads.

use crate::close::Closing;
use crate::deadline::Deadline;
use crate::error::{Error, is_temporary};
use crate::extension::{StdInbound, StdOutbound};
use crate::linger::StreamEnd;
use crate::lock::{lock, try_lock, wait_timeout};
use crate::message::OwnedMessage;
use crate::options::Options;
use crate::reader::{Reader, Waited};
use crate::sender::{MessageSender, close_frame};
use crate::stream::{Aborter, Share, Stream};
use crate::websocket::{Wanted, WebSocket};
use crate::writer::Writer;
use bareframe::{
    Assembler, CloseCode, CloseReason, Event, Frame, Message, Next, Pending, ReceiveError, Role, SendError,
    State,
};
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// The receiving half of a connection, for one thread. [`WebSocket::split`] creates it.
///
/// Pings and the peer's Close are answered through the sending half. If another thread has locked that, the answer is
/// left there and sent by that thread when its frame is done; this half never waits for it.
#[derive(Debug)]
pub struct ReadHalf<S, R> {
    stream: S,
    inbound: StdInbound<R>,
    assembler: Assembler<Vec<u8>>,
    reader: Reader,
    closing: Closing,
    subprotocol: Option<Box<str>>,
    shared: Arc<Shared<S, R>>,
}

/// The sending half of a connection, which any number of threads may share. [`WebSocket::split`] creates it.
///
/// A call locks the half for one frame, and others wait for it. Each frame is written at once.
#[derive(Debug)]
pub struct WriteHalf<S, R> {
    shared: Arc<Shared<S, R>>,
}

#[derive(Debug)]
struct Shared<S, R> {
    /// For ending the stream while `sending` is locked.
    stream: S,
    sending: Mutex<Sending<S, R>>,
    /// What the receiving half has left. It is only locked briefly, also while `sending` is locked.
    slot: Mutex<Pending>,
    /// How many writes the stream has accepted.
    accepted: Arc<AtomicUsize>,
    /// Our Close was sent, as far as the receiving half knows.
    is_closed: AtomicBool,
    end: End,
    options: Options,
}

/// Where the receiving half says that it has ended: by both Close frames, or otherwise.
#[derive(Debug, Default)]
struct End {
    is_clean: Mutex<Option<bool>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Sending<S, R> {
    stream: S,
    outbound: StdOutbound<R>,
    writer: Writer,
}

impl<S: Share, R: Role> WebSocket<S, R> {
    /// Splits the connection into its halves, for two threads.
    ///
    /// A peer that does not read blocks the threads that send to it.
    /// [`Options::with_write_timeout`](crate::Options::with_write_timeout) limits each call, and [`WriteHalf::aborter`]
    /// disconnects a peer that is too slow, whatever the threads wait for. To end the connection from the sending side,
    /// send a Close; with a keepalive the receiving half then ends in time, also if the peer never answers.
    ///
    /// ```
    /// use bareframe_std::{accept, connect};
    /// use std::net::TcpListener;
    /// use std::thread;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let url = format!("ws://{}/", listener.local_addr()?);
    /// let client = thread::spawn(move || -> Result<_, bareframe_std::Error> {
    ///     let mut socket = connect(&url)?;
    ///     socket.send("one")?;
    ///     socket.send("two")?;
    ///     socket.close(None, "")
    /// });
    ///
    /// let (mut reader, writer) = accept(listener.accept()?.0)?.split();
    /// let clock = thread::spawn(move || writer.send("tick"));
    /// let mut messages = 0;
    /// while let Some(_message) = reader.read()? {
    ///     messages += 1;
    /// }
    /// reader.close(None, "")?;
    /// assert_eq!(messages, 2);
    /// # let _ = clock.join().unwrap();
    /// # client.join().unwrap()?;
    /// # Ok::<(), bareframe_std::Error>(())
    /// ```
    #[must_use]
    pub fn split(self) -> (ReadHalf<S::Shared, R>, WriteHalf<S::Shared, R>) {
        let stream = self.stream.share();
        let (inbound, outbound) = self.session.split();
        let shared = Arc::new(Shared {
            stream: stream.clone(),
            accepted: Arc::clone(self.writer.accepted()),
            is_closed: AtomicBool::new(false),
            end: End::default(),
            options: *self.closing.options(),
            sending: Mutex::new(Sending {
                stream: stream.clone(),
                outbound,
                writer: self.writer,
            }),
            slot: Mutex::new(Pending::NONE),
        });
        let read_half = ReadHalf {
            stream,
            inbound,
            assembler: self.assembler,
            reader: self.reader,
            closing: self.closing,
            subprotocol: self.subprotocol,
            shared: Arc::clone(&shared),
        };
        (read_half, WriteHalf { shared })
    }
}

impl<S: Stream, R: Role> ReadHalf<S, R> {
    /// As [`WebSocket::read`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub fn read(&mut self) -> Result<Option<Message<'_>>, Error> {
        if !self.receive_until(Wanted::Message, Deadline::NONE)? {
            return Ok(None);
        }
        Ok(self.inbound.message(&mut self.assembler))
    }

    /// As [`WebSocket::read_owned`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read`].
    pub fn read_owned(&mut self) -> Result<Option<OwnedMessage>, Error> {
        if !self.receive_until(Wanted::Message, Deadline::NONE)? {
            return Ok(None);
        }
        Ok(OwnedMessage::take(&mut self.inbound, &mut self.assembler))
    }

    /// As [`WebSocket::read_event`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::read_event`].
    pub fn read_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        if !self.receive_until(Wanted::Event, Deadline::NONE)? {
            return Ok(None);
        }
        Ok(self.inbound.event())
    }

    /// Fails the connection as [`WebSocket::fail`] does. A Close that can't be sent at once is left to the other half.
    pub fn fail(&mut self, code: CloseCode) {
        self.closing.is_reported = true;
        self.inbound.fail(code);
        self.leave(Pending::NONE, Deadline::NONE);
    }

    /// Closes the connection as [`WebSocket::close`] does, within the same time, also while another thread holds the other half.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::close`].
    pub fn close(&mut self, code: impl Into<Option<CloseCode>>, reason: &str) -> Result<StreamEnd, Error> {
        let deadline = self.closing.begin();
        let result = self.finish_handshake(close_frame(code.into(), reason), deadline);
        let is_clean = result.is_ok() && self.inbound.close_reason().is_some();
        self.closing.end(&mut self.stream, result, is_clean)
    }

    /// Returns how far the closing of the connection is. While another thread sends, its Close may not be known yet.
    ///
    /// ```
    /// use bareframe_std::{State, WebSocket, Share};
    /// # fn state<S: Share>(socket: bareframe_std::ServerSocket<S>) -> Result<(), bareframe_std::Error> {
    /// let (mut reader, writer) = socket.split();
    /// assert_eq!(reader.state(), State::Open);
    /// writer.send_close(None, "")?;
    /// assert_eq!(reader.state(), State::CloseSent);
    /// assert!(reader.read_owned()?.is_none());
    /// assert_eq!(reader.state(), State::Closed);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn state(&self) -> State {
        let is_closed = &self.shared.is_closed;
        if let Some(sending) = try_lock(&self.shared.sending) {
            is_closed.store(sending.outbound.is_closed(), Ordering::Relaxed);
        }
        self.inbound.state(is_closed.load(Ordering::Relaxed))
    }

    /// As [`WebSocket::subprotocol`].
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Returns what the peer's Close said, once it was received (RFC 6455 sections 7.1.5 and 7.1.6).
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.inbound.close_reason()
    }

    /// Returns an [`Aborter`], which ends the stream at once from another thread while this one waits in a call.
    ///
    /// # Errors
    ///
    /// Returns the error of [`Stream::aborter`].
    pub fn aborter(&self) -> io::Result<Aborter> {
        self.stream.aborter()
    }

    /// Returns the stream.
    #[must_use]
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// Receives until what is wanted is there, and leaves the answers to the other half; returns `false` when the connection has
    /// ended.
    fn receive_until(&mut self, wanted: Wanted, deadline: Deadline) -> Result<bool, Error> {
        let received = self.run_until(wanted, deadline);
        if !self.inbound.is_open() && !matches!(received, Ok(true)) {
            self.shared.end.report(self.inbound.close_reason().is_some());
        }
        received
    }

    fn run_until(&mut self, wanted: Wanted, deadline: Deadline) -> Result<bool, Error> {
        loop {
            let next = match wanted {
                Wanted::Message => self.inbound.next_message(&mut self.assembler),
                Wanted::Event | Wanted::End => self.inbound.next_event(),
            };
            if self.inbound.has_pending() {
                self.leave(Pending::NONE, deadline);
            }
            match next {
                Ok(Next::Ready) if matches!(wanted, Wanted::End) => drop(self.inbound.event()),
                Ok(Next::Ready) => return Ok(true),
                Ok(Next::Closed) => {
                    // The answer to the peer's Close, if it could not be written before.
                    self.shared.settle(deadline);
                    return Ok(false);
                }
                // It was left to the other half.
                Ok(Next::Write) => {}
                Ok(_) => self.wait(deadline)?,
                Err(ReceiveError::MessageSkipped) if matches!(wanted, Wanted::End) => {}
                // A call has returned it before.
                Err(_) if matches!(wanted, Wanted::End) && self.closing.is_reported => return Ok(false),
                Err(error) => {
                    self.closing.is_reported |= !self.inbound.is_open() && !matches!(wanted, Wanted::End);
                    return Err(match error {
                        ReceiveError::AbnormalClosure => {
                            self.shared.failure().unwrap_or(Error::AbnormalClosure)
                        }
                        error => Error::received(error, self.inbound.violation()),
                    });
                }
            }
        }
    }

    fn wait(&mut self, deadline: Deadline) -> Result<(), Error> {
        // What could not be written before.
        self.shared.settle(deadline);
        let ping_waits = lock(&self.shared.slot).is_ping();
        self.reader.wrote(&self.shared.accepted, ping_waits);
        let waited = self
            .reader
            .read(&mut self.stream, &mut self.inbound, &mut self.assembler, deadline);
        match waited {
            Ok(Waited::Read) => Ok(()),
            Ok(Waited::PingIsDue) => {
                self.leave(Pending::PING, deadline);
                Ok(())
            }
            Err(Error::Io(error)) if !is_temporary(&error) => {
                Err(self.shared.failure().unwrap_or(Error::Io(error)))
            }
            Err(error) => Err(error),
        }
    }

    /// Leaves what has to be sent to the other half, and has it sent by the deadline if no other thread holds that.
    fn leave(&mut self, pending: Pending, deadline: Deadline) {
        {
            let mut slot = lock(&self.shared.slot);
            slot.merge(self.inbound.take_pending());
            slot.merge(pending);
        }
        self.shared.settle(deadline);
    }

    fn finish_handshake(&mut self, frame: Frame<'_>, deadline: Deadline) -> Result<(), Error> {
        if self.inbound.is_open() {
            self.shared.queue_close(frame, deadline)?;
        }
        let done = self.receive_until(Wanted::End, deadline);
        // The answer to the peer's Close is written before the stream ends.
        let mut sending = self.shared.lock_by(deadline)?;
        let is_sent = sending.answer(&self.shared.slot, deadline);
        let is_late = !is_sent && !sending.outbound.is_within_frame() && sending.writer.failure().is_none();
        match done {
            Ok(_) if is_late => Err(Error::Io(ErrorKind::WouldBlock.into())),
            done => done.map(drop),
        }
    }
}

impl<S, R> Drop for ReadHalf<S, R> {
    fn drop(&mut self) {
        self.shared.end.report(false);
    }
}

impl End {
    /// Reports the end, unless it was reported before.
    fn report(&self, is_clean: bool) {
        lock(&self.is_clean).get_or_insert(is_clean);
        self.changed.notify_all();
    }

    /// Waits for the end, and returns `true` if it is clean.
    fn wait(&self, deadline: Deadline) -> io::Result<bool> {
        let mut is_clean = lock(&self.is_clean);
        while is_clean.is_none() {
            let left = deadline.left()?.unwrap_or(Duration::MAX);
            is_clean = wait_timeout(&self.changed, is_clean, left);
        }
        Ok(*is_clean == Some(true))
    }
}

impl<S: Stream, R: Role> WriteHalf<S, R> {
    /// As [`WebSocket::send`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub fn send<'f>(&self, frame: impl Into<Frame<'f>>) -> Result<(), Error> {
        self.shared.hold(|sender| sender.send(frame))
    }

    /// As [`WebSocket::send_frame`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send_frame`].
    pub fn send_frame(&self, frame: &mut Frame<'_>) -> Result<(), Error> {
        self.shared.hold(|sender| sender.send_frame(frame))
    }

    /// As [`WebSocket::feed`]. It is written by the next call of this half, or before the other half waits for the
    /// peer.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub fn feed<'f>(&self, frame: impl Into<Frame<'f>>) -> Result<(), Error> {
        let mut sending = lock(&self.shared.sending);
        let deadline = sending.writer.deadline();
        let fed = sending
            .prepare(&self.shared.slot, deadline)
            .and_then(|()| sending.sender().feed(frame));
        drop(sending);
        self.shared.settle_after(&fed, deadline);
        fed
    }

    /// As [`WebSocket::send_close`]; the receiving half returns `None` when the peer's Close has come.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub fn send_close(&self, code: impl Into<Option<CloseCode>>, reason: &str) -> Result<(), Error> {
        self.send(close_frame(code.into(), reason))
    }

    /// Sends our Close if none was sent, and waits until the receiving half, which another thread reads from, has received the peer's.
    /// That thread then ends the stream by [`ReadHalf::close`] or by dropping its half. The whole call lasts at most
    /// [`Options::close_timeout`](crate::Options::close_timeout), after which the stream is ended at once.
    ///
    /// ```
    /// # use bareframe_std::ServerSocket;
    /// # fn serve(socket: ServerSocket<std::net::TcpStream>) -> Result<(), bareframe_std::Error> {
    /// let (mut reader, writer) = socket.split();
    /// let reading = std::thread::spawn(move || while let Ok(Some(_message)) = reader.read() {});
    /// writer.send("the last news")?;
    /// writer.close(None, "")?;
    /// # reading.join().unwrap();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::CloseTimeout`] if the peer's Close does not arrive in time; [`Error::AbnormalClosure`] if the receiving half ended
    /// without it, with an error of its own or because it was dropped; [`Error::UnfinishedFrame`] if no Close can be sent because a
    /// frame is not finished; [`Error::Io`].
    pub fn close(&self, code: impl Into<Option<CloseCode>>, reason: &str) -> Result<(), Error> {
        let shared = &self.shared;
        let deadline = shared.options.deadline(shared.options.close_timeout());
        let closed = shared.queue_close(close_frame(code.into(), reason), deadline);
        if closed.is_ok() {
            shared.settle(deadline);
        }
        match closed.and_then(|()| Ok(shared.end.wait(deadline)?)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::AbnormalClosure),
            Err(Error::Io(error)) if is_temporary(&error) => {
                let _ = shared.stream.aborter().map(|aborter| aborter.abort());
                Err(Error::CloseTimeout)
            }
            Err(error) => Err(error),
        }
    }

    /// As [`WebSocket::flush`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::flush`].
    pub fn flush(&self) -> Result<(), Error> {
        self.shared.hold(|sender| sender.flush())
    }

    /// Returns an [`Aborter`], which ends the stream at once from another thread, also while a waiting thread has
    /// locked this half.
    ///
    /// # Errors
    ///
    /// Returns the error of [`Stream::aborter`].
    pub fn aborter(&self) -> io::Result<Aborter> {
        self.shared.stream.aborter()
    }

    /// Lends the stream between two frames, with nothing waiting to be written. Bytes that are written to it are sent
    /// unchanged, which is only of use to test the peer.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], or [`Error::Send`] within a frame; nothing was lent.
    pub fn with_stream<T>(&self, lend: impl FnOnce(&mut S) -> T) -> Result<T, Error> {
        let mut sending = lock(&self.shared.sending);
        sending.sender().flush()?;
        if sending.outbound.is_within_frame() {
            return Err(Error::Send(SendError::InsideFrame));
        }
        let lent = Ok(lend(&mut sending.stream));
        drop(sending);
        self.shared.settle_after(&lent, Deadline::NONE);
        lent
    }
}

impl<S, R> Clone for WriteHalf<S, R> {
    fn clone(&self) -> WriteHalf<S, R> {
        WriteHalf {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S: Stream, R: Role> Shared<S, R> {
    /// Sends something once no other thread is sending: first what the receiving half has left, then this, then what
    /// that half has left since.
    fn hold<T>(
        &self,
        act: impl FnOnce(&mut MessageSender<'_, S, R>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut sending = lock(&self.sending);
        let deadline = sending.writer.deadline();
        let prepared = sending.prepare(&self.slot, deadline);
        let result = prepared.and_then(|()| act(&mut sending.sender()));
        if !was_refused(&result) {
            sending.answer(&self.slot, deadline);
        }
        Writer::shrink(&mut sending.outbound);
        drop(sending);
        self.settle_after(&result, deadline);
        result
    }

    /// Sends what a reader left while the half was locked by a call with this result.
    fn settle_after<T>(&self, result: &Result<T, Error>, deadline: Deadline) {
        if !was_refused(result) && !lock(&self.slot).is_empty() {
            self.settle(deadline);
        }
    }

    /// Sends what is queued and what was left, unless another thread has locked the sending half, which then sends it.
    fn settle(&self, deadline: Deadline) {
        while let Some(mut sending) = try_lock(&self.sending) {
            let deadline = sending.writer.earlier(deadline);
            let is_done = sending.answer(&self.slot, deadline);
            drop(sending);
            if !is_done || lock(&self.slot).is_empty() {
                return;
            }
        }
    }

    /// Locks the sending half.
    fn lock_by(&self, deadline: Deadline) -> Result<MutexGuard<'_, Sending<S, R>>, Error> {
        loop {
            if let Some(sending) = try_lock(&self.sending) {
                return Ok(sending);
            }
            deadline.left()?;
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Queues our Close, unless one was sent.
    fn queue_close(&self, frame: Frame<'_>, deadline: Deadline) -> Result<(), Error> {
        let mut sending = self.lock_by(deadline)?;
        if !sending.outbound.is_closed() && sending.sender().queue_close(frame).is_err() {
            // No Close can follow a frame that is not finished (RFC 6455 section 7.1.7).
            return Err(Error::UnfinishedFrame);
        }
        Ok(())
    }

    fn failure(&self) -> Option<Error> {
        try_lock(&self.sending)?.writer.failure()
    }
}

/// Returns `true` if the stream accepted nothing or not all. A call waits for it only once.
const fn was_refused<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Io(_) | Error::Unflushed(_)))
}

impl<S: Stream, R: Role> Sending<S, R> {
    fn sender(&mut self) -> MessageSender<'_, S, R> {
        MessageSender::new(&mut self.stream, &mut self.outbound, &mut self.writer)
    }

    /// Queues what was left, between frames and as far as there is room.
    fn queue_left(&mut self, slot: &Mutex<Pending>) {
        self.outbound.send_pending(&mut lock(slot));
    }

    /// Queues what was left before something is sent. A Close goes first, also if what is queued has to be written for that.
    fn prepare(&mut self, slot: &Mutex<Pending>, deadline: Deadline) -> Result<(), Error> {
        self.queue_left(slot);
        if lock(slot).is_close() && !self.outbound.is_within_frame() {
            self.sender().flush_by(deadline)?;
            self.queue_left(slot);
        }
        Ok(())
    }

    /// Writes what is queued and what was left. Returns `false` if that can't be done now. An answer that is not sent
    /// is not an error of the call, and stays queued.
    fn answer(&mut self, slot: &Mutex<Pending>, deadline: Deadline) -> bool {
        loop {
            self.queue_left(slot);
            if let Err(error) = self.sender().flush_by(deadline) {
                if error.is_temporary() && !error.is_blocked() {
                    self.writer.set_stuck();
                }
                return false;
            }
            if lock(slot).is_empty() {
                return true;
            }
            if self.outbound.is_within_frame() {
                return false;
            }
        }
    }
}
