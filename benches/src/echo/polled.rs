//! Ours over streams that do not block: one thread for all connections, woken by the system.

use super::serve::Served;
use bareframe_std::{Error, MessageKind, ServerSocket};
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::io;
use std::net::TcpStream;

const LISTENER: Token = Token(usize::MAX);

/// A connection, and what it could not take yet.
struct Connection {
    socket: ServerSocket<TcpStream>,
    /// Kept so that the system goes on telling about it.
    _source: mio::net::TcpStream,
    unsent: Option<(MessageKind, Vec<u8>)>,
}

/// Serves for ever.
pub(super) fn serve(listener: std::net::TcpListener) -> Served {
    listener.set_nonblocking(true)?;
    let mut listener = mio::net::TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let (mut connections, mut next, mut events) = (HashMap::new(), 0, Events::with_capacity(1024));
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            let token = event.token();
            if token == LISTENER {
                while let Ok((stream, _)) = listener.accept() {
                    connections.insert(Token(next), connect(&poll, stream, Token(next))?);
                    next += 1;
                }
            } else if let Some(connection) = connections.get_mut(&token)
                && !matches!(connection.echo(), Ok(true))
            {
                connections.remove(&token);
            }
        }
    }
}

/// Does the opening handshake, during which it blocks, and then has the system tell about the stream.
fn connect(
    poll: &Poll,
    stream: mio::net::TcpStream,
    token: Token,
) -> Result<Connection, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::from(stream);
    stream.set_nonblocking(false)?;
    let source = stream.try_clone()?;
    let socket = bareframe_std::accept(stream)?;
    source.set_nonblocking(true)?;
    let mut source = mio::net::TcpStream::from_std(source);
    let interest = Interest::READABLE | Interest::WRITABLE;
    poll.registry().register(&mut source, token, interest)?;
    Ok(Connection {
        socket,
        _source: source,
        unsent: None,
    })
}

impl Connection {
    /// Echoes until the stream can't go on; tells whether the connection is open.
    fn echo(&mut self) -> Result<bool, Error> {
        let echoed = self.until_blocked();
        match echoed {
            Err(Error::Io(error) | Error::Unflushed(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                Ok(true)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(false),
        }
    }

    fn until_blocked(&mut self) -> Result<(), Error> {
        self.socket.flush()?;
        if let Some((kind, payload)) = self.unsent.take() {
            self.socket.send(kind, &payload)?;
        }
        while let Some((message, mut sender)) = self.socket.read_with_sender()? {
            let sent = sender.send(message.kind(), message.payload());
            if let Err(Error::Io(_)) = &sent {
                self.unsent = Some((message.kind(), message.payload().to_vec()));
            }
            sent?;
        }
        Ok(())
    }
}
