//! The program: a runtime with some workers, and a task for each connection.

use super::servers::{Does, SERVERS};
use super::{echoes, upgrades};
use crate::echo::unpaced;
use std::error::Error;
use std::future::Future;
use std::net::{Ipv4Addr, TcpListener};
use tokio::net::TcpStream;

pub(super) type Served = Result<(), Box<dyn Error + Send + Sync>>;

/// Runs the server that the first argument names, with as many worker threads as the second says, and prints its address. With a
/// third argument its opening handshakes are as in its documentation too, rather than as fast as they can be.
///
/// # Errors
///
/// If there is no such server, or it ends.
pub fn serve() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [title, workers, rest @ ..] = &arguments[..] else {
        return Err("a server and a number of workers are wanted".into());
    };
    let server = SERVERS.iter().find(|server| server.title() == *title);
    let server = server.ok_or("no such server")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers.parse()?)
        .enable_all()
        .build()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    unpaced(&listener)?;
    listener.set_nonblocking(true)?;
    println!("{}", listener.local_addr()?);
    match (server.name, server.does, rest.is_empty()) {
        ("bareframe-tokio", ..) => in_tasks(&runtime, listener, echoes::bareframe_tokio),
        ("tokio-tungstenite", Does::Documented, _) => in_tasks(&runtime, listener, echoes::tokio_tungstenite),
        ("tokio-tungstenite", ..) => in_tasks(&runtime, listener, echoes::tokio_tungstenite_gathering),
        ("tokio-websockets", Does::Documented, _) => in_tasks(&runtime, listener, echoes::tokio_websockets),
        ("tokio-websockets", ..) => in_tasks(&runtime, listener, echoes::tokio_websockets_gathering),
        ("fastwebsockets", _, true) => in_tasks(&runtime, listener, echoes::fastwebsockets),
        ("fastwebsockets", ..) => in_tasks(&runtime, listener, upgrades::fastwebsockets),
        ("sockudo-ws", Does::Documented, _) => in_tasks(&runtime, listener, echoes::sockudo_ws),
        ("sockudo-ws", ..) => in_tasks(&runtime, listener, echoes::sockudo_ws_gathering),
        ("yawc", Does::Documented, true) => in_tasks(&runtime, listener, echoes::yawc),
        ("yawc", Does::Documented, false) => in_tasks(&runtime, listener, upgrades::yawc),
        ("yawc", ..) => in_tasks(&runtime, listener, echoes::yawc_gathering),
        (name, ..) => Err(format!("{name} can't serve").into()),
    }
}

/// A task for each connection. No task has a budget, as in the examples of fastwebsockets and tokio-websockets.
fn in_tasks<F>(runtime: &tokio::runtime::Runtime, listener: TcpListener, echo: fn(TcpStream) -> F) -> Served
where
    F: Future<Output = Served> + Send + 'static,
{
    // A worker accepts too, so that there is no thread beside them.
    let accepting = runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // The load generator checks how a connection ends.
            tokio::spawn(tokio::task::unconstrained(
                async move { drop(echo(stream).await) },
            ));
        }
    });
    runtime.block_on(accepting)?
}
