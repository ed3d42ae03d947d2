//! The load generator: one thread, many connections with a window of messages in flight on each, every byte of every
//! reply checked.

use crate::wire::{BINARY, From, Payload, frame};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::SockRef;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A server that sends nothing for this long has failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// Counting begins after this even if a connection has not had its window of replies.
const LONGEST_WARM_UP: Duration = Duration::from_secs(2);
/// How many connections are opened at a time.
const AT_A_TIME: usize = 32;
const READ_BUFFER: usize = 256 * 1024;
/// A round has at least this many bytes of replies for each connection, and at least a window.
const SHORTEST_ROUND: usize = 1 << 20;
/// Rounds of at most this many replies are counted whole: near a round's end there is less to do than at its begin.
const SHORT_ROUND: usize = 20_000;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The load on a server.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Payload of each message, in bytes.
    pub bytes: usize,
    /// How many connections.
    pub connections: usize,
    /// How many messages are in flight on each.
    pub window: usize,
    /// The processor is left to others while nothing arrives, as when the server needs both.
    pub yields: bool,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    /// Bytes of requests that must still be written.
    to_write: usize,
    /// Bytes of replies that were read.
    read: usize,
}

/// The open connections, and what is sent over them.
#[derive(Debug)]
pub struct Generator {
    poll: Poll,
    connections: Vec<Connection>,
    /// Requests back to back, a whole window of them.
    requests: Vec<u8>,
    request_len: usize,
    /// Replies back to back, more than one read takes.
    replies: Vec<u8>,
    reply_len: usize,
    window: usize,
    yields: bool,
    buffer: Vec<u8>,
    round: Round,
}

/// All connections go through rounds together: one that has had the replies of a round sends nothing more before all have had them.
/// Otherwise, a server that stays with few connections, whose bytes are in the near caches, would be counted with these alone.
#[derive(Debug)]
struct Round {
    /// Set if the last exchange of what was ready ended the round before it.
    has_just_begun: bool,
    /// How many bytes of replies a connection has at its end.
    end: usize,
    /// A multiple of a window of replies, so that no connection is past the end of a round before it begins.
    len: usize,
    /// How many connections are not at its end.
    left: usize,
    /// Those that are.
    held: Vec<usize>,
}

impl Load {
    /// Opens the connections.
    ///
    /// # Errors
    ///
    /// Returns the system's error, or if the server does not upgrade.
    pub fn open(&self, server: SocketAddr) -> io::Result<Generator> {
        let payload = Payload::Binary.bytes(self.bytes);
        let (mut requests, mut replies) = (Vec::new(), Vec::new());
        for _ in 0..self.window {
            frame(&mut requests, BINARY, From::Client, &payload);
        }
        frame(&mut replies, BINARY, From::Server, &payload);
        let reply_len = replies.len();
        while replies.len() < reply_len + READ_BUFFER {
            frame(&mut replies, BINARY, From::Server, &payload);
        }
        let poll = Poll::new()?;
        let streams = upgraded(server, self.connections)?;
        let connection = |(token, stream): (usize, std::net::TcpStream)| {
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(token), interest)?;
            Ok(Connection {
                stream,
                to_write: requests.len(),
                read: 0,
            })
        };
        let connections = streams
            .into_iter()
            .enumerate()
            .map(connection)
            .collect::<io::Result<_>>()?;
        let round_len = SHORTEST_ROUND.next_multiple_of(self.window * reply_len);
        Ok(Generator {
            round: Round {
                has_just_begun: true,
                end: round_len,
                len: round_len,
                left: self.connections,
                held: Vec::new(),
            },
            connections,
            poll,
            request_len: requests.len() / self.window,
            requests,
            replies,
            reply_len,
            window: self.window,
            yields: self.yields,
            buffer: vec![0; READ_BUFFER],
        })
    }
}

impl Generator {
    /// Runs for these times, and returns how many replies came in a second of the latter. The former lasts longer if it must: until
    /// every connection has had a window of replies, so that what is counted is not how the first messages are sent.
    ///
    /// # Errors
    ///
    /// Returns the system's error, or if a reply is wrong or none comes.
    pub fn run(&mut self, warm_up: Duration, counted: Duration) -> io::Result<f64> {
        let whole_window = self.window * self.reply_len;
        let is_long = self.round.len / self.reply_len * self.connections.len() > SHORT_ROUND;
        self.until(|this, begin| {
            let elapsed = begin.elapsed();
            let is_warm =
                elapsed > LONGEST_WARM_UP || this.connections.iter().all(|one| one.read >= whole_window);
            elapsed > warm_up && is_warm && (is_long || this.round.has_just_begun)
        })?;
        let begin = Instant::now();
        let replies =
            self.until(|this, begin| begin.elapsed() > counted && (is_long || this.round.has_just_begun))?;
        Ok(replies as f64 / begin.elapsed().as_secs_f64())
    }

    /// Runs until every connection had a reply.
    ///
    /// # Errors
    ///
    /// As [`Generator::run`].
    pub fn one_reply_each(&mut self) -> io::Result<()> {
        let reply_len = self.reply_len;
        self.until(|this, _| this.connections.iter().all(|one| one.read >= reply_len))?;
        Ok(())
    }

    /// Returns how many replies came until it was enough.
    fn until(&mut self, enough: impl Fn(&Generator, Instant) -> bool) -> io::Result<usize> {
        let (mut replies, mut events) = (0, Events::with_capacity(1024));
        let begin = Instant::now();
        // Readiness from the end of the previous run is not reported again.
        for token in 0..self.connections.len() {
            replies += self.exchange(token)?;
        }
        let mut heard = begin;
        while !enough(self, begin) {
            // It never sleeps, so that the time to wake up is not measured.
            self.poll.poll(&mut events, Some(Duration::ZERO))?;
            if !events.is_empty() {
                heard = Instant::now();
            } else if heard.elapsed() > PATIENCE {
                return Err(io::Error::other("the server does not reply"));
            } else if self.yields {
                std::thread::yield_now();
            }
            for event in &events {
                replies += self.exchange(event.token().0)?;
            }
            self.round.has_just_begun = self.round.left == 0;
            if self.round.has_just_begun {
                self.begin_round()?;
            }
        }
        Ok(replies)
    }

    fn begin_round(&mut self) -> io::Result<()> {
        self.round.end += self.round.len;
        self.round.left = self.connections.len();
        for token in self.round.held.drain(..) {
            let connection = &mut self.connections[token];
            write(&mut connection.stream, &self.requests, &mut connection.to_write)?;
        }
        Ok(())
    }

    /// Reads and writes what can be on one connection, and returns how many replies became whole.
    fn exchange(&mut self, token: usize) -> io::Result<usize> {
        let Connection {
            stream,
            to_write,
            read,
        } = &mut self.connections[token];
        let mut replies = 0;
        // Less than a whole buffer is all that has arrived; what arrives after it is reported again.
        let mut is_all = false;
        loop {
            if *read < self.round.end {
                write(stream, &self.requests, to_write)?;
            }
            if is_all {
                return Ok(replies);
            }
            let len = match stream.read(&mut self.buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(replies),
                Err(error) => return Err(error),
            };
            is_all = len < self.buffer.len();
            let at = *read % self.reply_len;
            if self.buffer[..len] != self.replies[at..at + len] {
                return Err(io::Error::other("a reply is wrong"));
            }
            let before = *read / self.reply_len;
            if *read < self.round.end && *read + len >= self.round.end {
                self.round.left -= 1;
                self.round.held.push(token);
            }
            *read += len;
            let whole = *read / self.reply_len - before;
            replies += whole;
            *to_write += whole * self.request_len;
            debug_assert!(*to_write <= self.window * self.request_len);
        }
    }
}

/// Writes as much as possible.
fn write(stream: &mut TcpStream, requests: &[u8], to_write: &mut usize) -> io::Result<()> {
    while *to_write > 0 {
        // All requests are the same, so that the last bytes of the window are always the next to write.
        match stream.write(&requests[requests.len() - *to_write..]) {
            Ok(len) => *to_write -= len,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Has a socket, or those that a listener accepts, send without a pace. Where BBR is the system's default, 1 MiB in flight over
/// loopback waits for its pace most of the time.
///
/// # Errors
///
/// Returns the system's error.
pub fn unpaced<'s, S>(socket: &'s S) -> io::Result<()>
where
    &'s S: Into<SockRef<'s>>,
{
    if cfg!(target_os = "linux") {
        socket.into().set_tcp_congestion(b"reno")?;
    }
    Ok(())
}

/// Returns connections after their opening handshakes, some of which are made at a time.
fn upgraded(server: SocketAddr, count: usize) -> io::Result<Vec<std::net::TcpStream>> {
    let mut streams = Vec::with_capacity(count);
    while streams.len() < count {
        let begin = streams.len();
        for _ in begin..count.min(begin + AT_A_TIME) {
            let mut stream = std::net::TcpStream::connect(server)?;
            stream.set_nodelay(true)?;
            unpaced(&stream)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(REQUEST)?;
            streams.push(stream);
        }
        for stream in &mut streams[begin..] {
            read_response(stream)?;
        }
    }
    Ok(streams)
}

fn read_response(stream: &mut std::net::TcpStream) -> io::Result<()> {
    let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
    // The server sends nothing after it before it is sent something.
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            len => head.extend_from_slice(&buffer[..len]),
        }
    }
    if head.starts_with(b"HTTP/1.1 101 ") {
        Ok(())
    } else {
        Err(io::Error::other("the server does not upgrade"))
    }
}
