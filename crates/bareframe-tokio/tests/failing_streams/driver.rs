//! Every call of the adapter, as the model makes it.

use crate::stream::Failing;
use bareframe_testkit::{Endpoint, EndpointCall, Heard, Random, Said, Seen, Side, Told};
use bareframe_tokio::{
    Client, CloseCode, Error, Event, Frame, MaskingKey, Message, MessageKind, MessageRef, Options, ReadHalf,
    Rsv, Server, StreamEnd, UnsentFrame, WebSocket, WriteHalf,
};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

type Keys = fn() -> MaskingKey;

enum AnySocket {
    Client(WebSocket<Failing, Client<Keys>>),
    Server(WebSocket<Failing, Server>),
    ClientHalves(ReadHalf<Failing, Client<Keys>>, WriteHalf<Failing, Client<Keys>>),
    ServerHalves(ReadHalf<Failing, Server>, WriteHalf<Failing, Server>),
    Gone,
}

/// Does the same with what reads, whole or half, of either role.
macro_rules! with_reader {
    ($end:expr, $reader:ident => $call:expr) => {
        match $end {
            AnySocket::Client($reader) => $call,
            AnySocket::Server($reader) => $call,
            AnySocket::ClientHalves($reader, _) => $call,
            AnySocket::ServerHalves($reader, _) => $call,
            AnySocket::Gone => unreachable!("no call is made after the drop"),
        }
    };
}

/// Does the same with what writes.
macro_rules! with_writer {
    ($end:expr, $writer:ident => $call:expr) => {
        match $end {
            AnySocket::Client($writer) => $call,
            AnySocket::Server($writer) => $call,
            AnySocket::ClientHalves(_, $writer) => $call,
            AnySocket::ServerHalves(_, $writer) => $call,
            AnySocket::Gone => unreachable!("no call is made after the drop"),
        }
    };
}

/// How often the future of each method was dropped, by where it waited.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Drops(BTreeMap<&'static str, u64>);

impl Drops {
    /// Every await of every method that a model makes.
    const ALL: [&'static str; 22] = [
        "close",
        "feed",
        "feed_frame",
        "flush",
        "next",
        "ping: flushing",
        "ping: no room",
        "read",
        "read_event",
        "send: flushing",
        "send: no room",
        "send_binary: flushing",
        "send_binary: no room",
        "send_close: flushing",
        "send_close: no room",
        "send_frame: flushing",
        "send_frame: writing",
        "send_text: flushing",
        "send_text: no room",
        "sink: feed",
        "sink: flush",
        "sink: send",
    ];

    pub(crate) fn least(&self) -> u64 {
        let counts = Drops::ALL
            .iter()
            .map(|name| self.0.get(name).copied().unwrap_or(0));
        counts.min().unwrap_or(0)
    }
}

impl fmt::Display for Drops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dropped futures:")?;
        for name in Drops::ALL {
            write!(f, "\n{:>10}  {name}", self.0.get(name).copied().unwrap_or(0))?;
        }
        Ok(())
    }
}

/// One end of the connection.
pub(crate) struct End<'d> {
    socket: AnySocket,
    /// The frame of which the stream did not take all, and its payload.
    kept: Option<(UnsentFrame, Vec<u8>)>,
    random: Random,
    drops: &'d RefCell<Drops>,
}

/// A future was dropped, or its stream timed out.
struct Later;

impl<'d> End<'d> {
    pub(crate) fn open(
        side: Side,
        stream: Failing,
        random: &mut Random,
        drops: &'d RefCell<Drops>,
    ) -> End<'d> {
        let key: Keys = || MaskingKey::new([1, 2, 3, 4]);
        let options = Options::DEFAULT
            .with_read_buffer([1, 16, 300, 5000][random.below(4)])
            .with_read_buffer_max([300, 8192][random.below(2)])
            .with_write_buffer([256, 5000][random.below(2)]);
        End {
            socket: match side {
                Side::Client => AnySocket::Client(WebSocket::client_with_keys(stream, &options, key)),
                Side::Server => AnySocket::Server(WebSocket::server(stream, &options)),
            },
            kept: None,
            random: Random::new(random.number()),
            drops,
        }
    }

    /// The same in two halves.
    pub(crate) fn split(self) -> End<'d> {
        let socket = match self.socket {
            AnySocket::Client(socket) => {
                let (reader, writer) = socket.split();
                AnySocket::ClientHalves(reader, writer)
            }
            AnySocket::Server(socket) => {
                let (reader, writer) = socket.split();
                AnySocket::ServerHalves(reader, writer)
            }
            socket => socket,
        };
        End { socket, ..self }
    }

    /// Returns what polls a future one to three times, and then drops it if it is not done.
    fn patience(&mut self) -> Patience<'d> {
        Patience {
            polls: 1 + self.random.below(3),
            drops: self.drops,
        }
    }

    /// Sends what is left of the frame that was kept.
    fn send_kept(&mut self) -> Result<(), Later> {
        let Some((unsent, payload)) = self.kept.take() else {
            return Ok(());
        };
        let mut frame = unsent.frame(&payload);
        let patience = self.patience();
        let sent = with_writer!(&mut self.socket, socket => {
            patience.poll("send_frame: writing", socket.send_frame(&mut frame))
        });
        match sent.map(told) {
            None | Some(Told::Later) if frame.left() > 0 => {
                self.kept = Some((frame.unsent(), payload));
                Err(Later)
            }
            _ => Ok(()),
        }
    }

    /// Sends or feeds a frame that borrows its payload, which is kept if not all of it was taken.
    fn say_frame(&mut self, said: &Said, is_fed: bool) -> Told {
        let payload = match said {
            Said::Message(_, payload) | Said::Ping(payload) => payload.clone(),
            Said::Close(_, reason) => reason.as_bytes().to_vec(),
        };
        let mut frame = match said {
            Said::Message(MessageKind::Text, _) => Frame::text_piece(&payload),
            Said::Message(MessageKind::Binary, _) => Frame::binary(&payload),
            Said::Ping(_) => Frame::ping(&payload),
            Said::Close(code, reason) => Frame::close(*code, reason),
        };
        let patience = self.patience();
        let sent = with_writer!(&mut self.socket, socket => match is_fed {
            true => patience.poll("", socket.feed_frame(&mut frame)),
            false => patience.poll("", socket.send_frame(&mut frame)),
        });
        if let Some(sent) = sent {
            return told(sent);
        }
        let is_flushing = frame.is_begun() && frame.left() == 0;
        patience.count(match is_flushing {
            _ if is_fed => "feed_frame",
            true => "send_frame: flushing",
            false => "send_frame: writing",
        });
        if !frame.is_begun() {
            return Told::Later;
        }
        let unsent = frame.unsent();
        self.kept = (unsent.left() > 0).then_some((unsent, payload));
        Told::Kept
    }

    /// Sends a message as one does who never drops a call midway but flushes later.
    fn say_fed(&mut self, said: &Said, is_fed: bool) -> Told {
        let (patience, is_sink) = (self.patience(), self.random.below(2) == 0);
        let message = message(said);
        let fed = with_writer!(&mut self.socket, socket => match is_sink {
            true => patience.poll("sink: feed", SinkExt::feed(socket, message)),
            false => patience.poll("feed", socket.feed(message)),
        });
        match fed.map(told) {
            // Nothing was sent.
            None => return Told::Later,
            Some(Told::Done) if !is_fed => {}
            Some(told) => return told,
        }
        match self.flushed() {
            // It was taken.
            Told::Later => Told::Kept,
            told => told,
        }
    }

    /// Sends a message by one call, which owns it once there is room.
    fn say_owned(&mut self, said: &Said) -> Told {
        let (patience, way) = (self.patience(), self.random.below(4));
        let mut cx = Context::from_waker(Waker::noop());
        // Room that the first look has made, an answer may take.
        let had_room = with_writer!(&mut self.socket, socket => match socket.poll_ready(&mut cx) {
            Poll::Ready(Ok(())) => socket.poll_ready(&mut cx),
            room => room,
        });
        let had_room = match had_room {
            Poll::Ready(Err(error)) => return told(Err(error)),
            room => room.is_ready(),
        };
        let name = |flushing: &'static str, no_room: &'static str| if had_room { flushing } else { no_room };
        let (sent, is_exact) = with_writer!(&mut self.socket, socket => match (said, way) {
            (_, 0) => (patience.poll("sink: send", SinkExt::send(socket, message(said))), false),
            (_, 1) => {
                let name = name("send: flushing", "send: no room");
                (patience.poll(name, socket.send(message(said))), had_room)
            }
            (Said::Message(MessageKind::Text, _), _) => {
                let Message::Text(text) = message(said) else { unreachable!() };
                let name = name("send_text: flushing", "send_text: no room");
                (patience.poll(name, socket.send_text(text)), had_room)
            }
            (Said::Message(MessageKind::Binary, payload), _) => {
                let name = name("send_binary: flushing", "send_binary: no room");
                (patience.poll(name, socket.send_binary(payload.clone())), had_room)
            }
            (Said::Ping(payload), _) => {
                let name = name("ping: flushing", "ping: no room");
                (patience.poll(name, socket.ping(payload.clone())), had_room)
            }
            (Said::Close(code, reason), _) => {
                let name = name("send_close: flushing", "send_close: no room");
                (patience.poll(name, socket.send_close(*code, reason)), had_room)
            }
        });
        match sent {
            Some(sent) => told(sent),
            // There was room, so that it was taken.
            None if is_exact => Told::Kept,
            None => Told::Unknown,
        }
    }

    fn flushed(&mut self) -> Told {
        let (patience, is_sink) = (self.patience(), self.random.below(2) == 0);
        let flushed = with_writer!(&mut self.socket, socket => match is_sink {
            true => patience.poll("sink: flush", SinkExt::flush(socket)),
            false => patience.poll("flush", socket.flush()),
        });
        flushed.map_or(Told::Later, told)
    }
}

impl Endpoint for End<'_> {
    fn read_message(&mut self) -> Heard {
        let _ = self.send_kept();
        let patience = self.patience();
        if self.random.below(3) == 0 {
            return loop {
                let next = with_reader!(&mut self.socket, socket => patience.poll("next", socket.next()));
                match next {
                    None => break Heard::Later,
                    // The stream has ended, and says no more.
                    Some(None) => break self.ended_again(),
                    Some(Some(Ok(Message::Text(text)))) => break whole(MessageKind::Text, text.as_bytes()),
                    Some(Some(Ok(Message::Binary(bytes)))) => break whole(MessageKind::Binary, &bytes),
                    Some(Some(Ok(_))) => {}
                    Some(Some(Err(error))) => break ended(Err(error)),
                }
            };
        }
        let read = with_reader!(&mut self.socket, socket => match patience.poll("read", socket.read()) {
            Some(Ok(Some(message))) => return whole(message.kind(), message.payload()),
            Some(Ok(None)) => Some(Ok(())),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        });
        read.map_or(Heard::Later, ended)
    }

    fn read_event(&mut self) -> Heard {
        let _ = self.send_kept();
        let patience = self.patience();
        let read = with_reader!(&mut self.socket, socket => match patience.poll("read_event", socket.read_event()) {
            Some(Ok(Some(event))) => return Heard::Seen(seen(&event)),
            Some(Ok(None)) => Some(Ok(())),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        });
        read.map_or(Heard::Later, ended)
    }

    fn send(&mut self, said: &Said) -> Told {
        if self.send_kept().is_err() {
            return Told::Later;
        }
        match self.random.below(3) {
            0 => self.say_frame(said, false),
            1 => self.say_fed(said, false),
            _ => self.say_owned(said),
        }
    }

    fn feed(&mut self, said: &Said) -> Told {
        if self.send_kept().is_err() {
            return Told::Later;
        }
        match self.random.below(2) {
            0 => self.say_frame(said, true),
            _ => self.say_fed(said, true),
        }
    }

    fn flush(&mut self) -> Told {
        if self.send_kept().is_err() {
            return Told::Later;
        }
        self.flushed()
    }

    fn close(&mut self) -> Heard {
        if self.send_kept().is_err() {
            // The peer may wait for us to read.
            return match self.read_event() {
                Heard::Seen(_) => Heard::Later,
                // What was read of it as a message is dropped too.
                Heard::Other(error) if error.contains("MessageSkipped") => Heard::Later,
                heard => heard,
            };
        }
        let patience = self.patience();
        let closed = with_reader!(&mut self.socket, socket => {
            patience.poll("close", socket.close(CloseCode::NORMAL_CLOSURE, "bye"))
        });
        closed.map_or(Heard::Later, |closed: Result<StreamEnd, Error>| {
            ended(closed.map(drop))
        })
    }

    fn close_reason(&self) -> Option<(Option<CloseCode>, String)> {
        let reason = with_reader!(&self.socket, socket => socket.close_reason());
        reason.map(|reason| (reason.code(), reason.reason().to_owned()))
    }

    fn abandon(&mut self) {
        self.socket = AnySocket::Gone;
    }

    /// Within a frame of ours that is not finished, the answer to the peer's Close follows that.
    fn leaves_answers(&self) -> bool {
        let is_split = matches!(
            self.socket,
            AnySocket::ClientHalves(..) | AnySocket::ServerHalves(..)
        );
        is_split && self.kept.is_some()
    }

    /// A caller that wants a limit drops the future, or says so in the options.
    fn limit(&self, _: EndpointCall) -> Option<Duration> {
        None
    }
}

impl End<'_> {
    /// A stream of messages that has ended says nothing any more; `read` does.
    fn ended_again(&mut self) -> Heard {
        let read = with_reader!(&mut self.socket, socket => {
            let read = Patience { polls: 1, drops: self.drops }.poll("read", socket.read());
            read.map(|read: Result<Option<MessageRef<'_>>, Error>| read.map(|read| read.is_none()))
        });
        match read {
            Some(Ok(is_none)) => {
                assert!(is_none, "it had ended");
                Heard::Clean
            }
            Some(Err(error)) => ended(Err(error)),
            None => Heard::Later,
        }
    }
}

/// Polls a future so often, and drops it if it is not done.
#[derive(Clone, Copy)]
struct Patience<'d> {
    polls: usize,
    drops: &'d RefCell<Drops>,
}

impl Patience<'_> {
    fn poll<F: Future>(&self, name: &'static str, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        for _ in 0..self.polls {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return Some(output);
            }
        }
        self.count(name);
        None
    }

    fn count(&self, name: &'static str) {
        *self.drops.borrow_mut().0.entry(name).or_default() += 1;
    }
}

fn message(said: &Said) -> Message {
    match said {
        Said::Message(MessageKind::Text, payload) => {
            Message::from(String::from_utf8(payload.clone()).expect("text is UTF-8"))
        }
        Said::Message(MessageKind::Binary, payload) => Message::from(payload.clone()),
        Said::Ping(payload) => Message::Ping(Bytes::copy_from_slice(payload)),
        Said::Close(code, reason) => Message::Close(Some(bareframe_tokio::CloseFrame {
            code: *code,
            reason: (*reason).into(),
        })),
    }
}

fn whole(kind: MessageKind, payload: &[u8]) -> Heard {
    Heard::Seen(Seen::Data {
        kind,
        rsv: Rsv::NONE,
        payload: payload.to_vec(),
        first: true,
        last: true,
    })
}

fn seen(event: &Event<'_>) -> Seen {
    match event {
        Event::Data(data) => Seen::Data {
            kind: data.kind(),
            rsv: data.rsv(),
            payload: data.payload().to_vec(),
            first: data.is_first(),
            last: data.is_last(),
        },
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close(reason) => Seen::Close {
            code: reason.code(),
            reason: reason.reason().to_owned(),
        },
    }
}

fn ended(result: Result<(), Error>) -> Heard {
    match result {
        Ok(()) => Heard::Clean,
        // The rest of our frame goes first, with the next call.
        Err(Error::UnfinishedFrame) => Heard::Later,
        Err(Error::Io(error)) => Heard::Failed(error.kind()),
        Err(Error::AbnormalClosure) => Heard::Abnormal,
        Err(error) => Heard::Other(format!("{error:?}")),
    }
}

fn told(result: Result<(), Error>) -> Told {
    match result {
        Ok(()) => Told::Done,
        Err(Error::Io(error)) => Told::Failed(error.kind()),
        Err(Error::Send(_)) => Told::Refused,
        Err(error) => unreachable!("{error:?}"),
    }
}
