//! The connections of clients: HTTP/1.1 and HTTP/2 by hyper, with their limits of time.

use crate::opening::Opening;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

/// How long a client may take for the head of its first request, and of each further one.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long the heads of a client's request may be, in bytes.
const HEAD_LIMIT: usize = 16 << 10;

/// How many bytes a client may send over one stream of HTTP/2, and over all of a connection, before we have passed them on.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// Accepts clients until the shutdown begins, waits at most this long for their connections to close, and returns how many have not.
pub(crate) async fn run(listener: TcpListener, opening: Arc<Opening>, limit: Duration) -> usize {
    let mut connections = JoinSet::new();
    let shutdown = opening.shutdown();
    let mut begun = pin!(shutdown.begun());
    loop {
        tokio::select! {
            () = &mut begun => break,
            // It is known how it ended.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(stream, peer, Arc::clone(&opening)));
                }
                // The system is out of sockets, and may have more in a moment.
                Err(error) => {
                    eprintln!("proxy: {error}");
                    sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    drop(listener);
    let end = Instant::now() + limit;
    let left = shutdown.finish(limit).await;
    // What was sent last may still be in a connection of HTTP/2.
    let _ = timeout_at(end, async { while connections.join_next().await.is_some() {} }).await;
    left
}

/// Serves one connection of a client, which may have many requests.
async fn serve(stream: TcpStream, peer: SocketAddr, opening: Arc<Opening>) {
    let mut begun = pin!(opening.shutdown().begun());
    let has_asked = AtomicBool::new(false);
    let service = service_fn(|request| {
        has_asked.store(true, Relaxed);
        let opening = Arc::clone(&opening);
        async move { Ok::<_, Infallible>(opening.answer(request, peer).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_LIMIT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .keep_alive_interval(opening.keepalive())
        .keep_alive_timeout(opening.keepalive())
        .max_header_list_size(HEAD_LIMIT as u32)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let mut head_time = pin!(sleep(HEAD_TIME));
    let mut is_first = true;
    loop {
        tokio::select! {
            // It ended, or became a WebSocket. Nobody is left to be told of an error.
            _ = &mut connection => return,
            () = &mut head_time, if is_first => {
                if !has_asked.load(Relaxed) {
                    return;
                }
                is_first = false;
            }
            () = &mut begun => break,
        }
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
