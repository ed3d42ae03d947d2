//! What the fuzz targets share: inputs that know the shape of frames and heads, and the receiver under test.
//!
//! `README.md` beside this says how to point the targets at another implementation.

mod conversation;
pub mod deflate;
mod head;
mod subject;

// The models of these three targets are those of the ordinary tests.
#[path = "../../crates/bareframe/tests/calls/mod.rs"]
mod calls;
#[path = "../../crates/bareframe/tests/endpoints/mod.rs"]
mod endpoints;
#[path = "../../crates/bareframe/tests/runs/mod.rs"]
mod runs;
#[path = "../../crates/bareframe/tests/sessions/mod.rs"]
mod sessions;

pub use conversation::Conversation;
pub use head::{Head, Kept, kept_by_httparse};
pub use subject::{Subject, UnderTest};

/// Calls methods of one connection as these choices say, and compares each with its model.
pub fn calls(choices: &[u8]) {
    calls::run(choices);
}

/// Runs a conversation of two connections, as these choices say.
pub fn endpoints(choices: &[u8], seed: u64) {
    endpoints::run(choices, seed);
}

/// Calls methods of two sessions that are joined by a stream, as these choices say.
pub fn sessions(choices: &[u8]) {
    sessions::run(choices);
}
