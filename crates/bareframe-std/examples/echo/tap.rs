//! A stream that reports the bytes that pass through it: incoming ones before they are unmasked, outgoing ones after
//! masking.

use crate::frames::Frames;
use crate::inflate::{MessageInflater, agreed_in};
use crate::json::{Closed, End, Head, Note, Report};
use bareframe::{CloseReason, Rsv, Rules};
use bareframe_std::{Aborter, Deadline, Error, Share, SharedSocket, Stream};
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A TCP stream that a page may watch.
pub(crate) struct Tapped {
    tcp: SharedSocket<TcpStream>,
    watched: Watched,
}

enum Watched {
    /// The bytes so far of a request that was not parsed yet, which decides whether a page watches.
    NotYetKnown {
        received: Vec<u8>,
        sent: Vec<u8>,
    },
    No,
    By(Arc<Tap>),
}

/// Decodes both directions and reports each frame in JSON.
pub(crate) struct Tap {
    directions: Mutex<Directions>,
    report: Box<dyn Fn(&str) + Send + Sync>,
}

/// Both under one lock, so that the reports of one are in order with those of the other.
struct Directions {
    client: Direction,
    server: Direction,
}

struct Direction {
    from: End,
    /// The head of the opening handshake, until its end has come.
    head: Option<Vec<u8>>,
    rules: Rules,
    frames: Frames<MessageInflater>,
}

impl Tapped {
    pub(crate) fn new(tcp: TcpStream) -> Tapped {
        let watched = Watched::NotYetKnown {
            received: Vec::new(),
            sent: Vec::new(),
        };
        Tapped {
            tcp: tcp.share(),
            watched,
        }
    }

    /// Sets the tap of a page that watches, if there is one. It sees everything from the first byte.
    pub(crate) fn watch(&mut self, tap: Option<Arc<Tap>>) {
        let so_far = std::mem::replace(&mut self.watched, Watched::No);
        if let (Some(tap), Watched::NotYetKnown { received, sent }) = (tap, so_far) {
            tap.see(End::Client, &received);
            tap.see(End::Server, &sent);
            self.watched = Watched::By(tap);
        }
    }

    /// Sends, and returns how many bytes were sent.
    fn send(
        &mut self,
        slices: &[IoSlice<'_>],
        send: impl FnOnce(&mut SharedSocket<TcpStream>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        match &mut self.watched {
            Watched::No => send(&mut self.tcp),
            Watched::NotYetKnown { sent, .. } => {
                let len = send(&mut self.tcp)?;
                for_sent(slices, len, |bytes| sent.extend(bytes));
                Ok(len)
            }
            Watched::By(tap) => {
                // Locked before the bytes go: the other half may read the answer to them before this thread runs on, and
                // must not show it in front of them.
                let mut directions = lock(&tap.directions);
                let len = send(&mut self.tcp)?;
                for_sent(slices, len, |bytes| directions.see_server(bytes, &*tap.report));
                Ok(len)
            }
        }
    }
}

impl Read for Tapped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_by(buffer, Deadline::NONE)
    }
}

impl Write for Tapped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_by(&[IoSlice::new(bytes)], Deadline::NONE)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_by(slices, Deadline::NONE)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_by(Deadline::NONE)
    }
}

impl Stream for Tapped {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        let len = self.tcp.read_by(buffer, deadline)?;
        match &mut self.watched {
            Watched::No => {}
            Watched::NotYetKnown { received, .. } => received.extend(&buffer[..len]),
            Watched::By(tap) => tap.see(End::Client, &buffer[..len]),
        }
        Ok(len)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        self.send(slices, |tcp| tcp.write_by(slices, deadline))
    }

    fn flush_by(&mut self, deadline: Deadline) -> io::Result<()> {
        self.tcp.flush_by(deadline)
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.tcp.shutdown(how)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.tcp.set_nodelay()
    }

    fn aborter(&self) -> io::Result<Aborter> {
        self.tcp.aborter()
    }
}

/// A second handle on the same stream, for the other half of a connection.
impl Clone for Tapped {
    fn clone(&self) -> Tapped {
        let watched = match &self.watched {
            Watched::NotYetKnown { .. } | Watched::No => Watched::No,
            Watched::By(tap) => Watched::By(Arc::clone(tap)),
        };
        Tapped {
            tcp: self.tcp.clone(),
            watched,
        }
    }
}

impl Share for Tapped {
    type Shared = Tapped;

    fn share(self) -> Tapped {
        self
    }
}

impl Tap {
    pub(crate) fn new(report: impl Fn(&str) + Send + Sync + 'static) -> Tap {
        Tap {
            directions: Mutex::new(Directions {
                client: Direction::new(End::Client, Rules::FROM_CLIENT),
                server: Direction::new(End::Server, Rules::FROM_SERVER),
            }),
            report: Box::new(report),
        }
    }

    /// Reports that the connection has ended, and which frames have not come to theirs.
    pub(crate) fn ended(&self, how: &Result<(), Error>, reason: Option<CloseReason>) {
        let mut directions = lock(&self.directions);
        directions.client.end(&*self.report);
        directions.server.end(&*self.report);
        let note = match how {
            Ok(()) => Note(format_args!("{}.", Closed(reason))).to_string(),
            Err(error) => Note(format_args!("{error}.")).to_string(),
        };
        (self.report)(&note);
    }

    fn see(&self, from: End, bytes: &[u8]) {
        let mut directions = lock(&self.directions);
        match from {
            End::Client => _ = directions.client.see(bytes, &*self.report),
            End::Server => directions.see_server(bytes, &*self.report),
        }
    }
}

impl Directions {
    /// What the server's response agrees to is in use in both directions.
    fn see_server(&mut self, bytes: &[u8], report: &dyn Fn(&str)) {
        let Some((head, frames)) = self.server.see(bytes, report) else {
            return;
        };
        if let Some(parameters) = agreed_in(&head) {
            for direction in [&mut self.client, &mut self.server] {
                let rules = direction.rules.with_rsv(Rsv::RSV1);
                direction.frames.agree(MessageInflater::new(parameters), rules);
            }
        }
        self.server.see_frames(&frames, report);
    }
}

impl Direction {
    fn new(from: End, rules: Rules) -> Direction {
        Direction {
            from,
            head: Some(Vec::new()),
            rules,
            frames: Frames::new(rules),
        }
    }

    /// Returns the server's head when it has come, and what is after it.
    fn see(&mut self, bytes: &[u8], report: &dyn Fn(&str)) -> Option<(String, Vec<u8>)> {
        let Some(head) = &mut self.head else {
            self.see_frames(bytes, report);
            return None;
        };
        head.extend(bytes);
        let blank_line = head.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let frames = head.split_off(blank_line + 4);
        let text = String::from_utf8_lossy(head).into_owned();
        report(&Head(self.from, &text).to_string());
        self.head = None;
        if self.from == End::Server {
            return Some((text, frames));
        }
        self.see_frames(&frames, report);
        None
    }

    fn see_frames(&mut self, mut bytes: &[u8], report: &dyn Fn(&str)) {
        while let Some(frame) = self.frames.next(&mut bytes) {
            report(&Report(self.from, &frame).to_string());
        }
    }

    fn end(&mut self, report: &dyn Fn(&str)) {
        if let Some(frame) = self.frames.unfinished() {
            report(&Report(self.from, &frame).to_string());
        }
    }
}

/// Calls a function with those bytes of each slice that are among the first `len` of all.
fn for_sent(slices: &[IoSlice<'_>], len: usize, mut see: impl FnMut(&[u8])) {
    let mut left = len;
    for slice in slices {
        let here = left.min(slice.len());
        see(&slice[..here]);
        left -= here;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn an_answer_is_shown_after_what_it_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let tap = Tap::new({
            let shown = Arc::clone(&shown);
            move |report| lock(&shown).push(report.get(..16).unwrap().to_owned())
        });
        let mut tapped = Tapped::new(listener.accept().unwrap().0);
        tapped.watch(Some(Arc::new(tap)));
        client.write_all(b"\r\n\r\n").unwrap();
        assert_eq!(tapped.read(&mut [0; 16]).unwrap(), 4);
        tapped.write_all(b"\r\n\r\n").unwrap();
        let mut other_half = tapped.clone();

        let (ended, end) = channel();
        let sent = tapped.send(&[IoSlice::new(b"\x88\x00")], |tcp| {
            let sent = tcp.by(Deadline::NONE).write(b"\x88\x00");
            client.write_all(b"\x88\x80\0\0\0\0").unwrap();
            thread::spawn(move || ended.send(other_half.read(&mut [0; 16]).unwrap()));
            // This thread does not run on for a while: the other must wait for it.
            assert!(end.recv_timeout(Duration::from_millis(100)).is_err());
            sent
        });
        assert_eq!(sent.unwrap(), 2);
        assert_eq!(end.recv().unwrap(), 6);
        let (client, server) = (r#"{"from":"client""#, r#"{"from":"server""#);
        assert_eq!(*lock(&shown), [client, server, server, client]);
    }
}
