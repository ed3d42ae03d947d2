//! Writing: the engine's outbox, and behind it the payload that lies elsewhere.

use crate::error::{Error, is_temporary};
use bareframe::{ControlFrame, Outbox, Outgoing, Role, SendError};
use std::fmt;
use std::io::{self, IoSlice, Write};

/// A payload up to this many octets is cheaper to copy behind its header than to hand over as a second slice.
const CHEAP_COPY: usize = 4096;

/// What is on its way to the stream.
pub(crate) struct Output {
    outbox: Outbox<Box<[u8]>>,
    /// What the stream did not take of a payload that lay with the caller, ready to be sent.
    tail: Vec<u8>,
    tail_sent: usize,
    /// The stream may hold octets back that it has taken.
    unflushed: bool,
}

impl Output {
    /// Makes an empty outbox of this many octets, but at least what the longest control frame needs.
    pub(crate) fn new(len: usize) -> Output {
        let capacity = len.max(ControlFrame::MAX_LEN);
        Output {
            outbox: Outbox::new(vec![0; capacity].into()),
            tail: Vec::new(),
            tail_sent: 0,
            unflushed: false,
        }
    }

    /// Tells whether a frame may begin: the one before is complete, and there is room for a control frame or
    /// a header.
    #[inline]
    pub(crate) fn is_ready(&self) -> bool {
        self.tail.is_empty() && self.outbox.is_at_boundary() && self.outbox.room() >= ControlFrame::MAX_LEN
    }

    /// Queues a control frame for which there is room.
    pub(crate) fn queue(&mut self, frame: &ControlFrame) -> Result<(), SendError> {
        self.outbox.control(frame)
    }

    /// Queues a control frame for which there is room, and writes it unless it may wait.
    pub(crate) fn control(
        &mut self,
        frame: &ControlFrame,
        may_wait: bool,
        stream: &mut impl Write,
    ) -> Result<(), Error> {
        self.queue(frame)?;
        if may_wait {
            return Ok(());
        }
        self.flush(stream).map_err(Error::Unflushed)
    }

    /// Tells whether the frame before is complete.
    pub(crate) fn is_at_boundary(&self) -> bool {
        self.outbox.is_at_boundary()
    }

    /// Adds a frame for which there is room. If all of it fits and the octets may wait, none is written.
    pub(crate) fn frame<R: Role>(
        &mut self,
        mut frame: Outgoing<R>,
        mut payload: &[u8],
        may_wait: bool,
        stream: &mut impl Write,
    ) -> Result<(), Error> {
        self.outbox.begin(&frame)?;
        let written = self.write_frame(&mut frame, &mut payload, may_wait, stream);
        if !payload.is_empty() {
            self.keep(frame, payload);
        }
        written.map_err(Error::Unflushed)
    }

    /// Writes what is queued and behind it `payload`, of which what the stream did not take is left over.
    fn write_frame<R: Role>(
        &mut self,
        frame: &mut Outgoing<R>,
        payload: &mut &[u8],
        may_wait: bool,
        stream: &mut impl Write,
    ) -> io::Result<()> {
        let fits = payload.len() <= self.outbox.room();
        if !frame.is_masked() && !(fits && (may_wait || payload.len() <= CHEAP_COPY)) {
            return self.write_out(payload, stream);
        }
        loop {
            let copied = self.outbox.push(frame, payload);
            *payload = &payload[copied..];
            if payload.is_empty() && may_wait {
                return Ok(());
            }
            self.write_out(&mut &[][..], stream)?;
            if payload.is_empty() {
                return Ok(());
            }
        }
    }

    /// Begins a frame for which there is room; its payload is to follow through [`Output::push`].
    pub(crate) fn begin<R: Role>(&mut self, frame: &Outgoing<R>) -> Result<(), SendError> {
        self.outbox.begin(frame)
    }

    /// Takes the next octets of the payload of a frame that was begun, and gives how many. With the last the
    /// frame is written, unless it may wait.
    pub(crate) fn push<R: Role>(
        &mut self,
        frame: &mut Outgoing<R>,
        payload: &[u8],
        may_wait: bool,
        stream: &mut impl Write,
    ) -> io::Result<usize> {
        if self.outbox.is_at_boundary() {
            return Ok(0);
        }
        let left = usize::try_from(self.outbox.payload_left()).unwrap_or(usize::MAX);
        let payload = &payload[..payload.len().min(left)];
        let (taken, written) = if !frame.is_masked() && payload.len() > self.outbox.room() {
            let mut rest = payload;
            let written = self.write_out(&mut rest, stream);
            (payload.len() - rest.len(), written)
        } else {
            if self.outbox.room() == 0 {
                self.flush(stream)?;
            }
            let taken = self.outbox.push(frame, payload);
            let is_done = self.outbox.is_at_boundary() && !may_wait;
            (taken, if is_done { self.flush(stream) } else { Ok(()) })
        };
        match written {
            Err(error) if taken == 0 || !is_temporary(&error) => Err(error),
            // What was taken waits for a later call.
            _ => Ok(taken),
        }
    }

    /// Writes all that can be written without its caller.
    pub(crate) fn flush(&mut self, stream: &mut impl Write) -> io::Result<()> {
        if !self.tail.is_empty() {
            let tail = std::mem::take(&mut self.tail);
            let mut rest = &tail[self.tail_sent..];
            let written = self.write_out(&mut rest, stream);
            if !rest.is_empty() {
                self.tail_sent = tail.len() - rest.len();
                self.tail = tail;
            }
            written?;
        }
        self.write_out(&mut &[][..], stream)
    }

    /// Writes the outbox and behind it `payload`, of which what was not written is left over.
    fn write_out(&mut self, payload: &mut &[u8], stream: &mut impl Write) -> io::Result<()> {
        loop {
            let pending = self.outbox.pending();
            let written = match (pending.is_empty(), payload.is_empty()) {
                (true, true) => break,
                (false, true) => stream.write(pending),
                (true, false) => stream.write(payload),
                (false, false) => stream.write_vectored(&[IoSlice::new(pending), IoSlice::new(payload)]),
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.unflushed = true;
                    let outside = self.outbox.advance(written);
                    *payload = &payload[outside..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        while self.unflushed {
            match stream.flush() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                flushed => {
                    flushed?;
                    self.unflushed = false;
                }
            }
        }
        Ok(())
    }

    /// Keeps what the stream did not take of the head.
    pub(crate) fn keep_head(&mut self, head: &[u8]) {
        self.tail.extend_from_slice(head);
    }

    /// Keeps what the stream did not take of a caller's payload.
    fn keep<R: Role>(&mut self, mut frame: Outgoing<R>, rest: &[u8]) {
        self.tail = rest.to_vec();
        self.tail_sent = 0;
        frame.apply(&mut self.tail);
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pending, left) = (self.outbox.pending().len(), self.outbox.payload_left());
        write!(f, "Output({pending} octets and {left} of a payload)")
    }
}
