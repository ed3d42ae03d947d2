//! Negotiation in the opening handshake (RFC 7692 sections 5 and 7.1), both roles.

mod error;
#[cfg(feature = "std")]
mod lists;
mod offer;
mod parameters;
mod server;
mod text;

pub use error::NegotiationError;
pub use offer::{Offer, agree, encode_offers};
pub use parameters::{Direction, Parameters};
pub use server::Acceptance;

/// The extension's registered name (RFC 7692 section 7).
///
/// ```
/// assert_eq!(bareframe_deflate::EXTENSION, "permessage-deflate");
/// ```
pub const EXTENSION: &str = "permessage-deflate";
