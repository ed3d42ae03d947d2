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
mod mix;
mod pieces;
mod session;

use crate::decoding::{Decoder, Decoding, Reader};
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

/// One table of decoders, which are measured in several builds.
#[derive(Clone, Copy, Debug)]
pub struct Decodings {
    /// Its name, for filters.
    pub name: &'static str,
    /// The heading of its table.
    pub title: &'static str,
    /// Creates the cases.
    pub cases: fn() -> Vec<Decoding>,
    /// Notes for the reader, below the table.
    pub notes: &'static [&'static str],
}

/// The tables of decoders, which are before the others.
pub const DECODINGS: &[Decodings] = &[
    decode::DECODE,
    decode::UTF8,
    decode::CLIENT,
    mix::MIX,
    pieces::PIECES,
];

/// All others, in the order of the tables.
pub const SUBJECTS: &[Subject] = &[
    session::SESSION,
    #[cfg(feature = "simd")]
    adapter::STD,
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
    #[cfg(feature = "tokio")]
    asynchronous::BROADCAST,
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

/// Ours, followed by the peers that can do it.
fn readers<P: Copy>(
    ours: Box<dyn Decoder>,
    peers: &[(&str, P)],
    decoder: impl Fn(P) -> Box<dyn Decoder>,
) -> Vec<Reader> {
    let reader = |name, decoder| Reader { name, decoder };
    let peers = peers
        .iter()
        .map(|&(name, peer)| reader(versioned(name), decoder(peer)));
    std::iter::once(reader(ours::name(), ours)).chain(peers).collect()
}
