//! The load generator of opening handshakes: one thread, some connections at a time, each answer checked.

use crate::wire::REQUEST;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::SockRef;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many connections there are at a time.
const AT_A_TIME: usize = 64;
/// A server that answers nothing for this long has failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// What the answer must contain (RFC 6455 section 4.2.2).
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The connections that are being opened.
struct Generator {
    server: SocketAddr,
    poll: Poll,
    openings: Vec<Opening>,
}

/// A connection that is being opened.
struct Opening {
    stream: TcpStream,
    is_asked: bool,
    head: Vec<u8>,
}

/// Opens connections for these times, and returns how many had their answer in a second of the latter.
///
/// # Errors
///
/// Returns the system's error, or if an answer is wrong or none comes.
pub fn handshakes_per_second(server: SocketAddr, warm_up: Duration, counted: Duration) -> io::Result<f64> {
    let mut generator = Generator {
        server,
        poll: Poll::new()?,
        openings: Vec::new(),
    };
    for token in 0..AT_A_TIME {
        let opening = generator.open(token)?;
        generator.openings.push(opening);
    }
    generator.run(warm_up)?;
    let begin = Instant::now();
    let answers = generator.run(counted)?;
    Ok(answers as f64 / begin.elapsed().as_secs_f64())
}

impl Generator {
    fn open(&self, token: usize) -> io::Result<Opening> {
        let mut stream = TcpStream::connect(self.server)?;
        // It ends without a time to wait, in which its port could not be used again.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut stream, Token(token), interest)?;
        Ok(Opening {
            stream,
            is_asked: false,
            head: Vec::with_capacity(1024),
        })
    }

    /// Returns how many answers came in this time.
    fn run(&mut self, time: Duration) -> io::Result<u32> {
        let (mut answers, mut events) = (0, Events::with_capacity(AT_A_TIME));
        let begin = Instant::now();
        let mut heard = begin;
        while begin.elapsed() < time {
            self.poll.poll(&mut events, Some(Duration::ZERO))?;
            if !events.is_empty() {
                heard = Instant::now();
            } else if heard.elapsed() > PATIENCE {
                return Err(io::Error::other("the server does not answer"));
            } else {
                std::thread::yield_now();
            }
            for event in &events {
                let token = event.token().0;
                if self.openings[token].exchange()? {
                    answers += 1;
                    self.openings[token] = self.open(token)?;
                }
            }
        }
        Ok(answers)
    }
}

impl Opening {
    /// Asks if it is connected, and returns `true` if the answer is there.
    fn exchange(&mut self) -> io::Result<bool> {
        if !self.is_asked {
            match self.stream.write(REQUEST) {
                Ok(len) if len == REQUEST.len() => self.is_asked = true,
                Ok(_) => return Err(io::Error::other("a request is written in parts")),
                Err(error) if waits(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        let mut buffer = [0; 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(len) => self.head.extend_from_slice(&buffer[..len]),
            Err(error) if waits(&error) => return Ok(false),
            Err(error) => return Err(error),
        }
        if !self.head.ends_with(b"\r\n\r\n") {
            return Ok(false);
        }
        let head = String::from_utf8_lossy(&self.head);
        if head.starts_with("HTTP/1.1 101 ") && head.contains(ACCEPT) {
            Ok(true)
        } else {
            Err(io::Error::other("an answer is wrong"))
        }
    }
}

/// Returns `true` if the stream can't do it yet.
fn waits(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected
    )
}
