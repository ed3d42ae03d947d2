//! tokio-tungstenite as a peer.

use crate::Failure;
use crate::exchange::{SUBPROTOCOLS, Said, Talk};
use crate::over_tokio::{for_tokio, run};
use crate::tungstenite::{close_frame, fragmented, said, subprotocol};
use ::tokio_tungstenite::tungstenite::client::IntoClientRequest;
use ::tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use ::tokio_tungstenite::tungstenite::http::HeaderValue;
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
/// Returns tokio-tungstenite's error.
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
    Ok((Socket(socket), subprotocol(response.headers())?))
}

/// Accepts a connection as a server.
///
/// # Errors
///
/// Returns tokio-tungstenite's error.
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
        for message in fragmented(text, pieces, ping) {
            self.say(message)?;
        }
        Ok(())
    }

    fn ping(&mut self, payload: &str) -> Result<(), Failure> {
        self.say(Message::Ping(Bytes::copy_from_slice(payload.as_bytes())))
    }

    fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), Failure> {
        run(self.0.close(close_frame(code, reason)))
    }

    fn hear(&mut self) -> Result<Said, Failure> {
        loop {
            let message = run(async { self.0.next().await.ok_or("the connection has ended") })?;
            let Some(said) = said(message?) else {
                continue;
            };
            if let Said::Closed(..) = said
                && let Some(other) = run(async { Ok::<_, Failure>(self.0.next().await) })?
            {
                return Err(format!("after the Close came {other:?}").into());
            }
            return Ok(said);
        }
    }
}
