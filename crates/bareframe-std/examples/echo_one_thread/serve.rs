//! The loop of the one thread.

use bareframe_std::{Error, OwnedMessage, ServerSocket, accept};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;

const LISTENER: Token = Token(usize::MAX);
const HANDSHAKES: Token = Token(usize::MAX - 1);

/// A connection, and what it could not take yet.
struct Connection {
    socket: ServerSocket<std::net::TcpStream>,
    /// A second handle of the stream, about which the system tells.
    _source: TcpStream,
    unsent: Option<OwnedMessage>,
}

/// Serves for ever.
pub(super) fn serve(listener: std::net::TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut listener = TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let waker = Arc::new(Waker::new(poll.registry(), HANDSHAKES)?);
    let (done, handshakes) = mpsc::channel();
    let (mut connections, mut next, mut events) = (HashMap::new(), 0, Events::with_capacity(1024));
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            match event.token() {
                LISTENER => {
                    while let Ok((stream, _)) = listener.accept() {
                        shake_hands(stream.into(), done.clone(), Arc::clone(&waker));
                    }
                }
                HANDSHAKES => {
                    for socket in handshakes.try_iter() {
                        let token = Token(next);
                        next += 1;
                        if let Ok(mut connection) = Connection::new(socket, &poll, token)
                            && connection.echo().unwrap_or(false)
                        {
                            connections.insert(token, connection);
                        }
                    }
                }
                token => {
                    if let Some(connection) = connections.get_mut(&token)
                        && !connection.echo().unwrap_or(false)
                    {
                        connections.remove(&token);
                    }
                }
            }
        }
    }
}

/// The opening handshake blocks, but not for long: a thread of its own does it, and hands the connection over.
fn shake_hands(
    stream: std::net::TcpStream,
    done: Sender<ServerSocket<std::net::TcpStream>>,
    waker: Arc<Waker>,
) {
    // Without a thread to be had, the stream is closed.
    let _ = thread::Builder::new().spawn(move || {
        let accepted = stream.set_nonblocking(false).map(|()| accept(stream));
        if let Ok(Ok(socket)) = accepted
            && done.send(socket).is_ok()
        {
            let _ = waker.wake();
        }
    });
}

impl Connection {
    /// Has the system tell when the stream can go on.
    fn new(socket: ServerSocket<std::net::TcpStream>, poll: &Poll, token: Token) -> io::Result<Connection> {
        let source = socket.stream().try_clone()?;
        source.set_nonblocking(true)?;
        let mut source = TcpStream::from_std(source);
        poll.registry()
            .register(&mut source, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Connection {
            socket,
            _source: source,
            unsent: None,
        })
    }

    /// Echoes until the stream can't go on; tells whether the connection is open.
    fn echo(&mut self) -> Result<bool, Error> {
        match self.echo_all() {
            Err(Error::Io(error) | Error::Unflushed(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                Ok(true)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(false),
        }
    }

    /// Echoes to a clean end.
    fn echo_all(&mut self) -> Result<(), Error> {
        self.socket.flush()?;
        // Nothing is in its way any more.
        if let Some(message) = self.unsent.take() {
            self.socket.send(&message)?;
        }
        while let Some((message, mut sender)) = self.socket.read_with_sender()? {
            // What one read brought is answered in one write.
            let fed = sender.feed(&message);
            if let Err(Error::Io(_)) = &fed {
                self.unsent = Some(OwnedMessage::from(message));
            }
            fed?;
        }
        Ok(())
    }
}
