//! Bytes that one side receives, lawful or not, and the pieces in which they come.

use crate::Subject;
use arbitrary::Arbitrary;
use bareframe::{Config, Limits, Rsv};
use bareframe_testkit::{Random, Recorder, Script, Side, Transcript, split};

/// What one side receives.
#[derive(Arbitrary, Debug)]
pub struct Conversation<'a> {
    kind: Kind,
    cuts: Cuts,
    bytes: &'a [u8],
}

/// What the bytes of the input are.
#[derive(Arbitrary, Debug)]
enum Kind {
    /// Choices from which a lawful conversation is made.
    Lawful,
    /// Choices from which one is made and tampered with.
    Mangled,
    /// What arrives, unchanged.
    Raw {
        server: bool,
        rsv: u8,
        limits: Option<(u16, u16, u8)>,
    },
}

#[derive(Arbitrary, Debug)]
enum Cuts {
    Whole,
    Bytes,
    Random { longest: u8, seed: u8 },
    Ring { capacity: u8, read: u8 },
}

impl Conversation<'_> {
    /// Returns who receives what.
    pub fn script(&self) -> Script {
        match self.kind {
            Kind::Lawful => Script::lawful(self.bytes),
            Kind::Mangled => Script::mangled(self.bytes),
            Kind::Raw { server, rsv, limits } => Script {
                side: if server { Side::Server } else { Side::Client },
                config: Config::DEFAULT
                    .with_rsv(Rsv::from_first_byte(rsv))
                    .with_limits(match limits {
                        None => Limits::UNLIMITED,
                        Some((frame, message, fragments)) => Limits::UNLIMITED
                            .with_frame(frame.into())
                            .with_message(message.into())
                            .with_fragments(fragments.into()),
                    }),
                input: self.bytes.to_vec(),
            },
        }
    }

    /// Returns an input in pieces.
    pub fn pieces(&self, input: &[u8]) -> Vec<Vec<u8>> {
        let len = input.len();
        let pieces = match self.cuts {
            Cuts::Whole => split::whole(len),
            Cuts::Bytes => split::in_pieces_of(1, len),
            Cuts::Random { longest, seed } => {
                split::at_random(len, usize::from(longest) + 1, &mut Random::new(seed.into()))
            }
            Cuts::Ring { capacity, read } => {
                let capacity = usize::from(capacity) + 1;
                split::in_ring(capacity, usize::from(read) % capacity + 1, len)
            }
        };
        split::cut(input, &pieces)
    }

    /// Runs a receiver on a script in this input's pieces.
    pub fn received_by<S: Subject>(&self, script: &Script) -> Transcript {
        let mut subject = S::new(script.side, script.config);
        let mut seen = Recorder::new();
        let mut at = 0;
        for mut piece in self.pieces(&script.input) {
            subject.receive(&mut piece, at, &mut seen);
            if seen.transcript().error.is_some() {
                break;
            }
            at += piece.len();
        }
        seen.transcript().clone()
    }
}
