//! A stream that shows what crosses it: incoming octets before they are unmasked, outgoing ones after masking.

use crate::frames::Frames;
use crate::json::{End, Head, Note, Report};
use bareframe::Rules;
use bareframe_std::{Error, Stream, Timeouts};
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A TCP stream that someone may watch.
pub(crate) struct Tapped {
    tcp: Arc<TcpStream>,
    watched: Watched,
}

enum Watched {
    /// The request, which says whether someone watches, is not looked at yet: the octets so far.
    NotYetKnown {
        received: Vec<u8>,
        sent: Vec<u8>,
    },
    No,
    By(Arc<Tap>),
}

/// Decodes both directions and reports each frame in JSON.
pub(crate) struct Tap {
    client: Mutex<Direction>,
    server: Mutex<Direction>,
    report: Box<dyn Fn(&str) + Send + Sync>,
}

struct Direction {
    from: End,
    /// The head of the opening handshake, until its end has come.
    head: Option<Vec<u8>>,
    frames: Frames,
}

impl Tapped {
    pub(crate) fn new(tcp: TcpStream) -> Tapped {
        let watched = Watched::NotYetKnown {
            received: Vec::new(),
            sent: Vec::new(),
        };
        Tapped {
            tcp: Arc::new(tcp),
            watched,
        }
    }

    /// Says whether someone watches. Whoever does sees everything from the first octet.
    pub(crate) fn watch(&mut self, tap: Option<Arc<Tap>>) {
        let so_far = std::mem::replace(&mut self.watched, Watched::No);
        if let (Some(tap), Watched::NotYetKnown { received, sent }) = (tap, so_far) {
            tap.see(End::Client, &received);
            tap.see(End::Server, &sent);
            self.watched = Watched::By(tap);
        }
    }

    /// A second handle on the same stream, for the other half of a connection.
    pub(crate) fn duplicate(&self) -> Tapped {
        let watched = match &self.watched {
            Watched::NotYetKnown { .. } | Watched::No => Watched::No,
            Watched::By(tap) => Watched::By(Arc::clone(tap)),
        };
        Tapped {
            tcp: Arc::clone(&self.tcp),
            watched,
        }
    }

    fn see(&mut self, from: End, octets: &[u8]) {
        match (&mut self.watched, from) {
            (Watched::No, _) => {}
            (Watched::NotYetKnown { received, .. }, End::Client) => received.extend(octets),
            (Watched::NotYetKnown { sent, .. }, End::Server) => sent.extend(octets),
            (Watched::By(tap), _) => tap.see(from, octets),
        }
    }
}

impl Read for Tapped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = (&*self.tcp).read(buffer)?;
        self.see(End::Client, &buffer[..len]);
        Ok(len)
    }
}

impl Write for Tapped {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let len = (&*self.tcp).write(octets)?;
        self.see(End::Server, &octets[..len]);
        Ok(len)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let len = (&*self.tcp).write_vectored(slices)?;
        let mut left = len;
        for slice in slices {
            let here = left.min(slice.len());
            self.see(End::Server, &slice[..here]);
            left -= here;
        }
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.tcp).flush()
    }
}

impl Stream for Tapped {
    fn timeouts(&self) -> io::Result<Timeouts> {
        self.tcp.timeouts()
    }

    fn set_timeouts(&self, timeouts: Timeouts) -> io::Result<()> {
        self.tcp.set_timeouts(timeouts)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.tcp.set_nodelay(true)
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.tcp.shutdown(how)
    }
}

impl Tap {
    pub(crate) fn new(report: impl Fn(&str) + Send + Sync + 'static) -> Tap {
        Tap {
            client: Mutex::new(Direction::new(End::Client, Rules::FROM_CLIENT)),
            server: Mutex::new(Direction::new(End::Server, Rules::FROM_SERVER)),
            report: Box::new(report),
        }
    }

    /// Reports that the connection has ended, and which frames have not come to theirs.
    pub(crate) fn ended(&self, how: &Result<(), Error>) {
        for direction in [&self.client, &self.server] {
            lock(direction).end(&*self.report);
        }
        let how = match how {
            Ok(()) => "the closing handshake is done.".to_owned(),
            Err(error) => format!("{error}."),
        };
        (self.report)(&Note(how).to_string());
    }

    fn see(&self, from: End, octets: &[u8]) {
        let direction = match from {
            End::Client => &self.client,
            End::Server => &self.server,
        };
        lock(direction).see(octets, &*self.report);
    }
}

impl Direction {
    fn new(from: End, rules: Rules) -> Direction {
        Direction {
            from,
            head: Some(Vec::new()),
            frames: Frames::new(rules),
        }
    }

    fn see(&mut self, octets: &[u8], report: &dyn Fn(&str)) {
        let Some(head) = &mut self.head else {
            return self.see_frames(octets, report);
        };
        head.extend(octets);
        let Some(blank_line) = head.windows(4).position(|octets| octets == b"\r\n\r\n") else {
            return;
        };
        let frames = head.split_off(blank_line + 4);
        let text = String::from_utf8_lossy(head);
        report(&Head(self.from, &text).to_string());
        self.head = None;
        self.see_frames(&frames, report);
    }

    fn see_frames(&mut self, mut octets: &[u8], report: &dyn Fn(&str)) {
        while let Some(frame) = self.frames.next(&mut octets) {
            report(&Report(self.from, &frame).to_string());
        }
    }

    fn end(&mut self, report: &dyn Fn(&str)) {
        if let Some(frame) = self.frames.unfinished() {
            report(&Report(self.from, &frame).to_string());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
