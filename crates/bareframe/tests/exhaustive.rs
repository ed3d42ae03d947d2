//! Everything, where the space is small enough to try all of it.

mod engine;

use bareframe::{
    CloseCode, Config, Connection, Limits, Masker, MaskingKey, ProtocolError, Role, Utf8Validator,
};
use bareframe_testkit::{Frame, LengthForm, Oracle, Side, Transcript, check};
use engine::{KEY, every_way, receive, receive_as};

const UNLIMITED: Config = Config::DEFAULT.with_limits(Limits::UNLIMITED);

/// Compares the engine with the oracle for every two bytes that follow `before`, at once and one by one.
fn every_two_bytes<R: Role>(side: Side, connection: impl Fn() -> Connection<R>, before: &[Frame]) {
    let mut oracle = Oracle::new(side, UNLIMITED);
    let before: Vec<u8> = before.iter().flat_map(Frame::to_bytes).collect();
    let after = |pieces| {
        let mut connection = connection();
        let nothing = receive(&mut connection, vec![before.clone()]);
        assert_eq!(nothing, Transcript::default());
        receive(&mut connection, pieces)
    };
    before.iter().for_each(|&byte| oracle.push(byte).unwrap());
    for two in 0..=u16::MAX {
        let two = two.to_be_bytes();
        let mut oracle = oracle.clone();
        let _ = two.iter().try_for_each(|&byte| oracle.push(byte));
        let mut due = oracle.verdict().transcript;
        due.error = due.error.map(|(error, at)| (error, at - before.len()));
        let at_once = after(vec![two.to_vec()]);
        let one_by_one = after(two.map(|byte| vec![byte]).into());
        assert_eq!(at_once, due, "{side:?} {two:02x?} at once");
        assert_eq!(one_by_one, due, "{side:?} {two:02x?} one by one");
    }
}

/// As [`every_two_bytes`], for both roles, after an empty first fragment with this opcode if there is one.
fn every_two_bytes_inside(opcode_bits: Option<u8>) {
    let before = |side| {
        let first = opcode_bits.map(|bits| Frame::new(bits, "").fin(false).masked_for(side, KEY));
        first.into_iter().collect::<Vec<_>>()
    };
    let server = || Connection::server(UNLIMITED);
    let client = || Connection::client(UNLIMITED, || MaskingKey::new(KEY));
    every_two_bytes(Side::Server, server, &before(Side::Server));
    every_two_bytes(Side::Client, client, &before(Side::Client));
}

#[test]
fn s5_2_every_first_two_bytes_between_messages() {
    every_two_bytes_inside(None);
}

#[test]
fn s5_2_every_first_two_bytes_inside_a_text_message() {
    every_two_bytes_inside(Some(0x1));
}

#[test]
fn s5_2_every_first_two_bytes_inside_a_binary_message() {
    every_two_bytes_inside(Some(0x2));
}

/// Returns the lengths at which something changes, with their neighbours.
fn lengths() -> Vec<u64> {
    let at = [0, 125, 126, 127, 65_535, 65_536, 1 << 31, 1 << 32, 1 << 53];
    let top = [(1 << 63) - 1, 1 << 63, u64::MAX];
    let mut around: Vec<u64> = at
        .into_iter()
        .chain(top)
        .flat_map(|len: u64| [len.wrapping_sub(1), len, len.wrapping_add(1)])
        .collect();
    around.sort_unstable();
    around.dedup();
    around
}

/// Returns the ways in which this length can be written, minimal or not.
fn forms(len: u64) -> impl Iterator<Item = LengthForm> {
    let most = [
        (LengthForm::U7, 125),
        (LengthForm::U16, 65_535),
        (LengthForm::U64, u64::MAX),
    ];
    most.into_iter()
        .filter(move |&(_, most)| len <= most)
        .map(|(form, _)| form)
}

#[test]
fn s5_2_every_length_in_every_form_with_and_without_limits() {
    let limits = |frame, message| {
        Limits::UNLIMITED
            .with_frame(frame)
            .with_message(message)
            .with_fragments(2)
    };
    let mut refused = Vec::new();
    for len in lengths() {
        for form in forms(len) {
            let at_and_below = [len, len.saturating_sub(1)];
            let limited = at_and_below.map(|most| [limits(most, u64::MAX), limits(u64::MAX, most)]);
            for limits in limited.into_iter().flatten().chain([Limits::UNLIMITED]) {
                for (side, opcode_bits) in [(Side::Server, 0x1), (Side::Client, 0x2), (Side::Server, 0x9)] {
                    let config = Config::DEFAULT.with_limits(limits);
                    let frame = Frame::new(opcode_bits, "ab")
                        .length_form(form)
                        .declared_len(len)
                        .masked_for(side, KEY);
                    let transcript = every_way(side, config, &frame.to_bytes());
                    refused.extend(transcript.error.map(|(error, _)| error));
                }
            }
        }
    }
    for error in [
        ProtocolError::NonMinimalLength,
        ProtocolError::LengthTopBit,
        ProtocolError::FrameTooBig,
        ProtocolError::MessageTooBig,
        ProtocolError::OversizedControl,
    ] {
        assert!(refused.contains(&error), "{error:?}");
    }
}

/// Returns the byte at which std gives up on this text, if it does.
fn hopeless_at(text: &[u8]) -> Option<usize> {
    (0..text.len()).find(|&at| {
        let error = core::str::from_utf8(&text[..=at]).err();
        error.is_some_and(|error| error.error_len().is_some())
    })
}

/// Pushes text in these pieces; returns the byte at which it failed.
fn fails_at(mut text: Utf8Validator, pieces: &[&[u8]]) -> Option<usize> {
    let mut before = 0;
    for piece in pieces {
        if let Err(error) = text.push(piece) {
            return Some(before + error.at);
        }
        before += piece.len();
    }
    None
}

/// Compares the validator with std on this text, at every split and byte by byte.
fn check_as_std_does(text: &[u8]) {
    let due = hopeless_at(text);
    for cut in 0..=text.len() {
        let (one, two) = text.split_at(cut);
        assert_eq!(
            fails_at(Utf8Validator::new(), &[one, two]),
            due,
            "{text:02x?} cut at {cut}"
        );
    }
    let mut validator = Utf8Validator::new();
    let pushed = text.iter().try_for_each(|byte| validator.push(&[*byte]));
    assert_eq!(pushed.is_err(), due.is_some(), "{text:02x?} byte by byte");
    if due.is_none() {
        let whole = core::str::from_utf8(text).is_ok();
        assert_eq!(validator.finish().is_ok(), whole, "the end of {text:02x?}");
    }
}

#[test]
fn s8_1_every_one_and_two_bytes_of_text() {
    for a in 0..=u8::MAX {
        check_as_std_does(&[a]);
        for b in 0..=u8::MAX {
            check_as_std_does(&[a, b]);
        }
    }
}

/// As [`check_as_std_does`] for all that begins with `a` and `b`, with what they have in common done once.
fn every_third_byte(a: u8, b: u8) {
    let due = hopeless_at(&[a, b]);
    let (mut after_a, mut after_b) = (Utf8Validator::new(), Utf8Validator::new());
    let a_passes = after_a.push(&[a]).is_ok();
    let both_pass = after_b.push(&[a, b]).is_ok();
    for c in 0..=u8::MAX {
        let text = [a, b, c];
        let due = due.or_else(|| hopeless(&text).then_some(2));
        assert_eq!(fails_at(Utf8Validator::new(), &[&text]), due, "{text:02x?}");
        if a_passes {
            let came = fails_at(after_a, &[&text[1..]]).map(|at| at + 1);
            assert_eq!(came, due, "{text:02x?} cut at 1");
        }
        if both_pass {
            let came = fails_at(after_b, &[&text[2..]]).map(|at| at + 2);
            assert_eq!(came, due, "{text:02x?} cut at 2");
        }
    }
}

fn hopeless(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_err_and(|error| error.error_len().is_some())
}

#[test]
fn s8_1_every_three_bytes_of_text() {
    for a in 0..=u8::MAX {
        for b in 0..=u8::MAX {
            every_third_byte(a, b);
        }
    }
}

#[test]
fn s8_1_four_bytes_of_text_at_every_bound() {
    const BOUNDS: [u8; 16] = [
        0x00, 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x9F, 0xA0, 0xBE, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xF4, 0xFF,
    ];
    for a in 0xF0..=0xF4 {
        for b in BOUNDS {
            for c in BOUNDS {
                for d in BOUNDS {
                    check_as_std_does(&[a, b, c, d]);
                }
            }
        }
    }
}

#[test]
fn s7_4_every_close_code() {
    for side in Side::BOTH {
        for number in 0..=u16::MAX {
            let frame = Frame::close(number, "").masked_for(side, KEY).to_bytes();
            let verdict = check(side, Config::DEFAULT, &frame);
            let halves = vec![
                frame[..frame.len() - 1].to_vec(),
                frame[frame.len() - 1..].to_vec(),
            ];
            assert_eq!(receive_as(side, Config::DEFAULT, vec![frame]), verdict.transcript);
            assert_eq!(receive_as(side, Config::DEFAULT, halves), verdict.transcript);
            let due = match CloseCode::new(number) {
                Some(_) => (1, None),
                None => (0, Some(ProtocolError::InvalidCloseCode)),
            };
            let error = verdict.transcript.error.map(|(error, _)| error);
            assert_eq!((verdict.transcript.events.len(), error), due, "{number}");
        }
    }
}

/// The rule of section 5.3 itself.
fn masked(payload: &[u8], key: [u8; 4], phase: usize) -> Vec<u8> {
    let bytes = payload.iter().enumerate();
    bytes.map(|(at, byte)| byte ^ key[(at + phase) % 4]).collect()
}

#[test]
fn s5_3_every_length_to_300_with_every_phase_and_alignment() {
    let payload: Vec<u8> = (0..300_u16).map(|at| (at * 7 + at / 256) as u8).collect();
    for len in 0..=300 {
        let payload = &payload[..len];
        for phase in 0..4 {
            let due = masked(payload, KEY, phase);
            for alignment in 0..8 {
                let mut masker = Masker::new(MaskingKey::new(KEY));
                masker.apply(&mut [0; 4][..phase]);
                let mut copying = masker;

                let mut memory = vec![0xEE; alignment];
                memory.extend_from_slice(payload);
                memory.push(0xEE);
                masker.apply(&mut memory[alignment..alignment + len]);
                assert_eq!(memory[alignment..alignment + len], due);
                assert_eq!(
                    memory[alignment + len],
                    0xEE,
                    "the bytes after it are not touched"
                );

                let mut out = vec![0xEE; alignment + len + 1];
                let copied = copying.apply_copy(payload, &mut out[alignment..]);
                assert_eq!(copied, Ok(len));
                assert_eq!(out[alignment..alignment + len], due);
                assert_eq!(out[alignment + len], 0xEE, "the bytes after it are not touched");
                assert_eq!(copying, masker, "both stand at the same byte of the key");
            }
        }
    }
}

#[test]
fn s5_3_every_length_to_300_is_received_from_every_alignment_and_cut() {
    let payload: Vec<u8> = (0..300).map(|at| b'a' + at as u8 % 26).collect();
    for len in 0..=300 {
        let payload = &payload[..len];
        for opcode_bits in [0x1, 0x2] {
            let frame = Frame::new(opcode_bits, payload).masked(KEY).to_bytes();
            let header_len = frame.len() - len;
            for alignment in 0..8 {
                let cut = header_len + len.min(alignment % 5);
                let mut server = Connection::server(Config::DEFAULT);
                let mut memory = [vec![0; alignment], frame.clone()].concat();
                let (one, two) = memory[alignment..].split_at_mut(cut);
                let mut came = Vec::new();
                for mut piece in [one, two] {
                    while let Some(event) = server.receive(&mut piece).unwrap() {
                        let bareframe::Event::Data(data) = event else {
                            panic!()
                        };
                        came.extend_from_slice(data.payload());
                    }
                }
                assert_eq!(came, payload);
            }
        }
    }
}
