//! Tests a WebSocket receiver against RFC 6455: a naive oracle, ways of cutting input, builders of frames and
//! conversations, and a stream that fails on purpose.
//!
//! The oracle is written from the RFC alone and shares no code with the engine but its plain types, so that the
//! two can only agree by both being right. A test runs the same bytes through both, the receiver's cut in every
//! way, and compares what they saw:
//!
//! ```
//! use bareframe::{Config, MessageKind, Rsv};
//! use bareframe_testkit::{Frame, Recorder, Side, check, split};
//!
//! /// The receiver under test: this one knows nothing but unmasked text of 5 bytes.
//! fn receive(pieces: &[Vec<u8>], recorder: &mut Recorder) {
//!     let mut at = 0;
//!     for piece in pieces {
//!         let payload = &piece[2_usize.saturating_sub(at).min(piece.len())..];
//!         at += piece.len();
//!         if !payload.is_empty() {
//!             let first = at - payload.len() == 2;
//!             recorder.data(MessageKind::Text, Rsv::NONE, payload, first, at == 7);
//!         }
//!     }
//! }
//!
//! let input = Frame::text("Hello").to_bytes();
//! let verdict = check(Side::Client, Config::DEFAULT, &input);
//! split::for_each_way(&input, 1, |pieces| {
//!     let mut recorder = Recorder::new();
//!     receive(&pieces, &mut recorder);
//!     verdict.assert_agrees(recorder.transcript());
//! });
//! ```
//!
//! The engine's own unit tests can't use this crate, since they would see two copies of the plain types: its tests
//! that do are in `tests/`.

mod adapter;
mod choices;
mod clock;
mod deflate_params;
mod failing_stream;
mod fault;
mod frame;
mod inflate;
mod link;
mod mangle;
mod oracle;
mod random;
mod raw_client;
mod schedule;
mod script;
mod side;
pub mod split;
mod transcript;
pub mod uri;
mod utf8;

pub use adapter::{
    Breach, Breaches, Endpoint, EndpointCall, Heard, Rule, Said, Told, converse, hold_to_rules,
};
pub use choices::Choices;
pub use clock::TestClock;
pub use deflate_params::{DeflateParams, deflate_params};
pub use failing_stream::{FailingStream, StreamView};
pub use fault::{Fault, FaultCounts, StreamCall};
pub use frame::{Frame, LengthForm};
pub use inflate::{DeflateFault, Inflated, NaiveInflater};
pub use link::Link;
pub use oracle::{Oracle, check};
pub use random::Random;
pub use raw_client::RawClient;
pub use schedule::{Schedule, ScheduledFault};
pub use script::Script;
pub use side::Side;
pub use transcript::{Difference, Recorder, Seen, Transcript, Verdict};
pub use utf8::Utf8;

/// The examples of the repository's README are compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
