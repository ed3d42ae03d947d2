//! A WebSocket (RFC 6455) client and server over [`embedded_io_async`] and [`embedded_io`], without allocation: a
//! thin loop over [`bareframe`].
//!
//! A server's task:
//!
//! ```
//! use bareframe_embedded_io::{Assembler, Choice, Config, Error, Frame, Incoming, SliceBuffer};
//! use embedded_io_async::{Read, Write};
//!
//! async fn echo<S: Read + Write>(stream: S) -> Result<(), Error<S::Error>> {
//!     let (mut head, mut memory) = ([0; 1024], [0; 1024]);
//!     let incoming = Incoming::new(stream, &mut head);
//!     // A request that is wrong, or for no WebSocket, is answered.
//!     let accepted = incoming.accept(&Choice::DEFAULT, Config::DEFAULT, [0; 256], [0; 256]);
//!     let mut socket = accepted.await?;
//!     let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
//!     while let Some((message, mut writer)) = socket.read_with_writer(&mut assembler).await? {
//!         writer.send_frame(&mut Frame::from(&message)).await?;
//!     }
//!     Ok(())
//! }
//! ```
//!
//! A client's:
//!
//! ```
//! use bareframe_embedded_io::{Assembler, CloseCode, Config, Connecting, Error, MaskingKey, Offer, SliceBuffer};
//! use embedded_io_async::{Read, Write};
//!
//! /// Asks a question, and returns the length of the answer; `random` draws from the device's source of random numbers.
//! async fn ask<S: Read + Write>(stream: S, mut random: impl FnMut() -> u32) -> Result<usize, Error<S::Error>> {
//!     let (mut head, mut memory) = ([0; 1024], [0; 1024]);
//!     let offer = Offer::new("example.com", "/answers");
//!     let keys = || MaskingKey::new(random().to_ne_bytes());
//!     let connecting = Connecting::new(stream, &offer, keys, &mut head)?;
//!     let mut socket = connecting.establish(Config::DEFAULT, [0; 256], [0; 256]).await?;
//!     socket.send_text("How are you?").await?;
//!     let mut assembler = Assembler::new(SliceBuffer::new(&mut memory));
//!     let answer = socket.read(&mut assembler).await?;
//!     let len = answer.map_or(0, |answer| answer.payload().len());
//!     socket.close(CloseCode::NORMAL_CLOSURE, "").await?;
//!     Ok(len)
//! }
//! ```
//!
//! - [`Incoming`] returns the request for a look, and accepts it or answers it otherwise.
//! - [`Connecting`] asks a server, with random bytes from a closure or from [`RandomKeys`].
//! - [`WebSocket::read`] gathers messages that arrived in pieces in memory of the caller's, and lends the others from where they
//!   arrived; [`WebSocket::read_event`] lends the pieces, so that a message may be longer than any memory.
//! - [`Socket::send_text`] and its neighbours send, and return when all is written; [`Socket::feed`] gathers. [`Frame`] makes
//!   everything that can be sent, messages in fragments too.
//! - [`WebSocket::split`] returns two halves for two tasks.
//! - [`blocking`] is the same for [`embedded_io`].
//!
//! Pings and the peer's Close are answered by the calls that read: an answer was written before its event is returned.
//!
//! # Memory
//!
//! The opening handshake needs memory for one head, 1 KiB for most clients; a longer head is answered with 431. After it any
//! receive buffer of [`MIN_RECEIVE`] bytes and any send buffer of [`MIN_SEND`] bytes will do; [`min_send`] says what a server's response
//! needs. Buffers are borrowed (`&mut [u8]`) or owned (`[u8; N]`), so that a connection can be in a `static`. Nothing is allocated, and
//! no call panics unless the stream does.
//!
//! # Dropped futures
//!
//! A future may be dropped at any time, by a timeout for one, and nothing is lost if the stream's own `read` and `write`
//! lose nothing when they are dropped: what has arrived and what is to be sent stay in the connection, and the next
//! call goes on. [`Socket`] says what becomes of a payload that is longer than the send buffer.
//!
//! # Errors of the stream
//!
//! A write that fails hides nothing that was received: reading goes on to the peer's Close, which then counts, or else to an error. A
//! write that timed out ([`ErrorKind::TimedOut`](embedded_io_async::ErrorKind::TimedOut)) is tried again by the next call.
//!
//! # Flushing
//!
//! The stream is flushed before it is waited for. A stream whose `flush` waits for the peer's acknowledgement, as TCP
//! sockets of embassy-net do, should be wrapped in [`Unflushed`].
//!
//! # Features
//!
//! - `defmt`: `defmt::Format` on every public type.
//! - `deflate`: compression of messages, by `Incoming::accept_compressed` and `Connecting::establish_compressed`.

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
#[cfg(feature = "deflate")]
mod compressed;
mod connect;
mod error;
mod halves;
mod head;
mod random;
mod slot;
mod socket;
mod unflushed;
mod websocket;

pub use accept::{Incoming, min_send};
pub use bareframe::handshake::{Choice, Offer, Request, Response, Status};
pub use bareframe::{
    Assembler, Client, CloseCode, CloseReason, Config, ControlPayload, Data, Event, Frame, Gather, Limits,
    MaskingKey, MaskingKeys, Memory, Message, MessageKind, ProtocolError, ReceiveError, Role, Rsv, SendError,
    Server, SliceBuffer, State, UnsentFrame, handshake,
};
#[cfg(feature = "deflate")]
pub use bareframe_deflate as deflate;
#[cfg(feature = "deflate")]
pub use compressed::Compressed;
pub use connect::Connecting;
pub use error::{Error, HandshakeError};
pub use halves::{OutboundHalf, ReadHalf, WriteHalf};
pub use head::MIN_RECEIVE;
pub use random::RandomKeys;
pub use slot::Slot;
pub use socket::{MIN_SEND, Sending, Socket, Writer};
pub use unflushed::Unflushed;
pub use websocket::WebSocket;

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct FrontPage;
