//! An echo server on the engine alone, over mio: many connections in one thread, and one buffer to read into for all of them.
//!
//! ```text
//! cargo run --release -p bareframe --features alloc --example echo_mio -- 127.0.0.1:9001
//! ```

use bareframe::{handshake::*, *};
use mio::{Events, Interest, Poll, Token, net};
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};
use std::{collections::HashMap, error::Error};

const CONFIG: Config = Config::DEFAULT.with_limits(Limits::DEFAULT.with_message(1 << 20));
type Buffer = Option<Box<[u8]>>;

struct Client {
    stream: net::TcpStream,
    session: Session<Server, Buffer, [u8; 512]>,
    assembler: Assembler<Vec<u8>>,
    /// The message that is sent back, which the stream did not take whole.
    unsent: (UnsentFrame, Vec<u8>),
    keepalive: Keepalive,
    /// The request as far as it arrived, until it was answered.
    head: Option<(HeadEnd, Vec<u8>)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener =
        std::net::TcpListener::bind(std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:9001"))?;
    println!("The echo is at ws://{}/.", listener.local_addr()?);
    serve(listener, Duration::from_secs(30))
}

/// Serves for ever. A client that sends nothing for so long gets a Ping, and is dropped after as long again.
fn serve(listener: std::net::TcpListener, quiet: Duration) -> Result<(), Box<dyn Error>> {
    listener.set_nonblocking(true)?;
    let (mut listener, mut poll) = (net::TcpListener::from_std(listener), Poll::new()?);
    let registry = poll.registry().try_clone()?;
    registry.register(&mut listener, Token(0), Interest::READABLE)?;
    let (mut events, mut clients, mut last) = (Events::with_capacity(1024), HashMap::new(), 0);
    let (mut buffer, started) = (None, Instant::now());
    loop {
        match poll.poll(&mut events, Some(quiet / 8)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        while let Ok((mut stream, _)) = listener.accept() {
            last += 1;
            registry.register(&mut stream, Token(last), Interest::READABLE | Interest::WRITABLE)?;
            let client = Client {
                stream,
                session: Session::new(Connection::server(CONFIG), None, [0; 512]),
                assembler: Assembler::new(Vec::new()),
                unsent: (Frame::NONE.unsent(), Vec::new()),
                keepalive: Keepalive::new(quiet, quiet),
                head: Some((HeadEnd::new(16 << 10), Vec::new())),
            };
            clients.insert(Token(last), client);
        }
        let now = started.elapsed();
        for event in &events {
            let client = clients.get_mut(&event.token());
            if client.is_some_and(|client| !client.go_on(&mut buffer, now)) {
                clients.remove(&event.token());
            }
        }
        clients.retain(|_, client| client.is_alive(&mut buffer, now));
    }
}

impl Client {
    /// Goes on until the stream blocks, and leaves the buffer to the next client unless something in it is unread.
    fn go_on(&mut self, buffer: &mut Buffer, now: Duration) -> bool {
        let memory = buffer.take().unwrap_or_else(|| vec![0; 64 << 10].into());
        *buffer = self.session.put_memory(memory).err();
        let is_open = self.echo(now).unwrap_or(false);
        *buffer = self.session.take_memory().or(buffer.take());
        is_open
    }

    fn is_alive(&mut self, buffer: &mut Buffer, now: Duration) -> bool {
        let step = self.keepalive.step(now, State::Open);
        // Who has sent no request is not asked.
        let is_asked = step == KeepaliveStep::Ping && self.head.is_none();
        let is_asked = is_asked && self.session.next_sent(&mut Frame::ping(b"")).is_ok();
        step != KeepaliveStep::Dead && (!is_asked || self.go_on(buffer, now))
    }

    /// Reads the request and answers it; returns `false` if there is more to come.
    fn shake_hands(&mut self) -> Result<bool, Box<dyn Error>> {
        let (end, head) = self.head.as_mut().ok_or("it was answered")?;
        let len = match self.stream.read(self.session.space()) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Ok(0) => return Err("the client ended the stream within its request".into()),
            len => len?,
        };
        head.extend_from_slice(&self.session.space()[..len]);
        if !end.arrived(head)? {
            return self.shake_hands();
        }
        let (parsed, mut answer) = (RequestHead::parse(head)?, [0; 1024]);
        let upgrade = parsed.request(head).upgrade();
        let upgrade = upgrade.and_then(|upgrade| upgrade.ok_or(RequestError::MissingUpgrade));
        let answer_len = match &upgrade {
            Ok(upgrade) => upgrade.encode(&Accept::from_key(upgrade.key()), &Choice::DEFAULT, &mut answer)?,
            Err(error) => error.answer().encode(&mut answer)?,
        };
        // Nothing was written before, so that there is room for it.
        self.stream.write_all(&answer[..answer_len])?;
        upgrade?;
        // The first frames may have come with it.
        self.session
            .begin_with(len - (head.len() - parsed.head_len())..len);
        self.head = None;
        Ok(true)
    }

    /// Echoes until the stream blocks; returns `false` at the end of the connection.
    fn echo(&mut self, now: Duration) -> Result<bool, Box<dyn Error>> {
        if self.head.is_some() && !self.shake_hands()? {
            return Ok(true);
        }
        loop {
            let mut frame = self.unsent.0.frame(&self.unsent.1);
            let next = match self.session.next_sent(&mut frame) {
                // If it can't be sent any more, what the peer sent says why.
                Ok(Next::Ready) | Err(SendError::Closed | SendError::OtherFrame) => {
                    self.session.next_message(&mut self.assembler)?
                }
                next => next?,
            };
            let done = match next {
                Next::Closed | Next::Memory => return Ok(false),
                Next::Ready => {
                    let message = self.session.message(&mut self.assembler).ok_or("it is ready")?;
                    self.unsent = (Frame::from(&message).unsent(), message.payload().to_vec());
                    continue;
                }
                Next::Read => self.stream.read(self.session.space()).map(|len| {
                    self.session.read(len);
                    self.keepalive.received(now);
                }),
                Next::Write => {
                    let [queued, payload] = self.session.to_write(&frame);
                    let bytes = if queued.is_empty() { payload } else { queued };
                    self.stream
                        .write(bytes)
                        .map(|len| self.session.wrote(len, &mut frame))
                }
                Next::Flush => self.stream.flush().map(|()| self.session.flushed()),
            };
            self.unsent.0 = frame.unsent();
            let is_sending = self.unsent.0.left() > 0;
            match done.map_err(|error| error.kind()) {
                Err(ErrorKind::WouldBlock) if is_sending || !self.session.blocked(next) => return Ok(true),
                Ok(()) | Err(ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) if next == Next::Read => return Err(error.to_string().into()),
                // What was received before counts for more.
                Err(_) => self.session.refused(),
            }
        }
    }
}

#[cfg(test)]
mod tests;
