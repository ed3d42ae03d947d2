//! A stream in memory that returns and takes bytes as a test wants it to, and a future that is polled by hand.

#![allow(dead_code, reason = "each test uses its part")]

use bareframe_testkit::{Frame, Side};
use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What a read finds.
#[derive(Clone, Debug)]
pub(crate) enum Arrives {
    /// These bytes, or as many of them as the reader has room for.
    Bytes(Vec<u8>),
    /// This error, once.
    Error(ErrorKind),
    /// The end, from now on.
    End,
}

/// What becomes of a write.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Takes {
    /// At most this many bytes are taken.
    Most(usize),
    /// This error.
    Error(ErrorKind),
    /// It waits; nobody is woken.
    Nothing,
}

/// What arrives, then silence; and what was written, call by call. Writes are taken as the plan says, over and over.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) arrives: VecDeque<Arrives>,
    pub(crate) plan: VecDeque<Takes>,
    /// One entry for each call that took bytes.
    pub(crate) writes: Vec<Vec<u8>>,
    pub(crate) is_shut_down: bool,
}

impl Wire {
    /// Each of these comes in one read, and then nothing comes; writes are taken whole.
    pub(crate) fn open<O: Into<Vec<u8>>>(reads: impl IntoIterator<Item = O>) -> Wire {
        Wire {
            arrives: reads.into_iter().map(Into::into).map(Arrives::Bytes).collect(),
            plan: VecDeque::from([Takes::Most(usize::MAX)]),
            writes: Vec::new(),
            is_shut_down: false,
        }
    }

    /// Each of these comes in one read, and then the end; writes are taken whole.
    pub(crate) fn ended<O: Into<Vec<u8>>>(reads: impl IntoIterator<Item = O>) -> Wire {
        Wire::open(reads).then(Arrives::End)
    }

    /// Appends this to what arrives.
    pub(crate) fn then(mut self, arrives: Arrives) -> Wire {
        self.arrives.push_back(arrives);
        self
    }

    /// Has writes taken like this, over and over.
    pub(crate) fn taking(mut self, plan: impl IntoIterator<Item = Takes>) -> Wire {
        self.plan = plan.into_iter().collect();
        self
    }

    /// Returns all that was written.
    pub(crate) fn written(&self) -> Vec<u8> {
        self.writes.concat()
    }

    fn take(&mut self, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.plan.rotate_left(1);
        match self.plan.back() {
            Some(Takes::Most(most)) => {
                let bytes = slices.iter().flat_map(|slice| slice.iter().copied());
                let bytes: Vec<u8> = bytes.take(*most).collect();
                let len = bytes.len();
                self.writes.push(bytes);
                Poll::Ready(Ok(len))
            }
            Some(Takes::Error(kind)) => Poll::Ready(Err((*kind).into())),
            Some(Takes::Nothing) | None => Poll::Pending,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.arrives.pop_front() {
            Some(Arrives::Bytes(mut bytes)) => {
                let len = bytes.len().min(space.remaining());
                space.put_slice(&bytes[..len]);
                bytes.drain(..len);
                if !bytes.is_empty() {
                    self.arrives.push_front(Arrives::Bytes(bytes));
                }
                Poll::Ready(Ok(()))
            }
            Some(Arrives::Error(kind)) => Poll::Ready(Err(kind.into())),
            Some(Arrives::End) => {
                self.arrives.push_front(Arrives::End);
                Poll::Ready(Ok(()))
            }
            None => Poll::Pending,
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.take(&[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.take(slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_shut_down = true;
        Poll::Ready(Ok(()))
    }
}

/// Returns what arrives at an end with this role.
pub(crate) fn arriving(at: Side, frames: &[Frame]) -> Vec<u8> {
    let frames = frames.iter().cloned();
    frames
        .flat_map(|frame| frame.masked_for(at, KEY).to_bytes())
        .collect()
}

/// Polls a future once; what it waits for then is lost.
pub(crate) fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future)
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Returns what a future returns that does not have to wait.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    poll_once(future).expect("it does not have to wait")
}
