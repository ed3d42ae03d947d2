//! permessage-deflate for WebSocket (RFC 7692): negotiation, an inflater and a deflater, without allocation.

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

mod deflate;
mod inflate;
mod message;
mod negotiate;
mod symbols;
mod window_bits;

pub use deflate::{Best, DeflateStep, Deflater, Greedy, Level};
pub use inflate::{Compact, Fast, InflateError, Inflater, Size, Step};
pub use message::{MessageDeflater, Payload, Prepared, PreparedError, begins_compressed};
pub use negotiate::{
    Acceptance, Direction, EXTENSION, NegotiationError, Offer, Parameters, agree, encode_offers,
};
pub use window_bits::{InvalidWindowBits, WindowBits};
