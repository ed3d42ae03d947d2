//! The load generator: one thread that never sleeps, many connections with a window of compressed messages in flight on each,
//! every reply inflated or equal to one that was.

use super::EXTENSION;
use crate::compression::{Deflate, Effort, Kind, TAIL, deflaters};
use crate::wire::{From, frame};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use zlib_rs::{Inflate, InflateFlush};

/// Before this, replies are not counted.
const WARM_UP: Duration = Duration::from_millis(100);
/// How long replies are counted.
const COUNTED: Duration = Duration::from_millis(400);
/// A server that sends nothing for this long has failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many messages differ.
const MESSAGES: usize = 16;
/// The first byte of a compressed binary message in one frame.
const COMPRESSED: u8 = 0xC2;
/// The bits FIN and RSV1 of a frame's first byte.
const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;

/// The load on a server.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Which messages.
    pub kind: Kind,
    /// How many bytes each has before it is compressed.
    pub bytes: usize,
    /// How many connections.
    pub connections: usize,
    /// How many messages are in flight on each.
    pub window: usize,
}

/// The open connections, and what is sent over them.
#[derive(Debug)]
pub struct Generator {
    poll: Poll,
    connections: Vec<Connection>,
    requests: Vec<Request>,
    replies: Replies,
    window: usize,
}

/// A message, and its frame.
#[derive(Debug)]
struct Request {
    message: Vec<u8>,
    frame: Vec<u8>,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    /// How many messages were written, and how many bytes of the next.
    sent: usize,
    written: usize,
    /// How many replies are whole.
    received: usize,
    /// What was read and is not whole.
    buffer: Vec<u8>,
    /// The payload of the reply at hand, and the first byte of its first frame.
    payload: Vec<u8>,
    first: Option<u8>,
}

/// What the server replies.
struct Replies {
    /// The payload of each message's reply that was inflated last; a server compresses a message in the same way every time.
    inflated: Vec<Vec<u8>>,
    inflate: Inflate,
    out: Vec<u8>,
    /// Bytes of messages that came back, and of their payloads.
    plain: u64,
    compressed: u64,
}

impl std::fmt::Debug for Replies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replies").finish_non_exhaustive()
    }
}

impl Load {
    /// Opens the connections.
    ///
    /// # Errors
    ///
    /// Returns the system's error, or if the server does not agree to compress.
    pub fn open(&self, server: SocketAddr) -> io::Result<Generator> {
        // zlib-rs, as the peers have it.
        let mut zlib = deflaters(Effort::Fast, false).swap_remove(1).1;
        let request = |message| Request::new(message, &mut *zlib);
        let messages = self.kind.messages(MESSAGES, self.bytes);
        let requests: Vec<Request> = messages.into_iter().map(request).collect();
        let poll = Poll::new()?;
        let connection = |token| {
            let stream = upgraded(server)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(token), interest)?;
            Ok(Connection {
                stream,
                sent: 0,
                written: 0,
                received: 0,
                buffer: Vec::new(),
                payload: Vec::new(),
                first: None,
            })
        };
        let connections = (0..self.connections).map(connection).collect::<io::Result<_>>()?;
        Ok(Generator {
            poll,
            connections,
            requests,
            replies: Replies {
                inflated: vec![Vec::new(); MESSAGES],
                inflate: Inflate::new(false, 15),
                out: vec![0; self.bytes + 1],
                plain: 0,
                compressed: 0,
            },
            window: self.window,
        })
    }
}

impl Request {
    fn new(message: Vec<u8>, zlib: &mut dyn Deflate) -> Request {
        let mut payload = vec![0; 2 * message.len() + 1000];
        let len = zlib.deflate(&message, &mut payload);
        let mut request = Vec::new();
        frame(&mut request, COMPRESSED, From::Client, &payload[..len]);
        Request {
            message,
            frame: request,
        }
    }
}

impl Generator {
    /// Runs for a while and returns how many replies came in a second.
    ///
    /// # Errors
    ///
    /// Returns the system's error, or if a reply is wrong or none comes.
    pub fn run(&mut self) -> io::Result<f64> {
        self.run_for(WARM_UP)?;
        let begin = Instant::now();
        let replies = self.run_for(COUNTED)?;
        Ok(replies as f64 / begin.elapsed().as_secs_f64())
    }

    /// Returns how many times shorter the replies were than their messages.
    pub fn ratio(&self) -> f64 {
        self.replies.plain as f64 / self.replies.compressed as f64
    }

    fn run_for(&mut self, time: Duration) -> io::Result<usize> {
        let (mut replies, mut events) = (0, Events::with_capacity(1024));
        // Readiness from the end of the previous run is not reported again.
        for token in 0..self.connections.len() {
            replies += self.exchange(token)?;
        }
        let begin = Instant::now();
        let mut heard = begin;
        while begin.elapsed() < time {
            // It never sleeps, so that the time to wake up is not measured.
            self.poll.poll(&mut events, Some(Duration::ZERO))?;
            if !events.is_empty() {
                heard = Instant::now();
            } else if heard.elapsed() > PATIENCE {
                return Err(io::Error::other("the server does not reply"));
            }
            for event in &events {
                replies += self.exchange(event.token().0)?;
            }
        }
        Ok(replies)
    }

    /// Writes and reads what can be on one connection, and returns how many replies became whole.
    fn exchange(&mut self, token: usize) -> io::Result<usize> {
        let connection = &mut self.connections[token];
        let before = connection.received;
        loop {
            let wrote = connection.write(&self.requests, self.window)?;
            let read = connection.read()?;
            connection.check_replies(&self.requests, &mut self.replies)?;
            if !wrote && !read {
                return Ok(connection.received - before);
            }
        }
    }
}

impl Connection {
    /// Writes what the window and the stream take; returns `true` if that was anything.
    fn write(&mut self, requests: &[Request], window: usize) -> io::Result<bool> {
        let mut any = false;
        while self.sent < self.received + window {
            let frame = &requests[self.sent % requests.len()].frame;
            match self.stream.write(&frame[self.written..]) {
                Ok(len) => self.written += len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
            any = true;
            if self.written == frame.len() {
                self.written = 0;
                self.sent += 1;
            }
        }
        Ok(any)
    }

    /// Reads once; returns `true` if anything was there.
    fn read(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 64 << 10];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(len) => {
                self.buffer.extend_from_slice(&bytes[..len]);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes the whole frames from the buffer, and checks each reply that they end.
    fn check_replies(&mut self, requests: &[Request], replies: &mut Replies) -> io::Result<()> {
        let mut taken = 0;
        while let Some((first, header, len)) = header(&self.buffer[taken..]) {
            let Some(payload) = self.buffer[taken + header..].get(..len) else {
                break;
            };
            self.payload.extend_from_slice(payload);
            taken += header + len;
            let first_of_message = *self.first.get_or_insert(first);
            if first & FIN != 0 {
                let index = self.received % requests.len();
                let is_compressed = first_of_message & RSV1 != 0;
                replies.check(index, &requests[index].message, &self.payload, is_compressed)?;
                self.payload.clear();
                self.first = None;
                self.received += 1;
            }
        }
        self.buffer.drain(..taken);
        Ok(())
    }
}

impl Replies {
    fn check(&mut self, index: usize, message: &[u8], payload: &[u8], is_compressed: bool) -> io::Result<()> {
        self.plain += message.len() as u64;
        self.compressed += payload.len() as u64;
        if self.inflated[index] == payload {
            return Ok(());
        }
        let is_right = if is_compressed {
            self.inflate.reset(false);
            let with_tail = [payload, &TAIL].concat();
            let result = self
                .inflate
                .decompress(&with_tail, &mut self.out, InflateFlush::SyncFlush);
            result.is_ok() && self.out.get(..self.inflate.total_out() as usize) == Some(message)
        } else {
            payload == message
        };
        if !is_right {
            return Err(io::Error::other("a reply is wrong"));
        }
        self.inflated[index] = payload.to_vec();
        Ok(())
    }
}

/// Returns the first byte of an unmasked frame and the lengths of its header and its payload, if the header is whole.
fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, rest) = bytes.split_first()?;
    let (second, rest) = rest.split_first()?;
    Some(match second {
        126 => (*first, 4, u16::from_be_bytes(*rest.first_chunk()?).into()),
        127 => (*first, 10, u64::from_be_bytes(*rest.first_chunk()?) as usize),
        len => (*first, 2, usize::from(*len)),
    })
}

/// Returns a connection after the opening handshake.
fn upgraded(server: SocketAddr) -> io::Result<std::net::TcpStream> {
    let mut stream = std::net::TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Extensions: {EXTENSION}\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let agreed = head
        .lines()
        .find(|line| line.starts_with("sec-websocket-extensions:"));
    match agreed {
        Some(line) if line.contains("server_no_context_takeover") => Ok(stream),
        _ => Err(io::Error::other("the server does not agree to compress")),
    }
}
