//! bareframe-std as a peer.

use crate::exchange::{SUBPROTOCOLS, Said, Talk};
use crate::{Failure, PATIENCE};
use bareframe_std::handshake::Choice;
use bareframe_std::rustls::ClientConfig;
use bareframe_std::{
    Acceptor, ClientSocket, ClientStream, CloseCode, Connector, Event, MessageKind, Role, Rsv, ServerSocket,
    Stream, Timeouts, WebSocket,
};
use std::sync::Arc;

/// Connects as a client; over TLS if the URL says so.
///
/// # Errors
///
/// What the adapter gives.
pub fn connect(url: &str, tls: Option<Arc<ClientConfig>>) -> Result<ClientSocket<ClientStream>, Failure> {
    let connector = Connector {
        subprotocols: &SUBPROTOCOLS,
        tls,
        ..Connector::DEFAULT
    };
    let socket = connector.connect(url)?;
    be_patient(socket.stream())?;
    Ok(socket)
}

/// Takes a connection as a server.
///
/// # Errors
///
/// What the adapter gives.
pub fn accept<S: Stream>(stream: S) -> Result<ServerSocket<S>, Failure> {
    let incoming = Acceptor::DEFAULT.read(stream)?;
    let choice = Choice {
        subprotocol: Some(SUBPROTOCOLS[1]),
        ..Choice::DEFAULT
    };
    let socket = incoming.accept(&choice)?;
    be_patient(socket.stream())?;
    Ok(socket)
}

fn be_patient(stream: &impl Stream) -> Result<(), Failure> {
    Ok(stream.set_timeouts(Timeouts {
        read: Some(PATIENCE),
        write: Some(PATIENCE),
    })?)
}

impl<S: Stream, R: Role> Talk for WebSocket<S, R> {
    fn text(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.send_text(text)?)
    }

    fn binary(&mut self, octets: &[u8]) -> Result<(), Failure> {
        Ok(self.send_binary(octets)?)
    }

    fn fragments(&mut self, text: bool, pieces: &[&[u8]], between: &str) -> Result<(), Failure> {
        let kind = if text {
            MessageKind::Text
        } else {
            MessageKind::Binary
        };
        for (i, piece) in pieces.iter().enumerate() {
            self.send_fragment(kind, Rsv::NONE, i + 1 == pieces.len(), piece)?;
            if i == 0 {
                WebSocket::ping(self, between.as_bytes())?;
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
                    if piece.last() && piece.kind() == MessageKind::Text {
                        return Ok(Said::Text(String::from_utf8(message)?));
                    }
                    if piece.last() {
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
