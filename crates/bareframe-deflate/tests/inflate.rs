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
        let messages = [json(1, 70_000), repetitive(2, 70_000), Random::new(3).bytes(3000)];
        check(setting, &zlib(6, window_bits, true, &messages));
    }
}

#[test]
fn s7_2_2_every_split_of_every_kind_of_block() {
    let messages = [json(4, 150), repetitive(5, 400), Random::new(6).bytes(40)];
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
        let payload = random.bytes(len);
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
    assert_eq!(
        (refused, input.len()),
        (
            Err(InflateError::Window {
                len: 511,
                needed: 512
            }),
            7
        )
    );
    let mut window = [0; 600];
    assert_eq!(
        inflater.inflate(&mut window, &mut input, true),
        Ok(Step::Output(0..5))
    );
    let refused = inflater.inflate(&mut [0; 601], &mut input, true);
    assert_eq!(
        refused,
        Err(InflateError::Window {
            len: 601,
            needed: 600
        })
    );
    assert_eq!(
        inflater.inflate(&mut window, &mut input, true),
        Ok(Step::MessageEnd)
    );
    inflater.reset();
    let inflated = inflate(&mut inflater, &mut [0; 512], &[hello.to_vec()]);
    assert_eq!(inflated.bytes, b"Hello");
}

/// Bits, the first of them the least significant.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    fn put(&mut self, bits: u32, count: usize) {
        for place in 0..count {
            if self.len / 8 == self.bytes.len() {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((bits >> place & 1) as u8) << (self.len % 8);
            self.len += 1;
        }
    }

    /// A code, its most significant bit first.
    fn put_code(&mut self, lens: &[usize], symbol: usize) {
        let len = lens[symbol];
        let before = |&(other, &other_len): &(usize, &usize)| {
            other_len > 0 && (other_len < len || other_len == len && other < symbol)
        };
        let code: u32 = lens
            .iter()
            .enumerate()
            .filter(before)
            .map(|(_, &other)| 1 << (len - other))
            .sum();
        self.put(code.reverse_bits() >> (32 - len), len);
    }
}

/// Returns the lengths of a complete code for this many of the symbols, `must` among them, with some very long codes.
fn any_code(symbols: usize, used: usize, must: usize, random: &mut Random) -> Vec<usize> {
    let mut leaves = vec![1, 1];
    while leaves.len() < used {
        let deepest = (0..leaves.len())
            .filter(|&leaf| leaves[leaf] < 15)
            .max_by_key(|&leaf| leaves[leaf]);
        let any = random.below(leaves.len());
        let leaf = match random.below(3) {
            0 => deepest.unwrap(),
            _ if leaves[any] < 15 => any,
            _ => continue,
        };
        leaves[leaf] += 1;
        leaves.push(leaves[leaf]);
    }
    let mut lens = vec![0; symbols];
    lens[must] = leaves.swap_remove(random.below(leaves.len()));
    for len in leaves {
        let free: Vec<usize> = (0..symbols).filter(|&symbol| lens[symbol] == 0).collect();
        lens[free[random.below(free.len())]] = len;
    }
    lens
}

/// Returns a block with any dynamic codes and any symbols that have one, which may refer too far back.
fn any_block(random: &mut Random) -> Vec<u8> {
    let used = 2 + random.below(284);
    let literals = any_code(286, used, 256, random);
    let used = random.below(30);
    let distances = match used {
        0 => vec![0],
        1 => vec![0, 1],
        used => any_code(30, used, 0, random),
    };
    let mut bits = Bits::default();
    bits.put(0b100, 3);
    bits.put(29, 5);
    bits.put(distances.len() as u32 - 1, 5);
    bits.put(15, 4);
    // Each length has a code of four bits, and nothing is repeated.
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] {
        bits.put(if symbol < 16 { 4 } else { 0 }, 3);
    }
    for &len in literals.iter().chain(&distances) {
        bits.put_code(&[4; 16], len);
    }
    for count in 0..random.below(200) {
        let symbol = random.below(286);
        if symbol == 256 || literals[symbol] == 0 || symbol > 256 && (used == 0 || count < 20) {
            continue;
        }
        bits.put_code(&literals, symbol);
        if symbol > 264 && symbol < 285 {
            bits.put(random.number() as u32, (symbol - 261) / 4);
        }
        if symbol > 256 {
            // Most are near enough.
            let near = (0..distances.len().min(6)).filter(|&symbol| distances[symbol] > 0);
            let far = (0..distances.len()).filter(|&symbol| distances[symbol] > 0);
            let choice: Vec<usize> = match random.below(10) {
                0 => far.collect(),
                _ => near.chain(far.clone().take(1)).collect(),
            };
            let symbol = choice[random.below(choice.len())];
            bits.put_code(&distances, symbol);
            if symbol > 3 {
                bits.put(random.number() as u32, symbol / 2 - 1);
            }
        }
    }
    bits.put_code(&literals, 256);
    bits.put(0, 3);
    bits.bytes
}

#[test]
fn rfc1951_s3_2_7_any_dynamic_codes() {
    let mut random = Random::new(12);
    let (mut good, mut inflated) = (0, 0);
    for round in 0..150 {
        let setting = Setting {
            bits: 8 + (round % 8) as u8,
            takeover: true,
            limit: if round % 5 == 0 { 300 } else { u64::MAX },
        };
        let payloads = [
            any_block(&mut random),
            any_block(&mut random),
            any_block(&mut random),
        ];
        let expected = setting.expected(&payloads);
        good += expected
            .iter()
            .filter(|inflated| inflated.fault.is_none())
            .count();
        inflated += expected
            .iter()
            .map(|inflated| inflated.bytes.len())
            .sum::<usize>();
        for size in [1, 5, 1 << 20] {
            let cut = |message: &[u8]| split::cut(message, &split::in_pieces_of(size, message.len()));
            setting.check::<Compact>(&payloads, &expected, 0, cut);
            setting.check::<Fast>(&payloads, &expected, round % 3, cut);
        }
    }
    assert!(good > 100 && inflated > 10_000, "{good} {inflated}");
}

#[test]
fn s7_2_2_a_symbol_that_the_tail_completes_when_the_window_is_full() {
    let mut bits = Bits::default();
    bits.put(0b010, 3);
    for _ in 0..256 {
        // An `a` in the fixed code.
        bits.put((b'a' as u32 + 0x30).reverse_bits() >> 24, 8);
    }
    // Of the nine bits of 144, 110010000, the tail has the last four.
    bits.put(0b10011, 5);
    let payloads = [bits.bytes];
    let setting = Setting {
        bits: 8,
        ..Setting::MAX
    };
    let expected = setting.expected(&payloads);
    assert_eq!(expected[0].bytes.len(), 257);
    assert_eq!(expected[0].fault, Some((DeflateFault::Unfinished, 257)));
    check(setting, &payloads);
}
