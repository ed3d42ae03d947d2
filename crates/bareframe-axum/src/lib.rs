//! WebSocket (RFC 6455) connections for axum: the names, fields and methods of `axum::extract::ws`, over [`bareframe_tokio`].
//!
//! Where a program says `use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};`, let it say `use bareframe_axum::…`; the rest stays
//! as it is, over HTTP/1.1 and HTTP/2.
//!
//! ```
//! use axum::{Router, response::Response, routing::any};
//! use bareframe_axum::{WebSocket, WebSocketUpgrade};
//!
//! let app = Router::new().route("/ws", any(handler));
//!
//! async fn handler(ws: WebSocketUpgrade) -> Response {
//!     ws.on_upgrade(echo)
//! }
//!
//! async fn echo(mut socket: WebSocket) {
//!     while let Some(Ok(message)) = socket.recv().await {
//!         if socket.send(message).await.is_err() {
//!             break;
//!         }
//!     }
//! }
//! # let _: Router = app;
//! ```
//!
//! Beside those names there are
//!
//! - [`WebSocketUpgrade::keepalive`], [`WebSocketUpgrade::origin`], [`WebSocketUpgrade::shutdown`] and [`WebSocketUpgrade::options`];
//! - [`WebSocket::received`] and [`WebSocket::sent`], which count messages, bytes, Pings and Closes;
//! - [`WebSocket::read`], which lends messages without allocation, and [`WebSocket::into_inner`] for all that [`bareframe_tokio`] can do.
//!
//! With the feature `deflate`, `WebSocketUpgrade::deflate` compresses messages (RFC 7692). With the feature `tracing`, each connection has a
//! span, and events of its handshake, its end and its errors.
//!
//! What is not there is `accept_unmasked_frames`: a server must close the connection for such a frame (RFC 6455 section 5.1).

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod close_code;
mod message;
pub mod rejection;
mod upgrade;
mod websocket;

#[cfg(feature = "deflate")]
#[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
pub use bareframe_tokio::deflate;
pub use bareframe_tokio::{Counters, Shutdown, Totals, Utf8Bytes};
pub use message::{CloseCode, CloseFrame, Message};
pub use upgrade::{DefaultOnFailedUpgrade, OnFailedUpgrade, WebSocketUpgrade};
pub use websocket::WebSocket;

/// The README's example is compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
