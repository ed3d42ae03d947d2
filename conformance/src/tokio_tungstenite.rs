//! tokio-tungstenite as a peer.

use crate::Failure;
use crate::exchange::{SUBPROTOCOLS, Said, Talk};
use crate::over_tokio::{for_tokio, run};
use ::tokio_tungstenite::tungstenite::client::IntoClientRequest;
use ::tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use ::tokio_tungstenite::tungstenite::http::HeaderValue;
use ::tokio_tungstenite::tungstenite::protocol::CloseFrame;
use ::tokio_tungstenite::tungstenite::protocol::frame::Frame;
use ::tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use ::tokio_tungstenite::tungstenite::{Bytes, Message};
use ::tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};
use bareframe_tokio::rustls::pki_types::ServerName;
use bareframe_tokio::rustls::{ClientConfig, ServerConfig};
use futures_util::{SinkExt, StreamExt};
use std::net::TcpStream;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// TCP or TLS over it.
trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// A connection over either, whose calls block.
#[expect(missing_debug_implementations, reason = "the stream has none")]
pub struct Socket(WebSocketStream<Box<dyn Duplex>>);

/// Connects as a client, and returns the subprotocol as well; over TLS if there is a configuration for it.
///
/// # Errors
///
/// What tokio-tungstenite gives.
pub fn connect(url: &str, tls: Option<Arc<ClientConfig>>) -> Result<(Socket, Option<String>), Failure> {
    let mut request = url.into_client_request()?;
    let host = request.uri().host().ok_or("no host")?.to_owned();
    let port = request.uri().port_u16().ok_or("no port")?;
    let offer = HeaderValue::from_str(&SUBPROTOCOLS.join(", "))?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", offer);
    let tcp = TcpStream::connect((host.as_str(), port))?;
    tcp.set_nodelay(true)?;
    let tcp = for_tokio(tcp)?;
    let (socket, response) = run(async {
        let stream: Box<dyn Duplex> = match tls {
            Some(config) => {
                let name = ServerName::try_from(host)?;
                Box::new(TlsConnector::from(config).connect(name, tcp).await?)
            }
            None => Box::new(tcp),
        };
        Ok::<_, Failure>(client_async(request, stream).await?)
    })?;
    let subprotocol = match response.headers().get("Sec-WebSocket-Protocol") {
        Some(value) => Some(value.to_str()?.to_owned()),
        None => None,
    };
    Ok((Socket(socket), subprotocol))
}

/// Accepts a connection as a server.
///
/// # Errors
///
/// What tokio-tungstenite gives.
pub fn accept(tcp: TcpStream, tls: Option<Arc<ServerConfig>>) -> Result<Socket, Failure> {
    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    let choose = |_: &Request, mut response: Response| {
        let choice = HeaderValue::from_static(SUBPROTOCOLS[1]);
        response.headers_mut().insert("Sec-WebSocket-Protocol", choice);
        Ok(response)
    };
    let tcp = for_tokio(tcp)?;
    run(async {
        let stream: Box<dyn Duplex> = match tls {
            Some(config) => Box::new(TlsAcceptor::from(config).accept(tcp).await?),
            None => Box::new(tcp),
        };
        Ok::<_, Failure>(Socket(accept_hdr_async(stream, choose).await?))
    })
}

impl Socket {
    fn say(&mut self, message: Message) -> Result<(), Failure> {
        run(self.0.send(message))
    }
}

impl Talk for Socket {
    fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.say(Message::text(text))
    }

    fn binary(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.say(Message::binary(bytes.to_vec()))
    }

    fn fragments(&mut self, text: bool, pieces: &[&[u8]], ping: Option<&str>) -> Result<(), Failure> {
        for (i, piece) in pieces.iter().enumerate() {
            let opcode = match i {
                0 if text => Data::Text,
                0 => Data::Binary,
                _ => Data::Continue,
            };
            let fin = i + 1 == pieces.len();
            self.say(Message::Frame(Frame::message(
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
        self.say(Message::Ping(Bytes::copy_from_slice(payload.as_bytes())))
    }

    fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), Failure> {
        let frame = code.map(|code| CloseFrame {
            code: code.into(),
            reason: reason.to_owned().into(),
        });
        run(self.0.close(frame))
    }

    fn hear(&mut self) -> Result<Said, Failure> {
        loop {
            let message = run(async { self.0.next().await.ok_or("the connection has ended") })?;
            match message? {
                Message::Text(text) => return Ok(Said::Text(text.to_string())),
                Message::Binary(bytes) => return Ok(Said::Binary(bytes.to_vec())),
                Message::Pong(payload) => return Ok(Said::Pong(payload.to_vec())),
                Message::Close(frame) => {
                    if let Some(other) = run(async { Ok::<_, Failure>(self.0.next().await) })? {
                        return Err(format!("after the Close came {other:?}").into());
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
