//! An echo server on the engine alone, over mio: many connections in one thread, and one buffer to read into for all of them.
//! `cargo run --release -p bareframe --features alloc --example echo_mio -- 127.0.0.1:9001` runs it.

use bareframe::{handshake::*, *};
use mio::{Events, Interest, Poll, Token, event::Event, net};
use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::time::{Duration, Instant};
use std::{env, error::Error};

const CONFIG: Config = Config::DEFAULT.with_limits(Limits::DEFAULT.with_message(1 << 20));
type Buffer = Option<Box<[u8]>>;

struct Client {
    stream: net::TcpStream,
    session: Session<Server, Buffer, [u8; 512]>,
    assembler: Assembler<Vec<u8>>,
    /// The message that is sent back, which the stream did not take whole.
    unsent: (UnsentFrame, Vec<u8>),
    keepalive: Keepalive,
    /// Looks for the end of the request, until it was answered.
    request: Option<HeadEnd>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:9001".into());
    serve(std::net::TcpListener::bind(address)?, Duration::from_secs(30))
}

/// Serves forever. A client that sends nothing for `quiet` gets a Ping, and is dropped after the same time again.
fn serve(listener: std::net::TcpListener, quiet: Duration) -> Result<(), Box<dyn Error>> {
    println!("The echo is at ws://{}/.", listener.local_addr()?);
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
                request: Some(HeadEnd::new(16 << 10)),
            };
            clients.insert(Token(last), client);
        }
        let (ready, now): (HashSet<_>, _) = (events.iter().map(Event::token).collect(), started.elapsed());
        clients.retain(|token, client| client.advance(ready.contains(token), &mut buffer, now));
    }
}

impl Client {
    /// Continues if the stream is ready or a Ping is due. Returns `false` at the end of the connection.
    fn advance(&mut self, is_ready: bool, buffer: &mut Buffer, now: Duration) -> bool {
        match self.keepalive.step(now, State::Open) {
            KeepaliveStep::Dead => return false,
            KeepaliveStep::Ping if self.request.is_none() => {
                let _ = self.session.next_sent(&mut Frame::ping(b""));
            }
            _ if !is_ready => return true,
            _ => {}
        }
        let read_into = buffer.take().unwrap_or_else(|| vec![0; 64 << 10].into());
        *buffer = self.session.put_memory(read_into).err();
        let is_open = self.echo(now).unwrap_or(false);
        // Whoever has something unread in the buffer keeps it, and the next client gets another.
        *buffer = self.session.take_memory().or(buffer.take());
        is_open
    }

    /// Answers the request, and echoes until the stream blocks. Returns `false` at the end of the connection.
    fn echo(&mut self, now: Duration) -> Result<bool, Box<dyn Error>> {
        loop {
            let (stream, session) = (&mut self.stream, &mut self.session);
            let mut frame = self.unsent.0.frame(&self.unsent.1);
            let next = match session.next_sent(&mut frame) {
                _ if self.request.is_some() => Next::Read,
                // If it can't be sent any more, what the peer sent says why.
                Ok(Next::Ready) | Err(SendError::Closed | SendError::OtherFrame) => {
                    session.next_message(&mut self.assembler)?
                }
                next => next?,
            };
            let done = match next {
                Next::Closed | Next::Memory => return Ok(false),
                Next::Ready => {
                    let message = session.message(&mut self.assembler).ok_or("it is ready")?;
                    self.unsent = (Frame::from(&message).unsent(), message.payload().to_vec());
                    continue;
                }
                Next::Read => stream.read(session.space()),
                Next::Write => stream.write_vectored(&session.to_write(&frame).map(IoSlice::new)),
                Next::Flush => stream.flush().map(|()| 0),
            };
            self.unsent.0 = frame.unsent();
            match done.as_ref().map_err(io::Error::kind) {
                Err(ErrorKind::WouldBlock) if frame.left() > 0 || !session.blocked(next) => return Ok(true),
                Err(ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                // The stream has ended within the request.
                Ok(0) if self.request.is_some() => return Ok(false),
                _ => session.performed(next, done, &mut frame)?,
            }
            self.unsent.0 = frame.unsent();
            self.answer()?;
            if next == Next::Read && self.request.is_none() {
                self.keepalive.received(now);
            }
        }
    }

    /// Answers the request if all of it has arrived.
    fn answer(&mut self) -> Result<(), Box<dyn Error>> {
        let bytes = self.session.unread();
        if let Some(end) = &mut self.request
            && end.arrived(bytes)?
        {
            let ((request, head_len), mut out) = (Request::parse(bytes)?, [0; 1024]);
            let (len, checked) = request.answer(&Choice::DEFAULT, &mut out)?;
            // Nothing was written before, so that there is room for it.
            self.stream.write_all(&out[..len])?;
            checked?;
            // The first frames may have come with it.
            self.session.begin_after(head_len);
            self.request = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
