//! Conversations for property tests and fuzzing: lawful ones, and ones that were tampered with.

use crate::{Choices, Frame, Random, Side, mangle};
use bareframe::{Config, Limits, Rsv};
use std::fmt;

/// What one side receives and how it is configured, built from a string of bytes as [`Choices`] are.
///
/// ```
/// use bareframe_testkit::{Random, Script, check};
/// let choices = Random::new(1).bytes(50);
/// let script = Script::lawful(&choices);
/// assert_eq!(check(script.side, script.config, &script.input).transcript.error, None);
///
/// println!("{}", Script::mangled(&choices));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    /// The side that receives.
    pub side: Side,
    /// What it accepts.
    pub config: Config,
    /// The bytes that it receives.
    pub input: Vec<u8>,
}

/// Frames in order, and who receives them; not yet bytes.
struct Conversation {
    side: Side,
    config: Config,
    frames: Vec<Frame>,
}

/// The most steps of one conversation; each is a message or a control frame.
const MAX_STEPS: usize = 40;

/// Characters that text is made of: ASCII, the first and last of each length in UTF-8, and neighbours of surrogates.
const CHARACTERS: [char; 16] = [
    'a',
    '\0',
    '\u{7F}',
    '\u{80}',
    'é',
    '\u{7FF}',
    '\u{800}',
    '€',
    '\u{D7FF}',
    '\u{E000}',
    '\u{FEFF}',
    '\u{FFFF}',
    '\u{10000}',
    '𝄞',
    '\u{FFFFF}',
    '\u{10FFFF}',
];

/// Lengths of long payloads, in bytes; those at which a header needs 64 bits would make every test slow.
const PADDED_LENS: [usize; 6] = [125, 126, 127, 128, 256, 300];

/// Codes that may be in a Close frame.
const CLOSE_CODES: [u16; 8] = [1000, 1001, 1003, 1007, 1014, 3000, 4000, 4999];

impl Script {
    /// Creates a conversation in which nothing is wrong; limits, where there are any, are just met.
    #[must_use]
    pub fn lawful(choices: &[u8]) -> Script {
        let conversation = conversation(&mut Choices::new(choices));
        Script {
            side: conversation.side,
            config: conversation.config,
            input: bytes(&conversation.frames),
        }
    }

    /// Creates a conversation and tampers with its limits, frames or bytes, up to three times.
    ///
    /// Most have one fault or more; some have none.
    #[must_use]
    pub fn mangled(choices: &[u8]) -> Script {
        let mut choices = Choices::new(choices);
        let times = 1 + choices.below(3);
        let mangles: Vec<[u8; 5]> = (0..times)
            .map(|_| std::array::from_fn(|_| choices.byte()))
            .collect();
        let Conversation {
            side,
            mut config,
            mut frames,
        } = conversation(&mut choices);
        for mangle in &mangles {
            let mut choices = Choices::new(mangle);
            match choices.below(8) {
                0 => config = config.with_limits(mangle::limits(config.limits(), &mut choices)),
                1..=5 => mangle::frames(&mut frames, &mut choices),
                _ => {}
            }
        }
        // Bytes are changed last, because after that there are no frames that could be changed.
        let mut input = bytes(&frames);
        for mangle in &mangles {
            let mut choices = Choices::new(mangle);
            if let 6.. = choices.below(8) {
                mangle::bytes(&mut input, &mut choices);
            }
        }
        Script { side, config, input }
    }

    /// Creates a lawful conversation from choices that follow from a seed.
    #[must_use]
    pub fn lawful_from_seed(seed: u64) -> Script {
        Script::lawful(&choices_from(seed))
    }

    /// Creates a mangled conversation from choices that follow from a seed.
    #[must_use]
    pub fn mangled_from_seed(seed: u64) -> Script {
        Script::mangled(&choices_from(seed))
    }
}

fn choices_from(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let len = random.below(150);
    random.bytes(len)
}

fn bytes(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(Frame::to_bytes).collect()
}

/// Messages, heartbeats between and inside them, and often a Close.
fn conversation(choices: &mut Choices<'_>) -> Conversation {
    let side = choices.one_of(&Side::BOTH);
    let rsv = match choices.once_in(4) {
        true => Rsv::from_first_byte(choices.byte()),
        false => Rsv::NONE,
    };
    let limits_are_met = choices.once_in(2);
    let mut keys = Random::new(u64::from(choices.byte()));

    let mut limits = Limits::UNLIMITED.with_frame(0).with_message(0).with_fragments(0);
    let mut frames = Vec::new();
    for _ in 0..MAX_STEPS {
        if choices.are_used_up() {
            break;
        }
        match choices.below(8) {
            0..=4 => {
                let fragments = fragments(rsv, choices);
                limits = raised_to(limits, &fragments);
                for fragment in fragments {
                    let more_come = !fragment.fin;
                    frames.push(fragment);
                    while more_come && choices.once_in(3) {
                        frames.push(heartbeat(choices));
                    }
                }
            }
            5 | 6 => frames.push(heartbeat(choices)),
            _ if choices.once_in(3) => {
                frames.push(close(choices));
                // After a Close nothing is read any more, so that it may be anything.
                frames.push(Frame::new(choices.byte(), [choices.byte()]));
                break;
            }
            _ => {}
        }
    }

    let config = Config::DEFAULT
        .with_limits(if limits_are_met { limits } else { Limits::DEFAULT })
        .with_rsv(rsv);
    let frames = frames
        .into_iter()
        .map(|frame| frame.masked_for(side, keys.key()))
        .collect();
    Conversation { side, config, frames }
}

/// One message, cut anywhere; empty fragments and characters cut in two among them.
fn fragments(rsv: Rsv, choices: &mut Choices<'_>) -> Vec<Frame> {
    let is_text = choices.below(2) == 0;
    let rsv = Rsv::from_first_byte(choices.byte() & rsv.bits());
    let mut payload = Vec::new();
    for _ in 0..choices.below(12) {
        match is_text && rsv.is_empty() {
            true => payload.extend(choices.one_of(&CHARACTERS).to_string().bytes()),
            false => payload.push(choices.byte()),
        }
    }
    if choices.once_in(8) {
        let len = choices.one_of(&PADDED_LENS);
        let padding = vec![b'x'; len - payload.len()];
        payload = match choices.once_in(2) {
            true => [padding, payload].concat(),
            false => [payload, padding].concat(),
        };
    }

    let more = if choices.once_in(2) { choices.below(5) } else { 0 };
    let mut rest = &payload[..];
    let mut fragments = Vec::new();
    for _ in 0..more {
        let (piece, after) = rest.split_at(choices.below(rest.len() + 1));
        fragments.push(Frame::continuation(piece).fin(false));
        rest = after;
    }
    fragments.push(Frame::continuation(rest));
    fragments[0].opcode_bits = if is_text { 0x1 } else { 0x2 };
    fragments[0].rsv = rsv;
    fragments
}

/// A Ping or a Pong, rarely a long one.
fn heartbeat(choices: &mut Choices<'_>) -> Frame {
    let opcode_bits = choices.one_of(&[0x9, 0xA]);
    let len = if choices.once_in(16) {
        125
    } else {
        choices.below(6)
    };
    let payload: Vec<u8> = (0..len).map(|_| choices.byte()).collect();
    Frame::new(opcode_bits, payload)
}

/// A Close, with a code and a reason or without.
fn close(choices: &mut Choices<'_>) -> Frame {
    if choices.once_in(4) {
        return Frame::new(0x8, []);
    }
    let code = choices.one_of(&CLOSE_CODES);
    let reason: String = (0..choices.below(6))
        .map(|_| choices.one_of(&CHARACTERS))
        .collect();
    Frame::close(code, reason)
}

/// Raises the limits as far as this message needs.
fn raised_to(limits: Limits, fragments: &[Frame]) -> Limits {
    let lens = || fragments.iter().map(|fragment| fragment.payload.len() as u64);
    limits
        .with_frame(lens().fold(limits.frame(), u64::max))
        .with_message(limits.message().max(lens().sum()))
        .with_fragments(limits.fragments().max(fragments.len() as u32))
}

/// One line, with the bytes in hexadecimal for other tools: `Server, Config { … }: 81 80 …`.
impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {:?}:", self.side, self.config)?;
        self.input.iter().try_for_each(|byte| write!(f, " {byte:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seen, check};
    use bareframe::ProtocolError;

    const SEEDS: std::ops::Range<u64> = 0..3000;

    #[test]
    fn lawful_scripts_are_lawful_and_mangling_is_not() {
        let error = |script: Script| check(script.side, script.config, &script.input).transcript.error;
        let mut wrong = 0;
        for seed in SEEDS {
            let script = Script::lawful_from_seed(seed);
            assert_eq!(error(script.clone()), None, "seed {seed}: {script}");
            wrong += usize::from(error(Script::mangled_from_seed(seed)).is_some());
        }
        assert!(wrong > 1500, "{wrong}");
    }

    #[test]
    fn no_choices_make_an_empty_script_and_few_a_short_one() {
        assert_eq!(Script::lawful(&[]).input, []);
        for byte in 0..=u8::MAX {
            assert!(Script::lawful(&[0, 0, 0, 0, byte]).input.len() < 20);
        }
    }

    #[test]
    fn every_violation_comes_up_on_both_sides() {
        use ProtocolError::*;
        let mut errors = Vec::new();
        for seed in SEEDS {
            let script = Script::mangled_from_seed(seed);
            let verdict = check(script.side, script.config, &script.input);
            errors.extend(verdict.transcript.error.map(|(error, _)| (script.side, error)));
        }
        let both = [
            ReservedBits,
            ReservedOpcode,
            FragmentedControl,
            UnexpectedContinuation,
            InterleavedMessage,
            OversizedControl,
            NonMinimalLength,
            LengthTopBit,
            FrameTooBig,
            MessageTooBig,
            TooManyFragments,
            InvalidUtf8,
            TruncatedCloseCode,
            InvalidCloseCode,
            InvalidCloseReason,
        ];
        let mut due = vec![(Side::Server, UnmaskedFrame), (Side::Client, MaskedFrame)];
        due.extend(both.map(|error| (Side::Server, error)));
        due.extend(both.map(|error| (Side::Client, error)));
        for due in due {
            assert!(errors.contains(&due), "{due:?}");
        }
    }

    #[test]
    fn everything_that_can_be_seen_comes_up() {
        let seen: Vec<Seen> = SEEDS
            .flat_map(|seed| {
                let script = Script::lawful_from_seed(seed);
                check(script.side, script.config, &script.input).transcript.events
            })
            .collect();
        let data = |wanted: fn(&[u8], bool, bool, Rsv) -> bool| {
            seen.iter().any(|seen| match seen {
                Seen::Data {
                    payload,
                    first,
                    last,
                    rsv,
                    ..
                } => wanted(payload, *first, *last, *rsv),
                _ => false,
            })
        };
        assert!(data(|payload, first, last, _| payload.is_empty()
            && first
            && last));
        assert!(data(|payload, first, last, _| payload.is_empty()
            && !first
            && last));
        assert!(data(|payload, first, last, _| !payload.is_empty()
            && !first
            && !last));
        assert!(data(|payload, _, _, _| core::str::from_utf8(payload).is_err()));
        assert!(data(|payload, _, _, _| payload.len() == 126));
        assert!(data(|_, _, _, rsv| !rsv.is_empty()));
        assert!(
            seen.iter()
                .any(|seen| matches!(seen, Seen::Pong(payload) if payload.len() == 125))
        );
        assert!(
            seen.iter()
                .any(|seen| matches!(seen, Seen::Close { code: None, .. }))
        );
        assert!(
            seen.iter()
                .any(|seen| matches!(seen, Seen::Close { reason, .. } if !reason.is_ascii()))
        );
    }
}
