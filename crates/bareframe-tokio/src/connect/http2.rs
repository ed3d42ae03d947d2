//! The opening handshake over HTTP/2: an extended CONNECT (RFC 8441).

use crate::connect::client_stream::Transport;
use crate::connect::connect_error::ConnectErrorKind;
use crate::connect::connector::Connector;
use crate::connect::http1::{Agreed, REFUSAL_TIME};
use crate::connect::refusal::{Refusal, ServerResponse};
use crate::handshake_error::HandshakeError;
use bareframe::handshake::{EncodeError, Key, Offer, Response, Version};
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::{Builder, Connection};
use hyper::ext::Protocol;
use hyper::rt::Executor;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long the end of a stream may take to be sent after the stream was dropped.
const END_TIME: Duration = Duration::from_secs(5);

/// Opens a WebSocket over a connection that nothing else uses, and returns its stream. Nothing is spawned before that.
pub(crate) async fn upgrade(
    transport: Transport,
    is_secure: bool,
    offer: &Offer<'_>,
    connector: &Connector<'_>,
) -> Result<(Http2Stream, Agreed), ConnectErrorKind> {
    let request = request(is_secure, offer)?;
    let tasks = Tasks::default();
    let (mut sender, connection) = Builder::new(tasks.clone())
        // Becomes another number when the server's SETTINGS have come.
        .initial_max_send_streams(0)
        .handshake(TokioIo::new(transport))
        .await
        .map_err(io::Error::other)?;
    let mut driver = Driver {
        connection: Some(connection),
        tasks,
        running: Vec::new(),
        is_broken: false,
    };
    driver.settings().await?;
    let response = driver.run_while(sender.send_request(request)).await;
    let response = response.map_err(io::Error::other)?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let checked = Response::from_parts(Version::HTTP_2, status, &headers);
    let Some(established) = checked.upgrade(offer, None).map_err(HandshakeError::from)? else {
        let mut content = Vec::new();
        let body = read_body(
            response.into_body(),
            connector.response_limits().refusal,
            &mut content,
        );
        let is_whole = driver.run_while(timeout(REFUSAL_TIME, body)).await;
        let content = (content, is_whole.unwrap_or(false));
        let response = ServerResponse::new(status, pairs(&headers));
        return Err(HandshakeError::Refused(Refusal::new(response, content)).into());
    };
    let agreed = Agreed {
        subprotocol: established.subprotocol().map(Box::from),
        extension: connector.agreed(established.extensions())?,
        response: ServerResponse::new(status, pairs(&headers)),
    };
    let upgraded = driver.run_while(hyper::upgrade::on(response)).await;
    let upgraded = TokioIo::new(upgraded.map_err(io::Error::other)?);
    let (_guard, is_dropped) = oneshot::channel();
    tokio::spawn(driver.run_until_dropped(is_dropped));
    Ok((Http2Stream { upgraded, _guard }, agreed))
}

/// Returns the request for what is offered (RFC 8441 section 5): the same headers as over HTTP/1.1 but those that hop-by-hop upgrades need.
fn request(is_secure: bool, offer: &Offer<'_>) -> Result<Request<Empty<Bytes>>, HandshakeError> {
    // The same can't stand in a request as over HTTP/1.1; nothing of this head is sent.
    match offer.encode(&Key::from_random([0; 16]), &mut []) {
        Ok(_) | Err(EncodeError::BufferTooSmall(_)) => {}
        Err(error) => return Err(HandshakeError::Head(error)),
    }
    let scheme = if is_secure { "https" } else { "http" };
    let slash = if offer.target().starts_with('/') { "" } else { "/" };
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .version(http::Version::HTTP_2)
        .uri(format!("{scheme}://{}{slash}{}", offer.host(), offer.target()))
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13");
    if let Some(origin) = offer.origin() {
        request = request.header("origin", origin);
    }
    if !offer.subprotocols().is_empty() {
        request = request.header("sec-websocket-protocol", offer.subprotocols().join(", "));
    }
    if !offer.extensions().is_empty() {
        request = request.header("sec-websocket-extensions", offer.extensions());
    }
    for (name, value) in offer.headers() {
        request = request.header(*name, *value);
    }
    // The rules of `http` are those of the encoder.
    request
        .body(Empty::new())
        .map_err(|_| HandshakeError::Head(EncodeError::InvalidHeaderValue))
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// Reads at most `limit` bytes, and returns `true` if they are all.
async fn read_body(mut body: hyper::body::Incoming, limit: usize, content: &mut Vec<u8>) -> bool {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        if let Some(data) = frame.data_ref() {
            let room = limit.saturating_sub(content.len());
            content.extend_from_slice(data.get(..room).unwrap_or(data));
            if data.len() > room {
                return false;
            }
        }
    }
    true
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What hyper wants to have executed besides the connection.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<Task>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.push(Box::pin(task));
    }
}

/// Returns `true` if the stream is why the connection has ended.
fn has_io_error(error: &hyper::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<io::Error>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// A connection of HTTP/2 and all that is executed for it, in one future, so that all is gone if that is dropped.
struct Driver {
    connection: Option<Connection<TokioIo<Transport>, Empty<Bytes>, Tasks>>,
    tasks: Tasks,
    running: Vec<Task>,
    /// The connection has ended because of what the server sent.
    is_broken: bool,
}

impl Driver {
    /// Goes on with everything; ready when all is done.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(connection) = &mut self.connection
                && let Poll::Ready(ended) = Pin::new(connection).poll(cx)
            {
                self.connection = None;
                self.is_broken = ended.is_err_and(|error| !has_io_error(&error));
            }
            self.running
                .append(&mut self.tasks.0.lock().unwrap_or_else(PoisonError::into_inner));
            self.running
                .retain_mut(|task| task.as_mut().poll(cx).is_pending());
            let tasks = self.tasks.0.lock().unwrap_or_else(PoisonError::into_inner);
            if tasks.is_empty() {
                break;
            }
        }
        if self.connection.is_none() && self.running.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Waits for the server's SETTINGS.
    async fn settings(&mut self) -> Result<(), ConnectErrorKind> {
        poll_fn(|cx| {
            let is_done = self.poll(cx).is_ready();
            match &self.connection {
                Some(connection) if connection.is_extended_connect_protocol_enabled() => Poll::Ready(Ok(())),
                Some(connection) if connection.current_max_send_streams() > 0 => {
                    Poll::Ready(Err(HandshakeError::NoExtendedConnect.into()))
                }
                None if self.is_broken => Poll::Ready(Err(HandshakeError::NotHttp2.into())),
                None => Poll::Ready(Err(HandshakeError::Ended.into())),
                Some(_) if is_done => Poll::Ready(Err(HandshakeError::Ended.into())),
                Some(_) => Poll::Pending,
            }
        })
        .await
    }

    /// Waits for what only happens while the connection continues.
    async fn run_while<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            let _ = self.poll(cx);
            future.as_mut().poll(cx)
        })
        .await
    }

    /// Goes on until the connection ends, and not much longer than the stream is there.
    async fn run_until_dropped(mut self, is_dropped: oneshot::Receiver<()>) {
        let mut is_dropped = pin!(is_dropped);
        let has_ended = poll_fn(|cx| match self.poll(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => is_dropped.as_mut().poll(cx).map(|_| false),
        });
        if !has_ended.await {
            let _ = timeout(END_TIME, poll_fn(|cx| self.poll(cx))).await;
        }
    }
}

/// A WebSocket's stream of HTTP/2.
pub(crate) struct Http2Stream {
    upgraded: TokioIo<Upgraded>,
    /// Dropped with the stream, which ends the connection.
    _guard: oneshot::Sender<()>,
}

impl AsyncRead for Http2Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().upgraded).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Http2Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().upgraded).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().upgraded).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().upgraded).poll_shutdown(cx)
    }
}
