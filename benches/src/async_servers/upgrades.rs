//! Servers whose opening handshakes are hyper's, as their documentation shows.

use super::echoes::{fastwebsockets_over, yawc_over};
use super::serve::Served;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub(super) async fn fastwebsockets(stream: TcpStream) -> Served {
    let service = service_fn(async |mut request: Request<Incoming>| {
        let (response, upgraded) = fastwebsockets::upgrade::upgrade(&mut request)?;
        tokio::spawn(async move { fastwebsockets_over(upgraded.await?).await });
        Ok::<Response<_>, fastwebsockets::WebSocketError>(response)
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    Ok(connection.with_upgrades().await?)
}

pub(super) async fn yawc(stream: TcpStream) -> Served {
    let service = service_fn(async |mut request: Request<Incoming>| {
        let (response, upgraded) = yawc::WebSocket::upgrade(&mut request)?;
        tokio::spawn(async move { yawc_over(upgraded.await?).await });
        Ok::<Response<_>, yawc::WebSocketError>(response)
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    Ok(connection.with_upgrades().await?)
}
