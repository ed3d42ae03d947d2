//! A blocking WebSocket (RFC 6455) client and server over TCP, TLS and other streams: a loop around the session of [`bareframe`].
//!
//! A client:
//!
//! ```no_run
//! use bareframe_std::{CloseCode, connect};
//!
//! let mut socket = connect("ws://127.0.0.1:9001/")?;
//! socket.send("Hello")?;
//! if let Some(message) = socket.read()? {
//!     println!("{:?}", message.as_str());
//! }
//! socket.close(CloseCode::NORMAL_CLOSURE, "")?;
//! # Ok::<(), bareframe_std::Error>(())
//! ```
//!
//! A server, with a thread for each connection:
//!
//! ```no_run
//! use bareframe_std::{Error, accept};
//! use std::net::{TcpListener, TcpStream};
//!
//! fn echo(stream: TcpStream) -> Result<(), Error> {
//!     let mut socket = accept(stream)?;
//!     while let Some((message, mut sender)) = socket.read_with_sender()? {
//!         sender.send(&message)?;
//!     }
//!     socket.close(None, "")?;
//!     Ok(())
//! }
//!
//! for stream in TcpListener::bind("127.0.0.1:9001")?.incoming() {
//!     let stream = stream?;
//!     std::thread::spawn(|| echo(stream).unwrap_or_else(|error| eprintln!("{error}")));
//! }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! - [`Acceptor::read`] returns the request, so that the caller can check path, origin and subprotocols, or answer
//!   without a WebSocket.
//! - [`Connector`] offers subprotocols and extensions, and adds headers.
//! - [`WebSocket::read`] lends whole messages, [`WebSocket::read_event`] their pieces as they arrive.
//! - [`WebSocket::send`] sends a [`Frame`]; [`WebSocket::feed`] gathers several for one write.
//! - [`WebSocket::split`] returns two halves for two threads.
//! - [`Options`] has the limits on messages, memory and time, and a keepalive.
//! - [`WebSocket::server`] and [`WebSocket::client`] take a stream whose opening handshake is done.
//!
//! Pings and the peer's Close are answered by the calls that read, before they return what was received.
//!
//! # Features
//!
//! - `deflate`: compression of messages (RFC 7692), by [`Options::with_deflate`](Options).
//! - `rustls`: `wss://` URLs. [`accept`] accepts a stream of rustls like any other.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod accept;
mod answering;
mod client_stream;
mod close;
mod connect;
mod connect_error;
mod connector;
mod content;
mod date;
mod deadline;
mod error;
mod extension;
mod halves;
mod head;
mod keys;
mod linger;
mod lock;
mod lookup;
mod message;
mod one_address;
mod options;
mod reader;
mod refusal;
mod sender;
#[cfg(feature = "rustls")]
mod shared_tls;
mod socket;
mod stream;
#[cfg(feature = "rustls")]
mod tls;
mod websocket;
mod writer;

pub use accept::{Accepting, Acceptor, Incoming, accept};
pub use answering::Answering;
pub use bareframe::handshake::{Url, UrlError};
pub use bareframe::{
    Client, CloseCode, CloseReason, Config, ControlPayload, Data, Event, Frame, Keepalive, Limits,
    MaskingKey, MaskingKeys, Message, MessageKind, PreparedFrame, ProtocolError, Role, Rsv, SendError,
    Server, State, UnsentFrame, Violation, handshake,
};
#[cfg(feature = "deflate")]
pub use bareframe_deflate as deflate;
pub use client_stream::ClientStream;
pub use connect::{Connecting, connect};
pub use connect_error::ConnectError;
pub use connector::Connector;
pub use deadline::Deadline;
pub use error::{Error, HandshakeError};
pub use halves::{ReadHalf, WriteHalf};
pub use keys::SystemKeys;
pub use linger::StreamEnd;
pub use message::OwnedMessage;
pub use options::Options;
pub use refusal::Refusal;
#[cfg(feature = "rustls")]
pub use rustls;
pub use sender::{MessageSender, WithSender};
#[cfg(feature = "rustls")]
pub use shared_tls::SharedTls;
pub use socket::SharedSocket;
pub use stream::{Aborter, By, Share, Stream, Untimed};
pub use websocket::{ClientSocket, ServerSocket, WebSocket};

/// The README's example is compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
