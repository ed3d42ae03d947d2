//! A stream in memory that makes its user wait at random, moves few bytes at a time, and never wakes anybody.
#![allow(dead_code, reason = "each test uses a part of it")]

use bareframe::Config;
use bareframe_testkit::{Oracle, Random, Seen, Side};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A handle of the stream; a clone is another.
#[derive(Clone, Debug)]
pub(crate) struct Slow(Arc<Mutex<Wire>>);

#[derive(Debug)]
pub(crate) struct Wire {
    random: Random,
    /// Of 8 calls this many have to wait.
    pub(crate) waits: usize,
    /// At most this many bytes are moved by one call.
    pub(crate) step: usize,
    pub(crate) input: Vec<u8>,
    /// What is read after the input is the end, else it is waited for.
    pub(crate) has_ended: bool,
    pub(crate) output: Vec<u8>,
    pub(crate) is_shut: bool,
    /// What is done to the third write, as if the crate did it.
    pub(crate) sabotage: Option<Sabotage>,
    writes: usize,
}

/// What can go wrong with a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sabotage {
    /// Its bytes are not written.
    Lose,
    /// Its bytes are written twice.
    Repeat,
    /// The second half of its bytes is not written.
    Tear,
}

impl Slow {
    pub(crate) fn new(seed: u64, input: &[u8]) -> Slow {
        let mut random = Random::new(seed);
        Slow(Arc::new(Mutex::new(Wire {
            waits: [1, 3, 6][random.below(3)],
            step: [7, 60, 1000][random.below(3)],
            random,
            input: input.to_vec(),
            has_ended: false,
            output: Vec::new(),
            is_shut: false,
            sabotage: None,
            writes: 0,
        })))
    }

    pub(crate) fn wire(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap()
    }

    /// What was written, as the other end sees it.
    pub(crate) fn seen_by(&self, side: Side) -> Vec<Seen> {
        let mut oracle = Oracle::new(side, Config::DEFAULT);
        for &byte in &self.wire().output {
            oracle.push(byte).expect("it is written as the RFC says");
        }
        assert!(oracle.is_between_frames(), "a frame is torn");
        oracle.transcript().events.clone()
    }
}

impl Wire {
    fn waits(&mut self) -> bool {
        let waits = self.waits;
        self.random.below(8) < waits
    }

    fn sabotage(&mut self, written: usize) {
        let begin = self.output.len() - written;
        match self.sabotage {
            None => {}
            Some(Sabotage::Lose) => self.output.truncate(begin),
            Some(Sabotage::Repeat) => self.output.extend_from_within(begin..),
            Some(Sabotage::Tear) => self.output.truncate(begin + written / 2),
        }
    }
}

impl AsyncRead for Slow {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, space: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut wire = self.wire();
        if wire.waits() || wire.input.is_empty() && !wire.has_ended {
            return Poll::Pending;
        }
        let len = wire.step.min(wire.input.len()).min(space.remaining());
        space.put_slice(&wire.input[..len]);
        wire.input.drain(..len);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Slow {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut wire = self.wire();
        if wire.waits() {
            return Poll::Pending;
        }
        let mut left = wire.step;
        for slice in slices {
            let len = left.min(slice.len());
            wire.output.extend_from_slice(&slice[..len]);
            left -= len;
        }
        let written = wire.step - left;
        wire.writes += 1;
        if wire.writes == 3 {
            wire.sabotage(written);
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.wire().waits() {
            true => Poll::Pending,
            false => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut wire = self.wire();
        if wire.waits() {
            return Poll::Pending;
        }
        wire.is_shut = true;
        Poll::Ready(Ok(()))
    }
}

/// Polls a future so often, and drops it if it is not done.
pub(crate) fn poll_times<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(output);
        }
    }
    None
}

/// How often the future of each method was dropped, by where it waited.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Drops(BTreeMap<String, u64>);

impl Drops {
    pub(crate) fn count(&mut self, name: impl Into<String>) {
        *self.0.entry(name.into()).or_default() += 1;
    }

    /// Prints the counts, and checks that each is at least this.
    #[track_caller]
    pub(crate) fn assert_least(&self, methods: usize, least: u64) {
        println!("{self}");
        assert_eq!(self.0.len(), methods, "{self}");
        assert!(self.0.values().all(|&count| count >= least), "{self}");
    }
}

impl fmt::Display for Drops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dropped futures:")?;
        for (name, count) in &self.0 {
            write!(f, "\n{count:>10}  {name}")?;
        }
        Ok(())
    }
}
