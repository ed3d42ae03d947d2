//! Measures bareframe alone and side by side with its peers.

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
