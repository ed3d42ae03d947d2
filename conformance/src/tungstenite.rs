//! tungstenite as a peer.

use crate::exchange::{SUBPROTOCOLS, Said, Talk};
use crate::{Failure, PATIENCE};
use ::tungstenite::client::IntoClientRequest;
use ::tungstenite::handshake::server::{Request, Response};
use ::tungstenite::http::{HeaderMap, HeaderValue};
use ::tungstenite::protocol::CloseFrame;
use ::tungstenite::protocol::frame::Frame;
use ::tungstenite::protocol::frame::coding::{Data, OpCode};
use ::tungstenite::{Bytes, Error, Message, WebSocket};
use bareframe_std::rustls::pki_types::ServerName;
use bareframe_std::rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// TCP or TLS over it.
pub trait Duplex: Read + Write {}

impl<S: Read + Write> Duplex for S {}

/// A connection over either.
pub type Socket = WebSocket<Box<dyn Duplex>>;

/// Connects as a client, and returns the subprotocol as well; over TLS if there is a configuration for it.
///
/// # Errors
///
/// Returns tungstenite's error.
pub fn connect(url: &str, tls: Option<Arc<ClientConfig>>) -> Result<(Socket, Option<String>), Failure> {
    let mut request = url.into_client_request()?;
    let host = request.uri().host().ok_or("no host")?.to_owned();
    let port = request.uri().port_u16().ok_or("no port")?;
    let offer = HeaderValue::from_str(&SUBPROTOCOLS.join(", "))?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", offer);
    let tcp = TcpStream::connect((host.as_str(), port))?;
    be_patient(&tcp)?;
    let stream: Box<dyn Duplex> = match tls {
        Some(config) => {
            let connection = ClientConnection::new(config, ServerName::try_from(host)?)?;
            Box::new(StreamOwned::new(connection, tcp))
        }
        None => Box::new(tcp),
    };
    let (socket, response) = ::tungstenite::client(request, stream).map_err(|error| error.to_string())?;
    Ok((socket, subprotocol(response.headers())?))
}

/// Accepts a connection as a server.
///
/// # Errors
///
/// Returns tungstenite's error.
pub fn accept(stream: Box<dyn Duplex>) -> Result<Socket, Failure> {
    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    let choose = |_: &Request, mut response: Response| {
        let choice = HeaderValue::from_static(SUBPROTOCOLS[1]);
        response.headers_mut().insert("Sec-WebSocket-Protocol", choice);
        Ok(response)
    };
    ::tungstenite::accept_hdr(stream, choose).map_err(|error| error.to_string().into())
}

/// Has a silent peer fail the test.
///
/// # Errors
///
/// Returns the system's error.
pub fn be_patient(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))
}

impl<S: Read + Write> Talk for WebSocket<S> {
    fn text(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.send(Message::text(text))?)
    }

    fn binary(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.send(Message::binary(bytes.to_vec()))?)
    }

    fn fragments(&mut self, text: bool, pieces: &[&[u8]], ping: Option<&str>) -> Result<(), Failure> {
        for message in fragmented(text, pieces, ping) {
            self.send(message)?;
        }
        Ok(())
    }

    fn ping(&mut self, payload: &str) -> Result<(), Failure> {
        Ok(self.send(Message::Ping(Bytes::copy_from_slice(payload.as_bytes())))?)
    }

    fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), Failure> {
        Ok(WebSocket::close(self, close_frame(code, reason))?)
    }

    fn hear(&mut self) -> Result<Said, Failure> {
        loop {
            let Some(said) = said(self.read()?) else {
                continue;
            };
            if let Said::Closed(..) = said {
                match self.read() {
                    Err(Error::ConnectionClosed) => {}
                    other => return Err(format!("after the Close came {other:?}").into()),
                }
            }
            return Ok(said);
        }
    }
}

/// Returns the subprotocol that a server has chosen.
pub(crate) fn subprotocol(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let value = headers.get("Sec-WebSocket-Protocol");
    Ok(value.map(|value| value.to_str().map(str::to_owned)).transpose()?)
}

/// Returns the frames of a message in fragments, with a Ping after the first.
pub(crate) fn fragmented(text: bool, pieces: &[&[u8]], ping: Option<&str>) -> Vec<Message> {
    let last = pieces.len().saturating_sub(1);
    let fragment = |(i, piece): (usize, &&[u8])| {
        let opcode = match i {
            0 if text => Data::Text,
            0 => Data::Binary,
            _ => Data::Continue,
        };
        Message::Frame(Frame::message(piece.to_vec(), OpCode::Data(opcode), i == last))
    };
    let mut messages: Vec<Message> = pieces.iter().enumerate().map(fragment).collect();
    if let Some(payload) = ping {
        let ping = Message::Ping(Bytes::copy_from_slice(payload.as_bytes()));
        messages.insert(1, ping);
    }
    messages
}

/// Returns what a Close with this code says; without a code it says nothing.
pub(crate) fn close_frame(code: Option<u16>, reason: &str) -> Option<CloseFrame> {
    Some(CloseFrame {
        code: code?.into(),
        reason: reason.to_owned().into(),
    })
}

/// Returns what a message says, unless it is a Ping, which tungstenite answers.
pub(crate) fn said(message: Message) -> Option<Said> {
    match message {
        Message::Text(text) => Some(Said::Text(text.to_string())),
        Message::Binary(bytes) => Some(Said::Binary(bytes.to_vec())),
        Message::Pong(payload) => Some(Said::Pong(payload.to_vec())),
        Message::Close(None) => Some(Said::Closed(1005, String::new())),
        Message::Close(Some(frame)) => Some(Said::Closed(frame.code.into(), frame.reason.to_string())),
        Message::Ping(_) | Message::Frame(_) => None,
    }
}
