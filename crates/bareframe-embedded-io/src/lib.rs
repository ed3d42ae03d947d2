//! A WebSocket (RFC 6455) client and server over [`embedded_io_async`] and [`embedded_io`], without allocation: a
//! thin loop over [`bareframe`].
//!
//! A server's task:
//!
//! ```
//! use bareframe_embedded_io::{Assembler, Buffers, Choice, Config, Error, Incoming, SliceBuffer};
//! use embedded_io_async::{Read, Write};
//!
//! async fn echo<S: Read + Write>(stream: S) -> Result<(), Error<S::Error>> {
//!     let mut head = [0; 1024];
//!     let mut incoming = Incoming::new(stream, &mut head);
//!     let request = incoming.request().await?;
//!     println!("asks for {}", request.path());
//!
//!     let (mut receive, mut send, mut memory) = ([0; 256], [0; 256], [0; 1024]);
//!     let buffers = Buffers::new(&mut receive, &mut send);
//!     let mut socket = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, buffers)?;
//!     let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
//!     while let Some((message, writer)) = socket.read_with_writer(&mut assembler).await? {
//!         writer.send(message.kind(), message.payload()).await?;
//!     }
//!     Ok(())
//! }
//! ```
//!
//! - [`Incoming`] gives the request for judging, and accepts it or answers it otherwise.
//! - [`Connecting`] asks a server, with random octets that the caller draws.
//! - [`WebSocket::read`] gathers messages that came in pieces in memory of the caller's, and lends the others from
//!   where they arrived; [`WebSocket::read_event`] lends the pieces, so that a message may be longer than any memory.
//! - [`Writer::begin`] and [`Writer::write`] send such a message.
//! - [`WebSocket::split`] gives two halves for two tasks.
//! - [`blocking`] is the same for [`embedded_io`].
//!
//! Pings and the peer's Close are answered by the calls that read; the answers to what arrived in one read leave in
//! one write.
//!
//! # Memory
//!
//! The opening handshake borrows memory for one head, 1 KiB for most clients; a longer head is refused. After it any
//! receive buffer of [`MIN_RECEIVE`] octets and any send buffer of [`MIN_SEND`] octets will do. Nothing is allocated,
//! and no call panics unless the stream does.
//!
//! # Dropped futures
//!
//! A future may be dropped at any time, by a timeout for one, and nothing is lost if the stream's own `read` and `write`
//! lose nothing when they are dropped: what has arrived and what is to be sent stay in the connection, and the next
//! call goes on. Of a message that is being sent, [`Writer::payload_left`] tells how much was not taken.
//!
//! # Flushing
//!
//! The stream is flushed before it is waited for. A stream whose `flush` waits for the peer's acknowledgement, as TCP
//! sockets of embassy-net do, should be wrapped in [`Unflushed`].

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::arithmetic_side_effects,
        reason = "a device must not stop because of its peer"
    )
)]

mod accept;
pub mod blocking;
mod connect;
mod error;
mod event;
mod halves;
mod head;
mod input;
mod random;
mod reader;
mod unflushed;
mod websocket;
mod writer;

pub use accept::Incoming;
pub use bareframe::handshake::{Choice, Offer, Request, Response, Status};
pub use bareframe::{
    Assembler, Client, CloseCode, CloseReason, Config, ControlPayload, Gather, Limits, Message, MessageKind,
    ProtocolError, Reply, Role, Rsv, SendError, Server, SliceBuffer, State, handshake,
};
pub use connect::Connecting;
pub use error::{Error, HandshakeError};
pub use event::{Event, Piece};
pub use halves::{ReadHalf, WriteHalf};
pub use input::MIN_RECEIVE;
pub use random::RandomKeys;
pub use unflushed::Unflushed;
pub use websocket::{Buffers, WebSocket};
pub use writer::{MIN_SEND, Writer};

/// The example of the front page.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct FrontPage;
