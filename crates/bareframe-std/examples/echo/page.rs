//! The pages that are open: each watches one connection, and asks for what a browser can't send.

use crate::ask::{ASKS, Hello};
use crate::json::Note;
use crate::tap::{Tap, Tapped};
use bareframe_std::handshake::Choice;
use bareframe_std::{CloseCode, Error, Frame, Incoming, ReadHalf, Server, ServerSocket, WriteHalf};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Reader = ReadHalf<Tapped, Server>;
type Writer = WriteHalf<Tapped, Server>;

/// The pages that are open, by the number that their two connections have in common.
#[derive(Default)]
pub(crate) struct Pages {
    open: Mutex<BTreeMap<u64, Arc<Page>>>,
    next: AtomicU64,
}

/// A page that is open.
pub(crate) struct Page {
    /// The connection that carries the reports to the page.
    reports: Writer,
    /// The connection that the page watches, the latest if it has opened several.
    watched: Mutex<Option<Writer>>,
}

impl Pages {
    /// Serves the connection that carries the reports to a page and its requests.
    pub(crate) fn serve(&self, mut socket: ServerSocket<Tapped>) -> Result<(), Error> {
        socket.stream_mut().watch(None);
        let (mut reader, writer) = socket.split();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let page = Arc::new(Page {
            reports: writer,
            watched: Mutex::new(None),
        });
        lock(&self.open).insert(number, Arc::clone(&page));
        let echo = format_args!("/echo?page={number}");
        let server = "bareframe-std";
        let compression = cfg!(feature = "deflate");
        page.report(
            &Hello {
                server,
                echo,
                compression,
            }
            .to_string(),
        );
        let ended = page.listen(&mut reader);
        lock(&self.open).remove(&number);
        // How it ended is known already.
        let _ = reader.close(None, "");
        ended
    }

    /// Returns the page that watches a connection whose request has this query, and `true` if it wants compression.
    pub(crate) fn watching(&self, query: Option<&str>) -> Option<(Arc<Page>, bool)> {
        let query = query?.strip_prefix("page=")?;
        let (number, compresses) = match query.strip_suffix("&compression") {
            Some(number) => (number, true),
            None => (query, false),
        };
        let page = lock(&self.open).get(&number.parse().ok()?).cloned()?;
        Some((page, compresses))
    }
}

impl Page {
    /// Echoes messages on a connection that the page watches.
    pub(crate) fn watch(self: &Arc<Page>, mut incoming: Incoming<Tapped>) -> Result<(), Error> {
        // Locked before the browser can know that the connection is open: what the page asks for then waits for it.
        let mut watched = lock(&self.watched);
        let mut socket = incoming.accept(&Choice::DEFAULT)?;
        let page = Arc::downgrade(self);
        let tap = Arc::new(Tap::new(move |report| {
            if let Some(page) = page.upgrade() {
                page.report(report);
            }
        }));
        socket.stream_mut().watch(Some(Arc::clone(&tap)));
        // In two halves, so that this thread echoes while the page's other one sends what the page asks for.
        let (mut reader, writer) = socket.split();
        *watched = Some(writer.clone());
        drop(watched);
        let ended = echo(&mut reader, &writer);
        tap.ended(&ended, reader.close_reason());
        // How it ended is known already.
        let _ = reader.close(None, "");
        ended
    }

    fn report(&self, report: &str) {
        // A page that is gone needs no report.
        let _ = self.reports.send(report);
    }

    fn listen(&self, reader: &mut Reader) -> Result<(), Error> {
        while let Some(message) = reader.read()? {
            let watched = lock(&self.watched).clone();
            if let (Some(ask), Some(watched)) = (message.as_str(), watched)
                && let Err(error) = answer(&watched, ask)
            {
                self.report(&Note(format_args!("{error}.")).to_string());
            }
        }
        Ok(())
    }
}

fn echo(reader: &mut Reader, writer: &Writer) -> Result<(), Error> {
    while let Some(message) = reader.read()? {
        match writer.send(&message) {
            // The page has asked for a Close, or for fragments that are on their way: there is no echo now.
            Ok(()) | Err(Error::Send(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Sends what the page asks for.
fn answer(writer: &Writer, ask: &str) -> Result<(), Box<dyn std::error::Error>> {
    let (name, argument) = ask.split_once(' ').unwrap_or((ask, ""));
    match name {
        "ping" => writer.send(Frame::ping(b"are you there?"))?,
        "pong" => writer.send(Frame::pong(b"I am here"))?,
        "fragments" => {
            writer.send(Frame::text("and a").fragment(false))?;
            writer.send(Frame::text("happy new").fragment(false))?;
            writer.send(Frame::ping(b"between fragments"))?;
            writer.send("year!")?;
        }
        "close" => {
            let (code, reason) = argument.split_once(' ').unwrap_or((argument, ""));
            match code.parse().ok().and_then(CloseCode::new) {
                Some(code) => writer.send_close(code, reason)?,
                None => return Err(format!("{code} is not allowed in a Close").into()),
            }
        }
        _ => match ASKS
            .iter()
            .find(|known| known.name == ask && !known.broken.is_empty())
        {
            Some(known) => writer.with_stream(|stream| stream.write_all(known.broken))??,
            None => return Err(format!("{ask} is nothing that can be sent").into()),
        },
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
