//! Any bytes as text, in any pieces: the validator, and a receiver of text, check them as std does.

#![no_main]

use arbitrary::Arbitrary;
use bareframe::{Config, ProtocolError, Utf8Validator};
use bareframe_fuzz::{Subject, UnderTest};
use bareframe_testkit::{Frame, Recorder, Side};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    parts: Vec<Part>,
    /// Lengths of pieces; the last continues to the end.
    cuts: Vec<u8>,
    masking_key: [u8; 4],
}

#[derive(Arbitrary, Debug)]
enum Part {
    Byte(u8),
    Bytes([u8; 4]),
    Character(char),
    /// A run of one character, so that text gets long enough for every way of checking it.
    Run(char, u8),
}

fuzz_target!(|input: Input| {
    let mut text = Vec::new();
    for part in &input.parts {
        match *part {
            Part::Byte(byte) => text.push(byte),
            Part::Bytes(bytes) => text.extend(bytes),
            Part::Character(character) => text.extend(character.to_string().bytes()),
            Part::Run(character, times) => text.extend(character.to_string().repeat(times.into()).bytes()),
        }
    }
    let fails_at = fails_at(&text);
    let is_whole = core::str::from_utf8(&text).is_ok();

    let mut validator = Utf8Validator::new();
    let mut before = 0;
    let mut failed_at = None;
    for piece in pieces(&text, &input.cuts) {
        let state = validator;
        if let Err(error) = validator.push(piece) {
            assert_eq!(validator, state, "a failed push changes nothing");
            failed_at = Some(before + error.at);
            break;
        }
        before += piece.len();
    }
    assert_eq!(failed_at, fails_at);
    if failed_at.is_none() {
        assert_eq!(validator.finish().is_ok(), is_whole);
    }

    let frame = Frame::text(&text).masked(input.masking_key).to_bytes();
    let header_len = frame.len() - text.len();
    let mut receiver = UnderTest::new(Side::Server, Config::DEFAULT);
    let mut seen = Recorder::new();
    let mut at = 0;
    for piece in pieces(&frame, &input.cuts) {
        receiver.receive(&mut piece.to_vec(), at, &mut seen);
        if seen.transcript().error.is_some() {
            break;
        }
        at += piece.len();
    }
    let unfinished = (!is_whole).then(|| text.len().saturating_sub(1));
    let due = fails_at.or(unfinished);
    let due = due.map(|at| (ProtocolError::InvalidUtf8, header_len + at));
    assert_eq!(seen.transcript().error, due);
});

/// Returns the first byte of which std says that no text continues with it.
fn fails_at(text: &[u8]) -> Option<usize> {
    let error = core::str::from_utf8(text).err()?;
    error.error_len()?;
    let begin = error.valid_up_to();
    (begin..text.len()).find(|&at| {
        let error = core::str::from_utf8(&text[begin..=at]).err();
        error.is_some_and(|error| error.error_len().is_some())
    })
}

fn pieces<'a>(whole: &'a [u8], cuts: &[u8]) -> Vec<&'a [u8]> {
    let mut rest = whole;
    let mut pieces = Vec::new();
    for &cut in cuts {
        let (piece, behind) = rest.split_at(usize::from(cut).min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces.push(rest);
    pieces
}
