//! The command line.

use bareframe_tokio::Url;
use clap::{Parser, value_parser};
use hyper::header::HeaderName;
use std::time::Duration;

/// Passes the WebSockets of many clients on to one server.
#[derive(Parser)]
#[command(name = "proxy")]
pub(crate) struct Arguments {
    /// The server: ws://HOST[:PORT][/PATH], with the feature platform-verifier also wss://; the path goes before that of each request.
    #[arg(value_parser = server)]
    pub(crate) server: String,
    /// Where to listen: a host and a port; port 0 is any that is free.
    #[arg(long, default_value = "127.0.0.1:9002")]
    pub(crate) listen: String,
    /// Ask the server over HTTP/2, by extended CONNECT.
    #[arg(long)]
    pub(crate) http2: bool,
    /// Another header that is passed on to the server; may be given more than once.
    #[arg(long = "pass", value_name = "HEADER")]
    pub(crate) pass: Vec<HeaderName>,
    /// How many seconds the connection to the server may take, opening handshake included.
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..))]
    pub(crate) connect_timeout: u64,
    /// A side that sends nothing for this many seconds is sent a Ping, and is gone if nothing comes for as long again.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..))]
    pub(crate) keepalive: u64,
    /// A side that does not take a piece of at most 64 KiB within this many seconds is gone.
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..))]
    pub(crate) write_timeout: u64,
    /// How many seconds the connections have to close when the program is asked to end.
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    pub(crate) shutdown_timeout: u64,
}

impl Arguments {
    /// Returns how long the connections have to close.
    pub(crate) const fn shutdown_time(&self) -> Duration {
        Duration::from_secs(self.shutdown_timeout)
    }
}

/// Returns the server's URL without the slash at its end.
fn server(url: &str) -> Result<String, String> {
    let parsed = Url::parse(url).map_err(|error| error.to_string())?;
    if parsed.resource().contains('?') {
        return Err("the server's URL has a query, and each request has its own".to_owned());
    }
    Ok(url.trim_end_matches('/').to_owned())
}
