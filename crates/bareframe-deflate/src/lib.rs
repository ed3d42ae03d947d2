//! permessage-deflate for WebSocket (RFC 7692): negotiation, an inflater and a deflater, without allocation.
//!
//! All memory is the caller's: a window to inflate, two windows and a table to deflate. The codecs take their input and fill
//! their output in pieces of any size.
//!
//! To receive, pass the payload of a compressed message's frames to an [`Inflater`], which returns ranges of the
//! window.
//!
//! ```
//! use bareframe_deflate::{Fast, Inflater, Step, WindowBits};
//!
//! let mut inflater = Inflater::<Fast>::new(WindowBits::MIN).with_limit(1000);
//! let mut window = [0; 256];
//! let mut input = &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00][..];
//! while let Step::Output(range) = inflater.inflate(&mut window, &mut input, true)? {
//!     assert_eq!(&window[range], b"Hello");
//! }
//! # Ok::<(), bareframe_deflate::InflateError>(())
//! ```
//!
//! To send, use a [`MessageDeflater`], which returns the payloads of a message's frames.
//!
//! ```
//! use bareframe_deflate::{Deflater, MessageDeflater, Payload, WindowBits};
//!
//! let deflater = Deflater::greedy(WindowBits::MIN, [0; 512], [0; 64]).unwrap();
//! let mut messages = MessageDeflater::new(deflater);
//! let mut out = [0; 125];
//! let mut input = &b"all work and no play, all work and no play"[..];
//! match messages.next(&mut input, true, &mut out) {
//!     Payload::Frame { len, is_first, is_last } => {
//!         assert!(len < 40 && is_first && is_last); // RSV1 and FIN
//!     }
//!     _ => unreachable!("it shrinks"),
//! }
//! ```
//!
//! # What always holds
//!
//! - What is inflated is the same for every way of cutting the input, and an error is at the same byte.
//! - A distance reaches neither beyond the negotiated window nor beyond what was inflated since the window began: older
//!   content of the memory is never returned.
//! - Work is linear in the bytes in and out, and no more of a message is inflated than its limit.
//! - No call panics, whatever the input and the order of the calls.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
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

#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
mod agreed;
mod deflate;
mod inflate;
mod message;
mod negotiate;
mod policy;
#[cfg(feature = "std")]
mod pool;
mod session;
mod symbols;
mod window_bits;

#[cfg(feature = "std")]
pub use agreed::{Agreed, AgreedHalves};
pub use deflate::{Best, DeflateStep, Deflater, Greedy, Level, MemoryTooSmall};
pub use inflate::{Compact, Fast, InflateError, Inflater, Size, Step};
pub use message::{MessageDeflater, Payload, Prepared, PreparedError, begins_compressed};
pub use negotiate::{
    Acceptance, Direction, EXTENSION, NegotiationError, Offer, Parameters, agree, encode_offers,
};
pub use policy::{CompressionLevel, Policy};
#[cfg(feature = "std")]
pub use pool::{AnyLevel, DeflatePool, DeflaterPool, SharedDeflate, SharedHalves, prepare};
pub use session::{
    Deflate, DeflaterLease, InboundDeflate, InflaterLease, OutboundDeflate, OwnDeflate, OwnHalves, OwnMemory,
    Pool, PooledDeflater, PooledInflater,
};
pub use window_bits::{InvalidWindowBits, WindowBits};

/// The README's example is compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
