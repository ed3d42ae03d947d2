//! What passes through the proxy, with both ends in the test.

mod memory;
mod opening;
mod relaying;
mod server;

use crate::arguments::Arguments;
use crate::listener;
use crate::opening::Opening;
use bareframe_tokio::{ClientSocket, ClientStream, Connector, Shutdown};
use clap::Parser;
use server::{Reached, Server};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The proxy, in front of a server.
struct Proxy {
    address: SocketAddr,
    shutdown: Shutdown,
    /// How many connections were left.
    ended: JoinHandle<usize>,
}

impl Proxy {
    /// Starts it, with more arguments than the server.
    async fn start(server: SocketAddr, more: &[&str]) -> Proxy {
        let server = format!("ws://{server}");
        let arguments = Arguments::try_parse_from([&["proxy", &server], more].concat()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new();
        let opening = Arc::new(Opening::new(&arguments, &shutdown));
        let ended = tokio::spawn(listener::run(listener, opening, Duration::from_secs(5)));
        Proxy {
            address,
            shutdown,
            ended,
        }
    }

    fn url(&self, target: &str) -> String {
        format!("ws://{}{target}", self.address)
    }
}

/// A client and the server's end of its connection, with the proxy between them.
struct Pair {
    client: ClientSocket<ClientStream>,
    server: Reached,
    proxy: Proxy,
}

impl Pair {
    async fn open(more: &[&str]) -> Pair {
        Pair::open_by(&Connector::DEFAULT.with_options(server::UNLIMITED), "/", more).await
    }

    async fn open_by(connector: &Connector<'_>, target: &str, more: &[&str]) -> Pair {
        let mut server = Server::start().await;
        let proxy = Proxy::start(server.address, more).await;
        let client = connector.connect(&proxy.url(target)).await.unwrap();
        let server = server.reached().await;
        Pair {
            client,
            server,
            proxy,
        }
    }
}
