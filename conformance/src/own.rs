//! bareframe-std as a peer.

use crate::exchange::{self, Abilities, SUBPROTOCOLS, Said, Talk};
use crate::server::Report;
use crate::{Failure, PATIENCE};
use bareframe_std::handshake::Choice;
use bareframe_std::rustls::ClientConfig;
use bareframe_std::{
    Acceptor, ClientSocket, ClientStream, CloseCode, Connector, Error, Event, Frame, MessageKind, Role,
    Stream, WebSocket,
};
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// The longest head of a request or a response, in bytes; the checks with long headers need more than the default.
const HEAD_LIMIT: usize = 32 << 10;

/// Returns how a client connects; over TLS if the URL says so.
pub fn connector(tls: Option<Arc<ClientConfig>>) -> Connector<'static> {
    let connector = Connector::DEFAULT
        .with_subprotocols(&SUBPROTOCOLS)
        .with_head_limit(HEAD_LIMIT);
    match tls {
        Some(config) => connector.with_tls(config),
        None => connector,
    }
}

/// Connects as a client.
///
/// # Errors
///
/// An error of the adapter.
pub fn connect(connector: &Connector<'_>, url: &str) -> Result<ClientSocket<ClientStream>, Error> {
    let socket = connector.connect(url)?;
    socket.stream().set_read_timeout(Some(PATIENCE))?;
    socket.stream().set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// Connects as a client, and drives the exchange with a server that has these abilities.
///
/// # Errors
///
/// The first check that failed.
pub fn drive(server: Abilities, connector: &Connector<'_>, url: &str) -> Result<usize, Failure> {
    exchange::drive(server, || {
        let socket = connect(connector, url)?;
        let subprotocol = socket.subprotocol().map(str::to_owned);
        Ok((socket, subprotocol))
    })
}

/// Serves a connection: reports the headers of its request, accepts it with more headers in the response, and returns
/// the code and the reason of the client's Close.
///
/// # Errors
///
/// The first thing that failed.
pub fn serve<S: Stream>(
    stream: S,
    reports: &Sender<Report>,
    headers: &[(&str, &str)],
) -> Result<(u16, String), Failure> {
    let acceptor = Acceptor::DEFAULT.with_head_limit(HEAD_LIMIT);
    let mut incoming = acceptor.read(stream)?;
    let received = incoming.request().headers().map(|header| {
        let value = String::from_utf8_lossy(header.value());
        (header.name().to_ascii_lowercase(), value.into_owned())
    });
    // Nothing receives this once the client has failed.
    let _ = reports.send(Report::Request(received.collect()));
    let choice = Choice::DEFAULT
        .with_subprotocol(Some(SUBPROTOCOLS[1]))
        .with_headers(headers);
    let mut socket = incoming.accept(&choice)?;
    exchange::mirror(&mut socket)
}

impl<S: Stream, R: Role> Talk for WebSocket<S, R> {
    fn text(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.send_text(text)?)
    }

    fn binary(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.send_binary(bytes)?)
    }

    fn fragments(&mut self, text: bool, pieces: &[&[u8]], ping: Option<&str>) -> Result<(), Failure> {
        for (i, piece) in pieces.iter().enumerate() {
            let frame = if text {
                Frame::text_piece(piece)
            } else {
                Frame::binary(piece)
            };
            self.send(frame.fragment(i + 1 == pieces.len()))?;
            if i == 0
                && let Some(payload) = ping
            {
                WebSocket::ping(self, payload.as_bytes())?;
            }
        }
        Ok(())
    }

    fn ping(&mut self, payload: &str) -> Result<(), Failure> {
        Ok(WebSocket::ping(self, payload.as_bytes())?)
    }

    fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), Failure> {
        let code = match code {
            Some(number) => Some(CloseCode::new(number).ok_or("a code that must not be sent")?),
            None => None,
        };
        Ok(self.send_close(code, reason)?)
    }

    fn hear(&mut self) -> Result<Said, Failure> {
        let mut message = Vec::new();
        loop {
            match self.read_event()?.ok_or("the connection has ended")? {
                Event::Data(piece) => {
                    message.extend_from_slice(piece.payload());
                    if piece.is_last() && piece.kind() == MessageKind::Text {
                        return Ok(Said::Text(String::from_utf8(message)?));
                    }
                    if piece.is_last() {
                        return Ok(Said::Binary(message));
                    }
                }
                Event::Ping(_) => {}
                Event::Pong(payload) => return Ok(Said::Pong(payload.to_vec())),
                Event::Close(reason) => {
                    let said = Said::Closed(
                        reason.code().map_or(1005, CloseCode::number),
                        reason.reason().to_owned(),
                    );
                    if self.read_event()?.is_some() {
                        return Err("something came after the Close".into());
                    }
                    WebSocket::close(self, None, "")?;
                    return Ok(said);
                }
            }
        }
    }
}
