//! Any payload, key, alignment and pieces: masking is the rule of section 5.3, in place and copied, and its own inverse.

#![no_main]

use arbitrary::Arbitrary;
use bareframe::{BufferTooSmall, Masker, MaskingKey};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    masking_key: [u8; 4],
    alignment: u8,
    pieces: Vec<Chunk>,
    /// Repeated so that payloads get long enough for every loop.
    times: u8,
    payload: &'a [u8],
}

#[derive(Arbitrary, Debug)]
struct Chunk {
    len: u16,
    copied: bool,
    /// How much room the output has, less than is needed or more.
    room: i8,
}

fuzz_target!(|input: Input<'_>| {
    let payload = input.payload.repeat(usize::from(input.times) + 1);
    let key = input.masking_key;
    let due: Vec<u8> = payload
        .iter()
        .enumerate()
        .map(|(at, byte)| byte ^ key[at % 4])
        .collect();

    let alignment = usize::from(input.alignment % 64);
    let mut memory = vec![0xEE; alignment];
    memory.extend(&payload);
    memory.push(0xEE);
    let (_, rest) = memory.split_at_mut(alignment);
    let (mut rest, guard) = rest.split_at_mut(payload.len());
    let mut masker = Masker::new(MaskingKey::new(key));
    let mut done = 0;
    for piece in &input.pieces {
        let len = usize::from(piece.len).min(rest.len());
        let (here, after) = rest.split_at_mut(len);
        if piece.copied {
            let room = len.saturating_add_signed(piece.room.into());
            let mut out = vec![0xEE; room];
            let before = masker;
            match masker.apply_copy(here, &mut out) {
                Ok(copied) => {
                    assert!(copied == len && room >= len);
                    assert!(out[len..].iter().all(|&byte| byte == 0xEE));
                    here.copy_from_slice(&out[..len]);
                }
                Err(error) => {
                    assert!(room < len);
                    assert_eq!((error, masker), (BufferTooSmall { needed: len, available: room }, before));
                    assert!(out.iter().all(|&byte| byte == 0xEE), "nothing was written");
                    masker.apply(here);
                }
            }
        } else {
            masker.apply(here);
        }
        assert_eq!(here, &due[done..done + len]);
        done += len;
        rest = after;
    }
    masker.apply(rest);
    assert_eq!(rest, &due[done..]);
    assert_eq!(guard, [0xEE], "the byte after it is not touched");

    let mut back = due;
    Masker::new(MaskingKey::new(key)).apply(&mut back);
    assert_eq!(back, payload);
});
