//! Measures bareframe alone and side by side with its peers.

#![allow(clippy::must_use_candidate, reason = "this is no library for others")]

#[cfg(feature = "simd")]
pub mod adapter;
#[cfg(all(feature = "peers", feature = "tokio"))]
pub mod async_servers;
#[cfg(feature = "tokio")]
pub mod broadcast;
#[cfg(feature = "peers")]
pub mod builds;
#[cfg(all(feature = "peers", feature = "simd"))]
pub mod compressed_echo;
pub mod compression;
pub mod decoding;
#[cfg(feature = "peers")]
pub mod echo;
pub mod measure;
pub mod memory;
pub mod mix;
pub mod ours;
#[cfg(feature = "peers")]
pub mod peers;
#[cfg(feature = "peers")]
pub mod plot;
#[cfg(feature = "peers")]
pub mod report;
pub mod session;
#[cfg(feature = "peers")]
pub mod subjects;
pub mod wire;
