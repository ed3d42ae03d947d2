//! The inflater against the naive one, with every way of cutting its input and memories of several lengths.

mod support;

use bareframe_deflate::{Compact, Fast, InflateError, Inflater, Step};
use bareframe_testkit::{DeflateFault, Random, split};
use support::{Setting, bits, inflate, json, repetitive, zlib};

/// Both sizes, whole and in every way of cutting each message.
#[track_caller]
fn check_every_way(setting: Setting, messages: &[Vec<u8>]) {
    let expected = setting.expected(messages);
    let longest = messages.iter().map(Vec::len).max().unwrap_or(0);
    for more in [0, 1, 300] {
        let every = split::every_way(longest, 7).count();
        for way in 0..every {
            let cut = |message: &[u8]| {
                let lens = split::every_way(message.len(), 7).nth(way);
                split::cut(message, &lens.unwrap_or_else(|| split::whole(message.len())))
            };
            setting.check::<Compact>(messages, &expected, more, cut);
            setting.check::<Fast>(messages, &expected, more, cut);
        }
    }
}

/// Both sizes, in a few ways of cutting each message.
#[track_caller]
fn check(setting: Setting, messages: &[Vec<u8>]) {
    let expected = setting.expected(messages);
    for size in [1, 2, 3, 7, 50, 1000, 1 << 20] {
        let cut = |message: &[u8]| split::cut(message, &split::in_pieces_of(size, message.len()));
        for more in [0, 77] {
            setting.check::<Compact>(messages, &expected, more, cut);
            setting.check::<Fast>(messages, &expected, more, cut);
        }
    }
}

#[test]
fn s7_2_3_the_examples() {
    let examples: [&[u8]; 6] = [
        &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
        &[0xF2, 0x00, 0x11, 0x00, 0x00],
        &[0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
        &[
            0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00,
        ],
        &[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
        &[0x00],
    ];
    let messages = examples.map(<[u8]>::to_vec);
    for bits in 8..=15 {
        let setting = Setting { bits, ..Setting::MAX };
        let expected = setting.expected(&messages);
        assert!(expected[..5].iter().all(|inflated| inflated.bytes == b"Hello"));
        assert_eq!((&expected[5].bytes[..], expected[5].fault), (&b""[..], None));
        check_every_way(setting, &messages);
    }
}

#[test]
fn s7_2_2_what_zlib_compressed() {
    for (level, window_bits) in [(1, 15), (6, 15), (9, 15), (6, 9), (6, 10), (9, 12), (0, 12)] {
        for takeover in [true, false] {
            let setting = Setting {
                bits: window_bits,
                takeover,
                ..Setting::MAX
            };
            let messages: Vec<Vec<u8>> = [0, 1, 2, 3, 20, 100, 300, 64, 1000, 20]
                .iter()
                .enumerate()
                .map(|(seed, &len)| json(seed as u64, len))
                .collect();
            let payloads = zlib(level, window_bits, takeover, &messages);
            let expected = setting.expected(&payloads);
            for (inflated, message) in expected.iter().zip(&messages) {
                assert_eq!((&inflated.bytes, inflated.fault), (message, None));
            }
            check(setting, &payloads);
        }
    }
}

#[test]
fn s7_2_2_long_messages_go_round_the_window() {
    for window_bits in [9, 10, 15] {
        let setting = Setting {
            bits: window_bits,
            ..Setting::MAX
        };
        let messages = [
            json(1, 70_000),
            repetitive(2, 70_000),
            Random::new(3).octets(3000),
        ];
        check(setting, &zlib(6, window_bits, true, &messages));
    }
}

#[test]
fn s7_2_2_every_split_of_every_kind_of_block() {
    let messages = [json(4, 150), repetitive(5, 400), Random::new(6).octets(40)];
    for level in [0, 1, 6] {
        for window_bits in [9, 15] {
            let setting = Setting {
                bits: window_bits,
                ..Setting::MAX
            };
            check_every_way(setting, &zlib(level, window_bits, true, &messages));
        }
    }
}

#[test]
fn s7_2_2_what_is_mangled_fails_at_its_byte() {
    let mut random = Random::new(7);
    let messages = [json(8, 100), repetitive(9, 200), json(10, 400)];
    let payloads: Vec<Vec<u8>> = [0, 1, 6, 9]
        .iter()
        .flat_map(|&level| zlib(level, 9, true, &messages))
        .collect();
    let mut faults = std::collections::HashMap::new();
    for round in 0..800 {
        let mut payload = payloads[round % payloads.len()].clone();
        for _ in 0..=random.below(3) {
            let at = random.below(payload.len());
            match random.below(3) {
                0 => payload[at] ^= 1 << random.below(8),
                1 => payload[at] = random.number() as u8,
                _ => payload.truncate(at + 1),
            }
        }
        let setting = Setting {
            bits: 9,
            takeover: true,
            limit: if round % 3 == 0 { 200 } else { u64::MAX },
        };
        let first = payloads[0].clone();
        let expected = setting.expected(&[first.clone(), payload.clone()]);
        if let Some((fault, _)) = expected.last().unwrap().fault {
            *faults.entry(fault).or_insert(0) += 1;
        }
        let pieces = split::at_random(payload.len(), 20, &mut random);
        for size in [1, 1 << 20] {
            let cut = |message: &[u8]| split::cut(message, &split::in_pieces_of(size, message.len()));
            setting.check::<Compact>(&[first.clone(), payload.clone()], &expected, 0, cut);
            setting.check::<Fast>(&[first.clone(), payload.clone()], &expected, 0, cut);
        }
        let cut = |message: &[u8]| match message == payload {
            true => split::cut(message, &pieces),
            false => vec![message.to_vec()],
        };
        setting.check::<Compact>(&[first.clone(), payload.clone()], &expected, 0, cut);
        setting.check::<Fast>(&[first.clone(), payload.clone()], &expected, 0, cut);
    }
    for fault in [
        DeflateFault::BlockType,
        DeflateFault::StoredLength,
        DeflateFault::CodeLengths,
        DeflateFault::Symbol,
        DeflateFault::Distance,
        DeflateFault::Unfinished,
        DeflateFault::TooBig,
    ] {
        assert!(faults.contains_key(&fault), "{fault:?} never happens: {faults:?}");
    }
}

#[test]
fn s7_2_2_any_bytes() {
    let mut random = Random::new(11);
    for _ in 0..4_000 {
        let len = random.below(60);
        let payload = random.octets(len);
        let setting = Setting {
            bits: 8 + (random.below(8) as u8),
            takeover: true,
            limit: 500,
        };
        let payloads = [payload];
        let expected = setting.expected(&payloads);
        for size in [1, 1 << 20] {
            let cut = |message: &[u8]| split::cut(message, &split::in_pieces_of(size, message.len()));
            setting.check::<Compact>(&payloads, &expected, 0, cut);
            setting.check::<Fast>(&payloads, &expected, 0, cut);
        }
    }
}

#[test]
fn the_memory_of_the_window_must_be_the_same() {
    let mut inflater = Inflater::<Fast>::new(bits(9));
    let hello = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    let mut input = &hello[..];
    let refused = inflater.inflate(&mut [0; 511], &mut input, true);
    assert_eq!((refused, input.len()), (Err(InflateError::Window), 7));
    let mut window = [0; 600];
    assert_eq!(
        inflater.inflate(&mut window, &mut input, true),
        Ok(Step::Output(0..5))
    );
    let refused = inflater.inflate(&mut [0; 601], &mut input, true);
    assert_eq!(refused, Err(InflateError::Window));
    assert_eq!(
        inflater.inflate(&mut window, &mut input, true),
        Ok(Step::MessageEnd)
    );
    inflater.reset();
    let inflated = inflate(&mut inflater, &mut [0; 512], &[hello.to_vec()]);
    assert_eq!(inflated.bytes, b"Hello");
}
