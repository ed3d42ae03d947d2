//! Compression: ours, zlib-rs and miniz_oxide behind the same calls, and the messages that they are measured with.

#[cfg(all(feature = "peers", feature = "simd"))]
mod deflaters;
#[cfg(all(feature = "peers", feature = "simd"))]
mod inflaters;
#[cfg(all(feature = "peers", feature = "simd"))]
mod memory;
mod messages;

#[cfg(all(feature = "peers", feature = "simd"))]
pub use deflaters::{Deflate, Effort, deflaters};
#[cfg(all(feature = "peers", feature = "simd"))]
pub use inflaters::{COMPACT, Inflate, inflaters};
#[cfg(all(feature = "peers", feature = "simd"))]
pub use memory::{Codec, print_memory};
pub use messages::Kind;

/// What a message's payload lacks of a flush (RFC 7692 section 7.2.1).
pub const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];
