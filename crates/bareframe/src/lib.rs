//! A WebSocket (RFC 6455) engine without I/O: bytes in, events out, and back.
//!
//! It is `no_std`, allocates nothing, copies no data payload, takes its input in pieces of any size and validates
//! all of it. It has no sockets, no clock and no random source; the same code runs on a microcontroller and in a
//! server.
//!
//! To read, pass it the bytes that have arrived. Payload is unmasked in place and lent to the caller.
//!
//! ```
//! # fn send(_: &[u8]) {}
//! use bareframe::{Config, Connection, Event};
//!
//! let mut server = Connection::server(Config::DEFAULT);
//! let mut arrived = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"; // RFC 6455, section 5.7
//! let mut input = &mut arrived[..];
//! loop {
//!     let received = server.receive(&mut input);
//!     // First what has to be sent: a Pong, or a Close, which tells the peer of an error too.
//!     while let Some(frame) = server.poll_transmit() {
//!         send(&frame);
//!     }
//!     match received? {
//!         Some(Event::Data(data)) => assert_eq!(data.as_str(), Some("Hello")),
//!         Some(_) => {}
//!         None => break,
//!     }
//! }
//! # Ok::<(), bareframe::ProtocolError>(())
//! ```
//!
//! To write, ask for a frame's header and send the payload from where it is, or have both written to a buffer.
//!
//! ```
//! use bareframe::{Config, Connection, MessageKind, Rsv};
//!
//! let mut server = Connection::server(Config::DEFAULT);
//! let frame = server.send(MessageKind::Text, Rsv::NONE, true, 5)?;
//! assert_eq!(frame.header(), b"\x81\x05"); // then the payload
//!
//! let mut out = [0; 16];
//! let len = server.encode_text("Hello", &mut out)?;
//! assert_eq!(&out[..len], b"\x81\x05Hello");
//! # Ok::<(), bareframe::SendError>(())
//! ```
//!
//! Around both, [`Session`] is the loop without I/O: it owns a receive buffer and a queue, and says when to read, write
//! and flush. Begin there to write an adapter or a server; its documentation has a complete loop.
//!
//! # What always holds
//!
//! - The events are the same for every way of cutting the input.
//! - [`Connection::receive`] returns `None` only when it has taken all of its input.
//! - A violation is reported at the first byte that proves it, and by every later call.
//! - A call that fails changes nothing and writes nothing.
//! - No call panics, whatever the input and the order of the calls.
//!
//! # Features
//!
//! Each feature adds items or implementations, and changes none.
//!
//! - `handshake` (default): the opening handshake of section 4, both roles, in the module `handshake`.
//! - `heapless` (default): [`Gather`] for `heapless::Vec<u8, N>`.
//! - `alloc`: [`Gather`] for `Vec<u8>`, and [`Memory`] for `Vec<u8>` and `Box<[u8]>`. Without it the crate never allocates.
//! - `simd`: kernels that need unsafe code: vectors on x86-64, found at run time, and NEON on ARM64; aligned words on microcontrollers.
//!   Without it there is no unsafe code in the crate.
//! - `defmt`: `defmt::Format` on every public type. It shows what `Debug` shows, without the code that formats text.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "simd"), forbid(unsafe_code))]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        reason = "no input and no order of calls may panic"
    ),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        reason = "lengths come from the peer"
    )
)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod assemble;
mod close;
mod close_reason;
mod connection;
mod control;
#[cfg(all(
    feature = "simd",
    target_arch = "x86_64",
    target_feature = "sse2",
    not(any(bareframe_compact, not(target_pointer_width = "64")))
))]
mod cpu;
mod error;
mod extension;
#[cfg(feature = "defmt")]
mod format;
mod frame;

#[cfg(feature = "handshake")]
pub mod handshake;
mod header;
mod keepalive;
mod limits;
mod mask;
mod memory;
mod message;
mod opcode;
mod outbox;
mod receiver;
mod role;
mod sender;
mod session;
mod utf8;
mod violation;

pub use assemble::{AssembleError, Assembled, Assembler, Gather, Message, SliceBuffer};
pub use close::{CloseCode, InvalidCloseCode};
pub use close_reason::CloseReason;
pub use connection::{Connection, State};
pub use control::{ControlFrame, ControlPayload};
pub use error::{BufferTooSmall, ProtocolError, SendError};
pub use extension::{Extended, Extension, ExtensionWindow, InboundExtension, OutboundExtension, Window};
pub use frame::{FrameDecoder, FrameEvent};
pub use header::{FrameHeader, HeaderBytes, Rules};
pub use keepalive::{Keepalive, KeepaliveStep};
pub use limits::{Config, Limits};
pub use mask::{Masker, MaskingKey, MaskingKeys};
pub use memory::Memory;
pub use opcode::{MessageKind, Opcode, ReservedOpcode, Rsv};
pub use outbox::Outbox;
pub use receiver::{Data, EndOfStream, Event, Receiver, Reply};
pub use role::{Client, Role, Server};
pub use sender::{Outgoing, Sender};
pub use session::{
    Frame, Inbound, Next, Outbound, Pending, PreparedFrame, ReceiveError, Session, UnsentFrame,
};
pub use utf8::{InvalidUtf8, Utf8Validator};
pub use violation::Violation;

/// The README's example is compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
