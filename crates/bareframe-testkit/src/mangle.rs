//! Tampering with a conversation: one change at a time, in its limits, its frames or its bytes.

use crate::{Choices, Frame, LengthForm};
use bareframe::{Limits, Rsv};

/// Lengths at which something changes, in bytes.
const LENGTHS: [u64; 16] = [
    0,
    1,
    125,
    126,
    127,
    128,
    65_535,
    65_536,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    1 << 53,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX,
];

/// Bytes that are not UTF-8: impossible ones, overlong forms, surrogates, beyond the last character, unfinished.
const NOT_UTF8: [&[u8]; 16] = [
    b"\xFF",
    b"\x80",
    b"\xC0\x80",
    b"\xC1\xBF",
    b"\xE0\x80\x80",
    b"\xE0\x9F\xBF",
    b"\xED\xA0\x80",
    b"\xED\xBF\xBF",
    b"\xF0\x80\x80\x80",
    b"\xF0\x8F\xBF\xBF",
    b"\xF4\x90\x80\x80",
    b"\xF5\x80\x80\x80",
    b"\xE2\x28\xA1",
    b"\xC3",
    b"\xE2\x82",
    b"\xF0\x9D\x84",
];

/// Payloads that a Close frame must not have.
const BAD_CLOSES: [&[u8]; 8] = [
    b"\x03",
    b"\x00\x00",
    b"\x03\xE7",
    b"\x03\xED",
    b"\x07\xD0reason",
    b"\xFF\xFF",
    b"\x03\xE8\xC3",
    b"\x03\xE8a\xED\xA0\x80",
];

/// Subtracts one from a limit, or sets it to zero.
pub(crate) fn limits(limits: Limits, choices: &mut Choices<'_>) -> Limits {
    match choices.below(6) {
        0 => limits.with_frame(limits.frame().saturating_sub(1)),
        1 => limits.with_message(limits.message().saturating_sub(1)),
        2 => limits.with_fragments(limits.fragments().saturating_sub(1)),
        3 => limits.with_frame(0),
        4 => limits.with_message(0),
        _ => limits.with_fragments(0),
    }
}

/// Changes one frame, or the order of frames.
pub(crate) fn frames(frames: &mut Vec<Frame>, choices: &mut Choices<'_>) {
    if frames.is_empty() {
        return;
    }
    let change = choices.below(15);
    let at = choices.below(frames.len());
    let frame = &mut frames[at];
    match change {
        0 => frame.fin = !frame.fin,
        1 => frame.opcode_bits = choices.byte() & 0x0F,
        2 => frame.rsv = Rsv::from_first_byte(choices.byte()),
        3 => {
            frame.masking_key = match frame.masking_key {
                Some(_) => None,
                None => Some([choices.byte(); 4]),
            }
        }
        4 => frame.length_form = LengthForm::U16,
        5 => frame.length_form = LengthForm::U64,
        6 => frame.declared_len = Some(choices.one_of(&LENGTHS)),
        7 | 8 => {
            let into = choices.below(frame.payload.len() + 1);
            let bad = choices.one_of(&NOT_UTF8);
            frame.payload.splice(into..into, bad.iter().copied());
        }
        9 => {
            let len = choices.below(frame.payload.len() + 1);
            frame.payload.truncate(len);
        }
        10 => frame.payload.resize(126, b'x'),
        11 | 12 => {
            frame.opcode_bits = 0x8;
            frame.fin = true;
            frame.payload = choices.one_of(&BAD_CLOSES).to_vec();
        }
        13 => {
            let again = frame.clone();
            frames.insert(at, again);
        }
        _ => {
            frames.remove(at);
        }
    }
}

/// Changes one byte, adds one, or removes some.
pub(crate) fn bytes(bytes: &mut Vec<u8>, choices: &mut Choices<'_>) {
    if bytes.is_empty() {
        return;
    }
    let change = choices.below(5);
    let at = usize::from(choices.byte()) * 256 + usize::from(choices.byte());
    let at = at % bytes.len();
    match change {
        0 => bytes[at] ^= 1 << choices.below(8),
        1 => bytes[at] = choices.byte(),
        2 => bytes.insert(at, choices.byte()),
        3 => {
            bytes.remove(at);
        }
        _ => bytes.truncate(at),
    }
}
