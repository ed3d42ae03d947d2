//! A stream that reports the bytes that pass through it: incoming ones before they are unmasked, outgoing ones after
//! masking.

use crate::frames::Frames;
use crate::json::{Closed, End, Head, Report};
use crate::pages::Page;
use bareframe::{CloseReason, Rules};
use bareframe_embedded_io::Error;
use core::fmt::Debug;
use core::str;
use embedded_io_async::{ErrorType, Read, Write};
use heapless::Vec;

/// The longest head of a request, in bytes; then what is read at once.
pub(crate) const HEAD: usize = 4096;

/// A stream that a page may watch.
pub(crate) struct Tapped<'p, S> {
    stream: S,
    watched: Watched<'p>,
    received: Direction,
    sent: Direction,
}

enum Watched<'p> {
    /// The request, which says whether a page watches, is not looked at yet.
    NotYetKnown,
    No,
    By(Page<'p>),
}

struct Direction {
    from: End,
    /// The head of the opening handshake and what came with it, until it was shown.
    head: Option<Vec<u8, HEAD>>,
    frames: Frames,
}

impl<'p, S> Tapped<'p, S> {
    pub(crate) fn new(stream: S) -> Tapped<'p, S> {
        Tapped {
            stream,
            watched: Watched::NotYetKnown,
            received: Direction::new(End::Client, Rules::FROM_CLIENT),
            sent: Direction::new(End::Server, Rules::FROM_SERVER),
        }
    }

    /// Sets the page that watches, if there is one. It sees everything from the first byte.
    pub(crate) fn watch(&mut self, page: Option<Page<'p>>) {
        self.watched = page.map_or(Watched::No, Watched::By);
        self.received.see(&[], &self.watched);
    }

    /// Reports how the connection has ended, and which frames are unfinished.
    pub(crate) fn ended<E: Debug>(&mut self, how: &Result<(), Error<E>>, reason: Option<CloseReason>) {
        let Watched::By(page) = self.watched else { return };
        self.received.end(page);
        self.sent.end(page);
        match how {
            Ok(()) => page.note(Closed(reason)),
            Err(error) => page.note(error),
        }
    }
}

impl<S: ErrorType> ErrorType for Tapped<'_, S> {
    type Error = S::Error;
}

impl<S: Read> Read for Tapped<'_, S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, S::Error> {
        let len = self.stream.read(buffer).await?;
        self.received.see(&buffer[..len], &self.watched);
        Ok(len)
    }
}

impl<S: Write> Write for Tapped<'_, S> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, S::Error> {
        let len = self.stream.write(bytes).await?;
        self.sent.see(&bytes[..len], &self.watched);
        Ok(len)
    }

    async fn flush(&mut self) -> Result<(), S::Error> {
        self.stream.flush().await
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

    fn see(&mut self, bytes: &[u8], watched: &Watched<'_>) {
        match (&mut self.head, watched) {
            (_, Watched::No) | (None, Watched::NotYetKnown) => {}
            (None, &Watched::By(page)) => self.show(bytes, page),
            (Some(head), watched) => {
                // A request has fitted as much memory; an answer that is longer is not shown.
                let _ = head.extend_from_slice(bytes);
                if let &Watched::By(page) = watched {
                    self.show_head(page);
                }
            }
        }
    }

    /// Shows the head if it is whole, and the frames that came with it.
    fn show_head(&mut self, page: Page<'_>) {
        let Some(head) = self.head.take() else { return };
        let Some(blank_line) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            self.head = Some(head);
            return;
        };
        let (text, after) = head.split_at(blank_line + 4);
        page.report(Head(self.from, str::from_utf8(text).unwrap_or_default()));
        self.show(after, page);
    }

    fn show(&mut self, mut bytes: &[u8], page: Page<'_>) {
        while let Some(frame) = self.frames.next(&mut bytes) {
            page.report(Report(self.from, &frame));
        }
    }

    fn end(&mut self, page: Page<'_>) {
        if let Some(frame) = self.frames.unfinished() {
            page.report(Report(self.from, &frame));
        }
    }
}
