//! bareframe-tokio and bareframe-axum as peers. The exchange is written for blocking calls, so each call here runs to its end.

use crate::exchange::{self, Abilities, SUBPROTOCOLS, Said, Talk};
use crate::server::Report;
use crate::{Failure, PATIENCE};
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bareframe_axum::WebSocketUpgrade;
use bareframe_axum::rejection::WebSocketUpgradeRejection;
use bareframe_tokio::handshake::Choice;
use bareframe_tokio::rustls::{ClientConfig, ServerConfig};
use bareframe_tokio::{
    Acceptor, ClientSocket, ClientStream, CloseCode, Connector, Event, Frame, MessageKind, Role,
    ServerSocket, UpgradedStream, WebSocket,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::net::TcpStream;
use std::sync::mpsc::Sender;
use std::sync::{Arc, LazyLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// The longest head of a request or a response, in bytes; the checks with long headers need more than the default.
const HEAD_LIMIT: usize = 32 << 10;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "nothing can be tested without one")]
    Runtime::new().expect("a runtime")
});

/// Runs a future to its end, or until the test has no more patience.
///
/// # Errors
///
/// The future's error, or that it takes too long.
pub fn run<T, E: Into<Failure>>(future: impl Future<Output = Result<T, E>>) -> Result<T, Failure> {
    RUNTIME
        .block_on(async { timeout(PATIENCE, future).await })
        .map_err(|_| "nothing happens")?
        .map_err(Into::into)
}

/// Returns the stream for tokio.
///
/// # Errors
///
/// Returns the system's error.
pub fn for_tokio(tcp: TcpStream) -> std::io::Result<tokio::net::TcpStream> {
    let _entered = RUNTIME.enter();
    tcp.set_nonblocking(true)?;
    tokio::net::TcpStream::from_std(tcp)
}

/// A connection whose calls block.
#[expect(missing_debug_implementations, reason = "nobody prints it")]
pub struct Blocking<S, R>(WebSocket<S, R>);

/// Connects as a client; over TLS if the URL says so.
///
/// # Errors
///
/// An error of the adapter.
pub fn connect(url: &str, tls: Option<Arc<ClientConfig>>) -> Result<ClientSocket<ClientStream>, Failure> {
    let connector = Connector::DEFAULT
        .with_subprotocols(&SUBPROTOCOLS)
        .with_head_limit(HEAD_LIMIT);
    let connector = match tls {
        Some(config) => connector.with_tls(config),
        None => connector,
    };
    run(connector.connect(url))
}

/// Connects as a client for an exchange.
///
/// # Errors
///
/// An error of the adapter.
pub fn open(
    url: &str,
    tls: Option<Arc<ClientConfig>>,
) -> Result<Blocking<ClientStream, bareframe_tokio::Client<bareframe_tokio::SystemKeys>>, Failure> {
    connect(url, tls).map(Blocking)
}

/// Connects as a client, and drives the exchange with a server that has these abilities.
///
/// # Errors
///
/// The first check that failed.
pub fn drive(server: Abilities, url: &str, tls: Option<&Arc<ClientConfig>>) -> Result<usize, Failure> {
    exchange::drive(server, || {
        let socket = connect(url, tls.cloned())?;
        let subprotocol = socket.subprotocol().map(str::to_owned);
        Ok((Blocking(socket), subprotocol))
    })
}

/// Serves a connection on bareframe-tokio: reports the headers of its request, accepts it with more headers in the response, and
/// returns the code and the reason of the client's Close.
///
/// # Errors
///
/// The first thing that failed.
pub fn serve(
    tcp: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    reports: &Sender<Report>,
    headers: &[(&str, &str)],
) -> Result<(u16, String), Failure> {
    let acceptor = Acceptor::DEFAULT.with_head_limit(HEAD_LIMIT);
    let acceptor = match tls {
        Some(config) => acceptor.with_tls(config),
        None => acceptor,
    };
    let tcp = for_tokio(tcp)?;
    let incoming = run(acceptor.read(tcp))?;
    let received = incoming.request().headers().map(|header| {
        let value = String::from_utf8_lossy(header.value());
        (header.name().to_ascii_lowercase(), value.into_owned())
    });
    // Nothing receives this once the client has failed.
    let _ = reports.send(Report::Request(received.collect()));
    let choice = Choice::DEFAULT
        .with_subprotocol(Some(SUBPROTOCOLS[1]))
        .with_headers(headers);
    let socket = run(incoming.accept(&choice))?;
    exchange::mirror(&mut Blocking(socket))
}

/// Does the same with bareframe-axum.
///
/// # Errors
///
/// The first thing that failed.
pub fn serve_axum(
    tcp: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    reports: &Sender<Report>,
    headers: &[(&str, &str)],
) -> Result<(u16, String), Failure> {
    let mut more = HeaderMap::new();
    for (name, value) in headers {
        more.insert(HeaderName::try_from(*name)?, HeaderValue::from_str(value)?);
    }
    let (sender, mut opened) = mpsc::channel(1);
    let requests = reports.clone();
    let asked = move |headers: HeaderMap, upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>| {
        answer(headers, upgrade, requests.clone(), more.clone(), sender.clone())
    };
    let app = Router::new().fallback(any(asked));
    let tcp = for_tokio(tcp)?;
    RUNTIME.spawn(async move {
        match tls {
            Some(config) => serve_http(TlsAcceptor::from(config).accept(tcp).await?, app).await,
            None => serve_http(tcp, app).await,
        }
    });
    let socket = run(async { opened.recv().await.ok_or("the connection has ended") })?;
    exchange::mirror(&mut Blocking(socket?))
}

/// Serves HTTP over a stream.
async fn serve_http<S>(stream: S, app: Router) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http2().enable_connect_protocol();
    builder
        .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(app))
        .await
}

/// The socket of a request, or why there is none.
type Opened = Result<ServerSocket<UpgradedStream>, String>;

async fn answer(
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    reports: Sender<Report>,
    more: HeaderMap,
    sender: mpsc::Sender<Opened>,
) -> Response {
    let received = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), value.into_owned())
    });
    // As in `serve`.
    let _ = reports.send(Report::Request(received.collect()));
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols([SUBPROTOCOLS[1]]),
        Err(rejection) => {
            let status = rejection.status();
            let _ = sender.send(Err(format!("{status}: {rejection}"))).await;
            return rejection.into_response();
        }
    };
    let mut response = upgrade.on_upgrade(async move |socket| {
        let _ = sender.send(Ok(socket.into_inner())).await;
    });
    response.headers_mut().extend(more);
    response
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Role> Talk for Blocking<S, R> {
    fn text(&mut self, text: &str) -> Result<(), Failure> {
        run(self.0.send(text))
    }

    fn binary(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        run(self.0.send(bytes.to_vec()))
    }

    fn fragments(&mut self, text: bool, pieces: &[&[u8]], ping: Option<&str>) -> Result<(), Failure> {
        for (i, piece) in pieces.iter().enumerate() {
            let frame = if text {
                Frame::text_piece(piece)
            } else {
                Frame::binary(piece)
            };
            run(self.0.send_frame(&mut frame.fragment(i + 1 == pieces.len())))?;
            if i == 0
                && let Some(payload) = ping
            {
                Talk::ping(self, payload)?;
            }
        }
        Ok(())
    }

    fn ping(&mut self, payload: &str) -> Result<(), Failure> {
        run(self.0.ping(payload.as_bytes().to_vec()))
    }

    fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), Failure> {
        let code = match code {
            Some(number) => Some(CloseCode::new(number).ok_or("a code that must not be sent")?),
            None => None,
        };
        run(self.0.send_close(code, reason))
    }

    fn hear(&mut self) -> Result<Said, Failure> {
        run(hear(&mut self.0))
    }
}

async fn hear<S, R>(socket: &mut WebSocket<S, R>) -> Result<Said, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: Role,
{
    let mut message = Vec::new();
    loop {
        match socket.read_event().await?.ok_or("the connection has ended")? {
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
                if socket.read_event().await?.is_some() {
                    return Err("something came after the Close".into());
                }
                socket.close(None, "").await?;
                return Ok(said);
            }
        }
    }
}
