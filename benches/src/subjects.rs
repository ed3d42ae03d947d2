//! The subjects: what is measured, each a list of cases.

#[cfg(feature = "simd")]
mod adapter;
#[cfg(feature = "tokio")]
mod asynchronous;
#[cfg(feature = "simd")]
mod compressed_echo;
#[cfg(feature = "simd")]
mod compression;
mod control;
mod decode;
#[cfg(feature = "simd")]
mod echo;
mod encode;
mod handshake;
mod mask;
mod pieces;
mod session;

use crate::measure::{Case, Contender, Task};
use crate::ours;
use crate::peers::versioned;

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Its name, for filters.
    pub name: &'static str,
    /// The heading of its table.
    pub title: &'static str,
    /// Creates the subject's cases.
    pub cases: fn() -> Vec<Case>,
    /// Notes for the reader, below the table.
    pub notes: &'static [&'static str],
}

/// All of them, in the order of the tables.
pub const SUBJECTS: &[Subject] = &[
    decode::DECODE,
    decode::UTF8,
    decode::CLIENT,
    session::SESSION,
    #[cfg(feature = "simd")]
    adapter::STD,
    pieces::PIECES,
    control::CONTROL,
    mask::MASK,
    mask::COPY,
    encode::ENCODE,
    handshake::HANDSHAKE,
    #[cfg(feature = "simd")]
    compression::INFLATE,
    #[cfg(feature = "simd")]
    compression::DEFLATE,
    #[cfg(feature = "simd")]
    compressed_echo::ECHO_DEFLATE,
    #[cfg(feature = "simd")]
    echo::ECHO,
    #[cfg(feature = "simd")]
    echo::POLLED,
    #[cfg(feature = "simd")]
    echo::MEMORY,
    #[cfg(feature = "tokio")]
    asynchronous::ECHO,
    #[cfg(feature = "tokio")]
    asynchronous::MEMORY,
    #[cfg(feature = "tokio")]
    asynchronous::HANDSHAKES,
];

/// Ours, followed by the peers that can do it.
fn contenders<P: Copy>(
    ours: Box<dyn Task>,
    peers: &[(&str, P)],
    task: impl Fn(P) -> Box<dyn Task>,
) -> Vec<Contender> {
    let ours = Contender::new(ours::name(), ours);
    let peers = peers
        .iter()
        .map(|&(name, peer)| Contender::new(versioned(name), task(peer)));
    std::iter::once(ours).chain(peers).collect()
}
