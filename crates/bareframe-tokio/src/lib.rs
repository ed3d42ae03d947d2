//! WebSocket (RFC 6455) connections over tokio: a loop around the session of [`bareframe`].
//!
//! - [`connect()`] connects to a URL, and [`Connector`] says how: headers, subprotocols, proxies, redirects, limits of time.
//! - [`accept()`] accepts a client over a stream, and [`Acceptor`] says how: TLS, limits of time and length. An [`Incoming`] is a
//!   request that a program decides about.
//! - [`WebSocket::server`] and [`WebSocket::client`] take a stream whose opening handshake is done.
//! - [`WebSocket::read`] lends whole messages, [`WebSocket::read_event`] their pieces as they arrive.
//! - [`WebSocket::send`] sends a [`Message`].
//! - [`Shutdown`] closes all connections of a server with 1001.
//! - [`Broadcast`] sends a [`SharedMessage`] to many, each with a bounded queue.
//! - [`Options`] have the limits: of messages, of memory and of time; and a keepalive.
//!
//! # Features
//!
//! - `hyper`: upgrades of requests that hyper has read, over HTTP/1.1 and HTTP/2 (RFC 8441).
//! - `rustls`: `wss://` URLs and servers by [tokio-rustls](https://docs.rs/tokio-rustls), with a configuration of the caller's.
//! - `platform-verifier`: `wss://` URLs with the roots that the platform trusts.
//! - `proxy`: connections through HTTP and SOCKS5 proxies.
//! - `deflate`: compression of messages (RFC 7692), by [`Options::with_deflate`](Options).
//! - `futures-io`: connections over streams of the traits of [futures-io](https://docs.rs/futures-io).
//! - `http2`: connections over HTTP/2 (RFC 8441).
//! - `tracing`: a [span](https://docs.rs/tracing) for each connection, with events of its handshake, its end and its errors.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod accept;
mod broadcast;
mod close;
mod closing;
mod connect;
mod counters;
mod error;
mod extension;
mod forwarding;
#[cfg(feature = "futures-io")]
mod futures_io;
mod halves;
mod handoff;
mod handshake_error;
mod head;
mod keys;
mod message;
mod observed;
mod options;
mod pool;
mod read;
mod reader;
mod send;
mod sender;
mod sending;
mod session;
mod shared_stream;
mod shutdown;
mod sink;
mod timer;
mod trace;
#[cfg(feature = "hyper")]
mod upgrade;
mod utf8_bytes;
mod websocket;
mod writer;

pub use accept::{Accepting, Acceptor, Incoming, ServerStream, accept};
pub use bareframe::handshake::{Url, UrlError};
pub use bareframe::{
    Client, CloseCode, CloseReason, Config, ControlPayload, Data, Event, Frame, Keepalive, Limits,
    MaskingKey, MaskingKeys, Message as MessageRef, MessageKind, PreparedFrame, ProtocolError, Role, Rsv,
    SendError, Server, State, UnsentFrame, Violation, handshake,
};
#[cfg(feature = "deflate")]
pub use bareframe_deflate as deflate;
pub use broadcast::{Broadcast, BroadcastError, Overflow, SharedMessage, Subscription};
pub use close::StreamEnd;
pub use connect::{
    ClientStream, ConnectError, ConnectErrorKind, ConnectStep, Connector, RedirectError, Refusal,
    ServerResponse, connect,
};
#[cfg(feature = "proxy")]
pub use connect::{InvalidProxy, Proxy};
pub use counters::{Counters, Totals};
pub use error::Error;
#[cfg(feature = "futures-io")]
pub use futures_io::FuturesIo;
pub use halves::{ReadHalf, WriteHalf};
pub use handshake_error::HandshakeError;
pub use keys::SystemKeys;
pub use message::{CloseFrame, Message};
pub use options::Options;
pub use read::WithSender;
pub use sender::MessageSender;
pub use shutdown::Shutdown;
#[cfg(feature = "rustls")]
pub use tokio_rustls::rustls;
#[cfg(feature = "hyper")]
#[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
pub use upgrade::{UpgradeRequest, UpgradedStream, Upgrading, upgrade};
pub use utf8_bytes::Utf8Bytes;
pub use websocket::{ClientSocket, ServerSocket, WebSocket};

/// The README's example is compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
