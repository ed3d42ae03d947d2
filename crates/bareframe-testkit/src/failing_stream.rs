//! A stream that fails on purpose.

use crate::{Fault, FaultCounts, Schedule, ScheduledFault, Side, StreamCall, TestClock};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One end of a connection in memory, whose calls have the faults of a [`Schedule`].
///
/// It never waits: a read of nothing and a write without room fail with `WouldBlock`, after the timeout has passed on the
/// [`TestClock`] if one is set and the stream blocks. So a client and a server can talk to each other in one thread.
///
/// A clone is another handle of the same end. When the last one is dropped, the end is closed: the other end reads the
/// bytes in flight and then the end of the stream, or, as over TCP, `ConnectionReset` if something was left unread
/// here.
///
/// ```
/// use bareframe_testkit::{FailingStream, Fault, Schedule, StreamCall};
/// use std::io::{ErrorKind, Read, Write};
///
/// let (mut client, mut server) = FailingStream::pair(Schedule::from_bytes(&[0, 255, 0, 1]), Schedule::calm());
/// assert_eq!(server.read(&mut [0; 5]).unwrap_err().kind(), ErrorKind::WouldBlock);
/// assert_eq!(client.write(b"Hello").unwrap(), 5, "the first call meets nothing");
/// assert_eq!(client.write(b"Hello").unwrap(), 2, "the second meets the first fault, which is a short count, by the amount 1");
/// assert_eq!(client.view().counts().count(StreamCall::Write, Fault::Short), 1);
///
/// drop(client);
/// let mut read = String::new();
/// server.read_to_string(&mut read).unwrap();
/// assert_eq!(read, "HelloHe");
/// ```
#[derive(Clone, Debug)]
pub struct FailingStream {
    end: Arc<OpenEnd>,
}

/// What a test sees of one end, also when its user has dropped it.
#[derive(Clone, Debug)]
pub struct StreamView {
    shared: Arc<Mutex<Shared>>,
    side: Side,
}

/// The end while it has a user.
#[derive(Debug)]
struct OpenEnd(StreamView);

#[derive(Debug)]
struct Shared {
    client: End,
    server: End,
    /// The connection was reset.
    is_reset: bool,
}

/// One end, with the direction in which it writes.
#[derive(Debug)]
struct End {
    schedule: Schedule,
    counts: FaultCounts,
    is_nonblocking: bool,
    /// What has passed within the call.
    passed: Duration,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
    /// The result of every later read.
    read_fate: Option<Fate>,
    /// The result of every later write.
    write_fate: Option<Fate>,
    /// How many reads, writes and flushes, and shutdowns were refused.
    refused_reads: u64,
    refused_writes: u64,
    refused_shutdowns: u64,
    /// A write or a flush was refused for good.
    has_refused_for_good: bool,
    /// The calls that are left until the next is one too many.
    allowed: Option<u64>,

    /// What writes have taken.
    written: Vec<u8>,
    /// How many of the written bytes the other end can read.
    sent: usize,
    /// How many of them the other end has read.
    received: usize,
    /// The most bytes that may be in flight.
    room: usize,
    /// Written bytes are sent by `flush`, else at once.
    is_buffered: bool,
    /// No more is written.
    is_shut: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    End,
    Error(ErrorKind),
}

impl FailingStream {
    /// Creates both ends of a connection, the client's and the server's.
    #[must_use]
    pub fn pair(client: Schedule, server: Schedule) -> (FailingStream, FailingStream) {
        let shared = Arc::new(Mutex::new(Shared {
            client: End::new(client),
            server: End::new(server),
            is_reset: false,
        }));
        let end = |side| {
            let shared = Arc::clone(&shared);
            let view = StreamView { shared, side };
            FailingStream {
                end: Arc::new(OpenEnd(view)),
            }
        };
        (end(Side::Client), end(Side::Server))
    }

    /// Returns what a test sees of this end.
    #[must_use]
    pub fn view(&self) -> StreamView {
        self.end.0.clone()
    }

    /// Returns how long a read and a write wait.
    #[must_use]
    pub fn timeouts(&self) -> (Option<Duration>, Option<Duration>) {
        self.with(|end, _| (end.read_timeout, end.write_timeout))
    }

    /// Sets how long a read and a write wait, in time of the [`TestClock`].
    pub fn set_timeouts(&self, read: Option<Duration>, write: Option<Duration>) {
        self.with(|end, _| (end.read_timeout, end.write_timeout) = (read, write));
    }

    /// Returns `true` if no call waits.
    #[must_use]
    pub fn is_nonblocking(&self) -> bool {
        self.with(|end, _| end.is_nonblocking)
    }

    /// Sets whether calls return at once, whatever the timeouts are. No time passes in such calls.
    pub fn set_nonblocking(&self, is_nonblocking: bool) {
        self.with(|end, _| end.is_nonblocking = is_nonblocking);
    }

    /// Ends a direction of the stream, or both.
    ///
    /// # Errors
    ///
    /// Returns the fault of the schedule.
    pub fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        let shut = self.shutdown_once(how);
        let is_refused = shut
            .as_ref()
            .is_err_and(|error| error.kind() != ErrorKind::Interrupted);
        self.with(|end, _| end.refused_shutdowns += u64::from(is_refused));
        shut
    }

    fn shutdown_once(&mut self, how: Shutdown) -> io::Result<()> {
        let call = StreamCall::Shutdown;
        let mut shared = self.lock();
        shared.meet(self.side(), call)?;
        let (end, other) = shared.ends(self.side());
        if how != Shutdown::Read {
            end.is_shut = true;
            end.sent = end.written.len();
            end.write_fate.get_or_insert(Fate::Error(ErrorKind::BrokenPipe));
        }
        if how != Shutdown::Write {
            end.read_fate.get_or_insert(Fate::End);
            other.write_fate.get_or_insert(Fate::Error(ErrorKind::BrokenPipe));
        }
        Ok(())
    }

    fn read_once(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut shared = self.lock();
        let fault = shared.meet(self.side(), StreamCall::Read)?;
        let is_reset = shared.is_reset;
        let (end, other) = shared.ends(self.side());
        if let Some(fate) = end.read_fate {
            return fate.result();
        }
        let waiting = other.sent - other.received;
        if waiting == 0 {
            let fate = match (is_reset, other.is_shut) {
                (true, _) => Fate::Error(ErrorKind::ConnectionReset),
                (false, true) => Fate::End,
                (false, false) => return Err(end.wait(end.read_timeout)),
            };
            end.read_fate = Some(fate);
            return fate.result();
        }
        let len = end.shortened(StreamCall::Read, fault, waiting.min(buffer.len()));
        buffer[..len].copy_from_slice(&other.written[other.received..][..len]);
        other.received += len;
        Ok(len)
    }

    fn write_once(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut shared = self.lock();
        let fault = shared.meet(self.side(), StreamCall::Write)?;
        let end = shared.end(self.side());
        if let Some(fate) = end.write_fate {
            return fate.result();
        }
        let offered = slices.iter().map(|slice| slice.len()).sum::<usize>();
        let room = end.room.saturating_sub(end.written.len() - end.received);
        if room == 0 && offered > 0 {
            // A buffer that is full does not wait for `flush`.
            end.sent = end.written.len();
            return Err(end.wait(end.write_timeout));
        }
        let len = end.shortened(StreamCall::Write, fault, offered.min(room));
        let bytes = slices.iter().flat_map(|slice| slice.iter().copied());
        end.written.extend(bytes.take(len));
        if !end.is_buffered {
            end.sent = end.written.len();
        }
        Ok(len)
    }

    fn flush_once(&mut self) -> io::Result<()> {
        let mut shared = self.lock();
        shared.meet(self.side(), StreamCall::Flush)?;
        let end = shared.end(self.side());
        if end.sent < end.written.len()
            && let Some(fate) = end.write_fate
        {
            return Err(fate.error().unwrap_or(ErrorKind::WriteZero).into());
        }
        end.sent = end.written.len();
        Ok(())
    }

    fn side(&self) -> Side {
        self.end.0.side
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.end.0.lock()
    }

    fn with<T>(&self, act: impl FnOnce(&mut End, &mut End) -> T) -> T {
        self.end.0.with(act)
    }
}

impl Read for FailingStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read_once(buffer);
        self.with(|end, _| {
            end.refused_reads += u64::from(is_refused(&read));
            end.note_moved(&read);
        });
        read
    }
}

impl Write for FailingStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = self.write_once(slices);
        let is_empty = slices.iter().all(|slice| slice.is_empty());
        self.with(|end, _| {
            end.note_written(is_refused(&written) && !is_empty);
            end.note_moved(&written);
        });
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.flush_once();
        let is_refused = is_refused(&flushed.as_ref().map(|()| 1).map_err(|error| error.kind().into()));
        self.with(|end, _| end.note_written(is_refused));
        flushed
    }
}

impl Drop for OpenEnd {
    fn drop(&mut self) {
        let mut shared = self.0.lock();
        let (end, other) = shared.ends(self.0.side);
        end.is_shut = true;
        end.read_fate.get_or_insert(Fate::End);
        end.write_fate.get_or_insert(Fate::Error(ErrorKind::BrokenPipe));
        let is_unread = other.received < other.sent;
        other.write_fate.get_or_insert(Fate::Error(ErrorKind::BrokenPipe));
        shared.is_reset |= is_unread;
    }
}

impl StreamView {
    /// Returns what was written, from this byte on.
    #[must_use]
    pub fn written(&self, from: usize) -> Vec<u8> {
        self.with(|end, _| end.written[from..].to_vec())
    }

    /// Returns how many bytes were sent: written, and flushed where the stream is buffered.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.with(|end, _| end.sent)
    }

    /// Returns what was read, from this byte on.
    #[must_use]
    pub fn received(&self, from: usize) -> Vec<u8> {
        self.with(|_, other| other.written[from..other.received].to_vec())
    }

    /// Returns the error of every later read; the inner `None` is the end of the stream.
    #[must_use]
    pub fn read_fate(&self) -> Option<Option<ErrorKind>> {
        self.with(|end, _| end.read_fate.map(Fate::error))
    }

    /// Returns the error of every later write; the inner `None` is a write of no bytes.
    #[must_use]
    pub fn write_fate(&self) -> Option<Option<ErrorKind>> {
        self.with(|end, _| end.write_fate.map(Fate::error))
    }

    /// Returns how many reads failed for any reason but `Interrupted`, or were told the end.
    #[must_use]
    pub fn refused_reads(&self) -> u64 {
        self.with(|end, _| end.refused_reads)
    }

    /// Returns how many writes and flushes failed for any reason but `Interrupted`, or could write nothing.
    #[must_use]
    pub fn refused_writes(&self) -> u64 {
        self.with(|end, _| end.refused_writes)
    }

    /// Returns how many shutdowns failed for any reason but `Interrupted`.
    #[must_use]
    pub fn refused_shutdowns(&self) -> u64 {
        self.with(|end, _| end.refused_shutdowns)
    }

    /// Returns `true` if a write or a flush was refused as every later one is.
    #[must_use]
    pub fn has_refused_for_good(&self) -> bool {
        self.with(|end, _| end.has_refused_for_good)
    }

    /// Returns how often each call was made and met each fault.
    #[must_use]
    pub fn counts(&self) -> FaultCounts {
        self.with(|end, _| end.counts.clone())
    }

    /// Returns how many calls were made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        let counts = self.counts();
        StreamCall::ALL.iter().map(|&call| counts.calls(call)).sum()
    }

    /// Allows this many more calls; the one after them panics, so that endless loops are found. A call that moves bytes
    /// does not count, nor do two after it.
    pub fn allow(&self, calls: u64) {
        self.with(|end, _| end.allowed = Some(calls));
    }

    /// Limits how many bytes are on their way to the other end; without, there is no limit.
    pub fn set_room(&self, room: usize) {
        self.with(|end, _| end.room = room);
    }

    /// Sets whether written bytes wait for `flush`.
    pub fn set_buffered(&self, is_buffered: bool) {
        self.with(|end, _| end.is_buffered = is_buffered);
    }

    /// Replaces what is left of the schedule.
    pub fn set_schedule(&self, schedule: Schedule) {
        self.with(|end, _| end.schedule = schedule);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, act: impl FnOnce(&mut End, &mut End) -> T) -> T {
        let mut shared = self.lock();
        let (end, other) = shared.ends(self.side);
        act(end, other)
    }
}

impl Shared {
    fn end(&mut self, side: Side) -> &mut End {
        self.ends(side).0
    }

    /// This end, and the other.
    fn ends(&mut self, side: Side) -> (&mut End, &mut End) {
        match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        }
    }

    /// Applies the next fault to a call, and returns it if the call has to handle it.
    fn meet(&mut self, side: Side, call: StreamCall) -> io::Result<Option<ScheduledFault>> {
        let end = self.end(side);
        end.counts.note_call(call);
        end.passed = Duration::ZERO;
        if let Some(allowed) = end.allowed.as_mut() {
            let Some(left) = allowed.checked_sub(1) else {
                // Tests catch thousands of these panics, which need no backtrace.
                resume_unwind(Box::new(
                    "a call of the stream too many: its user spins".to_owned(),
                ));
            };
            *allowed = left;
        }
        let has_failed = match call {
            StreamCall::Read => end.read_fate.is_some(),
            StreamCall::Write | StreamCall::Flush => end.write_fate.is_some(),
            StreamCall::Shutdown => end.read_fate.is_some() && end.write_fate.is_some(),
        };
        if has_failed {
            return Ok(None);
        }
        let Some(scheduled) = end.schedule.next(call) else {
            return Ok(None);
        };
        self.meet_scheduled(side, call, scheduled)
    }

    fn meet_scheduled(
        &mut self,
        side: Side,
        call: StreamCall,
        scheduled: ScheduledFault,
    ) -> io::Result<Option<ScheduledFault>> {
        let (end, other) = self.ends(side);
        if scheduled.fault == Fault::TimePasses && end.is_nonblocking {
            return Ok(None);
        }
        if scheduled.fault != Fault::Short {
            end.counts.note(call, scheduled.fault);
        }
        let timeout = match call {
            StreamCall::Read => end.read_timeout,
            StreamCall::Write | StreamCall::Flush | StreamCall::Shutdown => end.write_timeout,
        };
        match scheduled.fault {
            Fault::Short => return Ok(Some(scheduled)),
            Fault::Interrupted => return Err(ErrorKind::Interrupted.into()),
            Fault::WouldBlock => return Err(ErrorKind::WouldBlock.into()),
            Fault::TimedOut => {
                end.wait(timeout);
                return Err(ErrorKind::TimedOut.into());
            }
            Fault::TimePasses => match timeout {
                Some(timeout) if timeout <= scheduled.time() => return Err(end.wait(Some(timeout))),
                _ => {
                    end.passed = scheduled.time();
                    TestClock::advance(end.passed);
                }
            },
            Fault::Reset => {
                let reset = Fate::Error(ErrorKind::ConnectionReset);
                if call == StreamCall::Read {
                    end.read_fate = Some(reset);
                }
                end.write_fate.get_or_insert(Fate::Error(ErrorKind::BrokenPipe));
                other.write_fate.get_or_insert(Fate::Error(ErrorKind::BrokenPipe));
                self.is_reset = true;
                return Err(ErrorKind::ConnectionReset.into());
            }
            Fault::BrokenPipe | Fault::End => {
                let broken = Fate::Error(ErrorKind::BrokenPipe);
                let fate = match scheduled.fault {
                    Fault::End => Fate::End,
                    _ => broken,
                };
                if call == StreamCall::Read {
                    end.read_fate = Some(fate);
                    other.write_fate.get_or_insert(broken);
                } else {
                    // A shutdown that fails does not change how writes have failed.
                    end.write_fate.get_or_insert(fate);
                    end.is_shut = true;
                }
                if fate == broken {
                    return Err(ErrorKind::BrokenPipe.into());
                }
            }
        }
        Ok(None)
    }
}

impl End {
    fn new(schedule: Schedule) -> End {
        End {
            schedule,
            counts: FaultCounts::new(),
            is_nonblocking: false,
            passed: Duration::ZERO,
            read_timeout: None,
            write_timeout: None,
            read_fate: None,
            write_fate: None,
            refused_reads: 0,
            refused_writes: 0,
            refused_shutdowns: 0,
            has_refused_for_good: false,
            allowed: None,
            written: Vec::new(),
            sent: 0,
            received: 0,
            room: usize::MAX,
            is_buffered: false,
            is_shut: false,
        }
    }

    /// Advances the clock by the timeout, if there is one.
    fn wait(&self, timeout: Option<Duration>) -> io::Error {
        if !self.is_nonblocking {
            TestClock::advance(timeout.unwrap_or(Duration::ZERO).saturating_sub(self.passed));
        }
        ErrorKind::WouldBlock.into()
    }

    fn note_written(&mut self, is_refused: bool) {
        self.refused_writes += u64::from(is_refused);
        self.has_refused_for_good |= is_refused && self.write_fate.is_some();
    }

    fn note_moved(&mut self, moved: &io::Result<usize>) {
        if let (Ok(1..), Some(allowed)) = (moved, &mut self.allowed) {
            *allowed += 3;
        }
    }

    /// Returns how many of `len` bytes are moved.
    fn shortened(&mut self, call: StreamCall, fault: Option<ScheduledFault>, len: usize) -> usize {
        let shortened = fault.map_or(len, |fault| fault.len(len));
        if shortened < len {
            self.counts.note(call, Fault::Short);
        }
        shortened
    }
}

/// Returns `true` if a call failed for any reason but `Interrupted`, or moved nothing.
fn is_refused(result: &io::Result<usize>) -> bool {
    match result {
        Ok(len) => *len == 0,
        Err(error) => error.kind() != ErrorKind::Interrupted,
    }
}

impl Fate {
    fn result(self) -> io::Result<usize> {
        match self {
            Fate::End => Ok(0),
            Fate::Error(kind) => Err(kind.into()),
        }
    }

    fn error(self) -> Option<ErrorKind> {
        match self {
            Fate::End => None,
            Fate::Error(kind) => Some(kind),
        }
    }
}
