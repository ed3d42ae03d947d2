//! A clock that a test sets, each test its own, and a stream in memory on which every call takes time.

use crate::wire::Wire;
use bareframe_std::{Aborter, Deadline, Stream};
use std::cell::Cell;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

thread_local! {
    static PASSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Returns the time of this thread.
pub(crate) fn now() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now) + PASSED.get()
}

/// A stream of which each call takes this long, but not over its deadline.
#[derive(Debug)]
pub(crate) struct Slow(pub(crate) Wire, pub(crate) Duration);

impl Slow {
    fn pass(&self, deadline: Deadline) -> io::Result<()> {
        let time = deadline.left()?.map_or(self.1, |left| left.min(self.1));
        PASSED.set(PASSED.get() + time);
        deadline.left().map(drop)
    }
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_by(buffer, Deadline::NONE)
    }
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_by(&[IoSlice::new(bytes)], Deadline::NONE)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Slow {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        self.pass(deadline)?;
        self.0.read(buffer)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        self.pass(deadline)?;
        self.0.write_vectored(slices)
    }

    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()> {
        deadline.left().map(drop)
    }

    fn shutdown(&mut self, _: Shutdown) -> io::Result<()> {
        Ok(())
    }

    fn set_nodelay(&self) -> io::Result<()> {
        Ok(())
    }

    fn aborter(&self) -> io::Result<Aborter> {
        self.0.aborter()
    }
}
