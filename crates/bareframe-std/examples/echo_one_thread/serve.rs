//! The loop of the one thread.

use bareframe_std::handshake::Choice;
use bareframe_std::{
    Aborter, Accepting, Acceptor, Deadline, Error, Incoming, Options, OwnedMessage, ServerSocket, Stream,
};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

const LISTENER: Token = Token(usize::MAX);

/// How often the loop checks for handshakes that are late, which the system does not report.
const TICK: Duration = Duration::from_secs(1);

/// A connection, by what it waits for.
enum Connection {
    Opening(Accepting<Polled>),
    Answering(Box<Incoming<Polled>>),
    /// An open connection, with the message that it could not send yet.
    Open(ServerSocket<Polled>, Option<OwnedMessage>),
    Closing(ServerSocket<Polled>),
}

struct Server {
    acceptor: Acceptor,
    poll: Poll,
    listener: TcpListener,
    /// Clients wait that could not be accepted, because there was no descriptor for them.
    is_full: bool,
    connections: HashMap<Token, Connection>,
    next: usize,
}

/// Serves for ever, by connections with these options.
pub(super) fn serve(listener: std::net::TcpListener, options: Options) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut server = Server {
        acceptor: Acceptor::DEFAULT.with_options(options),
        poll: Poll::new()?,
        listener: TcpListener::from_std(listener),
        is_full: false,
        connections: HashMap::new(),
        next: 0,
    };
    let registry = server.poll.registry();
    registry.register(&mut server.listener, LISTENER, Interest::READABLE)?;
    let (mut events, mut looked) = (Events::with_capacity(1024), Instant::now());
    loop {
        match server.poll.poll(&mut events, Some(TICK)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            match event.token() {
                LISTENER => server.accept(),
                token => server.advance(token),
            }
        }
        if looked.elapsed() >= TICK {
            looked = Instant::now();
            server.advance_handshakes();
        }
        // One of the connections may have ended.
        if server.is_full {
            server.accept();
        }
    }
}

impl Server {
    /// Accepts the clients that wait.
    fn accept(&mut self) {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.is_full = false;
                    return;
                }
                Err(error) if is_of_one_client(&error) => continue,
                // The system does not report the waiting clients again.
                Err(_) => {
                    self.is_full = true;
                    return;
                }
            };
            let token = Token(self.next);
            self.next += 1;
            let interest = Interest::READABLE | Interest::WRITABLE;
            if self
                .poll
                .registry()
                .register(&mut stream, token, interest)
                .is_ok()
            {
                let opening = self.acceptor.begin(Polled(stream));
                self.connections.insert(token, Connection::Opening(opening));
                self.advance(token);
            }
        }
    }

    /// Advances a connection until its stream blocks, and removes it at its end.
    fn advance(&mut self, token: Token) {
        if let Some(connection) = self.connections.remove(&token)
            && let Some(connection) = connection.advance()
        {
            self.connections.insert(token, connection);
        }
    }

    /// Ends the handshakes that are late.
    fn advance_handshakes(&mut self) {
        let is_open = |connection: &Connection| matches!(connection, Connection::Open(..));
        let handshakes = self
            .connections
            .iter()
            .filter(|(_, connection)| !is_open(connection));
        let tokens: Vec<Token> = handshakes.map(|(token, _)| *token).collect();
        for token in tokens {
            self.advance(token);
        }
    }
}

impl Connection {
    /// Advances until the stream blocks; returns `None` at the end.
    fn advance(mut self) -> Option<Connection> {
        loop {
            let (done, next) = match self {
                Connection::Opening(mut accepting) => match accepting.read() {
                    Ok(incoming) => (Ok(()), Connection::Answering(Box::new(incoming))),
                    Err(error) => (Err(error), Connection::Opening(accepting)),
                },
                Connection::Answering(mut incoming) => match incoming.accept(&Choice::DEFAULT) {
                    Ok(socket) => (Ok(()), Connection::Open(socket, None)),
                    Err(error) => (Err(error), Connection::Answering(incoming)),
                },
                Connection::Open(mut socket, mut unsent) => match echo(&mut socket, &mut unsent) {
                    Err(error) if error.is_temporary() => (Err(error), Connection::Open(socket, unsent)),
                    // A peer that violated the protocol is also sent a Close, to the end.
                    _ => (Ok(()), Connection::Closing(socket)),
                },
                Connection::Closing(mut socket) => match socket.close(None, "") {
                    Ok(_) => return None,
                    Err(error) => (Err(error), Connection::Closing(socket)),
                },
            };
            self = next;
            match done {
                Ok(()) => {}
                Err(error) if error.is_temporary() => return Some(self),
                Err(_) => return None,
            }
        }
    }
}

/// A TCP stream whose readiness the system reports. It does not block: each call returns at once.
#[derive(Debug)]
struct Polled(TcpStream);

impl Stream for Polled {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        deadline.left()?;
        self.0.read(buffer)
    }

    fn write_by(&mut self, slices: &[IoSlice<'_>], deadline: Deadline) -> io::Result<usize> {
        deadline.left()?;
        self.0.write_vectored(slices)
    }

    fn flush_by(&mut self, _: Deadline) -> io::Result<()> {
        Ok(())
    }

    fn shutdown(&mut self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.0.set_nodelay(true)
    }

    /// There is no other thread.
    fn aborter(&self) -> io::Result<Aborter> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// Echoes to a clean end.
fn echo(socket: &mut ServerSocket<Polled>, unsent: &mut Option<OwnedMessage>) -> Result<(), Error> {
    socket.flush()?;
    // Nothing has to be written before it any more.
    if let Some(message) = unsent.take() {
        socket.send(&message)?;
    }
    while let Some((message, mut sender)) = socket.read_with_sender()? {
        // The messages of one read are answered in one write.
        let fed = sender.feed(&message);
        if let Err(Error::Io(_)) = &fed {
            *unsent = Some(OwnedMessage::from(message));
        }
        fed?;
    }
    Ok(())
}

/// Returns `true` if a client was gone before it was taken.
fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Interrupted | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
