//! Measures bareframe alone and side by side with its peers.

#![allow(clippy::must_use_candidate, reason = "this is no library for others")]

#[cfg(feature = "simd")]
pub mod echo;
pub mod measure;
pub mod memory;
pub mod ours;
pub mod peers;
pub mod plot;
pub mod report;
pub mod subjects;
pub mod wire;
