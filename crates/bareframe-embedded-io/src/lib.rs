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
//! - [`Incoming`] returns the request, and accepts it or answers without a WebSocket.
//! - [`Connecting`] sends a request to a server, with random bytes from a closure or from [`RandomKeys`].
//! - [`WebSocket::read`] gathers messages that arrived in pieces in the caller's memory, and lends the others from the
//!   receive buffer; [`WebSocket::read_event`] lends the pieces, so that a message may be longer than any memory.
//! - [`Socket::send_text`] and similar methods send, and return when everything is written; [`Socket::feed`] gathers. A
//!   [`Frame`] is anything that can be sent, also a fragment of a message.
//! - [`WebSocket::split`] returns two halves for two tasks.
//! - [`blocking`] is the same for [`embedded_io`].
//!
//! Pings and the peer's Close are answered by the calls that read; an answer is written before its event is returned.
//!
//! # Memory
//!
//! The opening handshake needs memory for one head, 1 KiB for most clients; a longer head is answered with 431. After
//! it any receive buffer of [`MIN_RECEIVE`] bytes and any send buffer of [`MIN_SEND`] bytes is enough; [`min_send`]
//! returns what a server's response needs. Buffers are borrowed (`&mut [u8]`) or owned (`[u8; N]`), so that a
//! connection can be in a `static`. Nothing is allocated, and no call panics unless the stream does.
//!
//! # Dropped futures
//!
//! A future may be dropped at any time, for instance by a timeout, and nothing is lost if the stream's own `read` and
//! `write` lose nothing when they are dropped: the received bytes and those to be sent stay in the connection, and the
//! next call continues. [`Socket`] describes payloads that are longer than the send buffer.
//!
//! # Errors of the stream
//!
//! A failed write does not hide what was received: reading continues to the peer's Close, or to an error if there is
//! none. A write that timed out ([`ErrorKind::TimedOut`](embedded_io_async::ErrorKind::TimedOut)) is tried again by the
//! next call.
//!
//! # Flushing
//!
//! The stream is flushed before a call waits for it. A stream whose `flush` waits for the peer's acknowledgement, as
//! TCP sockets of embassy-net do, should be wrapped in [`Unflushed`].
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
    Server, SliceBuffer, State, UnsentFrame, Violation, handshake,
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
