//! An extension for tests: payload that changes its length in both directions, in several frames and a small window.
#![allow(dead_code, reason = "each test uses a part of it")]

use bareframe::{
    CloseCode, Extended, Extension, ExtensionWindow, InboundExtension, MessageKind, OutboundExtension, Rsv,
};

/// A run of equal bytes becomes its length and the byte, marked by RSV1. What is received is written round and round a
/// small window. A length of 0 is an error.
pub(crate) struct Runs;

/// What it received: half of a pair, and a run of which some bytes are still to be written.
#[derive(Default)]
pub(crate) struct Unpacker {
    length: Option<u8>,
    run: (u8, u8),
    at: usize,
}

/// The longest run that it makes is a setting of its direction.
pub(crate) struct Packer {
    pub(crate) longest: u8,
    pub(crate) run: (u8, u8),
    /// The byte at which it fails.
    pub(crate) fails_at: Option<u8>,
}

impl Packer {
    pub(crate) const fn new(longest: u8) -> Packer {
        Packer {
            longest,
            run: (0, 0),
            fails_at: None,
        }
    }
}

impl Extension for Runs {
    type Inbound = Unpacker;
    type Outbound = Packer;
}

impl InboundExtension for Unpacker {
    type Window = ExtensionWindow<[u8; 8]>;

    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn receive(&mut self, window: &mut [u8], input: &[u8], is_last: bool) -> Result<Extended, CloseCode> {
        if self.at == window.len() {
            self.at = 0;
        }
        let start = self.at;
        let mut taken = 0;
        loop {
            let (left, byte) = self.run;
            if left > 0 {
                if self.at == window.len() {
                    break;
                }
                window[self.at] = byte;
                self.at += 1;
                self.run = (left - 1, byte);
                continue;
            }
            let Some(&next) = input.get(taken) else { break };
            taken += 1;
            match self.length.take() {
                None if next == 0 => return Err(CloseCode::POLICY_VIOLATION),
                None => self.length = Some(next),
                Some(length) => self.run = (length, next),
            }
        }
        let is_done = is_last && taken == input.len() && self.run.0 == 0;
        Ok(Extended::new(taken, start..self.at, is_done))
    }
}

impl OutboundExtension for Packer {
    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn begin(&mut self, kind: MessageKind, _: usize, _: bool) -> bool {
        kind == MessageKind::Text
    }

    fn send(&mut self, input: &[u8], is_last: bool, out: &mut [u8]) -> Result<Extended, CloseCode> {
        let (mut taken, mut written) = (0, 0);
        loop {
            let (length, byte) = self.run;
            match input.get(taken) {
                Some(&next) if self.fails_at == Some(next) => return Err(CloseCode::INTERNAL_ERROR),
                Some(&next) if length == 0 || next == byte && length < self.longest => {
                    self.run = (length + 1, next);
                    taken += 1;
                    continue;
                }
                None if !is_last || length == 0 => {
                    return Ok(Extended::new(taken, 0..written, is_last));
                }
                _ => {}
            }
            // Short frames, so that a message has several.
            let Some(to) = out.get_mut(written..written + 2).filter(|_| written < 6) else {
                return Ok(Extended::new(taken, 0..written, false));
            };
            to.copy_from_slice(&[length, byte]);
            written += 2;
            self.run = (0, 0);
        }
    }
}

/// Returns what a receiver makes of the beginning of a message, byte by byte, up to a pair that is not whole or is wrong.
pub(crate) fn unpacked(payload: &[u8]) -> Vec<u8> {
    let pairs = payload.chunks_exact(2).take_while(|pair| pair[0] != 0);
    pairs
        .flat_map(|pair| std::iter::repeat_n(pair[1], pair[0].into()))
        .collect()
}
