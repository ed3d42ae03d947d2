//! tungstenite as a peer.

use crate::exchange::{SUBPROTOCOLS, Said, Talk};
use crate::{Failure, PATIENCE};
use ::tungstenite::client::IntoClientRequest;
use ::tungstenite::handshake::server::{Request, Response};
use ::tungstenite::http::HeaderValue;
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
/// What tungstenite gives.
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
    let subprotocol = match response.headers().get("Sec-WebSocket-Protocol") {
        Some(value) => Some(value.to_str()?.to_owned()),
        None => None,
    };
    Ok((socket, subprotocol))
}

/// Accepts a connection as a server.
///
/// # Errors
///
/// What tungstenite gives.
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
        for (i, piece) in pieces.iter().enumerate() {
            let opcode = match i {
                0 if text => Data::Text,
                0 => Data::Binary,
                _ => Data::Continue,
            };
            let fin = i + 1 == pieces.len();
            self.send(Message::Frame(Frame::message(
                piece.to_vec(),
                OpCode::Data(opcode),
                fin,
            )))?;
            if i == 0
                && let Some(payload) = ping
            {
                self.ping(payload)?;
            }
        }
        Ok(())
    }

    fn ping(&mut self, payload: &str) -> Result<(), Failure> {
        Ok(self.send(Message::Ping(Bytes::copy_from_slice(payload.as_bytes())))?)
    }

    fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), Failure> {
        let frame = code.map(|code| CloseFrame {
            code: code.into(),
            reason: reason.to_owned().into(),
        });
        Ok(WebSocket::close(self, frame)?)
    }

    fn hear(&mut self) -> Result<Said, Failure> {
        loop {
            match self.read()? {
                Message::Text(text) => return Ok(Said::Text(text.to_string())),
                Message::Binary(bytes) => return Ok(Said::Binary(bytes.to_vec())),
                Message::Pong(payload) => return Ok(Said::Pong(payload.to_vec())),
                Message::Close(frame) => {
                    match self.read() {
                        Err(Error::ConnectionClosed) => {}
                        other => return Err(format!("after the Close came {other:?}").into()),
                    }
                    return Ok(frame.map_or(Said::Closed(1005, String::new()), |frame| {
                        Said::Closed(frame.code.into(), frame.reason.to_string())
                    }));
                }
                Message::Ping(_) | Message::Frame(_) => {}
            }
        }
    }
}
