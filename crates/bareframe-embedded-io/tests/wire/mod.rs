//! A stream in memory that makes its user wait and gives and takes little at once.
#![allow(dead_code, unreachable_pub, reason = "each test uses some of it")]

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// One end of a connection.
#[derive(Clone, Default)]
pub struct Wire {
    incoming: Rc<RefCell<Direction>>,
    outgoing: Rc<RefCell<Direction>>,
    /// How many bytes a call gives or takes at most.
    most: usize,
    /// Whether every call waits once before it does something.
    slow: bool,
    ready: bool,
    /// How often the user had to wait.
    waits: Rc<RefCell<usize>>,
    /// Whether the peer is gone, so that nothing is taken any more.
    gone: Rc<Cell<bool>>,
    /// What the next writes fail with, and the reads after the last byte.
    write_errors: Rc<RefCell<VecDeque<ErrorKind>>>,
    read_error: Option<ErrorKind>,
}

#[derive(Default)]
struct Direction {
    bytes: VecDeque<u8>,
    ended: bool,
}

impl Wire {
    /// Returns an end at which these bytes arrive, and then the end of the stream.
    pub fn with_input(bytes: &[u8], most: usize) -> Wire {
        let wire = Wire {
            most,
            ..Wire::default()
        };
        wire.incoming.borrow_mut().bytes.extend(bytes);
        wire.incoming.borrow_mut().ended = true;
        wire
    }

    /// Both ends of a connection.
    pub fn pair(most: usize) -> (Wire, Wire) {
        let one = Wire {
            most,
            slow: true,
            ..Wire::default()
        };
        let other = Wire {
            incoming: one.outgoing.clone(),
            outgoing: one.incoming.clone(),
            waits: Rc::default(),
            gone: Rc::default(),
            write_errors: Rc::default(),
            ..one
        };
        (one.clone(), other)
    }

    /// Returns the same with this many writes that fail before any is done.
    pub fn failing(self, errors: impl IntoIterator<Item = ErrorKind>) -> Wire {
        self.write_errors.borrow_mut().extend(errors);
        self
    }

    /// Returns the same with an error in place of the end.
    pub fn reset(self) -> Wire {
        Wire {
            read_error: Some(ErrorKind::ConnectionReset),
            ..self
        }
    }

    /// The same that makes its user wait before each read, write and flush.
    pub fn slow(self) -> Wire {
        Wire { slow: true, ..self }
    }

    pub fn output(&self) -> Vec<u8> {
        self.outgoing.borrow().bytes.iter().copied().collect()
    }

    pub fn waits(&self) -> usize {
        *self.waits.borrow()
    }

    /// From now on nothing is taken.
    pub fn refuse(&self) {
        self.gone.set(true);
    }

    pub fn end(&self) {
        self.outgoing.borrow_mut().ended = true;
    }

    async fn wait(&mut self) {
        poll_fn(|_| {
            if !self.slow || self.ready {
                self.ready = false;
                return Poll::Ready(());
            }
            self.ready = true;
            *self.waits.borrow_mut() += 1;
            Poll::Pending
        })
        .await;
    }
}

impl ErrorType for Wire {
    type Error = ErrorKind;
}

impl Read for Wire {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.wait().await;
        poll_fn(|_| {
            let mut incoming = self.incoming.borrow_mut();
            let len = buffer.len().min(self.most).min(incoming.bytes.len());
            if len == 0 && !incoming.ended {
                return Poll::Pending;
            }
            if len == 0
                && let Some(error) = self.read_error
            {
                return Poll::Ready(Err(error));
            }
            for (to, from) in buffer.iter_mut().zip(incoming.bytes.drain(..len)) {
                *to = from;
            }
            Poll::Ready(Ok(len))
        })
        .await
    }
}

impl Write for Wire {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.wait().await;
        if let Some(error) = self.write_errors.borrow_mut().pop_front() {
            return Err(error);
        }
        if self.gone.get() {
            return Ok(0);
        }
        let len = bytes.len().min(self.most);
        self.outgoing.borrow_mut().bytes.extend(&bytes[..len]);
        Ok(len)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.wait().await;
        Ok(())
    }
}

impl embedded_io::Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        block_on(Read::read(self, buffer))
    }
}

impl embedded_io::Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        block_on(Write::write(self, bytes))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        block_on(Write::flush(self))
    }
}

/// Polls until the future is done.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("the future waits for ever");
}

/// Polls the future `polls` times and drops it then; `None` if it is not done.
pub fn poll_times<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
    }
    None
}

/// Runs two futures side by side until both are done.
pub fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    block_on(both(a, b))
}

/// Returns a future of two that are run side by side.
pub async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut one, mut two) = (None, None);
    poll_fn(|context| {
        if one.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(context)
        {
            one = Some(output);
        }
        if two.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(context)
        {
            two = Some(output);
        }
        match (&one, &two) {
            (Some(_), Some(_)) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    })
    .await;
    (one.unwrap(), two.unwrap())
}

/// Returns a masked frame with the key 0: its payload is as it is.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..126 => bytes.push(0x80 | len as u8),
        len => {
            bytes.push(0x80 | 126);
            bytes.extend((len as u16).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

pub const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: superchat, chat\r\n\r\n";

pub const ACCEPTED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
