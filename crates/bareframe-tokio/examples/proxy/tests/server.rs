//! The server behind the proxy, over HTTP/1.1 and HTTP/2.

use bareframe_tokio::handshake::Choice;
use bareframe_tokio::{Config, Limits, Options, ServerSocket, UpgradeRequest, UpgradedStream};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, Uri, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, Receiver, Sender};

pub(super) const UNLIMITED: Options =
    Options::DEFAULT.with_config(Config::DEFAULT.with_limits(Limits::UNLIMITED));
#[cfg(feature = "deflate")]
pub(super) const OPTIONS: Options = UNLIMITED.with_deflate(bareframe_tokio::deflate::Policy::DEFAULT);
#[cfg(not(feature = "deflate"))]
pub(super) const OPTIONS: Options = UNLIMITED;

/// A server that opens every WebSocket but those of a few paths.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    opened: Receiver<Reached>,
}

/// A request that has reached the server, and its WebSocket.
pub(super) struct Reached {
    pub(super) uri: Uri,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) socket: ServerSocket<UpgradedStream>,
}

impl Server {
    pub(super) async fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, opened) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = sender.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request| {
                        let sender = sender.clone();
                        async move { Ok::<_, Infallible>(answer(request, sender).await) }
                    });
                    let mut builder = Builder::new(TokioExecutor::new());
                    builder.http2().enable_connect_protocol();
                    let _ = builder
                        .serve_connection_with_upgrades(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Server { address, opened }
    }

    /// Waits for a WebSocket.
    pub(super) async fn reached(&mut self) -> Reached {
        self.opened.recv().await.unwrap()
    }
}

async fn answer(mut request: Request<Incoming>, sender: Sender<Reached>) -> Response<Full<Bytes>> {
    let asked = match UpgradeRequest::from_request(&mut request) {
        Ok(asked) => asked.with_options(OPTIONS),
        Err(error) => return error.response(),
    };
    match request.uri().path() {
        "/forbidden" => {
            return Response::builder()
                .status(403)
                .header("connection", "x-hop")
                .header("x-hop", "1")
                .header("x-why", "not you")
                .body(Full::from("Not you.\n"))
                .unwrap();
        }
        "/page" => return Response::new(Full::from("<p>No WebSocket")),
        "/silent" => return pending().await,
        _ => {}
    }
    let subprotocol = asked.offers("chat.v2").then_some("chat.v2");
    let choice = Choice::DEFAULT.with_subprotocol(subprotocol);
    let (mut response, upgrading) = asked.accept(&choice).unwrap();
    let cookie = HeaderValue::from_static("seen=1");
    response.headers_mut().append("set-cookie", cookie);
    tokio::spawn(async move {
        let reached = Reached {
            uri: request.uri().clone(),
            version: request.version(),
            headers: request.headers().clone(),
            socket: upgrading.await.unwrap(),
        };
        let _ = sender.send(reached).await;
    });
    response
}
